"""The edges of arithmetic: unit roots, perfect fits, large means, weights of any size, high orders."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth.errors import ConvergenceError
from tests import brute


def chain_and_chords(seed, n=40, T=8, rho=0.975):
    """A panel near a unit root on a connected random graph."""
    rng = np.random.default_rng(seed)
    A = np.triu(rng.random((n, n)) < 0.1, 1).astype(float)
    A = A + A.T
    i = np.arange(n - 1)
    A[i, i + 1] = A[i + 1, i] = 1
    W = A / A.sum(1, keepdims=True)
    X = rng.normal(size=(T, n, 1))
    Y = np.linalg.solve(np.eye(n) - rho * W, (X[..., 0] + rng.normal(size=(T, n))).T).T
    return Y, X, np.arange(n), W


@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_a_maximum_near_one_is_found_under_time_effects(logdet):
    # ln|I - rho W| - ln(1 - rho) is a difference of two large numbers there
    Y, X, ids, W = chain_and_chords(6)
    model = sh.SpatialLag((ids, W), effects="two-way", logdet=logdet).fit_arrays(Y, X)
    y, z, w = brute.transformed(Y, X, W, "two-way")
    rho = brute.maximise(y, z, w, 0.9, 0.9999)[0]
    assert rho == pytest.approx(0.9721956994, abs=1e-8)
    assert model.rho_ == pytest.approx(rho, abs=1e-8)


@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_a_likelihood_that_rises_through_one_is_refused_and_not_rounded(logdet):
    Y, X, ids, W = sh.datasets.simulate(100, 8, rho=0.99, effects="two-way", random_state=20).arrays()
    with pytest.raises(ConvergenceError, match="near a unit root"):
        sh.SpatialDurbin((ids, W), effects="two-way", logdet=logdet).fit_arrays(Y, X)


def test_row_standardised_weights_end_at_one_exactly():
    _, _, ids, W = sh.datasets.simulate(100, 2, random_state=0).arrays()
    assert sh.SpatialOperator((ids, W)).interval[1] == 1.0


def test_high_orders_are_the_same_by_both_engines():
    Y, X, ids, W = sh.datasets.simulate(400, 4, rho=0.9, random_state=0).arrays()
    tables = []
    for logdet in ("eigen", "lu"):
        model = sh.SpatialDurbin((ids, W), effects="two-way", logdet=logdet).fit_arrays(Y, X)
        tables.append(model.impacts().by_order(60))
    np.testing.assert_allclose(tables[0]["estimate"], tables[1]["estimate"], atol=1e-9)
    direct = tables[1][(tables[1]["variable"] == "x1") & (tables[1]["effect"] == "direct")]
    assert direct["cumulative"].iloc[-1] == pytest.approx(model.impacts().estimates[0, 0], abs=2e-3)


@pytest.mark.parametrize("logdet", ["eigen", "lu"])
@pytest.mark.parametrize("isolates", [0, 4])
def test_draws_near_the_end_of_the_interval_are_exact(logdet, isolates):
    from spatialhealth.impacts.multipliers import draws_of_multipliers

    _, _, _, W = sh.datasets.simulate(64, 1, random_state=0).arrays()
    W = sp.block_diag([W, sp.csr_matrix((isolates, isolates))], format="csr")
    operator = sh.SpatialOperator((np.arange(64 + isolates), W), logdet)
    rng = np.random.default_rng(0)
    rhos = np.clip(rng.normal(0.97, 0.015, 300), None, 0.99999)
    found = draws_of_multipliers(operator, rhos)
    dense = W.toarray()
    for rho, value in zip(rhos[::10], found[::10], strict=True):
        inverse = np.linalg.inv(np.eye(len(dense)) - rho * dense)
        both = np.stack([inverse, inverse @ dense])
        expected = [np.trace(both, axis1=1, axis2=2) / len(dense), both.sum(axis=(1, 2)) / len(dense)]
        np.testing.assert_allclose(value, expected, rtol=1e-7)


def directed(n, seed=0):
    """Six links a unit along a line, of very unequal weights, divided by the spectral radius."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(n), 6)
    cols = (rows + rng.integers(-9, 10, size=len(rows))) % n
    rows, cols = rows[rows != cols], cols[rows != cols]
    W = sp.csr_matrix((rng.lognormal(0, 1.5, len(rows)), (rows, cols)), shape=(n, n))
    return sh.weights.standardise(W, "spectral")


def test_large_directed_weights_have_the_interval_of_their_spectral_radius():
    W = directed(2100)
    assert W.sum(axis=1).max() > 2
    one, two = (sh.SpatialOperator((np.arange(2100), W)) for _ in range(2))
    assert one.interval == pytest.approx((-1, 1), abs=1e-6)
    _ = two.logdet  # whatever was asked for first
    assert two.interval == one.interval
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1, 2100, 1))
    Y = one.solve(0.6, (X[..., 0] + rng.normal(size=(1, 2100))).T).T
    model = sh.SpatialLag(one).fit_arrays(Y, X)
    assert model.rho_ == pytest.approx(0.6, abs=4 * model.std_errors_["rho"])


@pytest.mark.parametrize("sigma", [1e-3, 3e-8])
def test_a_nearly_perfect_fit_loses_no_digits(sigma):
    Y, X, ids, W = sh.datasets.simulate(64, 6, model="SAR", sigma=sigma, random_state=1).arrays()
    result = sh.SpatialLag((ids, W), effects="two-way").fit_arrays(Y, X).result_
    # the residuals themselves hold 1e-16 / sigma of relative rounding
    assert result.sigma2 == pytest.approx((result.residuals**2).sum() / result.within.size, rel=1e-6)


@pytest.mark.parametrize("which", ["y", "x"])
@pytest.mark.parametrize("shift", [1e4, 1e7])
@pytest.mark.parametrize("cov_type", ["observed", "expected"])
def test_large_means_do_not_spoil_the_standard_errors(which, shift, cov_type):
    Y, X, ids, W = sh.datasets.simulate(100, 3, effects="none", random_state=2).arrays()
    options = {"weights": (ids, W), "cov_type": cov_type}
    before = sh.SpatialDurbin(**options).fit_arrays(Y, X).result_
    moved = (Y + shift, X) if which == "y" else (Y, X + shift)
    after = sh.SpatialDurbin(**options).fit_arrays(*moved).result_
    np.testing.assert_allclose(after.params[1:], before.params[1:], atol=1e-6)
    np.testing.assert_allclose(after.std_errors[1:], before.std_errors[1:], rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-9, 1e8, 1e12])
@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_the_size_of_the_weights_does_not_matter(scale, logdet):
    Y, X, ids, W = sh.datasets.simulate(100, 3, effects="none", random_state=3).arrays()
    one = sh.SpatialLag((ids, W), logdet=logdet).fit_arrays(Y, X)
    other = sh.SpatialLag((ids, W * scale), logdet=logdet).fit_arrays(Y, X)
    assert other.rho_ * scale == pytest.approx(one.rho_, abs=1e-9)
    low, high = other.result_.operator.interval
    assert (low * scale, high * scale) == pytest.approx(one.result_.operator.interval, rel=1e-9)


def test_a_singular_end_of_the_interval_does_not_stop_the_search():
    # nearest neighbours whose smallest eigenvalue is repeated: next to the end a pivot of the factor is zero
    rng = np.random.default_rng(202)
    n, k = int(rng.integers(7, 26)), int(rng.integers(1, 4))
    place = rng.random((n, 2))
    apart = ((place[:, None] - place[None]) ** 2).sum(-1) + 9 * np.eye(n)
    W = np.zeros((n, n))
    W[np.arange(n)[:, None], np.argsort(apart, 1)[:, :k]] = 1 / k
    operator = sh.SpatialOperator((np.arange(n), W), "lu")
    low, high = operator.interval
    end = low + 1e-9 * (high - low)
    assert operator.logdet.value(end) == -np.inf
    assert operator.logdet.slope(end) == np.inf
    X = rng.normal(size=(4, n, 1))
    Y = operator.solve(0.3, (X[..., 0] + rng.normal(size=(4, n))).T).T
    exact = sh.SpatialLag((np.arange(n), W), logdet="eigen").fit_arrays(Y, X)
    assert sh.SpatialLag(operator).fit_arrays(Y, X).rho_ == pytest.approx(exact.rho_, abs=1e-12)


def test_weights_over_many_orders_of_magnitude_keep_a_safe_interval():
    n = 600
    rng = np.random.default_rng(0)
    weight = np.exp(5 * rng.normal(size=n))
    ring = sp.csr_matrix((weight, (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    operator = sh.SpatialOperator((np.arange(n), sh.weights.standardise(sp.csr_matrix(ring + ring.T))))
    low, high = operator.interval
    assert high == 1.0
    assert -1.0 - 1e-9 <= low < -0.99
