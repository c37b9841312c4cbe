"""Panels with holes, dynamic models, missing outcomes: what holds for them, and what says that it does not."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError
from tests import small

RESIDUAL_TESTS = ("lm", "moran", "heteroskedasticity", "normality", "pesaran_cd", "collinearity")


@pytest.fixture(scope="module")
def data():
    return small.panel(4, 5, periods=8)


@pytest.fixture(scope="module")
def holes(data):
    weights, table = data
    return weights, table.drop(table.index[[3, 40, 77]])


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
def test_holes_leave_wald_and_likelihood_ratios_without_correction(holes):
    weights, table = holes
    options = {"effects": "entity", "correction": "none", "missing": "unbalanced"}
    lag = sh.SpatialLag(weights, **options).fit_formula("y ~ x + z", table)
    durbin = sh.SpatialDurbin(weights, **options).fit_formula("y ~ x + z", table)
    ratio = sh.diagnostics.lr(lag, durbin)
    assert ratio.value == pytest.approx(2 * (durbin.loglik_ - lag.loglik_)) and ratio.df == 2
    assert sh.diagnostics.wald(durbin, "SpatialLag").value == pytest.approx(ratio.value, rel=0.3)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
def test_an_adjusted_score_has_no_likelihood_ratio(holes):
    weights, table = holes
    options = {"effects": "entity", "missing": "unbalanced"}
    lag = sh.SpatialLag(weights, **options).fit_formula("y ~ x + z", table)
    durbin = sh.SpatialDurbin(weights, **options).fit_formula("y ~ x + z", table)
    with pytest.raises(
        OptionError, match="SpatialLag solves an adjusted score, which is the slope of no likelihood"
    ):
        sh.diagnostics.lr(lag, durbin)
    assert sh.diagnostics.wald(durbin, "SpatialLag").df == 2


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
@pytest.mark.parametrize("name", RESIDUAL_TESTS)
def test_holes(holes, name):
    weights, table = holes
    model = sh.SLX(weights, effects="entity", missing="unbalanced").fit_formula("y ~ x + z", table)
    with pytest.raises(OptionError, match=f"{name} needs a panel without holes and with one W"):
        getattr(sh.diagnostics, name)(model)


@pytest.mark.parametrize("name", RESIDUAL_TESTS)
def test_dynamic_models(data, name):
    weights, table = data
    model = sh.SpatialLag(weights, effects="entity", dynamic="time").fit_formula("y ~ x + z", table)
    with pytest.raises(OptionError, match=f"{name} does not apply to dynamic models"):
        getattr(sh.diagnostics, name)(model)


def test_wald_of_the_lags_of_a_dynamic_model(data):
    weights, table = data
    model = sh.SpatialDurbin(weights, effects="entity", dynamic="both").fit_formula("y ~ x + z", table)
    assert sh.diagnostics.wald(model, ["tau", "eta"]).df == 2
    with pytest.raises(OptionError, match="is dynamic, and a spatial error would restrict the lags"):
        sh.diagnostics.wald(model, "SpatialError")


def test_dynamic_models_without_correction_have_likelihood_ratios(data):
    weights, table = data
    short, full = (
        sh.SpatialLag(weights, effects="entity", correction="none", dynamic=lags).fit_formula(
            "y ~ x + z", table
        )
        for lags in ("time", "both")
    )
    found = sh.diagnostics.lr(short, full)
    assert found.df == 1 and "eta = 0" in found.null
    corrected = [
        sh.SpatialLag(weights, effects="entity", dynamic=lags).fit_formula("y ~ x + z", table)
        for lags in ("time", "both")
    ]
    with pytest.raises(OptionError, match="corrected for the bias of its lags, off the maximum"):
        sh.diagnostics.lr(*corrected)


@pytest.fixture(scope="module")
def imputed(data):
    weights, table = data
    table = table.copy()
    table.iloc[[5, 50], table.columns.get_loc("y")] = np.nan
    return [
        estimator(weights, effects="entity", missing="likelihood").fit_formula("y ~ x + z", table)
        for estimator in (sh.SpatialLag, sh.SpatialDurbin)
    ]


def test_missing_outcomes_have_likelihood_ratios(imputed):
    found = sh.diagnostics.lr(*imputed)
    assert found.value == pytest.approx(2 * (imputed[1].loglik_ - imputed[0].loglik_)) and found.df == 2
    assert sh.diagnostics.wald(imputed[1], "SpatialLag").value == pytest.approx(found.value, rel=0.3)


@pytest.mark.parametrize("name", RESIDUAL_TESTS)
def test_residuals_at_predictions_are_refused(imputed, name):
    with pytest.raises(OptionError, match=f"{name} needs outcomes that were all observed"):
        getattr(sh.diagnostics, name)(imputed[0])


@pytest.fixture(scope="module")
def instruments(data):
    weights, table = data
    return sh.SpatialIV(weights, effects="entity").fit_formula("y ~ x + z", table)


@pytest.mark.parametrize("name", RESIDUAL_TESTS)
def test_estimates_by_instruments(instruments, name):
    with pytest.raises(OptionError, match=f"{name} does not apply to estimates by instruments"):
        getattr(sh.diagnostics, name)(instruments)


def test_instruments_leave_wald(data, instruments):
    weights, table = data
    other = sh.SpatialLag(weights, effects="entity").fit_formula("y ~ x + z", table)
    with pytest.raises(
        OptionError, match="is estimated by instruments, so that there is no likelihood ratio"
    ):
        sh.diagnostics.lr(instruments, other)
    rho = instruments.result_.position["rho"]
    z = instruments.result_.params[rho] / instruments.result_.std_errors[rho]
    assert sh.diagnostics.wald(instruments, "rho").value == pytest.approx(z**2)


def test_wald_leaves_the_edge_of_a_variance_to_the_likelihood_ratio(data):
    weights, table = data
    model = sh.SpatialLag(weights, effects="random").fit_formula("y ~ x + z", table)
    with pytest.raises(OptionError, match=r"the edge of what a variance can be.*diagnostics\.lr"):
        sh.diagnostics.wald(model, "phi")
