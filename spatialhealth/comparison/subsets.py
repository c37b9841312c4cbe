"""Named parts of a table, and the weights of the units that are left in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, OptionError, some
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.weights.standardise import standardise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Subset", "read_subsets", "restricted"]


@dataclass(frozen=True, eq=False)
class Subset:
    """Rows of a table by name.

    Parameters
    ----------
    name : str
    rows : ndarray of bool, optional
        Which rows of the table; None for all.
    lost : frozenset
        Units of the table without a row in the subset.
    """

    name: str
    rows: Array | None = None
    lost: frozenset[Any] = frozenset()


def read_subsets(owner: str, subsets: Any, data: pd.DataFrame) -> list[Subset]:
    """Read masks of rows and lists of units.

    Parameters
    ----------
    owner : str
    subsets : mapping or None
        By name: a mask of the rows (a Series is joined by label, an array by position), a list of units, or None for
        the whole table.
    data : DataFrame

    Returns
    -------
    list of Subset

    Raises
    ------
    OptionError
        If a subset is neither, or empty.
    AlignmentError
        If a mask is of other rows, or a list names units that the table lacks.
    """
    if subsets is None:
        return [Subset("all")]
    if not isinstance(subsets, Mapping) or not subsets:
        raise OptionError(
            f"{owner}: subsets must name rows or units: {{'all': None, 'rich': panel['gdp'] > 9, 'north': [...]}}."
        )
    return [_subset(owner, str(name), given, data) for name, given in subsets.items()]


def _subset(owner: str, name: str, given: Any, data: pd.DataFrame) -> Subset:
    if given is None:
        return Subset(name)
    rows = _rows(owner, name, given, data)
    if not rows.any():
        raise OptionError(f"{owner}: no row of the table is in the subset {name!r}.")
    units = data.index.get_level_values(0)
    return Subset(name, rows, frozenset(units.unique()) - frozenset(units[rows]))


def _rows(owner: str, name: str, given: Any, data: pd.DataFrame) -> Array:
    what = f"{owner}: the subset {name!r}"
    if isinstance(given, str) or not hasattr(given, "__len__"):
        raise OptionError(f"{what} must be a mask of rows, a list of units, or None; it is {given!r}.")
    if str(getattr(given, "dtype", "")) in ("bool", "boolean") and hasattr(given, "index"):
        if not given.index.is_unique or len(given) != len(data) or not data.index.isin(given.index).all():
            raise AlignmentError(
                f"{what} is a mask of other rows than those of the table. Make it from the table: panel['x'] > 0."
            )
        return np.asarray(given.reindex(data.index), dtype=bool)
    values = list(given)
    if values and all(isinstance(value, (bool, np.bool_)) for value in values):
        if len(values) != len(data):
            raise AlignmentError(f"{what} is a mask of {len(values):,} rows; the table has {len(data):,}.")
        return np.array(values)
    units = data.index.get_level_values(0)
    absent = [unit for unit in values if unit not in units]
    if absent:
        raise AlignmentError(
            f"{what} names {len(absent)} units that the table has not: {some(absent)}. List units of its first index "
            "level."
        )
    return np.asarray(units.isin(values))


def restricted(
    operator: SpatialOperator, subset: Subset, restandardise: bool, logdet: Any
) -> SpatialOperator:
    """Give the weights among the units that a subset leaves.

    Parameters
    ----------
    operator : SpatialOperator
    subset : Subset
    restandardise : bool
        Whether rows that summed to one shall do so again.
    logdet : str
        Engine of the log-determinant.

    Returns
    -------
    SpatialOperator
        The operator itself if no unit is lost.
    """
    members = np.array([unit not in subset.lost for unit in operator.ids.tolist()])
    if members.all():
        return operator
    block = operator.matrix[members][:, members]
    if restandardise and operator.is_row_standardised:
        block = standardise(block)
    return SpatialOperator((operator.ids[members], block), logdet)
