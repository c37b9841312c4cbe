"""Least squares by orthogonal factors."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.likelihood import LeastSquares


def test_coefficients_residuals_and_products_whatever_the_scale():
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(50, 3)) * [1.0, 1e6, 1e-7]
    y = rng.normal(size=50)
    least = LeastSquares.of(Z)
    coefficients, residuals = least.fit(y)
    scaled = np.linalg.lstsq(Z / [1.0, 1e6, 1e-7], y, rcond=None)[0] / [1.0, 1e6, 1e-7]
    np.testing.assert_allclose(coefficients, scaled, rtol=1e-10)
    np.testing.assert_allclose(residuals, y - Z @ scaled, atol=1e-12)
    np.testing.assert_allclose(least.q @ np.linalg.inv(least.back), Z, rtol=1e-10, atol=1e-12)
    scale = np.array([1.0, 1e6, 1e-7])
    unit = np.linalg.inv((Z / scale).T @ (Z / scale)) / np.outer(scale, scale)
    np.testing.assert_allclose(least.gram_inverse, unit, rtol=1e-10)


def test_dependent_columns_are_found_with_their_partners():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(50, 4))
    Z[:, 3] = 2 * Z[:, 0] - Z[:, 2]
    assert LeastSquares.of(Z).dependent() == [(3, [0, 2])]
    assert LeastSquares.of(Z[:, :3]).dependent() == []


def test_a_zero_column_depends_on_nothing():
    Z = np.column_stack([np.arange(5.0), np.zeros(5)])
    assert LeastSquares.of(Z).dependent() == [(1, [])]


@pytest.mark.parametrize("noise", [1e-12, 1e-4])
def test_nearly_dependent_columns_are_told_from_dependent_ones(noise):
    rng = np.random.default_rng(2)
    x = rng.normal(size=200)
    found = LeastSquares.of(np.column_stack([x, x + noise * rng.normal(size=200)])).dependent()
    assert bool(found) is (noise < 1e-9)
