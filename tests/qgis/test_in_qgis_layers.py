"""Layers to arrays and tables and back: NULL, types, selection, filter, edits, size, the console."""

from __future__ import annotations

import re
import struct
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from spatialhealth.errors import DataError, GeometryError, MissingDataError, MissingLibraryError, ShapeError
from spatialhealth.qgis import add_layer, layer_arrays, memory_layer, to_geodataframe
from spatialhealth.qgis.styles import style_layer

ROOT = Path(__file__).resolve().parents[2]
needs_geopandas = pytest.mark.skipif(
    find_spec("geopandas") is None, reason="QGIS's own Python has no geopandas"
)


def square(column, row, parts=1):
    """Well-known binary of a square of side one with so many segments a side."""
    t = np.linspace(0, 1, parts, endpoint=False)
    one, zero = np.ones(parts), np.zeros(parts)
    ring = np.concatenate([np.c_[t, zero], np.c_[one, t], np.c_[1 - t, one], np.c_[zero, 1 - t], [[0, 0]]])
    ring = np.add(ring, (column, row)).astype("<f8")
    return struct.pack("<BIII", 1, 3, 1, len(ring)) + ring.tobytes()


@pytest.fixture
def layer(qgis):
    wkb = [square(0, 0), square(1, 0), None, square(3, 0)]
    columns = {
        "beds": np.array([1.0, np.nan, 3.5, 4.0]),
        "count": np.array([5, 6, 7, 8]),
        "name": np.array(["a", None, "c", "d"], dtype=object),
        "open": np.array([True, False, True, True]),
        "since": np.array(["2020-01-01T06:30", "NaT", "2021-05-06", "2022-01-01"], dtype="datetime64[ms]"),
    }
    return memory_layer(wkb, columns, "four", "EPSG:32633")


def test_there_and_back(layer):
    read = layer_arrays(layer)
    assert read.crs == "EPSG:32633" and not read.geographic and read.metres == 1
    np.testing.assert_array_equal(read.column("beds"), [1.0, np.nan, 3.5, 4.0])
    assert read.column("count").dtype == np.int64 and read.column("open").tolist() == [
        True,
        False,
        True,
        True,
    ]
    assert read.column("name").tolist() == ["a", None, "c", "d"]
    assert read.column("since")[0] == np.datetime64("2020-01-01T06:30") and np.isnat(read.column("since")[1])
    assert read.wkb[0] == square(0, 0) and read.wkb[2] is None
    np.testing.assert_allclose(read.points[0], [0.5, 0.5])
    assert read.complete(["beds"]).tolist() == [True, False, False, True]


def test_filter_selection_and_edits_are_respected(layer):
    layer.selectByExpression('"count" > 6')
    assert layer_arrays(layer, ["count"], selected=True).column("count").tolist() == [7, 8]
    assert len(layer_arrays(layer)) == 4
    layer.removeSelection()
    layer.startEditing()
    first = next(layer.getFeatures())
    layer.changeAttributeValue(first.id(), layer.fields().indexOf("count"), 50)
    assert layer_arrays(layer).column("count")[0] == 50  # not saved yet
    layer.rollBack()
    layer.setSubsetString('"count" < 7')
    assert layer_arrays(layer).column("count").tolist() == [5, 6]


def test_whole_numbers_with_null(qgis):
    from qgis.core import QgsFeature, QgsVectorLayer

    layer = QgsVectorLayer("Point?crs=EPSG:4326&field=n:integer", "p", "memory")
    features = [QgsFeature(layer.fields()) for _ in range(2)]
    features[0].setAttributes([7])
    layer.dataProvider().addFeatures(features)
    read = layer_arrays(layer)
    np.testing.assert_array_equal(read.column("n"), [7, np.nan])
    assert read.geographic and read.wkb == [None, None]
    if find_spec("geopandas"):
        assert str(to_geodataframe(layer)["n"].dtype) == "Int64"


def test_refusals(layer):
    with pytest.raises(DataError, match="Did you mean 'beds'"):
        layer_arrays(layer, ["bads"])
    with pytest.raises(DataError, match="must hold numbers"):
        layer_arrays(layer).numbers("name")
    with pytest.raises(GeometryError, match="have no geometry"):
        layer_arrays(layer).polygons()
    with pytest.raises(MissingDataError, match="select some"):
        layer_arrays(layer, selected=True)
    with pytest.raises(ShapeError, match="one value for each"):
        memory_layer([None], {"a": np.arange(2)}, "x")
    with pytest.raises(GeometryError, match="of one kind"):
        memory_layer([square(0, 0), struct.pack("<BIdd", 1, 1, 0.0, 0.0)], {}, "x")
    with pytest.raises(DataError, match="neither a column"):
        add_layer(layer_arrays(layer), "x", style="bads")
    if find_spec("geopandas") is None:
        with pytest.raises(MissingLibraryError, match="layer_arrays"):
            to_geodataframe(layer)


def test_a_hundred_thousand_polygons(qgis):
    side = 316
    wkb = [square(i % side, i // side, 16) for i in range(side * side)]
    layer = memory_layer(wkb, {"a": np.arange(len(wkb)), "b": np.ones(len(wkb))}, "many", "EPSG:3857")
    back = layer_arrays(layer)
    assert len(back) == side * side and back.wkb[-1] == wkb[-1]
    np.testing.assert_array_equal(back.column("a"), np.arange(len(wkb)))


def test_numbers_of_one_sign_are_light_for_low(qgis):
    values = np.arange(1.0, 11.0)
    cells = layer_arrays(memory_layer([square(i, 0) for i in range(10)], {"beds": values}, "x"))
    ranges = add_layer(cells, "Beds", style="beds").renderer().ranges()
    light = [each.symbol().color().lightnessF() for each in ranges]
    assert len(light) == 5 and light[0] > light[2] > light[4]


def test_numbers_of_both_signs_are_centred_on_zero(qgis):
    values = np.array([-6.0, -3.0, 1.0, 2.0, 4.0, 5.0, np.nan])
    cells = layer_arrays(memory_layer([square(i, 0) for i in range(7)], {"change": values}, "x"))
    ranges = add_layer(cells, "Change", style="change").renderer().ranges()
    # thirds of 1 to 6
    ends = [-6.0, -(3 + 4 / 3), -(1 + 5 / 3), 0.0, 1 + 5 / 3, 3 + 4 / 3, 6.0]
    np.testing.assert_allclose([each.lowerValue() for each in ranges] + [ranges[-1].upperValue()], ends)
    red = [each.symbol().color().red() > each.symbol().color().blue() for each in ranges]
    assert red == [True] * 3 + [False] * 3


@needs_geopandas
def test_to_a_geodataframe_and_back(qgis):
    import geopandas as gpd

    states = gpd.read_file(ROOT / "sample_data" / "us_states.gpkg").set_index("state")
    layer = add_layer(states, "States", style="region")
    assert [field.name() for field in layer.fields()] == ["state", "fips", "region"]
    back = to_geodataframe(layer).set_index("state")
    assert back.crs == states.crs and back["region"].to_list() == states["region"].to_list()
    assert back.geometry.geom_equals(states.geometry).all()
    assert type(layer.renderer()).__name__ == "QgsCategorizedSymbolRenderer"


@needs_geopandas
def test_nulls_of_a_geodataframe(layer):
    frame = to_geodataframe(layer)
    assert frame["beds"].isna().tolist() == [False, True, False, False]
    assert frame["name"].isna().tolist() == [False, True, False, False]
    assert frame["since"].isna().tolist() == [False, True, False, False]
    assert frame.geometry.isna().tolist() == [False, False, True, False]
    again = layer_arrays(add_layer(frame.drop(columns="open"), "again"))
    np.testing.assert_array_equal(again.column("beds"), [1.0, np.nan, 3.5, 4.0])
    assert again.column("fid").tolist() == frame.index.to_list()


def test_the_console_example_works_as_it_is(qgis, capsys):
    from qgis.core import QgsProject

    page = (ROOT / "docs" / "qgis.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.S)[1]
    assert len(code.strip().splitlines()) <= 13
    sys.path.append("/usr/share/qgis/python/plugins")
    exec(compile(code, "console", "exec"), {"__name__": "__console__"})
    layer = QgsProject.instance().mapLayersByName("Residuals (simulated)")[0]
    assert layer.featureCount() == 400 and type(layer.renderer()).__name__ == "QgsGraduatedSymbolRenderer"
    assert "Effects on use" in capsys.readouterr().out


def test_a_table_has_no_colours(qgis):
    table = memory_layer([None, None], {"beds": np.array([1.0, 2.0]), "name": np.array(["a", "b"])}, "table")
    for column in ("beds", "name"):
        style_layer(table, column)
    assert not table.isSpatial() and table.renderer() is None
