"""The second stage: its likelihood against dense normal densities, weights, coverage, and refusals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.attraction import GravityModel, estimated_instruments, second_stage
from spatialhealth.attraction.estimated_outcome import EstimatedOutcome
from spatialhealth.attraction.gravity_result import CityEffects
from tests import small
from tests.journeys import small_flows
from tests.refusal import refusal

CASES = {"none": (), "lag": ("rho",), "error": ("lambda",), "both": ("rho", "lambda")}
each_case = pytest.mark.parametrize("case", CASES)
FORMULA = "attraction ~ log(tertiary) + log(primary) + log(gdp)"


def matrices(side=4):
    W = small.lattice(side, side)
    return W / W.sum(axis=1, keepdims=True)


def covariance_of(rng, n, size=0.3):
    root = rng.normal(size=(n, n)) * rng.uniform(0.1, 2, size=(n, 1))
    V = size * root @ root.T / n
    center = np.eye(n) - 1 / n
    return center @ V @ center


def outcome_for(case, seed=0, side=4):
    rng = np.random.default_rng(seed)
    W = matrices(side)
    n, M = len(W), np.roll(np.eye(len(W)), 1, axis=1)
    z = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    V = covariance_of(rng, n)
    y = z @ [0, 1.0, -0.5] + rng.normal(size=n) + rng.multivariate_normal(np.zeros(n), V)
    names = CASES[case]
    return EstimatedOutcome(
        y - y.mean(), V, z, W if "rho" in names else None, M if "lambda" in names else None,
        tuple((-0.99, 0.99) for _ in names),
    )  # fmt: skip


def spatial_of(case):
    return np.array({"none": [], "lag": [0.3], "error": [-0.4], "both": [0.3, -0.4]}[case])


def dense_parts(outcome, spatial, sigma2):
    """Mean operator, covariance and contrasts, from their definitions."""
    n = len(outcome.y)
    rho = spatial[0] if outcome.lag is not None else 0.0
    lam = spatial[-1] if outcome.error_lag is not None else 0.0
    A = np.linalg.inv(np.eye(n) - rho * (outcome.lag if outcome.lag is not None else np.zeros((n, n))))
    M = outcome.error_lag if outcome.error_lag is not None else np.zeros((n, n))
    B = A @ np.linalg.inv(np.eye(n) - lam * M)
    K = np.linalg.qr(np.column_stack([np.ones(n), np.eye(n)[:, 1:]]))[0][:, 1:]
    return A, sigma2 * B @ B.T + outcome.error, K


@each_case
def test_the_likelihood_is_the_density_of_differences(case):
    outcome, spatial = outcome_for(case), spatial_of(case)
    point = outcome.at(spatial, 0.8)
    A, covariance, K = dense_parts(outcome, spatial, 0.8)
    X, omega = K.T @ A @ outcome.z[:, 1:], K.T @ covariance @ K
    b = np.linalg.solve(X.T @ np.linalg.solve(omega, X), X.T @ np.linalg.solve(omega, K.T @ outcome.y))
    np.testing.assert_allclose(point.coefficients[1:], b, rtol=1e-8)
    density = multivariate_normal(X @ b, omega).logpdf(K.T @ outcome.y)
    assert point.loglik == pytest.approx(density, abs=1e-8)


@each_case
def test_the_slope(case):
    outcome = outcome_for(case)
    theta = np.append(spatial_of(case), 0.8)
    numeric = approx_fprime(theta, lambda t: outcome.at(t[:-1], t[-1]).loglik, 1e-6)
    np.testing.assert_allclose(outcome.at(theta[:-1], theta[-1]).score, numeric, rtol=1e-4, atol=1e-5)


@each_case
def test_the_covariance_is_the_inverse_expected_information(case):
    outcome, spatial = outcome_for(case), spatial_of(case)
    point, k = outcome.at(spatial, 0.8), outcome.z.shape[1]
    theta = np.concatenate([point.coefficients, spatial, [0.8]])
    h = 1e-5

    def moments(t):
        A, covariance, K = dense_parts(outcome, t[k:-1], t[-1])
        return K.T @ A @ outcome.z @ t[:k], K.T @ covariance @ K

    omega = np.linalg.inv(moments(theta)[1])
    steps = [h * row for row in np.eye(len(theta))]
    changes = [(np.subtract(moments(theta + s)[0], moments(theta - s)[0]) / (2 * h),
                np.subtract(moments(theta + s)[1], moments(theta - s)[1]) / (2 * h)) for s in steps[1:]]  # fmt: skip
    information = np.array(
        [[m @ omega @ o + 0.5 * np.trace(omega @ c @ omega @ d) for o, d in changes] for m, c in changes]
    )
    np.testing.assert_allclose(point.covariance[1:, 1:], np.linalg.inv(information), rtol=1e-4, atol=1e-8)


def test_with_unequal_variances_it_is_weighted_least_squares():
    """Without lags and covariances: the estimator for estimated dependent variables."""
    rng = np.random.default_rng(1)
    n = 40
    z, v = np.column_stack([np.ones(n), rng.normal(size=n)]), rng.uniform(0.01, 3, n)
    y = z @ [1.0, 2.0] + rng.normal(size=n) * np.sqrt(0.5 + v)
    point = EstimatedOutcome(y, np.diag(v), z, None, None, ()).maximise(np.zeros(0), 1.0)
    weight = 1 / (point.sigma2 + v)
    by_hand = np.linalg.solve(z.T @ (weight[:, None] * z), z.T @ (weight * y))
    np.testing.assert_allclose(point.coefficients, by_hand, rtol=1e-8)
    covariance = np.linalg.inv(z.T @ (weight[:, None] * z))
    np.testing.assert_allclose(point.covariance[:2, :2], covariance, rtol=1e-6)


@each_case
def test_the_maximum_has_no_slope_and_is_the_highest(case):
    outcome = outcome_for(case, side=5)
    point = outcome.maximise(np.zeros(len(CASES[case])), 1.0)
    assert np.abs(point.score).max() < 1e-3
    rng = np.random.default_rng(0)
    for _ in range(50):
        spatial = rng.uniform(-0.9, 0.9, len(CASES[case]))
        assert outcome.at(spatial, rng.uniform(0.05, 4)).loglik <= point.loglik + 1e-9


def test_intervals_cover_and_weights_help():
    """150 samples with known, very unequal errors: nominal coverage, and less spread than least squares."""
    rng, n, inside, estimates, plain = np.random.default_rng(3), 50, [], [], []
    z = np.column_stack([np.ones(n), rng.normal(size=n)])
    V = covariance_of(rng, n, size=2.0)
    root = np.linalg.cholesky(V + 1e-9 * np.eye(n))
    for _ in range(150):
        y = z @ [0.0, 1.0] + 0.4 * rng.normal(size=n) + root @ rng.normal(size=n)
        point = EstimatedOutcome(y, V, z, None, None, ()).maximise(np.zeros(0), 0.5)
        error = point.coefficients[1] - 1
        inside.append(abs(error) < 1.96 * np.sqrt(point.covariance[1, 1]))
        estimates.append(error)
        plain.append(np.linalg.lstsq(z, y, rcond=None)[0][1] - 1)
    assert 0.90 <= np.mean(inside) <= 0.99
    assert np.std(estimates) < 0.7 * np.std(plain)
    assert abs(np.mean(estimates)) < 3.5 * np.std(estimates) / np.sqrt(150)


# --- with flows -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded():
    pytest.importorskip("pyfixest", reason="the extra 'flows'")
    od, cities = sh.datasets.load_flows(), sh.datasets.load_cities()
    gravity = GravityModel(cov_type="cluster").fit(od)
    return gravity, sh.weights.contiguity(cities), sh.datasets.load_panel().xs(2021, level="year")


@pytest.mark.parametrize("estimator", [sh.SLX, sh.SpatialLag, sh.SpatialDurbin, sh.SpatialError,
                                       sh.SpatialDurbinError, sh.SpatialCombined, sh.GeneralNesting])  # fmt: skip
def test_every_estimator_finds_the_truth_of_the_embedded_flows(embedded, estimator):
    gravity, W, hospitals = embedded
    found = second_stage(gravity, estimator(W), FORMULA, hospitals)
    truth = pd.Series(sh.datasets.load_truth()["flows"]["pull"]["params"])
    model = found.model
    z = (model.params_[truth.index] - truth) / model.std_errors_[truth.index]
    assert z.abs().max() < 3
    assert abs(found.sigma2 - 0.35**2) < 3 * np.sqrt(2 / 307) * 0.35**2
    assert found.sigma2 < found.unweighted.sigma2_ < found.sigma2 + 3 * found.first_stage
    for name in model.result_.spatial_names:
        assert abs(model.params_[name]) < 3 * model.std_errors_[name]
    effects = model.impacts().table.set_index(["variable", "effect"])
    assert effects.loc[("log(tertiary)", "direct"), "estimate"] == pytest.approx(0.6, abs=0.12)
    assert "in the likelihood" in str(found)
    np.testing.assert_array_equal(found.table["estimate"], model.params_)
    np.testing.assert_array_equal(found.table["unweighted_std_error"], found.unweighted.std_errors_)


def test_the_order_of_cities_does_not_matter(embedded):
    gravity, W, hospitals = embedded
    first = second_stage(gravity, sh.SpatialLag(W), FORMULA, hospitals)
    cities = sh.datasets.load_cities().sample(frac=1, random_state=3)
    other = second_stage(gravity, sh.SpatialLag(sh.weights.contiguity(cities)), FORMULA, hospitals.iloc[::-1])
    np.testing.assert_allclose(other.model.params_, first.model.params_, rtol=1e-5)
    np.testing.assert_allclose(other.model.std_errors_, first.model.std_errors_, rtol=1e-5)


def test_exact_attraction_gives_least_squares(embedded):
    gravity, W, hospitals = embedded
    exact = GravityModel()
    known = gravity.result_.effects["destination"]
    from dataclasses import replace

    nothing = CityEffects(known.name, known.cities, known.estimates, 1e-12 * np.eye(307), 0.0, "none")
    exact._result = replace(gravity.result_, effects={"destination": nothing})
    found = second_stage(exact, sh.SLX(W), FORMULA, hospitals)
    np.testing.assert_allclose(found.model.params_, found.unweighted.params_, rtol=1e-6)
    np.testing.assert_allclose(found.model.std_errors_, found.unweighted.std_errors_, rtol=2e-2)
    lag = second_stage(exact, sh.SpatialLag(W), FORMULA, hospitals)
    # the likelihood of differences is not that of levels, but for 1 in 307
    apart = (lag.model.params_ - lag.unweighted.params_) / lag.unweighted.std_errors_
    assert apart.abs().max() < 0.1


@pytest.fixture(scope="module")
def little():
    pytest.importorskip("pyfixest", reason="the extra 'flows'")
    od = small_flows(10)
    names = sorted(od["origin"].unique())
    rng = np.random.default_rng(0)
    cities = pd.DataFrame({"beds": rng.uniform(1, 9, 10)}, index=names)
    ring = np.roll(np.eye(10), 1, axis=1)
    return GravityModel().fit(od), (names, ring), cities


def test_refusals(little):
    gravity, W, cities = little
    formula = "attraction ~ beds"
    with refusal(errors.OptionError, "an estimator of the package"):
        second_stage(gravity, "SLX", formula, cities)
    with refusal(errors.LabelError, "DataFrame indexed by city"):
        second_stage(gravity, sh.SLX(W), formula, cities.to_numpy())
    with refusal(errors.OptionError, "effects='none'"):
        second_stage(gravity, sh.SLX(W, effects="entity"), formula, cities)
    with refusal(errors.OptionError, "cov_type='robust'"):
        second_stage(gravity, sh.SLX(W, cov_type="robust"), formula, cities)
    with refusal(errors.FormulaError, "'attraction'"):
        second_stage(gravity, sh.SLX(W), "pull ~ beds", cities)
    with refusal(errors.AlignmentError, "with an attraction: 'c00'"):
        second_stage(gravity, sh.SLX(W), formula, cities[1:])
    with refusal(errors.AlignmentError, "in the table of cities: 'z'"):
        second_stage(gravity, sh.SLX(W), formula, pd.concat([cities, cities[:1].rename({"c00": "z"})]))
    with refusal(errors.DuplicateError, "more than once", "'c00'"):
        second_stage(gravity, sh.SLX(W), formula, pd.concat([cities, cities[:1]]))
    with refusal(errors.OptionError, "must be a GravityModel", "SLX"):
        second_stage(sh.SLX(W), sh.SLX(W), formula, cities)
    with refusal(errors.IdentificationError, "needs a constant"):
        second_stage(gravity, sh.SLX(W, durbin=False, constant=False), formula, cities)
    with refusal(errors.NotFittedError, "Call fit first"):
        second_stage(GravityModel(), sh.SLX(W), formula, cities)
    with refusal(errors.NotFittedError, "effects='origin'"):
        second_stage(GravityModel(effects="origin").fit(small_flows(10)), sh.SLX(W), formula, cities)


def test_the_level_must_not_matter(little):
    gravity, (names, ring), cities = little
    uneven = ring * np.arange(1.0, 11)[:, None] / 10
    with refusal(errors.IdentificationError, "arbitrary", "one sum"):
        second_stage(gravity, sh.SpatialLag((names, uneven)), "attraction ~ beds", cities)
    second_stage(gravity, sh.SpatialError((names, uneven)), "attraction ~ beds", cities)


# --- instruments ------------------------------------------------------------------------------------------


def equation_of(seed=0, side=9, rho=0.5, size=0.8):
    """A simulated attraction with an error of known, very unequal covariance; x2 endogenous, q its instrument."""
    rng = np.random.default_rng(seed)
    W = matrices(side)
    n = len(W)
    units = [f"c{j:02d}" for j in range(n)]
    V = covariance_of(rng, n, size)
    x1, q, shock, e = rng.normal(size=(4, n))
    x2 = 1.5 * q + shock
    e = 0.5 * e + 0.4 * shock
    a = np.linalg.solve(np.eye(n) - rho * W, 1.0 + 2 * x1 + x2 + e)
    y = a + rng.multivariate_normal(np.zeros(n), V, method="eigh")
    data = pd.DataFrame({"attraction": y - y.mean(), "x1": x1, "x2": x2, "q": q}, index=units)
    return W, V, data


def gravity_with(data, V):
    """A first stage that found this attraction with this covariance."""
    gravity = GravityModel()
    effects = CityEffects(
        "destination", np.array(data.index), data["attraction"].to_numpy(), V, 0.9, "robust"
    )
    gravity._result = SimpleNamespace(effects={"destination": effects})
    return gravity


def explained(W, V, data, **options):
    model = sh.SpatialIV((list(data.index), W), endogenous=["x2"], instruments=["q"], **options)
    return second_stage(gravity_with(data, V), model, "attraction ~ x1 + x2", data.drop(columns="attraction"))


def weighted_by_hand(W, V, data, rho, sigma2):
    """Dense two-stage least squares with S^-1, from its definition."""
    n = len(W)
    one, x1, x2, q, y = np.ones(n), *(data[name].to_numpy() for name in ("x1", "x2", "q", "attraction"))
    Z = np.column_stack([one, x1, x2, W @ y])
    H = np.column_stack([one, x1, q, W @ x1, W @ W @ x1, W @ q, W @ W @ q])
    F = np.eye(n) - rho * W
    S = np.linalg.inv(sigma2 * np.eye(n) + F @ V @ F.T)
    bread = Z.T @ S @ H @ np.linalg.inv(H.T @ S @ H) @ H.T @ S
    covariance = np.linalg.inv(bread @ Z)
    coefficients = covariance @ bread @ y
    residual = y - Z @ coefficients
    return coefficients, covariance, residual @ S @ residual / (n - Z.shape[1])


@pytest.mark.parametrize("seed", range(4))
def test_weighted_instruments_are_those_by_hand(seed):
    W, V, data = equation_of(seed)
    found = explained(W, V, data)
    model = found.model
    by_hand, covariance, scale = weighted_by_hand(W, V, data, model.rho_, found.sigma2)
    np.testing.assert_allclose(model.params_, by_hand, rtol=1e-6)
    np.testing.assert_allclose(model.result_.covariance, covariance, rtol=1e-6, atol=1e-12)
    assert scale == pytest.approx(1, abs=1e-6)  # the estimate, rho in S and sigma2 fit each other
    Z = np.column_stack([np.ones(81), data[["x1", "x2"]]])
    left = data["attraction"] - model.rho_ * W @ data["attraction"] - Z @ model.params_.to_numpy()[:3]
    np.testing.assert_allclose(model.residuals_.loc[data.index], left, atol=1e-12)
    assert model.instrument_tests_.loc["Sargan", "df"] == 3
    assert "in the weights" in str(found) and "First stage" in str(found)


def test_the_level_and_the_order_of_cities_are_indifferent_to_instruments():
    W, V, data = equation_of(1)
    found = explained(W, V, data)
    raised = explained(W, V + 5.0, data)
    np.testing.assert_allclose(raised.model.params_, found.model.params_, rtol=1e-6)
    slopes = slice(1, None)
    np.testing.assert_allclose(
        raised.model.result_.covariance[slopes, slopes],
        found.model.result_.covariance[slopes, slopes],
        rtol=1e-5,
    )
    order = np.random.default_rng(0).permutation(len(W))
    turned = explained(W[np.ix_(order, order)], V[np.ix_(order, order)], data.iloc[order])
    np.testing.assert_allclose(turned.model.params_, found.model.params_, rtol=1e-6)
    np.testing.assert_allclose(turned.model.std_errors_, found.model.std_errors_, rtol=1e-6)


def test_exact_attraction_gives_plain_instruments():
    W, V, data = equation_of(2, size=1e-9)
    found = explained(W, V, data)
    np.testing.assert_allclose(found.model.params_, found.unweighted.params_, rtol=1e-5)
    np.testing.assert_allclose(found.model.std_errors_, found.unweighted.std_errors_, rtol=1e-5)
    assert found.sigma2 == pytest.approx(found.unweighted.sigma2_, rel=1e-5)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.WeakInstrumentsWarning")  # in some of the samples
def test_intervals_of_instruments_cover_and_weights_help():
    """120 simulated samples: nominal coverage, and less spread than unweighted instruments."""
    truth, inside, errors_, plain, sigma2 = np.array([2.0, 1.0, 0.5]), [], [], [], []
    for seed in range(120):
        W, V, data = equation_of(seed + 100, size=3.0)
        found = explained(W, V, data)
        error = found.model.params_.to_numpy()[1:] - truth
        inside.append(np.abs(error) < 1.96 * found.model.std_errors_.to_numpy()[1:])
        errors_.append(error)
        plain.append(found.unweighted.params_.to_numpy()[1:] - truth)
        sigma2.append(found.sigma2)
    assert (np.mean(inside, axis=0) > 0.89).all()
    # x1, exogenous and directly measured, gains most
    assert np.std(errors_, axis=0)[0] < 0.85 * np.std(plain, axis=0)[0]
    assert (np.abs(np.mean(errors_, axis=0)) < 0.1).all()
    assert np.mean(sigma2) == pytest.approx(0.5**2 + 0.4**2, rel=0.25)


def test_instruments_find_the_truth_of_the_embedded_flows(embedded):
    gravity, W, hospitals = embedded
    found = second_stage(gravity, sh.SpatialIV(W), FORMULA, hospitals)
    truth = pd.Series(sh.datasets.load_truth()["flows"]["pull"]["params"])
    z = (found.model.params_[truth.index] - truth) / found.model.std_errors_[truth.index]
    assert z.abs().max() < 3
    assert found.sigma2 < found.unweighted.sigma2_ < found.sigma2 + 2 * found.first_stage
    lag = second_stage(gravity, sh.SpatialLag(W), FORMULA, hospitals).model
    assert ((found.model.params_ - lag.params_).abs() < lag.std_errors_).all()
    assert found.model.impacts().table["std_error"].gt(0).all()


def test_instruments_refuse_what_cannot_be_weighted():
    W, V, data = equation_of()
    for cov_type in ("robust", "cluster", sh.SpatialHAC((list(data.index), W))):
        with refusal(errors.OptionError, "no place for the error", "Use 'classical'"):
            explained(W, V, data, cov_type=cov_type)
    with refusal(errors.OptionError, "moments of lambda", "SpatialCombined"):
        explained(W, V, data, spatial_errors="gmm")


def test_what_instruments_cannot_settle_is_said(monkeypatch):
    monkeypatch.setattr(estimated_instruments, "_ROUNDS", 1)
    W, V, data = equation_of()
    with refusal(errors.ConvergenceError, "have not settled after 1 rounds"):
        explained(W, V, data)


@pytest.mark.parametrize("cov_type", ["robust", "cluster", "driscoll-kraay", "hac"])
def test_sandwiches_are_refused_whatever_the_estimator(little, cov_type):
    gravity, W, cities = little
    asked = sh.SpatialHAC(W) if cov_type == "hac" else cov_type
    for estimator in (sh.SLX, sh.SpatialLag, sh.SpatialError, sh.SpatialCombined):
        with refusal(errors.OptionError, "no place for the error", "Use 'expected'"):
            second_stage(gravity, estimator(W, cov_type=asked), "attraction ~ beds", cities)


def test_panels_are_refused(little):
    gravity, W, cities = little
    for model in (sh.SpatialLag(W, effects="random"), sh.SpatialLag(W, dynamic="lag"),
                  sh.SpatialLag(W, missing="likelihood")):  # fmt: skip
        with refusal(errors.OptionError, "is for a panel"):
            second_stage(gravity, model, "attraction ~ beds", cities)


def test_nothing_left_to_explain_is_said(little):
    gravity, W, cities = little
    effects = gravity.result_.effects["destination"]
    noise = 0.1 * np.sqrt(np.trace(effects.covariance) / 10)
    exact = cities.assign(beds=effects.estimates + noise * np.random.default_rng(0).normal(size=10))
    with pytest.warns(errors.BoundaryWarning, match="estimated as zero"):
        found = second_stage(gravity, sh.SLX(W, durbin=False), "attraction ~ beds", exact)
    assert found.sigma2 < 1e-6
