"""Quantities given as tuples (ids, values), for where there is no pandas, read as Series are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_finite, is_missing, numeric_array
from spatialhealth.errors import DataError, LabelError, MissingDataError, SizeError, some
from spatialhealth.weights.values import pair_of, rows_of

__all__ = ["Labels", "groups_of_arrays", "read_arrays"]


@dataclass(frozen=True, eq=False)
class Labels:
    """What stands for a pandas index of units.

    Parameters
    ----------
    units : ndarray of shape (n,)
    """

    units: Array

    @property
    def nlevels(self) -> int:
        """One: units without periods."""
        return 1

    def get_level_values(self, depth: int) -> Array:
        """Give the units; there is no other level."""
        return self.units

    def __len__(self) -> int:
        return len(self.units)


def read_arrays(
    owner: str, least: int, columns: dict[str, Any]
) -> tuple[Array, Labels, Array, dict[str, Array]]:
    """Align tuples with the first of them.

    Parameters
    ----------
    owner : str
        Whose arguments they are.
    least : int
        Number of units that is needed.
    columns : dict of str to tuple (ids, values)

    Returns
    -------
    units : ndarray of shape (n,)
        In the order of how they are written.
    index : Labels
        As they came in.
    cell : ndarray of shape (n,)
        Place of each row among the units.
    values : dict of str to ndarray of shape (1, n)
    """
    odd = [name for name, column in columns.items() if not isinstance(column, tuple)]
    if odd:
        raise LabelError(
            f"{owner}: {some(odd)} is no tuple, and {next(iter(columns))} is. Give tuples (ids, values) "
            "throughout, or Series."
        )
    name, first = next(iter(columns.items()))
    ids, _ = pair_of(f"{owner}: {name}", first)
    if len(ids) < least:
        raise SizeError(f"{owner} needs at least {least} units; {name} has {len(ids)}.")
    order = np.array(sorted(range(len(ids)), key=lambda place: str(ids[place])))
    cell = np.empty(len(order), dtype=int)
    cell[order] = np.arange(len(order))
    units = ids[order]
    values = {}
    for name, column in columns.items():
        what = f"{owner}: {name}"
        labels, given = pair_of(what, column)
        numbers = numeric_array(what, given, 1)
        if np.isnan(numbers).any():
            raise MissingDataError(
                f"{what} is missing (NaN) for {some(labels[np.isnan(numbers)])}. Fill these in from a source, or "
                "leave the units out of all that is given."
            )
        values[name] = check_finite(what, numbers)[rows_of(what, labels, units)][None]
    return units, Labels(ids), cell, values


def groups_of_arrays(
    owner: str, by: tuple[Any, Any], units: Array
) -> tuple[list[str], list[Array], list[list[Any]]]:
    """Read the group of each unit from a tuple (ids, labels); see `spatialhealth.imbalance.read.grouping`.

    Parameters
    ----------
    owner : str
    by : tuple (ids, labels)
    units : ndarray of shape (n,)

    Returns
    -------
    names : list of str
    codes : list of ndarray of shape (n,)
    labels : list of list
    """
    ids, given = pair_of(f"{owner}: by", by)
    groups = [list(given)[row] for row in rows_of(f"{owner}: by", ids, units)]
    absent = [unit for unit, group in zip(units, groups, strict=True) if is_missing(group)]
    if absent:
        raise MissingDataError(f"{owner}: the group is missing for {some(absent)}. Give every unit a group.")
    distinct = sorted(dict.fromkeys(groups), key=str)
    if len(distinct) < 2:
        raise DataError(
            f"{owner}: all units are in one group, {some(distinct)}: there is nothing between groups. Leave by out, "
            "or give a finer grouping."
        )
    place = {group: j for j, group in enumerate(distinct)}
    return ["group"], [np.array([place[group] for group in groups])], [distinct]
