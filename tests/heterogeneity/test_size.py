"""The Chow test rejects a true null as often as it should, and a false one more often."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.stats import binom

import spatialhealth as sh
from tests import small

MATRIX = small.lattice(8, 8)
OPERATOR = sh.SpatialOperator((np.arange(64), sp.csr_matrix(MATRIX)))
EAST = (np.arange(64) % 8 >= 4).astype(int)
INVERSE = np.linalg.inv(np.eye(64) - 0.4 * MATRIX)
CUT = np.where(EAST[:, None] == EAST, MATRIX, 0.0)
CUT /= CUT.sum(axis=1, keepdims=True)
PERIODS = 5


def p_values(pooled, more, runs, seed):
    """P values of Wald and likelihood ratio when theta is greater by `more` in the east."""
    rng = np.random.default_rng(seed)
    weights = MATRIX if pooled else CUT
    inverse = INVERSE if pooled else np.linalg.inv(np.eye(64) - 0.4 * CUT)
    model = sh.SpatialDurbin(
        OPERATOR if pooled else sh.SpatialOperator((np.arange(64), CUT)), effects="entity"
    )
    found = []
    for _ in range(runs):
        x = rng.normal(size=(PERIODS, 64, 1))
        signal = x[..., 0] + (x[..., 0] * (0.5 + more * EAST)) @ weights.T
        y = (signal + rng.normal(size=64) + rng.normal(size=(PERIODS, 64))) @ inverse.T
        regimes = sh.regimes(model.fit_arrays(y, x), by=EAST, pooled=pooled)
        found.append(
            [regimes.chow.p_value, regimes.lr.p_value, regimes.effect_tests["x1", "indirect"].p_value]
        )
    return np.array(found)


@pytest.mark.parametrize("pooled", [False, True])
def test_size(pooled):
    rejected = (p_values(pooled, 0.0, 100, seed=1) < 0.05).sum(axis=0)
    # 99.9 per cent of the counts of a test of 5 to 7 per cent (its size in samples of this length)
    low, high = binom.ppf(0.0005, 100, 0.05), binom.ppf(0.9995, 100, 0.07)
    assert ((rejected >= low) & (rejected <= high)).all(), rejected


@pytest.mark.parametrize("pooled", [False, True])
def test_power(pooled):
    rejected = (p_values(pooled, 1.0, 30, seed=2)[:, :2] < 0.05).mean(axis=0)
    assert (rejected > 0.8).all(), rejected
