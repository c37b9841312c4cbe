"""Accessibility and market areas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, CoordinateSystemError, LabelError, OptionError
from tests.maps.squares import by_gid, legend_of, squares
from tests.refusal import refusal

pytestmark = pytest.mark.filterwarnings("ignore::spatialhealth.errors.UnreachableWarning")


@pytest.fixture(scope="module")
def found():
    """Two hospitals at the ends of two rows of squares; the sixth square is out of reach."""
    places = squares("EPSG:32650", 1000.0).assign(population=[100, 200, 300, 400, 500, 600])
    places.loc["f", "geometry"] = shapely.box(24_000, 0, 25_000, 1000)
    hospitals = gpd.GeoDataFrame(
        {"beds": [10.0, 10.0], "tier": ["high", "low"]},
        geometry=[shapely.Point(400, 500), shapely.Point(2600, 500)],
        index=["west", "east"],
        crs="EPSG:32650",
    )
    return places, hospitals, sh.attraction.GeodesicCost(minimum=10)


def shares(found, demand=None):
    places, hospitals, cost = found
    model = sh.attraction.HuffModel(cost=cost, cutoff=20_000, params={"beds": 1.0, "decay": 2.0})
    return model.predict(places if demand is None else demand, hospitals)


def test_market_areas_are_parted_and_coloured_by_the_share(found):
    places, hospitals, _ = found
    ax = sh.maps.catchment(places, shares(found), hospitals, names=True, k=2)
    areas = shares(found).market_areas()
    assert legend_of(ax)[0] == "Share of the first choice\n2 market areas\nn = 6 units"
    assert legend_of(ax)[1][-1] == "no supply in reach  (1)"
    assert len(by_gid(ax, "missing").get_paths()) == 1
    drawn = shapely.union_all([shapely.LineString(path.vertices) for path in by_gid(ax, "areas").get_paths()])
    for leader in ("west", "east"):
        border = shapely.union_all(places.geometry[areas["supply"] == leader]).boundary
        assert border.difference(drawn.buffer(1e-6)).length == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(
        np.sort(by_gid(ax, "supply").get_offsets()[:, 0]), np.sort(hospitals.geometry.x)
    )
    assert {text.get_text() for text in ax.texts} == {"west", "east"}


def test_points_are_joined_to_their_hospital(found):
    places, hospitals, _ = found
    points = places.set_geometry(places.centroid)
    ax = sh.maps.catchment(points, shares(found, points), hospitals)
    led = shares(found, points).market_areas()["supply"].dropna()
    ways = {tuple(path.vertices[0]): tuple(path.vertices[1]) for path in by_gid(ax, "ways").get_paths()}
    assert len(ways) == 5
    for place, leader in led.items():
        start = points.geometry[place].coords[0]
        np.testing.assert_allclose(ways[start], hospitals.geometry[leader].coords[0])
    with refusal(OptionError, "Give supply="):
        sh.maps.catchment(points, shares(found, points))


def test_accessibility_of_all_and_of_a_tier(found):
    places, hospitals, cost = found
    model = sh.attraction.FloatingCatchment("2SFCA", cutoff=1500, cost=cost, tier="tier").fit(
        places, hospitals
    )
    ax = sh.maps.catchment(places, model, scheme=[0.01])
    result = model.result_
    reached = result.table["reachable"]
    high = (result.table["accessibility"][reached] > 0.01).sum()
    assert legend_of(ax)[0].startswith("Accessibility (2SFCA)")
    assert legend_of(ax)[1][0].endswith(f"({high})") and legend_of(ax)[1][-1].endswith(
        f"({(~reached).sum()})"
    )
    tier = sh.maps.catchment(places, result, hospitals, tier="high")
    out = int((~result.table["reachable_high"]).sum())
    assert legend_of(tier)[1][-1] == f"no supply in reach  ({out})" and out > (~reached).sum()
    with refusal(OptionError, "no tier 'hihg'", "Did you mean 'high'?"):
        sh.maps.catchment(places, model, tier="hihg")


def test_rows_in_any_order_and_the_same_bytes(found):
    places, hospitals, _ = found
    one = sh.maps.catchment(places, shares(found), hospitals)
    other = sh.maps.catchment(places.iloc[::-1], shares(found), hospitals.iloc[::-1])
    assert legend_of(one) == legend_of(other)
    assert sh.maps.png(one, 50) == sh.maps.png(sh.maps.catchment(places, shares(found), hospitals), 50)


def test_refusals(found):
    places, hospitals, _ = found
    with refusal(LabelError, "FloatingCatchment.fit or HuffModel.predict", "DataFrame"):
        sh.maps.catchment(places, shares(found).table)
    with refusal(AlignmentError, "'east'"):
        sh.maps.catchment(places, shares(found), hospitals.drop("east"))
    with refusal(AlignmentError, "'a'"):
        sh.maps.catchment(places.drop("a"), shares(found), hospitals)
    with refusal(OptionError, "floating catchments"):
        sh.maps.catchment(places, shares(found), tier="high")
    with refusal(CoordinateSystemError, "set_crs"):
        sh.maps.catchment(places, shares(found), hospitals.set_crs(None, allow_override=True))
