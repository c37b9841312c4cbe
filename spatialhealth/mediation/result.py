"""Mediation as a frozen result: legs, path, what goes past it, and the sum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.impacts.effects import EFFECTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PATHS", "Mediation"]

PATHS = ("cause on mediator", "mediator on outcome", "indirect path", "past the mediator", "in all")


@dataclass(frozen=True, eq=False)
class Mediation:
    """Effects along a path, and past it.

    Parameters
    ----------
    cause, mediator, outcome : str
    at : dict of str to number
        Values of the moderators.
    estimates : ndarray of shape (5, 3)
        Rows: the two legs, the indirect path, what the cause does past the mediator, and both together; columns:
        direct, indirect (spilled over) and total.
    draws : ndarray of shape (r, 5, 3)
        Bootstrap samples.
    level : float
        Of the intervals, which lie between quantiles of the samples.
    failed : int
        Samples to which a model could not be fitted, which were replaced.
    source : str
        Where the data come from, if they say so.
    """

    cause: str
    mediator: str
    outcome: str
    at: dict[str, Any]
    estimates: Array
    draws: Array
    level: float
    failed: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        for array in (self.estimates, self.draws):
            array.flags.writeable = False

    @property
    def share(self) -> float:
        """Part of the total effect that goes through the mediator; NaN where the two paths have opposite signs."""
        path, past = self.estimates[2, 2], self.estimates[3, 2]
        return float(path / (path + past)) if path * past >= 0 and path + past != 0 else float("nan")

    @property
    def table(self) -> pd.DataFrame:
        """The effects, one row each: path, effect, estimate, std_error, ci_low, ci_high."""
        pd = pandas_for("Mediation.table", ".estimates and .draws")
        low, high = np.quantile(self.draws, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        return pd.DataFrame(
            {
                "path": np.repeat(PATHS, 3),
                "effect": np.tile(EFFECTS, 5),
                "estimate": self.estimates.reshape(-1),
                "std_error": self.draws.std(axis=0, ddof=1).reshape(-1),
                "ci_low": low.reshape(-1),
                "ci_high": high.reshape(-1),
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def __str__(self) -> str:
        rows = [["", "Effect", "Estimate", "Std. error", "CI low", "CI high"]]
        for row in self.table.itertuples():
            numbers = (row.estimate, row.std_error, row.ci_low, row.ci_high)
            rows.append([row.path if row.effect == EFFECTS[0] else "", row.effect, *map(number, numbers)])
        at = ", ".join(f"{name} = {value:g}" for name, value in self.at.items())
        where = f" at {at}" if at else ""
        share = (
            ""
            if self.share != self.share
            else f"{self.share:.0%} of the total effect goes through {self.mediator}."
        )
        lines = [
            f"{self.cause} on {self.outcome} through {self.mediator}{where}",
            *ruled_table(rows, labels=2),
            f"Intervals at {self.level:.0%} from {len(self.draws):,} bootstrap samples.",
            *([share] if self.share == self.share else []),
        ]
        return "\n".join([*lines, *([f"Data: {self.source}."] if self.source else [])])
