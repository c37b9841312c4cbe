"""Changes of the list of hospitals, by hand."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

from spatialhealth.errors import OptionError, ScenarioError
from spatialhealth.scenario import AddBeds, CloseHospital, OpenHospital, Stock
from spatialhealth.scenario.hospitals import check_hospitals
from tests.refusal import refusal


@pytest.fixture
def hospitals():
    return gpd.GeoDataFrame(
        {
            "city": ["x", "x", "x", "y"],
            "tier": ["high", "high", "low", "low"],
            "beds": [100, 300, 20, 40],
            "facilities": [1, 1, 5, 6],
        },
        index=["h1", "h2", "l1", "l2"],
        geometry=gpd.points_from_xy([0.0, 4.0, 2.0, 9.0], [0.0, 0.0, 2.0, 9.0]),
        crs="EPSG:4326",
    )


def test_beds_are_added_in_proportion(hospitals):
    before = hospitals.copy()
    found = AddBeds("x", beds=80, tier="high").hospitals(hospitals)
    assert found["beds"].tolist() == [120.0, 360.0, 20.0, 40.0]
    assert AddBeds("x", beds=-400, tier="high").hospitals(hospitals)["beds"].tolist()[:2] == [0.0, 0.0]
    pd.testing.assert_frame_equal(hospitals, before)


def test_a_hospital_opens_where_the_beds_are(hospitals):
    found = OpenHospital("x", tier="high", beds=50).hospitals(hospitals)
    new = found.loc["new high in x"]
    assert (new["city"], new["tier"], new["beds"], new["facilities"]) == ("x", "high", 50.0, 1)
    assert new.geometry.x == pytest.approx((300 * 4 + 20 * 2) / 420)
    assert new.geometry.y == pytest.approx(20 * 2 / 420)
    assert found.crs == hospitals.crs
    assert len(found) == 5


def test_a_hospital_opens_where_it_is_told(hospitals):
    found = OpenHospital("z", tier="low", beds=5, location=(1.0, 2.0)).hospitals(hospitals)
    assert found.loc["new low in z"].geometry.coords[0] == (1.0, 2.0)
    twice = OpenHospital("z", tier="low", beds=5, location=(1.0, 2.0)).hospitals(found)
    assert twice.index[-1] == "new low in z (2)"


def test_a_list_without_places(hospitals):
    found = OpenHospital(["x", "y"], tier="high", beds=50).hospitals(
        pd.DataFrame(hospitals.drop(columns="geometry"))
    )
    assert found["beds"].tolist() == [100, 300, 20, 40, 50, 50]


def test_hospitals_close(hospitals):
    assert CloseHospital(["h1", "l2"]).hospitals(hospitals).index.tolist() == ["h2", "l1"]


def test_stock_by_hand(hospitals):
    units = ["y", "x", "z"]
    assert Stock("low")(hospitals, units).to_dict() == {"y": 40.0, "x": 20.0, "z": 0.0}
    assert Stock("low", of="facilities")(hospitals, units).to_dict() == {"y": 6.0, "x": 5.0, "z": 0.0}


def test_unknown_tier_city_hospital(hospitals):
    with refusal(ScenarioError, "'hi'", "Did you mean 'high'?", "There are"):
        AddBeds("x", beds=1, tier="hi").hospitals(hospitals)
    with refusal(ScenarioError, "'y'", "no beds of the tier 'high'", "OpenHospital"):
        AddBeds("y", beds=1, tier="high").hospitals(hospitals)
    with refusal(ScenarioError, "'q'", "location="):
        OpenHospital("q", tier="high", beds=1).hospitals(hospitals)
    with refusal(ScenarioError, "'h9'", "Did you mean"):
        CloseHospital("h9").hospitals(hospitals)
    with refusal(ScenarioError, "Stock", "'mid'"):
        Stock("mid")(hospitals, ["x"])
    with refusal(ScenarioError, "'doctors'"):
        Stock("high", of="doctors")(hospitals, ["x"])


def test_more_beds_taken_than_there_are(hospitals):
    with refusal(ScenarioError, "'x'", "400", "fewer than are taken"):
        AddBeds("x", beds=-401, tier="high").hospitals(hospitals)


def test_arguments_that_are_none():
    with refusal(OptionError, "beds=0", "positive"):
        OpenHospital("x", tier="high", beds=0)
    with refusal(OptionError, "one location for several cities"):
        OpenHospital(["x", "y"], tier="high", beds=1, location=(0, 0))
    with refusal(OptionError, "location", "must be a number"):
        OpenHospital("x", tier="high", beds=1, location=("a", 0))
    for wrong in ("here", (1.0,), 3.0):
        with refusal(OptionError, "location", repr(wrong), "x and y"):
            OpenHospital("x", tier="high", beds=1, location=wrong)
    with refusal(ScenarioError, "CloseHospital", "None is no name"):
        CloseHospital(None)


def test_lists_that_cannot_be_used(hospitals):
    with refusal(ScenarioError, "'beds'", "lack the columns"):
        check_hospitals(hospitals.drop(columns="beds"))
    with refusal(ScenarioError, "'h1'", "more than once"):
        check_hospitals(pd.concat([hospitals, hospitals.iloc[:1]]))
    with refusal(ScenarioError, "'l2'", "missing or negative"):
        check_hospitals(hospitals.assign(beds=[1.0, 2.0, 3.0, float("nan")]))
    with refusal(ScenarioError, "DataFrame", "list"):
        check_hospitals([1, 2])
