"""Changes followed through many values of rho, against a dense solution for each."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.scenario.spread import Coefficients, basis


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.6), (0.4, 0.9999), (-0.99, 0.97), (0.9, 0.99999)])
@pytest.mark.parametrize("standardise", ["row", "spectral"])
def test_draws_near_a_unit_root_are_followed(low, high, standardise):
    rng = np.random.default_rng(3)
    n = 30
    links = np.triu(rng.random((n, n)) < 0.15, 1).astype(float)
    links = links + links.T
    sums, radius = links.sum(axis=1, keepdims=True), np.abs(np.linalg.eigvals(links)).max()
    W = links / np.where(sums > 0, sums, 1) if standardise == "row" else links / radius
    operator = sh.SpatialOperator((list(range(n)), W))
    change = np.zeros((n, 2))
    change[[3, 7], [0, 1]] = 1.0, -2.0
    rho = np.r_[low, rng.uniform(low, high, 20), high]
    given = Coefficients(rng.normal(size=(22, 2)), rng.normal(size=(22, 2)), rho)
    found = basis(operator, change, given)
    weights = found.weights(given)
    total = weights @ found.total.reshape(-1, n)
    own = weights @ found.own.reshape(-1, n)
    for draw in range(22):
        inverse = np.linalg.inv(np.eye(n) - rho[draw] * W)
        parts = [
            (inverse @ (given.beta[draw, k] * np.eye(n) + given.theta[draw, k] * W), change[:, k])
            for k in range(2)
        ]
        exact = sum(S @ dx for S, dx in parts)
        assert total[draw] == pytest.approx(exact, abs=1e-7 * np.abs(exact).max())
        assert own[draw] == pytest.approx(
            sum(np.diag(S) * dx for S, dx in parts), abs=1e-7 * np.abs(exact).max()
        )
