"""Products of columns with functions of a matrix, against the matrix function itself."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.likelihood.block_quadrature import BlockQuadrature


@pytest.fixture(scope="module")
def matrix():
    factor = np.random.default_rng(0).standard_normal((60, 60)) / 8
    return factor @ factor.T


@pytest.mark.parametrize("c", [0.1, 1.0, 10.0])
def test_many_steps_give_the_product_exactly(matrix, c):
    X = np.random.default_rng(1).standard_normal((60, 3))
    quadrature = BlockQuadrature(lambda x: matrix @ x, X, 15)
    rows = quadrature.rows(1 / np.sqrt(1 + c * quadrature.nodes))
    assert rows.shape == (3, 3)
    exact = X.T @ np.linalg.solve(np.eye(60) + c * matrix, X)
    np.testing.assert_allclose(rows.T @ rows, exact, rtol=1e-5, atol=1e-5)


def test_few_steps_are_exact_for_polynomials_of_low_degree(matrix):
    X = np.random.default_rng(1).standard_normal((60, 2))
    quadrature = BlockQuadrature(lambda x: matrix @ x, X, 2)
    for degree in (0, 1, 2, 3):
        rows = quadrature.rows(np.sqrt(np.maximum(quadrature.nodes, 0.0) ** degree))
        exact = X.T @ np.linalg.matrix_power(matrix, degree) @ X
        np.testing.assert_allclose(rows.T @ rows, exact, rtol=1e-9, atol=1e-12)


def test_directions_that_end_early_do_no_harm():
    values = np.repeat([1.0, 2.0], 15)
    X = np.random.default_rng(2).standard_normal((30, 2))
    quadrature = BlockQuadrature(lambda x: values[:, None] * x, X, 10)
    rows = quadrature.rows(1 / np.sqrt(1 + quadrature.nodes))
    np.testing.assert_allclose(rows.T @ rows, X.T @ (X / (1 + values)[:, None]), rtol=1e-8)
