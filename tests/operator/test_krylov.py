"""Solutions by products with W against solutions by factors."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import ConvergenceError
from spatialhealth.operator import SpatialOperator, krylov, spectrum
from spatialhealth.operator.krylov import conjugate_gradients, stabilised_gradients
from tests import lattices


@pytest.mark.parametrize("kind", lattices.KINDS)
@pytest.mark.parametrize("transpose", [False, True])
def test_solutions_of_many_units_equal_those_of_factors(kind, transpose, monkeypatch):
    W = lattices.KINDS[kind](900)
    ids = np.arange(W.shape[0])
    values = np.random.default_rng(0).standard_normal((len(ids), 3))
    by_factor = SpatialOperator((ids, W))
    assert by_factor.spectrum.can_be_factored
    low, high = by_factor.interval
    expected = {share: by_factor.solve(share * high, values, transpose) for share in (0.0, 0.5, 0.95)}
    expected[-0.8] = by_factor.solve(-0.8 * abs(low), values, transpose)
    monkeypatch.setattr(spectrum, "_ENDS", 0)
    by_products = SpatialOperator((ids, W))
    assert not by_products.spectrum.can_be_factored
    for share, exact in expected.items():
        rho = share * (high if share >= 0 else abs(low))
        scale = np.abs(exact).max()
        np.testing.assert_allclose(by_products.solve(rho, values, transpose), exact, atol=1e-9 * scale)
    one = by_products.solve(0.5 * high, values[:, 0], transpose)
    np.testing.assert_allclose(one, expected[0.5][:, 0], atol=1e-9 * np.abs(one).max())


def test_columns_of_zeros_stay_zeros():
    right = np.zeros((5, 2))
    right[:, 1] = 1.0
    for solve in (conjugate_gradients, stabilised_gradients):
        np.testing.assert_allclose(solve(lambda x: 2 * x, right), right / 2)


def test_what_does_not_converge_says_so(monkeypatch):
    monkeypatch.setattr(krylov, "_ROUNDS", 3)
    W = lattices.queen(30)
    right = np.random.default_rng(0).standard_normal((900, 1))
    for solve in (conjugate_gradients, stabilised_gradients):
        with pytest.raises(ConvergenceError, match="too near an end of the admissible interval"):
            solve(lambda x: x - 0.999 * (W @ x), right)
