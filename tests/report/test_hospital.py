"""The four questions: found where they are true, with the truth inside the intervals, and not where they are not."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

import spatialhealth as sh
from spatialhealth.errors import StudyError
from spatialhealth.report.fitting import Fit
from spatialhealth.report.hospital.attract import attraction_of
from spatialhealth.report.hospital.differ import subset_of
from spatialhealth.report.hospital.empower import empowerment_of
from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import study_of
from tests.refusal import refusal
from tests.report.null_panel import null_panel

EXAMPLES = Path(__file__).parents[2] / "examples"
KEPT = (
    "Gravity",
    "Placebo: contiguity shuffled",
    "Instrumented by the year before",
    "Regressors of the year before",
)


def example():
    """The study of the simulated panel, with four of its alternatives and fewer bootstrap samples."""
    content = tomllib.loads((EXAMPLES / "china_cities" / "study.toml").read_text(encoding="utf-8"))
    content["robustness"] = [each for each in content["robustness"] if each["name"] in KEPT]
    content["hospital"]["imbalance"]["samples"] = 99
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hospital")


@pytest.fixture(scope="module")
def results(folder):
    return sh.Study(example()).run(folder / "one")


@pytest.fixture(scope="module")
def truth():
    """What the simulation knows, at the means of digital and port_developed."""
    params, panel = sh.datasets.load_truth()["params"], sh.datasets.load_panel()
    digital, port = panel["digital"].mean(), panel["port_developed"].mean()
    beta = params["log(tertiary)"] + params["log(tertiary):digital"] * digital
    beta += params["log(tertiary):port_developed"] * port
    theta, rho = params["W:log(tertiary)"], params["rho"]
    W = sh.weights.as_links(sh.weights.contiguity(sh.datasets.load_cities()))[1].toarray()
    inverse = np.linalg.inv(np.eye(len(W)) - rho * W)
    direct = beta * np.trace(inverse) / len(W) + theta * np.trace(inverse @ W) / len(W)
    total = (beta + theta) / (1 - rho)
    widening = 9 - 3 * digital  # the gap is 6 + 3 less (2 + 1) digital
    return {
        ("attraction", "direct"): direct,
        ("attraction", "indirect"): total - direct,
        ("attraction", "total"): total,
        ("imbalance", "total effect of log(inflow)"): widening,
        ("imbalance", "path"): total * widening,
        ("heterogeneity", "total"): params["log(tertiary):port_developed"] / (1 - rho),
        ("empowerment", "total effect of tertiary hospitals"): params["log(tertiary):digital"] / (1 - rho),
        ("empowerment", "total effect of log(inflow)"): -3.0,
    }


def test_all_four_findings_are_found_with_the_truth_inside(results, truth):
    answers = results.hospital.answers
    for (finding, start), value in truth.items():
        mine = [each for each in answers if each.finding == finding and each.what.startswith(start)]
        assert len(mine) == 1, (finding, start)
        assert mine[0].ci_low < value < mine[0].ci_high, (finding, start)
    assert all(each.holds for each in answers)
    assert len(answers) == len(truth) + 1  # and the mean gap, which has no parameter


def test_the_answers_are_those_of_the_api(results):
    main = results.main.model
    panel = sh.datasets.load_panel()
    at = {name: float(f"{panel[name].mean():.4g}") for name in ("digital", "port_developed")}
    effects = main.impacts(at=at)
    high = effects.variables[0]
    contrast = effects.contrast(f"{high} - log(primary)")
    found = [each.estimate for each in results.hospital.answers if each.finding == "attraction"]
    np.testing.assert_allclose(found, contrast["estimate"])
    assert results.hospital.attraction.at == at


def test_files_are_the_same_twice(results, folder):
    sh.Study(example()).run(folder / "two")
    first, second = (folder / name / "results.json" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    assert (folder / "one" / "report.html").read_bytes() == (folder / "two" / "report.html").read_bytes()
    numbers = json.loads(first.read_text(encoding="utf-8"))
    assert numbers["hospital"]["answers"][2]["estimate"] == pytest.approx(
        results.hospital.answers[2].estimate
    )
    for name in numbers["files"]:
        assert (folder / "one" / name).is_file()
    for figure in ("specifications", "hospital_scenarios", "hospital_over_time", "hospital_triage"):
        assert f"figures/{figure}.png" in numbers["files"]


def test_the_page_answers_in_words(results, folder):
    page = (folder / "one" / "report.html").read_text(encoding="utf-8")
    assert "Is the pull of tertiary hospitals greater than that of primary care? The data say so" in page
    assert "simulated" in page
    assert "1. Attraction by tier" in page
    assert "The shares of the policy are assumptions" in page


def test_alternatives_of_every_kind(results):
    totals = {fit.name: fit for fit in results.alternatives}
    placebo = totals["Placebo: contiguity shuffled"].model
    assert (
        abs(placebo.rho_) < 3 * placebo.std_errors_["rho"] + 0.1
    )  # no feedback between units that touch nobody
    lagged = totals["Regressors of the year before"].model.result_
    assert lagged.periods.tolist() == list(range(2012, 2022))
    panel = sh.datasets.load_panel()
    expected = np.log(panel["tertiary"]).unstack()[2011].loc[list(lagged.units)]
    place = lagged.regressors.index("log(tertiary)")
    np.testing.assert_allclose(totals["Regressors of the year before"].model._table.x[0, :, place], expected)
    instrumented = totals["Instrumented by the year before"].model
    assert type(instrumented).__name__ == "SpatialIV"
    assert instrumented.get_params()["instruments"] == ["log(tertiary_lag1)"]


NULL = {
    "title": "Nothing",
    "data": {"dataset": "hospital_panel"},
    "weights": {"kind": "contiguity"},
    "model": {
        "estimator": "SpatialDurbin",
        "formula": "log(inflow) ~ log(tertiary) + log(primary) + digital + log(tertiary):digital",
        "effects": "two-way",
    },
    "hospital": {
        "high": "log(tertiary)",
        "primary": "log(primary)",
        "subset": {"flag": "port_developed", "name": "port-developed provinces"},
        "moderator": {"column": "digital", "at": [0.0, 1.0]},
    },
}


def null_answers(seed, study, provinces, years):
    layer, panel = null_panel(seed, provinces, years)
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(layer), effects="two-way")
    model = model.fit_formula(study.content["model"]["formula"], panel)
    main = Fit("Main model", "", StudyData("null", layer, panel, simulated=True), model, model.impacts(), ())
    answers = []
    attraction = attraction_of(study, main, answers)
    subset_of(study, main, answers)
    empowerment_of(study, main, attraction, None, answers)
    return answers


def test_nothing_is_found_where_there_is_nothing():
    """Rejections at 5 % in 80 panels whose true effects are all zero are as rare as they should be."""
    study = study_of(NULL)
    provinces, years = ["Guangdong", "Fujian", "Jiangxi", "Hunan", "Guangxi", "Hubei"], range(2014, 2022)
    draws = 80
    rejected = {}
    for seed in range(draws):
        for each in null_answers(seed, study, provinces, years):
            rejected.setdefault(each.what, []).append(each.p_value < 0.05)
    assert len(rejected) == 5
    most = binom.ppf(0.9995, draws, 0.05)
    for what, found in rejected.items():
        assert sum(found) <= most, (what, sum(found))
    assert sum(map(sum, rejected.values())) > 0  # a test that never rejects is none


@pytest.mark.parametrize(
    ("change", "path", "parts"),
    [
        ({"high": "log(beds)"}, "hospital.high", ["'log(beds)'", "There are"]),
        ({"moderator": {"column": "gdp2", "at": [0]}}, "hospital.moderator.column", ["no column 'gdp2'", "'gdp'"]),
        ({"moderator": {"column": "digital", "at": []}}, "hospital.moderator.at", ["list of numbers"]),
        ({"subset": {"flag": "tertiary", "name": "x"}}, "hospital.subset.flag", ["zeros and ones"]),
        ({"subset": {"flag": "coast", "name": "x"}}, "hospital.subset.flag", ["no column 'coast'"]),
        ({"subset": {"name": "x"}}, "hospital.subset", ["one of flag", "where_units"]),
        ({"subset": {"where_units": "population > 0", "name": "x"}}, "hospital.subset", ["all units or for none"]),
        ({"scenarios": [{"name": "a", "column": "tertiery", "by": 1}]}, "hospital.scenarios[1]", ["'tertiery'"]),
        ({"scenarios": [{"name": "a"}]}, "hospital.scenarios[1]", ["name a column"]),
        ({"scenarios": [{"name": "a", "column": "gdp", "by": 1}]}, "hospital.scenarios[1]", ["changes nothing"]),
        (
            {"scenarios": [{"name": "a", "rollout": {"coverage": 1.5}}]},
            "hospital.scenarios[1].rollout.coverage",
            ["from 0 to 1"],
        ),
        (
            {"scenarios": [{"name": "a", "column": "tertiary", "by": 1, "where_units": "nowhere == 1"}]},
            "hospital.scenarios[1].where_units",
            ["nowhere"],
        ),
        (
            {"triage": {"coverage": 0.5, "sensitivity": 1.2, "specificity": 0.5, "share_mild": 0.3,
                        "capacity_high": "a", "capacity_primary": "b"}},
            "hospital.triage.sensitivity",
            ["from 0 to 1"],
        ),
        (
            {"triage": {"coverage": 0.5, "sensitivity": 0.9, "specificity": 0.5, "share_mild": 0.3,
                        "capacity_high": "a", "capacity_primary": "b"}},
            "hospital.triage",
            ["[hospital.imbalance]"],
        ),
        (
            {"imbalance": {"high": "beds", "primary": "bed_utilisation_primary", "formula": "gap ~ log(inflow)"}},
            "hospital.imbalance.high",
            ["no column 'beds'"],
        ),
        *(
            (
                {"imbalance": {"high": "bed_utilisation_high", "primary": "bed_utilisation_primary",
                               "formula": "gap ~ log(inflow)", "resource": "tertiary"} | {key: "gdpp"}},
                f"hospital.imbalance.{key}",
                ["no column 'gdpp'", "Did you mean 'gdp'?"],
            )
            for key in ("resource", "people", "income", "groups")
        ),
    ],
)  # fmt: skip
def test_wrong_keys_are_named(change, path, parts):
    content = json.loads(json.dumps(NULL))
    content["hospital"] |= change
    with refusal(StudyError, path, *parts):
        sh.Study(content).run()


GAP = {"high": "bed_utilisation_high", "primary": "bed_utilisation_primary", "formula": "gap ~ log(inflow)"}


@pytest.mark.parametrize(
    ("change", "formula", "path", "parts"),
    [
        (
            {"moderator": {"column": "gdp", "at": [1.0]}}, "",
            "hospital.moderator.column", ["'gdp' is in no product", "with: digital", "log(tertiary):gdp"],
        ),
        (
            {"subset": {"flag": "port_developed", "name": "x"}}, " + log(primary):gdp",
            "hospital.subset.flag", ["'port_developed' is in no product", "multiplies a tier with gdp"],
        ),
        (
            {}, " + log(tertiary):port_developed + log(primary):gdp",
            "model.formula", ["multiplies a tier with gdp", "[hospital.moderator]"],
        ),
        (
            {"imbalance": GAP | {"formula": "gap ~ log(tertiary)"}}, "",
            "hospital.imbalance.formula", ["'log(inflow)' is no regressor of the gap", "Add it to the formula"],
        ),
        (
            {"imbalance": GAP | {"mediator": "log(outflow)"}}, "",
            "hospital.imbalance.mediator", ["'log(outflow)'", "Did you mean 'log(inflow)'?"],
        ),
        (
            {"imbalance": GAP | {"formula": "gap ~ log(inflow) + log(inflow):gdp"}}, "",
            "hospital.imbalance.formula", ["multiplies 'log(inflow)' with gdp", "[hospital.moderator]"],
        ),
        (
            {"imbalance": GAP | {"formula": "gap ~ log(inflow) + log(gdp)"},
             "scenarios": [{"name": "a", "column": "tertiary", "by": 1},
                           {"name": "b", "column": "gdp", "to": 0}]}, " + gdp",
            "hospital.scenarios[2]", ["'log(gdp)' without a finite value"],
        ),
    ],
)  # fmt: skip
def test_products_and_mediators_that_are_not_there_are_named(change, formula, path, parts):
    content = json.loads(json.dumps(NULL))
    content["hospital"] |= change
    content["model"]["formula"] += formula
    if "imbalance" in content["hospital"]:
        content["hospital"]["imbalance"]["samples"] = 39
    with refusal(StudyError, f"{path}: ", *parts) as caught:
        sh.Study(content).run()
    assert "impacts:" not in str(caught.value)
    assert "mediate:" not in str(caught.value)
