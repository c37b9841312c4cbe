"""Lee and Yu's direct correction, where no transformation takes time effects out."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import TransformationWarning
from spatialhealth.likelihood import ErrorFilter, State, Within, direct_correction
from tests.cases import panel_arrays


def simulate(rng, W, T, rho, beta, theta, sigma, units):
    n = len(W)
    inverse = np.linalg.inv(np.eye(n) - rho * W)
    X = rng.normal(size=(T, n, 1))
    mean = X[..., 0] * beta + X[..., 0] @ W.T * theta + units * rng.normal(size=n) + rng.normal(size=(T, 1))
    return (mean + sigma * rng.normal(size=(T, n))) @ inverse.T, X


def test_correction_solves_the_expected_score():
    _, _, ids, W = panel_arrays("cigar")
    operator = sh.SpatialOperator((ids, W * np.linspace(0.5, 1.0, 46)[:, None]))
    dense = operator.matrix.toarray()
    rng = np.random.default_rng(0)
    within = Within("two-way", "lee-yu", 46, 9, keeps_constant=False)
    filtered = ErrorFilter(rng.normal(size=(46 * 9, 5)), within, operator)
    eye, ones = np.eye(46), np.ones(46)
    for rho, lam in ((0.4, None), (None, -0.3), (0.4, -0.3)):
        left = np.ones(4 + (rho is not None))
        state = State(filtered, left, rho, lam, 1.3, within, operator, operator if lam else None)
        p = 4 + (rho is not None) + (lam is not None)
        half = rng.normal(size=(p, p))
        information = half @ half.T + 5 * np.eye(p)
        A = eye - (lam or 0.0) * dense
        project = eye - np.outer(A @ ones, A @ ones) / np.sum((A @ ones) ** 2)
        forms = {
            "rho": A @ dense @ np.linalg.inv(eye - (rho or 0.0) * dense) @ np.linalg.inv(A),
            "lambda": dense @ np.linalg.inv(A),
        }
        # what the projection takes from the expected score, by the traces
        lost = [np.trace(forms[name]) - np.trace(project @ forms[name]) for name in state.spatial]
        score = np.array([0, 0, 0, *lost, 1 / (2 * 1.3)])
        expected = np.linalg.inv(information) @ score * 8  # eight orthonormal periods
        np.testing.assert_allclose(direct_correction(information, state), expected, rtol=1e-9)


@pytest.mark.parametrize("effects", ["time", "two-way"])
def test_correction_takes_the_bias_of_few_units_away(effects):
    # 12 units: time effects use up a twelfth of each period, which biases rho visibly without correction
    rng = np.random.default_rng(2024)
    n, T, rho = 12, 20, 0.5
    ring = (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2
    W = ring * rng.uniform(0.6, 1.0, size=(n, 1))  # rows do not sum to one
    found = {"lee-yu": [], "none": []}
    for _ in range(150):
        Y, X = simulate(rng, W, T, rho, 1.0, 0.5, 1.0, units=effects == "two-way")
        model = sh.SpatialDurbin((np.arange(n), W), effects=effects)
        with pytest.warns(TransformationWarning, match="rows of W do not sum to one"):
            corrected = model.fit_arrays(Y, X)
        found["lee-yu"].append([corrected.rho_, corrected.sigma2_])
        plain = sh.SpatialDurbin((np.arange(n), W), effects=effects, correction="none").fit_arrays(Y, X)
        found["none"].append([plain.rho_, plain.sigma2_])
    (rho_c, s2_c), (rho_n, s2_n) = np.mean(found["lee-yu"], axis=0), np.mean(found["none"], axis=0)
    assert abs(rho_n - rho) > 0.03  # the plain estimator is biased
    assert abs(rho_c - rho) < 0.4 * abs(rho_n - rho)
    assert abs(s2_c - 1) < 0.4 * abs(s2_n - 1)


def test_correction_is_near_the_transformation_where_both_exist():
    # the same data once with W as it is, once with one row lowered by a hair, so that no transformation exists
    Y, X, ids, W = panel_arrays("cigar")
    exact = sh.SpatialDurbin((ids, W), effects="two-way").fit_arrays(Y, X)
    nearly = W.copy()
    nearly[0] *= 1 - 1e-6
    with pytest.warns(TransformationWarning):
        direct = sh.SpatialDurbin((ids, nearly), effects="two-way").fit_arrays(Y, X)
    plain = sh.SpatialDurbin((ids, W), effects="two-way", correction="none").fit_arrays(Y, X)
    assert abs(plain.rho_ - exact.rho_) > 0.04
    assert abs(direct.rho_ - exact.rho_) < 0.005
    assert direct.sigma2_ == pytest.approx(exact.sigma2_, rel=2e-3)
    np.testing.assert_allclose(direct.std_errors_, exact.std_errors_, rtol=0.03)
