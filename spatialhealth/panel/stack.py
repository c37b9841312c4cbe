"""StackedTable: the rows of a panel that were observed, period by period, as one long cross-section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Missing
from spatialhealth._validation import numeric_array
from spatialhealth.errors import AlignmentError, DuplicateError, MissingDataError, some
from spatialhealth.panel.columns import read_columns
from spatialhealth.panel.table import PanelTable, balance_of, codes, explain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Stack", "StackedTable"]

_ROUNDING = 1e-12  # of the sum of absolute values: what centring leaves of a sum


@dataclass(frozen=True, eq=False)
class Stack:
    """Which unit and period every row of a long cross-section belongs to.

    Parameters
    ----------
    unit, period : ndarray of shape (N,)
        Places in `units` and `periods`, sorted by period, then by unit.
    units : ndarray of shape (n,)
        Unit labels of W.
    periods : ndarray of shape (T,)
        Period labels, ascending.
    holes : dict of str to int
        Rows left out: how many were absent, and how many lacked each column.
    """

    unit: Array
    period: Array
    units: Array
    periods: Array
    holes: dict[str, int]

    @property
    def size(self) -> int:
        """Rows observed, N."""
        return len(self.unit)

    @cached_property
    def times(self) -> Array:
        """Periods in which each unit was observed, shape (n,)."""
        return np.bincount(self.unit, minlength=len(self.units))

    @cached_property
    def interrupted(self) -> Array:
        """Places of the units that are absent between periods in which they were observed."""
        first, last = np.full(len(self.units), len(self.periods)), np.full(len(self.units), -1)
        np.minimum.at(first, self.unit, self.period)
        np.maximum.at(last, self.unit, self.period)
        return np.flatnonzero(last - first + 1 > np.maximum(self.times, 1))

    @property
    def is_complete(self) -> bool:
        """Whether every unit was observed in every period."""
        return self.size == len(self.units) * len(self.periods)

    def label(self, rows: Array) -> list[Any]:
        """Give (unit, period) of some rows."""
        return [(self.units[self.unit[r]], self.periods[self.period[r]]) for r in rows]


@dataclass(frozen=True, eq=False)
class StackedTable(PanelTable):
    """A panel with holes; y (1, N) and x (1, N, k) hold the observed rows only.

    Parameters
    ----------
    stack : Stack
        The unit and period of every row.
    """

    stack: Stack | None = None

    @property
    def rows(self) -> Stack:
        """The unit and period of every row."""
        assert self.stack is not None
        return self.stack

    def __repr__(self) -> str:
        rows = self.rows
        return (
            f"<StackedTable of {rows.size:,} rows, {int((rows.times > 0).sum()):,} units in {len(rows.periods)} "
            f"periods, {self.response} on {', '.join(self.names)}>"
        )

    @property
    def has_levels(self) -> bool:
        """Whether the means of some unit differ from zero: not after centring by unit."""
        rows, values = self.rows, np.column_stack([self.y[0], self.x[0]])
        sums = np.zeros((len(rows.units), values.shape[1]))
        np.add.at(sums, rows.unit, values)
        return bool((np.abs(sums) > _ROUNDING * np.abs(values).sum(axis=0)).any())

    @classmethod
    def of(cls, table: PanelTable) -> StackedTable:
        """Stack a panel without holes."""
        t, n = table.y.shape
        unit, period = np.tile(np.arange(n), t), np.repeat(np.arange(t), n)
        return cls(
            y=table.y.reshape(1, -1),
            x=table.x.reshape(1, t * n, -1),
            names=table.names,
            response=table.response,
            units=table.units,
            periods=table.periods,
            index=table.index,
            cell=table.cell,
            source=table.source,
            balance=table.balance,
            stack=Stack(unit, period, table.units, table.periods, {}),
        )

    @classmethod
    def from_frames(
        cls, x: pd.DataFrame, y: pd.Series | None, units: Array, missing: Missing = "unbalanced"
    ) -> StackedTable:
        """Align a table of regressors and an outcome with the units of W, by label; leave out what is not there.

        Parameters
        ----------
        x : DataFrame of shape (N, k)
            Regressors, indexed by unit or by (unit, period).
        y : Series of length N, optional
            Outcome, with the same labels in any order; zeros when left out (for prediction).
        units : ndarray of shape (n,)
            Unit labels of W.
        missing : {"unbalanced", "raise"}
            Whether rows may lack ("unbalanced").

        Returns
        -------
        StackedTable
            Of the rows in which nothing is NaN.

        Raises
        ------
        LabelError, DuplicateError, AlignmentError
            If the data have no usable index, a cell stands twice, or belongs to no unit of W.
        MissingDataError
            If nothing is left.
        NonNumericError, NonFiniteError
            If a value is no number, or infinite.
        """
        import pandas as pd

        if missing != "unbalanced":
            return cls.of(PanelTable.from_frames(x, y, units, missing))
        response, values = read_columns(x, y, "unbalanced")
        found, unit_code, periods, period_code = codes(x.index)
        place = pd.Index(units).get_indexer(found)
        if (place < 0).any():
            raise AlignmentError(explain(found[place < 0], found[:0], x.index, pd.Index(units)))
        names = (response, *(str(name) for name in x.columns))
        stack, kept = _stack(place[unit_code], period_code, units, periods, values, names)
        return cls(
            y=np.ascontiguousarray(values[kept, 0])[None],
            x=np.ascontiguousarray(values[kept, 1:])[None],
            names=names[1:],
            response=names[0],
            units=units,
            periods=periods,
            index=x.index[np.sort(kept)],
            cell=np.argsort(kept),
            source=str(x.attrs.get("source", "")),
            balance=balance_of(x),
            stack=stack,
        )

    @classmethod
    def from_arrays(
        cls,
        y: Array,
        x: Array,
        units: Array,
        names: tuple[str, ...] | None = None,
        periods: Any = None,
        response: str = "y",
        missing: Missing = "unbalanced",
    ) -> StackedTable:
        """Take arrays that are in the order of W, with NaN for what was not observed.

        Parameters
        ----------
        y : ndarray of shape (T, n) or (n,)
        x : ndarray of shape (T, n, k) or (n, k)
        units : ndarray of shape (n,)
        names, periods, response, missing
            As in `PanelTable.from_arrays`.

        Returns
        -------
        StackedTable

        Raises
        ------
        ShapeError, NonNumericError, NonFiniteError, MissingDataError
        """
        if missing != "unbalanced":
            return cls.of(PanelTable.from_arrays(y, x, units, names, periods, response, missing))
        y, x = np.atleast_2d(numeric_array("Y", y, (1, 2))), numeric_array("X", x, (2, 3))
        known = PanelTable.from_arrays(
            np.nan_to_num(y, posinf=np.inf, neginf=-np.inf, nan=0.0),
            np.where(np.isnan(x), 0.0, x),
            units,
            names,
            periods,
            response,
        )
        values = np.concatenate([y[..., None], x if x.ndim == 3 else x[None]], axis=2).reshape(y.size, -1)
        t, n = y.shape
        unit, period = np.tile(np.arange(n), t), np.repeat(np.arange(t), n)
        stack, kept = _stack(unit, period, units, known.periods, values, (response, *known.names))
        return cls(
            values[kept, 0][None],
            values[kept, 1:][None],
            known.names,
            response,
            units,
            known.periods,
            stack=stack,
        )

    def labelled(self, values: Array, name: str) -> pd.Series:
        """Give (1, N) values as a Series, in the order in which the observed rows were given."""
        pd = pandas_for(f"A labelled {name}", "the arrays of result_")
        flat = values.reshape(-1)
        if self.index is not None:
            return pd.Series(flat[self.cell], index=self.index, name=name)
        rows = self.rows
        if len(rows.periods) == 1:
            return pd.Series(flat, index=pd.Index(rows.units[rows.unit], name="unit"), name=name)
        labels = [rows.units[rows.unit], rows.periods[rows.period]]
        return pd.Series(flat, index=pd.MultiIndex.from_arrays(labels, names=["unit", "period"]), name=name)


def _stack(
    unit: Array, period: Array, units: Array, periods: Array, values: Array, names: tuple[str, ...]
) -> tuple[Stack, Array]:
    """Give the observed rows, and which they are among those given, sorted by period and unit."""
    cell = period * len(units) + unit
    counts = np.bincount(cell, minlength=len(periods) * len(units))
    if (counts > 1).any():
        twice = [(units[c % len(units)], periods[c // len(units)]) for c in np.flatnonzero(counts > 1)]
        raise DuplicateError(
            f"{len(twice)} rows stand more than once: {some(twice)}. Keep one row for each unit and period."
        )
    gone = np.isnan(values)
    kept = np.flatnonzero(~gone.any(axis=1))
    if len(kept) == 0:
        raise MissingDataError(
            "No row is complete: every one lacks the outcome or a regressor (NaN). Leave out the column that is "
            f"missing most: {some(np.array(names)[np.argsort(-gone.sum(axis=0))], limit=3)}."
        )
    kept = kept[np.argsort(cell[kept], kind="stable")]
    holes = {"no row": int((counts == 0).sum())} | {
        f"{name} is NaN": int(count) for name, count in zip(names, gone.sum(axis=0), strict=True) if count
    }
    return Stack(unit[kept], period[kept], units, periods, {k: v for k, v in holes.items() if v}), kept
