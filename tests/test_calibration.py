"""The quick form of the Monte-Carlo check; `make calibrate` runs the long one."""

from __future__ import annotations

import pytest

from tests.calibration import Design, replicate

REPLICATIONS = 400
# a coverage of 0.95 has a standard deviation of 0.011 over 400 replications; four of them on either side
LOW, HIGH = 0.95 - 4 * 0.011, 0.95 + 4 * 0.011


@pytest.mark.parametrize("cov_type", ["observed", "expected"])
@pytest.mark.parametrize("effects", ["two-way", "entity", "none"])
def test_no_bias_and_right_coverage(effects, cov_type):
    table = replicate(Design(effects=effects, cov_type=cov_type), REPLICATIONS)
    # the bias of order 1 / N that maximum likelihood has by nature is allowed for
    assert (table["bias"].abs() < 4 * table["bias_error"] + 0.1 * table["std_deviation"]).all()
    assert table["coverage"].between(LOW, HIGH).all()
    assert (table["mean_std_error"] / table["std_deviation"]).between(0.85, 1.15).all()


def test_without_correction_rho_is_biased_and_intervals_are_too_short():
    plain = replicate(Design(n_periods=3, correction="none"), REPLICATIONS).loc["rho"]
    corrected = replicate(Design(n_periods=3), REPLICATIONS).loc["rho"]
    assert plain["bias"] < -8 * plain["bias_error"]
    assert abs(corrected["bias"]) < abs(plain["bias"]) / 2
    assert plain["coverage"] < 0.9
    assert corrected["coverage"] > LOW
