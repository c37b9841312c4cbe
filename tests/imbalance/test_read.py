"""What labelled quantities must be, and how they are aligned."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    LabelError,
    MissingDataError,
    NonFiniteError,
    NonNumericError,
    ShapeError,
    SizeError,
)
from spatialhealth.imbalance import centre_of_gravity, gini
from spatialhealth.imbalance.read import grouping, read
from tests.imbalance.cases import by_unit, panel_of
from tests.refusal import refusal


def test_columns_are_joined_by_label_whatever_their_order():
    beds = panel_of([[1, 2, 3], [4, 5, 6]])
    other = (10 * beds).sample(frac=1, random_state=1)
    land = by_unit([7, 8, 9]).iloc[[2, 0, 1]]
    frame = read("f", beds=beds.sample(frac=1, random_state=2), other=other, land=land, none=None)
    assert frame.values["beds"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert frame.values["other"].tolist() == [[10, 20, 30], [40, 50, 60]]
    assert frame.values["land"].tolist() == [[7, 8, 9]] * 2
    back = pd.Series(frame.by_row(frame.values["beds"]), index=frame.index)
    pd.testing.assert_series_equal(back.sort_index(), beds.sort_index(), check_names=False)
    assert frame.names == ("city", "year") and frame.periods.tolist() == [2011, 2012]


def test_nullable_and_whole_numbers_are_numbers():
    frame = read("f", x=by_unit([1, 2, 3]).astype("Int64"), y=by_unit([True, False, True]).astype(bool))
    assert frame.values["x"].tolist() == [[1, 2, 3]] and frame.values["y"].tolist() == [[1, 0, 1]]


def test_refusals():
    x = by_unit([1.0, 2.0, 3.0])
    panel = panel_of([[1, 2, 3], [4, 5, 6]])
    with refusal(LabelError, "f: x must be a Series", "list"):
        read("f", x=[1, 2, 3])
    with refusal(LabelError, "DataFrame"):
        read("f", x=x.to_frame())
    with refusal(ShapeError, "no rows"):
        read("f", x=x.iloc[:0])
    with refusal(SizeError, "at least 2 units"):
        read("f", x=x.iloc[:1])
    with refusal(DuplicateError, "'u00'"):
        read("f", x=pd.concat([x, x.iloc[:1]]))
    with refusal(DuplicateError, "rows of y", "'u00'"):
        read("f", x=x, y=pd.concat([x, x.iloc[:1]]))
    with refusal(MissingDataError, "1 of 6 cells", "('u01', 2012)", "panel.balance"):
        read("f", x=panel.drop(("u01", 2012)))
    with refusal(MissingDataError, "NaN", "'u01'"):
        read("f", x=x.where(x != 2))
    with refusal(NonFiniteError, "'u02'"):
        read("f", x=x.replace(3, np.inf))
    with refusal(NonNumericError, "hold numbers"):
        read("f", x=x.astype(str))
    with refusal(AlignmentError, "1 of x are not in y: 'u02'", "1 of y are not in x: 'z'"):
        read("f", x=x, y=x.rename({"u02": "z"}))
    with refusal(LabelError, "y is indexed by (unit, period)", "xs(period"):
        read("f", x=x, y=panel)
    with refusal(LabelError, "labels are missing"):
        read("f", x=pd.Series([1.0, 2.0], index=["a", None]))


SWAPPED = "The index is (period, unit); it must be (unit, period): use frame.swaplevel()."


def renamed(values, names, units=None, periods=None):
    """A (period, unit) Series with these names of its levels, and these labels."""
    index = pd.MultiIndex.from_product(
        [periods or range(2011, 2011 + len(values)), units or ["u00", "u01", "u02"]], names=names
    )
    return pd.Series(np.asarray(values, dtype=float).ravel(), index=index, name="beds")


@pytest.mark.parametrize(
    ("names", "units", "periods"),
    [
        (["year", "city"], None, None),
        (["Year", None], [11, 12, 13], [1, 2]),
        ([None, None], None, None),
        ([None, None], None, list(pd.to_datetime(["2011-01-01", "2012-01-01"]))),
        ([None, None], [11, 12, 13], list(pd.period_range("2011", periods=2, freq="Q"))),
    ],
)
def test_period_and_unit_turned_round_are_recognised(names, units, periods):
    turned = renamed([[1, 2, 3], [4, 5, 6]], names, units, periods)
    with refusal(AlignmentError, "the first level of the index of x holds periods", SWAPPED):
        read("f", x=turned)
    frame = read("f", x=turned.swaplevel())
    assert frame.values["x"].tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("units", "periods"),
    [([2001, 2002, 2003], [1, 2]), ([2001, 2002, 2003], [2011, 2012]), (list("abc"), list("xy"))],
)
def test_what_may_be_units_is_taken_for_units(units, periods):
    index = pd.MultiIndex.from_product([units, periods])
    frame = read("f", x=pd.Series(np.arange(6.0), index=index))
    assert frame.units.tolist() == units and frame.periods.tolist() == periods


def test_turned_round_beside_other_columns():
    panel = renamed([[1, 2, 3], [4, 5, 6]], [None, None], periods=["before", "after"])
    right = panel.swaplevel()
    with refusal(AlignmentError, "labels of y are those of x, turned round", SWAPPED):
        read("f", x=right, y=panel)
    with refusal(AlignmentError, "y is indexed by 'u00', 'u01', 'u02', which are the periods of x", SWAPPED):
        read("f", x=panel, y=by_unit([1, 2, 3]))
    with refusal(AlignmentError, "by is indexed by", "the periods of the values", SWAPPED):
        grouping("f", pd.Series(["a", "b", "b"], index=["u00", "u01", "u02"]), read("f", x=panel))
    with refusal(AlignmentError, "holds periods: 2011, 2012", SWAPPED):
        gini(panel_of([[1, 2, 3], [4, 5, 6]]).swaplevel())


def test_turned_round_beside_a_layer():
    layer = gpd.GeoDataFrame(
        index=["u00", "u01", "u02"], geometry=gpd.points_from_xy([0, 1, 2], [0, 1, 0], crs=32650)
    )
    panel = renamed([[1, 2, 3], [4, 5, 6]], [None, None], periods=["before", "after"])
    with refusal(AlignmentError, "the layer is indexed by", "the periods of the values", SWAPPED):
        centre_of_gravity(layer, panel)


def test_names_of_columns_of_the_results_are_taken():
    x = by_unit([1, 2, 3])
    with refusal(LabelError, "'measure'", "rename_axis"):
        read("f", x=x.rename_axis("measure"))
    frame = read("f", x=panel_of([[1, 2], [3, 4]]))
    with refusal(LabelError, "groups are called 'year'"):
        grouping("f", pd.Series(["a", "b"], index=["u00", "u01"], name="year"), frame)


def test_groups_are_labelled_and_nested():
    frame = read("f", x=by_unit([1, 2, 3, 4]))
    by = pd.DataFrame({"p": list("baab"), "t": [1, 1, 2, 1]}, index=frame.units)[::-1]
    names, codes, labels = grouping("f", by, frame)
    assert names == ["p", "t"]
    assert labels == [["a", "b"], [("a", 1), ("a", 2), ("b", 1)]]
    assert [code.tolist() for code in codes] == [[1, 0, 0, 1], [2, 0, 1, 2]]


@pytest.mark.parametrize("by", [["a", "b"], {"u00": "a"}])
def test_groups_without_labels_are_refused(by):
    with refusal(LabelError, "by must be a Series or DataFrame"):
        grouping("f", by, read("f", x=by_unit([1, 2])))


def test_groups_by_period_are_refused():
    panel = panel_of([[1, 2], [3, 4]])
    with refusal(LabelError, "do not change over time"):
        grouping("f", panel, read("f", x=panel))
