"""PanelTable: labelled data as frozen arrays, periods first, in the order of W."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Missing
from spatialhealth._validation import check_finite, numeric_array
from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    LabelError,
    MissingDataError,
    ShapeError,
    some,
)
from spatialhealth.panel.columns import read_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SWAPPED", "PanelTable", "balance_of", "codes", "explain"]

SWAPPED = "The index is (period, unit); it must be (unit, period): use frame.swaplevel()."


@dataclass(frozen=True, eq=False)
class PanelTable:
    """A balanced panel; a cross-section is a panel of one period.

    Parameters
    ----------
    y : ndarray of shape (T, n)
        Outcome.
    x : ndarray of shape (T, n, k)
        Regressors.
    names : tuple of k str
        Names of the regressors.
    response : str
        Name of the outcome.
    units : ndarray of shape (n,)
        Unit labels, in the order of W.
    periods : ndarray of shape (T,)
        Period labels, ascending.
    index : pandas index, optional
        The rows of the table this came from, whose order results are given back in.
    cell : ndarray of shape (T * n,), optional
        For each row of `index`, its position in the flattened (T, n) arrays.
    source : str, default ""
        Where the data come from, if their ``attrs["source"]`` says so: "simulated", for instance.
    balance : str, default ""
        What `spatialhealth.panel.balance` did to them.
    """

    y: Array
    x: Array
    names: tuple[str, ...]
    response: str
    units: Array
    periods: Array
    index: pd.Index | None = None
    cell: Array | None = None
    source: str = ""
    balance: str = ""

    def __post_init__(self) -> None:
        for array in (self.y, self.x):
            array.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable

    @property
    def n_periods(self) -> int:
        """T."""
        return int(self.y.shape[0])

    @property
    def n_units(self) -> int:
        """N."""
        return int(self.y.shape[1])

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest value of each regressor."""
        low, high = self.x.min(axis=(0, 1)), self.x.max(axis=(0, 1))
        return {name: (float(low[j]), float(high[j])) for j, name in enumerate(self.names)}

    def __repr__(self) -> str:
        return (
            f"<PanelTable of {self.n_units:,} units and {self.n_periods} periods, {self.response} on "
            f"{', '.join(self.names)}>"
        )

    @classmethod
    def from_frames(
        cls, x: pd.DataFrame, y: pd.Series | None, units: Array, missing: Missing = "raise"
    ) -> PanelTable:
        """Align a table of regressors and an outcome with the units of W, by label.

        Parameters
        ----------
        x : DataFrame of shape (N, k)
            Regressors, indexed by unit or by (unit, period).
        y : Series of length N, optional
            Outcome, with the same labels in any order; zeros when left out (for prediction).
        units : ndarray of shape (n,)
            Unit labels of W.
        missing : {"raise", "likelihood"}
            Whether the outcome may be NaN ("likelihood").

        Returns
        -------
        PanelTable

        Raises
        ------
        LabelError
            If the data have no usable index.
        DuplicateError, MissingDataError, AlignmentError
            If a cell stands twice, is missing, or belongs to no unit of W.
        NonNumericError, NonFiniteError
            If a value is no finite number.
        """
        response, columns = read_columns(x, y, missing)
        unit, unit_code, periods, period_code = codes(x.index)
        position = _positions(unit, units, x.index)
        n, t = len(units), len(periods)
        cell = period_code * n + position[unit_code]
        _check_cells(cell, t, units, periods)
        ordered = np.empty((t * n, columns.shape[1]))
        ordered[cell] = columns
        ordered = ordered.reshape(t, n, -1)
        return cls(
            y=np.ascontiguousarray(ordered[..., 0]),
            x=ordered[..., 1:],
            names=tuple(str(name) for name in x.columns),
            response=response,
            units=units,
            periods=periods,
            index=x.index,
            cell=cell,
            source=str(x.attrs.get("source", "")),
            balance=balance_of(x),
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
        missing: Missing = "raise",
    ) -> PanelTable:
        """Take arrays that are already in the order of W.

        Parameters
        ----------
        y : ndarray of shape (T, n) or (n,)
        x : ndarray of shape (T, n, k) or (n, k)
        units : ndarray of shape (n,)
            Unit labels of W.
        names : sequence of k str, optional
            Names of the regressors; x1, x2 ... by default.
        periods : sequence of length T, optional
            Period labels; 0, 1 ... by default.
        response : str, default "y"
            Name of the outcome.
        missing : {"raise", "likelihood"}
            Whether the outcome may be NaN ("likelihood").

        Returns
        -------
        PanelTable

        Raises
        ------
        ShapeError
            If the arrays do not fit each other or W.
        NonNumericError, NonFiniteError
            If a value is no finite number.
        """
        y = np.atleast_2d(numeric_array("Y", y, (1, 2)))
        check_finite("Y", np.nan_to_num(y, posinf=np.inf, neginf=-np.inf) if missing == "likelihood" else y)
        x = check_finite("X", numeric_array("X", x, (2, 3)))
        x = x if x.ndim == 3 else x[None]
        if x.shape[:2] != y.shape or y.shape[1] != len(units):
            raise ShapeError(
                f"Y {y.shape} must be (T, n) and X {x.shape} (T, n, k), with n = {len(units)} the units of W."
            )
        if x.shape[2] == 0:
            raise ShapeError(f"X {x.shape} holds no regressor; give at least one.")
        names = tuple(f"x{j + 1}" for j in range(x.shape[2])) if names is None else tuple(map(str, names))
        labels = np.arange(y.shape[0]) if periods is None else np.array(periods)
        if len(names) != x.shape[2] or len(labels) != y.shape[0]:
            raise ShapeError(
                f"{len(names)} names for {x.shape[2]} regressors, {len(labels)} labels for {y.shape[0]} periods. "
                "Give one for each."
            )
        _once("names", list(names))
        _once("periods", labels.tolist())
        return cls(y.copy(), x.copy(), names, response, units, labels)

    def labelled(self, values: Array, name: str) -> pd.Series:
        """Give (T, n) values as a Series in the order of the rows the panel came from."""
        pd = pandas_for(f"A labelled {name}", "the arrays of result_")

        flat = values.reshape(-1)
        if self.index is not None:
            return pd.Series(flat[self.cell], index=self.index, name=name)
        if self.n_periods == 1:
            return pd.Series(flat, index=pd.Index(self.units, name="unit"), name=name)
        index = pd.MultiIndex.from_product([self.periods, self.units], names=["period", "unit"])
        return pd.Series(flat, index=index, name=name).swaplevel()


def balance_of(frame: pd.DataFrame) -> str:
    """Give what `spatialhealth.panel.balance` did to a table, as its attrs say."""
    return str((frame.attrs.get("balance") or {}).get("text", ""))


def _once(what: str, labels: list[Any]) -> None:
    """No label may repeat."""
    twice = sorted({label for label in labels if labels.count(label) > 1}, key=str)
    if twice:
        raise DuplicateError(f"{what} stand more than once: {some(twice)}. Give each its own label.")


def codes(index: pd.Index) -> tuple[pd.Index, Array, Array, Array]:
    """Give the unit labels and codes, and the sorted period labels and codes, of an index."""
    if index.nlevels == 1:
        unit, code = index.unique(), None
        code = unit.get_indexer(index)
        return unit, code, np.zeros(1, dtype=int), np.zeros(len(index), dtype=int)
    if index.nlevels > 2:
        raise LabelError(
            f"The index has {index.nlevels} levels {list(index.names)}; it must be (unit) or (unit, period): "
            "frame.reset_index().set_index([unit, period])."
        )
    index = index.remove_unused_levels()
    for level in (0, 1):
        if (index.codes[level] < 0).any():
            raise LabelError(
                f"Labels are missing in level {index.names[level] or level} of the index, in "
                f"{int((index.codes[level] < 0).sum())} rows. Fill them in or leave these rows out."
            )
    try:
        order = np.argsort(index.levels[1].to_numpy(), kind="stable")
    except TypeError:
        kinds = sorted({type(label).__name__ for label in index.levels[1]})
        raise LabelError(
            f"The periods {some(index.levels[1])} are of several types ({', '.join(kinds)}), so that they have "
            "no order. Make them all numbers, all dates or all text."
        ) from None
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return index.levels[0], index.codes[0], index.levels[1].to_numpy()[order], rank[index.codes[1]]


def _positions(found: pd.Index, units: Array, rows: pd.Index) -> Array:
    """Give the place in W of every unit of the data (indexed by `rows`); both must have the same units."""
    import pandas as pd

    known = pd.Index(units)
    position = known.get_indexer(found)
    absent = known.difference(found, sort=False)
    if (position < 0).any() or len(absent):
        raise AlignmentError(explain(found[position < 0], absent, rows, known))
    return np.asarray(position)


def explain(extra: pd.Index, absent: pd.Index, rows: pd.Index, known: pd.Index) -> str:
    """Say which units stand only in the data (indexed by `rows`) or only in W, and what the cause may be."""
    import pandas as pd

    found, parts = rows.unique(0), []
    if len(extra):
        parts.append(f"{len(extra)} in the data and not in W: {some(extra)}")
    if len(absent):
        parts.append(f"{len(absent)} in W and not in the data: {some(absent)}")
    text = "The units of the data and of W differ; " + "; ".join(parts) + ". "
    if isinstance(rows, pd.RangeIndex):
        return (
            text
            + "The data are numbered, not labelled: index them by frame.set_index([unit, period]), or by "
            "frame.set_index(unit) for one period."
        )
    if rows.nlevels == 2 and rows.unique(1).isin(known).all():
        return text + SWAPPED
    kinds = [type(index[0]).__name__ for index in (found, known)]
    if len(extra) == len(found) and kinds[0] != kinds[1]:
        return (
            text
            + f"The labels are of two types, {kinds[0]} in the data and {kinds[1]} in W: make them the same."
        )
    if len(extra) == len(found):
        return text + "Index the data by the unit ids of W: frame.set_index([unit, period])."
    return (
        text + "Give a row for every unit of W, or build W from the units of the data, for example from "
        "layer.loc[data.index.unique(0)]."
    )


def _check_cells(cell: Array, t: int, units: Array, periods: Array) -> None:
    """Every unit must have exactly one row in every period."""
    n = len(units)
    counts = np.bincount(cell, minlength=t * n)

    def label(positions: Array) -> list[Any]:
        return [units[p] if t == 1 else (units[p % n], periods[p // n]) for p in positions]

    if (counts > 1).any():
        raise DuplicateError(
            f"{int((counts > 1).sum())} rows stand more than once: {some(label(np.flatnonzero(counts > 1)))}. "
            "Keep one row for each unit and period."
        )
    if (counts == 0).any():
        raise MissingDataError(
            f"{int((counts == 0).sum())} of {t * n} cells are missing from the panel: "
            f"{some(label(np.flatnonzero(counts == 0)))}. "
            "Complete them, or leave out these units or periods from the data and from W."
        )
