"""balance(): what it fills or leaves out, and that every fitted model says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.panel import balance
from tests import small
from tests.refusal import refusal

LINE = (["a", "b", "c"], np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]]))


@pytest.fixture
def frame():
    """Three units and four uneven years; two cells are NaN and a row is absent."""
    index = pd.MultiIndex.from_product([["a", "b", "c"], [2000, 2001, 2003, 2004]], names=["unit", "year"])
    table = pd.DataFrame({"x": np.arange(12.0) ** 2, "y": np.arange(12.0)}, index=index)
    table.loc[("a", 2001), "y"] = np.nan
    table.loc[("a", 2003), "y"] = np.nan
    table.attrs["source"] = "invented"
    return table.drop(index=[("c", 2001)])


def test_interpolates_over_time_not_over_rows(frame):
    before = frame.copy()
    found = balance(frame, how="interpolate")
    pd.testing.assert_frame_equal(frame, before)
    # from 0 in 2000 to 3 in 2004
    np.testing.assert_allclose(found.loc["a", "y"], [0.0, 0.75, 2.25, 3.0])
    # from 64 in 2000 to 100 in 2003
    np.testing.assert_allclose(found.loc[("c", 2001), ["x", "y"]], [64 + 36 / 3, 8 + 2 / 3])
    told = found.attrs["balance"]
    assert told["cells"] == [("a", 2001, "y"), ("a", 2003, "y"), ("c", 2001, "(row)")]
    assert told["text"] == "by interpolation: 3 cells of 2 units: 'a': 2001 y, 2003 y; 'c': 2001 (row)"
    assert found.attrs["source"] == "invented"


def test_drops_units_or_periods_and_says_which(frame):
    units = balance(frame, how="drop-units")
    assert units.index.unique(0).tolist() == ["b"]
    assert units.attrs["balance"]["dropped"] == ["a", "c"]
    assert units.attrs["balance"]["text"].startswith(
        "by dropping 2 units ('a', 'c'), 8 rows, for 3 cells of 2 units"
    )
    periods = balance(frame, how="drop-periods")
    assert periods.index.unique(1).tolist() == [2000, 2004]
    assert periods.attrs["balance"]["dropped"] == [2001, 2003]
    pd.testing.assert_frame_equal(periods, frame.loc[(slice(None), [2000, 2004]), :])


def test_a_whole_panel_stays_as_it_is_and_steps_add_up(frame):
    whole = balance(frame, how="drop-periods")
    again = balance(whole, how="interpolate")
    pd.testing.assert_frame_equal(again, whole)
    assert again.attrs["balance"]["text"] == whole.attrs["balance"]["text"]
    assert again.attrs["balance"]["cells"] == whole.attrs["balance"]["cells"]
    assert (
        balance(frame.dropna().loc[["b"]], how="drop-units").attrs["balance"]["text"] == "nothing was missing"
    )


def test_dates_count_by_their_distance(frame):
    dates = pd.to_datetime([f"{year}-01-01" for year in (2000, 2001, 2003, 2004)])
    dated = frame.set_index(frame.index.set_levels(dates, level=1))
    found = balance(dated, how="interpolate").loc["a", "y"]
    np.testing.assert_allclose(found.iloc[1], 3 * 366 / 1461)
    by_period = frame.set_index(frame.index.set_levels(dates.to_period("Y"), level=1))
    np.testing.assert_allclose(balance(by_period, how="interpolate").loc["a", "y"], found)


def test_nothing_is_extrapolated(frame):
    frame.loc[("b", 2004), "x"] = np.nan
    frame.loc[("b", 2000), "y"] = np.nan
    with refusal(
        errors.MissingDataError, "2 cells of 1 unit", "('b', 2004, 'x'), ('b', 2000, 'y')", "extrapolated"
    ):
        balance(frame, how="interpolate")


def test_what_cannot_be_balanced_says_why(frame):
    with refusal(errors.OptionError, "how='mean' is not an option", "'interpolate'"):
        balance(frame, how="mean")
    with refusal(errors.LabelError, "(unit, period)"):
        balance(frame.reset_index(), how="interpolate")
    with refusal(errors.DuplicateError, "('b', 2000)"):
        balance(pd.concat([frame, frame.loc[[("b", 2000)]]]), how="interpolate")
    with refusal(errors.NonNumericError, "'kind'", "drop-units"):
        balance(frame.assign(kind="text"), how="interpolate")
    frame.loc[("b", 2000), "y"] = np.nan
    with refusal(errors.MissingDataError, "would leave nothing", "3 units"):
        balance(frame, how="drop-units")


@pytest.mark.parametrize("formula", [True, False])
def test_every_summary_says_what_was_done(formula):
    W, table = small.panel(3, 4, 6)
    table.loc[("u03", 2002), "y"] = np.nan
    whole = balance(table, how="interpolate")
    for name in ("SLX", "SpatialLag", "SpatialError"):
        model = getattr(sh, name)(W, effects="entity")
        model = model.fit_formula("y ~ x + z", whole) if formula else model.fit(whole[["x", "z"]], whole["y"])
        assert model.summary().facts["Balanced"] == "by interpolation: 1 cell of 1 unit: 'u03': 2002 y"
        assert "Balanced" in str(model.summary())
    assert "Balanced" not in sh.SLX(W).fit(table[["x"]], table["z"]).summary().facts


def test_balance_says_all_cells_in_attrs_and_the_first_of_them_in_words():
    _, table = small.panel(3, 4, 30)
    holes = table.index[table.index.get_level_values(1).isin(range(2005, 2012))]
    table.loc[holes, "x"] = np.nan
    told = balance(table, how="interpolate").attrs["balance"]
    assert len(told["cells"]) == 84
    assert told["text"].endswith("and 79 more in attrs['balance']")


@pytest.mark.parametrize("how", ["drop-units", "interpolate"])
def test_the_text_stays_short_however_much_is_missing(how):
    _, table = small.panel(8, 10, 20)
    table.loc[table.index[3::21][:70], "x"] = np.nan
    if how == "interpolate":
        table.loc[(slice(None), [2000, 2019]), "x"] = 1.0
    told = balance(table, how=how).attrs["balance"]
    assert len(told["cells"]) > 50 and len(told["text"]) < 300
