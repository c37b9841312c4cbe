"""Columns of a table as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatialhealth import errors
from spatialhealth.panel.columns import check_columns, check_outcome, same_rows


def column(values, name="v"):
    return pd.Series(values, index=list("abc"), name=name)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "Int64", "float32", "Float64", "bool", "boolean"])
def test_every_kind_of_number(dtype):
    values = check_columns(column([1, 0, 1]).astype(dtype).to_frame(), column([2.0, 3.0, 4.0], "y"))
    np.testing.assert_array_equal(values, [[2, 1], [3, 0], [4, 1]])
    assert values.dtype == float


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1", "2", "3"], f"it holds {pd.Series(['1']).dtype}"),  # str, or object before pandas 3
        ([1, 2, "?"], "for example '?' at 'c'"),
        (pd.Categorical([1, 2, 3]), "it holds category"),
    ],
)
def test_what_is_no_number(values, found):
    with pytest.raises(errors.NonNumericError, match=r"pandas\.to_numeric") as caught:
        check_columns(column(values).to_frame(), column([1.0, 2.0, 3.0], "y"))
    assert found in str(caught.value) and "'v' must hold numbers" in str(caught.value)


def test_missing_before_infinite():
    x = pd.DataFrame({"one": [np.inf, 1, 2], "two": [1, np.nan, np.nan]}, index=list("abc"))
    with pytest.raises(errors.MissingDataError, match=r"'two' is missing \(NaN\) in 2 rows: 'b', 'c'"):
        check_columns(x, column([1.0, 2.0, 3.0], "y"))
    with pytest.raises(errors.NonFiniteError, match="'one' is infinite in 1 rows: 'a'"):
        check_columns(x[["one"]], column([1.0, 2.0, 3.0], "y"))


def test_same_rows():
    y = column([1, 2, 3], "y")
    x = y.to_frame()
    assert same_rows(x, y) is y
    assert same_rows(x.loc[["c", "a", "b"]], y).tolist() == [3, 1, 2]
    with pytest.raises(errors.AlignmentError, match="only in X: 'c'; only in y: 'd'"):
        same_rows(x, y.rename({"c": "d"}))


def test_check_outcome():
    y = column([1, 2, 3], "y")
    assert check_outcome(y) is y
    with pytest.raises(errors.LabelError, match=r"DataFrame of 1 \('y'\)"):
        check_outcome(y.to_frame())
