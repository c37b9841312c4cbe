"""What floating catchments find: accessibility by place of demand, load by hospital."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, ruled_table
from spatialhealth._typing import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CatchmentResult", "CatchmentSensitivity"]


@dataclass(frozen=True, eq=False)
class CatchmentResult:
    """Accessibility and loads.

    Parameters
    ----------
    method : str
    settings : dict of str to str
        Decay, cutoff and cost, in words.
    demand, supply : Index
        Labels of both layers, in their order.
    population : ndarray of shape (n,)
    capacity : ndarray of shape (m,)
    tiers : ndarray of shape (m,), optional
        Tier of each place of supply.
    accessibility, reachable : mapping of tier to ndarray of shape (n,)
        "" is all supply together.
    assigned : ndarray of shape (m,)
        Demand that falls on each place of supply: weighted, or, for RAAM, people.
    reached : ndarray of shape (m,)
        Whether people live within reach of it.
    pairs : int
        Pairs within reach.
    gap : float, optional
        Of RAAM: what people could still save by going elsewhere, as a share of the cost of all. With tiers, the
        largest.
    """

    method: str
    settings: Mapping[str, str]
    demand: pd.Index
    supply: pd.Index
    population: Array
    capacity: Array
    tiers: Array | None
    accessibility: Mapping[str, Array]
    reachable: Mapping[str, Array]
    assigned: Array
    reached: Array
    pairs: int
    gap: float | None = None

    def __post_init__(self) -> None:
        for array in (self.population, self.capacity, self.assigned, *self.accessibility.values()):
            array.flags.writeable = False

    @property
    def table(self) -> pd.DataFrame:
        """One row a place of demand: demand, accessibility, reachable; these two by tier, if there are tiers."""
        import pandas as pd

        columns = {"demand": self.population}
        for tier, values in self.accessibility.items():
            end = f"_{tier}" if tier else ""
            columns[f"accessibility{end}"], columns[f"reachable{end}"] = values, self.reachable[tier]
        return pd.DataFrame(columns, index=self.demand)

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    @property
    def supply_table(self) -> pd.DataFrame:
        """One row a place of supply.

        Columns: tier, if there are tiers; capacity; demand, what falls on it when all supply counts; ratio, capacity
        over demand, and load, its reciprocal; reached, whether people live within reach. One that is not reached has
        the load zero and no ratio.
        """
        import pandas as pd

        ratio = np.divide(
            self.capacity,
            self.assigned,
            out=np.full(len(self.capacity), np.nan),
            where=self.assigned > 0,
        )
        columns = {
            "capacity": self.capacity,
            "demand": self.assigned,
            "ratio": ratio,
            "load": self.assigned / self.capacity,
            "reached": self.reached,
        }
        if self.tiers is not None:
            columns = {"tier": self.tiers, **columns}
        return pd.DataFrame(columns, index=self.supply)

    @property
    def unreachable(self) -> pd.Index:
        """Places of demand with no supply in reach, or none that anybody lives in reach of."""
        return self.demand[~self.reachable[""]]

    @property
    def balance(self) -> tuple[float, float]:
        """Give sum of demand times accessibility, and capacity of the supply reached: equal, but for RAAM."""
        seen = self.population > 0
        return (
            float(self.population[seen] @ self.accessibility[""][seen]),
            float(self.capacity[self.assigned > 0].sum()),
        )

    def summary(self) -> str:
        """Give the settings and the distribution of accessibility as text."""
        kinds = {tier or "all": values for tier, values in self.accessibility.items()}
        rows = [["Supply", "Mean", "Lowest", "Median", "Highest", "Unreachable"]]
        for name, values in kinds.items():
            inside = self.reachable["" if name == "all" else name]
            known = values[inside] if inside.any() else np.array([np.nan])
            people = self.population[inside]
            mean = float(np.average(known, weights=people)) if people.sum() > 0 else np.nan
            shown = (mean, known.min(), float(np.median(known)), known.max())
            rows.append([name, *map(number, shown), f"{int((~inside).sum()):,}"])
        lines = [f"Accessibility by {self.method}", *(f"{k}: {v}" for k, v in self.settings.items())]
        lines.append(
            f"{len(self.demand):,} places of demand, {len(self.supply):,} of supply, {self.pairs:,} pairs in reach"
        )
        if self.gap is not None:
            lines.append(f"People could still save {self.gap:.1e} of the cost of all: the lower the better")
        lines += ruled_table(rows)
        lines.append(
            "The mean weighs places by their demand; places without supply in reach are left out above."
        )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


@dataclass(frozen=True, eq=False)
class CatchmentSensitivity:
    """Accessibility under several decays and cutoffs.

    Parameters
    ----------
    demand : Index
    values : mapping of str to ndarray of shape (n,)
        Accessibility by setting; the first is the estimator's own.
    less_is_better : bool
        Whether the values are costs.
    """

    demand: pd.Index
    values: Mapping[str, Array]
    less_is_better: bool = False

    @property
    def table(self) -> pd.DataFrame:
        """One row a place of demand: its accessibility under each setting, lowest, highest, and its ranks.

        `rank_best` and `rank_worst` are the best and the worst rank of the place over the settings, with 1 the
        highest accessibility, or the lowest cost.
        """
        import pandas as pd

        values = pd.DataFrame(dict(self.values), index=self.demand)
        ranks = values.rank(ascending=self.less_is_better, method="min").astype(int)
        return values.assign(
            low=values.min(axis=1),
            high=values.max(axis=1),
            rank_best=ranks.min(axis=1),
            rank_worst=ranks.max(axis=1),
        )

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    @property
    def correlations(self) -> pd.Series[Any]:
        """Spearman's correlation of each setting with the estimator's own."""
        import pandas as pd

        ranks = pd.DataFrame(dict(self.values), index=self.demand).rank()
        return ranks.corrwith(ranks.iloc[:, 0]).rename("rank_correlation")

    def __str__(self) -> str:
        rows = [["Setting", "Rank correlation"]]
        rows += [[str(name), number(float(value))] for name, value in self.correlations.items()]
        return "\n".join(["Accessibility under other settings", *ruled_table(rows)])
