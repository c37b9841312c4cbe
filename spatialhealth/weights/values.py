"""Values given as a tuple (ids, values), for where there is no pandas: aligned by label, as a Series is."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_finite, numeric_array
from spatialhealth.errors import AlignmentError, LabelError, ShapeError, some
from spatialhealth.weights.ids import check_once, id_array, places

__all__ = ["pair_of", "rows_of", "values_of"]


def pair_of(owner: str, pair: Any) -> tuple[Array, Any]:
    """Give the ids and the values of a tuple, after checking that there is one id a value and each id once.

    Parameters
    ----------
    owner : str
        Whose argument it is, for messages.
    pair : tuple (ids, values)
        Sequences of one length.

    Returns
    -------
    ids : ndarray of shape (n,)
    values : sequence of length n

    Raises
    ------
    LabelError, ShapeError, WeightsError, DuplicateError
        If it is no such tuple.
    """
    if len(pair) != 2 or not all(hasattr(part, "__len__") for part in pair):
        raise LabelError(f"{owner}: without a Series, give a tuple (ids, values) of two sequences.")
    ids = id_array(pair[0])
    if len(ids) != len(pair[1]):
        raise ShapeError(
            f"{owner}: {len(ids)} ids and {len(pair[1])} values were given: give one id a value."
        )
    check_once(ids)
    return ids, pair[1]


def rows_of(owner: str, ids: Array, units: Array) -> Array:
    """Give the place of each unit among ids that must be the same units, in any order.

    Parameters
    ----------
    owner : str
    ids : ndarray of shape (n,)
    units : ndarray of shape (n,)

    Returns
    -------
    ndarray of int of shape (n,)

    Raises
    ------
    AlignmentError
        If a unit is in one and not in the other.
    """
    row = places(ids, units)
    absent = units[row < 0]
    extra = ids[places(units, ids) < 0]
    if len(absent) or len(extra):
        parts = [f"{len(absent)} have no value: {some(absent.tolist())}"] if len(absent) else []
        parts += [f"{len(extra)} are among the values only: {some(extra.tolist())}"] if len(extra) else []
        raise AlignmentError(f"{owner}: the units differ; {'; '.join(parts)}. Cut both to the same units.")
    return row


def values_of(owner: str, pair: Any, units: Array) -> Array:
    """Give the numbers of a tuple (ids, values) in the order of units.

    Parameters
    ----------
    owner : str
    pair : tuple (ids, values)
    units : ndarray of shape (n,)
        The same labels, in any order.

    Returns
    -------
    ndarray of float of shape (n,)

    Raises
    ------
    LabelError, ShapeError, DuplicateError, AlignmentError, NonNumericError, NonFiniteError
        If labels or values do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> values_of("example", (["b", "a"], [2.0, 1.0]), np.array(["a", "b"], dtype=object)).tolist()
    [1.0, 2.0]
    """
    ids, given = pair_of(owner, pair)
    numbers = check_finite(f"{owner}: values", numeric_array(f"{owner}: values", given, 1))
    return np.asarray(numbers[rows_of(owner, ids, units)])
