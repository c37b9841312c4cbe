"""The quick form of the Monte-Carlo check of dynamic models; `make calibrate` runs the long one."""

from __future__ import annotations

import pytest

from tests.calibration_dynamic import Design, replicate

REPLICATIONS = 80
SPATIAL = ["tau", "eta", "rho"]


@pytest.mark.parametrize(("periods", "effects"), [(10, "entity"), (10, "two-way"), (30, "two-way")])
def test_the_correction_takes_most_of_the_bias_of_tau(periods, effects):
    design = Design(periods, effects, n_units=49)
    corrected, plain = (replicate(design, REPLICATIONS, each) for each in ("lee-yu", "none"))
    assert plain.loc["tau", "bias"] < -8 * plain.loc["tau", "bias_error"]
    # what is left is of order 1/T^2
    assert (
        abs(corrected.loc["tau", "bias"])
        < 2 * abs(plain.loc["tau", "bias"]) / periods + 3 * corrected.loc["tau", "bias_error"]
    )
    assert (corrected.loc[SPATIAL, "rmse"] < plain.loc[SPATIAL, "rmse"] * 1.1).all()
    assert corrected.loc["long-run direct", "rmse"] < plain.loc["long-run direct", "rmse"]
    # a coverage of 0.95 has a standard deviation of 0.024 over 80 replications; standard errors of order T are
    # a little short at T = 10
    assert corrected.loc[SPATIAL, "coverage"].min() > 0.95 - 4 * 0.024 - 0.3 / periods
    assert plain.loc["tau", "coverage"] < 0.75
    assert corrected.attrs["refused"] == 0
