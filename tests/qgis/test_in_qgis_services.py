"""The tools of health services inside QGIS: the numbers of the Python package, reports, refusals, cancelling."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CITIES = str(ROOT / "sample_data" / "china_cities.gpkg")
HOSPITALS = f"file://{ROOT}/sample_data/hospitals.csv?type=csv&xField=longitude&yField=latitude&crs=EPSG:4326&detectTypes=yes"
ERRORS = ("robust", "origin", "destination", "two-way", "pair", "poisson")
GRAVITY = {
    "ORIGIN": "origin", "DESTINATION": "destination", "FLOW": "trips", "ID": "city", "OUTPUT": "memory:",
}  # fmt: skip


@pytest.fixture(scope="session")
def services():
    """What the Python package gives."""
    return json.loads((folder() / "services.json").read_text())


def folder():
    return Path(os.environ["SPATIALHEALTH_REFERENCE"]).parent


def csv(path):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(
        f"file://{path}?type=csv&detectTypes=yes&geomType=none", Path(path).stem, "delimitedtext"
    )
    assert layer.isValid()
    return layer


@pytest.fixture(scope="module")
def layers(tools):
    """Cities, hospitals, and the tables that the reference wrote."""
    from qgis.core import QgsVectorLayer

    found = {
        "cities": QgsVectorLayer(CITIES, "cities", "ogr"),
        "hospitals": QgsVectorLayer(HOSPITALS, "hospitals", "delimitedtext"),
    }
    found |= {path.stem: csv(path) for path in folder().glob("*.csv")}
    yield found
    found.clear()  # QGIS ends badly with layers that Python still holds


@pytest.fixture
def written(tmp_path):
    """Writes a table as CSV, and gives it as a layer."""

    def write(text):
        path = tmp_path / f"t{len(list(tmp_path.iterdir()))}.csv"
        path.write_text(text)
        return csv(path)

    return write


def run(tool, parameters, feedback=None):
    import processing

    more = {} if feedback is None else {"feedback": feedback}
    return processing.run(f"spatialhealth:{tool}", parameters, **more)


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


def by_city(columns, name, theirs, **tolerance):
    """Compare a column, which must be NULL where the reference has nothing."""
    expected = [theirs.get(city, np.nan) for city in columns["city"].tolist()]
    np.testing.assert_allclose(columns[name], expected, **tolerance)


def same_gravity(found, theirs):
    assert found["DECAY"] == pytest.approx(theirs["params"][0], rel=1e-8)
    assert found["DECAY_SE"] == pytest.approx(theirs["std_errors"][0], rel=1e-7)
    assert found["PAIRS"] == theirs["pairs"] and found["CITIES_USED"] == len(theirs["attraction"])
    columns = columns_of(found["OUTPUT"])
    for name in ("attraction", "attraction_se", "push", "push_se"):
        by_city(columns, name, theirs[name], atol=1e-7)


@pytest.mark.parametrize("place, kind", list(enumerate(ERRORS)))
def test_gravity(layers, services, place, kind):
    found = run(
        "gravity", {**GRAVITY, "INPUT": layers["flows"], "CITIES": layers["cities"], "COVARIANCE": place}
    )
    same_gravity(found, services["gravity"][kind])
    assert found["OUTPUT"].featureCount() == 307 and 0 < found["PSEUDO_R2"] < 1


def test_gravity_of_costs_and_further_regressors(layers, services, tmp_path):
    page = tmp_path / "g.html"
    how = {"COST": "hours", "REGRESSORS": ["same"], "DETERRENCE": 1, "HTML": str(page)}
    found = run("gravity", {**GRAVITY, **how, "INPUT": layers["flows"], "CITIES": layers["cities"]})
    same_gravity(found, services["gravity"]["hours"])
    text = page.read_text()
    for word in (
        "GravityModel(",
        "flow_table(od",
        "regressors=[&#x27;same&#x27;]",
        "Dispersion",
        "Deviance",
        "hours",
    ):
        assert word in text, word
    assert "<script" not in text and "http" not in text


def test_gravity_of_cities_without_flows(layers, services):
    parameters = {**GRAVITY, "INPUT": layers["silent"], "CITIES": layers["cities"]}
    city = services["gravity"]["silent city"]
    assert f"receive nothing: '{city}'" in said("gravity", parameters)
    found = run("gravity", {**parameters, "SEPARATED": 1})
    same_gravity(found, services["gravity"]["silent"])
    columns = columns_of(found["OUTPUT"])
    row = columns["city"].tolist().index(city)
    assert np.isnan(columns["attraction"][row]) and np.isfinite(columns["push"][row])


@pytest.mark.parametrize(
    "text, change, words",
    [
        ("Wuhan,Atlantis,4", {}, "names cities that the layer does not have: 'Atlantis'"),
        ("Wuhan,,4", {}, "'destination' is NULL for 1 features"),
        ("Wuhan,Changsha,", {}, "'trips' is missing for 1 pairs: ('Wuhan', 'Changsha')"),
        ("Wuhan,Changsha,-4", {}, "'trips' is negative for 1 pairs"),
        ("Nanchang,Wuhan,4", {}, "stand more than once: ('Nanchang', 'Wuhan')"),
        ("Wuhan,Changsha,4,0\nNanchang,Changsha,5", {}, "4 pairs cannot tell 5 parameters"),
        (
            "Wuhan,Changsha,4,0\nNanchang,Changsha,5",
            {"COST": "cost"},
            "'cost' is zero or negative for 4 pairs",
        ),
        ("Wuhan,Changsha,4", {"ORIGIN": "trips"}, "'trips' holds numbers, the id holds text"),
        ("Wuhan,Changsha,4", {"ID": "province"}, "ids more than once"),
        ("Wuhan,Changsha,4", {"FLOW": "origin"}, "must hold numbers"),
    ],
)
def test_what_gravity_refuses(layers, written, text, change, words):
    table = written(f"origin,destination,trips,cost\nNanchang,Wuhan,3,0\nWuhan,Nanchang,2,0\n{text},0\n")
    assert words in said("gravity", {**GRAVITY, "INPUT": table, "CITIES": layers["cities"], **change})


def test_columns_that_go_together_are_named(layers):
    parameters = {
        **GRAVITY,
        "INPUT": layers["flows"],
        "CITIES": layers["cities"],
        "COST": "hours",
        "DETERRENCE": 1,
    }
    assert "'hours' are named twice" in said("gravity", {**parameters, "REGRESSORS": ["hours"]})
    minutes = {**parameters, "REGRESSORS": ["same", "minutes"]}
    assert "The columns 'hours', 'minutes' are combinations" in said("gravity", minutes)


@pytest.mark.parametrize("tool", ["gravity"])
def test_cancelling_ends_the_work(layers, tool):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def setProgress(self, share):
            if share > 35:
                self.cancel()

    feedback = Impatient(False)
    parameters = {"gravity": {**GRAVITY, "INPUT": layers["flows"], "CITIES": layers["cities"]}}[tool]
    found = run(tool, parameters, feedback)
    assert feedback.isCanceled() and not found.get("OUTPUT")
