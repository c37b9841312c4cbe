"""Long tables of origins and destinations, read and checked: ids, positions of the two ends, values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import numeric_array
from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    FlowError,
    LabelError,
    MissingDataError,
    NonFiniteError,
    NonNumericError,
    OptionError,
    ShapeError,
    did_you_mean,
    some,
)
from spatialhealth.weights.ids import check_once, id_array, missing_at, places

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Pairs",
    "coded",
    "first_repeated",
    "join_pairs",
    "label_pairs",
    "named_pairs",
    "numbers_of",
    "pair_numbers",
    "read_pairs",
]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Flows between units, one a pair.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Units that a pair may have.
    origin, destination : ndarray of int, shape (m,)
        Positions among `ids`.
    value : ndarray of shape (m,)
        Flows, zero or more.
    """

    ids: Array
    origin: Array
    destination: Array
    value: Array

    def __post_init__(self) -> None:
        for array in (self.ids, self.origin, self.destination, self.value):
            array.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable

    @property
    def own(self) -> Array:
        """Whether a pair leads from a unit to itself, shape (m,)."""
        return np.asarray(self.origin == self.destination)

    def names(self, which: Array) -> list[tuple[Any, Any]]:
        """Give (origin, destination) of some pairs, by their positions or a mask."""
        return named_pairs((self.ids[self.origin], self.ids[self.destination]), which)


def read_pairs(frame: Any, origin: str, destination: str, value: str, units: Any = None) -> Pairs:
    """Read flows from a long table, one row a pair.

    Parameters
    ----------
    frame : DataFrame of m rows
    origin, destination, value : str
        Its columns.
    units : frame or sequence of length n, optional
        The units there are: a frame indexed by them, or their ids. By default those of the table, sorted.

    Returns
    -------
    Pairs
        In the order of the rows.

    Raises
    ------
    LabelError, OptionError
        If it is no table, or has no such column.
    MissingDataError, NonFiniteError, NonNumericError, FlowError
        If an end or a flow is missing, or a flow infinite, no number or negative; or there are no rows.
    AlignmentError
        If an end is not among the units.
    DuplicateError
        If a pair stands more than once.
    """
    _check_table(frame, {"origin": origin, "destination": destination, "value": value})
    ends = [_labels(frame, column) for column in (origin, destination)]
    names = list(zip(*(e.tolist() for e in ends), strict=True))
    return join_pairs(ends[0], ends[1], numbers_of(frame, value, names), value, units)


def join_pairs(origin: Array, destination: Array, flows: Array, value: str, units: Any = None) -> Pairs:
    """Give the pairs of labels that have been read.

    Parameters
    ----------
    origin, destination : ndarray of shape (m,)
        As `id_array` gives them.
    flows : ndarray of float, shape (m,)
    value : str
        What the flows are called, for messages.
    units : frame or sequence of length n, optional
        The units there are; by default those of the pairs, sorted.

    Returns
    -------
    Pairs

    Raises
    ------
    AlignmentError, DuplicateError, FlowError
        If an end is not among the units, a pair stands twice, or a flow is negative.
    """
    ids = _ids_of(units) if units is not None else _sorted(np.concatenate([origin, destination]))
    i, j = places(ids, origin), places(ids, destination)
    unknown = list(dict.fromkeys(np.concatenate([origin[i < 0], destination[j < 0]]).tolist()))
    if unknown:
        raise AlignmentError(
            f"{len(unknown)} origins or destinations are not among the units: {some(unknown)}. Leave their rows out, "
            "or add them to the units."
        )
    pairs = Pairs(ids, i, j, flows)
    _check_duplicates(pairs)
    negative = pairs.value < 0
    if negative.any():
        raise FlowError(
            f"{value!r} is negative for {int(negative.sum())} pairs: {some(pairs.names(negative))}. Flows are "
            "counts of movements: zero or more. Split net flows into their two directions."
        )
    return pairs


def numbers_of(frame: pd.DataFrame, column: str, names: list[tuple[Any, Any]]) -> Array:
    """Give a column of pairs as floats, or say for which pairs it is missing, infinite or no number.

    Parameters
    ----------
    frame : DataFrame of m rows
    column : str
    names : list of m tuples
        Origin and destination of the rows.

    Returns
    -------
    ndarray of shape (m,)
    """
    values = frame[column]
    if values.isna().any():
        bad = [names[k] for k in np.flatnonzero(values.isna())]
        raise MissingDataError(
            f"{column!r} is missing for {len(bad)} pairs: {some(bad)}. Fill them from a source or leave these pairs "
            "out; a flow known to be zero is written 0."
        )
    try:
        if values.dtype.kind not in "fiub":
            raise TypeError
        numbers = values.to_numpy(dtype=float)
    except (AttributeError, TypeError, ValueError):
        raise NonNumericError(
            f"{column!r} must hold numbers; it holds {values.dtype}. Convert it with pandas.to_numeric."
        ) from None
    bad = [names[k] for k in np.flatnonzero(np.isinf(numbers))]
    if bad:
        raise NonFiniteError(
            f"{column!r} is infinite for {len(bad)} pairs: {some(bad)}. Leave these pairs out, or mend them."
        )
    return np.array(numbers)


def pair_numbers(name: str, values: Any, ends: tuple[Array, Array]) -> Array:
    """Give an array of numbers of pairs, or say for which pairs one is missing or infinite.

    Parameters
    ----------
    name : str
        What they are called, for messages.
    values : array-like of shape (m,)
    ends : tuple of two ndarrays of shape (m,)
        Labels of the origins and of the destinations.

    Returns
    -------
    ndarray of shape (m,)
    """
    numbers = numeric_array(repr(name), values, 1)
    if len(numbers) != len(ends[0]):
        raise ShapeError(f"{name!r} has {len(numbers)} values for {len(ends[0])} pairs: give one a pair.")
    for bad, kind, what in (
        (np.isnan(numbers), MissingDataError, "missing"),
        (np.isinf(numbers), NonFiniteError, "infinite"),
    ):
        if bad.any():
            raise kind(
                f"{name!r} is {what} for {int(bad.sum())} pairs: {some(named_pairs(ends, bad))}. Fill them from a "
                "source or leave these pairs out; a flow known to be zero is written 0."
            )
    return np.array(numbers)


def named_pairs(ends: tuple[Array, Array], which: Array) -> list[tuple[Any, Any]]:
    """Give (origin, destination) of some pairs, by their positions or a mask."""
    return list(zip(*(end[which].tolist() for end in ends), strict=True))


def coded(labels: Array) -> tuple[Array, Array]:
    """Give labels once each, in the order in which they come, and the position of each among them."""
    ids = id_array(list(dict.fromkeys(labels.tolist())))
    return ids, places(ids, labels)


def first_repeated(i: Array, j: Array) -> Array:
    """Give where the pairs of positions that stand more than once stand first."""
    key = i.astype(np.int64) * (j.max(initial=0) + 1) + j
    _, first, counts = np.unique(key, return_index=True, return_counts=True)
    return np.asarray(first[counts > 1])


def label_pairs(owner: str, names: tuple[str, str], origin: Any, destination: Any) -> tuple[Array, Array]:
    """Give the labels of both ends of pairs, after checking that none is missing and that they belong together.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    names : tuple of str
        What the ends are called.
    origin, destination : sequence of length m

    Returns
    -------
    ndarray of shape (m,), ndarray of shape (m,)
    """
    ends = []
    for name, labels in zip(names, (origin, destination), strict=True):
        absent = missing_at(labels)
        if len(absent):
            raise MissingDataError(
                f"{owner}: {name!r} is missing in {len(absent)} rows: {some(absent.tolist())}. Name the unit of "
                "each, or leave these rows out."
            )
        ends.append(id_array(labels))
    if len(ends[0]) != len(ends[1]):
        raise ShapeError(
            f"{owner}: {names[1]!r} has {len(ends[1])} values for {len(ends[0])} pairs: give one a pair."
        )
    return ends[0], ends[1]


def _check_table(frame: Any, columns: dict[str, str]) -> None:
    if not (hasattr(frame, "columns") and hasattr(frame, "index")):
        raise LabelError(
            f"Flows must be a DataFrame with one row a pair; they are {type(frame).__name__}. Make one of the "
            "columns origin, destination and value; label a matrix first, as pandas.DataFrame(matrix, ids, ids)."
        )
    names = list(columns.values())
    _check_long(frame, columns)
    for what, name in columns.items():
        count = int((frame.columns == name).sum())
        if count != 1:
            found = "no column" if count == 0 else f"{count} columns"
            raise OptionError(
                f"The table of flows has {found} {name!r} ({what}=).{did_you_mean(name, frame.columns)} It has: "
                f"{some(frame.columns, limit=20)}."
            )
    if len(set(names)) < len(names):
        raise OptionError(f"Origin, destination and value must be different columns; they are {some(names)}.")
    if len(frame) == 0:
        raise FlowError("The table of flows has no rows. Read it again, or widen the selection.")


def _check_long(frame: Any, columns: dict[str, str]) -> None:
    """Raise for a square matrix of flows, whose rows and columns are the units."""
    square = len(frame) == len(frame.columns) > 0 and set(frame.index) == set(frame.columns)
    if not square or any(name in frame.columns for name in columns.values()):
        return
    start, end, flow = (columns[what] for what in ("origin", "destination", "value"))
    raise OptionError(
        f"The flows are a square matrix, whose rows and columns are both {some(frame.index, 3)}; one row a pair is "
        "needed. If its rows are where the flows start, make it long with "
        f"matrix.rename_axis({start!r}).reset_index().melt({start!r}, var_name={end!r}, value_name={flow!r}); if "
        "they are where the flows end, begin with matrix.T."
    )


def _labels(frame: pd.DataFrame, column: str) -> Array:
    labels = frame[column]
    missing = np.flatnonzero(labels.isna())
    if len(missing):
        raise MissingDataError(
            f"{column!r} is missing in {len(missing)} rows: {some(frame.index[missing])}. Name the unit, or leave "
            "these rows out."
        )
    if str(labels.dtype) == "category":
        labels = labels.astype(labels.cat.categories.dtype)
    return id_array(labels.to_numpy())


def _ids_of(units: Any) -> Array:
    labels = units.index if hasattr(units, "columns") else units
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise LabelError(
            f"The units must be a frame indexed by them, or their ids; they are {type(units).__name__}."
        )
    if len(labels) == 0:
        raise ShapeError("The list of units is empty. Give the cities that may send or receive flows.")
    ids = id_array(labels)
    check_once(ids)
    return ids


def _sorted(labels: Array) -> Array:
    found = list(dict.fromkeys(labels.tolist()))
    try:
        found = sorted(found)
    except TypeError:  # labels of several kinds have no order of their own
        found = sorted(found, key=str)
    return id_array(found)


def _check_duplicates(pairs: Pairs) -> None:
    twice = first_repeated(pairs.origin, pairs.destination)
    if len(twice):
        raise DuplicateError(
            f"{len(twice)} pairs stand more than once: {some(pairs.names(twice))}. Add "
            "them up, in Python by frame.groupby([origin, destination], as_index=False).sum(), or take one period."
        )
