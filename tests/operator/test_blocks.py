"""Block-diagonal operators and weighted log-determinants, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import logm

from spatialhealth.operator.blocks import Block
from spatialhealth.operator.differentiate import derivative
from spatialhealth.operator.periods import PeriodWeights
from spatialhealth.operator.weighted import WeightedLogDet, weighted_logdet
from tests import brute, holes, small

N, T = 20, 4


def nearest(n, k, seed=0):
    """Row-standardised weights that no diagonal makes symmetric."""
    rng = np.random.default_rng(seed)
    W = np.zeros((n, n))
    for i in range(n):
        W[i, rng.choice(np.delete(np.arange(n), i), k, replace=False)] = 1 / k
    return W


@pytest.fixture(params=["lattice", "nearest"])
def stack(request):
    W = small.lattice(4, 5) if request.param == "lattice" else nearest(N, 3)
    known = holes.seen(T, N)
    period, unit = np.nonzero(known)
    operator = PeriodWeights.of((small.ids(N), W), True, "auto").over(unit, period, np.arange(T))
    return operator, holes.stacked_weights(W, known), 1 - 1 / known.sum(axis=0)[unit]


def test_block_operator_is_the_dense_one(stack):
    operator, M, _ = stack
    np.testing.assert_allclose(operator.matrix.toarray(), M, atol=1e-14)
    eigenvalues = np.linalg.eigvals(M)
    real = eigenvalues[np.abs(eigenvalues.imag) < 1e-9].real
    assert operator.interval == pytest.approx((1 / real.min(), 1 / real.max()), abs=1e-9)
    for rho in (-0.6, 0.0, 0.8):
        G = M @ np.linalg.inv(np.eye(len(M)) - rho * M)
        exact = [brute.logdet(M, rho), -np.trace(G), -np.trace(G @ G)]
        np.testing.assert_allclose(operator.logdet.derivatives(rho), exact, atol=1e-9)
        assert operator.logdet.slope(rho) == pytest.approx(exact[1], abs=1e-10)
        np.testing.assert_allclose(operator.logdet.slopes(np.array([rho])), exact[1], atol=1e-10)
    powers = [np.trace(np.linalg.matrix_power(M, q)) for q in range(5)]
    np.testing.assert_allclose(operator.logdet.power_traces(4), powers, atol=1e-10)
    assert [label[1] for label in operator.isolates] == np.repeat(
        np.arange(T), [np.sum(M[np.ix_(*[operator_rows(operator, t)] * 2)].sum(1) == 0) for t in range(T)]
    ).tolist()


def operator_rows(operator, t):
    return np.array([label[1] == t for label in operator.ids])


@pytest.mark.parametrize("rho", [-0.8, 0.3, 0.95])
def test_weighted_logdet_by_eigenvectors_and_by_factors(stack, rho):
    operator, M, weights = stack
    G = M @ np.linalg.inv(np.eye(len(M)) - rho * M)
    exact = np.array(
        [
            weights @ np.diag(logm(np.eye(len(M)) - rho * M)).real,
            -weights @ np.diag(G),
            -weights @ np.diag(G @ G),
        ]
    )
    np.testing.assert_allclose(weighted_logdet(operator, weights).derivatives(rho), exact, rtol=1e-9)
    factors = np.zeros(3)
    for block in operator.linked:
        size = len(block.matrix.toarray())
        part = WeightedLogDet(block, weights[block.starts[0] : block.starts[0] + size])
        factors += np.array(part.derivatives(rho)) * len(block.starts)
        assert part.slopes(np.array([rho]))[0] == part.slope(rho)
    np.testing.assert_allclose(factors, exact, rtol=1e-9)


def test_weighted_traces_of_powers(stack):
    operator, M, weights = stack
    exact = [weights @ np.diag(np.linalg.matrix_power(M, q)) for q in range(4)]
    np.testing.assert_allclose(weighted_logdet(operator, weights).power_traces(3), exact, atol=1e-12)
    block = operator.linked[0]
    size, start = block.matrix.shape[0], block.starts[0]
    here = slice(start, start + size)
    part = WeightedLogDet(block, weights[here])
    exact = [weights[here] @ np.diag(np.linalg.matrix_power(M[here, here], q)) for q in range(4)]
    np.testing.assert_allclose(part.power_traces(3), exact, atol=1e-12)


def test_next_to_the_ends_of_the_interval_the_weighted_logdet_falls(stack):
    operator, _, weights = stack
    block = operator.linked[0]
    part = WeightedLogDet(block, weights[block.starts[0] : block.starts[0] + block.matrix.shape[0]])
    low, high = block.spectrum.interval
    at = [low + 1e-8, 0.0, high - 1e-8]
    assert part.slope(at[0]) > 1e3 and part.slope(at[2]) < -1e3
    assert part.value(at[0]) < -1 and part.value(at[1]) == 0 and part.value(at[2]) < -1


def test_periods_with_the_same_units_and_w_share_a_block():
    W = (small.ids(N), sp.csr_matrix(small.lattice(4, 5)))
    unit, period = np.tile(np.arange(N), T), np.repeat(np.arange(T), N)
    operator = PeriodWeights.of(W, True, "auto").over(unit, period, np.arange(T))
    assert [block.starts for block in operator.blocks] == [(0, N, 2 * N, 3 * N)]
    assert isinstance(operator.blocks[0], Block)


def test_derivative_has_ten_digits():
    for at in (-0.5, 0.2, 0.9):
        found = derivative(lambda rho: -1 / (1 - rho), at, min(1 - at, 1 + at))
        assert found == pytest.approx(-1 / (1 - at) ** 2, rel=1e-9)
