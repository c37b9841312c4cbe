"""Measures: labelled estimates with bootstrap standard errors and intervals, and their changes over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.errors import OptionError, did_you_mean, some
from spatialhealth.imbalance.read import Quantities
from spatialhealth.imbalance.resample import Resampled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Measures", "measured"]

_MOST_ROWS = 40  # printed


@dataclass(frozen=True, eq=False)
class Measures:
    """Estimates in rows, each with its standard error and interval.

    Parameters
    ----------
    title : str
    labels : dict of str to tuple of length k
        Columns that say what each row is.
    estimate, std_error, ci_low, ci_high : ndarray of shape (k,)
    level : float
        Confidence level of the intervals.
    note : str
        How they were made.
    period : str, default ""
        Name of the column of periods, if there is one.
    source : str, default ""
        What the data say of where they come from.
    resampled : Resampled, optional
        Draws, from which changes over time are computed.
    """

    title: str
    labels: dict[str, tuple[Any, ...]]
    estimate: Array
    std_error: Array
    ci_low: Array
    ci_high: Array
    level: float
    note: str
    period: str = ""
    source: str = ""
    resampled: Resampled | None = None

    def __post_init__(self) -> None:
        for array in (self.estimate, self.std_error, self.ci_low, self.ci_high):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.estimate)

    def to_frame(self) -> pd.DataFrame:
        """Give one row an estimate: its labels, estimate, std_error, ci_low, ci_high."""
        pd = pandas_for("A table of measures", ".estimate, .std_error, .ci_low, .ci_high")
        columns = {name: list(values) for name, values in self.labels.items()}
        frame = pd.DataFrame({**columns, **self._numbers()})
        frame.attrs["source"] = self.source
        return frame

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    def change(self, first: Any, last: Any) -> Measures:
        """Give what changed between two periods, with the uncertainty of the change.

        The units are resampled with their whole history, so that what the two periods have in common cancels.

        Parameters
        ----------
        first, last : label
            Periods.

        Returns
        -------
        Measures
            Estimates of `last` less those of `first`.

        Raises
        ------
        OptionError
            If there are no such periods, or no draws.
        """
        if not self.period or self.resampled is None:
            raise OptionError(
                f"{self.title}: there is no change to compute, for "
                + ("the draws are not kept unit by unit." if self.period else "the data are of one period.")
            )
        column = self.labels[self.period]
        for label in (first, last):
            if label not in column:
                known = dict.fromkeys(column)
                raise OptionError(
                    f"There is no period {label!r}.{did_you_mean(label, known)} There are {some(known, 40)}."
                )
        before, after = (
            np.array([place for place, at in enumerate(column) if at == p]) for p in (first, last)
        )
        apart = self.resampled.mapped(lambda values: values[..., after] - values[..., before])
        low, high = apart.interval(self.level)
        labels = {
            name: tuple(values[place] for place in after)
            for name, values in self.labels.items()
            if name != self.period
        }
        return Measures(
            f"{self.title}: change from {first} to {last}",
            labels,
            apart.estimate,
            apart.std_error,
            low,
            high,
            self.level,
            f"{self.level:.0%} {apart.method} intervals, {len(apart.draws):,} resamples of the same units in both "
            "periods.",
            source=self.source,
        )

    def _numbers(self) -> dict[str, Array]:
        return {
            "estimate": self.estimate,
            "std_error": self.std_error,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }

    def __str__(self) -> str:
        rows = [[*self.labels, "Estimate", "Std. error", "CI low", "CI high"]]
        for j in range(min(len(self), _MOST_ROWS)):
            said = [str(values[j]) for values in self.labels.values()]
            rows.append([*said, *(number(float(column[j])) for column in self._numbers().values())])
        title = f"{self.title}{' (simulated data)' if self.source.lower() == 'simulated' else ''}"
        more = len(self) - _MOST_ROWS
        rest = [f"... and {more:,} more rows in .table"] if more > 0 else []
        return "\n".join([title, *ruled_table(rows, len(self.labels)), *rest, self.note])

    __repr__ = __str__


def measured(
    title: str,
    labels: dict[str, tuple[Any, ...]],
    resampled: Resampled,
    level: float,
    frame: Quantities,
    note: str = "",
    bounds: tuple[Any, Any] = (-np.inf, np.inf),
) -> Measures:
    """Give measures with the bootstrap's intervals.

    Parameters
    ----------
    title : str
    labels : dict of str to tuple
    resampled : Resampled
    level : float
    frame : Quantities
        What they were computed from.
    note : str, default ""
        What there is to say beside the way of the bootstrap.
    bounds : tuple of two float or ndarray of shape (k,)
        Between which the measures lie by their definition, and so must their limits.

    Returns
    -------
    Measures
    """
    low, high = (np.clip(limit, *bounds) for limit in resampled.interval(level))
    said = f"{level:.0%} {resampled.method} intervals, {len(resampled.draws):,} resamples of {frame.n_units:,} units."
    if resampled.undefined:
        said += f" {resampled.undefined:,} resamples do not define every measure and are left out of it."
    return Measures(
        title,
        labels,
        resampled.estimate,
        resampled.std_error,
        low,
        high,
        level,
        f"{said} {note}".strip(),
        frame.names[1] if frame.is_panel else "",
        frame.source,
        resampled,
    )
