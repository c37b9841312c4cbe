"""Every tool inside QGIS: the numbers of the Python package, outputs, refusals, cancelling."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CITIES = str(ROOT / "sample_data" / "china_cities.gpkg")
PANEL = str(ROOT / "sample_data" / "hospital_panel.csv")
HOSPITALS = f"file://{ROOT}/sample_data/hospitals.csv?type=csv&xField=longitude&yField=latitude&crs=EPSG:4326&detectTypes=yes"
FORMULA = "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)"
PANELS = {
    "FORMULA": FORMULA,
    "UNIT": "city",
    "PERIOD": "year",
    "EFFECTS": 3,
    "UNITS_ID": "city",
    "WEIGHTS": 0,
    "VARIABLE": "tertiary",
    "OUTPUT": "memory:",
}
MODELS = (
    "SpatialDurbin",
    "SpatialLag",
    "SLX",
    "SpatialError",
    "SpatialDurbinError",
    "SpatialCombined",
    "GeneralNesting",
)


@pytest.fixture(scope="module")
def layers(tools):
    """Cities, the panel as a table, the last year of the panel with the cities' shapes, hospitals."""
    from qgis.core import QgsVectorLayer

    from spatialhealth.qgis import layer_arrays, memory_layer

    cities = QgsVectorLayer(CITIES, "cities", "ogr")
    panel = QgsVectorLayer(f"file://{PANEL}?type=csv&detectTypes=yes&geomType=none", "panel", "delimitedtext")
    hospitals = QgsVectorLayer(HOSPITALS, "hospitals", "delimitedtext")
    assert cities.isValid() and panel.isValid() and hospitals.isValid()
    read, table = layer_arrays(cities), layer_arrays(panel, geometry=False)
    last = table.kept(table.column("year") == 2021)
    place = {name: row for row, name in enumerate(last.column("city").tolist())}
    order = [place[name] for name in read.column("city").tolist()]
    columns = {name: values[order] for name, values in last.columns.items()} | {
        "province": read.column("province")
    }
    joined = memory_layer(read.wkb, columns, "last year", read.crs)
    found = {"cities": cities, "panel": panel, "hospitals": hospitals, "last": joined}
    del cities, panel, hospitals, joined
    yield found
    found.clear()  # QGIS ends badly with layers that Python still holds


def run(tool, parameters, feedback=None):
    import processing

    if feedback is None:
        return processing.run(f"spatialhealth:{tool}", parameters)
    return processing.run(f"spatialhealth:{tool}", parameters, feedback=feedback)


def columns_of(layer):
    from spatialhealth.qgis import layer_arrays

    return layer_arrays(layer, geometry=False).columns


def said(tool, parameters):
    """Give the message of a run that must fail."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(tool, parameters)
    message = str(caught.value)
    assert "Traceback" not in message
    return message


def test_there_is_nothing_but_numpy_and_scipy(tools):
    if sys.executable.startswith("/usr/bin"):
        from importlib.util import find_spec

        assert [
            name for name in ("pandas", "geopandas", "libpysal", "esda", "formulaic") if find_spec(name)
        ] == []
    assert {
        "weights",
        "moran",
        "regression",
        "effects_map",
        "scenario",
        "imbalance",
        "accessibility",
        "attraction",
        "gravity",
    } == {tool.name() for tool in tools.algorithms()}


def test_each_tool_says_what_it_is(tools):
    for tool in tools.algorithms():
        assert tool.canExecute()[0]
        assert len(tool.shortHelpString()) > 200 and tool.shortDescription() and tool.tags()
        assert tool.createInstance().name() == tool.name()
        for parameter in tool.parameterDefinitions():
            assert parameter.description() and parameter.help().endswith("."), parameter.name()


@pytest.mark.parametrize(
    "name, options",
    [
        ("queen", {"WEIGHTS": 0}),
        ("rook", {"WEIGHTS": 1}),
        ("order 2", {"WEIGHTS": 0, "ORDER": 2}),
        ("knn", {"WEIGHTS": 2, "K": 5}),
        ("band", {"WEIGHTS": 3, "DISTANCE": 150_000}),
    ],
)
def test_weights_are_those_of_the_package(layers, reference, tmp_path, name, options):
    found = run(
        "weights",
        {
            "INPUT": layers["cities"],
            "UNIT": "city",
            "OUTPUT": "memory:",
            "CSV": str(tmp_path / "w.csv"),
            **options,
        },
    )
    lines = columns_of(found["OUTPUT"])
    mine = sorted(
        zip(lines["focal"].tolist(), lines["neighbor"].tolist(), lines["weight"].tolist(), strict=True)
    )
    theirs = [tuple(link) for link in reference["weights"][name]]
    assert [link[:2] for link in mine] == [link[:2] for link in theirs]
    np.testing.assert_allclose([link[2] for link in mine], [link[2] for link in theirs], rtol=1e-12)
    assert found["LINKS_COUNT"] == len(theirs) and found["N"] == 307
    again = run(
        "weights",
        {
            "INPUT": layers["cities"],
            "UNIT": "city",
            "OUTPUT": "memory:",
            "WEIGHTS": 4,
            "LINKS": str(tmp_path / "w.csv"),
        },
    )
    assert again["LINKS_COUNT"] == len(theirs) and again["ISOLATES"] == found["ISOLATES"]


def test_moran_and_clusters(layers, reference, tmp_path):
    analytic = run(
        "moran",
        {"INPUT": layers["cities"], "FIELD": "gdp_per_capita", "PERMUTATIONS": 0, "OUTPUT": "memory:"},
    )
    assert analytic["MORAN_I"] == pytest.approx(reference["moran"]["I"], rel=1e-10)
    assert analytic["Z"] == pytest.approx(reference["moran"]["z"], rel=1e-8)
    assert analytic["P_VALUE"] == pytest.approx(reference["moran"]["p"], rel=1e-6, abs=1e-12)
    page = tmp_path / "moran.html"
    found = run(
        "moran",
        {
            "INPUT": layers["cities"],
            "FIELD": "gdp_per_capita",
            "PERMUTATIONS": 4999,
            "CORRECTION": 2,
            "OUTPUT": "memory:",
            "HTML": str(page),
        },
    )
    columns, theirs = columns_of(found["OUTPUT"]), reference["lisa"]
    names = columns["city"].tolist()
    np.testing.assert_allclose(columns["local_i"], [theirs["local"][name] for name in names], rtol=1e-9)
    p = np.array([theirs["p"][name] for name in names])
    np.testing.assert_array_equal(columns["p_value"], theirs["p of arrays"])
    # esda draws others: the standard deviation of a difference is 0.02 at p = 1/2
    assert np.abs(columns["p_value"] - p).max() < 0.08 and np.abs(columns["p_value"] - p).mean() < 0.015
    alike = np.mean(
        [
            theirs["cluster"][name] == mine
            for name, mine in zip(names, columns["cluster"].tolist(), strict=True)
        ]
    )
    assert alike > 0.97  # those whose p is at the level may differ: the draws are others
    assert "Moran" in page.read_text() and "sh.imbalance.lisa" in page.read_text()


@pytest.mark.parametrize("permutations", [0, 199])
def test_moran_of_a_file_of_links_by_a_field_of_ids(layers, tmp_path, permutations):
    links, page = str(tmp_path / "w.csv"), tmp_path / "m.html"
    run("weights", {"INPUT": layers["cities"], "UNIT": "city", "CSV": links})
    asked = {
        "INPUT": layers["cities"],
        "FIELD": "population",
        "OUTPUT": "memory:",
        "PERMUTATIONS": permutations,
    }
    direct = run("moran", {**asked, "UNIT": "province"})  # which only a file asks for
    asked |= {"WEIGHTS": 4, "LINKS": links}
    found = run("moran", {**asked, "UNIT": "city", "HTML": str(page)})
    assert found["MORAN_I"] == pytest.approx(direct["MORAN_I"], rel=1e-12) and found["N"] == 307
    mine, theirs = columns_of(found["OUTPUT"]), columns_of(direct["OUTPUT"])
    assert mine["city"].tolist() == theirs["city"].tolist()
    for name in ("lag", "local_i", "p_value"):
        np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-9)
    assert mine["cluster"].tolist() == theirs["cluster"].tolist()
    assert ".set_index(&#x27;city&#x27;)" in page.read_text()
    assert "Give the field of ids that the file was written with" in said("moran", asked)
    assert "stand more than once" in said("moran", {**asked, "UNIT": "province"})


@pytest.mark.parametrize("place, model", list(enumerate(MODELS)))
def test_panel_models_are_those_of_the_package(layers, reference, place, model):
    found = run("regression", {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], "MODEL": place})
    theirs = reference["models"][model]
    assert found["LOGLIK"] == pytest.approx(theirs["loglik"], rel=1e-9)
    for name in ("rho", "lambda"):
        mine = found[name.upper()]
        assert np.isnan(mine) if theirs[name] is None else mine == pytest.approx(theirs[name], abs=1e-8)
    np.testing.assert_allclose(
        [found[n] for n in ("DIRECT", "INDIRECT", "TOTAL")], theirs["effects"][0], atol=1e-8
    )
    columns = columns_of(found["OUTPUT"])
    rows = list(zip(columns["city"].tolist(), columns["year"].tolist(), strict=True))
    residual = dict(zip(map(tuple, theirs["rows"]), theirs["residual"], strict=True))
    np.testing.assert_allclose(columns["residual"], [residual[row] for row in rows], atol=1e-7)
    np.testing.assert_allclose(columns["received"], [theirs["received"][city] for city, _ in rows], atol=1e-8)
    assert found["OUTPUT"].wkbType() == layers["cities"].wkbType() or found["OUTPUT"].isSpatial()
    assert found["N"] == 307 and found["OUTPUT"].featureCount() == len(rows)


def test_a_cross_section_and_its_report(layers, reference, tmp_path):
    page = tmp_path / "r.html"
    found = run(
        "regression",
        {
            "INPUT": layers["last"],
            "FORMULA": "log(inflow) ~ log(tertiary) + log(gdp)",
            "UNIT": "city",
            "MODEL": 1,
            "COVARIANCE": 2,
            "OUTPUT": "memory:",
            "HTML": str(page),
        },
    )
    assert found["RHO"] == pytest.approx(reference["cross"]["rho"], abs=1e-8)
    assert found["TOTAL"] == pytest.approx(reference["cross"]["effects"][0][2], abs=1e-8)
    text = page.read_text()
    for word in ("fit_formula", "log(tertiary)", "spatialhealth 0", "QGIS 3", "Indirect", "Isolates"):
        assert word.lower() in text.lower(), word
    assert "<script" not in text and "http" not in text  # one file that asks for nothing


def test_fields_without_a_formula(layers):
    fields = run(
        "regression", {"INPUT": layers["last"], "Y": "inflow", "X": ["tertiary", "gdp"], "OUTPUT": "memory:"}
    )
    formula = run(
        "regression", {"INPUT": layers["last"], "FORMULA": "inflow ~ tertiary + gdp", "OUTPUT": "memory:"}
    )
    assert fields["LOGLIK"] == formula["LOGLIK"]


def test_map_of_effects(layers, reference):
    found = run("effects_map", {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], "MODEL": 0})
    columns, theirs = columns_of(found["OUTPUT"]), reference["models"]["SpatialDurbin"]
    names = columns["city"].tolist()
    assert found["OUTPUT"].featureCount() == 307 and set(columns["year"].tolist()) == {2021}
    np.testing.assert_allclose(columns["received"], [theirs["received"][n] for n in names], atol=1e-8)
    np.testing.assert_allclose(
        columns["emitted_std_error"], [theirs["emitted_std_error"][n] for n in names], atol=1e-8
    )
    np.testing.assert_allclose([found["DIRECT"], found["INDIRECT"]], theirs["effects"][0][:2], atol=1e-8)


def test_scenario(layers, reference):
    found = run(
        "scenario",
        {
            **PANELS,
            "INPUT": layers["panel"],
            "UNITS": layers["cities"],
            "CHANGED": "tertiary",
            "HOW": 0,
            "AMOUNT": 1,
            "WHERE": "\"city\" = 'Guangzhou'",
        },
    )
    columns, theirs = columns_of(found["OUTPUT"]), reference["scenario"]
    names = columns["city"].tolist()
    for part in ("change", "own", "spilled_over"):
        np.testing.assert_allclose(columns[part], [theirs[part][n] for n in names], atol=1e-8)
    assert found["CHANGED_UNITS"] == 1
    assert (columns["change_low"] <= columns["change"]).all() and (
        columns["change"] <= columns["change_high"]
    ).all()


def test_a_scenario_of_the_selected_features(layers):
    layer = layers["last"]
    parameters = {
        "INPUT": layer,
        "FORMULA": "log(inflow) ~ log(tertiary) + log(gdp)",
        "CHANGED": "tertiary",
        "HOW": 2,
        "AMOUNT": 1.5,
        "OUTPUT": "memory:",
    }
    layer.selectByExpression("\"province\" = 'Hunan'")
    selected = run("scenario", {**parameters, "SELECTED": True})
    layer.removeSelection()
    named = run("scenario", {**parameters, "WHERE": "\"province\" = 'Hunan'"})
    assert selected["CHANGED_UNITS"] == named["CHANGED_UNITS"] > 5
    assert selected["MEAN_CHANGE"] == named["MEAN_CHANGE"]
    assert "is selected" in said("scenario", {**parameters, "SELECTED": True})


def test_hospitals_in_another_coordinate_system(layers):
    import processing

    moved = processing.run(
        "native:reprojectlayer",
        {"INPUT": layers["hospitals"], "TARGET_CRS": "EPSG:3857", "OUTPUT": "memory:"},
    )["OUTPUT"]
    parameters = {
        "DEMAND": layers["cities"],
        "POPULATION": "population",
        "CAPACITY": "beds",
        "OUTPUT": "memory:",
    }
    here, there = (
        run("accessibility", {**parameters, "SUPPLY": each}) for each in (layers["hospitals"], moved)
    )
    assert here["MEAN"] == pytest.approx(there["MEAN"], rel=1e-9)


def test_imbalance(layers, reference, tmp_path):
    page = tmp_path / "i.html"
    found = run(
        "imbalance",
        {
            "INPUT": layers["last"],
            "HIGH": "bed_utilisation_high",
            "PRIMARY": "bed_utilisation_primary",
            "VALUE": "tertiary",
            "GROUP": "province",
            "OUTPUT": "memory:",
            "HTML": str(page),
        },
    )
    columns = columns_of(found["OUTPUT"])
    for name, mine, gap in zip(
        columns["city"].tolist(), columns["class"].tolist(), columns["gap"].tolist(), strict=True
    ):
        assert mine == reference["gap"]["class"][name] and gap == pytest.approx(reference["gap"]["gap"][name])
    assert found["MEAN_GAP"] == pytest.approx(reference["gap"]["mean"])
    assert found["GINI"] == pytest.approx(reference["gini"])
    assert found["THEIL"] == pytest.approx(reference["theil"][0])
    assert "between group" in page.read_text()


def test_imbalance_calls_what_it_measures_by_the_fields(layers, tmp_path):
    page = tmp_path / "i.html"
    fields = {"HIGH": "bed_utilisation_high", "PRIMARY": "bed_utilisation_primary", "DRAWS": 99}
    asked = {"INPUT": layers["last"], **fields, "OUTPUT": "memory:", "HTML": str(page)}
    run("imbalance", {**asked, "VALUE": "tertiary", "PEOPLE": "gdp"})
    for title in (
        "Utilisation gap, bed_utilisation_high and bed_utilisation_primary, weighted by gdp",
        "Gini coefficient of tertiary, weighted by gdp",
        "Theil&#x27;s T of tertiary, weighted by gdp",
    ):
        assert f"<h2>{title}</h2>" in page.read_text()
    run("imbalance", {**asked, "VALUE": "tertiary"})
    assert "<h2>Gini coefficient of tertiary</h2>" in page.read_text()
    assert "no field is chosen for it: choose what Gini and Theil are of" in said(
        "imbalance", {**asked, "GROUP": "province"}
    )


@pytest.mark.parametrize("place, method", [(0, "E2SFCA"), (1, "2SFCA"), (2, "3SFCA")])
def test_accessibility(layers, reference, place, method):
    found = run(
        "accessibility",
        {
            "DEMAND": layers["cities"],
            "POPULATION": "population",
            "SUPPLY": layers["hospitals"],
            "CAPACITY": "beds",
            "METHOD": place,
            "CUTOFF": 50_000,
            "OUTPUT": "memory:",
            "OUTPUT_SUPPLY": "memory:",
        },
    )
    columns = columns_of(found["OUTPUT"])
    theirs = reference[method]["access"]
    np.testing.assert_allclose(
        columns["accessibility"], [theirs[n] for n in columns["city"].tolist()], rtol=1e-6
    )
    loads = columns_of(found["OUTPUT_SUPPLY"])
    theirs = reference[method]["load"]
    np.testing.assert_allclose(loads["load"], [theirs[n] for n in loads["hospital"].tolist()], rtol=1e-6)


def test_attraction(layers, reference):
    found = run(
        "attraction",
        {
            "DEMAND": layers["cities"],
            "POPULATION": "population",
            "SUPPLY": layers["hospitals"],
            "SIZE": "beds",
            "NAME": "hospital",
            "CUTOFF": 200_000,
            "OUTPUT": "memory:",
            "OUTPUT_SUPPLY": "memory:",
        },
    )
    columns, theirs = columns_of(found["OUTPUT"]), reference["huff"]
    for name, hospital, share in zip(
        columns["city"].tolist(), columns["hospital"].tolist(), columns["share"].tolist(), strict=True
    ):
        if name in theirs["supply"]:
            assert hospital == theirs["supply"][name] and share == pytest.approx(
                theirs["share"][name], rel=1e-6
            )
        else:
            assert hospital is None and np.isnan(share)
    assert columns_of(found["OUTPUT_SUPPLY"])["patients"].sum() == pytest.approx(found["PATIENTS"])


def test_nulls_are_left_out_and_stay_in_the_output(layers):
    from qgis.core import QgsProcessingFeedback

    from spatialhealth.qgis import layer_arrays, memory_layer

    read = layer_arrays(layers["last"])
    inflow = read.numbers("inflow")
    inflow[:3] = np.nan
    layer = memory_layer(read.wkb, {**read.columns, "inflow": inflow}, "holes", read.crs)
    feedback = QgsProcessingFeedback(False)
    found = run(
        "regression", {"INPUT": layer, "FORMULA": "inflow ~ gdp", "MODEL": 2, "OUTPUT": "memory:"}, feedback
    )
    residual = columns_of(found["OUTPUT"])["residual"]
    assert found["N"] == 304 and np.isnan(residual[:3]).all() and np.isfinite(residual[3:]).all()
    assert "3 of 307 features are left out" in feedback.textLog()


def test_selected_features_of_a_layer_in_the_project(layers):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    layer = layers["last"]
    QgsProject.instance().addMapLayer(layer, False)
    layer.selectByExpression("\"province\" IN ('Guangdong', 'Hunan', 'Jiangxi')")
    chosen = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    found = run("moran", {"INPUT": chosen, "FIELD": "gdp", "PERMUTATIONS": 99, "OUTPUT": "memory:"})
    assert found["N"] == layer.selectedFeatureCount() > 20
    layer.removeSelection()


@pytest.mark.parametrize(
    "tool, change, words",
    [
        ("regression", {"FORMULA": "log(inflow ~ gdp"}, "'log(inflow' is no term"),
        ("regression", {"FORMULA": "inflow ~ gpd"}, "Did you mean"),
        ("regression", {"FORMULA": ""}, "Choose an outcome"),
        ("regression", {"FORMULA": "inflow ~ gdp", "Y": "inflow"}, "both are given"),
        ("regression", {"FORMULA": "log(city) ~ gdp"}, "must hold numbers"),
        ("regression", {"FORMULA": "inflow ~ gdp", "EFFECTS": 1}, "Effects need a panel"),
        ("regression", {"FORMULA": "inflow ~ gdp", "VARIABLE": "beds"}, "There is no regressor 'beds'"),
        ("regression", {"FORMULA": "inflow ~ gdp + gdp"}, "more than once"),
        ("regression", {"FORMULA": "inflow ~ gdp", "WEIGHTS": 4}, "Give the file of links"),
        (
            "regression",
            {"FORMULA": "inflow ~ gdp", "WEIGHTS": 2, "K": 400},
            "must be below the number of points",
        ),
        (
            "scenario",
            {"FORMULA": "inflow ~ gdp", "CHANGED": "tertiary"},
            "no regressor of the field 'tertiary'",
        ),
        (
            "scenario",
            {"FORMULA": "inflow ~ gdp", "CHANGED": "gdp", "WHERE": "\"city\" = 'Atlantis'"},
            "No feature",
        ),
        (
            "imbalance",
            {"HIGH": "bed_utilisation_high", "PRIMARY": "gdp", "UNIT_OF_USE": 1},
            "look like per cent",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(layers, tool, change, words):
    assert words in said(tool, {"INPUT": layers["last"], "OUTPUT": "memory:", **change})


def test_a_panel_that_is_taken_for_a_cross_section(layers):
    given = {**PANELS, "PERIOD": None, "EFFECTS": 0, "INPUT": layers["panel"], "UNITS": layers["cities"]}
    message = said("regression", given)
    assert "Units stand more than once" in message and "Give the field of periods" in message


def test_a_distance_band_without_a_coordinate_system(layers):
    from spatialhealth.qgis import layer_arrays, memory_layer

    read = layer_arrays(layers["cities"])
    layer = memory_layer(read.wkb, read.columns, "nowhere", None)
    message = said("moran", {"INPUT": layer, "FIELD": "population", "WEIGHTS": 3, "OUTPUT": "memory:"})
    assert "no coordinate reference system" in message


def test_cancelling_ends_the_work(layers):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def setProgress(self, share):
            if share > 45:
                self.cancel()

    feedback = Impatient(False)
    parameters = {
        "INPUT": layers["cities"],
        "FIELD": "population",
        "PERMUTATIONS": 99_999,
        "OUTPUT": "memory:",
    }
    assert run("moran", parameters, feedback) in ({}, {"OUTPUT": None}) or feedback.isCanceled()


def test_parameters_are_json_for_models(tools):
    for tool in tools.algorithms():
        assert json.dumps([parameter.name() for parameter in tool.parameterDefinitions()])
        outputs = [output.type() for output in tool.outputDefinitions()]
        assert "outputVector" in outputs and "outputNumber" in outputs


def test_a_tool_runs_within_a_model(layers):
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
        QgsProcessingParameterFeatureSource,
    )

    model = QgsProcessingModelAlgorithm("m", "tests")
    model.addModelParameter(QgsProcessingParameterFeatureSource("IN"), QgsProcessingModelParameter("IN"))
    child = QgsProcessingModelChildAlgorithm("spatialhealth:moran")
    child.setChildId("moran")
    child.addParameterSources("INPUT", [QgsProcessingModelChildParameterSource.fromModelParameter("IN")])
    for name, value in (("FIELD", "population"), ("PERMUTATIONS", 99)):
        child.addParameterSources(name, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
    output = QgsProcessingModelOutput("clusters")
    output.setChildOutputName("OUTPUT")
    output.setChildId("moran")
    child.setModelOutputs({"clusters": output})
    model.addChildAlgorithm(child)
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    results, ok = model.run({"IN": layers["cities"], "moran:clusters": "memory:"}, context, feedback)
    assert ok and results["moran:clusters"]
