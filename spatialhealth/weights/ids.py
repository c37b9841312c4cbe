"""Ids of units as arrays: read, checked and looked up without a step of Python for each unit."""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import MISSING
from spatialhealth.errors import DuplicateError, WeightsError, some

__all__ = ["check_once", "id_array", "missing_at", "places"]


def id_array(ids: Any) -> Array:
    """Copy ids into an array: integers as they are, anything else as objects, so that no label changes.

    Parameters
    ----------
    ids : sequence of length n
        A range, an index or an array of integers makes no Python objects: 10,000,000 take a tenth of a second.

    Returns
    -------
    ndarray of shape (n,)
        Of int64, or of objects.

    Raises
    ------
    WeightsError
        If they are no sequence of single labels, or one is missing.
    """
    if isinstance(ids, str) or not hasattr(ids, "__len__") or getattr(ids, "ndim", 1) != 1:
        raise WeightsError(f"The ids must be a sequence with one id a unit; they are {ids!r}.")
    if isinstance(ids, range):
        return np.arange(ids.start, ids.stop, ids.step, dtype=np.int64)
    dtype = getattr(ids, "dtype", None)
    # pandas' own types may hold missing labels, and the largest uint64 fit no int64: they go the long way
    if isinstance(dtype, np.dtype) and dtype.kind in "iu" and dtype != np.uint64:
        return np.array(ids, dtype=np.int64)
    if (
        hasattr(ids, "__array__") and getattr(dtype, "kind", "O") not in "mM"
    ):  # numpy's dates would become numbers
        array = np.array(ids, dtype=object)
    else:
        array = np.fromiter(ids, dtype=object, count=len(ids))
    kinds = {one: number for number, one in enumerate(set(map(type, array)))}
    kind = np.fromiter(map(kinds.__getitem__, map(type, array)), dtype=np.intp, count=len(array))
    for one, number in kinds.items():
        if issubclass(one, str) and one is not str:  # numpy's text becomes Python's
            array[kind == number] = list(map(str, array[kind == number]))
    missing = _missing(array, kind, kinds)
    if len(missing):
        raise WeightsError(
            f"Ids of the weights are missing at positions {some(missing.tolist())}. Give each unit an id."
        )
    if any(issubclass(one, (tuple, list)) for one in kinds):
        raise WeightsError(
            f"Each id must be one label, not several: {some(array[:3])}. Index the units by one column of ids."
        )
    if kinds and all(issubclass(one, (int, np.integer)) and one is not bool for one in kinds):
        try:
            return array.astype(np.int64)
        except OverflowError:
            return array
    return array


def missing_at(labels: Any) -> Array:
    """Give the positions of labels that are missing: None, NaN, NaT or pandas' NA."""
    array = np.empty(len(labels), dtype=object)
    array[:] = list(labels)
    kinds = {one: number for number, one in enumerate(set(map(type, array)))}
    kind = np.fromiter(map(kinds.__getitem__, map(type, array)), dtype=np.intp, count=len(array))
    return _missing(array, kind, kinds)


def _missing(array: Array, kind: Array, kinds: dict[type, int]) -> Array:
    """Give the positions of None, NaN, NaT and pandas' NA, ascending."""
    found = [np.zeros(0, dtype=np.int64)]
    for one, number in kinds.items():
        if not issubclass(one, (str, int, np.integer)):
            place = np.flatnonzero(kind == number)
            said = map(MISSING.__contains__, map(str, array[place]))
            found.append(place[np.fromiter(said, dtype=bool, count=len(place))])
    return np.sort(np.concatenate(found))


def check_once(ids: Array) -> None:
    """Raise DuplicateError if an id stands twice; objects are told apart by their text."""
    twice: list[Any] = []
    if ids.dtype != object:
        if not (ids[1:] > ids[:-1]).all():
            ordered = np.sort(ids)
            twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]]).tolist()
    else:
        labels = list(map(str, ids))
        if len(set(labels)) < len(labels):
            twice = sorted(label for label, count in Counter(labels).items() if count > 1)
    if twice:
        raise DuplicateError(
            f"Ids of the weights stand more than once: {some(twice)}. Give each unit its own."
        )


def places(ids: Array, wanted: Array) -> Array:
    """Give the position among `ids` of each wanted id, -1 where it is not among them.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Each once.
    wanted : ndarray of shape (m,)

    Returns
    -------
    ndarray of shape (m,)
    """
    if len(ids) == 0:
        return np.full(len(wanted), -1)
    if ids.dtype.kind == wanted.dtype.kind == "i":
        order = np.argsort(ids, kind="stable")
        place = order[np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)]
        return np.where(ids[place] == wanted, place, -1)
    known = dict(zip(ids.tolist(), range(len(ids)), strict=True))
    return np.fromiter(map(known.get, wanted.tolist(), repeat(-1)), dtype=np.int64, count=len(wanted))
