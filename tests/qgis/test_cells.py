"""Rows of units and periods to arrays and back."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import DuplicateError, MissingDataError
from spatialhealth.qgis.cells import cells_of


def test_any_order_of_rows_there_and_back():
    rng = np.random.default_rng(0)
    units = np.repeat(np.array(["b", "a", "c"], dtype=object), 4)
    periods = np.tile([2003, 2001, 2004, 2002], 3)
    order = rng.permutation(12)
    units, periods = units[order], periods[order]
    values = rng.normal(size=(12, 2))
    cells = cells_of(units, periods)
    assert cells.periods.tolist() == [2001, 2002, 2003, 2004]
    spread = cells.spread(values)
    for row in range(12):
        t, i = cells.periods.tolist().index(periods[row]), cells.units.tolist().index(units[row])
        np.testing.assert_array_equal(spread[t, i], values[row])
    np.testing.assert_array_equal(cells.by_row(spread[..., 1]), values[:, 1])
    np.testing.assert_array_equal(units[cells.first], cells.units)
    np.testing.assert_array_equal(
        cells.by_row(np.arange(3.0)), [cells.units.tolist().index(u) for u in units]
    )


def test_a_cross_section():
    cells = cells_of(np.array([5, 3, 9]))
    assert cells.units.tolist() == [5, 3, 9] and cells.cell.tolist() == [0, 1, 2] and len(cells.periods) == 1


def test_refusals():
    with pytest.raises(DuplicateError, match="Give the field of periods"):
        cells_of(["a", "a"])
    with pytest.raises(DuplicateError, match=r"\('a', 1\)"):
        cells_of(["a", "a"], [1, 1])
    with pytest.raises(MissingDataError, match=r"1 of 4 rows of the panel are missing: .*'b', 2"):
        cells_of(["a", "b", "a"], [1, 1, 2])


def test_a_unit_may_be_absent_where_holes_are_allowed():
    cells = cells_of(["b", "a", "a"], [2, 1, 2], holes=True)
    np.testing.assert_array_equal(cells.spread(np.array([5, 6, 7])), [[np.nan, 6], [5, 7]])
    columns = cells.spread(np.array([[5.0, 1], [6, 2], [7, 3]]))
    assert columns.shape == (2, 2, 2) and np.isnan(columns[0, 0]).all() and columns[1, 1].tolist() == [7, 3]
    np.testing.assert_array_equal(cells.by_row(columns[..., 0]), [5, 6, 7])
