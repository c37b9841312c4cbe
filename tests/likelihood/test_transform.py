"""Fixed effects in the likelihood: counts, quadratic forms and log-determinants."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.likelihood import Jacobian, Within
from spatialhealth.operator import SpatialOperator
from tests import brute
from tests.cases import columbus_weights


@pytest.mark.parametrize(
    ("effects", "correction", "size", "periods", "absorbed"),
    [
        ("none", "lee-yu", 40, 4, 0),
        ("entity", "lee-yu", 30, 3, 10),
        ("time", "lee-yu", 36, 4, 4),
        ("two-way", "lee-yu", 27, 3, 13),
        ("entity", "none", 40, 4, 10),
        ("two-way", "none", 40, 4, 13),
    ],
)
def test_counts(effects, correction, size, periods, absorbed):
    within = Within(effects, correction, n=10, t=4, keeps_constant=True)
    assert (within.size, within.periods, within.absorbed) == (size, periods, absorbed)
    assert within.degrees == 40 - absorbed


def test_weights_that_change_a_constant_are_estimated_directly():
    within = Within("two-way", "lee-yu", n=10, t=4, keeps_constant=False)
    assert within.is_direct
    assert not within.drops_constant
    assert (within.size, within.periods) == (30, 3)


@pytest.mark.parametrize("effects", ["entity", "time", "two-way"])
def test_demeaned_products_equal_transformed_ones(effects):
    rng = np.random.default_rng(0)
    Y, Z, W = rng.normal(size=(4, 49)), rng.normal(size=(4, 49, 2)), columbus_weights("queen")[1]
    y, z, _ = brute.transformed(Y, Z, W, effects)
    within = Within(effects, "lee-yu", 49, 4, True)
    assert within.size == y.size
    a, b = within.apply(Y), within.apply(Z)
    assert np.sum(a * a) == pytest.approx(np.sum(y * y))
    np.testing.assert_allclose(np.einsum("ti,tik->k", a, b), np.einsum("ti,tik->k", y, z), atol=1e-10)


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
@pytest.mark.parametrize("name", ["queen", "knn4"])
def test_jacobian_equals_the_determinant_of_the_transformed_weights(effects, name):
    ids, W = columbus_weights(name)
    operator = SpatialOperator((ids, W))
    jacobian = Jacobian(operator.logdet, Within(effects, "lee-yu", 49, 4, True))
    _, _, w = brute.transformed(np.zeros((4, 49)), np.zeros((4, 49, 1)), W, effects)
    periods = 3 if effects in ("entity", "two-way") else 4
    for rho in (-0.8, 0.0, 0.3, 0.9):
        G = w @ np.linalg.inv(np.eye(len(w)) - rho * w)
        expected = periods * np.array([brute.logdet(w, rho), -np.trace(G), -np.trace(G @ G)])
        np.testing.assert_allclose(jacobian.derivatives(rho), expected, atol=1e-9, rtol=1e-9)
        assert jacobian.value(rho) == pytest.approx(expected[0], abs=1e-9)
        assert jacobian.slope(rho) == pytest.approx(expected[1], abs=1e-9)
