"""Likelihood ratio and Wald tests: reference figures, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import ConvergenceError, IdentificationError, OptionError, SpatialHealthWarning
from tests import brute, cases, small

ESTIMATORS = {
    "SAR": sh.SpatialLag,
    "SEM": sh.SpatialError,
    "SDM": sh.SpatialDurbin,
    "SDEM": sh.SpatialDurbinError,
    "SAC": sh.SpatialCombined,
    "GNS": sh.GeneralNesting,
    "SLX": sh.SLX,
}
PAIRS = ["SDM_vs_SAR", "SDM_vs_SEM", "SDEM_vs_SEM", "SAC_vs_SAR", "SAC_vs_SEM", "GNS_vs_SDM", "GNS_vs_SAC",
         "GNS_vs_SDEM"]  # fmt: skip


def columbus(model, name, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        fitted = ESTIMATORS[model](cases.columbus_weights(name), **options)
        return fitted.fit_formula("CRIME ~ INC + HOVAL", cases.columbus())


def panel(model, effects="two-way", name="cigar", **options):
    data, W = cases.panel(name)
    return ESTIMATORS[model](W, effects=effects, **options).fit_formula(cases.PANELS[name][0], data)


def simulated(model, **options):
    W = small.lattice(3, 4)
    return ESTIMATORS[model]((small.ids(12), W), **options).fit_arrays(*small.arrays(W, 6))


# with isolates SEM is no special case of SDM; with invdist_maxeig the reference has the lag of the constant as well
@pytest.mark.parametrize("name", ["queen", "knn4", "invdist", "island"])
@pytest.mark.parametrize("pair", PAIRS)
def test_likelihood_ratios_of_columbus(pair, name):
    full, restricted = pair.split("_vs_")
    if name == "island" and pair == "SDM_vs_SEM":
        with pytest.raises(OptionError, match="the common factor restricts the lag of the constant too"):
            sh.diagnostics.lr(columbus(restricted, name), columbus(full, name))
        return
    found = sh.diagnostics.lr(columbus(restricted, name), columbus(full, name))
    expected = cases.figures("diagnostics")[f"columbus_{name}"]["brute_force"][f"LR_{pair}"]
    # twice a difference of log-likelihoods near 180
    assert found.value == pytest.approx(expected["statistic"], abs=1e-9)
    assert found.df == expected["df"]


@pytest.mark.parametrize("name", ["queen", "knn4", "invdist", "island"])
@pytest.mark.parametrize("model", ["SAR", "SDM", "SEM", "SDEM"])
def test_wald_of_one_parameter(model, name):
    found = columbus(model, name, cov_type="expected")
    expected = cases.figures("diagnostics")[f"columbus_{name}"]["brute_force"][f"Wald1_{model}"]["statistic"]
    assert sh.diagnostics.wald(found, found.result_.param_names[-1]).value == pytest.approx(
        expected, rel=1e-8
    )


def test_common_factor_by_a_numerical_gradient():
    result = panel("SDM").result_
    k = len(result.regressors)

    def restriction(params):
        return params[k : 2 * k] + params[-1] * params[:k]

    steps = 1e-6 * np.eye(len(result.params))
    G = np.array([(restriction(result.params + h) - restriction(result.params - h)) / 2e-6 for h in steps]).T
    value = restriction(result.params)
    expected = value @ np.linalg.solve(G @ result.covariance @ G.T, value)
    found = sh.diagnostics.wald(panel("SDM"), "SpatialError")
    assert found.value == pytest.approx(expected, rel=1e-6) and found.df == k


@pytest.mark.parametrize(
    ("model", "restriction"), [("SAR", "SpatialLag"), ("SEM", "SpatialError"), ("SLX", "SLX")]
)
@pytest.mark.parametrize("effects", ["entity", "two-way"])
def test_wald_and_likelihood_ratio_come_near_each_other(model, restriction, effects):
    small_model, large = panel(model, effects), panel("SDM", effects)
    ratio, wald = sh.diagnostics.lr(small_model, large), sh.diagnostics.wald(large, restriction)
    assert ratio.df == wald.df
    # they differ in the second order; the largest difference here is a quarter, of statistics near 250
    assert wald.value == pytest.approx(ratio.value, rel=0.26)


def test_two_way_likelihood_ratio_is_that_of_the_transformed_sample():
    Y, X, _, W = cases.panel_arrays("cigar")
    both = []
    for lagged in (slice(0, 0), slice(None)):
        Yt, Zt, Wt = brute.transformed(Y, brute.design(X, W, lagged, False), W, "two-way")
        both.append(brute.maximise(Yt, Zt, Wt)[3])
    found = sh.diagnostics.lr(panel("SAR"), panel("SDM")).value
    assert found == pytest.approx(2 * (both[1] - both[0]), abs=1e-6)


def test_a_robust_covariance_is_the_one_wald_takes():
    plain, robust = simulated("SDM", effects="entity"), simulated("SDM", effects="entity", cov_type="robust")
    names = ["W:x1", "W:x2"]
    block = robust.result_.covariance[2:4, 2:4]
    value = robust.result_.params[2:4]
    found = sh.diagnostics.wald(robust, names).value
    assert found == pytest.approx(value @ np.linalg.solve(block, value), rel=1e-9)
    assert found != pytest.approx(sh.diagnostics.wald(plain, names).value, rel=1e-3)


def test_units_of_the_data_do_not_matter():
    W = small.lattice(3, 4)
    Y, X = small.arrays(W, 6)
    values = [
        sh.diagnostics.wald(
            sh.SpatialDurbin((small.ids(12), W)).fit_arrays(a * Y, b * X), "SpatialError"
        ).value
        for a, b in ((1, 1), (1e6, 1e-5))
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-8)


def test_words_name_the_restriction():
    assert (
        sh.diagnostics.lr(simulated("SAR"), simulated("SDM")).null
        == "no spatial lags of regressors (W:x1 = W:x2 = 0)"
    )
    assert sh.diagnostics.lr(simulated("SDM"), simulated("GNS")).null == "no spatial error (lambda = 0)"
    assert (
        sh.diagnostics.wald(simulated("SDM"), "SLX").null
        == "no spatial lag of the outcome (rho = 0): SLX is enough"
    )
    assert sh.diagnostics.wald(simulated("GNS"), "OLS").df == 4


REFUSED = [
    ("SDM", "SAR", "SpatialDurbin is no special case of SpatialLag: 'W:x1', 'W:x2' are not in SpatialLag"),
    ("SAR", "SEM", "SpatialLag is no special case of SpatialError: 'rho' is not in SpatialError"),
    ("SDEM", "SDM", "SpatialDurbinError has lagged regressors itself"),
    ("SAR", "SAR", "Both models have the parameters 'constant', 'x1', 'x2', 'rho'"),
    ("SEM", "SAR", "SpatialLag has not both W y and W x"),
]


@pytest.mark.parametrize(("restricted", "full", "message"), REFUSED)
def test_models_that_are_not_nested(restricted, full, message):
    with pytest.raises(OptionError, match=message):
        sh.diagnostics.lr(simulated(restricted), simulated(full))


def test_a_common_factor_counts_what_else_is_restricted():
    W = small.lattice(3, 4)
    y, x = small.arrays(W, 6)
    one = sh.SpatialError((small.ids(12), W)).fit_arrays(y, x[..., :1], names=["a"])
    both = sh.SpatialDurbin((small.ids(12), W)).fit_arrays(y, x[..., :2], names=["a", "b"])
    found = sh.diagnostics.lr(one, both)
    assert found.df == 3  # theta = -rho beta of both, and beta of b
    assert found.null.endswith("is enough; b = 0")
    random = sh.SpatialDurbin((small.ids(12), W), effects="random").fit_arrays(y, x[..., :1], names=["a"])
    assert sh.diagnostics.lr(one, random).law == "mixture of chi-square(1) and chi-square(2)"


def test_a_partial_durbin_model_holds_no_common_factor():
    with pytest.raises(OptionError, match="'x2' stand without spatial lag in SpatialDurbin: set durbin=True"):
        sh.diagnostics.lr(simulated("SEM"), simulated("SDM", durbin=["x1"]))
    with pytest.raises(OptionError, match="'x2' stand without spatial lag in SpatialDurbin: set durbin=True"):
        sh.diagnostics.wald(simulated("SDM", durbin=["x1"]), "SpatialError")


def test_likelihoods_must_be_of_the_same_data():
    with pytest.raises(OptionError, match=r"different effects: entity \(correction 'lee-yu'\) and two-way"):
        sh.diagnostics.lr(simulated("SAR", effects="entity"), simulated("SDM", effects="two-way"))
    with pytest.raises(OptionError, match=r"different effects: entity .* and entity .correction 'none'"):
        sh.diagnostics.lr(
            simulated("SAR", effects="entity"), simulated("SDM", effects="entity", correction="none")
        )
    with pytest.raises(OptionError, match=r"y of 12 units in 6 periods, and log.sales. of 46"):
        sh.diagnostics.lr(simulated("SAR"), panel("SDM", "none"))
    W = small.lattice(3, 4)
    Y, X = small.arrays(W, 6)
    other = sh.SpatialDurbin((small.ids(12), W)).fit_arrays(Y, X * [1.0, 2.0])
    with pytest.raises(OptionError, match="'x2' has other values in the one model than in the other"):
        sh.diagnostics.lr(simulated("SAR"), other)


def test_weights_must_be_the_same():
    W = small.lattice(3, 4)
    other = sh.SpatialDurbin((small.ids(12), W / 2)).fit_arrays(*small.arrays(W, 6))
    with pytest.raises(OptionError, match="The models have different weights: neither restricts"):
        sh.diagnostics.lr(simulated("SAR"), other)
    errors = sh.SpatialCombined((small.ids(12), W), error_weights=(small.ids(12), W / 2)).fit_arrays(
        *small.arrays(W, 6)
    )
    with pytest.raises(OptionError, match="The models have different weights of the errors"):
        sh.diagnostics.lr(simulated("SEM"), errors)
    assert sh.diagnostics.lr(simulated("SAR"), errors).df == 1


def test_least_squares_and_the_direct_likelihood_are_of_different_data():
    W = small.lattice(3, 4)
    W[0] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        models = [
            estimator((small.ids(12), W), effects="time").fit_arrays(*small.arrays(W, 6))
            for estimator in (sh.SLX, sh.SpatialDurbin)
        ]
    with pytest.raises(OptionError, match="of 66 and 72 observations: with these weights no transformation"):
        sh.diagnostics.lr(*models)
    assert sh.diagnostics.wald(models[1], "SLX").df == 1


def test_a_named_model_restricts_all_that_it_lacks():
    theta = ["W:x1", "W:x2"]
    cases = {
        ("SAC", "SpatialLag"): ["lambda"],
        ("SAC", "SpatialError"): ["rho"],
        ("SDEM", "SpatialError"): theta,
        ("GNS", "SpatialError"): ["rho", *theta],
        ("GNS", "SLX"): ["rho", "lambda"],
        ("GNS", "SpatialLag"): ["lambda", *theta],
    }
    words = {"rho": "(rho = 0)", "lambda": "(lambda = 0)", "W:x1": "(theta = 0)"}
    for (model, name), parameters in cases.items():
        fitted = simulated(model)
        found, expected = sh.diagnostics.wald(fitted, name), sh.diagnostics.wald(fitted, parameters)
        assert (found.value, found.df) == pytest.approx((expected.value, expected.df))
        for parameter, said in words.items():
            assert (said in found.null) == (parameter in parameters)


def test_wald_refuses_what_is_no_restriction():
    model = simulated("SAR")
    with pytest.raises(
        OptionError, match=r"'W:x1' is no parameter of SpatialLag, nor a model. The parameters are"
    ):
        sh.diagnostics.wald(model, "W:x1")
    with pytest.raises(OptionError, match="nothing is no parameter"):
        sh.diagnostics.wald(model, [])
    with pytest.raises(
        OptionError, match="SLX is no special case of SpatialLag, whose spatial parameters are 'rho'"
    ):
        sh.diagnostics.wald(model, "SLX")


def test_a_singular_form_is_refused():
    from spatialhealth.diagnostics.wald import quadratic_form

    with pytest.raises(IdentificationError, match="one of them repeats another"):
        quadratic_form(np.array([1.0, 1.0]), np.ones((2, 2)))


def test_a_larger_model_with_a_lower_likelihood_is_no_maximum(monkeypatch):
    import dataclasses

    restricted, full = simulated("SAR"), simulated("SDM")
    full._result = dataclasses.replace(full.result_, loglik=restricted.loglik_ - 1)
    with pytest.raises(ConvergenceError, match="SpatialDurbin contains SpatialLag and has the smaller"):
        sh.diagnostics.lr(restricted, full)
