"""The quick form of the check of the bootstrap intervals; `make calibrate` runs the long one."""

from __future__ import annotations

import pytest

from tests.calibration_imbalance import STUDIES, replicate

NAMED = {study.name: study for study in STUDIES}
# a coverage of 0.9 has a standard deviation of 0.03 over 100 replications
REPLICATIONS = 100


@pytest.mark.parametrize("name", ["Gini", "Theil L"])
def test_limits_of_thirty_units_hold_the_truth_more_often_than_percentiles(name):
    found = replicate(NAMED[name], 31, REPLICATIONS)
    assert found["coverage"] > 0.82
    assert found["coverage"] > found["percentile"] + 0.04


def test_limits_of_shares_hold_small_ones_too():
    found = replicate(NAMED["share of 0.02"], 31, REPLICATIONS)
    assert found["coverage"] > 0.9 > 0.6 > found["percentile"]


def test_the_formula_of_the_concentration_index():
    found = replicate(NAMED["concentration, by formula"], 100, REPLICATIONS)
    assert found["coverage"] > 0.85
    assert 0.75 < found["mean_std_error"] / found["std_deviation"] < 1.25
