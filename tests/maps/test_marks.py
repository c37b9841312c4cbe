"""Scale bar, north, and names that do not overlap."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

import spatialhealth as sh
from spatialhealth.errors import CoordinateSystemError, OptionError
from spatialhealth.maps.layer import Layer
from tests.maps.squares import squares
from tests.refusal import refusal


def bar_of(ax):
    (line,) = [line for line in ax.lines if line.get_gid() == "scale bar"]
    return line.get_xdata(), line.get_ydata()


def test_the_bar_is_as_long_as_it_says():
    """Its ends are that far from each other on the globe."""
    frame = squares("EPSG:3857", 100_000).to_crs("EPSG:4326").set_geometry(
        squares("EPSG:4326").translate(100, 55)
    )  # fmt: skip
    ax = sh.maps.choropleth(frame, "size", scale_bar=True, north=True)
    x, _ = bar_of(ax)
    said = next(text.get_text() for text in ax.texts if text.get_text().endswith(" km"))
    low_x, low_y, high_x, high_y = Layer.of(frame).bounds
    middle = gpd.GeoSeries(
        gpd.points_from_xy(
            np.array([-0.5, 0.5]) * (x[2] - x[0]) + (low_x + high_x) / 2, [(low_y + high_y) / 2] * 2
        ),
        crs=Layer.of(frame).display.crs,
    ).to_crs("EPSG:4326")
    length = Geod(ellps="WGS84").inv(middle.x[0], middle.y[0], middle.x[1], middle.y[1])[2]
    assert length / 1000 == pytest.approx(float(said[:-3]), rel=1e-3)
    assert any(text.get_text() == "N" for text in ax.texts)


def test_north_is_where_it_is():
    frame = squares("EPSG:4326").set_geometry(squares("EPSG:4326").translate(100, 40))
    layer = Layer.of(frame)
    middle = ((layer.bounds[0] + layer.bounds[2]) / 2, (layer.bounds[1] + layer.bounds[3]) / 2)
    np.testing.assert_allclose(layer.display.north(*middle, 1e5), [0, 1], atol=1e-3)
    turned = Layer.of(frame.to_crs("EPSG:3413"))  # north is the pole in the middle of this projection
    x, y = turned.centres[0]
    np.testing.assert_allclose(turned.display.north(x, y, 1e5), -np.array([x, y]) / np.hypot(x, y), atol=1e-3)


def test_the_corner_is_the_emptiest():
    """Where units fill the lower left corner the bar goes elsewhere."""
    cross = gpd.GeoDataFrame(
        {"x": [1.0, 2.0]},
        geometry=[shapely.box(0, 0, 100, 100), shapely.box(300, 300, 400, 400)],
        crs="EPSG:3857",
    )
    ax = sh.maps.choropleth(cross, "x", scale_bar=True)
    assert bar_of(ax)[0].min() > 200 and bar_of(ax)[1].max() < 200
    fall = cross.set_geometry([shapely.box(0, 300, 100, 400), shapely.box(300, 0, 400, 100)], crs="EPSG:3857")
    lower = sh.maps.choropleth(fall, "x", scale_bar=True)
    assert bar_of(lower)[0].max() < 200 and bar_of(lower)[1].max() < 200


def test_without_a_coordinate_system_there_is_no_scale():
    for option in ("scale_bar", "north"):
        with refusal(CoordinateSystemError, f"{option}=True", "set_crs"):
            sh.maps.choropleth(squares(None), "size", **{option: True})


def test_names_do_not_overlap_and_the_largest_come_first():
    cities = sh.datasets.load_cities()
    ax = sh.maps.choropleth(cities, "population", names=True)
    renderer = ax.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    said = {text.get_text() for text in ax.texts}
    assert 20 < len(boxes) < len(cities)
    assert cities["population"].idxmax() in said
    overlaps = [(i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes[:i]) if a.overlaps(b)]
    assert overlaps == []


def test_names_by_column_by_series_and_a_few():
    frame = squares().assign(called=["A", "B", "C", "D", "E", "F"])
    for names, expected in [
        ("called", {"A", "B", "C", "D", "E", "F"}),
        (["a", "f"], {"a", "f"}),
        (pd.Series({"b": "Bee"}), {"Bee"}),
        (True, set("abcdef")),
        (False, set()),
    ]:
        ax = sh.maps.choropleth(frame, "size", names=names)
        assert {text.get_text() for text in ax.texts} == expected
    with refusal(OptionError, "'caled'", "Did you mean 'called'?"):
        sh.maps.choropleth(frame, "size", names="caled")
    with refusal(OptionError, "not on the map: 'z'"):
        sh.maps.choropleth(frame, "size", names=["z"])
