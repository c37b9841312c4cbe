"""The lines of Python in the reports, run with geopandas, against the numbers of the tools that wrote them."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "sample_data"
SAR, POINTS = 1, "xField=longitude&yField=latitude&crs=EPSG:4326&detectTypes=yes"
MORAN = {"FIELD": "gdp_per_capita", "PERMUTATIONS": 99, "OUTPUT": "memory:"}
HUFF = {"POPULATION": "population", "SIZE": ["beds"], "NAME": "hospital", "OUTPUT": "memory:"}
HUFF |= {"OUTPUT_SUPPLY": "memory:"}
# the lines are run as they are, and then asked for the number that the tool gave
HARNESS = """
import json, sys, warnings
warnings.simplefilter("ignore")
asked = json.load(sys.stdin)
kept = []
scope = {"print": lambda *each, **more: kept.extend(each), "kept": kept}
exec(asked["code"], scope)
print(json.dumps(eval(asked["number"], scope)))
"""


def ran(tool, parameters, tmp_path):
    """Run a tool, and give its results and the lines of its report."""
    import processing

    path = tmp_path / "report.html"
    found = processing.run(f"spatialhealth:{tool}", {**parameters, "HTML": str(path)})
    page = path.read_text(encoding="utf-8").split("<h2>The same in Python</h2>")[1]
    return found, html.unescape(re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)[1])


def in_python(code, number):
    """Run lines in the package's own environment, and give a number of theirs."""
    if "SPATIALHEALTH_PYTHON" not in os.environ:
        pytest.skip("the package's own environment is out of reach of this QGIS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QT"))}
    done = subprocess.run(
        [os.environ["SPATIALHEALTH_PYTHON"], "-c", HARNESS],
        input=json.dumps({"code": code, "number": number}),
        capture_output=True,
        text=True,
        check=False,
        env=kept,
    )
    assert done.returncode == 0, f"{code}\n{done.stderr}"
    return json.loads(done.stdout)


def opened(address, provider="ogr"):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(str(address), "layer", provider)
    assert layer.isValid()
    return layer


def text(path, options="geomType=none&detectTypes=yes"):
    return opened(f"file://{path}?type=csv&{options}", "delimitedtext")


@pytest.fixture
def cities(tools, tmp_path):
    """A copy of the cities, into which QGIS may write."""
    return Path(shutil.copy(DATA / "china_cities.gpkg", tmp_path))


def emptied(layer, field, ids):
    """Make a field NULL for some features."""
    place = layer.fields().indexOf(field)
    assert layer.dataProvider().changeAttributeValues({each: {place: None} for each in ids})
    return layer


def saved(layer, path, name, more=False):
    """Write a layer into a GeoPackage, as a further one of it if `more`."""
    from qgis.core import QgsProject, QgsVectorFileWriter

    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = name
    if more:
        options.actionOnExistingFile = QgsVectorFileWriter.CreateOrOverwriteLayer
    context = QgsProject.instance().transformContext()
    assert QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)[0] == 0


def same_moran(layer, tmp_path, **options):
    found, code = ran("moran", {**MORAN, "INPUT": layer, **options}, tmp_path)
    theirs = in_python(code, "[found.overall[0].value, found.overall[0].p_value, len(found.local)]")
    assert theirs == pytest.approx([found["MORAN_I"], found["P_VALUE"], found["N"]], rel=1e-9)
    return code


def test_a_filter(cities, tmp_path):
    layer = opened(cities)
    assert layer.setSubsetString('"population">1000000') and layer.featureCount() < 307
    assert "where='\"population\">1000000'" in same_moran(layer, tmp_path)
    given = {"INPUT": layer, "UNIT": "city", "FORMULA": "log(gdp_per_capita) ~ log(population)", "MODEL": SAR}
    found, code = ran("regression", {**given, "OUTPUT": "memory:"}, tmp_path)
    assert in_python(code, "model.result_.loglik") == pytest.approx(found["LOGLIK"], rel=1e-9)


def test_a_layer_that_is_not_the_first_of_its_file(cities, tmp_path):
    path, some = tmp_path / "two.gpkg", opened(cities)
    assert some.setSubsetString('"population">4000000')
    saved(some, path, "some")
    assert some.setSubsetString("")
    saved(some, path, "all", more=True)
    layer = opened(f"{path}|layername=all")
    assert layer.featureCount() == 307
    assert "layer='all'" in same_moran(layer, tmp_path)
    flows = text(Path(os.environ["SPATIALHEALTH_REFERENCE"]).parent / "flows.csv")
    given = {"ORIGIN": "origin", "DESTINATION": "destination", "FLOW": "trips", "ID": "city", "INPUT": flows}
    found, code = ran("gravity", {**given, "CITIES": layer, "OUTPUT": "memory:"}, tmp_path)
    assert in_python(code, "float(model.result_.params[0])") == pytest.approx(found["DECAY"], rel=1e-7)
    clinics = text(DATA / "hospitals.csv", POINTS)
    found, code = ran("attraction", {**HUFF, "DEMAND": layer, "SUPPLY": clinics}, tmp_path)
    assert in_python(code, "float(kept[1]['patients'].sum())") == pytest.approx(found["PATIENTS"], rel=1e-9)


@pytest.mark.parametrize("measured", [True, False])
def test_values_that_are_null(cities, tmp_path, measured):
    layer = emptied(opened(cities), "gdp_per_capita", [3, 50])
    emptied(layer, "population", [7, 50, 90])
    assert ".dropna(subset=['gdp_per_capita', 'geometry'])" in same_moran(layer, tmp_path)
    given = {"INPUT": layer, "UNIT": "city", "FORMULA": "log(gdp_per_capita) ~ log(population)", "MODEL": SAR}
    found, code = ran("regression", {**given, "OUTPUT": "memory:"}, tmp_path)
    assert found["N"] == 303
    assert in_python(code, "model.result_.loglik") == pytest.approx(found["LOGLIK"], rel=1e-9)
    given = {**HUFF, "DEMAND": layer, "SUPPLY": text(DATA / "hospitals.csv", POINTS)}
    if not measured:
        names = [feature["city"] for feature in layer.getFeatures()]
        clinics = [feature["hospital"] for feature in given["SUPPLY"].getFeatures()][:5]
        rows = [
            f"{city},{one},{i + 10 * j + 1}" for i, city in enumerate(names) for j, one in enumerate(clinics)
        ]
        (tmp_path / "costs.csv").write_text(
            "\n".join(["place,clinic,minutes", *rows]) + "\n", encoding="utf-8"
        )
        given |= {"COSTS": text(tmp_path / "costs.csv"), "COSTS_DEMAND": "place", "COSTS_SUPPLY": "clinic"}
        given |= {"COSTS_VALUE": "minutes", "DEMAND_ID": "city", "SUPPLY_ID": "hospital"}
    found, code = ran("attraction", given, tmp_path)
    assert in_python(code, "float(kept[1]['patients'].sum())") == pytest.approx(found["PATIENTS"], rel=1e-9)


def test_text_of_other_marks(cities, tmp_path):
    import processing

    path = tmp_path / "marks.csv"
    rows = ["city;longitude;latitude;gdp_per_capita;high;primary;beds;region"]
    for place, feature in enumerate(opened(cities).getFeatures()):
        at = [str(feature[name]).replace(".", ",") for name in ("longitude", "latitude", "gdp_per_capita")]
        at[0] = "" if place == 9 else at[0]
        beds = "" if place == 4 else f"{place % 7 + 1},25"
        rows.append(
            f"{feature['city']};{';'.join(at)};{60 + place % 50};{40 + place % 37};{beds};{place % 3}"
        )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    layer = text(path, f"delimiter=;&decimalPoint=,&{POINTS}")
    assert "sep=';', decimal=','" in same_moran(layer, tmp_path, WEIGHTS=2, K=5)
    links = tmp_path / "links.csv"
    given = {"INPUT": layer, "WEIGHTS": 2, "K": 4, "OUTPUT": "memory:", "CSV": str(links)}
    processing.run("spatialhealth:weights", given)
    same_moran(layer, tmp_path, WEIGHTS=4, LINKS=str(links))
    given = {"INPUT": layer, "HIGH": "high", "PRIMARY": "primary", "VALUE": "beds", "GROUP": "region"}
    found, code = ran("imbalance", {**given, "OUTPUT": "memory:"}, tmp_path)
    theirs = in_python(code, "[float(each.estimate[0]) for each in kept[-2:]]")
    assert theirs == pytest.approx([found["GINI"], found["THEIL"]], rel=1e-9)
    assert in_python(code, "len(kept[-1].estimate)") > 1  # between and within the groups


def test_a_filter_of_text_is_said(cities, tmp_path):
    layer = text(DATA / "hospitals.csv", POINTS)
    assert layer.setSubsetString('"beds" > 1000')
    _, code = ran("attraction", {**HUFF, "DEMAND": opened(cities), "SUPPLY": layer}, tmp_path)
    said = "# the tool read {} features of 'layer' (the filter \"beds\" > 1000): read the same here"
    assert said.format(layer.featureCount()) in code and "hospitals.csv" not in code


def test_a_panel_without_geometry_in_a_geopackage(cities, tmp_path):
    path = tmp_path / "panel.gpkg"
    saved(text(DATA / "hospital_panel.csv"), path, "panel")
    given = {"INPUT": opened(f"{path}|layername=panel"), "UNITS": opened(cities), "UNITS_ID": "city"}
    given |= {"UNIT": "city", "PERIOD": "year", "FORMULA": "log(inflow) ~ log(tertiary)", "MODEL": SAR}
    found, code = ran("regression", {**given, "EFFECTS": 1, "OUTPUT": "memory:"}, tmp_path)
    assert "layer='panel'" in code and "read_csv" not in code
    assert in_python(code, "model.result_.loglik") == pytest.approx(found["LOGLIK"], rel=1e-9)


@pytest.mark.parametrize("gone", [[], [1, 60]])
def test_links_by_the_ids_of_qgis(cities, tmp_path, gone):
    import processing

    layer, links = opened(cities), tmp_path / "links.csv"
    assert layer.dataProvider().deleteFeatures(gone) if gone else True
    processing.run(
        "spatialhealth:weights",
        {"INPUT": layer, "WEIGHTS": 2, "K": 4, "OUTPUT": "memory:", "CSV": str(links)},
    )
    same_moran(layer, tmp_path, WEIGHTS=4, LINKS=str(links))


def test_units_by_the_key_of_the_file(cities, tmp_path):
    given = {"INPUT": opened(cities), "UNIT": "fid", "FORMULA": "log(gdp_per_capita) ~ log(population)"}
    found, code = ran("regression", {**given, "MODEL": SAR, "OUTPUT": "memory:"}, tmp_path)
    assert in_python(code, "model.result_.loglik") == pytest.approx(found["LOGLIK"], rel=1e-9)


@pytest.mark.parametrize("what", ["selection", "memory", "joined", "edited"])
def test_what_no_file_holds_is_said(cities, tmp_path, what):
    from qgis.core import QgsFeatureRequest, QgsField, QgsProcessingFeatureSourceDefinition, QgsProject
    from qgis.PyQt.QtCore import QVariant

    layer, field = opened(cities), "gdp_per_capita"
    given = layer
    if what == "selection":
        QgsProject.instance().addMapLayer(layer)
        layer.selectByIds(list(range(1, 101)))
        given = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    elif what == "memory":
        given = layer.materialize(QgsFeatureRequest())
    elif what == "joined":
        field = "twice"
        layer.addExpressionField('2 * "gdp_per_capita"', QgsField(field, QVariant.Double))
    else:
        layer.startEditing()
        assert layer.changeAttributeValue(1, layer.fields().indexOf(field), 1.0)
    _, code = ran("moran", {**MORAN, "INPUT": given, "FIELD": field, "WEIGHTS": 2}, tmp_path)
    count = "100 of 307" if what == "selection" else "307"
    assert f"# the tool read {count} features of " in code and "read the same here" in code
    assert "layer = gpd.read_file('A FILE OF THESE FEATURES'" in code
    if what == "selection":
        QgsProject.instance().removeMapLayer(layer.id())
    elif what == "edited":
        layer.rollBack()
