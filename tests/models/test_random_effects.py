"""Random unit effects: reference cases, dense brute force, equivalences, the bound of phi, what does not exist."""

from __future__ import annotations

import doctest
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import spatialhealth as sh
from spatialhealth.errors import (
    BoundaryWarning,
    ConstantRegressorError,
    IdentificationError,
    OptionError,
)
from tests import brute, brute_random, cases, small
from tests.refusal import refusal

MODELS = {
    "RE": (sh.SLX, {"durbin": False}),
    "SAR": (sh.SpatialLag, {}),
    "SDM": (sh.SpatialDurbin, {}),
    "SEM_b": (sh.SpatialError, {"error_components": "baltagi"}),
    "SEM_kkp": (sh.SpatialError, {"error_components": "kkp"}),
    "SARAR_b": (sh.SpatialCombined, {"error_components": "baltagi"}),
    "SARAR_kkp": (sh.SpatialCombined, {"error_components": "kkp"}),
}
CASES = sorted(cases.figures("random_effects"))
PARTS = {  # lag of the outcome, lagged regressors, spatial errors
    sh.SLX: (False, True, False),
    sh.SpatialLag: (True, False, False),
    sh.SpatialDurbin: (True, True, False),
    sh.SpatialError: (False, False, True),
    sh.SpatialDurbinError: (False, True, True),
    sh.SpatialCombined: (True, False, True),
    sh.GeneralNesting: (True, True, True),
}
WITH_FORM = [
    (kind, {"error_components": form})
    for kind, (_, _, error) in PARTS.items()
    for form in (("baltagi", "kkp") if error else ("kkp",))
]
every_model = pytest.mark.parametrize(
    ("kind", "options"),
    [(kind, options if PARTS[kind][2] else {}) for kind, options in WITH_FORM],
    ids=lambda value: value.__name__ if isinstance(value, type) else value.get("error_components", "re"),
)


def fit_case(case, **options):
    _, panel, model = case.split("__")
    kind, more = MODELS[model]
    data, W = cases.panel(panel)
    return kind(weights=W, effects="random", **more, **options).fit_formula(cases.PANELS[panel][0], data)


def arrays(seed=0, n=(4, 5), T=5, phi=1.0, rho=0.3, lam=0.4):
    """A panel with random effects of Baltagi's form."""
    rng = np.random.default_rng(seed)
    W = small.lattice(*n)
    size = len(W)
    X = rng.normal(size=(T, size, 2)) + rng.normal(size=(size, 2))
    eye = np.eye(size)
    u = np.linalg.solve(eye - lam * W, rng.normal(size=(size, T))).T + np.sqrt(phi) * rng.normal(size=size)
    mean = 2 + X @ [1.0, -0.5] + np.einsum("ij,tjk->tik", W, X) @ [0.5, 0.2]
    return np.linalg.solve(np.eye(size) - rho * W, (mean + u).T).T, X, W


def fit(kind, Y, X, W, names=None, **options):
    return kind((np.arange(len(W)), W), **{"effects": "random", **options}).fit_arrays(Y, X, names=names)


def theta_of(model, Z):
    K = Z.shape[2]
    return np.array([*model.params_[:K], model.rho_, model.lambda_, model.params_["phi"], model.sigma2_])


# --- reference ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cov_type", ["observed", "expected"])
def test_reference(case, cov_type):
    expected = cases.figures("random_effects")[case]["brute_force"]
    model = fit_case(case, cov_type=cov_type)
    spatial = [expected[name] for name in ("rho", "lambda", "phi") if name in expected]
    # the reference is polished in 70 digits; Newton's steps end at 1e-9 standard errors
    np.testing.assert_allclose(model.params_, [*expected["coef"].values(), *spatial], rtol=1e-7, atol=1e-8)
    assert model.loglik_ == pytest.approx(expected["loglik"], abs=1e-8)
    assert model.sigma2_ == pytest.approx(expected["sigma2"], rel=1e-8)
    mine, theirs = model.cov_.to_numpy(), np.array(expected[f"vcov_{cov_type}"])[:-1, :-1]
    scale = np.sqrt(np.diag(theirs))
    np.testing.assert_allclose(mine / np.outer(scale, scale), theirs / np.outer(scale, scale), atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_splm(case):
    """splm stops its search at about 1e-5 of a parameter; what it leaves open are standard errors."""
    theirs = cases.figures("random_effects")[case]["R_splm"]
    model = fit_case(case, cov_type="expected")
    spatial = [theirs[name] for name in ("rho", "lambda", "phi") if theirs.get(name) is not None]
    np.testing.assert_allclose(model.params_, [*theirs["coef"].values(), *spatial], rtol=1e-4, atol=1e-6)
    assert model.loglik_ == pytest.approx(theirs["loglik"], abs=1e-6)
    coefficients = model.std_errors_[: len(theirs["coef"])].to_numpy()
    if "SAR" in case or "SDM" in case:  # theirs take rho as known
        assert (coefficients > np.array([*theirs["se"].values()]) - 1e-9).all()
        assert coefficients[0] > 1.05 * theirs["se"]["(Intercept)"]
    else:
        np.testing.assert_allclose(coefficients, [*theirs["se"].values()], rtol=1e-6)


@pytest.mark.parametrize("case", [case for case in CASES if "SAR" in case or "SDM" in case])
def test_impacts_of_the_reference(case):
    expected = cases.figures("random_effects")[case]["brute_force"]["impacts"]
    effects = fit_case(case).impacts()
    for j, effect in enumerate(("direct", "indirect", "total")):
        np.testing.assert_allclose(effects.estimates[:, j], [*expected[effect].values()], atol=1e-7)
        errors = expected["se_delta_observed_hessian"][effect].values()
        np.testing.assert_allclose(effects.std_errors[:, j], [*errors], rtol=1e-5)


# --- brute force -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "options"), WITH_FORM)
def test_no_point_nearby_is_higher_and_the_hessian_is_dense_one(kind, options):
    form, (has_lag, durbin, has_error) = options["error_components"], PARTS[kind]
    Y, X, W = arrays()
    model = fit(kind, Y, X, W, **(options if has_error else {}))
    Z = brute.design(X, W, [0, 1] if durbin else [], True)
    theta = theta_of(model, Z)
    K = Z.shape[2]
    free = [*range(K), *([K] if has_lag else []), *([K + 1] if has_error else []), K + 2, K + 3]

    def value(at):
        whole = theta.copy()
        whole[free] = at
        return brute_random.loglik(whole, Y, Z, W, W, form)

    assert value(theta[free]) == pytest.approx(model.loglik_, abs=1e-9)
    H = brute.hessian_at_maximum(value, theta[free])
    errors = np.sqrt(np.diag(np.linalg.inv(-H)))
    np.testing.assert_allclose(model.std_errors_, errors[:-1], rtol=2e-5)
    for place, error in enumerate(errors):
        for way in (-0.02, 0.02):
            assert value(theta[free] + way * error * np.eye(len(free))[place]) < model.loglik_
    effects = brute_random.predicted_effects(theta, Y, Z, W, W, form)
    np.testing.assert_allclose(model.entity_effects_, effects, atol=1e-9)
    if len(W) * len(Y) <= 100:
        information = brute_random.expected(theta, Z, W, W, form)[np.ix_(free, free)]
        other = fit(kind, Y, X, W, cov_type="expected", **(options if has_error else {}))
        expected = np.sqrt(np.diag(np.linalg.inv(information)))[:-1]
        np.testing.assert_allclose(other.std_errors_, expected, rtol=1e-5)


@pytest.mark.parametrize("form", ["baltagi", "kkp"])
def test_weights_of_the_errors_of_their_own(form):
    Y, X, W = arrays(3)
    M = np.roll(np.eye(20), 1, axis=1) * 0.6 + np.roll(np.eye(20), -1, axis=1) * 0.4
    model = fit(sh.SpatialCombined, Y, X, W, error_weights=(np.arange(20), M), error_components=form)
    Z = brute.design(X, W, [], True)
    theta = theta_of(model, Z)
    assert brute_random.loglik(theta, Y, Z, W, M, form) == pytest.approx(model.loglik_, abs=1e-9)
    H = brute.hessian(lambda at: brute_random.loglik(at, Y, Z, W, M, form), theta)
    np.testing.assert_allclose(model.std_errors_, np.sqrt(np.diag(np.linalg.inv(-H)))[:-1], rtol=2e-4)


@pytest.mark.parametrize("form", ["baltagi", "kkp"])
def test_engines_agree(form):
    Y, X, W = arrays(4, n=(5, 6))
    one, two = (
        fit(sh.SpatialCombined, Y, X, W, logdet=logdet, error_components=form) for logdet in ("eigen", "lu")
    )
    np.testing.assert_allclose(two.params_, one.params_, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(two.std_errors_, one.std_errors_, rtol=1e-6)


# --- the bound, and the other end ---------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("cov_type", ["observed", "expected"])
def test_at_the_bound_it_is_the_pooled_model(kind, options, cov_type):
    Y, X, W = arrays(1, phi=0.0)
    # unit means that are less spread than independent errors would have them
    Y = Y - 0.6 * (Y - Y.mean()).mean(axis=0)
    with pytest.warns(BoundaryWarning, match="phi = 0"):
        model = fit(kind, Y, X, W, cov_type=cov_type, **options)
    pooled = fit(kind, Y, X, W, effects="none", cov_type=cov_type)
    assert model.params_["phi"] == 0
    assert np.isnan(model.std_errors_["phi"])
    assert "no standard error" in str(model.summary())
    np.testing.assert_allclose(model.params_.drop("phi"), pooled.params_, rtol=1e-6, atol=1e-7)
    assert model.loglik_ == pytest.approx(pooled.loglik_, abs=1e-9)
    if kind is not sh.SLX:  # least squares have the unbiased variance
        np.testing.assert_allclose(model.std_errors_.drop("phi"), pooled.std_errors_, rtol=1e-5)
    np.testing.assert_allclose(model.entity_effects_, 0.0, atol=1e-12)
    for method in ("delta", "simulate"):
        effects = model.impacts(method=method, draws=50, random_state=0)
        assert np.isfinite(effects.estimates).all() and np.isfinite(effects.std_errors).all()


def test_large_effects_give_the_within_estimator():
    Y, X, W = arrays(2, phi=1e8, rho=0.0)
    random, fixed = (fit(sh.SLX, Y, X, W, effects=effects) for effects in ("random", "entity"))
    assert float(random.result_.facts["theta"].split()[0]) > 0.999
    np.testing.assert_allclose(random.params_[fixed.params_.index], fixed.params_, atol=1e-4)


def test_of_two_maxima_in_phi_the_higher_is_taken_and_the_other_named():
    """Few units whose regressor has one slope between them and another over time: two maxima."""
    rng = np.random.default_rng(7)
    W = small.lattice(2, 3)
    grid = np.expm1(np.linspace(0, 12, 60)) / 3
    twice = named = 0
    for _ in range(30):
        between = rng.normal(size=6)
        X = (between + 0.1 * rng.normal(size=(3, 6)))[..., None]
        Y = 4 * (X[..., 0] - between) - between + 0.15 * rng.normal(size=(3, 6)) + 0.3 * rng.normal(size=6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BoundaryWarning)
            model = fit(sh.SLX, Y, X, W, durbin=False)
        values = np.array([profile(Y, brute.design(X, W, [], True), phi) for phi in grid])
        assert model.loglik_ >= values.max() - 1e-9
        around = np.pad(values, 1, constant_values=-np.inf)
        peaks = np.sort(values[(values > around[:-2]) & (values > around[2:])])
        twice += len(peaks) == 2
        near = len(peaks) == 2 and model.loglik_ - peaks[0] < 2
        named += near
        assert ("Rival maximum" in model.result_.facts) == near or abs(model.loglik_ - peaks[0] - 2) < 0.2
    assert twice > 20 and named > 3


def profile(Y, Z, phi):
    """Log-likelihood of ordinary random effects at phi, the rest at its best."""
    T, n = Y.shape
    root = 1 / np.sqrt(1 + T * phi)
    y, z = (values - (1 - root) * values.mean(axis=0) for values in (Y, Z))
    y, z = y.reshape(-1), z.reshape(T * n, -1)
    left = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    return -T * n / 2 * (np.log(2 * np.pi * np.mean(left**2)) + 1) + n * np.log(root)


# --- what must not change ------------------------------------------------------------------------------------


@every_model
def test_order_labels_and_units(kind, options):
    Y, X, W = arrays(5)
    names = [f"town {i}" for i in range(20)]
    table = small.table(Y, X, units=names)
    model = kind((names, W), effects="random", **options).fit(table[["x", "z"]], table["y"])
    order = np.random.default_rng(0).permutation(20)
    turned = ([names[i] for i in order], W[np.ix_(order, order)])
    rows = table.sample(frac=1, random_state=1)
    other = kind(turned, effects="random", **options).fit(
        rows[["x", "z"]] * [1e3, 1e-4], rows["y"] * 1e2 + 5e4
    )
    factor = pd.Series(1.0, other.params_.index)
    for name in factor.index.drop([n for n in ("constant", "rho", "lambda", "phi") if n in factor]):
        factor[name] = 1e2 / (1e3 if name.endswith("x") else 1e-4)
    factor = factor.drop("constant")
    np.testing.assert_allclose(other.params_[factor.index], model.params_[factor.index] * factor, rtol=1e-6)
    np.testing.assert_allclose(
        other.std_errors_[factor.index], model.std_errors_[factor.index] * factor, rtol=1e-5
    )
    assert other.loglik_ == pytest.approx(model.loglik_ - Y.size * np.log(1e2), abs=1e-6)
    np.testing.assert_allclose(
        other.entity_effects_[names], model.entity_effects_ * 1e2, rtol=1e-5, atol=1e-6
    )


@every_model
def test_effects_residuals_predictions(kind, options):
    Y, X, W = arrays(6)
    table = small.table(Y, X)
    model = kind((small.ids(20), W), effects="random", **options).fit(table[["x", "z"]], table["y"])
    result = model.result_
    operator = np.eye(20) - model.lambda_ * W
    left = result.y - model.rho_ * result.y @ W.T - result.systematic
    np.testing.assert_allclose(left @ operator.T, result.residuals, atol=1e-10)
    predicted = np.linalg.solve(np.eye(20) - model.rho_ * W, result.systematic.T).T
    np.testing.assert_allclose(result.predicted, predicted, atol=1e-9)
    np.testing.assert_allclose(model.predict(table[["x", "z"]]), model.predict(), atol=1e-9)
    assert model.effects == "random" and "random" in str(model.summary())
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.params_, model.params_)
    assert clone(model).get_params()["effects"] == "random"
    assert list(model.params_.index)[-1] == "phi" and model.result_.n_parameters == len(model.params_) + 1


def test_summary_says_what_the_effects_are():
    Y, X, W = arrays(6)
    text = str(fit(sh.SpatialError, Y, X, W).summary())
    assert "baltagi, u = mu + (I - lambda W)^-1 e" in text
    assert "random, by maximum likelihood" in text
    assert "predicted effects in" in text
    model = fit(sh.SLX, Y, X, W)
    assert "observed information" in str(model.summary())
    theta = float(re.search(r"theta +([\d.]+)", str(model.summary()))[1])
    assert theta == pytest.approx(1 - 1 / np.sqrt(1 + 5 * model.params_["phi"]), abs=1e-4)


def test_correction_does_not_matter():
    Y, X, W = arrays(7)
    one, two = (fit(sh.SpatialDurbin, Y, X, W, correction=correction) for correction in ("lee-yu", "none"))
    np.testing.assert_array_equal(one.params_, two.params_)
    assert one.loglik_ == two.loglik_


def test_regressors_that_do_not_vary_over_time_are_legal():
    Y, X, W = arrays(8)
    X = X.copy()
    X[..., 1] = X[0, :, 1]
    model = fit(sh.SpatialDurbin, Y, X, W)
    assert model.std_errors_["x2"] > 0
    without = fit(sh.SpatialDurbin, Y, X[..., :1], W, constant=False)
    assert list(without.params_.index) == ["x1", "W:x1", "rho", "phi"]


# --- clustered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [sh.SLX, sh.SpatialLag, sh.SpatialError, sh.SpatialCombined])
def test_clustered_errors_are_near_the_observed_ones_where_the_model_is_true(kind):
    rng = np.random.default_rng(5)
    W, T = small.lattice(20, 20), 6
    has_lag, _, has_error = PARTS[kind]
    eye, X = np.eye(400), rng.normal(size=(T, 400, 2))
    errors = rng.normal(size=400) + rng.normal(size=(T, 400))
    errors = np.linalg.solve(eye - 0.4 * has_error * W, errors.T).T
    Y = np.linalg.solve(eye - 0.4 * has_lag * W, (X @ [1.0, -1.0] + errors).T).T
    options = {"error_components": "kkp"} if has_error else {}
    observed = fit(kind, Y, X, W, **options).std_errors_
    clustered = fit(kind, Y, X, W, cov_type="cluster", **options).std_errors_
    # with 400 units a variance of the score is known to about sqrt(2 / 400) = 7 per cent
    np.testing.assert_allclose(clustered / observed, 1.0, atol=0.15)


def test_clustered_errors_of_ordinary_random_effects_are_those_of_their_scores():
    """Without spatial terms the score is a sum over units, whose outer products can be summed as they are."""
    Y, X, W = arrays(9, rho=0.0, lam=0.0)
    model = fit(sh.SLX, Y, X, W, durbin=False, cov_type="cluster")
    Z = brute.design(X, W, [], True)
    theta = np.array([*model.params_, model.sigma2_])

    def of_units(at):
        b, phi, s2 = at[:3], at[3], at[4]
        u = Y - Z @ b
        inverse = np.linalg.inv(s2 * (np.eye(5) + phi))
        quadratic = np.einsum("tn,ts,sn->n", u, inverse, u)
        return np.linalg.slogdet(inverse)[1] / 2 - quadratic / 2

    steps = 1e-5 * np.maximum(np.abs(theta), 1e-2)
    scores = np.array(
        [
            (of_units(theta + h * e) - of_units(theta - h * e)) / (2 * h)
            for h, e in zip(steps, np.eye(5), strict=True)
        ]
    )
    H = brute.hessian(lambda at: of_units(at).sum(), theta)
    bread = np.linalg.inv(-H)
    expected = bread @ (scores @ scores.T) @ bread * 20 / 19
    np.testing.assert_allclose(model.std_errors_, np.sqrt(np.diag(expected))[:-1], rtol=1e-4)


# --- what does not exist ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cov_type", ["robust", "driscoll-kraay"])
def test_covariances_that_do_not_exist(cov_type):
    Y, X, W = arrays()
    with refusal(OptionError, "SpatialLag", f"cov_type='{cov_type}'", "effects='random'", "'cluster'"):
        fit(sh.SpatialLag, Y, X, W, cov_type=cov_type)


def test_no_clusters_of_effects_and_errors_that_mix():
    Y, X, W = arrays()
    with refusal(OptionError, "cluster", "baltagi", "error_components='kkp'"):
        fit(sh.SpatialError, Y, X, W, cov_type="cluster")


def test_unknown_form():
    Y, X, W = arrays()
    with refusal(OptionError, "error_components='kpp'", "'kkp', 'baltagi'"):
        fit(sh.SpatialError, Y, X, W, error_components="kpp")


def test_no_wild_bootstrap():
    Y, X, W = arrays()
    with refusal(
        OptionError, "bootstrap: samples would hold random effects fixed at their predictions", "impacts()"
    ):
        sh.impacts.bootstrap(fit(sh.SpatialLag, Y, X, W), draws=9)


@every_model
def test_one_period_has_no_random_effects(kind, options):
    Y, X, W = arrays()
    with refusal(IdentificationError, "effects='random' need at least two periods", "effects='none'"):
        fit(kind, Y[:1], X[:1], W, **options)


def test_an_outcome_that_does_not_change_over_time():
    Y, X, W = arrays()
    with refusal(IdentificationError, "changes over time", "effects='none'"):
        fit(sh.SpatialLag, np.tile(Y[:1], (5, 1)), X, W)


def test_a_constant_regressor_beside_the_constant():
    Y, X, W = arrays()
    X = np.concatenate([X, np.ones((5, 20, 1))], axis=2)
    with refusal(ConstantRegressorError, "'x3'"):
        fit(sh.SpatialLag, Y, X, W)


# --- words ---


def test_the_page_runs():
    page = Path(__file__).parents[2] / "docs" / "random_effects.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 8 and failed == 0


def test_the_warning_of_the_bound_stands_at_the_line_that_fits():
    Y, X, W = arrays(1, phi=0.0)
    Y = Y - 0.6 * (Y - Y.mean()).mean(axis=0)
    with pytest.warns(BoundaryWarning) as caught:
        sh.SpatialLag((np.arange(20), W), effects="random").fit_arrays(Y, X)
    assert caught[0].filename == __file__


# --- simulation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("SLX", sh.SLX),
        ("SAR", sh.SpatialLag),
        ("SEM", sh.SpatialError),
        ("SDEM", sh.SpatialDurbinError),
        ("SAC", sh.SpatialCombined),
        ("GNS", sh.GeneralNesting),
    ],
)
def test_a_simulation_is_recovered(model, kind):
    simulation = sh.datasets.simulate(225, 8, model=model, effects="random", sigma=0.8, random_state=3)
    fitted = kind(weights=simulation.weights, effects="random").fit_formula("y ~ x1 + x2", simulation.data)
    truth = simulation.truth["params"]
    assert list(fitted.params_.index) == list(truth.index)
    assert ((fitted.params_ - truth) / fitted.std_errors_).abs().max() < 3.5
    assert np.corrcoef(fitted.entity_effects_, simulation.truth["entity_effects"])[0, 1] > 0.9
