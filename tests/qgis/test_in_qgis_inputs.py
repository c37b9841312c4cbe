"""Layers as they come: invalid, repeated, without a period, and outputs that would be lost."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CITIES = ROOT / "sample_data" / "china_cities.gpkg"
PANEL = ROOT / "sample_data" / "hospital_panel.csv"
ASKED = {"FORMULA": "log(inflow) ~ log(tertiary)", "UNIT": "city", "PERIOD": "year", "UNITS_ID": "city"}


@pytest.fixture(scope="module")
def cities(tools):
    """The cities, read into arrays."""
    from qgis.core import QgsVectorLayer

    from spatialhealth.qgis import layer_arrays

    return layer_arrays(QgsVectorLayer(str(CITIES), "cities", "ogr"))


@pytest.fixture(scope="module")
def panel(tools):
    """The panel, read into arrays."""
    from qgis.core import QgsVectorLayer

    from spatialhealth.qgis import layer_arrays

    address = f"file://{PANEL}?type=csv&detectTypes=yes&geomType=none"
    return layer_arrays(QgsVectorLayer(address, "panel", "delimitedtext"), geometry=False)


def made(read, name, geometry=True, **columns):
    from spatialhealth.qgis import memory_layer

    wkb = read.wkb if geometry else [None] * len(read)
    return memory_layer(wkb, {**read.columns, **columns}, name, read.crs)


def run(tool, parameters, context=None):
    import processing

    return processing.run(f"spatialhealth:{tool}", parameters, context=context)


def said(tool, parameters, context=None):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(tool, parameters, context)
    return str(caught.value)


def columns_of(layer):
    from spatialhealth.qgis import layer_arrays

    return layer_arrays(layer, geometry=False).columns


def bow_tie():
    corners = [(100, 30), (101, 31), (101, 30), (100, 31), (100, 30)]
    return struct.pack("<BIII10d", 1, 3, 1, 5, *np.ravel(corners))


def checking(how):
    from qgis.core import QgsFeatureRequest, QgsProcessingContext

    context = QgsProcessingContext()
    context.setInvalidGeometryCheck(getattr(QgsFeatureRequest.InvalidGeometryCheck, how))
    return context


def test_invalid_geometries_are_treated_as_processing_is_set(cities):
    from spatialhealth.qgis import memory_layer

    layer = memory_layer([bow_tie(), *cities.wkb[1:]], cities.columns, "bow tie", cities.crs)
    asked = {"INPUT": layer, "FIELD": "gdp_per_capita", "PERMUTATIONS": 0, "OUTPUT": "memory:"}
    for _ in range(3):  # QGIS's own check leaves Python broken
        message = said("moran", asked, checking("GeometryAbortOnInvalid"))
        assert "1 features of bow tie have an invalid geometry" in message and "Fix geometries" in message
    skipped = run("moran", asked, checking("GeometrySkipInvalid"))
    assert skipped["N"] == 306 and len(columns_of(skipped["OUTPUT"])["city"]) == 307
    assert run("moran", asked, checking("GeometryNoCheck"))["N"] == 307


def test_an_output_never_takes_the_file_of_an_input_or_of_another_output(tools, tmp_path):
    from qgis.core import QgsVectorLayer

    path = str(shutil.copy(CITIES, tmp_path / "cities.gpkg"))
    message = said("moran", {"INPUT": path, "FIELD": "gdp_per_capita", "OUTPUT": path})
    assert "cities.gpkg" in message and "would be lost" in message
    assert QgsVectorLayer(path, "cities", "ogr").featureCount() == 307
    both = str(tmp_path / "both.gpkg")
    asked = {"DEMAND": path, "POPULATION": "population", "SUPPLY": path, "CAPACITY": "population"}
    assert "would be lost" in said("accessibility", {**asked, "OUTPUT": both, "OUTPUT_SUPPLY": both})


def test_a_period_must_be_known(cities, panel):
    year = panel.column("year").astype(float)
    year[0] = np.nan
    layer = made(panel, "a year is absent", geometry=False, year=year)
    asked = {**ASKED, "INPUT": layer, "UNITS": made(cities, "units"), "EFFECTS": 1, "OUTPUT": "memory:"}
    for missing in (0, 1):
        assert "'year' is NULL for 1 features" in said("regression", {**asked, "MISSING": missing})


def test_periods_may_be_text(cities, panel):
    year = np.array([f"{value}Q1" for value in panel.column("year").tolist()], dtype=object)
    year[1] = year[0]
    layer = made(panel, "quarters", geometry=False, year=year)
    asked = {**ASKED, "INPUT": layer, "UNITS": made(cities, "units"), "EFFECTS": 1, "OUTPUT": "memory:"}
    assert "Q1" in said("regression", asked)


def test_units_stand_once_in_their_layer(cities, panel):
    names = cities.column("city").copy()
    names[1] = names[0]
    twice = made(cities, "units", city=names)
    asked = {**ASKED, "INPUT": made(panel, "panel", geometry=False), "UNITS": twice, "OUTPUT": "memory:"}
    assert "more than once" in said("regression", asked)


@pytest.mark.parametrize("tool", ["effects_map", "scenario"])
def test_features_left_out_stay_in_the_output(cities, tool):
    absent = cities.numbers("gdp_per_capita").copy()
    absent[:2] = np.nan
    layer = made(cities, "holes", gdp_per_capita=absent)
    asked = {"INPUT": layer, "FORMULA": "log(population) ~ log(gdp_per_capita)", "OUTPUT": "memory:"}
    if tool == "scenario":
        asked["CHANGED"] = "gdp_per_capita"
    columns = columns_of(run(tool, asked)["OUTPUT"])
    own = columns["own"]
    assert len(own) == 307 and np.isnan(own[:2]).all() and np.isfinite(own[2:]).all()


def test_an_expression_names_fields_that_there_are(cities):
    asked = {
        "INPUT": made(cities, "cities"), "FORMULA": "log(population) ~ log(gdp_per_capita)",
        "CHANGED": "gdp_per_capita", "WHERE": '"beds" > 1', "OUTPUT": "memory:",
    }  # fmt: skip
    assert "'beds'" in said("scenario", asked)


def test_files_that_cannot_be_written_are_named(cities, tmp_path):
    asked = {"INPUT": made(cities, "cities"), "FIELD": "gdp_per_capita", "OUTPUT": "memory:"}
    path = str(tmp_path / "absent" / "report.html")
    message = said("moran", {**asked, "HTML": path})
    assert path in message and "cannot be read or written" in message


def test_truth_values_with_gaps_are_fields_of_truth_values(tools):
    from qgis.PyQt.QtCore import QMetaType

    from spatialhealth.qgis.values import qgis_field

    field = qgis_field("reachable", np.array([True, None, False], dtype=object))
    assert int(field.type()) == int(QMetaType.Type.Bool)
