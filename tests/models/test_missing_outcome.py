"""Missing outcomes in the likelihood, against the normal density of what was observed."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth import errors
from tests import brute, small
from tests.refusal import refusal

N = 20
W = small.lattice(4, 5)
IDS = small.ids(N)
WEIGHTS = (IDS, sp.csr_matrix(W))


def holed(periods, seed=2, share=0.2):
    """Y with NaN, X."""
    Y, X = small.arrays(W, periods, seed)
    hole = np.random.default_rng(seed).random(Y.shape) < share
    return np.where(hole, np.nan, Y), X


def density(theta, Y, Z, dummies):
    """Normal log-density of the observed outcomes, with dummies "flat" (contrasts), "fitted" or None."""
    delta, rho, s2 = theta[:-2], theta[-2], theta[-1]
    T = len(Y)
    seen = ~np.isnan(Y.ravel())
    inverse = np.kron(np.eye(T), np.linalg.inv(np.eye(N) - rho * W))
    V = s2 * (inverse @ inverse.T)[np.ix_(seen, seen)]
    r = Y.ravel()[seen] - (inverse @ Z @ delta)[seen]
    D = np.kron(np.ones((T, 1)), np.eye(N))
    D = {"flat": D[seen], "fitted": (inverse @ D)[seen], None: np.zeros((seen.sum(), 0))}[dummies]
    precision = np.linalg.inv(V)
    gram = D.T @ precision @ D
    r = r - D @ np.linalg.solve(gram, D.T @ precision @ r)
    value = seen.sum() * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + r @ precision @ r
    if dummies == "flat":
        value += np.linalg.slogdet(gram)[1] - np.linalg.slogdet(D.T @ D)[1] - N * np.log(2 * np.pi)
    return -value / 2


@pytest.mark.parametrize("name", ["SpatialLag", "SpatialDurbin"])
@pytest.mark.parametrize(
    ("periods", "effects", "correction", "dummies"),
    [
        (1, "none", "lee-yu", None),
        (5, "none", "lee-yu", None),
        (5, "entity", "lee-yu", "flat"),
        (5, "entity", "none", "fitted"),
    ],
)
def test_likelihood_is_the_density_of_the_observed(name, periods, effects, correction, dummies):
    Y, X = holed(periods)
    model = getattr(sh, name)(WEIGHTS, effects=effects, correction=correction, missing="likelihood")
    model.fit_arrays(Y, X)
    lagged = [0, 1] if name == "SpatialDurbin" else []
    Z = brute.design(X, W, lagged, constant=effects == "none").reshape(periods * N, -1)
    theta = np.append(model.result_.params, model.sigma2_)
    assert density(theta, Y, Z, dummies) == pytest.approx(model.loglik_, abs=1e-9)
    steps = 1e-5 * np.eye(len(theta))
    slopes = [(density(theta + h, Y, Z, dummies) - density(theta - h, Y, Z, dummies)) / 2e-5 for h in steps]
    np.testing.assert_allclose(slopes, 0.0, atol=1e-5)
    # the tolerance is that of second differences
    hessian = brute.hessian(lambda at: density(at, Y, Z, dummies), theta, step=1e-3)
    covariance = np.linalg.inv(-hessian)[:-1, :-1]
    np.testing.assert_allclose(model.result_.covariance, covariance, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("effects", ["none", "entity"])
@pytest.mark.parametrize("correction", ["lee-yu", "none"])
def test_with_nothing_missing_it_is_the_ordinary_fit(effects, correction):
    Y, X = small.arrays(W, 5, 1)
    options = {"effects": effects, "correction": correction}
    whole = sh.SpatialDurbin(WEIGHTS, **options).fit_arrays(Y, X).result_
    same = sh.SpatialDurbin(WEIGHTS, **options, missing="likelihood").fit_arrays(Y, X).result_
    np.testing.assert_allclose(same.params, whole.params, rtol=0, atol=1e-10)
    np.testing.assert_allclose(same.covariance, whole.covariance, rtol=0, atol=1e-10)
    assert same.loglik == pytest.approx(whole.loglik, abs=1e-10)


@pytest.mark.parametrize("correction", ["lee-yu", "none"])
@pytest.mark.parametrize("effects", ["none", "entity"])
def test_a_hole_that_touches_nobody_is_as_good_as_a_row_less(effects, correction):
    # a unit that nobody neighbours, whose missing outcome changes nothing but the size of the sample
    apart = np.zeros((N + 1, N + 1))
    apart[:N, :N] = W
    Y, X = small.arrays(W, 4, 6)
    rng = np.random.default_rng(0)
    more = np.concatenate([Y, rng.normal(size=(4, 1))], axis=1)
    X = np.concatenate([X, rng.normal(size=(4, 1, 2))], axis=1)
    more[1, -1] = np.nan
    weights = ([*IDS, "far"], sp.csr_matrix(apart))
    options = {"effects": effects, "correction": correction}
    with pytest.warns(errors.IsolateWarning):
        hole = sh.SpatialLag(weights, missing="likelihood", **options).fit_arrays(more, X)
    with pytest.warns(errors.IsolateWarning):
        left_out = sh.SpatialLag(weights, missing="unbalanced", **options).fit_arrays(more, X)
    np.testing.assert_allclose(hole.result_.params, left_out.result_.params, atol=1e-9)
    assert hole.sigma2_ == pytest.approx(left_out.sigma2_, abs=1e-9)
    assert hole.loglik_ == pytest.approx(left_out.loglik_, abs=1e-8)
    if effects == "none":  # with effects the other way allows for a score that is no derivative
        np.testing.assert_allclose(hole.result_.covariance, left_out.result_.covariance, atol=1e-9)


def test_predicted_outcomes_are_conditional_means():
    Y, X = holed(1)
    model = sh.SpatialLag(WEIGHTS, missing="likelihood")
    frame = small.table(Y, X).droplevel(1)
    model.fit(frame[["x", "z"]], frame["y"])
    rho, s2 = model.rho_, model.sigma2_
    inverse = np.linalg.inv(np.eye(N) - rho * W)
    V = s2 * inverse @ inverse.T
    mean = inverse @ (model.params_["constant"] + frame[["x", "z"]].to_numpy() @ model.params_[["x", "z"]])
    gone = np.isnan(Y[0])
    across = V[np.ix_(gone, ~gone)] @ np.linalg.inv(V[np.ix_(~gone, ~gone)])
    found = model.missing_outcomes_
    np.testing.assert_allclose(found["predicted"], mean[gone] + across @ (Y[0] - mean)[~gone], atol=1e-9)
    left = V[np.ix_(gone, gone)] - across @ V[np.ix_(~gone, gone)]
    np.testing.assert_allclose(found["std_error"], np.sqrt(np.diag(left)), atol=1e-9)
    assert found.index.tolist() == [IDS[i] for i in np.flatnonzero(gone)]
    assert not model.fitted_values_.isna().any()
    np.testing.assert_allclose(model.predict(), mean, atol=1e-9)
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.missing_outcomes_, found)


def test_large_means_and_units_of_measurement_do_not_matter():
    Y, X = holed(5)
    one = sh.SpatialDurbin(WEIGHTS, effects="entity", missing="likelihood").fit_arrays(Y, X)
    other = sh.SpatialDurbin(WEIGHTS, effects="entity", missing="likelihood").fit_arrays(
        1e6 + 100 * Y, X + 1e5
    )
    assert other.rho_ == pytest.approx(one.rho_, abs=1e-8)
    np.testing.assert_allclose(other.result_.params[:4], 100 * one.result_.params[:4], rtol=1e-6)
    np.testing.assert_allclose(other.result_.std_errors[:4], 100 * one.result_.std_errors[:4], rtol=1e-6)


def test_impacts_and_summary():
    Y, X = holed(5)
    model = sh.SpatialDurbin(WEIGHTS, effects="entity", missing="likelihood").fit_arrays(Y, X)
    beta, theta = model.params_["x1"], model.params_["W:x1"]
    np.testing.assert_allclose(
        model.impacts().estimates[0], brute.mean_effects(W, model.rho_, beta, theta), atol=1e-10
    )
    facts = model.summary().facts
    gone = int(np.isnan(Y).sum())
    assert facts["Missing outcomes"] == f"{gone} of 100 ({gone / 100:.1%}), in the likelihood"
    assert facts["Likelihood of"] == f"{100 - gone - N} observations"


def test_what_cannot_be_says_why():
    Y, X = holed(5)
    by_period = [WEIGHTS] * 5
    lag = {"weights": WEIGHTS, "effects": "entity", "missing": "likelihood"}
    for name in ("SLX", "SpatialError", "SpatialDurbinError", "SpatialCombined", "GeneralNesting"):
        with refusal(errors.OptionError, name, "exists for SpatialLag and SpatialDurbin"):
            getattr(sh, name)(**lag).fit_arrays(Y, X)
    for effects in ("time", "two-way"):
        with refusal(errors.OptionError, "effects='none' and 'entity'", repr(effects)):
            sh.SpatialLag(**(lag | {"effects": effects})).fit_arrays(Y, X)
    with refusal(errors.OptionError, "cov_type='observed' only", "'robust'"):
        sh.SpatialLag(**lag, cov_type="robust").fit_arrays(Y, X)
    with refusal(errors.OptionError, "one W for all periods"):
        sh.SpatialLag(**(lag | {"weights": by_period})).fit_arrays(Y, X)
    never = Y.copy()
    never[:, 3] = np.nan
    with refusal(errors.MissingDataError, "1 units is missing in every period", "'u03'"):
        sh.SpatialLag(**lag).fit_arrays(never, X)
    with refusal(errors.MissingDataError, "missing everywhere"):
        sh.SpatialLag(**lag).fit_arrays(np.full_like(Y, np.nan), X)
    frame = small.table(Y, X)
    frame.loc[("u05", 2001), "x"] = np.nan
    with refusal(errors.MissingDataError, "'x' is missing", "for a missing outcome"):
        sh.SpatialLag(**lag).fit(frame[["x", "z"]], frame["y"])
    with refusal(errors.MissingDataError, "missing from the panel"):
        sh.SpatialLag(**lag).fit(frame[["z"]].iloc[1:], frame["y"].iloc[1:])
    X[1, 2, 0] = np.nan
    with refusal(errors.NonFiniteError, "X holds 1 NaN"):
        sh.SpatialLag(**lag).fit_arrays(Y, X)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.SpatialHealthWarning")
def test_beats_leaving_out_in_a_small_simulation():
    W10 = small.lattice(10, 10)
    weights = (small.ids(100), sp.csr_matrix(W10))
    rng, found = np.random.default_rng(1), {"likelihood": [], "unbalanced": []}
    for _ in range(12):
        X = rng.normal(size=(6, 100, 2))
        signal = X @ [1.0, -0.5] + rng.normal(size=100) + 0.7 * rng.normal(size=(6, 100))
        Y = np.linalg.solve(np.eye(100) - 0.5 * W10, signal.T).T
        Y[1:][rng.random(Y[1:].shape) < 0.2] = np.nan
        for missing, kept in found.items():
            kept.append(sh.SpatialLag(weights, effects="entity", missing=missing).fit_arrays(Y, X).rho_)
    error = {way: np.sqrt(np.mean((np.array(each) - 0.5) ** 2)) for way, each in found.items()}
    assert abs(np.mean(found["likelihood"]) - 0.5) < 4 * np.std(found["likelihood"]) / np.sqrt(12)
    assert error["likelihood"] < error["unbalanced"] / 2


def test_dummies_of_periods_stand_in_for_time_effects():
    Y, X = holed(4)
    dummies = np.broadcast_to(np.eye(4)[:, None, 1:], (4, N, 3))
    X = np.concatenate([X, dummies], axis=2)
    own = tuple(f"x{j}" for j in range(X.shape[2] - 3))
    names = (*own, "y1", "y2", "y3")

    def model(**options):
        return sh.SpatialDurbin(WEIGHTS, missing="likelihood", **options)

    with refusal(errors.OptionError, "C(year)", "must not lag them"):
        model(effects="two-way").fit_arrays(Y, X, names=names)
    with refusal(errors.CollinearityError, "W x is x itself for 'y1', 'y2', 'y3'", f"durbin={list(own)!r}"):
        model(effects="entity").fit_arrays(Y, X, names=names)
    fitted = model(effects="entity", durbin=list(own)).fit_arrays(Y, X, names=names)
    assert "y3" in fitted.result_.param_names and "W:y3" not in fitted.result_.param_names
    with refusal(errors.CollinearityError, "a model without W x"):
        sh.SpatialDurbin(WEIGHTS, durbin=["y1"]).fit_arrays(np.nan_to_num(Y), X, names=names)
