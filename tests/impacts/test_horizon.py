"""Effects of dynamic models in both horizons, against explicit inverses and numerical derivatives."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError, StabilityError, StabilityWarning
from spatialhealth.impacts import impacts
from spatialhealth.impacts.draws import draw
from spatialhealth.impacts.horizon import DynamicImpacts, long_run_parameters
from spatialhealth.impacts.inputs import Pairs
from tests import brute, small
from tests.cases import columbus_weights
from tests.models.test_dynamic import growing

HORIZONS = ("short-run", "long-run")


def made(weights="queen", dynamic="both", durbin=True, **options):
    """A fitted dynamic model on one of the Columbus weights, and its dense W."""
    ids, W = columbus_weights(weights)
    root = 1 / np.abs(np.linalg.eigvals(W)).max()
    values = {
        "time": {"tau": 0.5},
        "space-time": {"eta": 0.3 * root},
        "both": {"tau": 0.5, "eta": -0.2 * root},
    }
    simulated = sh.datasets.simulate(
        n_periods=9, weights=(ids, W), rho=0.3 * root, random_state=8, effects="entity", **values[dynamic]
    )
    Y, X, _, _ = simulated.arrays()
    options = {"weights": (ids, W), "effects": "entity", "dynamic": dynamic} | options
    model = sh.SpatialDurbin(durbin=durbin, **options) if durbin else sh.SpatialLag(**options)
    return model.fit_arrays(Y, X), W


def matrix(params, names, W, variable, horizon):
    """The n x n matrix of partial derivatives, by an explicit inverse."""
    named, eye = dict(zip(names, params, strict=True)), np.eye(len(W))
    given = named[variable] * eye + named.get(f"W:{variable}", 0.0) * W
    rho, tau, eta = (named.get(name, 0.0) for name in ("rho", "tau", "eta"))
    left = eye - rho * W if horizon == "short-run" else (1 - tau) * eye - (rho + eta) * W
    return np.linalg.solve(left, given)


def effects_of(params, names, W, variable, horizon):
    S = matrix(params, names, W, variable, horizon)
    direct, total = np.trace(S) / len(W), S.sum() / len(W)
    return np.array([direct, total - direct, total])


every_weights = pytest.mark.parametrize("weights", ["queen", "knn4", "invdist_maxeig", "island"])
every_dynamic = pytest.mark.parametrize("dynamic", ["time", "space-time", "both"])


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.IsolateWarning")
@every_weights
@every_dynamic
@pytest.mark.parametrize("durbin", [True, False])
def test_estimates_and_standard_errors(weights, dynamic, durbin):
    model, W = made(weights, dynamic, durbin)
    result, effects = model.result_, model.impacts()
    assert isinstance(effects, DynamicImpacts)
    for horizon, found in zip(HORIZONS, (effects.short_run, effects.long_run), strict=True):
        for j, variable in enumerate(found.variables):

            def of(params, variable=variable, horizon=horizon):
                return effects_of(params, result.param_names, W, variable, horizon)

            np.testing.assert_allclose(found.estimates[j], of(result.params), atol=1e-9)
            steps = 1e-5 * np.eye(len(result.params))
            gradient = np.stack(
                [(of(result.params + h) - of(result.params - h)) / 2e-5 for h in steps], axis=1
            )
            expected = np.sqrt(np.diag(gradient @ result.covariance @ gradient.T))
            np.testing.assert_allclose(found.std_errors[j], expected, rtol=1e-6)


@every_dynamic
def test_each_draw_equals_its_explicit_inverse_in_both_horizons(dynamic):
    model, W = made(dynamic=dynamic)
    names, effects = model.result_.param_names, model.impacts(method="simulate", draws=40, random_state=2)
    drawn, _ = draw(model.result_, Pairs.of(model.result_), 40, np.random.default_rng(2), stable=True)
    for horizon, found in zip(HORIZONS, (effects.short_run, effects.long_run), strict=True):
        for params, simulated in zip(drawn, found.draws, strict=True):
            expected = [effects_of(params, names, W, v, horizon) for v in found.variables]
            np.testing.assert_allclose(simulated, expected, rtol=1e-7, atol=1e-8)
    # the model without dynamics that has the long-run effects
    np.testing.assert_allclose(
        long_run_parameters(model.result_, drawn)[5], long_run_parameters(model.result_, drawn[5]), rtol=1e-14
    )


def test_simulated_standard_errors_agree_with_the_delta_method():
    model, _ = made(dynamic="space-time")
    delta, simulated = model.impacts(), model.impacts(method="simulate", draws=4000, random_state=1)
    np.testing.assert_allclose(simulated.short_run.std_errors, delta.short_run.std_errors, rtol=0.1)
    # the long run is not quite normal: 1 / (1 - rho - eta) is skewed
    np.testing.assert_allclose(simulated.long_run.std_errors, delta.long_run.std_errors, rtol=0.25)
    assert "read the intervals" in str(simulated) and "read the intervals" not in str(delta)


def test_the_table_has_a_horizon_only_for_dynamic_models():
    model, _ = made()
    table = model.impacts().table
    assert list(table.columns[:3]) == ["horizon", "variable", "effect"]
    assert table["horizon"].tolist() == ["short-run"] * 6 + ["long-run"] * 6
    assert len(table.columns) == 9 and len(table.drop_duplicates(["horizon", "variable", "effect"])) == 12
    assert model.impacts().long_run.result is model.result_
    text = str(model.impacts())
    assert "short-run direct" in text and "long-run total" in text
    assert "long-run total" in model.impacts()._repr_html_()
    (Y, X), W = small.arrays(small.lattice(4, 4), 6), small.lattice(4, 4)
    static = sh.SpatialDurbin((small.ids(16), W)).fit_arrays(Y, X)
    assert "horizon" not in static.impacts().table


def test_contrasts_have_both_horizons():
    model, _ = made()
    effects = model.impacts()
    table = effects.contrast("x1 + 2 * x2")
    assert table["horizon"].tolist() == ["short-run"] * 3 + ["long-run"] * 3
    for place, found in ((0, effects.short_run), (3, effects.long_run)):
        expected = found.estimates[0] + 2 * found.estimates[1]
        np.testing.assert_allclose(table["estimate"][place : place + 3], expected, atol=1e-12)
        combine = np.kron([1, 2], np.eye(3))
        variance = np.diag(combine @ found.covariance @ combine.T)
        np.testing.assert_allclose(table["std_error"][place : place + 3], np.sqrt(variance), rtol=1e-12)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_local_effects(horizon):
    model, W = made()
    found = model.impacts().local("x1", horizon=horizon)
    S = matrix(model.result_.params, model.result_.param_names, W, "x1", horizon)
    np.testing.assert_allclose(found["own"], np.diag(S), atol=1e-10)
    np.testing.assert_allclose(found["received"], S.sum(1) - np.diag(S), atol=1e-10)
    np.testing.assert_allclose(found["emitted"], S.sum(0) - np.diag(S), atol=1e-10)
    with pytest.raises(OptionError, match="'short-run', 'long-run'"):
        model.impacts().local("x1", horizon="ever")


def test_effects_by_order_add_up_to_those_of_their_horizon():
    model, _ = made()
    effects = model.impacts()
    orders = effects.by_order(120)
    last = orders[orders["order"] == 120].set_index(["horizon", "variable", "effect"])["cumulative"]
    expected = effects.table.set_index(["horizon", "variable", "effect"])["estimate"]
    pd.testing.assert_series_equal(last, expected.loc[last.index], check_names=False, atol=1e-8)


def test_the_long_run_is_where_a_lasting_change_ends():
    model, W = made()
    p = model.params_
    inverse = np.linalg.inv(np.eye(len(W)) - p["rho"] * W)
    step = inverse @ (p["tau"] * np.eye(len(W)) + p["eta"] * W)
    response = now = inverse @ (p["x1"] * np.eye(len(W)) + p["W:x1"] * W)
    for _ in range(500):
        response = now + step @ response
    estimates = model.impacts().long_run.estimates[0]
    np.testing.assert_allclose([np.trace(response), response.sum()], estimates[[0, 2]] * len(W), rtol=1e-8)


def test_an_unstable_model_has_no_long_run():
    Y, X, ids, W = growing()
    with pytest.warns(StabilityWarning):
        model = sh.SpatialLag((ids, W), effects="entity", correction="none", dynamic="time").fit_arrays(Y, X)
    with pytest.warns(StabilityWarning, match="no long-run effects"):
        effects = model.impacts(method="simulate", draws=20, random_state=0)
    assert set(effects.table["horizon"]) == {"short-run"}
    with pytest.raises(StabilityError, match="no long-run"):
        effects.local("x1", horizon="long-run")
    expected = brute.mean_effects(W, model.rho_, model.params_["x1"], 0.0)
    np.testing.assert_allclose(effects.estimates[0], expected, atol=1e-8)


def test_draws_that_are_not_stable_are_drawn_again_and_counted():
    result = made(dynamic="time")[0].result_

    def simulated(factor):
        spread = np.ones(len(result.params))
        spread[result.position["tau"]] = factor
        wide = replace(result, covariance=result.covariance * np.outer(spread, spread))
        return impacts(wide, method="simulate", draws=200, random_state=0)

    effects = simulated(15)
    assert effects.rejected > 10
    assert f"Drawn anew: {effects.rejected}, " in str(effects)
    assert "or not stable." in str(effects)
    assert np.isfinite(effects.long_run.draws).all()
    with pytest.raises(OptionError, match=r"are not stable.*method='delta'"):
        simulated(800)


def test_they_can_be_pickled_and_not_changed():
    effects = made()[0].impacts()
    again = pickle.loads(pickle.dumps(effects))
    pd.testing.assert_frame_equal(again.table, effects.table)
    with pytest.raises(ValueError, match="read-only"):
        effects.long_run.estimates[0, 0] = 1.0
