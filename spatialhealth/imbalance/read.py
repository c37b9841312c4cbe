"""Labelled quantities of the same units and periods, checked and put into arrays with periods first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import (
    AlignmentError,
    DataError,
    DuplicateError,
    LabelError,
    MissingDataError,
    NonFiniteError,
    NonNumericError,
    ShapeError,
    SizeError,
    some,
)
from spatialhealth.imbalance.arrays import Labels, groups_of_arrays, read_arrays
from spatialhealth.panel.table import SWAPPED, codes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Quantities", "check_not_negative", "check_positive_values", "check_units", "grouping", "read"]


# of a table of results, which no level of the index and no grouping may be called
_COLUMNS = ("component", "measure", "quantity", "estimate", "std_error", "ci_low", "ci_high")


_OF_TIME = ("date", "month", "period", "quarter", "time", "wave", "week", "year")
_YEARS = range(1800, 2200)


@dataclass(frozen=True, eq=False)
class Quantities:
    """Quantities of n units in T periods.

    Parameters
    ----------
    units : ndarray of shape (n,)
        Labels, in the order of how they are written, so that no result hangs on the order of the rows.
    periods : ndarray of shape (T,)
        Labels, ascending.
    names : tuple of str
        Names of the index: of the units, and of the periods if there are any.
    index : pandas Index
        Rows of the first quantity, in whose order results by unit are given back.
    cell : ndarray of shape (T * n,)
        For each row of `index`, its place in a flattened (T, n) array.
    values : dict of str to ndarray of shape (T, n)
    source : str
        What the data say of where they come from.
    called : dict of str to str
        Name that each column goes by.
    """

    units: Array
    periods: Array
    names: tuple[str, ...]
    index: pd.Index | Labels
    cell: Array
    values: dict[str, Array]
    source: str = ""
    called: dict[str, str] = field(default_factory=dict)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.units)

    @property
    def is_panel(self) -> bool:
        """Whether the rows are of units and periods."""
        return bool(self.index.nlevels == 2)

    def labels(self, which: Array) -> list[Any]:
        """Give the labels of the True cells of a (T, n) array."""
        return [
            (self.units[i], self.periods[t]) if self.is_panel else self.units[i]
            for t, i in zip(*np.nonzero(which), strict=True)
        ]

    def by_row(self, values: Array) -> Array:
        """Give a (T, n) array in the order of the rows that came in."""
        return np.asarray(values.reshape(-1)[self.cell])

    def period_columns(self, repeat: int = 1) -> dict[str, tuple[Any, ...]]:
        """Give the column of periods of a result, each so many times; nothing for a single cross-section."""
        if not self.is_panel:
            return {}
        return {self.names[1]: tuple(period for period in self.period_labels for _ in range(repeat))}

    @property
    def period_labels(self) -> tuple[Any, ...]:
        """The periods as pandas gives them: numbers, text, or time stamps."""
        import pandas as pd

        return tuple(pd.Index(self.periods).tolist())


def read(owner: str, least: int = 2, /, **columns: Any) -> Quantities:
    """Align labelled columns with the first of them.

    Parameters
    ----------
    owner : str
        Whose arguments they are.
    least : int, default 2
        Number of units that is needed.
    **columns : Series, tuple (ids, values), or None
        Indexed by unit or by (unit, period). A later one that is indexed by unit alone holds in every period of
        the first; None is left out.

    Returns
    -------
    Quantities
    """
    tuples = {name: column for name, column in columns.items() if column is not None}
    if isinstance(next(iter(tuples.values())), tuple):
        units, index, cell, values = read_arrays(owner, least, tuples)
        once = np.array([None], dtype=object)
        return Quantities(units, once, ("unit",), index, cell, values, called={name: name for name in tuples})
    given = {name: _series(owner, name, column) for name, column in columns.items() if column is not None}
    first_name, first = next(iter(given.items()))
    if not len(first):
        raise ShapeError(f"{owner}: {first_name} has no rows. Give a value for each unit.")
    units, periods, cell = _cells(owner, first_name, first.index)
    if len(units) < least:
        raise SizeError(f"{owner} needs at least {least} units; {first_name} has {len(units)}.")
    names = tuple(
        name if name is not None else default
        for name, default in zip(map(_text, first.index.names), ("unit", "period"), strict=False)
    )
    taken = [name for name in names if name in _COLUMNS]
    if taken:
        raise LabelError(
            f"{owner}: levels of the index of {first_name} are called {some(taken)}, as columns of the results are. "
            "Rename them: series.rename_axis([...])."
        )
    frame = Quantities(
        units, periods, names, first.index, cell, {}, called={n: _text(s.name) or n for n, s in given.items()}
    )
    for name, series in given.items():
        frame.values[name] = _placed(owner, name, series, first_name, frame)
    sources = [str(series.attrs.get("source", "")) for series in given.values()]
    simulated = any(source.strip().lower() == "simulated" for source in sources)
    return replace(frame, source="simulated" if simulated else next(filter(None, sources), ""))


def _text(name: Any) -> str | None:
    return None if name is None else str(name)


def _series(owner: str, name: str, column: Any) -> pd.Series:
    if getattr(column, "ndim", None) == 1 and hasattr(column, "index") and hasattr(column, "dtype"):
        return column  # type: ignore[no-any-return]
    raise LabelError(
        f"{owner}: {name} must be a Series indexed by unit, or by (unit, period); it is "
        f"{type(column).__name__}. Take one column, frame[name], or wrap it as pandas.Series(values, index=units)."
    )


def _cells(owner: str, name: str, index: pd.Index) -> tuple[Array, Array, Array]:
    """Give units, periods, and the place of each row in the flattened (T, n) array; every cell once."""
    if index.nlevels == 1 and index.hasnans:
        raise LabelError(f"{owner}: labels are missing in the index of {name}. Give each unit a label.")
    _check_order(owner, name, index)
    found, code, periods, period_code = codes(index)
    order = sorted(range(len(found)), key=lambda place: str(found[place]))
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    units, n = found.to_numpy()[order], len(order)
    cell = period_code * n + rank[code]
    counts = np.bincount(cell, minlength=n * len(periods))
    if (counts > 1).any():
        twice = index[np.isin(cell, np.flatnonzero(counts > 1))].unique()
        raise DuplicateError(
            f"{owner}: rows of {name} stand more than once: {some(twice)}. Keep one of each."
        )
    if (counts == 0).any():
        absent = [(units[place % n], periods[place // n]) for place in np.flatnonzero(counts == 0)]
        raise MissingDataError(
            f"{owner}: {len(absent)} of {len(counts)} cells of {name} are missing: {some(absent)}. Every unit is "
            "needed in every period, for the units are resampled with their whole history: complete them, or leave "
            "units or periods out with spatialhealth.panel.balance."
        )
    return units, periods, cell


def _check_order(owner: str, name: str, index: pd.Index) -> None:
    """Raise for an index that is evidently (period, unit): there is no W to compare the units with."""
    if index.nlevels == 2 and _is_time(index, 0) and not _is_time(index, 1):
        raise AlignmentError(
            f"{owner}: the first level of the index of {name} holds periods: {some(index.unique(0))}. {SWAPPED}"
        )


def check_units(owner: str, name: str, index: pd.Index, first: str, frame: Quantities) -> None:
    """Raise if what is indexed by unit has the labels that stand where the periods of the first should.

    Parameters
    ----------
    owner, name : str
        Whose argument it is, and which.
    index : Index
    first : str
        What the panel is called.
    frame : Quantities

    Raises
    ------
    AlignmentError
        If every label is a period of the panel.
    """
    if frame.is_panel and len(index) and index.isin(frame.periods).all():
        raise AlignmentError(
            f"{owner}: {name} is indexed by {some(index)}, which are the periods of {first}. If they are units: "
            f"{SWAPPED}"
        )


def _is_time(index: pd.Index, level: int) -> bool:
    """Whether a level is called as periods are, or holds dates, or years beside text."""
    import pandas as pd

    called, labels, others = _text(index.names[level]), index.unique(level), index.unique(1 - level)
    if called is not None and called.lower() in _OF_TIME:
        return True
    if isinstance(labels, pd.DatetimeIndex | pd.PeriodIndex):
        return True
    years = labels.dtype.kind in "iu" and bool(labels.isin(_YEARS).all())
    # whole numbers in both levels may be codes of units beside numbered periods
    return years and all(isinstance(label, str) for label in others)


def _placed(owner: str, name: str, series: pd.Series, first: str, frame: Quantities) -> Array:
    """Give the (T, n) values of one column, by label."""
    values = _numbers(owner, name, series)
    shape = (len(frame.periods), frame.n_units)
    if series.index.equals(frame.index):
        placed = np.empty(shape[0] * shape[1])
        placed[frame.cell] = values
        return placed.reshape(shape)
    wanted = frame.index
    if series.index.nlevels < wanted.nlevels:
        import pandas as pd

        wanted = pd.Index(frame.units)
    if series.index.nlevels > wanted.nlevels:
        raise LabelError(
            f"{owner}: {name} is indexed by (unit, period) and {first} by unit alone. Take one period: "
            f"{name}.xs(period, level=1)."
        )
    _check_order(owner, name, series.index)
    if wanted.nlevels < frame.index.nlevels:
        check_units(owner, name, series.index, first, frame)
    row = _rows(owner, name, series.index, first, wanted)
    if wanted.nlevels == frame.index.nlevels:
        placed = np.empty(shape[0] * shape[1])
        placed[frame.cell] = values[row]
        return placed.reshape(shape)
    return np.broadcast_to(values[row], shape).copy()


def _rows(owner: str, name: str, index: pd.Index, first: str, wanted: pd.Index) -> Array:
    """Give the row of `index` for each label wanted; both must hold the same labels."""
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise DuplicateError(
            f"{owner}: rows of {name} stand more than once: {some(twice)}. Keep one of each."
        )
    row = index.get_indexer(wanted)
    if (row < 0).any() and index.nlevels == 2 and index.swaplevel().isin(wanted).all():
        raise AlignmentError(f"{owner}: the labels of {name} are those of {first}, turned round. {SWAPPED}")
    lacking, extra = wanted[row < 0], index.difference(wanted, sort=False)
    if len(lacking) or len(extra):
        parts = [f"{len(lacking)} of {first} are not in {name}: {some(lacking)}"] if len(lacking) else []
        parts += [f"{len(extra)} of {name} are not in {first}: {some(extra)}"] if len(extra) else []
        raise AlignmentError(
            f"{owner}: the labels differ; {'; '.join(parts)}. Cut both to the same units and periods with .loc."
        )
    return np.asarray(row)


def _numbers(owner: str, name: str, series: pd.Series) -> Array:
    kind = str(series.dtype).lower()
    if not (series.dtype.kind in "fiub" or kind.startswith(("int", "float", "uint", "bool"))):
        raise NonNumericError(
            f"{owner}: {name} must hold numbers; it holds {series.dtype}. Convert it with pandas.to_numeric."
        )
    values = np.asarray(series.to_numpy(dtype=float, na_value=np.nan))
    missing, infinite = np.isnan(values), np.isinf(values)
    if missing.any():
        raise MissingDataError(
            f"{owner}: {name} is missing (NaN) for {some(series.index[missing])}. Fill these in from a source, or "
            "leave the units out of all that is given."
        )
    if infinite.any():
        raise NonFiniteError(
            f"{owner}: {name} is infinite for {some(series.index[infinite])}. A division by zero does this."
        )
    return values


def grouping(owner: str, by: Any, frame: Quantities) -> tuple[list[str], list[Array], list[list[Any]]]:
    """Read the groups of the units.

    Parameters
    ----------
    owner : str
    by : Series, DataFrame or tuple (ids, labels)
        A label for each unit; columns of a frame go from coarse to fine, each within those before it.
    frame : Quantities

    Returns
    -------
    names : list of str
        Of the levels.
    codes : list of ndarray of shape (n,)
        Group of each unit, at each level.
    labels : list of list
        Of the groups of each level; of a nested level tuples.
    """
    if isinstance(by, tuple):
        return groups_of_arrays(owner, by, frame.units)
    import pandas as pd

    if isinstance(by, pd.Series):
        by = by.to_frame(by.name if by.name is not None else "group")
    if not isinstance(by, pd.DataFrame):
        raise LabelError(
            f"{owner}: by must be a Series or DataFrame of group labels indexed by unit; it is {type(by).__name__}."
        )
    if by.index.nlevels > 1:
        raise LabelError(
            f"{owner}: by is indexed by {some(by.index.names)}; groups are of units, and do not change over time. "
            "Take one period: by.xs(period, level=1)."
        )
    check_units(owner, "by", by.index, "the values", frame)
    rows = by.iloc[_rows(owner, "by", by.index, "the values", pd.Index(frame.units))]
    found: list[Array] = []
    labels: list[list[Any]] = []
    for depth in range(1, rows.shape[1] + 1):
        level = rows.iloc[:, depth - 1]
        if level.isna().any():
            raise MissingDataError(
                f"{owner}: the group {level.name!r} is missing for {some(frame.units[level.isna().to_numpy()])}. "
                "Give every unit a group."
            )
        # astype(object): two categoricals with unused levels would give empty groups
        keys = [rows.iloc[:, j].astype(object) for j in range(depth)]
        paths = pd.MultiIndex.from_arrays(keys) if depth > 1 else pd.Index(keys[0])
        code, distinct = pd.factorize(paths, sort=False)
        order = sorted(range(len(distinct)), key=lambda place: str(distinct[place]))
        rank = np.argsort(order)
        found.append(rank[code])
        labels.append([distinct[place] for place in order])
    names = [str(name) for name in by.columns]
    taken = [name for name in names if name in (*_COLUMNS, *frame.names)]
    if taken:
        raise LabelError(
            f"{owner}: groups are called {some(taken)}, as other columns of the results are. Rename them."
        )
    for name, groups in zip(names, labels, strict=True):
        if len(groups) < 2:
            raise DataError(
                f"{owner}: all units are in one group of {name!r}, {some(groups)}: there is nothing between groups. "
                "Leave by out, or give a finer grouping."
            )
    return names, found, labels


def check_not_negative(owner: str, name: str, frame: Quantities, why: str) -> Array:
    """Give the values of a column if none is negative and in no period all are zero."""
    values = frame.values[name]
    if (values < 0).any():
        raise DataError(f"{owner}: {name} is negative for {some(frame.labels(values < 0))}. {why}")
    empty = values.sum(axis=1) == 0
    if empty.any():
        when = f" in {some(frame.periods[empty])}" if frame.is_panel else ""
        raise DataError(f"{owner}: every value of {name} is zero{when}: nothing is distributed.")
    return values


def check_positive_values(owner: str, name: str, frame: Quantities, why: str) -> Array:
    """Give the values of a column if all are positive; ones if the column was left out."""
    if name not in frame.values:
        return np.ones((len(frame.periods), frame.n_units))
    values = frame.values[name]
    if (values <= 0).any():
        raise DataError(f"{owner}: {name} is zero or negative for {some(frame.labels(values <= 0))}. {why}")
    return values
