"""What is read from a table of units, checked: its ids and its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_finite, numeric_array
from spatialhealth.errors import (
    DataError,
    DuplicateError,
    LabelError,
    MissingDataError,
    NonFiniteError,
    NonNumericError,
    ShapeError,
    did_you_mean,
    some,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["column_of", "index_of", "labels_of", "numbers_of", "numbers_of_array"]


def index_of(what: str, table: Any) -> pd.Index:
    """Give the index of a layer or table, which must hold one label a unit.

    Parameters
    ----------
    what : str
        Which table, for the message.
    table : DataFrame, GeoDataFrame or Series

    Returns
    -------
    Index

    Raises
    ------
    LabelError, MissingDataError, DuplicateError
        If there is no index, or a label is missing or stands twice.
    DataError
        If there are no rows.
    """
    if not (hasattr(table, "index") and hasattr(table, "iloc")):
        raise LabelError(
            f"{what} must be a pandas table whose index holds the ids; it is {type(table).__name__}."
        )
    index = table.index
    if index.nlevels > 1:
        raise LabelError(f"The index of {what} has {index.nlevels} levels; give one row a unit.")
    if len(index) == 0:
        raise DataError(f"{what} has no rows. Read it again, or widen the selection.")
    if index.hasnans:
        places = np.flatnonzero(index.isna()).tolist()
        raise MissingDataError(f"{what} misses labels in its index, in the rows {some(places)}. Name each.")
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise DuplicateError(f"{what} has these labels more than once in its index: {some(twice)}.")
    return index


def column_of(what: str, table: Any, column: Any) -> Any:
    """Give a column of a table, or say which there are.

    Parameters
    ----------
    what : str
        Which table, for the message.
    table : DataFrame or GeoDataFrame
    column : label

    Returns
    -------
    Series

    Raises
    ------
    DataError
        If it is not there.
    DuplicateError
        If there are two of the name.
    """
    columns = getattr(table, "columns", ())
    if column not in columns:
        raise DataError(
            f"{what} has no column {column!r}.{did_you_mean(column, columns)} It has: {some(columns)}."
        )
    found = table[column]
    if found.ndim > 1:
        raise DuplicateError(f"{what} has several columns {column!r}. Drop or rename all but one.")
    return found


def labels_of(what: str, values: Any) -> Array:
    """Give the labels of a Series, such as tiers or provinces, after checking that none is missing or empty.

    Parameters
    ----------
    what : str
        What they are, for the message.
    values : Series
        Its index names the units in messages.

    Returns
    -------
    ndarray of object

    Raises
    ------
    MissingDataError
        If some are missing or empty.
    """
    labels = np.asarray(values.to_numpy(), dtype=object)
    missing = values.isna().to_numpy() | (labels.astype(str) == "")
    if missing.any():
        raise MissingDataError(f"{what} is missing for {some(values.index[missing])}. Give one to each.")
    return labels


def numbers_of(what: str, values: Any, sign: Literal["any", "not negative", "positive"]) -> Array:
    """Give the values of a Series, after checking that they are finite numbers of the sign asked for.

    Parameters
    ----------
    what : str
        What they are, for the message.
    values : Series
        Its index names the units in messages.
    sign : {"any", "not negative", "positive"}
        What they must be.

    Returns
    -------
    ndarray of float

    Raises
    ------
    NonNumericError, MissingDataError, NonFiniteError, DataError
        If some are no numbers, missing, infinite, negative, or zero.
    """
    if getattr(values.dtype, "kind", "O") not in "iufb":
        raise NonNumericError(
            f"{what} must hold numbers; it holds {values.dtype}. Convert it with pandas.to_numeric."
        )
    missing = values.isna().to_numpy()
    if missing.any():
        raise MissingDataError(
            f"{what} is missing for {some(values.index[missing])}. Fill it in, or leave these units out."
        )
    array = values.to_numpy(dtype=float)
    for bad, kind, found in (
        (~np.isfinite(array), NonFiniteError, "infinite"),
        ((array < 0) & (sign != "any"), DataError, "negative"),
        ((array == 0) & (sign == "positive"), DataError, "zero"),
    ):
        if bad.any():
            needed = "finite" if sign == "any" else f"finite and {sign}"
            raise kind(
                f"{what} is {found} for {some(values.index[bad])}. It must be {needed}: "
                "mend it, or leave these units out."
            )
    return np.asarray(array)


def numbers_of_array(
    what: str, values: Any, n: int, sign: Literal["positive", "not negative"] | None = None
) -> Array:
    """Give the n numbers of an array, after the checks that `numbers_of` makes of a column.

    Parameters
    ----------
    what : str
        What they are, for messages.
    values : array-like of shape (n,)
    n : int
    sign : {"positive", "not negative"}, optional

    Returns
    -------
    ndarray of float of shape (n,)

    Raises
    ------
    ShapeError, NonNumericError, NonFiniteError, DataError
        If they are not n such numbers.
    """
    numbers = check_finite(what, numeric_array(what, values, 1))
    if len(numbers) != n:
        raise ShapeError(f"{what} has {len(numbers)} values for {n} places: give one value a place.")
    wrong = {"positive": numbers <= 0, "not negative": numbers < 0}.get(sign or "")
    if wrong is not None and wrong.any():
        raise DataError(
            f"{what} must be {sign}; it is not at positions {some(np.flatnonzero(wrong).tolist())}."
        )
    return numbers
