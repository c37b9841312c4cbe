"""PanelTable: aligned by label, periods first, nothing left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatialhealth.panel import PanelTable
from tests import small

UNITS = np.array(["c", "a", "b"], dtype=object)


@pytest.fixture
def frame():
    """Value 10 * unit + period, rows in no order."""
    index = pd.MultiIndex.from_tuples(
        [("b", 2), ("a", 1), ("c", 2), ("a", 2), ("c", 1), ("b", 1)], names=["unit", "year"]
    )
    code = {"a": 10, "b": 20, "c": 30}
    value = [code[unit] + year for unit, year in index]
    return pd.DataFrame({"v": value, "w": np.negative(value)}, index=index)


def test_periods_first_in_the_order_of_the_weights(frame):
    table = PanelTable.from_frames(frame[["w"]], frame["v"], UNITS)
    np.testing.assert_array_equal(table.y, [[31, 11, 21], [32, 12, 22]])
    np.testing.assert_array_equal(table.x[..., 0], [[-31, -11, -21], [-32, -12, -22]])
    assert table.periods.tolist() == [1, 2]
    assert (table.n_periods, table.n_units) == (2, 3)
    assert (table.names, table.response) == (("w",), "v")
    assert repr(table) == "<PanelTable of 3 units and 2 periods, v on w>"


def test_labelled_gives_the_rows_back_as_they_came(frame):
    table = PanelTable.from_frames(frame[["w"]], frame["v"], UNITS)
    pd.testing.assert_series_equal(table.labelled(table.y, "v"), frame["v"].astype(float))


def test_the_outcome_may_stand_in_another_order(frame):
    table = PanelTable.from_frames(frame[["w"]], frame["v"].iloc[::-1], UNITS)
    np.testing.assert_array_equal(table.y, -table.x[..., 0])


def test_periods_are_sorted_by_value_not_by_appearance(frame):
    later = frame.rename(index={1: 10, 2: 9}, level="year")
    assert PanelTable.from_frames(later[["w"]], later["v"], UNITS).periods.tolist() == [9, 10]
    dates = frame.rename(index={1: pd.Timestamp("2021"), 2: pd.Timestamp("2020")}, level="year")
    table = PanelTable.from_frames(dates[["w"]], dates["v"], UNITS)
    assert table.y[0].tolist() == [32, 12, 22]


def test_levels_no_longer_used_do_not_count(frame):
    part = frame.loc[["a", "b"]]
    table = PanelTable.from_frames(part[["w"]], part["v"], np.array(["b", "a"], dtype=object))
    np.testing.assert_array_equal(table.y, [[21, 11], [22, 12]])


def test_one_level_is_a_cross_section(frame):
    section = frame.xs(1, level="year")
    table = PanelTable.from_frames(section[["w"]], section["v"], UNITS)
    np.testing.assert_array_equal(table.y, [[31, 11, 21]])
    pd.testing.assert_series_equal(table.labelled(table.y, "v"), section["v"].astype(float))


def test_without_an_outcome_it_is_zero(frame):
    table = PanelTable.from_frames(frame[["w"]], None, UNITS)
    assert not table.y.any() and table.x.any()


def test_unnamed_outcome_and_numbered_columns(frame):
    table = PanelTable.from_frames(frame[["w"]].set_axis([7], axis=1), frame["v"].rename(None), UNITS)
    assert (table.names, table.response) == (("7",), "y")


def test_arrays():
    Y, X = small.arrays(small.lattice(2, 3), 4)
    table = PanelTable.from_arrays(Y, X, np.arange(6))
    assert (table.names, table.periods.tolist()) == (("x1", "x2"), [0, 1, 2, 3])
    rows = table.labelled(table.y, "y")
    assert rows.index.names == ["unit", "period"]
    assert rows.loc[(3, 2)] == Y[2, 3]
    for array in (table.y, table.x):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_arrays_of_one_period():
    Y, X = small.arrays(small.lattice(2, 3), 4)
    table = PanelTable.from_arrays(Y[0], X[0], np.arange(6), names=["a", "b"], periods=["now"])
    assert table.y.shape == (1, 6) and table.x.shape == (1, 6, 2)
    assert table.labelled(table.y, "y").index.tolist() == list(range(6))
    assert table.periods.tolist() == ["now"]
