"""Centres of gravity: on a plane by hand, on the ellipsoid by symmetry and by projection, and their uncertainty."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, CoordinateSystemError, DataError, GeometryError
from tests.imbalance.cases import by_unit, panel_of
from tests.refusal import refusal

centre = sh.imbalance.centre_of_gravity
FEW = {"draws": 39, "random_state": 0}


def layer_of(x, y, crs="EPSG:32650"):
    return gpd.GeoDataFrame(
        index=[f"u{j:02d}" for j in range(len(x))], geometry=gpd.points_from_xy(x, y, crs=crs)
    )


def test_on_a_plane_by_hand():
    layer = layer_of([0, 4000, 0, 4000], [0, 0, 2000, 2000])
    values = panel_of([[1, 1, 1, 1], [1, 3, 1, 3]])
    found = centre(layer.iloc[::-1], values, **FEW)
    path = found.path
    assert path[["x", "y"]].to_numpy().tolist() == [[2000, 1000], [3000, 1000]]
    assert path["moved"].tolist()[1] == pytest.approx(1000)
    assert path["bearing"].tolist()[1] == pytest.approx(90)
    assert np.isnan(path["moved"].iloc[0])
    ellipse = found.table.query("year == 2012").set_index("measure")["estimate"]
    # variance east 0.25 * 3000^2 + 0.75 * 1000^2, north 1000^2
    assert ellipse["major_axis"] == pytest.approx(np.sqrt(3e6))
    assert ellipse["minor_axis"] == pytest.approx(1000)
    assert ellipse["orientation"] == pytest.approx(90)


def test_feet_are_turned_into_metres():
    found = centre(layer_of([0, 1000], [0, 0], "EPSG:2263"), panel_of([[1, 1], [1, 3]]), **FEW)
    assert found.path["moved"].iloc[1] == pytest.approx(250 * 0.3048, rel=1e-4)


@pytest.mark.parametrize("angle", [0, 30, 90, 135, 179])
def test_orientation_is_clockwise_from_north(angle):
    rng = np.random.default_rng(0)
    along, across = 5000 * rng.normal(size=400), 1000 * rng.normal(size=400)
    t = np.radians(angle)
    layer = layer_of(
        5e5 + along * np.sin(t) + across * np.cos(t), 4e6 + along * np.cos(t) - across * np.sin(t)
    )
    found = centre(layer, by_unit(np.ones(400)), draws=199, random_state=1).table.set_index("measure")
    off = (found.loc["orientation", "estimate"] - angle + 90) % 180 - 90
    assert abs(off) < 3 * found.loc["orientation", "std_error"] < 4
    assert found.loc["major_axis", "estimate"] == pytest.approx(5000, rel=0.1)
    # of a normal variable: sigma / sqrt(2 n)
    assert found.loc["major_axis", "std_error"] == pytest.approx(5000 / np.sqrt(800), rel=0.2)


def test_on_the_globe_by_symmetry():
    layer = layer_of([179.0, -179.0], [60.0, 60.0], "EPSG:4326")
    path = centre(layer, by_unit([1, 1]), **FEW).path
    assert abs(path["longitude"].iloc[0]) == pytest.approx(180)
    # the middle of two places of the same latitude lies towards the pole
    assert path["latitude"].iloc[0] == pytest.approx(
        np.degrees(np.arctan(np.tan(np.pi / 3) / np.cos(np.pi / 180)))
    )


def test_geographic_and_projected_layers_agree_nearby():
    rng = np.random.default_rng(2)
    plane = layer_of(5e5 + 2e4 * rng.normal(size=60), 4e6 + 1e4 * rng.normal(size=60))
    globe = plane.to_crs("EPSG:4326")
    values = panel_of(rng.gamma(1.0, size=(2, 60)))
    one, two = (centre(layer, values, draws=99, random_state=1) for layer in (plane, globe))
    there = gpd.GeoSeries(
        gpd.points_from_xy(two.path["longitude"], two.path["latitude"], crs="EPSG:4326")
    ).to_crs(plane.crs)
    np.testing.assert_allclose(there.x, one.path["x"], atol=1.0)
    np.testing.assert_allclose(there.y, one.path["y"], atol=1.0)
    # the projection's scale is 0.9996, and grid north is not quite north
    np.testing.assert_allclose(two.path["moved"].iloc[1], one.path["moved"].iloc[1], rtol=1e-3)
    np.testing.assert_allclose(two.path["std_error_east"], one.path["std_error_east"], rtol=5e-3)
    assert two.path["bearing"].iloc[1] == pytest.approx(one.path["bearing"].iloc[1], abs=0.5)
    for column in ("estimate", "std_error", "ci_low", "ci_high"):
        np.testing.assert_allclose(two.table[column], one.table[column], rtol=2e-2, atol=0.5)


def test_distance_and_bearing_are_geodesic():
    layer = layer_of([0.0, 10.0], [50.0, 55.0], "EPSG:4326")
    path = centre(layer, panel_of([[1, 1e-9], [1e-9, 1]]), **FEW).path
    azimuth, _, distance = Geod(ellps="WGS84").inv(0, 50, 10, 55)
    assert path["moved"].iloc[1] == pytest.approx(distance, rel=1e-6)
    assert path["bearing"].iloc[1] == pytest.approx(azimuth, abs=1e-3)


def test_the_region_of_a_mean():
    rng = np.random.default_rng(0)
    n = 500
    east = 3000 * rng.normal(size=n)
    layer = layer_of(east, 1000 * rng.normal(size=n))
    path = centre(layer, by_unit(np.ones(n)), draws=1999, random_state=1).path.iloc[0]
    assert path["std_error_east"] == pytest.approx(3000 / np.sqrt(n), rel=0.1)
    # chi-square of two degrees of freedom: 5.991
    assert path["region_major"] == pytest.approx(np.sqrt(5.991) * 3000 / np.sqrt(n), rel=0.1)
    assert path["region_orientation"] == pytest.approx(90, abs=5)


def test_whether_it_moved():
    rng = np.random.default_rng(1)
    x, y = 1e5 * rng.normal(size=(2, 200))
    layer = layer_of(x, y)
    first = rng.gamma(5.0, size=200)
    still = first * rng.lognormal(0, 0.1, 200)
    pulled = first * np.exp(x / 1e5)
    path = centre(layer, panel_of([first, still, pulled, pulled]), draws=499, random_state=1).path
    assert path["p_value"].iloc[1] > 0.01 and path["p_value"].iloc[2] < 1e-6
    assert path["moved"].iloc[3] == 0 and np.isnan(path["p_value"].iloc[3])
    assert 80 < path["bearing"].iloc[2] < 100


def test_polygons_stand_by_their_centroids_and_order_does_not_matter():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    one = centre(cities, panel["inflow"], **FEW)
    two = centre(cities[::-1], panel["inflow"].sample(frac=1, random_state=1), **FEW)
    pd.testing.assert_frame_equal(one.path, two.path)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert "(simulated data)" in str(one)
    assert one.path["moved"].iloc[1:].gt(0).all()


def test_scaling_does_not_matter():
    rng = np.random.default_rng(1)
    layer, values = layer_of(*(1e5 * rng.normal(size=(2, 20)))), by_unit(rng.gamma(2.0, size=20))
    pd.testing.assert_frame_equal(
        centre(layer, values, **FEW).table, centre(layer, values * 1000, **FEW).table
    )


def test_refusals():
    layer, values = layer_of([0, 1], [0, 1]), by_unit([1, 2])
    with refusal(DataError, "negative", "'u00'"):
        centre(layer, values - 2)
    with refusal(DataError, "every value"):
        centre(layer, values * 0)
    with refusal(AlignmentError, "only in the layer: 'u02'"):
        centre(layer_of([0, 1, 2], [0, 1, 2]), values)
    with refusal(AlignmentError, "only in the values: 'u01'"):
        centre(layer.iloc[:1], values)
    with refusal(GeometryError, "no geometry"):
        centre(pd.DataFrame(index=values.index), values)
    with refusal(CoordinateSystemError, "no coordinate reference system"):
        centre(layer.set_crs(None, allow_override=True), values)
    with refusal(GeometryError, "balance about the globe"):
        centre(layer_of([0.0, 180.0], [0.0, 0.0], "EPSG:4326"), by_unit([1, 1]))


@pytest.mark.parametrize("seed", [55, 232, 246])  # where it does by 1e-8
def test_two_units_of_which_resamples_hold_one(seed):
    """All in one place: rounding must not leave a variance below zero."""
    rng = np.random.default_rng(seed)
    layer = layer_of(5e5 + 1e4 * rng.normal(size=2), 4e6 + 3e4 * rng.normal(size=2))
    table = centre(layer, by_unit(rng.gamma(1.0, size=2)), draws=199, random_state=seed).table
    assert table.set_index("measure")["estimate"]["minor_axis"] == pytest.approx(0, abs=1e-3)
    assert not table.isna().any(axis=None)


def test_axes_are_not_negative():
    rng = np.random.default_rng(0)
    layer = layer_of(*(1e4 * rng.normal(size=(2, 6))))
    for seed in range(5):
        values = by_unit(10.0 ** rng.uniform(-8, 8, size=6))
        table = centre(layer, values, draws=59, random_state=seed).table
        assert (table.set_index("measure").loc[["major_axis", "minor_axis"], "ci_low"] >= 0).all()


def test_periods_that_no_resample_has_all_of():
    """All of a period is in one unit, another one each time: a step needs two of them, and not all."""
    layer = layer_of(1e4 * np.arange(14), np.zeros(14))
    values = panel_of(np.eye(14))
    found = centre(layer, values, **FEW)
    assert found.path["x"].tolist() == pytest.approx(1e4 * np.arange(14))
    assert found.path["moved"].iloc[1:].tolist() == pytest.approx([1e4] * 13)
    assert found.path["std_error_east"].max() == pytest.approx(0, abs=1e-9)
    assert "do not define every measure" in str(found)
    # without either of two units one of the periods has none
    assert centre(layer_of([0, 1000], [0, 0]), panel_of(np.eye(2)), **FEW).path["moved"].iloc[1] == 1000
