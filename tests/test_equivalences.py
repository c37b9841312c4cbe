"""One model becomes another: nested likelihoods, parameters at zero, panels of one period."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.likelihood import ErrorFilter, ErrorProfile, Jacobian, LagProfile, Within
from tests import cases, small

EFFECTS = ("none", "entity", "time", "two-way")
W = small.lattice(4, 5)
IDS = np.arange(20)


@pytest.fixture(scope="module")
def data():
    return small.arrays(W, 6, seed=3)


def profile(data, effects, lag=True):
    """The likelihood of (rho, lambda) on the outcome itself, and that of rho alone."""
    Y, X = data
    operator = sh.SpatialOperator((IDS, W))
    within = Within(effects, "lee-yu", 20, 6, keeps_constant=True)
    columns = [within.apply(Y), within.apply(operator.lag(Y)), *np.moveaxis(within.apply(X), 2, 0)]
    flat = np.column_stack([c.reshape(-1) for c in columns])
    if not lag:
        flat = flat[:, [0, 2, 3]]
    jacobian = Jacobian(operator.logdet, within)
    both = ErrorProfile(ErrorFilter(flat, within, operator), jacobian if lag else None, jacobian)
    design = flat[:, -2:]
    left = flat - design @ np.linalg.lstsq(design, flat, rcond=None)[0]
    return both, LagProfile.of(left[:, 0], left[:, 1], jacobian)


@pytest.mark.parametrize("effects", EFFECTS)
def test_the_combined_likelihood_at_lambda_zero_is_that_of_the_lag(data, effects):
    both, one = profile(data, effects)
    for rho in (-0.6, 0.0, 0.3, 0.8):
        assert both.value(rho, 0.0) == pytest.approx(one.value(rho), abs=1e-9)
        assert both.score(rho, 0.0)[0] == pytest.approx(one.score(rho), abs=1e-7)


@pytest.mark.parametrize("effects", EFFECTS)
def test_the_combined_likelihood_at_rho_zero_is_that_of_the_errors(data, effects):
    both, _ = profile(data, effects)
    alone, _ = profile(data, effects, lag=False)
    for lam in (-0.6, 0.0, 0.3, 0.8):
        assert both.value(0.0, lam) == pytest.approx(alone.value(0.0, lam), abs=1e-9)


@pytest.mark.parametrize("effects", EFFECTS)
def test_the_score_is_the_slope(data, effects):
    both, _ = profile(data, effects)
    h = 1e-6
    for rho, lam in ((0.3, -0.2), (-0.4, 0.6)):
        numeric = [
            (both.value(rho + h, lam) - both.value(rho - h, lam)) / (2 * h),
            (both.value(rho, lam + h) - both.value(rho, lam - h)) / (2 * h),
        ]
        np.testing.assert_allclose(both.score(rho, lam), numeric, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("correction", ["lee-yu", "none"])
def test_general_nesting_fits_no_worse_than_what_it_nests(data, effects, correction):
    options = {"weights": (IDS, W), "effects": effects, "correction": correction}
    value = {kind: kind(**options).fit_arrays(*data).loglik_ for kind in cases.ESTIMATORS}
    nested = {
        sh.GeneralNesting: (sh.SpatialDurbin, sh.SpatialDurbinError, sh.SpatialCombined),
        sh.SpatialDurbin: (sh.SpatialLag, sh.SLX, sh.SpatialError),  # the error model by its common factors
        sh.SpatialDurbinError: (sh.SpatialError, sh.SLX),
        sh.SpatialCombined: (sh.SpatialLag, sh.SpatialError),
    }
    for large, smaller in nested.items():
        for small_one in smaller:
            assert value[large] >= value[small_one] - 1e-8


def test_the_error_model_is_the_durbin_model_with_common_factors(data):
    Y, X = data
    model = sh.SpatialError((IDS, W), effects="two-way").fit_arrays(Y, X)
    lam, beta = model.lambda_, model.result_.params[:2]
    operator = sh.SpatialOperator((IDS, W))
    within = model.result_.within
    left = Y - lam * operator.lag(Y) - X @ beta + lam * (operator.lag(X) @ beta)
    e = within.apply(left)
    np.testing.assert_allclose(e, model.result_.residuals, atol=1e-10)


def test_likelihood_ratio_and_wald_of_lambda_zero_nearly_agree(data):
    Y, X = data
    lag = sh.SpatialLag((IDS, W), effects="two-way").fit_arrays(Y, X)
    both = sh.SpatialCombined((IDS, W), effects="two-way").fit_arrays(Y, X)
    assert both.loglik_ >= lag.loglik_
    drop = 2 * (both.loglik_ - lag.loglik_)
    wald = (both.lambda_ / both.std_errors_["lambda"]) ** 2
    assert drop == pytest.approx(wald, rel=0.5, abs=0.3)  # two asymptotically equal tests of lambda = 0
