"""Estimates against brute force of our own: explicit transformations, dummy variables, dense likelihood."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from tests import brute
from tests.cases import panel_arrays


def fit(Y, X, ids, W, effects, correction, cov_type="observed", logdet="auto"):
    model = sh.SpatialDurbin(
        (ids, W), effects=effects, correction=correction, cov_type=cov_type, logdet=logdet
    )
    return model.fit_arrays(Y, X)


@pytest.mark.parametrize("data", ["cigar", "produc"])
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_transformation_equals_explicit_helmert_matrices(data, effects):
    Y, X, ids, W = panel_arrays(data)
    model = fit(Y, X, ids, W, effects, "lee-yu")
    Z = brute.design(X, W, list(range(X.shape[2])), effects == "none")
    y, z, w = brute.transformed(Y, Z, W, effects)
    rho, b, s2, value = brute.maximise(y, z, w)
    np.testing.assert_allclose(model.params_, [*b, rho], atol=1e-7)
    assert model.sigma2_ == pytest.approx(s2, rel=1e-7)
    assert model.loglik_ == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize("data", ["cigar", "produc"])
@pytest.mark.parametrize("effects", ["entity", "time", "two-way"])
def test_no_correction_equals_dummy_variables(data, effects):
    Y, X, ids, W = panel_arrays(data)
    model = fit(Y, X, ids, W, effects, "none")
    Z = brute.design(X, W, list(range(X.shape[2])), False)
    rho, b, s2, value = brute.maximise(Y, brute.with_dummies(Z, effects), W)
    np.testing.assert_allclose(model.params_, [*b[: Z.shape[2]], rho], atol=1e-7)
    assert model.sigma2_ == pytest.approx(s2, rel=1e-7)
    assert model.loglik_ == pytest.approx(value, abs=1e-7)


def test_lag_of_the_demeaned_outcome_gives_another_answer():
    Y, X, ids, W = panel_arrays("produc")
    demeaned = Y - Y.mean(0) - Y.mean(1)[:, None] + Y.mean()
    Z = brute.design(X, W, [0, 1, 2, 3], False)
    Z = Z - Z.mean(0) - Z.mean(1)[:, None] + Z.mean((0, 1))
    wrong = brute.maximise(demeaned, Z, W)[0]
    assert wrong == pytest.approx(0.368846, abs=1e-6)
    assert fit(Y, X, ids, W, "two-way", "none").rho_ == pytest.approx(0.370168, abs=1e-6)


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
@pytest.mark.parametrize("correction", ["lee-yu", "none"])
def test_observed_information_is_the_numerical_hessian(effects, correction):
    Y, X, ids, W = panel_arrays("cigar")
    model = fit(Y, X, ids, W, effects, correction)
    Z = brute.design(X, W, [0, 1], effects == "none")
    if correction == "lee-yu":
        y, z, w = brute.transformed(Y, Z, W, effects)
        start = np.append(model.result_.params, model.sigma2_)
    else:
        y, z, w = Y, brute.with_dummies(Z, effects), W
        rho, b, s2, _ = brute.maximise(y, z, w)
        start = np.array([*b, rho, s2])
    # scaling makes one step fit all parameters
    information = -brute.hessian(lambda t: brute.loglik(t, y, z, w), start)
    covariance = np.linalg.inv(information)
    keep = [*range(Z.shape[2]), len(start) - 2]
    errors = np.sqrt(np.diag(covariance))[keep]
    np.testing.assert_allclose(model.std_errors_, errors, rtol=2e-5)


@pytest.mark.parametrize("effects", ["time", "two-way"])
def test_expected_information_without_correction_is_that_of_the_dummies(effects):
    Y, X, ids, W = panel_arrays("cigar")
    model = fit(Y, X, ids, W, effects, "none", cov_type="expected")
    Z = brute.design(X, W, [0, 1], False)
    z = brute.with_dummies(Z, effects)
    rho, b, s2, _ = brute.maximise(Y, z, W)
    T, n = Y.shape
    G = W @ np.linalg.inv(np.eye(n) - rho * W)
    signal = np.einsum("ij,tj->ti", G, z @ b).reshape(-1)
    flat = z.reshape(-1, z.shape[2])
    p = len(b)
    F = np.zeros((p + 2, p + 2))
    F[:p, :p] = flat.T @ flat / s2
    F[:p, p] = F[p, :p] = flat.T @ signal / s2
    F[p, p] = T * (np.sum(G * G.T) + np.sum(G * G)) + signal @ signal / s2
    F[p, p + 1] = F[p + 1, p] = T * np.trace(G) / s2
    F[p + 1, p + 1] = n * T / (2 * s2**2)
    scale = np.sqrt(np.diag(F))
    covariance = np.linalg.inv(F / np.outer(scale, scale)) / np.outer(scale, scale)
    keep = [0, 1, 2, 3, p]
    np.testing.assert_allclose(model.std_errors_, np.sqrt(np.diag(covariance))[keep], rtol=1e-7)


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_engines_agree(effects):
    Y, X, ids, W = panel_arrays("produc")
    one = fit(Y, X, ids, W, effects, "lee-yu", logdet="eigen").result_
    two = fit(Y, X, ids, W, effects, "lee-yu", logdet="lu").result_
    np.testing.assert_allclose(one.params, two.params, atol=1e-9)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-8, atol=1e-14)


def test_optimum_is_exact():
    Y, X, ids, W = panel_arrays("cigar")
    result = fit(Y, X, ids, W, "two-way", "lee-yu").result_
    curvature = 1 / result.covariance[-1, -1]
    assert abs(result.score) / curvature < 1e-10  # the Newton step that is left
