"""The within transformation against projections on dummy variables."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.panel import demean
from tests.brute import with_dummies


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_demeaning_is_the_residual_on_dummies(effects):
    values = np.random.default_rng(0).normal(size=(4, 5, 3))
    dummies = with_dummies(np.zeros((4, 5, 0)), effects).reshape(20, -1)
    flat = values.reshape(20, 3)
    expected = flat - dummies @ np.linalg.lstsq(dummies, flat, rcond=None)[0] if dummies.shape[1] else flat
    np.testing.assert_allclose(demean(values, effects).reshape(20, 3), expected, atol=1e-12)


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_twice_is_once_and_the_values_are_left_alone(effects):
    values = np.random.default_rng(1).normal(size=(4, 5))
    before = values.copy()
    once = demean(values, effects)
    np.testing.assert_allclose(demean(once, effects), once, atol=1e-14)
    np.testing.assert_array_equal(values, before)


def test_means_vanish():
    left = demean(np.random.default_rng(2).normal(size=(4, 5)), "two-way")
    np.testing.assert_allclose(left.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(left.mean(axis=1), 0, atol=1e-15)
