"""The wild bootstrap of the effects."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import ConvergenceError, OptionError
from spatialhealth.impacts.bootstrap import bootstrap
from spatialhealth.impacts.resample import resampled
from tests import small


@pytest.fixture(scope="module")
def simulated():
    return sh.datasets.simulate(64, 8, effects="two-way", random_state=1)


@pytest.fixture(scope="module")
def model(simulated):
    Y, X, ids, W = simulated.arrays()
    return sh.SpatialDurbin((ids, W), effects="two-way").fit_arrays(Y, X)


def test_it_agrees_with_the_delta_method_where_errors_are_normal(model):
    sampled, delta = bootstrap(model, 400, random_state=0), model.impacts()
    np.testing.assert_array_equal(sampled.estimates, delta.estimates)
    # a standard deviation from 400 samples has an error of 1 / sqrt(800), 3.5 %
    np.testing.assert_allclose(sampled.std_errors, delta.std_errors, rtol=0.16)
    tails = np.quantile(sampled.draws, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(sampled.table["ci_low"], tails[0].ravel())
    assert "from 400 bootstrap samples" in str(sampled)


def test_a_sample_is_made_from_the_model_and_fitted_as_it_was(model):
    seed = np.random.SeedSequence(3).spawn(1)[0]
    result = model.result_
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=result.y.shape)
    errors = result.residuals * signs * np.sqrt(64 * 8 / (63 * 7))
    inverse = np.linalg.inv(np.eye(64) - result.rho * result.operator.matrix.toarray())
    Y = (result.systematic + errors) @ inverse.T
    X = model._table.x
    again = sh.SpatialDurbin(result.operator, effects="two-way").fit_arrays(Y, X)
    one = bootstrap.__globals__["_sample"]
    np.testing.assert_allclose(one(model, seed, "cell"), again.impacts().estimates, atol=1e-9)


def test_errors_of_the_combined_model_go_through_their_own_weights():
    W = small.lattice(5, 5)
    M = (np.roll(np.eye(25), 1, axis=1) + np.roll(np.eye(25), -1, axis=1)) / 2
    Y, X = small.arrays(W, 6)
    model = sh.SpatialCombined((np.arange(25), W), error_weights=(np.arange(25), M)).fit_arrays(Y, X)
    result = model.result_
    outcome = resampled(model, np.random.default_rng(0), "cell")
    u = outcome - result.rho * outcome @ W.T - result.systematic
    e = u - model.lambda_ * u @ M.T
    np.testing.assert_allclose(np.abs(e), np.abs(result.residuals), atol=1e-9)


@pytest.mark.parametrize(("together", "axis"), [("unit", 0), ("period", 1)])
def test_residuals_that_change_sign_together(model, together, axis):
    result = model.result_
    outcome = resampled(model, np.random.default_rng(0), together)
    e = outcome - result.rho * result.operator.lag(outcome) - result.systematic
    signs = np.sign(e / result.residuals)
    assert (signs == signs.take([0], axis=axis)).all()
    assert set(np.unique(signs)) == {-1.0, 1.0}


def test_the_same_seed_gives_the_same_samples_at_any_number_of_jobs(model):
    one = bootstrap(model, 12, random_state=5)
    two = bootstrap(model, 12, random_state=5, n_jobs=2)
    np.testing.assert_array_equal(one.draws, two.draws)
    assert not np.array_equal(one.draws, bootstrap(model, 12, random_state=6).draws)
    generator = bootstrap(model, 12, random_state=np.random.default_rng(5))
    np.testing.assert_array_equal(
        generator.draws, bootstrap(model, 12, random_state=np.random.default_rng(5)).draws
    )


def test_samples_without_a_maximum_are_counted_and_refused_when_many(model, monkeypatch):
    real, calls = bootstrap.__globals__["_sample"], []

    def fails(every):
        def sample(*arguments):
            calls.append(1)
            return None if len(calls) % every == 0 else real(*arguments)

        return sample

    monkeypatch.setitem(bootstrap.__globals__, "_sample", fails(30))
    assert bootstrap(model, 40, random_state=0).rejected == 1
    monkeypatch.setitem(bootstrap.__globals__, "_sample", fails(3))
    with pytest.raises(ConvergenceError, match="near the edge of what the data identify"):
        bootstrap(model, 40, random_state=0)


def test_what_it_cannot_do(model):
    with pytest.raises(OptionError, match="Give a fitted estimator"):
        bootstrap(model.result_)
    with pytest.raises(OptionError, match="together='week'"):
        bootstrap(model, together="week")
    with pytest.raises(OptionError, match="n_jobs=0"):
        bootstrap(model, n_jobs=0)
    with pytest.raises(OptionError, match="random_state=-1"):
        bootstrap(model, random_state=-1)
    Y, X, ids, W = sh.datasets.simulate(36, 4, random_state=0).arrays()
    short = sh.SpatialDurbin((ids, W), effects="entity").fit_arrays(Y, X)
    with pytest.raises(OptionError, match="leaves 4 signs to draw"):
        bootstrap(short, together="period")


def holes(effects="entity", **options):
    Y, X, ids, W = sh.datasets.simulate(36, 6, effects="entity", random_state=0).arrays()
    Y[1, 3] = Y[2, 5] = np.nan
    return sh.SpatialDurbin((ids, W), effects=effects, **options).fit_arrays(Y, X)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
def test_a_panel_with_holes_is_sampled_and_fitted_as_it_was():
    model = holes(missing="unbalanced")
    again = model.refit(model.result_.y)
    np.testing.assert_allclose(again.result_.params, model.result_.params, rtol=1e-10)
    np.testing.assert_allclose(again.result_.covariance, model.result_.covariance, rtol=1e-8)
    sampled, delta = bootstrap(model, 200, random_state=0), model.impacts()
    # the spread of 200 samples has an error of one in twenty
    np.testing.assert_allclose(sampled.std_errors, delta.std_errors, rtol=0.25)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
@pytest.mark.parametrize(("together", "group"), [("unit", "unit"), ("period", "period")])
def test_rows_of_a_panel_with_holes_change_sign_by_unit_or_period(together, group):
    model = holes(missing="unbalanced")
    result, rows = model.result_, model._table.rows
    y = resampled(model, np.random.default_rng(0), together)
    errors = (y - result.rho * result.operator.lag(y) - result.systematic) / result.residuals
    which = getattr(rows, group)
    signs = np.sign(errors[0])
    assert all(len(set(signs[which == each])) == 1 for each in np.unique(which))
    assert set(signs) == {-1.0, 1.0}


def test_what_no_sample_would_be_like_is_refused():
    Y, X, ids, W = sh.datasets.simulate(36, 6, random_state=0).arrays()
    dynamic = sh.SpatialLag((ids, W), dynamic="time").fit_arrays(Y, X)
    with pytest.raises(OptionError, match="bootstrap: samples of a dynamic model"):
        bootstrap(dynamic)
    with pytest.raises(OptionError, match="another outcome changes the regressors too"):
        dynamic.refit(dynamic.result_.y)
    with pytest.raises(OptionError, match="hold random effects fixed"):
        bootstrap(sh.SpatialLag((ids, W), effects="random").fit_arrays(Y, X))
    with pytest.raises(OptionError, match="outcomes where the data have none"):
        bootstrap(holes(missing="likelihood"))


def test_failures_are_counted_once(model, monkeypatch):
    monkeypatch.setitem(bootstrap.__globals__, "_sample", lambda *arguments: None)
    with pytest.raises(ConvergenceError, match="to 20 of 20 bootstrap samples"):
        bootstrap(model, 20, random_state=0)
