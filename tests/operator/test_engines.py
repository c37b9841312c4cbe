"""The log-determinant engines against a dense determinant, over the whole admissible interval."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spatialhealth.errors import SizeError
from spatialhealth.operator import SpatialOperator
from tests import brute
from tests.cases import COLUMBUS_WEIGHTS, columbus_weights, panel_arrays


def weights(name):
    if name in ("cigar", "produc"):
        return panel_arrays(name)[2:]
    if name == "directed ring":  # all eigenvalues complex but one
        return np.arange(7), np.roll(np.eye(7), 1, axis=1)
    if name == "no cycle":  # all eigenvalues zero
        return np.arange(4), np.diag(np.ones(3), 1)
    if name == "two parts":
        W = np.kron(np.eye(2), np.ones((4, 4)) - np.eye(4)) / 3
        return np.arange(8), W
    return columbus_weights(name)


ALL = (*COLUMBUS_WEIGHTS, "cigar", "produc", "directed ring", "no cycle", "two parts")


def everywhere(interval):
    low, high = interval
    return [low + share * (high - low) for share in (1e-4, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-4)]


def dense(W, rho):
    G = W @ np.linalg.inv(np.eye(len(W)) - rho * W)
    return np.array([brute.logdet(W, rho), -np.trace(G), -np.trace(G @ G)])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("engine", ["eigen", "lu"])
def test_value_and_derivatives_equal_the_dense_ones(name, engine):
    operator = SpatialOperator(weights(name), logdet=engine)
    W = operator.matrix.toarray()
    for rho in everywhere(operator.interval):
        expected = dense(W, rho)
        # relative where they are large, near the ends of the interval
        np.testing.assert_allclose(operator.logdet.derivatives(rho), expected, rtol=1e-8, atol=1e-8)
        assert operator.logdet.value(rho) == pytest.approx(expected[0], abs=1e-8)
        assert operator.logdet.slope(rho) == pytest.approx(expected[1], rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("name", ALL)
def test_engines_agree(name):
    eigen, lu = (SpatialOperator(weights(name), logdet=engine) for engine in ("eigen", "lu"))
    assert eigen.interval == pytest.approx(lu.interval, rel=1e-9)
    for rho in everywhere(eigen.interval):
        one, two = eigen.logdet.derivatives(rho), lu.logdet.derivatives(rho)
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("engine", ["eigen", "lu"])
def test_power_traces_equal_matrix_powers(name, engine):
    operator = SpatialOperator(weights(name), logdet=engine)
    W = operator.matrix.toarray()
    expected = [np.trace(np.linalg.matrix_power(W, q)) for q in range(11)]
    np.testing.assert_allclose(operator.logdet.power_traces(10), expected, atol=1e-9)


@pytest.mark.parametrize("engine", ["eigen", "lu"])
def test_many_slopes_equal_single_ones(engine):
    operator = SpatialOperator(weights("queen"), logdet=engine)
    rhos = np.linspace(-0.5, 0.95, 30)
    expected = [dense(operator.matrix.toarray(), rho)[1] for rho in rhos]
    np.testing.assert_allclose(operator.logdet.slopes(rhos), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(operator.logdet.slopes(np.full(3, 0.5)), [operator.logdet.slope(0.5)] * 3)


@pytest.mark.parametrize("name", ALL)
def test_the_interval_holds_no_singularity_and_ends_at_one(name):
    operator = SpatialOperator(weights(name))
    W, (low, high) = operator.matrix.toarray(), operator.interval
    signs = [np.linalg.slogdet(np.eye(len(W)) - rho * W)[0] for rho in np.linspace(low, high, 203)[1:-1]]
    assert set(signs) == {1.0}
    real = np.linalg.eigvals(W)
    real = real[np.abs(real.imag) < 1e-9].real
    if real.max() > 1e-9:
        assert high == pytest.approx(1 / real.max())
    if real.min() < -1e-9:
        assert low == pytest.approx(1 / real.min())


def test_an_eigenvalue_of_zero_found_with_rounding_ends_no_interval():
    W = np.zeros((6, 6))
    for unit, neighbours in enumerate([[1], [0, 5], [1, 4], [2], [3], [4]]):
        W[unit, neighbours] = 1 / len(neighbours)
    # zero is a double root of the characteristic polynomial, and no other real one is negative
    np.testing.assert_allclose(np.poly(W)[-2:], 0, atol=1e-15)
    assert SpatialOperator((np.arange(6), W)).interval == (-1, 1)


def test_a_weights_matrix_that_is_not_standardised_has_its_own_interval():
    grid = np.kron(np.eye(5), np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1))
    grid = grid + np.kron(np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1), np.eye(5))
    operator = SpatialOperator((np.arange(25), grid))
    assert operator.interval == pytest.approx((-1 / np.sqrt(12), 1 / np.sqrt(12)))


def test_large_sparse_weights_are_factorised_and_their_interval_is_that_of_the_spectrum():
    n = 36
    line = sp.diags([np.ones(n - 1), np.ones(n - 1)], [-1, 1])
    lattice = sp.csr_matrix(sp.kron(sp.eye(n), line) + sp.kron(line, sp.eye(n)))
    sums = np.asarray(lattice.sum(axis=1)).ravel()
    operator = SpatialOperator((np.arange(n * n), sp.diags(1 / sums) @ lattice))
    assert operator.logdet_method == "lu"
    assert operator.interval == pytest.approx((-1, 1), abs=1e-9)
    eigen = SpatialOperator((operator.ids, operator.matrix), logdet="eigen")
    for rho in (-0.9, 0.4, 0.99):
        np.testing.assert_allclose(operator.logdet.derivatives(rho), eigen.logdet.derivatives(rho), rtol=1e-9)


def test_eigenvalues_of_too_many_units_are_refused():
    n = 10_001
    ring = sp.csr_matrix((np.ones(n), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n))
    with pytest.raises(SizeError, match="Use logdet='lu' or 'auto'"):
        _ = SpatialOperator((np.arange(n), ring), logdet="eigen").logdet
