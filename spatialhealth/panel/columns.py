"""Checks of the columns of a table before they become numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array, Missing
from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    LabelError,
    MissingDataError,
    NonFiniteError,
    NonNumericError,
    ShapeError,
    some,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_columns", "check_frame", "check_outcome", "read_columns", "same_rows"]

_ADVICE = {
    "raise": "Fill these cells from a source, or leave out these units (from W too) or periods, or see the option "
    "missing. In a formula, the logarithm of a negative number is NaN too.",
    "likelihood": "missing='likelihood' is for a missing outcome: regressors must be known everywhere. Fill these "
    "cells from a source, or use missing='unbalanced'.",
}


def check_frame(x: Any) -> None:
    """Raise unless x is a DataFrame with columns that can be told apart."""
    if not (hasattr(x, "columns") and hasattr(x, "index")):
        raise LabelError(
            f"X must be a DataFrame indexed by unit, or by (unit, period); it is {type(x).__name__}, which has "
            "no labels to align by. For arrays already in the order of W use fit_arrays."
        )
    names = x.columns.map(str)
    if not names.is_unique:
        raise DuplicateError(
            f"Columns of X stand more than once: {some(names[names.duplicated()].unique())}. "
            "Leave out or rename all but one of each."
        )
    if len(x.columns) == 0 or len(x) == 0:
        raise ShapeError(f"X must have rows and columns; it has shape {x.shape}.")


def check_outcome(y: Any) -> Any:
    """Give back y if it is one labelled column, else say what it should be."""
    if getattr(y, "ndim", None) == 1 and hasattr(y, "index") and hasattr(y, "name"):
        return y
    if hasattr(y, "columns"):
        raise LabelError(
            f"y must be one column of numbers; it is a DataFrame of {len(y.columns)} ({some(y.columns)}). "
            "Take out one of them: frame[name]."
        )
    raise LabelError(
        f"y must be a Series with the labels of X; it is {type(y).__name__}, which has no labels to align by. "
        "Wrap it as pandas.Series(y, index=X.index), or use fit_arrays."
    )


def same_rows(x: pd.DataFrame, y: pd.Series) -> pd.Series:
    """Reorder y as x, if both have the same labels."""
    if x.index.equals(y.index):
        return y
    for name, index in (("X", x.index), ("y", y.index)):
        if not index.is_unique:
            raise DuplicateError(
                f"Rows of {name} stand more than once: {some(index[index.duplicated()].unique())}. "
                "Keep one row for each unit and period."
            )
    only = [x.index.difference(y.index, sort=False), y.index.difference(x.index, sort=False)]
    if len(only[0]) or len(only[1]):
        raise AlignmentError(
            "X and y have not the same labels: "
            + "; ".join(f"only in {w}: {some(o)}" for w, o in zip(("X", "y"), only, strict=True) if len(o))
            + ". Take both from one table."
        )
    return y.reindex(x.index)


def read_columns(x: pd.DataFrame, y: pd.Series | None, missing: Missing) -> tuple[str, Array]:
    """Give the name of the outcome, and outcome and regressors as one float array (N, 1 + k).

    Without an outcome, for prediction, zeros stand in its place.
    """
    import pandas as pd

    check_frame(x)
    y = pd.Series(0.0, index=x.index, name="none") if y is None else same_rows(x, check_outcome(y))
    return str(y.name) if y.name is not None else "y", check_columns(x, y, missing)


def check_columns(x: pd.DataFrame, y: pd.Series, missing: Missing = "raise") -> Array:
    """Give outcome and regressors as one float array (N, 1 + k), or say what is wrong in which rows."""
    columns = [(y.name if y.name is not None else "y", y), *((name, x[name]) for name in x.columns)]
    values = np.column_stack([_numbers(name, column) for name, column in columns])
    finite = np.isfinite(values)
    if finite.all():
        return values
    # what may be missing is left to the caller
    for j, (name, column) in list(enumerate(columns))[
        {"raise": 0, "likelihood": 1}.get(missing, len(columns)) :
    ]:
        bad = column.index[np.isnan(values[:, j])]
        if len(bad):
            raise MissingDataError(
                f"{name!r} is missing (NaN) in {len(bad)} rows: {some(bad)}. {_ADVICE[missing]}"
            )
    for j, (name, column) in enumerate(columns):
        bad = column.index[np.isinf(values[:, j])]
        if len(bad):
            raise NonFiniteError(
                f"{name!r} is infinite in {len(bad)} rows: {some(bad)}. A logarithm of zero or a division by "
                "zero does this; log(1 + x) is a common way out."
            )
    return values


def _numbers(name: Any, column: pd.Series) -> Array:
    """Give a column as floats."""
    try:
        if column.dtype.kind in "fiub" or str(column.dtype).lower().startswith(
            ("int", "float", "uint", "bool")
        ):
            return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError):
        pass
    import pandas as pd

    asked = pd.to_numeric(column, errors="coerce")
    bad = column[asked.isna() & column.notna()]
    found = f" (for example {some(bad.head(3))} at {some(bad.head(3).index)})" if len(bad) else ""
    raise NonNumericError(
        f"{name!r} must hold numbers; it holds {column.dtype}{found}. Convert it with pandas.to_numeric, or "
        "enter it in a formula as C(...) if it is a category."
    )
