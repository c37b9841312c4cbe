"""Rows of units and periods to arrays with periods first, and back; numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import DuplicateError, MissingDataError, some

__all__ = ["Cells", "cells_of"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Where each row stands in an array of shape (T, n).

    Parameters
    ----------
    units, periods : ndarray of shape (n,) and (T,)
        Units as they first appear; periods ascending.
    cell : ndarray of int of shape (rows,)
        Place in the flattened array.
    first : ndarray of int of shape (n,)
        First row of each unit.
    """

    units: Array
    periods: Array
    cell: Array
    first: Array

    def spread(self, values: Array) -> Array:
        """Give values by row, (rows,) or (rows, k), as (T, n) or (T, n, k); NaN where there is no row."""
        size = len(self.periods) * len(self.units)
        placed = np.empty_like(values)
        if size > len(values):
            placed = np.full((size, *values.shape[1:]), np.nan)
        placed[self.cell] = values
        return placed.reshape(len(self.periods), len(self.units), *values.shape[1:])

    def by_row(self, values: Array) -> Array:
        """Give a (T, n) array, or one of shape (n,) that holds in every period, in the order of the rows."""
        flat = values.reshape(-1) if values.ndim == 2 else np.tile(values, len(self.periods))
        return np.asarray(flat[self.cell])


def cells_of(units: Any, periods: Any = None, holes: bool = False) -> Cells:
    """Find the place of each row.

    Parameters
    ----------
    units : array of shape (rows,)
    periods : array of shape (rows,), optional
        None for a cross-section.
    holes : bool, default False
        Whether a unit may be absent from a period.

    Returns
    -------
    Cells

    Raises
    ------
    DuplicateError
        If a unit stands twice in a period.
    MissingDataError
        If a unit is not in every period, and `holes` is False.

    Examples
    --------
    >>> cells_of(["b", "a", "a", "b"], [1, 1, 2, 2]).units.tolist()
    ['b', 'a']
    """
    labels = list(np.asarray(units).tolist())
    known = {unit: place for place, unit in enumerate(dict.fromkeys(labels))}
    code = np.array([known[unit] for unit in labels])
    when, at = (np.array([0]), np.zeros(len(labels), dtype=int))
    if periods is not None:
        when, at = np.unique(np.asarray(periods), return_inverse=True)
    n = len(known)
    cell = at * n + code
    counts = np.bincount(cell, minlength=n * len(when))
    names = list(known)
    if (counts > 1).any():
        twice = [_said(names, when, place, periods) for place in np.flatnonzero(counts > 1)]
        hint = "Give the field of periods." if periods is None else "Keep one row of each."
        raise DuplicateError(f"Units stand more than once: {some(twice)}. {hint}")
    if (counts == 0).any() and not holes:
        absent = [_said(names, when, place, periods) for place in np.flatnonzero(counts == 0)]
        raise MissingDataError(
            f"{len(absent)} of {len(counts)} rows of the panel are missing: {some(absent)}. Complete them, or leave "
            "these units or periods out."
        )
    first = np.array([labels.index(unit) for unit in names]) if n < len(labels) else np.arange(n)
    ids = np.empty(n, dtype=object)
    ids[:] = names
    return Cells(ids, when, cell, first)


def _said(names: list[Any], when: Array, place: Any, periods: Any) -> Any:
    unit = names[place % len(names)]
    return unit if periods is None else (unit, when.tolist()[place // len(names)])
