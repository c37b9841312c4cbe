"""SpatialOperator: symmetry, isolates, lags, solutions, sharing, pickling."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth.errors import OptionError, SizeError
from spatialhealth.operator import SpatialOperator, as_operator
from tests.cases import columbus_weights, panel


@pytest.mark.parametrize(
    ("name", "symmetrisable", "row_standardised", "isolates"),
    [
        ("queen", True, True, []),
        ("knn4", False, True, []),
        ("invdist", True, True, []),
        ("invdist_maxeig", True, False, []),
        ("island", True, True, [6, 7]),
    ],
)
def test_what_is_known_of_the_weights(name, symmetrisable, row_standardised, isolates):
    operator = SpatialOperator(columbus_weights(name))
    assert operator.spectrum.is_symmetrisable is symmetrisable
    assert operator.is_row_standardised is row_standardised
    assert operator.has_unit_rows is (row_standardised and not isolates)
    assert operator.isolates.tolist() == isolates


def test_the_similar_matrix_has_the_spectrum_of_w():
    operator = SpatialOperator(columbus_weights("queen"))
    expected = np.sort(np.linalg.eigvals(operator.matrix.toarray()).real)
    np.testing.assert_allclose(np.linalg.eigvalsh(operator.spectrum.similar.toarray()), expected, atol=1e-10)
    assert abs(operator.spectrum.similar - operator.spectrum.similar.T).max() == 0


def test_symmetric_links_whose_cycles_do_not_balance_are_not_symmetrisable():
    W = np.array([[0, 1, 2], [2, 0, 1], [1, 2, 0]], dtype=float)  # 1*1*1 one way round, 2*2*2 the other
    assert not SpatialOperator((["a", "b", "c"], W)).spectrum.is_symmetrisable


def test_symmetrisable_in_parts_and_at_depth():
    # a path of 5,000 units, any positive weights: no cycle, so always symmetrisable
    rng = np.random.default_rng(0)
    n = 5000
    path = sp.diags([rng.uniform(0.1, 2, n - 1), rng.uniform(0.1, 2, n - 1)], [-1, 1])
    both = sp.block_diag([path, path], format="csr")
    assert SpatialOperator((np.arange(2 * n), both)).spectrum.is_symmetrisable


def test_lag_of_periods_and_variables_equals_the_dense_product():
    operator = SpatialOperator(columbus_weights("knn4"))
    W, values = operator.matrix.toarray(), np.random.default_rng(1).normal(size=(3, 49, 2))
    np.testing.assert_allclose(operator.lag(values), np.einsum("ij,tjk->tik", W, values), atol=1e-13)
    np.testing.assert_allclose(operator.lag(values[..., 0]), values[..., 0] @ W.T, atol=1e-13)
    np.testing.assert_allclose(operator.lag(values[0, :, 0]), W @ values[0, :, 0], atol=1e-13)


@pytest.mark.parametrize("name", ["queen", "knn4", "invdist_maxeig", "island"])
@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.6, 0.95])
def test_solve_equals_the_inverse(name, rho):
    operator = SpatialOperator(columbus_weights(name))
    inverse = np.linalg.inv(np.eye(49) - rho * operator.matrix.toarray())
    values = np.random.default_rng(2).normal(size=(49, 3))
    np.testing.assert_allclose(operator.solve(rho, values), inverse @ values, atol=1e-11)
    np.testing.assert_allclose(operator.solve(rho, values, transpose=True), inverse.T @ values, atol=1e-11)


def test_gram_trace_equals_the_dense_one():
    operator = SpatialOperator(columbus_weights("knn4"))
    G = operator.matrix.toarray() @ np.linalg.inv(np.eye(49) - 0.4 * operator.matrix.toarray())
    assert operator.gram_trace(0.4) == pytest.approx(np.sum(G**2), rel=1e-12)


def test_gram_trace_of_too_many_units_is_refused():
    n = 20_001
    ring = sp.csr_matrix((np.ones(n), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n))
    with pytest.raises(SizeError, match="cov_type='observed'"):
        SpatialOperator((np.arange(n), ring)).gram_trace(0.3)


def test_one_operator_serves_many_models():
    data, W = panel("cigar")
    operator = sh.SpatialOperator(W)
    first = sh.SpatialLag(operator).fit_formula("log(sales) ~ log(price)", data)
    second = sh.SpatialDurbin(operator, effects="entity").fit_formula("log(sales) ~ log(price)", data)
    assert first.result_.operator is second.result_.operator is operator
    assert as_operator(operator, "lu").logdet_method == "lu"
    assert as_operator(operator, "eigen") is operator


def test_pickling_keeps_the_numbers():
    operator = SpatialOperator(columbus_weights("queen"), logdet="lu")
    before = operator.logdet.value(0.4), operator.solve(0.4, np.ones(49))
    copy = pickle.loads(pickle.dumps(operator))
    assert copy.logdet.value(0.4) == before[0]
    np.testing.assert_array_equal(copy.solve(0.4, np.ones(49)), before[1])


def test_the_engine_is_chosen_by_size_and_density():
    assert SpatialOperator(columbus_weights("queen")).logdet_method == "eigen"
    n = 1000
    ring = sp.csr_matrix((np.ones(n), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n))
    assert SpatialOperator((np.arange(n), ring + ring.T)).logdet_method == "lu"
    full = np.ones((n, n)) - np.eye(n)
    assert SpatialOperator((np.arange(n), full)).logdet_method == "eigen"


def test_an_unknown_engine_lists_the_known_ones():
    with pytest.raises(OptionError, match="'auto', 'eigen', 'lu'"):
        SpatialOperator(columbus_weights("queen"), logdet="cholesky")


def test_repr_tells_size_links_and_engine():
    text = repr(SpatialOperator(columbus_weights("island")))
    assert "49 units" in text
    assert "2 isolates" in text
    assert "eigen" in text
