"""The map: matched by label, missing values shown, legend, projection, bytes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.figure import Figure
from pyproj import Geod

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    GeometryError,
    LabelError,
    MissingDataError,
    OptionError,
)
from spatialhealth.maps.layer import Layer, _outlines, aligned


@pytest.fixture
def frame():
    squares = [shapely.box(j % 3, j // 3, j % 3 + 1, j // 3 + 1) for j in range(6)]
    return gpd.GeoDataFrame({"size": np.arange(6.0)}, geometry=squares, index=list("abcdef"), crs="EPSG:3857")


def legend_of(ax):
    legend = ax.get_legend()
    return legend.get_title().get_text(), [text.get_text() for text in legend.get_texts()]


def test_values_are_matched_by_label(frame):
    values = pd.Series([50.0, 40.0, 30.0, 20.0, 10.0, 0.0], index=list("fedcba"), name="Beds")
    ax = sh.maps.choropleth(frame, values, scheme=[25])
    same = sh.maps.choropleth(frame, values.sample(frac=1, random_state=1), scheme=[25])
    colours = ax.collections[0].get_facecolor()
    np.testing.assert_array_equal(colours[:3], colours[[0, 0, 0]])
    np.testing.assert_array_equal(colours[3:], colours[[5, 5, 5]])
    assert not np.array_equal(colours[0], colours[5])
    assert sh.maps.png(ax, 60) == sh.maps.png(same, 60)


def test_the_legend_counts_units_and_missing_values(frame):
    values = pd.Series([0.0, 1.0, 2.0, 3.0, np.nan, np.nan], index=frame.index, name="Beds")
    ax = sh.maps.choropleth(frame, values, k=2)
    assert legend_of(ax) == ("Beds\nn = 6 units", ["1.5 to 3.0  (2)", "0.0 to 1.5  (2)", "no value  (2)"])
    drawn, missing = ax.collections
    assert len(drawn.get_paths()) == 4
    assert len(missing.get_paths()) == 2
    assert missing.get_hatch()


def test_a_column_of_the_frame_can_be_mapped(frame):
    ax = sh.maps.choropleth(frame, "size", label="Beds per 1,000", k=2)
    assert legend_of(ax)[0] == "Beds per 1,000\nn = 6 units"


def test_units_that_do_not_match_are_named(frame):
    with pytest.raises(AlignmentError, match=r"1 units have a value and no geometry: 'z'; .*no value: 'f'"):
        sh.maps.choropleth(frame, pd.Series(range(6), index=list("abcdez"), dtype=float))


@pytest.mark.parametrize(
    ("values", "error", "said"),
    [
        ([1.0] * 6, LabelError, "Series"),
        ("height", OptionError, "'size'"),
        (pd.Series([1.0] * 7, index=list("abcdeff")), DuplicateError, "'f'"),
        (pd.Series([1.0], index=pd.MultiIndex.from_tuples([("a", 2011)])), LabelError, "one value a unit"),
        (pd.Series([np.nan] * 6, index=list("abcdef")), MissingDataError, "every value"),
    ],
)
def test_what_cannot_be_mapped_is_said(frame, values, error, said):
    with pytest.raises(error, match=said):
        sh.maps.choropleth(frame, values)


def test_what_is_no_map_is_said(frame):
    with pytest.raises(GeometryError, match="GeoDataFrame"):
        aligned(pd.DataFrame({"x": [1.0]}), "x")
    lines = gpd.GeoDataFrame({"x": [1.0]}, geometry=[shapely.LineString([(0, 0), (1, 1)])])
    with pytest.raises(GeometryError, match="polygons or points"):
        sh.maps.choropleth(lines, "x")
    empty = gpd.GeoDataFrame({"x": [1.0]}, geometry=[shapely.Polygon()], index=["nowhere"])
    with pytest.raises(GeometryError, match="empty for all units, 'nowhere'"):
        sh.maps.choropleth(empty, "x")


def test_points_are_drawn_too(frame):
    ax = sh.maps.choropleth(frame.set_geometry(frame.centroid), "size")
    assert len(ax.collections[0].get_offsets()) == 6


def test_axes_of_ones_own_are_used(frame):
    own = Figure()
    ax = own.add_subplot()
    assert sh.maps.choropleth(frame, "size", ax=ax, title="Size", note="Made up.") is ax
    assert ax.get_title(loc="left") == "Size"


def test_longitudes_are_drawn_in_an_equal_area_projection():
    """A cell is as much smaller in the north as it is on the globe."""
    cells = [shapely.box(0, south, 0.1, south + 0.1) for south in (40, 60)]
    frame = gpd.GeoDataFrame({"x": [1.0, 2.0]}, geometry=cells, crs="EPSG:4326")
    layer = Layer.of(frame)
    areas = [shapely.Polygon(path.vertices).area for path in layer.paths]
    true = [abs(Geod(ellps="WGS84").geometry_area_perimeter(cell)[0]) for cell in cells]
    assert layer.stretch == 1.0
    assert areas[1] / areas[0] == pytest.approx(true[1] / true[0], rel=1e-4)


def test_a_world_map_is_stretched_by_latitude():
    cells = [shapely.box(west, 59, west + 1, 61) for west in (-100, -1, 100)]
    layer = Layer.of(gpd.GeoDataFrame(geometry=cells, crs="EPSG:4326"))
    assert layer.stretch == pytest.approx(2.0)


def test_a_hole_stays_empty():
    ring = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    (path,) = _outlines(np.array([shapely.MultiPolygon([ring])]), np.array([False]))
    outer, inner = path.vertices[:5], path.vertices[5:]
    assert shapely.LinearRing(outer).is_ccw != shapely.LinearRing(inner).is_ccw


def test_simulated_data_are_called_so():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    mean = panel["inflow"].groupby(level=0).mean()
    mean.attrs["source"] = panel.attrs["source"]
    (note,) = [
        text.get_text()
        for text in sh.maps.choropleth(cities, mean).figure.texts
        if "GeoNames" in text.get_text()
    ]
    assert note.startswith("Simulated data. Source: GeoNames (CC BY 4.0)")


def test_the_same_map_is_the_same_file(frame, tmp_path):
    for name in ("a.png", "b.png"):
        sh.maps.save(sh.maps.choropleth(frame, "size", title="Size", note="Made up."), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert b"Software" not in (tmp_path / "a.png").read_bytes()
