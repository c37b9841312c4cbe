"""The Chow test rejects a true null as often as it should, and a false one more often.

`python -m tests.calibration_regimes` is the long form.
"""

from __future__ import annotations

import pytest
from scipy.stats import binom

from tests.calibration_regimes import Design, p_values

RUNS = 100


@pytest.mark.parametrize("pooled", [False, True])
def test_size(pooled):
    rejected = (p_values(Design(pooled), RUNS) < 0.05).sum()
    # 99.9 per cent of the counts of a test of 5 to 7 per cent (its size in samples of this length)
    assert rejected.between(binom.ppf(0.0005, RUNS, 0.05), binom.ppf(0.9995, RUNS, 0.07)).all(), rejected


@pytest.mark.parametrize("pooled", [False, True])
def test_power(pooled):
    rejected = (p_values(Design(pooled, more=1.0), 30)[["Wald", "LR"]] < 0.05).mean()
    assert (rejected > 0.8).all(), rejected
