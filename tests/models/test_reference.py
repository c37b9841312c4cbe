"""Every SLX, SAR and SDM of the reference collection, and the published textbook values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import IsolateWarning
from tests.cases import PANELS, columbus, columbus_weights, figures, panel

EFFECTS = {"individual": "entity", "time": "time", "twoways": "two-way"}
# the collection is polished in 70 digits; what is left here is the rounding of a double-precision optimum
ESTIMATE = {"rtol": 0, "atol": 1e-6}
ERROR = {"rtol": 1e-5, "atol": 0}
ESTIMATORS = {
    "OLS": sh.SLX,
    "SLX": sh.SLX,
    "SAR": sh.SpatialLag,
    "SDM": sh.SpatialDurbin,
    "SEM": sh.SpatialError,
    "SDEM": sh.SpatialDurbinError,
    "SAC": sh.SpatialCombined,
    "SARAR": sh.SpatialCombined,
    "GNS": sh.GeneralNesting,
}
LIKELIHOOD = ("SAR", "SDM", "SEM", "SDEM", "SAC", "GNS")


def has_likelihood(case):
    return case.split("__")[1].removesuffix("_partial") in LIKELIHOOD


def spatial(reference):
    return {name: reference.get(name) for name in ("rho", "lambda")}


def columbus_fit(case, cov_type="observed"):
    """Fit a cross-section as the collection did; gives the model and its names for our names."""
    weights, model = case.split("__")
    reference = figures("cross_section")[case]
    data = columbus()[["HOVAL", "INC"]]
    names = {"constant": "(Intercept)", "HOVAL": "HOVAL", "INC": "INC"}
    ids, W = columbus_weights(weights)
    if "lag.(Intercept)" in reference["coef"]:
        data = data.assign(ones=W.sum(axis=1))
        names["ones"] = "lag.(Intercept)"
    lagged = [v for v in ("HOVAL", "INC") if f"lag.{v}" in reference["coef"]]
    names |= {f"W:{v}": f"lag.{v}" for v in lagged}
    names |= {name: name for name in ("rho", "lambda")}
    kind = model.removesuffix("_partial")
    options = {"weights": (ids, W), "cov_type": cov_type}
    if kind in ("OLS", "SLX"):
        options["durbin"] = lagged or False
    elif kind in ("SDM", "SDEM", "GNS"):
        options["durbin"] = lagged
    estimator = ESTIMATORS[kind](**options)
    with warnings.catch_warnings():
        if weights == "island":
            warnings.simplefilter("ignore", IsolateWarning)
        estimator.fit(data, columbus()["CRIME"])
    return estimator, names, reference


@pytest.mark.parametrize("case", sorted(figures("cross_section")))
def test_cross_section(case):
    model, names, reference = columbus_fit(case)
    expected = reference["coef"] | spatial(reference)
    np.testing.assert_allclose(model.params_, [expected[names[p]] for p in model.params_.index], **ESTIMATE)
    assert model.sigma2_ == pytest.approx(reference["sigma2"], rel=1e-6)
    assert model.loglik_ == pytest.approx(reference["loglik"], abs=1e-6)
    kind = "se_observed" if has_likelihood(case) else "se_ols_n_minus_k"
    expected = [reference[kind][names[p]] for p in model.params_.index]
    np.testing.assert_allclose(model.std_errors_, expected, **ERROR)


@pytest.mark.parametrize("case", sorted(c for c in figures("cross_section") if has_likelihood(c)))
def test_cross_section_expected_information(case):
    model, names, reference = columbus_fit(case, cov_type="expected")
    expected = [reference["se_expected"][names[p]] for p in model.params_.index]
    np.testing.assert_allclose(model.std_errors_, expected, **ERROR)


@pytest.mark.parametrize(
    "case", sorted(c for c in figures("cross_section") if "impacts" in figures("cross_section")[c])
)
def test_cross_section_impacts(case):
    check_impacts(*columbus_fit(case)[::2], "observed_hessian", {v: v for v in ("HOVAL", "INC")})


def check_impacts(model, reference, covariance, names):
    table = model.impacts().table.set_index(["variable", "effect"])
    if isinstance(model, sh.SpatialError):  # whose collection holds no effects: there is no spillover
        params = model.params_
        for ours in names:
            assert table.loc[(ours, "direct"), "estimate"] == params[ours]
            assert table.loc[(ours, "indirect"), "estimate"] == 0
        return
    errors = reference["impacts"].get(f"se_delta_{covariance}")
    for effect in ("direct", "indirect", "total"):
        for ours, theirs in names.items():
            if theirs not in reference["impacts"][effect]:
                continue
            row = table.loc[(ours, effect)]
            assert row["estimate"] == pytest.approx(reference["impacts"][effect][theirs], abs=1e-6)
            if errors and errors[effect].get(theirs) is not None and model.result_.model != "SLX":
                assert row["std_error"] == pytest.approx(errors[effect][theirs], rel=1e-5)


def panel_fit(case, cov_type):
    kind, data, model, *rest = case.split("__")
    frame, W = panel(data)
    formula, theirs = PANELS[data]
    effects = "none" if kind == "pool" else EFFECTS[rest[0]]
    correction = "none" if rest[-1:] == ["noLY"] else "lee-yu"
    constant = not model.endswith("_nointercept")
    estimator = ESTIMATORS[model.removesuffix("_nointercept")]
    fitted = estimator(W, effects=effects, correction=correction, cov_type=cov_type, constant=constant)
    fitted.fit_formula(formula, frame)
    names = dict(zip(fitted.result_.regressors, theirs, strict=True))
    lags = {f"W:{ours}": f"W_{name}" for ours, name in names.items()}
    return (
        fitted,
        names | lags | {"constant": "(Intercept)", "rho": "rho", "lambda": "lambda"},
        figures("panels")[case],
    )


@pytest.mark.parametrize("cov_type", ["observed", "expected"])
@pytest.mark.parametrize("case", sorted(figures("panels")))
def test_panel(case, cov_type):
    model, names, reference = panel_fit(case, cov_type)
    expected = reference["coef"] | spatial(reference)
    np.testing.assert_allclose(model.params_, [expected[names[p]] for p in model.params_.index], **ESTIMATE)
    assert model.sigma2_ == pytest.approx(reference["sigma2"], rel=1e-6)
    assert model.loglik_ == pytest.approx(reference["loglik"], abs=1e-6)
    expected = [reference[f"se_{cov_type}"][names[p]] for p in model.params_.index]
    np.testing.assert_allclose(model.std_errors_, expected, **ERROR)
    covariance = "observed_hessian" if cov_type == "observed" else "expected_info"
    check_impacts(
        model, reference, covariance, {k: v for k, v in names.items() if k in model.result_.regressors}
    )


@pytest.mark.parametrize(
    ("effects", "correction", "expected"),
    [
        ("two-way", "lee-yu", [-0.9997375, 0.5992349, 0.1070920, -0.3089740, 0.2711783]),
        ("entity", "none", [-0.9297983, 0.5485977, 0.5793009, -0.5774885, 0.4570771]),
    ],
)
def test_cigarettes_published_values(effects, correction, expected):
    data, W = panel("cigar")
    model = sh.SpatialDurbin(W, effects=effects, correction=correction).fit_formula(PANELS["cigar"][0], data)
    np.testing.assert_allclose(model.params_, expected, atol=1e-6)


def test_cigarettes_two_way_without_correction():
    data, W = panel("cigar")
    model = sh.SpatialDurbin(W, effects="two-way", correction="none").fit_formula(PANELS["cigar"][0], data)
    assert model.rho_ == pytest.approx(0.2292003, abs=1e-6)


@pytest.mark.parametrize("scale", [1, 10, 100, 1000])
@pytest.mark.parametrize(
    ("estimator", "effects", "correction", "rho"),
    [
        (sh.SpatialLag, "entity", "none", 0.274689),
        (sh.SpatialDurbin, "two-way", "lee-yu", 0.412403),
        (sh.SpatialLag, "two-way", "lee-yu", 0.209995),
        (sh.SpatialDurbin, "two-way", "none", 0.370168),
    ],
)
def test_production_whatever_the_units(estimator, effects, correction, rho, scale):
    data, W = panel("produc")
    formula = PANELS["produc"][0].replace("log(gsp)", f"I({scale} * log(gsp))")
    model = estimator(W, effects=effects, correction=correction).fit_formula(formula, data)
    assert model.rho_ == pytest.approx(rho, abs=1e-6)


def test_direct_effect_holds_the_feedback_of_the_neighbours():
    # spreg 1.9 leaves theta out of the direct effect: -0.9920, 0.3464, -0.6456
    data, W = panel("cigar")
    model = sh.SpatialDurbin(W, effects="entity", correction="none").fit_formula(PANELS["cigar"][0], data)
    np.testing.assert_allclose(model.impacts().estimates[0], [-0.9072, 0.2616, -0.6456], atol=5e-5)


def test_two_way_impacts_with_expected_information():
    data, W = panel("cigar")
    model = sh.SpatialDurbin(W, effects="two-way", cov_type="expected").fit_formula(PANELS["cigar"][0], data)
    effects = model.impacts()
    np.testing.assert_allclose(effects.estimates[0], [-1.01217, -0.21261, -1.22478], atol=5e-6)
    np.testing.assert_allclose(effects.std_errors[0], [0.04122, 0.09521, 0.10711], atol=5e-6)
