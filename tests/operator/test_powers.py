"""Diagonals and traces of low powers against dense powers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spatialhealth.operator import SpatialOperator, powers
from tests.cases import COLUMBUS_WEIGHTS, columbus_weights


def dense_diagonals(W, order):
    return np.array([np.diag(np.linalg.matrix_power(W, q)) for q in range(order + 1)])


@pytest.mark.parametrize("weights", COLUMBUS_WEIGHTS)
@pytest.mark.parametrize("order", range(8))
def test_diagonals_equal_dense_powers(weights, order):
    operator = SpatialOperator(columbus_weights(weights))
    expected = dense_diagonals(operator.matrix.toarray(), order)
    for matrix in (operator.matrix, operator.spectrum.similar):
        found = powers.power_diagonals(matrix, order)
        assert found.shape == (order + 1, operator.n)
        np.testing.assert_allclose(found, expected, atol=1e-14)
    np.testing.assert_allclose(powers.exact_traces(operator.matrix, order), expected.sum(axis=1), atol=1e-12)


def test_links_both_ways_that_differ_count_as_they_are():
    W = np.random.default_rng(0).uniform(size=(30, 30)) * (
        np.random.default_rng(1).uniform(size=(30, 30)) < 0.2
    )
    np.testing.assert_allclose(powers.power_diagonals(sp.csr_matrix(W), 6), dense_diagonals(W, 6), rtol=1e-12)


@pytest.mark.parametrize("weights", ["queen", "knn4", "island"])
def test_chunks_do_not_show(weights, monkeypatch):
    matrix = SpatialOperator(columbus_weights(weights)).matrix
    whole = powers.power_diagonals(matrix, 6)
    for entries in (1, 60, 300):
        monkeypatch.setattr(powers, "_ENTRIES", entries)
        np.testing.assert_array_equal(powers.power_diagonals(matrix, 6), whole)


def test_a_chunk_holds_no_more_than_it_may(monkeypatch):
    matrix = SpatialOperator(columbus_weights("queen")).matrix
    monkeypatch.setattr(powers, "_ENTRIES", 300)
    chunks = list(powers._chunks(matrix, matrix, 2))
    assert [chunk.start for chunk in chunks[1:]] == [chunk.stop for chunk in chunks[:-1]]
    assert (chunks[0].start, chunks[-1].stop) == (0, 49)
    square = matrix @ matrix
    # a run may end with the row that exceeds it
    assert all(square[chunk].nnz <= 300 + square[chunk.stop - 1].nnz for chunk in chunks)
    assert len(chunks) > 2


def test_the_cost_is_the_number_of_multiplications():
    matrix = SpatialOperator(columbus_weights("knn4")).matrix
    pattern = (matrix.toarray() > 0).astype(int)
    assert powers.product_cost(matrix) == (pattern @ pattern).sum() == 49 * 16


def test_what_few_products_can_give():
    ring = sp.csr_matrix(np.roll(np.eye(60), 1, axis=1) + np.roll(np.eye(60), -1, axis=1))
    assert powers.affordable_order(ring, 40) == 40
    assert [powers.affordable_order(ring, order) for order in (1, 2, 3)] == [1, 2, 3]
    dense = sp.csr_matrix(np.ones((60, 60)))  # 60 * 60 multiplications a unit
    assert powers.affordable_order(dense, 6) == 2
    assert powers.affordable_order(sp.csr_matrix((5, 5)), 6) == 6
