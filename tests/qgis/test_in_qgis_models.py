"""Regressions beyond the usual inside QGIS, against the lines of Python in their reports, run with pandas."""

from __future__ import annotations

import html
import json
import os
import re
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CITIES = ROOT / "sample_data" / "china_cities.gpkg"
PANEL = ROOT / "sample_data" / "hospital_panel.csv"
FORMULA = "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)"
PRODUCT = "log(inflow) ~ log(tertiary) * digital + log(gdp)"
PANELS = {
    "FORMULA": FORMULA,
    "UNIT": "city",
    "PERIOD": "year",
    "UNITS_ID": "city",
    "WEIGHTS": 0,
    "OUTPUT": "memory:",
}
SDM, SAR, SLX, SEM, SDEM, SAC, GNS, IV = range(8)
NONE, ENTITY, TIME, BOTH, RANDOM = range(5)
# the lines of a report are run as they are, and what they would print is kept
HARNESS = """
import json, re, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
kept = []
scope = {"print": kept.append}
asked = json.load(sys.stdin)
exec(asked["code"], scope)
model = scope["model"]
result = model.result_
out = {"params": dict(zip(result.param_names, result.params.tolist())), "loglik": result.loglik}
out["residual"] = [[*map(str, key if isinstance(key, tuple) else (key,)), value]
                   for key, value in model.residuals_.items()]
out["html"], out["tests"], out["effects"] = [], [], {}
for each in kept:
    if hasattr(each, "estimates") and hasattr(each, "by_order"):
        horizons = {"": each} if not hasattr(each, "lasting") else {
            "short-run": each.short_run, "long-run": each.long_run}
        for name, effects in horizons.items():
            local = effects.local(asked["variable"])
            out["effects"][name] = {
                "mean": effects.estimates[effects.variables.index(asked["variable"])].tolist(),
                "local": {column: dict(zip(map(str, local.index), local[column].tolist())) for column in local}}
    if hasattr(each, "statistics"):
        out["tests"] += [test.row() for test in each.statistics]
    elif hasattr(each, "row"):
        out["tests"].append(each.row())
    else:
        out["html"].append(each._repr_html_())
if asked["scenario"]:
    found = scope["sh"].scenario.replay(model, scope["sh"].scenario.Change(**asked["scenario"]), scope["table"],
                                        draws=200, random_state=1)
    out["scenario"] = found.table.reset_index().astype({found.table.index.names[-1] or "index": str}).to_dict("list")
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def layers(tools):
    """The cities, and the panel as a table."""
    from qgis.core import QgsVectorLayer

    address = f"file://{PANEL}?type=csv&detectTypes=yes&geomType=none"
    found = {
        "cities": QgsVectorLayer(str(CITIES), "cities", "ogr"),
        "panel": QgsVectorLayer(address, "panel", "delimitedtext"),
    }
    assert all(layer.isValid() for layer in found.values())
    yield found
    found.clear()  # QGIS ends badly with layers that Python still holds


def run(tool, parameters):
    import processing

    return processing.run(f"spatialhealth:{tool}", parameters)


def said(tool, parameters):
    """Give the message of a run that must fail."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(tool, parameters)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def columns_of(layer):
    from spatialhealth.qgis import layer_arrays

    return layer_arrays(layer, geometry=False).columns


def in_python(page, variable, scenario=None):
    """Run the lines of Python of a report in the package's own environment, and give what they print, in numbers."""
    if "SPATIALHEALTH_PYTHON" not in os.environ:
        pytest.skip("the package's own environment is out of reach of this QGIS")
    code = html.unescape(re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)[1])
    done = subprocess.run(
        [os.environ["SPATIALHEALTH_PYTHON"], "-c", HARNESS],
        input=json.dumps({"code": code, "variable": variable, "scenario": scenario}),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QT"))},
    )
    assert done.returncode == 0, f"{code}\n{done.stderr}"
    return json.loads(done.stdout)


def compare(layers, tmp_path, options, variable, horizon=""):
    """Run the regression, run the lines of Python in its report, compare every number, and give both."""
    path = tmp_path / "report.html"
    given = {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], **options}
    found = run("regression", {**given, "VARIABLE": variable, "HTML": str(path)})
    page = path.read_text()
    theirs = in_python(page, variable)
    for name in ("rho", "lambda", "tau", "eta", "phi"):
        mine = found[name.upper()]
        assert name in theirs["params"] or np.isnan(mine)
        assert np.isnan(mine) or mine == pytest.approx(theirs["params"][name], abs=1e-7)
    np.testing.assert_allclose(found["LOGLIK"], theirs["loglik"], rtol=1e-9)
    effects = theirs["effects"][horizon]
    mine = [found[name] for name in ("DIRECT", "INDIRECT", "TOTAL")]
    np.testing.assert_allclose(mine, effects["mean"], atol=1e-7)
    columns = columns_of(found["OUTPUT"])
    rows = list(zip(columns["city"].tolist(), map(str, columns["year"].tolist()), strict=True))
    residual = {(city, year): value for city, year, value in theirs["residual"]}
    expected = [residual.get(row, np.nan) for row in rows]
    np.testing.assert_allclose(columns["residual"], expected, atol=1e-7)
    for name in ("own", "received", "emitted"):
        expected = [effects["local"][name][city] for city, _ in rows]
        np.testing.assert_allclose(columns[name], expected, atol=1e-7)
    # coefficients and effects to the digits that are printed
    for table in theirs["html"]:
        assert re.sub(r"^<h4>.*?</h4>", "", table) in page
    for name, value, *_ in theirs["tests"]:
        assert f"<td>{html.escape(name)}</td>" in page or html.escape(name) in page
        assert html.escape(value) in page
    return found, theirs, page


@pytest.mark.parametrize("model", [SDM, SLX, SDEM, GNS])
def test_partial_durbin(layers, tmp_path, model):
    options = {"MODEL": model, "EFFECTS": BOTH, "LAGGED": ["gdp", "tertiary"]}
    _, theirs, _ = compare(layers, tmp_path, options, "log(primary)")
    assert [name for name in theirs["params"] if name.startswith("W:")] == ["W:log(tertiary)", "W:log(gdp)"]


@pytest.mark.parametrize("model, covariance", [(SDM, 0), (SEM, 1), (SAR, 3)])
def test_random_effects_and_the_test_of_hausman(layers, tmp_path, model, covariance):
    options = {"MODEL": model, "EFFECTS": RANDOM, "COVARIANCE": covariance}
    found, theirs, page = compare(layers, tmp_path, options, "log(gdp)")
    assert found["PHI"] > 0
    names = [name for name, *_ in theirs["tests"]]
    assert names == ["Hausman", "Hausman, auxiliary"] and "Fixed against random effects" in page


@pytest.mark.parametrize("model, effects, dynamic", [(SDM, BOTH, 3), (SAR, ENTITY, 1), (SDM, NONE, 2)])
@pytest.mark.parametrize("horizon", [0, 1])
def test_dynamics_in_two_horizons(layers, tmp_path, model, effects, dynamic, horizon):
    options = {"MODEL": model, "EFFECTS": effects, "DYNAMIC": dynamic, "HORIZON": horizon}
    found, _, page = compare(layers, tmp_path, options, "log(tertiary)", ["short-run", "long-run"][horizon])
    assert np.isfinite(found["TAU"]) == (dynamic != 2) and np.isfinite(found["ETA"]) == (dynamic != 1)
    assert "short-run direct" in page and "long-run total" in page
    columns = columns_of(found["OUTPUT"])
    first = columns["year"] == columns["year"].min()
    assert np.isnan(columns["fitted"][first]).all() and np.isfinite(columns["fitted"][~first]).all()
    assert np.isfinite(columns["own"]).all() and found["PERIODS"] == len(set(columns["year"])) - 1


@pytest.mark.parametrize("variable", ["log(tertiary) [digital=1]", "digital [log(tertiary)=2]"])
def test_effects_of_a_product_at_values(layers, tmp_path, variable):
    options = {
        "FORMULA": PRODUCT,
        "MODEL": SDM,
        "EFFECTS": ENTITY,
        "AT": "digital = 0, 1; log(tertiary) = 2",
        "LAGGED": ["tertiary", "digital"],
    }
    _, theirs, _ = compare(layers, tmp_path, options, variable)
    assert "W:log(tertiary):digital" in theirs["params"] and "W:log(gdp)" not in theirs["params"]


def test_a_product_without_values_is_explained(layers, tmp_path):
    _, _, page = compare(
        layers, tmp_path, {"FORMULA": PRODUCT, "MODEL": SAR, "EFFECTS": BOTH}, "log(tertiary)"
    )
    assert "rows of the products are no effects of their own" in page


def test_dynamics_with_a_product(layers, tmp_path):
    options = {"FORMULA": PRODUCT, "MODEL": SDM, "EFFECTS": BOTH, "DYNAMIC": 1, "AT": "digital = 0.5"}
    compare(layers, tmp_path, options, "log(tertiary) [digital=0.5]", "short-run")


@pytest.mark.parametrize("effects, covariance", [(ENTITY, 3), (NONE, 0), (BOTH, 2)])
def test_instrumental_variables(layers, tmp_path, effects, covariance):
    options = {
        "FORMULA": "log(inflow) ~ log(tertiary) + log(gdp)",
        "MODEL": IV,
        "EFFECTS": effects,
        "COVARIANCE": covariance,
        "ENDOGENOUS": ["tertiary"],
        "INSTRUMENTS": ["primary", "digital"],
        "LAGGED": ["gdp"],
    }
    found, theirs, page = compare(layers, tmp_path, options, "log(tertiary)")
    assert "W:log(gdp)" in theirs["params"] and "primary" not in theirs["params"]
    assert np.isnan(found["LOGLIK"]) and np.isfinite(found["RHO"]) and "First stage" in page


@pytest.mark.parametrize("effects", [NONE, ENTITY, BOTH])
def test_tests_of_spatial_dependence(layers, tmp_path, effects):
    _, theirs, page = compare(layers, tmp_path, {"MODEL": SAR, "EFFECTS": effects}, "log(gdp)")
    names = [name for name, *_ in theirs["tests"]]
    for name in ("LM lag", "LM error", "robust LM lag", "robust LM error", "LM SARMA", "LM WX"):
        assert name in names
    path = tmp_path / "bare.html"
    given = {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], "TESTS": 0, "HTML": str(path)}
    run("regression", given)
    assert "LM lag" in page and "LM lag" not in path.read_text()


@pytest.mark.parametrize("effects", [NONE, ENTITY])
def test_the_sequence_of_tests(layers, tmp_path, effects):
    _, theirs, page = compare(layers, tmp_path, {"MODEL": SDM, "EFFECTS": effects, "TESTS": 2}, "log(gdp)")
    names = [name for name, *_ in theirs["tests"]]
    assert "F two-way" in names and "LR SpatialLag in SpatialDurbin" in names and "Suggested: " in page
    assert "Hausman" in names if effects == ENTITY else "CLMlambda" in names


@pytest.mark.parametrize("unit", ["city", None])
def test_a_cross_section_with_functions_that_tables_read_too(layers, tmp_path, unit):
    path = tmp_path / "report.html"
    formula = "log1p(gdp_per_capita) ~ sqrt(population) * log(gdp_per_capita)"
    given = {"INPUT": layers["cities"], "FORMULA": formula, "UNIT": unit, "MODEL": SAR, "OUTPUT": "memory:"}
    found = run("regression", {**given, "AT": "log(gdp_per_capita) = 11", "HTML": str(path)})
    theirs = in_python(path.read_text(), "sqrt(population) [log(gdp_per_capita)=11]")
    assert found["RHO"] == pytest.approx(theirs["params"]["rho"], abs=1e-6)
    np.testing.assert_allclose(found["TOTAL"], theirs["effects"][""]["mean"][2], rtol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"WEIGHTS": 1, "STANDARDISE": 1},
        {"WEIGHTS": 0, "ORDER": 2},
        {"WEIGHTS": 2, "K": 5},
        {"WEIGHTS": 3, "DISTANCE": 250_000.5},
        {"WEIGHTS": 4},
        {"WEIGHTS": 4, "STANDARDISE": 2},
    ],
)
def test_the_lines_of_python_build_the_same_weights(layers, tmp_path, options):
    path, links = tmp_path / "report.html", tmp_path / "w.csv"
    if options["WEIGHTS"] == 4:
        given = {"INPUT": layers["cities"], "UNIT": "city", "WEIGHTS": 2, "K": 4}
        run("weights", {**given, "OUTPUT": "memory:", "CSV": str(links)})
        options = {**options, "LINKS": str(links)}
    given = {"INPUT": layers["cities"], "UNIT": "city", "FORMULA": "log(gdp_per_capita) ~ log(population)"}
    found = run("regression", {**given, **options, "MODEL": SAR, "OUTPUT": "memory:", "HTML": str(path)})
    theirs = in_python(path.read_text(), "log(population)")
    assert found["RHO"] == pytest.approx(theirs["params"]["rho"], abs=1e-7)
    assert found["LOGLIK"] == pytest.approx(theirs["loglik"], rel=1e-9)


def test_a_panel_of_features_with_shapes(layers, tmp_path):
    import processing
    from qgis.core import QgsVectorLayer

    parts = {"INPUT": layers["cities"], "FIELD": "city", "INPUT_2": layers["panel"], "FIELD_2": "city"}
    file = str(tmp_path / "panel.gpkg")
    processing.run("native:joinattributestable", {**parts, "METHOD": 0, "OUTPUT": file})
    layer, path = QgsVectorLayer(file, "panel of shapes", "ogr"), tmp_path / "report.html"
    given = {**PANELS, "INPUT": layer, "MODEL": SDM, "EFFECTS": BOTH, "DYNAMIC": 1, "UNITS_ID": None}
    found = run("regression", {**given, "HTML": str(path)})
    theirs = in_python(path.read_text(), "log(tertiary)")
    assert found["TAU"] == pytest.approx(theirs["params"]["tau"], abs=1e-7)
    assert found["TOTAL"] == pytest.approx(theirs["effects"]["short-run"]["mean"][2], abs=1e-7)
    assert found["OUTPUT"].featureCount() == layer.featureCount() == 307 * (found["PERIODS"] + 1)


def test_map_of_effects_in_the_long_run(layers, tmp_path):
    options = {"FORMULA": PRODUCT, "MODEL": SDM, "EFFECTS": BOTH, "DYNAMIC": 3, "HORIZON": 1}
    options |= {"AT": "digital = 1"}
    variable = "log(tertiary) [digital=1]"
    _, theirs, _ = compare(layers, tmp_path, options, variable, "long-run")
    given = {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], **options, "VARIABLE": variable}
    found = run("effects_map", given)
    columns, local = columns_of(found["OUTPUT"]), theirs["effects"]["long-run"]["local"]
    for name in ("own", "received", "emitted", "emitted_std_error"):
        expected = [local[name][city] for city in columns["city"].tolist()]
        np.testing.assert_allclose(columns[name], expected, atol=1e-6)
    assert found["OUTPUT"].featureCount() == 307
    by_field = run("effects_map", {**given, "VARIABLE": "tertiary"})
    assert by_field["TOTAL"] == found["TOTAL"]


@pytest.mark.parametrize(
    "options, horizon",
    [
        ({"FORMULA": PRODUCT, "MODEL": SDM, "EFFECTS": BOTH, "LAGGED": ["tertiary"]}, None),
        ({"MODEL": SAR, "EFFECTS": RANDOM}, None),
        ({"MODEL": SDM, "EFFECTS": BOTH, "DYNAMIC": 3}, "short-run"),
        ({"MODEL": SDM, "EFFECTS": BOTH, "DYNAMIC": 3, "HORIZON": 1}, "long-run"),
        (
            {
                "FORMULA": "log(inflow) ~ log(tertiary) + log(gdp)",
                "MODEL": IV,
                "EFFECTS": ENTITY,
                "ENDOGENOUS": ["gdp"],
                "INSTRUMENTS": ["primary"],
            },
            None,
        ),
    ],
)
def test_scenarios(layers, tmp_path, options, horizon):
    path = tmp_path / "report.html"
    given = {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], **options}
    run("regression", {**given, "HTML": str(path), "TESTS": 0})
    change = {"column": "tertiary", "by": 2, "where": "Guangzhou"}
    theirs = in_python(path.read_text(), "log(gdp)", change)["scenario"]
    change = {"CHANGED": "tertiary", "HOW": 0, "AMOUNT": 2, "WHERE": "\"city\" = 'Guangzhou'", "DRAWS": 200}
    columns = columns_of(run("scenario", {**given, **change})["OUTPUT"])
    key = next(name for name in ("city", "unit", "index") if name in theirs)
    kept = [
        row for row in range(len(theirs["change"])) if horizon is None or theirs["horizon"][row] == horizon
    ]
    for part in ("change", "own", "spilled_over"):
        expected = {theirs[key][row]: theirs[part][row] for row in kept}
        mine = columns[part]
        np.testing.assert_allclose(mine, [expected[city] for city in columns["city"].tolist()], atol=1e-7)
    assert len(kept) == 307 and np.abs(columns["change"]).max() > 1e-3


@pytest.mark.parametrize(
    "tool, options, words",
    [
        ("regression", {"MODEL": SAR, "LAGGED": ["gdp"]}, "SpatialLag has no spatial lags of regressors"),
        ("regression", {"LAGGED": ["digital"]}, "No regressor is made of the field 'digital'"),
        (
            "regression",
            {"FORMULA": "log(inflow) ~ gdp + tertiary:digital", "LAGGED": ["digital"]},
            "is a product with other fields too",
        ),
        ("regression", {"MODEL": SLX, "DYNAMIC": 1}, "Dynamics exist for SDM and SAR only"),
        ("regression", {"MODEL": SDM, "DYNAMIC": 1, "EFFECTS": RANDOM}, "no random effects here"),
        ("effects_map", {"MODEL": SDM, "HORIZON": 1}, "A long run exists with dynamics only"),
        ("scenario", {"HORIZON": 1, "CHANGED": "gdp"}, "A long run exists with dynamics only"),
        ("regression", {"EFFECTS": RANDOM, "COVARIANCE": 2}, "random"),
        ("regression", {"ENDOGENOUS": ["gdp"]}, "takes every regressor for exogenous"),
        ("regression", {"MODEL": IV, "ENDOGENOUS": ["gdp"]}, "instruments"),
        (
            "regression",
            {"MODEL": IV, "ENDOGENOUS": ["digital"]},
            "No regressor is made of the field 'digital'",
        ),
        ("regression", {"MODEL": IV, "INSTRUMENTS": ["gdp"]}, "The instruments gdp are in the model already"),
        ("regression", {"MODEL": IV, "COVARIANCE": 1}, "no expected information"),
        ("regression", {"MODEL": IV, "EFFECTS": RANDOM}, "effects"),
        ("regression", {"AT": "digital"}, "gives no values of a moderator"),
        ("regression", {"AT": "digital = 1"}, "needs a model with interactions"),
        ("regression", {"FORMULA": PRODUCT, "AT": "gdp = 1"}, "in no interaction of the model"),
        ("effects_map", {"FORMULA": PRODUCT, "VARIABLE": "beds"}, "There is no regressor 'beds'"),
        ("regression", {"FORMULA": "log(inflow) ~ gdp:gdp"}, "multiplies a term with itself"),
        (
            "scenario",
            {"MODEL": IV, "INSTRUMENTS": ["digital"], "CHANGED": "digital"},
            "no regressor of the field",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(layers, tool, options, words):
    given = {**PANELS, "INPUT": layers["panel"], "UNITS": layers["cities"], "EFFECTS": ENTITY, **options}
    assert words in said(tool, given)


def test_what_a_panel_lacks_is_said(layers):
    given = {"INPUT": layers["cities"], "Y": "gdp_per_capita", "X": ["population"], "OUTPUT": "memory:"}
    assert "Dynamics need a panel" in said("regression", {**given, "DYNAMIC": 1})
    assert "Effects need a panel" in said("regression", {**given, "EFFECTS": RANDOM})
    assert "the field of units beside" in said("regression", {**given, "PERIOD": "city"})
    table = {**PANELS, "INPUT": layers["panel"]}
    assert "The table has no geometry" in said("regression", table)
    for name in ("UNIT", "UNITS_ID"):
        lacking = {**table, "UNITS": layers["cities"], name: None}
        assert "Give the field of units of the table" in said("regression", lacking)


@pytest.fixture
def holes(layers, tmp_path):
    """The panel without some rows, and the panel without some outcomes, as files."""
    from qgis.core import QgsVectorLayer

    head, *rows = PANEL.read_text(encoding="utf-8").splitlines()
    place = head.split(",").index("inflow")
    lost = set(np.random.default_rng(1).choice(len(rows), len(rows) // 20, replace=False).tolist())
    less = [row for number, row in enumerate(rows) if number not in lost]
    blank = []
    for number, row in enumerate(rows):
        cells = row.split(",")
        cells[place] = "" if number in lost else cells[place]
        blank.append(",".join(cells))
    made = {}
    for name, kept in (("absent", less), ("outcome", blank)):
        file = tmp_path / f"{name}.csv"
        file.write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
        made[name] = QgsVectorLayer(
            f"file://{file}?type=csv&detectTypes=yes&geomType=none", name, "delimitedtext"
        )
    yield made
    made.clear()


@pytest.mark.parametrize(
    "name, options",
    [
        ("absent", {"MODEL": SDM, "EFFECTS": ENTITY, "MISSING": 1}),
        ("absent", {"MODEL": SEM, "EFFECTS": BOTH, "MISSING": 1, "CORRECTION": 1}),
        ("outcome", {"MODEL": SAR, "EFFECTS": ENTITY, "MISSING": 1}),
        ("outcome", {"MODEL": SDM, "EFFECTS": ENTITY, "MISSING": 2}),
    ],
)
def test_panels_with_holes(layers, holes, tmp_path, name, options):
    path, variable = tmp_path / "report.html", "log(tertiary)"
    given = {**PANELS, "INPUT": holes[name], "UNITS": layers["cities"], **options, "VARIABLE": variable}
    found = run("regression", {**given, "HTML": str(path)})
    change = {"column": "tertiary", "by": 2, "where": "Guangzhou"}
    theirs = in_python(path.read_text(), variable, change)
    np.testing.assert_allclose(found["LOGLIK"], theirs["loglik"], rtol=1e-9)
    effects = theirs["effects"][""]
    mine = [found[each] for each in ("DIRECT", "INDIRECT", "TOTAL")]
    np.testing.assert_allclose(mine, effects["mean"], atol=1e-7)
    columns = columns_of(found["OUTPUT"])
    rows = list(zip(columns["city"].tolist(), map(str, columns["year"].tolist()), strict=True))
    residual = {(city, year): value for city, year, value in theirs["residual"]}
    expected = [residual.get(row, np.nan) for row in rows]
    np.testing.assert_allclose(columns["residual"], expected, atol=1e-7)
    stacked = options["MISSING"] == 1
    keys = [str((city, int(year))) if stacked else city for city, year in rows]
    expected = [effects["local"]["received"].get(key, np.nan) for key in keys]
    assert np.isfinite(expected).sum() > 3000
    np.testing.assert_allclose(columns["received"], expected, atol=1e-7)
    unknown = np.isnan(columns["inflow"].astype(float))
    assert unknown.any() == (name == "outcome")
    if not stacked:
        np.testing.assert_array_equal(np.isfinite(columns["predicted"]), unknown)
        assert (columns["predicted_std_error"][unknown] > 0).all()
    seen = run(
        "scenario", {**given, "CHANGED": "tertiary", "HOW": 0, "AMOUNT": 2, "WHERE": "\"city\" = 'Guangzhou'"}
    )
    columns, scenario = columns_of(seen["OUTPUT"]), theirs["scenario"]
    key = next(each for each in ("city", "unit", "index") if each in scenario)
    expected = dict(zip(scenario[key], scenario["change"], strict=True))
    mine = dict(zip(columns["city"].tolist(), columns["change"].tolist(), strict=True))
    assert set(mine) >= set(expected)
    np.testing.assert_allclose([mine[city] for city in expected], list(expected.values()), atol=1e-7)
    assert run("effects_map", given)["OUTPUT"].featureCount() == len(mine)


def test_holes_are_refused_unless_something_is_said_of_them(layers, holes):
    given = {**PANELS, "INPUT": holes["absent"], "UNITS": layers["cities"]}
    assert "rows of the panel are missing" in said("regression", given)
    assert "correction='none'" in said("regression", {**given, "MISSING": 1, "EFFECTS": BOTH})
    assert "panel without holes" in said("regression", {**given, "MISSING": 1, "MODEL": IV})
    assert "panel without holes" in said("regression", {**given, "CORRECTION": 1, "MODEL": IV})
    assert "lack a regressor" in said("regression", {**given, "MISSING": 2})
    outcome = {**given, "INPUT": holes["outcome"], "MISSING": 2}
    assert "missing='likelihood'" in said("regression", {**outcome, "MODEL": SEM})


def lattice(columns, periods=1):
    """A layer of 5 x 5 squares, once a period."""
    from spatialhealth.qgis import memory_layer

    corners = [
        [(i + a, j + b) for a, b in ((0, 0), (0, 1), (1, 1), (1, 0), (0, 0))]
        for i in range(5)
        for j in range(5)
    ]
    squares = [
        struct.pack("<BIII10d", 1, 3, 1, 5, *(number for corner in each for number in corner))
        for each in corners
    ]
    return memory_layer(squares * periods, columns, "squares", "EPSG:3857")


def test_coefficients_stand_where_instruments_leave_the_interval_of_rho(tools, tmp_path):
    x, y = np.random.default_rng(3).normal(size=(2, 25))
    layer, path = lattice({"y": y, "x": x}), tmp_path / "report.html"
    given = {"INPUT": layer, "Y": "y", "X": ["x"], "MODEL": IV, "WEIGHTS": 1, "OUTPUT": "memory:"}
    found = run("regression", {**given, "HTML": str(path)})
    columns = columns_of(found["OUTPUT"])
    assert found["RHO"] > 1 and np.isnan(found["TOTAL"]) and "received" not in columns
    assert np.isfinite(columns["residual"]).all() and "model.impacts" not in path.read_text()
    for tool, more in (("effects_map", {}), ("scenario", {"CHANGED": "x"})):
        assert "interval" in said(tool, {**given, **more})


def test_what_is_not_stable_has_no_long_run(tools):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 25)), np.zeros((6, 25))
    y[0] = rng.normal(size=25)
    for t in range(1, 6):
        y[t] = 1.3 * y[t - 1] + x[t] + 0.3 * rng.normal(size=25)
    columns = {
        "y": y.ravel(),
        "x": x.ravel(),
        "unit": np.tile(np.arange(25), 6),
        "year": np.repeat(np.arange(6), 25),
    }
    given = {"INPUT": lattice(columns, 6), "Y": "y", "X": ["x"], "MODEL": SAR, "WEIGHTS": 1, "DYNAMIC": 1}
    given |= {"UNIT": "unit", "PERIOD": "year", "OUTPUT": "memory:"}
    assert run("regression", given)["TAU"] > 1.2
    assert np.isfinite(run("scenario", {**given, "CHANGED": "x"})["MEAN_CHANGE"])
    for tool, more in (("regression", {}), ("effects_map", {}), ("scenario", {"CHANGED": "x"})):
        assert "not stable" in said(tool, {**given, **more, "HORIZON": 1})
    assert "spectral radius" in said("regression", {**given, "EFFECTS": ENTITY})


def test_a_test_that_cannot_be_made_says_why(tools, tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "report.html"
    x, always = rng.normal(size=(4, 25)), np.tile(rng.normal(size=25), (4, 1))
    y = x + always + rng.normal(size=25) + 0.5 * rng.normal(size=(4, 25))
    columns = {name: each.ravel() for name, each in (("y", y), ("x", x), ("always", always))}
    columns |= {"unit": np.tile(np.arange(25), 4), "year": np.repeat(np.arange(4), 25)}
    given = {"INPUT": lattice(columns, 4), "Y": "y", "X": ["x", "always"], "UNIT": "unit", "PERIOD": "year"}
    given |= {"MODEL": SAR, "EFFECTS": RANDOM, "WEIGHTS": 1, "OUTPUT": "memory:", "HTML": str(path)}
    assert np.isfinite(run("regression", given)["TOTAL"])
    page = html.unescape(path.read_text())
    assert "Not tested: " in page and "always" in page.split("Not tested: ")[1].split("</p>")[0]
    assert "hausman(" not in page


def test_a_warning_of_several_models_of_the_same_data_is_given_once(tools, tmp_path):
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    class Heard(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.warnings = []

        def pushWarning(self, text):
            self.warnings.append(text)

    x, y = np.random.default_rng(3).normal(size=(2, 25))
    file = tmp_path / "links.csv"
    rows = [f"{unit},{unit + step},1" for unit in range(1, 24) for step in (-1, 1) if 0 < unit + step < 24]
    file.write_text("\n".join(["focal,neighbor,weight", *rows]) + "\n")
    given = {"INPUT": lattice({"y": y, "x": x}), "Y": "y", "X": ["x"], "MODEL": SAR, "WEIGHTS": 4}
    given |= {"LINKS": str(file), "OUTPUT": "memory:", "HTML": str(tmp_path / "report.html")}
    heard, tool = Heard(), QgsApplication.processingRegistry().createAlgorithmById("spatialhealth:regression")
    _, done = tool.run(given, QgsProcessingContext(), heard)
    assert done and sum("They get no spillover" in each for each in heard.warnings) == 1
    assert "LM lag" in (tmp_path / "report.html").read_text()  # from a second model of the same data


@pytest.mark.parametrize("name", ["regression", "effects_map", "scenario"])
def test_parameters_say_what_they_do_and_rare_ones_stand_under_advanced(tools, name):
    from qgis.core import QgsProcessingParameterDefinition

    advanced = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    tool = next(each for each in tools.algorithms() if each.name() == name)
    asked = [each for each in tool.parameterDefinitions() if not each.isDestination()]
    rare = {each.name() for each in asked if each.flags() & advanced}
    assert rare >= {"LAGGED", "DYNAMIC", "HORIZON", "ENDOGENOUS", "INSTRUMENTS", "MISSING", "CORRECTION"}
    assert len(asked) - len(rare) <= 14
    for each in asked:
        assert each.help() and each.help() in each.toolTip(), each.name()
    assert len(tool.shortHelpString()) > 200
