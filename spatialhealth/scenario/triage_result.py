"""What the triage policy comes to: loads before and after, the imbalance before and after, and missed cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.imbalance.gap import STRUCTURAL, UtilisationGap

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Flows", "Triage"]


@dataclass(frozen=True, eq=False)
class Flows:
    """Cases by what the triage makes of them, shape (n,) or (draws, n).

    Parameters
    ----------
    triaged : ndarray
    moved_mild : ndarray
        Mild and found mild: to primary care.
    missed : ndarray
        Severe and found mild: to primary care too.
    kept_mild : ndarray
        Mild and taken for severe: stay.
    severe : ndarray
        Severe among the triaged.
    """

    triaged: Array
    moved_mild: Array
    missed: Array
    kept_mild: Array
    severe: Array

    @property
    def moved(self) -> Array:
        """All that go to primary care."""
        return self.moved_mild + self.missed


@dataclass(frozen=True, eq=False)
class Triage:
    """Loads and imbalance before and after a triage policy.

    Parameters
    ----------
    policy : TriagePolicy
    index : pandas Index
        The cities.
    tiers : tuple of two str
        High, primary.
    load_before, load_after, capacity : ndarray of shape (n, 2)
    flows : Flows
    drawn : Flows or None
        Draws of the flows, if the shares have standard errors.
    before, after : UtilisationGap or None
        The imbalance; None for a single city.
    level : float
    source : str
    """

    policy: Any
    index: pd.Index
    tiers: tuple[str, str]
    load_before: Array
    load_after: Array
    capacity: Array
    flows: Flows
    drawn: Flows | None
    before: UtilisationGap | None
    after: UtilisationGap | None
    level: float
    source: str = ""

    @property
    def table(self) -> pd.DataFrame:
        """One row a city and tier: load and utilisation (per cent) before and after."""
        pd = pandas_for("Triage.table", ".load_before and .load_after")
        frames = {}
        for j, tier in enumerate(self.tiers):
            columns = {"capacity": self.capacity[:, j]}
            for when, loads in (("before", self.load_before), ("after", self.load_after)):
                columns |= {
                    f"load_{when}": loads[:, j],
                    f"utilisation_{when}": 100 * loads[:, j] / self.capacity[:, j],
                }
            frames[tier] = pd.DataFrame(columns, index=self.index)
        return pd.concat(frames, names=["tier"]).swaplevel().loc[self.index]

    @property
    def cities(self) -> pd.DataFrame:
        """One row a city: cases moved and missed, the gap in use before and after, and its class before and after."""
        pd = pandas_for("Triage.cities", ".flows")
        flows, use = self.flows, [100 * each / self.capacity for each in (self.load_before, self.load_after)]
        frame = pd.DataFrame(
            {
                "triaged": flows.triaged,
                "moved_mild": flows.moved_mild,
                "missed": flows.missed,
                "kept_mild": flows.kept_mild,
                "gap_before": use[0][:, 0] - use[0][:, 1],
                "gap_after": use[1][:, 0] - use[1][:, 1],
            },
            index=self.index,
        )
        for when, gap in (("before", self.before), ("after", self.after)):
            if gap is not None:
                frame[f"class_{when}"] = gap.units["class"]
        return frame

    @property
    def totals(self) -> pd.DataFrame:
        """Sums over all cities: quantity, estimate and, with standard errors of the shares, ci_low and ci_high.

        `missed per 1,000 severe` is the burden: severe cases sent to primary care among the severe that were triaged.
        """
        pd = pandas_for("Triage.totals", ".flows")
        estimates = _sums(self.flows)
        frame = pd.DataFrame(
            {"quantity": list(estimates), "estimate": [float(v) for v in estimates.values()]}
        )
        if self.drawn is None:
            return frame
        tails = [(1 - self.level) / 2, (1 + self.level) / 2]
        low, high = np.array([np.quantile(v, tails) for v in _sums(self.drawn).values()]).T
        return frame.assign(ci_low=low, ci_high=high)

    @property
    def imbalance(self) -> pd.DataFrame:
        """Mean gap and share of overburdened beside idle cities, before and after, with intervals over cities."""
        pd = pandas_for("Triage.imbalance", ".before and .after")
        rows = []
        for when, gap in (("before", self.before), ("after", self.after)):
            if gap is None:
                continue
            found = gap.to_frame()
            rows.append(found[found["measure"].isin(["gap", STRUCTURAL])].assign(when=when))
        if not rows:
            return pd.DataFrame(columns=["when", "measure", "estimate"])
        frame = pd.concat(rows, ignore_index=True)
        return frame[["when", *(column for column in frame.columns if column != "when")]]

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def __str__(self) -> str:
        with_limits = self.drawn is not None
        rows = [["", "Estimate", *(["CI low", "CI high"] if with_limits else [])]]
        for row in self.totals.itertuples():
            limits = [number(row.ci_low), number(row.ci_high)] if with_limits else []
            rows.append([row.quantity, number(row.estimate), *limits])
        for row in self.imbalance.itertuples():
            rows.append(
                [f"{row.measure}, {row.when}", number(row.estimate), *([""] * 2 if with_limits else [])]
            )
        lines = [f"Triage policy on {len(self.index)} cities", *ruled_table(rows)]
        return "\n".join([*lines, *([f"Data: {self.source}."] if self.source else [])])


def _sums(flows: Flows) -> dict[str, Array]:
    """Give sums over cities, for one set of flows or for draws."""
    sums = {
        "triaged": flows.triaged.sum(axis=-1),
        "mild moved to primary care": flows.moved_mild.sum(axis=-1),
        "mild kept": flows.kept_mild.sum(axis=-1),
        "severe missed": flows.missed.sum(axis=-1),
    }
    severe = flows.severe.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sums["missed per 1,000 severe"] = np.where(severe > 0, 1000 * sums["severe missed"] / severe, 0.0)
    return sums
