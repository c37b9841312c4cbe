"""Lagrange multiplier tests: against reference figures, dense Gaussian scores, and their size."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError, SpatialHealthWarning
from tests import brute, cases, small
from tests.diagnostics import dense

NAMES = {"LM lag": "LMlag", "LM error": "LMerr", "robust LM lag": "RLMlag", "robust LM error": "RLMerr"}
SPLM = {"LM lag": "lml", "LM error": "lme", "robust LM lag": "rlml", "robust LM error": "rlme"}
PANEL_EFFECTS = {"none": "pooling", "entity": "within_individual", "two-way": "within_twoways"}
# closed forms in double precision on both sides; the pooled LM lag of production (0.117) loses digits by cancelling
EXACT = 1e-9


def reference(case):
    return cases.figures("diagnostics")[case]["brute_force"]


def fit(estimator, W, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        return estimator(W, **options).fit_formula("CRIME ~ INC + HOVAL", cases.columbus())


@pytest.mark.parametrize("name", cases.COLUMBUS_WEIGHTS)
def test_cross_section(name):
    found = sh.diagnostics.lm(fit(sh.SLX, cases.columbus_weights(name), durbin=False))
    expected = reference(f"columbus_{name}")
    for ours, theirs in (*NAMES.items(), ("LM SARMA", "SARMA")):
        assert found[ours].value == pytest.approx(expected[theirs]["statistic"], rel=EXACT)
        assert found[ours].df == expected[theirs]["df"]


@pytest.mark.parametrize("name", cases.COLUMBUS_WEIGHTS)
def test_error_beside_a_fitted_lag(name):
    weights, expected = cases.columbus_weights(name), reference(f"columbus_{name}")
    found = sh.diagnostics.lm(fit(sh.SpatialLag, weights))["LM error given lag"]
    # the reference takes rho from 70 digits
    assert found.value == pytest.approx(expected["LMresid_SAR"]["statistic"], rel=1e-8)
    if name != "invdist_maxeig":  # the reference has the lag of the constant among the regressors there
        found = sh.diagnostics.lm(fit(sh.SpatialDurbin, weights))["LM error given lag"]
        assert found.value == pytest.approx(expected["LMresid_SDM"]["statistic"], rel=1e-8)


@pytest.mark.parametrize("effects", PANEL_EFFECTS)
@pytest.mark.parametrize("name", ["cigar", "produc"])
def test_panels_without_correction(name, effects):
    data, W = cases.panel(name)
    found = sh.diagnostics.lm(cases.PANELS[name][0], data, W, effects=effects, correction="none")
    expected = reference(name)
    for ours, theirs in SPLM.items():
        if effects == "two-way" and theirs != "lme":
            continue  # there the reference follows splm, which leaves the period means of W Z b in: see below
        statistic = expected[f"slmtest_{PANEL_EFFECTS[effects]}_{theirs}"]["statistic"]
        assert found[ours].value == pytest.approx(statistic, rel=EXACT)


@pytest.mark.parametrize("name", ["cigar", "produc"])
def test_two_way_without_correction_equals_dummy_variables(name):
    data, W = cases.panel(name)
    Y, X, _, W_dense = cases.panel_arrays(name)
    T, n = Y.shape
    M, _ = dense.projection(X, "two-way")
    big = np.kron(np.eye(T), W_dense)
    y = Y.reshape(-1)
    e = M @ y
    s2 = e @ e / (n * T)
    left = M @ big @ (y - e)
    spread = T * (np.sum(W_dense**2) + np.sum(W_dense * W_dense.T))
    lag, error = e @ big @ y / s2, e @ big @ e / s2
    total = left @ left / s2 + spread
    found = sh.diagnostics.lm(cases.PANELS[name][0], data, W, effects="two-way", correction="none")
    # the residuals of the dummy variables come from a pseudo-inverse of 1,400 rows
    assert found["LM lag"].value == pytest.approx(lag**2 / total, rel=1e-7)
    assert found["robust LM lag"].value == pytest.approx((lag - error) ** 2 / (total - spread), rel=1e-7)
    splm = reference(name)["slmtest_within_twoways_lml"]["statistic"]
    assert abs(found["LM lag"].value / splm - 1) > 1e-3


def transformed(effects, W, durbin=False, seed=0, T=4):
    Y, X = small.arrays(W, T, seed=seed, rho=0.2)
    Z = brute.design(X, W, slice(None) if durbin else slice(0, 0), effects == "none")
    return (Y, X), brute.transformed(Y, Z, W, effects)


@pytest.mark.parametrize("durbin", [False, True])
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_transformed_panels_against_dense_scores(effects, durbin):
    W = small.lattice(3, 4)
    (Y, X), (Yt, Zt, Wt) = transformed(effects, W, durbin)
    score, information = dense.sarar(Yt, Zt, Wt)
    k = Zt.shape[2]
    beta, rho, lam, s2 = list(range(k)), k, k + 1, k + 2
    expected = {
        "LM lag": dense.lm(score, information, [rho], [*beta, s2]),
        "LM error": dense.lm(score, information, [lam], [*beta, s2]),
        "robust LM lag": dense.robust(score, information, rho, lam, [*beta, s2]),
        "robust LM error": dense.robust(score, information, lam, rho, [*beta, s2]),
        "LM SARMA": dense.lm(score, information, [rho, lam], [*beta, s2]),
    }
    model = sh.SLX((small.ids(12), W), effects=effects, durbin=durbin).fit_arrays(Y, X)
    found = sh.diagnostics.lm(model)
    for name, value in expected.items():
        # numerical derivatives of mean and covariance: step 1e-5, error of its square and of rounding over it
        assert found[name].value == pytest.approx(value, rel=1e-5, abs=1e-7), name


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
@pytest.mark.parametrize(
    "estimator", [sh.SpatialLag, sh.SpatialError, sh.SpatialDurbin, sh.SpatialDurbinError]
)
def test_beside_a_fitted_parameter_against_dense_scores(estimator, effects):
    W = small.lattice(3, 4)
    durbin = estimator in (sh.SpatialDurbin, sh.SpatialDurbinError)
    (Y, X), (Yt, Zt, Wt) = transformed(effects, W, durbin, T=6)
    model = estimator((small.ids(12), W), effects=effects).fit_arrays(Y, X)
    rho, lam = (model.result_.spatial(name) or 0.0 for name in ("rho", "lambda"))
    score, information = dense.sarar(Yt, Zt, Wt, rho, lam)
    k = Zt.shape[2]
    tested, kept = (k + 1, k) if rho else (k, k + 1)
    expected = dense.lm(score, information, [tested], [*range(k), kept, k + 2])
    assert sh.diagnostics.lm(model)[0].value == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_lagged_regressors_are_an_auxiliary_regression():
    W = small.lattice(3, 4)
    Y, X = small.arrays(W, 5)
    model = sh.SLX((small.ids(12), W), effects="entity", durbin=False).fit_arrays(Y, X)
    e = model.result_.residuals.reshape(-1)
    wide = brute.with_dummies(np.concatenate([X, np.einsum("ij,tjk->tik", W, X)], axis=2), "entity").reshape(
        60, -1
    )
    explained = wide @ np.linalg.lstsq(wide, e, rcond=None)[0]
    found = sh.diagnostics.lm(model)["LM WX"]
    assert found.value == pytest.approx(explained @ explained / (e @ e / 48), rel=1e-9)
    assert found.df == 2


def test_units_of_the_data_do_not_matter():
    W = (small.ids(12), small.lattice(3, 4))
    Y, X = small.arrays(W[1], 5)
    one = sh.diagnostics.lm(sh.SLX(W, effects="two-way", durbin=False).fit_arrays(Y, X))
    other = sh.diagnostics.lm(sh.SLX(W, effects="two-way", durbin=False).fit_arrays(1e5 * Y, X * [1e-4, 1e6]))
    for test in one:
        assert other[test.name].value == pytest.approx(test.value, rel=1e-8)


def without_effect(effects, correction, draws=300, T=3, seed=11, W=None):
    """Test statistics of data that have neither lag nor error, but effects."""
    W = small.lattice(6, 6) if W is None else W
    rng, found = np.random.default_rng(seed), []
    operator = sh.SpatialOperator((list(range(36)), W))
    X = rng.normal(size=(T, 36, 1))
    for _ in range(draws):
        Y = X[..., 0] + rng.normal(size=36) + 5 * rng.normal(size=(T, 1)) + rng.normal(size=(T, 36))
        model = sh.SLX(operator, effects=effects, durbin=False, correction=correction).fit_arrays(Y, X)
        found.append([test.value for test in sh.diagnostics.lm(model)][:4])
    return np.array(found)


def rate(values):
    return (values > 3.841458820694124).mean(axis=0)


def test_size_with_fixed_effects():
    # 300 draws: a rate of 0.05 has a standard deviation of 0.0126; four of them on either side
    assert np.all(np.abs(rate(without_effect("two-way", "lee-yu")) - 0.05) < 4 * 0.0126)


def test_size_with_time_effects_and_weights_that_change_a_constant():
    W = small.lattice(6, 6)
    W[:3] *= 0.3
    W[5] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        found = rate(without_effect("two-way", "lee-yu", W=W))
    assert np.all(np.abs(found - 0.05) < 4 * 0.0126)


def test_a_lag_is_found():
    W = small.lattice(6, 6)
    Y, X = small.arrays(W, 6, rho=0.6)
    found = sh.diagnostics.lm(sh.SLX((small.ids(36), W), effects="two-way").fit_arrays(Y, X))
    assert found["LM lag"].reject(0.001) and found["robust LM lag"].reject(0.05)


def test_a_formula_needs_data_and_weights():
    with pytest.raises(OptionError, match=r"needs formula, data and weights.*data is missing"):
        sh.diagnostics.lm("y ~ x")


def test_something_that_is_no_model():
    with pytest.raises(OptionError, match="needs a fitted model of spatialhealth; it was given ndarray"):
        sh.diagnostics.lm(np.zeros(3))


def test_nothing_is_left_after_both():
    W = (small.ids(12), small.lattice(3, 4))
    model = sh.SpatialCombined(W, effects="entity").fit_arrays(*small.arrays(W[1], 8))
    with pytest.raises(OptionError, match="has a spatial lag and a spatial error already"):
        sh.diagnostics.lm(model)


def test_lags_that_repeat_the_regressors_say_so():
    # with one regressor whose lag is a multiple of it, W x adds nothing, and W Z b nothing beyond Z
    W = np.kron(np.eye(6), [[0.0, 1.0], [1.0, 0.0]])
    rng = np.random.default_rng(3)
    x = np.repeat(rng.normal(size=6), 2) * np.tile([1.0, -1.0], 6)
    model = sh.SLX((small.ids(12), W), durbin=False).fit_arrays(rng.normal(size=12), x[:, None])
    found = sh.diagnostics.lm(model)
    assert not found["LM WX"].applies and not found["robust LM lag"].applies
    assert "explain their own lags" in found["robust LM lag"].reason
    assert found["LM error"].applies
