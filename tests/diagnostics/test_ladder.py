"""The ladder: the model it leads to, its table, its words; in data whose model is known."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.diagnostics import Rung, Statistic
from spatialhealth.diagnostics.ladder_words import suggestion
from spatialhealth.errors import OptionError, SpatialHealthWarning
from tests import cases, small


@pytest.fixture(scope="module")
def cigarettes():
    data, W = cases.panel("cigar")
    return sh.diagnostics.ladder(cases.PANELS["cigar"][0], data, W, effects="two-way")


@pytest.fixture(scope="module")
def columbus():
    return sh.diagnostics.ladder("CRIME ~ INC + HOVAL", cases.columbus(), cases.columbus_weights("queen"))


def simulated(model, seed=0, rho=0.5, theta=(1.0, 1.0), n=100, periods=4):
    """A panel with two-way effects of a known model on a lattice."""
    rng = np.random.default_rng(seed)
    W = small.lattice(10, n // 10)
    X, e = rng.normal(size=(periods, n, 2)), rng.normal(size=(periods, n))
    lags = np.einsum("ij,tjk->tik", W, X)
    inverse = np.linalg.inv(np.eye(n) - rho * W)
    effects = rng.normal(size=n) + rng.normal(size=(periods, 1))
    signal = X @ [1.0, 1.0] + effects
    Y = {
        "OLS": signal + e,
        "SLX": signal + lags @ theta + e,
        "SAR": (signal + e) @ inverse.T,
        "SEM": signal + e @ inverse.T,
        "SDM": (signal + lags @ theta + e) @ inverse.T,
    }[model]
    return (small.ids(n), W), small.table(Y, X)


@pytest.mark.parametrize("model", ["OLS", "SLX", "SAR", "SEM", "SDM"])
def test_it_leads_to_the_model_behind_the_data(model):
    """At one per cent, in five samples each: all of them, but for one that chance may take."""
    found = []
    for seed in range(5):
        weights, data = simulated(model, seed)
        found.append(sh.diagnostics.ladder("y ~ x + z", data, weights, effects="two-way", level=0.01).choice)
    assert found.count(model) >= 4, found


def test_cigarettes_lead_to_the_durbin_model(cigarettes):
    assert cigarettes.choice == "SDM" and isinstance(cigarettes.suggested, sh.SpatialDurbin)
    assert cigarettes["LR SpatialLag in SpatialDurbin"].reject(0.05)
    assert cigarettes["Wald SpatialError in SpatialDurbin"].reject(0.05)
    assert [rung.key for rung in cigarettes.rungs] == ["space", "effects", "lm", "SAR", "SEM", "SLX"]


def test_columbus_leads_to_the_lag_model(columbus):
    assert columbus.choice == "SAR" and columbus.suggested.rho_ == pytest.approx(0.4038897, abs=1e-6)
    assert [rung.key for rung in columbus.rungs] == ["space", "lm", "SAR", "SEM", "SLX"]


def test_its_tests_are_those_of_the_functions(cigarettes):
    data, W = cases.panel("cigar")
    alone = sh.diagnostics.lm(cases.PANELS["cigar"][0], data, W, effects="two-way")
    assert cigarettes["robust LM error"].value == pytest.approx(alone["robust LM error"].value, rel=1e-12)
    models = cigarettes.models
    assert cigarettes["LR SLX in SpatialDurbin"].value == pytest.approx(
        2 * (models["SDM"].loglik_ - models["SLX"].loglik_), rel=1e-12
    )


@pytest.mark.parametrize("effects", ["none", "entity", "two-way"])
def test_a_fitted_model_brings_its_data_and_options(effects):
    data, W = cases.panel("cigar")
    formula, options = cases.PANELS["cigar"][0], {"effects": effects, "cov_type": "robust"}
    whole = sh.diagnostics.ladder(formula, data, W, **options)
    model = sh.SpatialLag(W, **options).fit_formula(formula, data)
    found = sh.diagnostics.ladder(model)
    assert found.choice == whole.choice and found.words == whole.words
    assert [test.name for test in found.statistics] == [test.name for test in whole.statistics]
    values = [[test.value for test in each.statistics] for each in (found, whole)]
    np.testing.assert_allclose(*values, rtol=1e-8)
    alone = sh.diagnostics.redundant_effects(model)
    assert alone["F time"].value == pytest.approx(whole["F time"].value, rel=1e-9)


def test_a_formula_needs_data_and_weights():
    data, W = cases.panel("cigar")
    formula = cases.PANELS["cigar"][0]
    for given, absent in (((formula,), "data is missing"), ((formula, data), "weights is missing")):
        with pytest.raises(OptionError, match=absent):
            sh.diagnostics.ladder(*given)
        with pytest.raises(OptionError, match=absent):
            sh.diagnostics.redundant_effects(*given)
    random = sh.SpatialLag(W, effects="random").fit_formula(formula, data)
    with pytest.raises(OptionError, match="effects='random'"):
        sh.diagnostics.ladder(random)


def test_table(cigarettes):
    table = cigarettes.table
    assert list(table.columns) == [
        "rung", "question", "test", "statistic", "df", "p_value", "p_holm", "decision", "distribution", "null",
        "reason",
    ]  # fmt: skip
    assert len(table) == len(cigarettes.statistics) == 16 and table["test"].is_unique
    assert set(table["decision"]) == {"rejected", "not rejected"}
    assert ((table["p_value"] < 0.05) == (table["decision"] == "rejected")).all()


def test_decisions(columbus):
    assert columbus.decisions["Lag, error or lagged regressors?"] == (
        "Rejected: LM lag, LM error, LM SARMA, LM WX. Not rejected: robust LM lag, robust LM error."
    )
    assert len(columbus.decisions) == len(columbus.rungs)


def test_holm_by_its_definition(columbus):
    raw, adjusted = np.array([test.p_value for test in columbus.statistics]), np.array(columbus.holm)
    order = np.argsort(raw)
    running = 0.0
    for place, j in enumerate(order):
        running = max(running, min(1.0, (len(raw) - place) * raw[j]))
        assert adjusted[j] == pytest.approx(running, rel=1e-12)


def test_words_of_a_cross_section(columbus):
    words = columbus.words
    for part in (
        "The outcome is CRIME, of 49 units; every test is made at the 5 per cent level.",
        "autocorrelated in space (Moran's I = 0.2124, z = 2.68, p = 0.007)",
        "a spatial lag (LM lag = 7.8557, df = 1, p = 0.005)",
        "The reduction of SDM to SAR, without lagged regressors, is not rejected by the likelihood ratio "
        "(2.3043, df = 2, p = 0.316)",
        "The tests lead to the spatial lag model (SAR), as theta = 0 is not rejected and the LM tests point to a",
        "These are 13 tests on one set of data",
        "no longer rejected once Holm's correction allows for all of them: Moran's I, LM lag",
    ):
        assert part in words
    assert "lack the effects" not in words


def test_words_say_which_effects_are_lacking():
    data, W = cases.panel("cigar")
    formula = cases.PANELS["cigar"][0]
    pooled = sh.diagnostics.ladder(formula, data, W).words
    assert "lack the effects of units and of periods" in pooled and "with effects='two-way'" in pooled
    assert "Baltagi, Song and Koh's tests reject the absence of" in pooled
    entity = sh.diagnostics.ladder(formula, data, W, effects="entity").words
    assert "lack the effects of periods that" in entity and "with effects='two-way'" in entity


def test_forms(columbus):
    text = str(columbus)
    assert (
        text.startswith("Suggested: SAR, as theta = 0 is not rejected")
        and max(map(len, text.splitlines())) < 170
    )
    html = columbus._repr_html_()
    assert "<li>Lag, error or lagged regressors? Rejected: LM lag, LM error, LM SARMA, LM WX. Not" in html
    latex = columbus.to_latex()
    assert latex.count(r"\\") == 1 + len(columbus.statistics) and r"\textless{}" not in latex.splitlines()[2]
    pd.testing.assert_frame_equal(columbus.to_frame(), columbus.table)
    with pytest.raises(OptionError, match=r"There is no test 'LM' on this ladder.*It has: Moran's I, LM lag"):
        columbus["LM"]


def test_isolates_leave_the_common_factor_undecided():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        found = sh.diagnostics.ladder(
            "CRIME ~ INC + HOVAL", cases.columbus(), cases.columbus_weights("island")
        )
    test = found["LR SpatialError in SpatialDurbin"]
    assert not test.applies and "restricts the lag of the constant" in test.reason
    # both tests of SEM fall for one reason, which is told once
    assert found.choice == "SAR"
    assert found.words.count("The likelihood ratio and the Wald test decide nothing: SpatialError is no") == 1
    assert "decides nothing" not in found.words and "wald:" not in found.words
    assert found.table.set_index("test").loc[test.name, "decision"] == "none"


def test_robust_covariances_let_wald_decide():
    weights, data = simulated("SAR", seed=1)
    plain = sh.diagnostics.ladder("y ~ x + z", data, weights, effects="entity")
    robust = sh.diagnostics.ladder("y ~ x + z", data, weights, effects="entity", cov_type="robust")
    name = "Wald SpatialLag in SpatialDurbin"
    assert robust[name].value == pytest.approx(sh.diagnostics.wald(robust.models["SDM"], "SpatialLag").value)
    assert robust[name].value != pytest.approx(plain[name].value, rel=1e-3)


def rungs(**p_values):
    """Rungs with given p values; the value of a test is the smaller, the larger its p value."""
    tests = [Statistic(name, 1 - p, p, "n", "d") for name, p in p_values.items()]
    return (Rung("lm", "?", tuple(tests)),)


def test_what_no_test_can_tell_is_not_called_rejected():
    names = {"LM lag": Y, "LM error": Y, "robust LM lag": Y, "robust LM error": Y, "LM WX": Y}
    names |= {f"LR {model} in SpatialDurbin": Y for model in ("SpatialLag", "SpatialError", "SLX")}
    assert suggestion(rungs(**names), 0.05, "LR") == ("SDM", "as neither SAR nor SEM is enough")
    del names["LR SpatialError in SpatialDurbin"]
    why = "as SAR is not enough and no test can tell whether SEM is"
    assert suggestion(rungs(**names), 0.05, "LR") == ("SDM", why)
    del names["LR SpatialLag in SpatialDurbin"]
    assert suggestion(rungs(**names), 0.05, "LR") == (
        "SDM",
        "as no test can tell whether SAR or SEM is enough",
    )


def chosen(lag, error, robust_lag, robust_error, wx, sar, sem, slx, decide="LR"):
    names = {
        "LM lag": lag, "LM error": error, "robust LM lag": robust_lag, "robust LM error": robust_error, "LM WX": wx,
        "LR SpatialLag in SpatialDurbin": sar, "LR SpatialError in SpatialDurbin": sem,
        "LR SLX in SpatialDurbin": slx,
    }  # fmt: skip
    return suggestion(rungs(**names), 0.05, decide)[0]


Y, N = 0.001, 0.9


@pytest.mark.parametrize(
    ("p_values", "model"),
    [
        ((N, N, N, N, N, N, N, N), "OLS"),
        ((N, N, N, N, Y, Y, Y, N), "SLX"),
        ((N, N, N, N, Y, Y, Y, Y), "SDM"),
        ((Y, Y, Y, N, N, N, Y, Y), "SAR"),
        ((Y, Y, N, Y, N, N, Y, Y), "SDM"),  # theta = 0 is kept, the LM tests point to an error
        ((Y, Y, N, Y, N, Y, N, Y), "SEM"),
        ((Y, Y, Y, N, N, Y, N, Y), "SDM"),  # the common factor is kept, the LM tests point to a lag
        ((Y, Y, Y, N, N, N, N, Y), "SAR"),
        ((Y, Y, N, Y, N, N, N, Y), "SEM"),
        ((Y, Y, Y, Y, Y, Y, Y, Y), "SDM"),
        ((Y, Y, Y, Y, Y, Y, Y, N), "SLX"),  # the lagged regressors take up what the LM tests found
        ((Y, N, N, N, N, N, Y, Y), "SAR"),  # the robust tests are silent, the plain ones decide
    ],
)
def test_rules(p_values, model):
    assert chosen(*p_values) == model


def test_bad_options():
    weights, data = simulated("OLS")
    with pytest.raises(OptionError, match="effects='random' is not an option"):
        sh.diagnostics.ladder("y ~ x", data, weights, effects="random")
    with pytest.raises(OptionError, match="ladder: level=5 must lie strictly between 0 and 1"):
        sh.diagnostics.ladder("y ~ x", data, weights, level=5)


def test_simulated_data_are_called_simulated():
    weights, data = simulated("OLS")
    data.attrs["source"] = "simulated"
    steps = sh.diagnostics.ladder("y ~ x + z", data, weights)
    assert "The outcome is y (simulated), of 100 units in 4 periods" in steps.words
    model = steps.models["OLS"]
    tables = [sh.diagnostics.lm(model), sh.diagnostics.moran(model), sh.diagnostics.bsk(model),
              sh.diagnostics.heteroskedasticity(model), sh.diagnostics.lm(steps.models["SAR"]),
              sh.diagnostics.redundant_effects("y ~ x + z", data, weights),
              sh.diagnostics.moran(data["y"], weights, permutations=0)]  # fmt: skip
    assert all("y (simulated)" in table.title for table in tables)
