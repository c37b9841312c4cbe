"""Marginal likelihoods against numerical integration of densities written down with dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.linalg import null_space
from scipy.special import betaln, logsumexp
from scipy.stats import multivariate_normal

from spatialhealth.likelihood.marginal import Regression, SpatialPrior, log_marginal, spatial_mass
from spatialhealth.likelihood.transform import Jacobian, Within
from spatialhealth.operator.operator import SpatialOperator
from tests import brute
from tests.small import ids, lattice

W = lattice(2, 3)
N = len(W)
LOG_VARIANCES = np.linspace(-9, 14, 1200)


def data(periods, constant, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(periods, N, 1 if constant else 2))
    Z = np.concatenate([np.ones((periods, N, 1)), X], axis=2) if constant else X
    Y = Z.sum(axis=2) + rng.normal(size=(periods, N))
    return np.linalg.solve(np.eye(N) - 0.3 * W, Y.T).T, Z


def ours(Y, Z, spatial, constant, coefficients, effects="none", correction="lee-yu", prior=None):
    operator = SpatialOperator((ids(N), W))
    within = Within(effects, correction, N, len(Y), True)

    def flat(values):
        return within.apply(values).reshape(
            values.size // values.shape[-1] if values.ndim == 3 else -1, *values.shape[2:]
        )

    regression = Regression.of(
        flat(Z),
        flat(Y),
        flat(operator.lag(Z)) if spatial == "lambda" else None,
        flat(operator.lag(Y)),
        int(constant),
        within.degrees,
    )
    if not spatial:
        return log_marginal(regression, coefficients)
    prior = prior or SpatialPrior("uniform", 1.0, operator.interval)
    return spatial_mass(regression, Jacobian(operator.logdet, within), prior, coefficients).log_total


def log_given_spatial(Y, Z, V, r, spatial, constant, size):
    """ln p(y | r): dense normal densities under the g prior, the variance on a fine grid of its logarithm."""
    T = len(Y)
    A = np.kron(np.eye(T), np.eye(len(V)) - r * V)
    y, z = Y.reshape(-1), Z.reshape(-1, Z.shape[2])
    e = A @ y
    z = A @ z if spatial == "lambda" else z
    K = z.shape[1] - constant
    basis = np.eye(len(y))
    if constant:  # a flat constant with the density of its column's length leaves what is orthogonal to it
        basis = null_space(z[:, :1].T)
        e, z = basis.T @ e, basis.T @ z[:, 1:]
    g = max(size, K**2)
    cov = np.eye(len(e)) + g * z @ np.linalg.inv(z.T @ z) @ z.T
    unit = multivariate_normal(np.zeros(len(e)), cov)
    quadratic, log_det = e @ np.linalg.solve(cov, e), np.linalg.slogdet(cov)[1]
    assert unit.logpdf(e) == pytest.approx(-0.5 * (len(e) * np.log(2 * np.pi) + log_det + quadratic))
    v = LOG_VARIANCES
    logs = -0.5 * (len(e) * (np.log(2 * np.pi) + v) + log_det + quadratic / np.exp(v))
    return logsumexp(logs) + np.log(v[1] - v[0]) + np.linalg.slogdet(A)[1]


def integrated(function, low, high):
    """The logarithm of an integral of exp(function), by adaptive quadrature; good to about 1e-10."""
    top = max(function(x) for x in np.linspace(low, high, 41)[1:-1])
    total = quad(lambda x: np.exp(function(x) - top), low, high, epsabs=0, epsrel=1e-11, limit=400)[0]
    return np.log(total) + top


@pytest.mark.parametrize("spatial", ["rho", "lambda"])
@pytest.mark.parametrize("constant", [False, True])
def test_g_prior_against_dense_densities(spatial, constant):
    Y, Z = data(2, constant)
    low, high = SpatialOperator((ids(N), W)).interval
    exact = integrated(lambda r: log_given_spatial(Y, Z, W, r, spatial, constant, Y.size), low, high)
    assert ours(Y, Z, spatial, constant, "g-prior") == pytest.approx(exact - np.log(high - low), abs=1e-8)


@pytest.mark.parametrize("effects", ["entity", "time", "two-way"])
@pytest.mark.parametrize("spatial", ["rho", "lambda"])
def test_effects_are_transformed_away_as_by_explicit_helmert_matrices(effects, spatial):
    Y, Z = data(3, False)
    Yt, Zt, Wt = brute.transformed(Y, Z, W, effects)
    low, high = SpatialOperator((ids(N), W)).interval
    exact = integrated(lambda r: log_given_spatial(Yt, Zt, Wt, r, spatial, False, Yt.size), low, high)
    found = ours(Y, Z, spatial, False, "g-prior", effects)
    assert found == pytest.approx(exact - np.log(high - low), abs=1e-8)


@pytest.mark.parametrize("effects", ["entity", "two-way"])
def test_without_correction_effects_are_integrated_out_with_a_flat_prior(effects):
    """Dummy variables of length one, flat: what is orthogonal to them is left, and every log-determinant."""
    Y, Z = data(3, False)
    dummies = brute.with_dummies(Z, effects)[..., Z.shape[2] :].reshape(Y.size, -1)
    basis = null_space(dummies.T)
    z = basis.T @ Z.reshape(Y.size, -1)
    g, half = basis.shape[1], basis.shape[1] / 2
    cov = np.eye(g) + g * z @ np.linalg.inv(z.T @ z) @ z.T

    def log_density(r):
        e = basis.T @ (Y - r * Y @ W.T).reshape(-1)
        v = LOG_VARIANCES
        logs = -half * (np.log(2 * np.pi) + v) - 0.5 * e @ np.linalg.solve(cov, e) / np.exp(v)
        ends = logsumexp(logs) + np.log(v[1] - v[0]) - 0.5 * np.linalg.slogdet(cov)[1]
        return ends + len(Y) * brute.logdet(W, r)

    low, high = SpatialOperator((ids(N), W)).interval
    exact = integrated(log_density, low, high) - np.log(high - low)
    assert ours(Y, Z, "rho", False, "g-prior", effects, "none") == pytest.approx(exact, abs=1e-8)


def test_diffuse_is_the_integral_over_flat_coefficients():
    """Without a spatial parameter: over beta and ln sigma2; LeSage's constant is 2^-a of that of flat priors."""
    Y, Z = data(2, False)
    y, z = Y.reshape(-1), Z[..., :1].reshape(-1, 1)
    peak = float(z[:, 0] @ y / (z[:, 0] @ z[:, 0]))

    def density(beta, log_variance):
        e = y - z[:, 0] * beta
        return np.exp(
            -0.5 * (len(y) * (np.log(2 * np.pi) + log_variance) + e @ e / np.exp(log_variance)) + 20
        )

    total = dblquad(density, -3, 7, peak - 25, peak + 25, epsabs=0, epsrel=1e-9)[0]
    a = (len(y) - 1) / 2
    found = ours(Y, Z[..., :1], "", False, "diffuse")
    assert found == pytest.approx(np.log(total) - 20 - a * np.log(2), abs=1e-7)


@pytest.mark.parametrize("spatial", ["rho", "lambda"])
def test_diffuse_with_a_spatial_parameter(spatial):
    """LeSage (2014): Gamma(a) (2 pi)^-a times the integral of |A|^T |Z'Z|^-1/2 S^-a / D, dense."""
    from scipy.special import gammaln

    Y, Z = data(2, True)
    a = (Y.size - Z.shape[2]) / 2
    low, high = SpatialOperator((ids(N), W)).interval

    def log_density(r):
        A = np.kron(np.eye(2), np.eye(N) - r * W)
        e, z = A @ Y.reshape(-1), Z.reshape(-1, Z.shape[2])
        z = A @ z if spatial == "lambda" else z
        left = e - z @ np.linalg.lstsq(z, e, rcond=None)[0]
        return np.linalg.slogdet(A)[1] - 0.5 * np.linalg.slogdet(z.T @ z)[1] - a * np.log(left @ left)

    exact = integrated(log_density, low, high) + gammaln(a) - a * np.log(2 * np.pi) - np.log(high - low)
    assert ours(Y, Z, spatial, True, "diffuse") == pytest.approx(exact, abs=1e-9)


def test_the_beta_prior_is_a_density_on_its_interval():
    for interval in ((-1.0, 1.0), (-1.6, 1.0)):
        prior = SpatialPrior("beta", 2.5, interval)
        total = quad(lambda x, prior=prior: np.exp(prior.log_density(x)), *interval)[0]
        assert total == pytest.approx(1, abs=1e-10)
        assert prior.log_density(interval[1]) == -np.inf
    # LeSage and Pace's (2009) form on (-1, 1)
    d, x = 1.01, 0.37
    exact = (d - 1) * (np.log(1 + x) + np.log(1 - x)) - (2 * d - 1) * np.log(2) - betaln(d, d)
    assert SpatialPrior("beta", d, (-1.0, 1.0)).log_density(x) == pytest.approx(exact, abs=1e-13)


def test_large_means_take_no_digits():
    Y, Z = data(2, True)
    at_zero = ours(Y, Z, "lambda", True, "g-prior")
    assert ours(Y + 1e6, Z, "lambda", True, "g-prior") == pytest.approx(at_zero, abs=1e-7)
