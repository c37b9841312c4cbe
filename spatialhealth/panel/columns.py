"""Checks of the columns of a table before they become numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import (
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

__all__ = ["check_columns", "check_frame"]


def check_frame(x: Any) -> None:
    """Raise unless x is a DataFrame with columns that can be told apart."""
    if not (hasattr(x, "columns") and hasattr(x, "index")):
        raise LabelError(
            f"X must be a DataFrame indexed by unit, or by (unit, period); it is {type(x).__name__}, which has "
            "no labels to align by. For arrays already in the order of W use fit_arrays."
        )
    if not x.columns.is_unique:
        raise DuplicateError(f"Columns of X stand more than once: {some(x.columns[x.columns.duplicated()])}.")
    if len(x.columns) == 0 or len(x) == 0:
        raise ShapeError(f"X must have rows and columns; it has shape {x.shape}.")


def check_columns(x: pd.DataFrame, y: pd.Series) -> Array:
    """Give outcome and regressors as one float array (N, 1 + k), or say what is wrong in which rows."""
    columns = [(y.name if y.name is not None else "y", y), *((name, x[name]) for name in x.columns)]
    values = np.column_stack([_numbers(name, column) for name, column in columns])
    finite = np.isfinite(values)
    if finite.all():
        return values
    for j, (name, column) in enumerate(columns):
        bad = column.index[np.isnan(values[:, j])]
        if len(bad):
            raise MissingDataError(
                f"{name!r} is missing (NaN) in {len(bad)} rows: {some(bad)}. "
                "Fill these cells from a source, or leave out these units (from W too) or periods."
            )
    for j, (name, column) in enumerate(columns):
        bad = column.index[np.isinf(values[:, j])]
        if len(bad):
            raise NonFiniteError(
                f"{name!r} is infinite in {len(bad)} rows: {some(bad)}. A logarithm of zero or a division by "
                "zero does this; log(1 + x) is a common way out."
            )
    raise AssertionError("unreachable")


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
    examples = some(f"{label!r}: {value!r}" for label, value in bad.head(3).items())
    found = f" (for example {examples})" if len(bad) else ""
    raise NonNumericError(
        f"{name!r} must hold numbers; it holds {column.dtype}{found}. Convert it with pandas.to_numeric, or "
        "enter it in a formula as C(...) if it is a category."
    )
