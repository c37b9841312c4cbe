"""The tools of health services inside QGIS: the numbers of the Python package, reports, refusals, cancelling."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CITIES = ROOT / "sample_data" / "china_cities.gpkg"
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
def layers(tools, services, tmp_path_factory):
    """Cities, hospitals, some of both, and the tables that the reference wrote."""
    from qgis.core import QgsVectorLayer

    # QGIS may write into a GeoPackage that it filters
    cities = str(shutil.copy(CITIES, tmp_path_factory.mktemp("cities")))
    found = {"cities": QgsVectorLayer(cities, "cities", "ogr")}
    found |= {
        "places": QgsVectorLayer(cities, "places", "ogr"),
        "clinics": QgsVectorLayer(HOSPITALS, "clinics", "delimitedtext"),
    }
    for name, field, some in (("places", "city", "places"), ("clinics", "hospital", "hospitals")):
        listed = ", ".join("'" + each.replace("'", "''") + "'" for each in services["choices"][some])
        assert found[name].setSubsetString(f'"{field}" IN ({listed})')
        assert found[name].featureCount() == len(services["choices"][some])
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


def logged(tool, parameters):
    """Give what a run writes into the log."""
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    run(tool, parameters, feedback)
    return feedback.textLog()


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


def test_gravity_of_cities_in_a_table(layers, services, written):
    cities = written("city\n" + "\n".join(columns_of(layers["cities"])["city"].tolist()) + "\n")
    how = {"COST": "hours", "REGRESSORS": ["same"], "DETERRENCE": 1, "INPUT": layers["flows"]}
    same_gravity(run("gravity", {**GRAVITY, **how, "CITIES": cities}), services["gravity"]["hours"])
    words = said("gravity", {**GRAVITY, "INPUT": layers["flows"], "CITIES": cities})
    assert "no coordinate reference system" in words


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


# --- places and hospitals ---------------------------------------------------------------------------------

SIDES = {"POPULATION": "population", "OUTPUT": "memory:", "OUTPUT_SUPPLY": "memory:"}
IDS = {"DEMAND_ID": "city", "SUPPLY_ID": "hospital"}
PATIENTS = {"FLOWS_DEMAND": "place", "FLOWS_SUPPLY": "clinic", "FLOWS_VALUE": "patients", **IDS}
HOURS = {"COSTS_DEMAND": "from", "COSTS_SUPPLY": "to", "COSTS_VALUE": "hours", **IDS}


@pytest.fixture
def asked(layers):
    """What the tools are asked, with the tables in one dictionary or another."""
    both = {**SIDES, "DEMAND": layers["places"], "SUPPLY": layers["clinics"]}
    flows, costs = {"FLOWS": layers["patients"], **PATIENTS}, {"COSTS": layers["hours"], **HOURS}
    return {
        "accessibility": {**both, "CAPACITY": "beds"},
        "attraction": {**both, "SIZE": ["beds"]},
        "flows": flows,
        "costs": costs,
    }


def same_shares(found, theirs):
    columns, drawn = columns_of(found["OUTPUT"]), columns_of(found["OUTPUT_SUPPLY"])
    assert dict(zip(columns["city"].tolist(), columns["hospital"].tolist(), strict=True)) == theirs["supply"]
    for name in ("share", "rivals"):
        by_city(columns, name, theirs[name], rtol=1e-6)
    expected = [theirs["patients"][each] for each in drawn["hospital"].tolist()]
    np.testing.assert_allclose(drawn["patients"], expected, rtol=1e-5)
    return drawn


def same_choices(found, theirs):
    for name, place in (("EXPONENT", 0), ("DISTANCE_PARAMETER", -1)):
        assert found[name] == pytest.approx(theirs["params"][place], rel=1e-6)
        assert found[f"{name}_SE"] == pytest.approx(theirs["std_errors"][place], rel=1e-5)
    assert found["MCFADDEN"] == pytest.approx(theirs["mcfadden"], rel=1e-6)
    assert found["OVERLAP"] == pytest.approx(theirs["overlap"], rel=1e-6)
    drawn = same_shares(found, theirs)
    expected = [theirs["patients_se"][each] for each in drawn["hospital"].tolist()]
    np.testing.assert_allclose(drawn["patients_se"], expected, rtol=1e-4)


def test_choices_that_flows_tell_by_distance(asked, services, tmp_path):
    page, theirs = tmp_path / "h.html", services["choices"]["metres"]
    how = {"CUTOFF": 450_000, "HTML": str(page)}
    found = run("attraction", {**asked["attraction"], **asked["flows"], **how})
    same_choices(found, theirs)
    text = page.read_text()
    for line in (
        ": read the same here\nhospitals = gpd.read_file(",
        ".fit(flows, places, hospitals, &#x27;place&#x27;, &#x27;clinic&#x27;, &#x27;patients&#x27;)",
        "McFadden",
    ):
        assert line in text, line
    given = {"ALPHA": theirs["params"][0], "BETA": theirs["params"][1], "NAME": "hospital", **how}
    again = run("attraction", {**asked["attraction"], **given})
    drawn = same_shares(again, theirs)
    assert "patients_se" not in drawn and "EXPONENT_SE" not in again
    assert "params={&#x27;beds&#x27;: " in page.read_text()


@pytest.mark.parametrize("place, decay", list(enumerate(("power", "exponential", "gaussian"))))
def test_choices_that_flows_tell_by_costs(asked, services, place, decay):
    how = {"SIZE": ["beds", "facilities"], "DECAY": place, "COVARIANCE": 1}
    found = run("attraction", {**asked["attraction"], **asked["flows"], **asked["costs"], **how})
    same_choices(found, services["choices"][decay])


def test_the_usual_parameter_of_distance_is_of_the_power_alone(asked):
    plain, two, none = (
        run("attraction", {**asked["attraction"], **how}) for how in ({}, {"BETA": 2}, {"BETA": 0})
    )
    assert plain["DISTANCE_PARAMETER"] == two["DISTANCE_PARAMETER"] == 2
    same = [columns_of(found["OUTPUT"])["share"] for found in (plain, two)]
    np.testing.assert_array_equal(*same)
    assert none["DISTANCE_PARAMETER"] == 0
    for decay, beta in ((1, 1 / 50_000), (2, 1 / 50_000**2)):
        found = run("attraction", {**asked["attraction"], "DECAY": decay, "BETA": beta})
        share = columns_of(found["OUTPUT"])["share"]
        assert found["DISTANCE_PARAMETER"] == beta and 0.1 < np.nanmean(share) < 0.9


@pytest.mark.parametrize(
    "how, kind",
    [
        ({"METHOD": 0, "COSTS_CUTOFF": 3}, "E2SFCA"),
        ({"METHOD": 2, "COSTS_CUTOFF": 2}, "3SFCA"),
        ({"METHOD": 3, "TAU": 2}, "RAAM"),
        ({"METHOD": 3, "TAU": 50_000, "CUTOFF": 60_000, "COSTS": None}, "RAAM in metres"),
    ],
)
def test_accessibility_by_costs_and_by_equilibrium(asked, services, how, kind):
    found = run("accessibility", {**asked["accessibility"], **asked["costs"], **how})
    theirs = services["choices"][kind]
    columns, loads = columns_of(found["OUTPUT"]), columns_of(found["OUTPUT_SUPPLY"])
    expected = {city: value for city, value in theirs["access"].items() if np.isfinite(value)}
    by_city(columns, "accessibility", expected, rtol=1e-5)
    assert (
        found["UNREACHABLE"]
        == len(theirs["access"]) - len(expected)
        == (~columns["reachable"].astype(bool)).sum()
    )
    expected = [theirs["load"][each] for each in loads["hospital"].tolist()]
    np.testing.assert_allclose(loads["load"], expected, rtol=1e-5, atol=1e-9)
    assert ("GAP" in found) == kind.startswith("RAAM") and found.get("GAP", 0) <= 1e-4


def test_tables_without_geometry_have_costs(written):
    places = written("town,people\nA,100\nB,300\nC,50\n")
    clinics = written("clinic,beds\n7,8\n9,6\n")
    ways = written("a,b,minutes\nA,7,10\nB,7,20\nA,9,40\nB,9,10\n")
    found = run(
        "accessibility",
        {
            "DEMAND": places, "POPULATION": "people", "SUPPLY": clinics, "CAPACITY": "beds", "METHOD": 1,
            "COSTS": ways, "COSTS_DEMAND": "a", "COSTS_SUPPLY": "b", "COSTS_VALUE": "minutes",
            "COSTS_CUTOFF": 30, "DEMAND_ID": "town", "SUPPLY_ID": "clinic", "OUTPUT": "memory:",
        },
    )  # fmt: skip
    columns = columns_of(found["OUTPUT"])
    # 8 beds of 7 for 400 people, 6 of 9 for the 300 of B
    np.testing.assert_allclose(columns["accessibility"], [0.02, 0.04, 0])
    assert found["UNREACHABLE"] == 1


def test_rows_of_features_that_are_left_out(layers, asked, services):
    from qgis.core import QgsProcessingFeedback

    from spatialhealth.qgis import layer_arrays, memory_layer

    read = layer_arrays(layers["clinics"])
    beds = read.numbers("beds")
    beds[0] = np.nan
    lame = memory_layer(read.wkb, {**read.columns, "beds": beds}, "clinics", read.crs)
    feedback = QgsProcessingFeedback(False)
    found = run(
        "attraction", {**asked["attraction"], **asked["flows"], "SUPPLY": lame, "CUTOFF": 450_000}, feedback
    )
    drawn = columns_of(found["OUTPUT_SUPPLY"])["patients"]
    assert np.isnan(drawn[0]) and np.isfinite(drawn[1:]).all()
    name = read.column("hospital")[0]
    lost = (columns_of(layers["patients"])["clinic"] == name).sum()
    assert lost > 0 and f"{lost} rows of the table of flows are left out" in feedback.textLog()


@pytest.mark.parametrize(
    "tool, tables, change, words",
    [
        ("accessibility", [], {"METHOD": 3}, "RAAM needs tau"),
        ("accessibility", [], {"TAU": 5}, "tau is of RAAM"),
        ("accessibility", ["costs"], {}, "give a cutoff"),
        ("accessibility", ["costs"], {"DEMAND_ID": None}, "not chosen: Id of the places"),
        ("accessibility", ["costs"], {"COSTS_VALUE": None}, "The table of costs needs these fields"),
        ("accessibility", ["costs"], {"DEMAND_ID": "province"}, "ids more than once"),
        (
            "accessibility",
            ["costs"],
            {"COSTS_SUPPLY": "from"},
            "names hospitals that the layer does not have",
        ),
        ("accessibility", ["costs"], {"SUPPLY_ID": "beds"}, "ids more than once"),
        ("attraction", [], {"SIZE": ["beds", "facilities"]}, "2 attributes of hospitals are chosen"),
        ("attraction", [], {"DECAY": 1}, "Give b: about 1 / typical distance (exponential)"),
        (
            "attraction",
            ["costs"],
            {"DECAY": 2},
            "about 1 / typical distance^2 (Gaussian), in the unit of the",
        ),
        ("attraction", [], {"BETA": -2}, "b is -2, so that the farthest hospitals would win"),
        ("attraction", [], {"DECAY": 1, "BETA": -1e-5}, "b is -1e-05"),
        ("attraction", ["flows"], {"CUTOFF": 20_000}, "flows go to supply out of reach"),
        ("attraction", ["flows"], {"FLOWS_DEMAND": "clinic"}, "names places that the layer does not have"),
        ("attraction", ["flows"], {"FLOWS_VALUE": "place"}, "must hold numbers"),
    ],
)
def test_what_places_and_hospitals_refuse(asked, tool, tables, change, words):
    parameters = asked[tool].copy()
    for table in tables:
        parameters |= asked[table]
    assert words in said(tool, {**parameters, **change})


@pytest.mark.parametrize(
    "table, row, words",
    [
        ("flows", ",4", "'FIELD' is NULL for 1 features"),
        ("flows", "HOSPITAL,", "'people' is missing for 1 pairs"),
        ("flows", "HOSPITAL,-1", "the flow is negative"),
        ("flows", "HOSPITAL,1\nPLACE,HOSPITAL,2", "pairs stand more than once"),
        ("flows", "HOSPITAL,0", "all flows are zero"),
        ("costs", "HOSPITAL,-1", "'cost' is negative"),
        ("costs", "HOSPITAL,0", "cost of zero"),
        ("costs", "HOSPITAL,1\nPLACE,HOSPITAL,2", "pairs stand more than once"),
        ("costs", "HOSPITAL,", "'cost' is missing for 1 pairs"),
    ],
)
def test_tables_that_are_refused(asked, written, services, table, row, words):
    ends = {"PLACE": services["choices"]["places"][0], "HOSPITAL": services["choices"]["hospitals"][0]}
    names = [asked[table][f"{table.upper()}_{part}"] for part in ("DEMAND", "SUPPLY", "VALUE")]
    text = f"{','.join(names)}\nPLACE,{row}\n"
    for end, label in {**ends, "FIELD": names[1]}.items():
        text, words = text.replace(end, label), words.replace(end, label)
    parameters = {**asked["attraction"], **asked[table], table.upper(): written(text)}
    assert words in said("attraction", parameters)


def moved(layer, crs):
    """Reproject a layer."""
    import processing

    return processing.run("native:reprojectlayer", {"INPUT": layer, "TARGET_CRS": crs, "OUTPUT": "memory:"})[
        "OUTPUT"
    ]


STRETCHED = "stretches distances (by 1/cos of the latitude): reproject the layer, for instance to EPSG:4326"


@pytest.mark.parametrize(
    "crs, named",
    [
        ("EPSG:3857", "EPSG:3857"),
        ("EPSG:3395", "EPSG:3395"),
        ("PROJ:+proj=merc +lon_0=105 +datum=WGS84 +units=m +type=crs", ""),
        ("EPSG:32650", None),
        ("EPSG:4326", None),
    ],
)
def test_distances_on_mercators_plane_are_warned_of(layers, asked, crs, named):
    places = moved(layers["places"], crs)
    logs = [logged("weights", {"INPUT": places, "WEIGHTS": kind, "OUTPUT": "memory:"}) for kind in (2, 3)] + [
        logged("attraction", {**asked["attraction"], "DEMAND": places, "CUTOFF": 600_000})
    ]
    for log in logs:
        assert log.count(STRETCHED) == (0 if named is None else 1)
        assert not named or f"{named} {STRETCHED}" in log


def test_no_warning_of_mercators_plane_where_nothing_is_measured_on_it(layers, asked):
    clinics, places = moved(layers["clinics"], "EPSG:3857"), moved(layers["places"], "EPSG:3857")
    # hospitals are taken to the system of the places
    assert STRETCHED not in logged("attraction", {**asked["attraction"], "SUPPLY": clinics})
    costs = {**asked["attraction"], **asked["costs"], "DEMAND": places}
    assert STRETCHED not in logged("attraction", costs)
    assert STRETCHED not in logged("weights", {"INPUT": places, "WEIGHTS": 0, "OUTPUT": "memory:"})
    cities = moved(layers["cities"], "EPSG:3857")
    gravity = {**GRAVITY, "INPUT": layers["flows"], "CITIES": cities}
    assert STRETCHED in logged("gravity", gravity)
    assert STRETCHED not in logged("gravity", {**gravity, "COST": "hours", "DETERRENCE": 1})


@pytest.mark.parametrize("tool", ["accessibility", "attraction"])
def test_hospitals_with_x_and_y_swapped(layers, asked, tool):
    from qgis.core import QgsGeometry, QgsPointXY

    from spatialhealth.qgis import layer_arrays, memory_layer

    read = layer_arrays(layers["clinics"])
    turned = [QgsGeometry.fromPointXY(QgsPointXY(y, x)).asWkb().data() for x, y in read.points.tolist()]
    swapped = memory_layer(turned, read.columns, "swapped", read.crs)
    places = moved(layers["places"], "EPSG:32650")
    message = said(tool, {**asked[tool], "DEMAND": places, "SUPPLY": swapped})
    assert "The layer of hospitals lies outside of its coordinate system EPSG:4326 in " in message
    assert f"of {len(read)} features: are x and y swapped?" in message


@pytest.mark.parametrize("tool", ["gravity", "accessibility", "attraction"])
@pytest.mark.parametrize("share", [5, 35, 80])
def test_cancelling_ends_the_work(layers, asked, tool, share):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def setProgress(self, now):
            if now > share:
                self.cancel()

    feedback = Impatient(False)
    parameters = {
        "gravity": {**GRAVITY, "INPUT": layers["flows"], "CITIES": layers["cities"]},
        "accessibility": {**asked["accessibility"], "METHOD": 3, "TAU": 10_000},
        "attraction": {**asked["attraction"], **asked["flows"], "CUTOFF": 450_000},
    }[tool]
    found = run(tool, parameters, feedback)
    assert feedback.isCanceled() and not found.get("OUTPUT")
