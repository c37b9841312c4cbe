"""The bias terms of dynamic models against the exact expectation of the score in a finite panel, by dense algebra."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import helmert

from spatialhealth.errors import StabilityError
from spatialhealth.likelihood.lagged import lagged_score, long_run_rho
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator import SpatialOperator
from tests import brute, small
from tests.cases import columbus_weights

RHO, TAU, ETA, SIGMA2 = 0.3, 0.5, -0.2, 1.3


def exact(W, T, lags):
    """Minus the expected score of (tau, eta, rho, sigma2) over T demeaned periods, started long ago.

    With Y_{t-1} = sum over j of A^j S^-1 e_{t-1-j} + what is fixed, the sum over t of (Y_{t-1} - mean)'M'(e_t - mean)
    has the expectation -sigma2 / T times the sum over j of (T - 1 - j) tr(M A^j S^-1).
    """
    n = len(W)
    tau, eta = (value if name in lags else 0.0 for name, value in (("tau", TAU), ("eta", ETA)))
    S = np.eye(n) - RHO * W
    inverse = np.linalg.inv(S)
    A, G = inverse @ (tau * np.eye(n) + eta * W), W @ inverse
    total, power = np.zeros((n, n)), inverse.copy()
    for j in range(T - 1):
        total += (T - 1 - j) / T * power
        power = A @ power
    score = {
        "tau": np.trace(total),
        "eta": np.trace(W @ total),
        # of W y, G (tau Y_{t-1} + eta W Y_{t-1}) and G e; of T log-determinants one is too many
        "rho": np.trace(G @ (tau * total + eta * W @ total)) + np.trace(G),
        "sigma2": n / (2 * SIGMA2),
    }
    return np.array([score[name] for name in (*lags, "rho", "sigma2")])


def limit(W, lags):
    """The exact score without its term of order 1/T: what is left is of order (root)^T."""
    return 2 * exact(W, 160, lags) - exact(W, 80, lags)


def found(operator, lags, effects, keeps_constant):
    within = Within(effects, "lee-yu", operator.n, 9, keeps_constant, lags)
    state = SimpleNamespace(within=within, lag=operator, rho=RHO, sigma2=SIGMA2)
    named = {"tau": TAU, "eta": ETA}
    score = lagged_score(np.array([7.0, 8.0, *(named[name] for name in lags)]), state)
    assert (score[:2] == 0).all()  # of the regressors
    return score[2:]


@pytest.mark.parametrize("lags", [("tau", "eta"), ("tau",), ("eta",)])
@pytest.mark.parametrize("logdet", ["eigen", "lu"])
@pytest.mark.parametrize("weights", ["queen", "knn4", "invdist_maxeig", "island"])
def test_the_bias_terms_are_the_limit_of_the_exact_expectation(weights, logdet, lags):
    ids, W = columbus_weights(weights)
    operator = SpatialOperator((ids, W), logdet)
    # rounding of 160 powers; the limit itself is reached to 0.8 ** 80
    np.testing.assert_allclose(found(operator, lags, "entity", False), limit(W, lags), rtol=1e-6)


@pytest.mark.parametrize("weights", ["queen", "knn4"])
def test_with_effects_of_periods_they_are_those_of_the_transformed_units(weights):
    ids, W = columbus_weights(weights)
    F = helmert(len(W))
    expected = limit(F @ W @ F.T, ("tau", "eta"))
    np.testing.assert_allclose(
        found(SpatialOperator((ids, W)), ("tau", "eta"), "two-way", True), expected, rtol=1e-6
    )


def test_the_exact_expectation_is_what_simulated_scores_average_to():
    W = small.lattice(3, 3)
    rng, n, T, draws = np.random.default_rng(5), 9, 6, 4000
    inverse = np.linalg.inv(np.eye(n) - RHO * W)
    e = np.sqrt(SIGMA2) * rng.standard_normal((draws, T + 60, n))
    y = np.zeros((draws, T + 60, n))
    for t in range(1, T + 60):
        y[:, t] = (e[:, t] + TAU * y[:, t - 1] + ETA * y[:, t - 1] @ W.T) @ inverse.T
    now, past, error = y[:, -T:], y[:, -T - 1 : -1], e[:, -T:]
    error = error - error.mean(1, keepdims=True)

    def products(values):
        return np.einsum("dtn,dtn->d", values, error) / SIGMA2

    trace = np.trace(W @ inverse)
    scores = np.stack(
        [
            products(past),
            products(past @ W.T),
            products(now @ W.T) - T * trace,
            -n * T / (2 * SIGMA2) + products(error) / (2 * SIGMA2),
        ]
    )
    spread = scores.std(1) / np.sqrt(draws)
    assert (np.abs(scores.mean(1) + exact(W, T, ("tau", "eta"))) < 4 * spread).all()


def test_the_long_run_multiplier_is_that_of_many_periods():
    W = small.lattice(4, 4)
    inverse = np.linalg.inv(np.eye(16) - RHO * W)
    A = inverse @ (TAU * np.eye(16) + ETA * W)
    summed, power = np.zeros((16, 16)), inverse
    for _ in range(400):
        summed, power = summed + power, A @ power
    expected = brute.effects(W, long_run_rho(RHO, TAU, ETA), 1 / (1 - TAU), 0.0)
    np.testing.assert_allclose(summed, expected, atol=1e-12)


def test_an_unstable_process_has_no_bias_terms():
    operator = SpatialOperator((small.ids(9), sp.csr_matrix(small.lattice(3, 3))))
    within = Within("entity", "lee-yu", 9, 5, True, ("tau",))
    state = SimpleNamespace(within=within, lag=operator, rho=0.3, sigma2=1.0)
    with pytest.raises(StabilityError, match=r"1\.1429.*below 1 only.*correction='none'"):
        lagged_score(np.array([0.8]), state)
