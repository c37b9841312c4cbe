"""What must not change, and which models must coincide, on data drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood import Jacobian, LagProfile, Within
from spatialhealth.models.design import Design, Sample
from spatialhealth.operator import SpatialOperator
from spatialhealth.panel import PanelTable
from tests import brute, small
from tests.cases import ESTIMATORS

EFFECTS = ("none", "entity", "time", "two-way")
CORRECTIONS = ("lee-yu", "none")

some_examples = settings(max_examples=30, deadline=None, derandomize=True)


@st.composite
def problems(draw, least_periods=3):
    """A lattice, a panel on it and the options of a model."""
    rows, columns = draw(st.sampled_from([(3, 3), (2, 5), (3, 4), (4, 4)]))
    W = small.lattice(rows, columns)
    if draw(st.booleans()):  # weights that are not symmetrisable
        W = W * np.random.default_rng(draw(st.integers(0, 99))).uniform(0.2, 1.0, W.shape)
        W = W / W.sum(axis=1, keepdims=True)
    rho = draw(st.sampled_from([-0.4, 0.0, 0.3, 0.6]))
    Y, X = small.arrays(W, draw(st.integers(least_periods, 6)), seed=draw(st.integers(0, 10_000)), rho=rho)
    options = {"effects": draw(st.sampled_from(EFFECTS)), "correction": draw(st.sampled_from(CORRECTIONS))}
    for estimator in (sh.SpatialLag, sh.SpatialDurbin):
        try:
            fit(estimator, W, Y, X, options)
        except ConvergenceError:  # so few units may have their best rho beyond one
            reject()
    return W, Y, X, options


def fit(estimator, W, Y, X, options, **more):
    return estimator((np.arange(len(W)), W), **options, **more).fit_arrays(Y, X)


def lengths(model, scale_y, scales_x):
    """By how much each parameter grows when outcome and regressors are rescaled."""
    factor = {"constant": scale_y, "rho": 1.0, "lambda": 1.0}
    for name, scale in zip(("x1", "x2"), scales_x, strict=True):
        factor[name] = factor[f"W:{name}"] = scale_y / scale
    return np.array([factor[name] for name in model.result_.param_names])


every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.__name__)


@every_estimator
@some_examples
@given(problem=problems(), data=st.data())
def test_order_and_labels(estimator, problem, data):
    W, Y, X, options = problem
    n = len(W)
    table = small.table(Y, X)
    model = estimator((small.ids(n), W), **options).fit(table[["x", "z"]], table["y"])
    order = data.draw(st.permutations(range(n)))
    names = data.draw(st.permutations([f"town {i}" for i in range(n)]))
    renamed = table.rename(index=dict(zip(small.ids(n), names, strict=True)), level=0)
    rows = renamed.sample(frac=1, random_state=data.draw(st.integers(0, 99)))
    turned = ([names[i] for i in order], W[np.ix_(order, order)])
    other = estimator(turned, **options).fit(rows[["x", "z"]], renamed["y"])
    np.testing.assert_allclose(other.params_, model.params_, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(other.std_errors_, model.std_errors_, rtol=1e-7)
    assert other.loglik_ == pytest.approx(model.loglik_, abs=1e-8)
    residuals = other.residuals_.reindex(renamed.index)
    np.testing.assert_allclose(residuals, model.residuals_, atol=1e-8)


@every_estimator
@some_examples
@given(problem=problems(), powers=st.tuples(*[st.integers(-6, 6)] * 3))
def test_units_of_measurement(estimator, problem, powers):
    W, Y, X, options = problem
    scale_y, scales_x = 10.0 ** powers[0], 10.0 ** np.array(powers[1:])
    model, other = fit(estimator, W, Y, X, options), fit(estimator, W, Y * scale_y, X * scales_x, options)
    factor = lengths(model, scale_y, scales_x)
    np.testing.assert_allclose(other.params_, model.params_ * factor, rtol=1e-6, atol=1e-9 * factor.max())
    np.testing.assert_allclose(other.std_errors_, model.std_errors_ * factor, rtol=1e-6)
    assert other.rho_ == pytest.approx(model.rho_, abs=1e-9)
    z = [m.summary().to_frame()["z"] for m in (model, other)]
    np.testing.assert_allclose(z[1], z[0], rtol=1e-5, atol=1e-7)
    assert other.sigma2_ == pytest.approx(model.sigma2_ * scale_y**2, rel=1e-8)
    size = model.result_.within.size
    assert other.loglik_ == pytest.approx(model.loglik_ - size * np.log(scale_y), abs=1e-6)
    np.testing.assert_allclose(
        other.impacts().estimates * scales_x[:, None] / scale_y,
        model.impacts().estimates,
        rtol=1e-6,
        atol=1e-9,
    )


@every_estimator
@some_examples
@given(problem=problems(), seed=st.integers(0, 99), height=st.sampled_from([0.1, 10.0, 1_000.0]))
def test_what_the_effects_take_out_does_not_matter(estimator, problem, seed, height):
    W, Y, X, options = problem
    rng, (T, n) = np.random.default_rng(seed), Y.shape
    own = height * rng.normal(size=n) * (options["effects"] in ("entity", "two-way"))
    common = height * rng.normal(size=(T, 1)) * (options["effects"] in ("time", "two-way"))
    model = fit(estimator, W, Y, X, options)
    # of x any such part may be added, of y what its reduced form makes of it
    shifted = fit(estimator, W, Y + own + common, X + (own + common)[..., None], options)
    np.testing.assert_allclose(shifted.params_, model.params_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(shifted.std_errors_, model.std_errors_, rtol=1e-6)
    assert shifted.loglik_ == pytest.approx(model.loglik_, abs=1e-6)
    np.testing.assert_allclose(shifted.result_.residuals, model.result_.residuals, atol=1e-8 * max(height, 1))


@some_examples
@given(problem=problems())
def test_nested_models_never_fit_better(problem):
    W, Y, X, options = problem
    durbin, lag, slx = (fit(e, W, Y, X, options).loglik_ for e in (sh.SpatialDurbin, sh.SpatialLag, sh.SLX))
    ols = fit(sh.SLX, W, Y, X, options, durbin=False).loglik_
    partial = fit(sh.SpatialDurbin, W, Y, X, options, durbin=["x2"]).loglik_
    small_slack = 1e-9
    assert durbin >= partial - small_slack
    assert partial >= lag - small_slack
    assert durbin >= slx - small_slack
    assert min(lag, slx) >= ols - small_slack
    assert durbin > ols


@some_examples
@given(problem=problems())
def test_the_lag_model_is_the_best_durbin_model_with_theta_zero(problem):
    W, Y, X, _ = problem
    model = fit(sh.SpatialLag, W, Y, X, {"effects": "none"})
    Z = brute.design(X, W, [0, 1], True)
    at = np.array([*model.params_[["constant", "x1", "x2"]], 0.0, 0.0, model.rho_, model.sigma2_])
    assert brute.loglik(at, Y, Z, W) == pytest.approx(model.loglik_, abs=1e-8)
    for free in (0, 1, 2, 5, 6):  # theta, at 3 and 4, stays where it is
        for step in (-1e-3, 1e-3):
            moved = at.copy()
            moved[free] *= 1 + step
            assert brute.loglik(moved, Y, Z, W) < model.loglik_


@some_examples
@given(problem=problems())
def test_slx_is_the_durbin_profile_at_rho_zero(problem):
    W, Y, X, options = problem
    operator = SpatialOperator((np.arange(len(W)), W))
    table = PanelTable.from_arrays(Y, X, operator.ids)
    within = Within(n=len(W), t=len(Y), keeps_constant=True, **options)
    design = Design.of(table, operator, True, options["effects"] == "none")
    sample = Sample.of(table, design, within, extra=2)
    fit_y = sample.projection.fit(sample.y)
    fit_lag = sample.projection.fit(within.apply(operator.lag(table.y)).reshape(-1))
    profile = LagProfile.of(fit_y[1], fit_lag[1], Jacobian(operator.logdet, within))
    model = fit(sh.SLX, W, Y, X, options)
    assert profile.value(0.0) == pytest.approx(model.loglik_, abs=1e-9)
    np.testing.assert_allclose(fit_y[0], model.params_, rtol=1e-10, atol=1e-12)


@some_examples
@given(problem=problems())
def test_effects_of_the_lag_model_are_those_of_the_durbin_model_with_theta_zero(problem):
    W, Y, X, options = problem
    model = fit(sh.SpatialLag, W, Y, X, options)
    for name, row in zip(("x1", "x2"), model.impacts().estimates, strict=True):
        expected = brute.mean_effects(W, model.rho_, model.params_[name], 0.0)
        np.testing.assert_allclose(row, expected, rtol=1e-8, atol=1e-10)
    durbin = fit(sh.SpatialDurbin, W, Y, X, options)
    for name, row in zip(("x1", "x2"), durbin.impacts().estimates, strict=True):
        b, t = durbin.params_[[name, f"W:{name}"]]
        np.testing.assert_allclose(row, brute.mean_effects(W, durbin.rho_, b, t), rtol=1e-8, atol=1e-10)


@every_estimator
@some_examples
@given(problem=problems())
def test_a_panel_of_one_period_is_a_cross_section(estimator, problem):
    W, Y, X, options = problem
    options = options | {"effects": "none"}
    table = small.table(Y[:1], X[:1])
    weights = (small.ids(len(W)), W)
    panel = estimator(weights, **options).fit(table[["x", "z"]], table["y"])
    section = table.droplevel("year")
    cross = estimator(weights, **options).fit(section[["x", "z"]], section["y"])
    np.testing.assert_array_equal(cross.params_, panel.params_)
    np.testing.assert_array_equal(cross.std_errors_, panel.std_errors_)
    assert cross.loglik_ == panel.loglik_
    assert isinstance(panel.residuals_.index, pd.MultiIndex)
    np.testing.assert_array_equal(cross.residuals_, panel.residuals_)


@every_estimator
@some_examples
@given(problem=problems())
def test_lee_yu_with_entity_effects_only_rescales_the_variance(estimator, problem):
    W, Y, X, _ = problem
    T = len(Y)
    corrected = fit(estimator, W, Y, X, {"effects": "entity", "correction": "lee-yu"})
    plain = fit(estimator, W, Y, X, {"effects": "entity", "correction": "none"})
    np.testing.assert_allclose(corrected.params_, plain.params_, rtol=1e-7, atol=1e-9)
    assert corrected.sigma2_ == pytest.approx(plain.sigma2_ * T / (T - 1), rel=1e-8)
    # least squares counts the effects as parameters either way
    ratio = np.sqrt(T / (T - 1)) if corrected.result_.spatial_names else 1.0
    np.testing.assert_allclose(corrected.std_errors_, plain.std_errors_ * ratio, rtol=1e-6)


@every_estimator
@some_examples
@given(problem=problems())
def test_effects_that_are_estimated_sum_to_zero_where_they_should(estimator, problem):
    W, Y, X, options = problem
    result = fit(estimator, W, Y, X, options).result_
    if options["effects"] == "two-way":
        assert result.time_effects.sum() == pytest.approx(0, abs=1e-9)
    if options["effects"] != "none":
        left = result.residuals
        axis = {"entity": [0], "time": [1], "two-way": [0, 1]}[options["effects"]]
        for one in axis:
            np.testing.assert_allclose(left.mean(axis=one), 0, atol=1e-10)
