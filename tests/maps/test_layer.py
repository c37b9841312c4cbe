"""Layers: empty geometries, the antimeridian, stripes and faint units."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import spatialhealth as sh
from spatialhealth.errors import GeometryError
from spatialhealth.maps.classes import classify
from spatialhealth.maps.layer import Layer, uncertain
from spatialhealth.maps.style import new_figure
from tests.maps.squares import by_gid, legend_of, squares
from tests.refusal import refusal


def on(cells, **more):
    return gpd.GeoDataFrame({"x": np.arange(float(len(cells)))}, geometry=cells, crs="EPSG:4326", **more)


def test_an_empty_geometry_is_drawn_as_nothing_and_counted():
    frame = squares()
    frame.loc["c", "geometry"] = shapely.Polygon()
    frame.loc["d", "geometry"] = None
    ax = sh.maps.choropleth(frame, "size", k=2)
    assert len(by_gid(ax, "units").get_paths()) == 4
    assert legend_of(ax)[1] == ["2.5 to 5.0  (2)", "0.0 to 2.5  (2)", "no geometry  (2)"]
    assert np.isnan(Layer.of(frame).centres[[2, 3]]).all()


def test_a_layer_without_any_geometry_is_refused():
    frame = squares()
    frame["geometry"] = shapely.Point()
    with refusal(GeometryError, "nothing to draw", "'a'"):
        sh.maps.choropleth(frame, "size")
    mixed = squares()
    mixed.loc["a", "geometry"] = shapely.Point(0, 0)
    with refusal(GeometryError, "polygons or points", "'Point'", "'Polygon'"):
        sh.maps.choropleth(mixed, "size")


def test_both_sides_of_the_antimeridian_stand_side_by_side():
    """Shifting all longitudes by 180 degrees leaves the map as it is."""
    wests = (177, 178, 179, -180, -179)
    there = Layer.of(on([shapely.box(west, 50, west + 1, 51) for west in wests]))
    here = Layer.of(on([shapely.box(west, 50, west + 1, 51) for west in range(-3, 2)]))
    np.testing.assert_allclose(there.bounds, here.bounds, atol=1e-3)
    for a, b in zip(there.centres, here.centres, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_a_polygon_across_the_antimeridian_is_one_piece():
    jump = shapely.Polygon([(179, 50), (-179, 50), (-179, 51), (179, 51)])
    split = shapely.MultiPolygon([shapely.box(179, 50, 180, 51), shapely.box(-180, 50, -179, 51)])
    plain = on([shapely.box(-1, 50, 1, 51), shapely.box(1, 50, 2, 51)])
    for shape in (jump, split):
        layer = Layer.of(on([shape, shapely.box(-179, 50, -178, 51)]))
        np.testing.assert_allclose(layer.bounds, Layer.of(plain).bounds, atol=40)
    holed = shapely.Polygon(
        [(178, 50), (-178, 50), (-178, 54), (178, 54)], [[(179, 51), (-179, 51), (-179, 52), (179, 52)]]
    )
    (path,) = Layer.of(on([holed])).paths
    assert np.ptp(path.vertices[:, 0]) < 3e5  # metres: no ring goes around the earth


def test_a_map_of_the_world_is_cut_where_nothing_is():
    layer = Layer.of(on([shapely.box(west, -1, west + 20, 1) for west in (100, 170, -150, -60)]))
    assert layer.display.west == pytest.approx(100)
    np.testing.assert_allclose(layer.centres[:, 0], [110, 180, 220, 310])


def test_a_ring_around_the_pole_is_left_as_it_is():
    cap = shapely.Polygon([(-180, -80), (-60, -78), (60, -79), (180, -80), (180, -90), (-180, -90)])
    layer = Layer.of(on([cap, shapely.box(0, 10, 1, 11)]))
    assert layer.bounds[0] <= -180 and layer.bounds[2] >= 180


def test_many_parts_are_one_unit():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(4, 0, 5, 1)])
    frame = gpd.GeoDataFrame({"x": [1.0]}, geometry=[parts])
    (path,) = Layer.of(frame).paths
    assert (path.codes == path.MOVETO).sum() == 2
    assert len(by_gid(sh.maps.choropleth(frame, "x"), "units").get_paths()) == 1


def test_what_is_below_zero_is_striped_and_what_is_uncertain_is_dotted():
    values = np.array([-2.0, -1.0, 1.0, 2.0, 3.0, -3.0])
    classes = classify(values, k=2)
    layer, ax = Layer.of(squares()), new_figure(3, 2).add_subplot()
    faint = uncertain([-3, -2, 0.5, 1, 1, -4], [-1, 1, 2, 3, 5, -1])
    np.testing.assert_array_equal(faint, [False, True, False, False, False, False])
    layer.draw(ax, values, classes, faint)
    assert len(by_gid(ax, "stripes").get_paths()) == 2  # the third below zero is dotted
    assert len(by_gid(ax, "uncertain").get_paths()) == 1 and by_gid(ax, "uncertain").get_hatch() == "...."
    pale, full = by_gid(ax, "uncertain").get_facecolor()[0], by_gid(ax, "units").get_facecolor()[0]
    assert pale[:3].sum() > full[:3].sum()


def test_rows_in_any_order_and_the_same_bytes():
    frame = squares()
    values = pd.Series([1.0, -2.0, np.nan, 4.0, 5.0, 0.0], index=frame.index, name="v")
    one, other = (sh.maps.choropleth(each, values) for each in (frame, frame.iloc[[3, 1, 0, 5, 4, 2]]))
    assert legend_of(one) == legend_of(other)
    assert sh.maps.png(one, 50) == sh.maps.png(sh.maps.choropleth(frame, values), 50)
    colours = {
        tuple(path.vertices.mean(axis=0).round(3)): tuple(colour)
        for path, colour in zip(
            by_gid(one, "units").get_paths(), by_gid(one, "units").get_facecolor(), strict=True
        )
    }
    again = {
        tuple(path.vertices.mean(axis=0).round(3)): tuple(colour)
        for path, colour in zip(
            by_gid(other, "units").get_paths(), by_gid(other, "units").get_facecolor(), strict=True
        )
    }
    assert colours == again
