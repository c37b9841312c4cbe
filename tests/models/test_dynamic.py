"""Dynamic models: against the reference, dummy variables and explicit information; what is refused; prediction."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

import spatialhealth as sh
from spatialhealth.errors import (
    ConvergenceError,
    IdentificationError,
    MissingDataError,
    OptionError,
    PredictionError,
    StabilityError,
    StabilityWarning,
    TransformationWarning,
)
from tests import brute, small
from tests.cases import PANELS, figures, panel, panel_arrays
from tests.refusal import refusal

CASES = figures("dynamic")
# at the corrected estimate (the first two), or before correction, the process is not stable
REFUSED = {
    "sdpd__cigar__sdm__dynamic__individual__LY",
    "sdpd__produc__sdm__dynamic__individual__LY_tl_only",
    "sdpd__cigar__sdm__dynamic__individual__LY_tl_only",
    "sdpd__produc__sdm__dynamic__twoways__LY_tl_only",
}
EFFECTS = {"none": "none", "individual": "entity", "twoways": "two-way"}
LAGS = {"both": ("tau", "eta"), "time": ("tau",), "space-time": ("eta",)}


def case_fit(case, cov_type="expected"):
    """Fit one case as the collection did; gives the model and its names for our names."""
    _, data, model, _, effects, rest = case.split("__")
    approach, _, suffix = rest.partition("_")
    formula, theirs = PANELS[data]
    frame, W = panel(data)
    model = {"sar": sh.SpatialLag, "sdm": sh.SpatialDurbin}[model](
        W,
        effects=EFFECTS[effects],
        correction="lee-yu" if approach == "LY" else "none",
        cov_type=cov_type,
        dynamic={"": "both", "tl_only": "time", "stl_only": "space-time"}[suffix],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StabilityWarning)
        model.fit_formula(formula, frame)
    names = dict(zip(model.result_.regressors, theirs, strict=True))
    outcome = {"cigar": "logc", "produc": "lgsp"}[data]
    names |= {f"W:{ours}": f"W_{their}" for ours, their in names.items()}
    names |= {"constant": "(Intercept)", "tau": f"{outcome}(t-1)", "eta": f"W*{outcome}(t-1)", "rho": "rho"}
    return model, names


@pytest.mark.parametrize("case", sorted(set(CASES) - REFUSED))
def test_reference(case):
    model, names = case_fit(case)
    reference = CASES[case]
    uncorrected = reference["coef"] | {"rho": reference["rho"], "sigma2": reference["sigma2"]}
    corrected = reference.get("bias_corrected", {})
    expected = corrected.get("estimates", uncorrected)
    errors = corrected.get("se_expected_at_corrected", reference["se_expected"])
    # the collection is polished in 70 digits, and both are left with the rounding of double precision
    np.testing.assert_allclose(model.params_, [expected[names[p]] for p in model.params_.index], atol=1e-9)
    np.testing.assert_allclose(model.std_errors_, [errors[names[p]] for p in model.params_.index], rtol=1e-8)
    assert model.sigma2_ == pytest.approx(expected["sigma2"], rel=1e-9)
    assert model.loglik_ == pytest.approx(reference["loglik"], abs=1e-8)


@pytest.mark.parametrize("case", sorted(c for c in CASES if "noLY" in c))
def test_reference_observed_information(case):
    model, names = case_fit(case, cov_type="observed")
    expected = [CASES[case]["se_observed"][names[p]] for p in model.params_.index]
    np.testing.assert_allclose(model.std_errors_, expected, rtol=1e-7)


@pytest.mark.parametrize("case", sorted(c for c in set(CASES) - REFUSED if "effects" in CASES[c]))
def test_reference_effects(case):
    model, names = case_fit(case)
    reference, unstable = CASES[case]["effects"], CASES[case].get("spectral_radius_A", 0) >= 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StabilityWarning)
        effects = model.impacts()
    horizons = {"short_term": effects.short_run} | ({} if unstable else {"long_term": effects.long_run})
    for horizon, found in horizons.items():
        for j, variable in enumerate(found.variables):
            for e, effect in enumerate(("direct", "indirect", "total")):
                expected = reference[horizon][effect][names[variable]]
                error = reference[horizon]["se_delta_expected_info"][effect][names[variable]]
                assert found.estimates[j, e] == pytest.approx(expected, rel=1e-7, abs=1e-9)
                # the reference differentiates numerically with a step of 1e-6
                assert found.std_errors[j, e] == pytest.approx(error, rel=1e-4)
    assert (effects.lasting is None) == unstable


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_where_the_estimate_is_not_stable_the_correction_is_refused(case):
    before = CASES[case]["spectral_radius_A"]
    # with effects of periods the collection's is that of the transformed units, without the common direction
    shown = f"{before:.4f}" if "individual" in case else ""
    message = f"before correction is not stable.*is {shown}" if before >= 1 else "at the corrected estimate"
    with pytest.raises(StabilityError, match=message):
        case_fit(case)


def refuses(kind, call, *parts):
    with refusal(kind, *parts):
        call()


def lagged_design(Y, X, W, lags, constant=False):
    """Constant, regressors, W x, then y and W y of the period before, shape (T - 1, n, K)."""
    past = {"tau": Y[:-1], "eta": Y[:-1] @ W.T}
    Z = brute.design(X[1:], W, list(range(X.shape[2])), constant)
    return np.concatenate([Z, *(past[name][..., None] for name in lags)], axis=2)


def fit(Y, X, ids, W, **options):
    return sh.SpatialDurbin((ids, W), **options).fit_arrays(Y, X)


@pytest.mark.parametrize("dynamic", LAGS)
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_without_correction_it_is_the_model_with_dummy_variables(effects, dynamic):
    Y, X, ids, W = panel_arrays("cigar")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StabilityWarning)
        model = fit(Y, X, ids, W, effects=effects, correction="none", dynamic=dynamic)
    Z = lagged_design(Y, X, W, LAGS[dynamic], effects == "none")
    rho, b, s2, value = brute.maximise(Y[1:], brute.with_dummies(Z, effects), W)
    np.testing.assert_allclose(model.params_, [*b[: Z.shape[2]], rho], atol=1e-7)
    assert model.sigma2_ == pytest.approx(s2, rel=1e-7)
    assert model.loglik_ == pytest.approx(value, abs=1e-6)
    lags = ["tau", "eta"] if dynamic == "both" else list(LAGS[dynamic])
    regressors = ["x1", "x2", "W:x1", "W:x2"]
    assert list(model.params_.index) == ["constant"] * (effects == "none") + regressors + lags + ["rho"]


@pytest.mark.parametrize("correction", ["lee-yu", "none"])
def test_effects_of_periods_alone_need_no_correction_for_the_lags(correction):
    Y, X, ids, W = panel_arrays("cigar")
    model = fit(Y, X, ids, W, effects="time", correction=correction, dynamic="both")
    Z = lagged_design(Y, X, W, ("tau", "eta"))
    if correction == "lee-yu":
        rho, b, _, _ = brute.maximise(*brute.transformed(Y[1:], Z, W, "time"))
    else:
        rho, b, _, _ = brute.maximise(Y[1:], brute.with_dummies(Z, "time"), W)
    np.testing.assert_allclose(model.params_, [*b[: Z.shape[2]], rho], atol=1e-7)


def simulated(n=36, periods=9, isolates=0, seed=3, **options):
    """Arrays of a dynamic panel, with as many units without neighbours as asked for."""
    W = np.zeros((n, n))
    side = int(np.sqrt(n - isolates))
    W[: side**2, : side**2] = small.lattice(side, side)
    options = {"rho": 0.3, "tau": 0.5, "eta": -0.1} | options
    made = sh.datasets.simulate(n_periods=periods, weights=(np.arange(n), W), random_state=seed, **options)
    Y, X, ids, matrix = made.arrays()
    return Y, X, ids, matrix.toarray()


def test_the_direct_approach_has_both_corrections():
    Y, X, ids, W = simulated(isolates=11)
    with pytest.warns(TransformationWarning), warnings.catch_warnings():
        warnings.simplefilter("ignore", sh.errors.IsolateWarning)
        model = fit(Y, X, ids, W, effects="two-way", dynamic="both", cov_type="expected")
    T, n = Y.shape[0] - 1, len(W)
    Z = lagged_design(Y, X, W, ("tau", "eta"))
    rho, b, s2, _ = brute.maximise(Y[1:], brute.with_dummies(Z, "two-way"), W)
    k, eye = Z.shape[2], np.eye(n)
    inverse = np.linalg.inv(eye - rho * W)
    G, (tau, eta) = W @ inverse, b[k - 2 : k]

    def demean(values):
        return values - values.mean(0) - values.mean(1, keepdims=True) + values.mean((0, 1))

    e = demean(Y[1:]) - rho * demean(Y[1:] @ W.T) - demean(Z) @ b[:k]
    z, signal = demean(Z).reshape(-1, k), (demean(Y[1:] @ W.T) - demean(e @ G.T)).reshape(-1)
    information = np.zeros((k + 2, k + 2))
    information[:k, :k] = z.T @ z / s2
    information[:k, k] = information[k, :k] = z.T @ signal / s2
    information[k, k] = signal @ signal / s2 + T * np.trace(G @ G + G.T @ G)
    information[k, k + 1] = information[k + 1, k] = T * np.trace(G) / s2
    information[k + 1, k + 1] = n * T / (2 * s2**2)
    A = inverse @ (tau * eye + eta * W)
    K = np.linalg.inv(eye - A) @ inverse
    bias = np.zeros(k + 2)
    bias[k - 2 : k] = np.trace(K), np.trace(W @ K)
    bias[k] = np.trace(G @ (tau * eye + eta * W) @ K) + np.trace(G) + T * G.sum() / n
    bias[k + 1] = n / (2 * s2) + T / (2 * s2)
    expected = np.append(b[:k], [rho, s2]) + np.linalg.solve(information, bias)
    np.testing.assert_allclose([*model.params_, model.sigma2_], expected, atol=1e-7)


def first_period_that_gives_zero(Y, X, ids, W, effects):
    """Change the first period so that tau and eta are zero at the static estimate of the others.

    The score of a lag's coefficient is the product of lag and residuals; the first period enters it linearly.
    """
    static = fit(Y[1:], X[1:], ids, W, effects=effects, correction="none")
    e = static.result_.residuals
    known = np.array([(e[1:] * Y[1:-1]).sum(), (e[1:] * (Y[1:-1] @ W.T)).sum()])
    first = -np.linalg.lstsq(np.stack([e[0], W.T @ e[0]]), known, rcond=None)[0]
    return static, np.concatenate([first[None], Y[1:]])


@pytest.mark.parametrize("dynamic", LAGS)
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_with_lags_of_coefficient_zero_it_is_the_static_model(effects, dynamic):
    Y, X, ids, W = panel_arrays("produc")
    static, changed = first_period_that_gives_zero(Y, X, ids, W, effects)
    model = fit(changed, X, ids, W, effects=effects, correction="none", dynamic=dynamic)
    np.testing.assert_allclose(model.params_[list(LAGS[dynamic])], 0, atol=1e-9)
    np.testing.assert_allclose(model.params_[static.params_.index], static.params_, atol=1e-8)
    assert model.loglik_ == pytest.approx(static.loglik_, abs=1e-8)
    np.testing.assert_allclose(model.result_.residuals, static.result_.residuals, atol=1e-8)
    np.testing.assert_allclose(model.impacts().short_run.estimates, static.impacts().estimates, atol=1e-8)
    np.testing.assert_allclose(model.impacts().long_run.estimates, static.impacts().estimates, atol=1e-8)


@pytest.mark.parametrize(
    ("zero", "left", "near"),
    [("eta", "time", {"tau": 0.5, "eta": -0.1}), ("tau", "space-time", {"tau": 0.0, "eta": 0.3})],
)
def test_with_one_lag_of_coefficient_zero_it_is_the_model_with_the_other(zero, left, near):
    Y, X, ids, W = simulated(effects="entity", **near)
    along = np.random.default_rng(0).standard_normal(len(W))

    def both(step, dynamic="both"):
        changed = np.concatenate([(Y[0] + step * along)[None], Y[1:]])
        return fit(changed, X, ids, W, effects="entity", correction="none", dynamic=dynamic)

    steps = np.linspace(-30, 30, 25)
    values = [both(step).params_[zero] for step in steps]
    turn = next(i for i in range(24) if values[i] * values[i + 1] < 0)
    step = brentq(lambda s: both(s).params_[zero], steps[turn], steps[turn + 1], xtol=1e-13)
    full, part = both(step), both(step, left)
    np.testing.assert_allclose(full.params_[part.params_.index], part.params_, atol=1e-8)
    assert full.loglik_ == pytest.approx(part.loglik_, abs=1e-8)


@pytest.mark.parametrize("cov_type", ["observed", "expected", "robust", "cluster"])
@pytest.mark.parametrize("correction", ["lee-yu", "none"])
@pytest.mark.parametrize("dynamic", LAGS)
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
@pytest.mark.parametrize("estimator", [sh.SpatialLag, sh.SpatialDurbin])
def test_every_combination_of_options_fits(estimator, effects, dynamic, correction, cov_type):
    Y, X, ids, W = simulated()
    model = estimator((ids, W), effects=effects, dynamic=dynamic, correction=correction, cov_type=cov_type)
    model.fit_arrays(Y, X)
    assert np.isfinite(model.std_errors_).all() and (model.std_errors_ > 0).all()
    assert set(model.impacts().table["horizon"]) == {"short-run", "long-run"}


def test_robust_covariance_agrees_where_the_errors_are_of_one_variance():
    # of independent errors of one variance, whatever their tails, the fourth moment enters the covariance of rho by
    # the diagonal of G alone, which is small: the two must agree but for the noise of the robust one
    Y, X, ids, W = simulated(n=400, periods=31, errors="heavy-tailed", effects="entity")
    fits = {
        c: fit(Y, X, ids, W, effects="entity", dynamic="both", cov_type=c) for c in ("robust", "expected")
    }
    ratio = fits["robust"].std_errors_ / fits["expected"].std_errors_
    assert ratio.between(0.9, 1.1).all()


def test_rows_in_any_order_and_labels_of_the_periods_that_are_left():
    frame, W = panel("cigar")
    model = sh.SpatialLag(W, effects="two-way", dynamic="both").fit_formula(PANELS["cigar"][0], frame)
    shuffled = frame.sample(frac=1, random_state=1)
    again = sh.SpatialLag(W, effects="two-way", dynamic="both").fit_formula(PANELS["cigar"][0], shuffled)
    np.testing.assert_allclose(again.params_, model.params_, atol=1e-12)
    left = shuffled.index[shuffled.index.get_level_values("year") > 63]
    assert again.residuals_.index.equals(left) and again.predict().index.equals(left)
    np.testing.assert_allclose(again.residuals_, model.residuals_.reindex(left), atol=1e-12)
    assert model.n_periods_ == 29 and model.time_effects_.index[0] == 64


def test_residuals_are_what_the_equation_leaves():
    Y, X, ids, W = simulated()
    model = fit(Y, X, ids, W, effects="two-way", dynamic="both")
    p, now, past = model.params_, Y[1:], Y[:-1]
    systematic = X[1:] @ p[["x1", "x2"]].to_numpy() + np.einsum(
        "ij,tjk,k->ti", W, X[1:], p[["W:x1", "W:x2"]].to_numpy()
    )
    systematic += p["tau"] * past + p["eta"] * past @ W.T
    left = now - p["rho"] * now @ W.T - systematic
    left = left - left.mean(0) - left.mean(1, keepdims=True) + left.mean()
    np.testing.assert_allclose(model.result_.residuals, left, atol=1e-12)


def labelled(Y, X):
    return small.table(Y, X, units=list(range(Y.shape[1])))


def test_prediction_is_one_step_ahead():
    Y, X, ids, W = simulated(effects="entity")
    frame = labelled(Y, X)
    model = sh.SpatialDurbin((ids, W), effects="entity", dynamic="both").fit(frame[["x", "z"]], frame["y"])
    new = frame.loc[(slice(None), [2003, 2008]), ["x", "z"]]
    pd.testing.assert_series_equal(model.predict(new), model.predict().loc[new.index])
    # the period after the last one, from the last outcome
    ahead = pd.concat({2009: frame.xs(2001, level="year")[["x", "z"]]}, names=["year"]).swaplevel()
    p, x = model.params_, X[1]
    right = x @ p[["x", "z"]].to_numpy() + (W @ x) @ p[["W:x", "W:z"]].to_numpy()
    right += p["tau"] * Y[-1] + p["eta"] * W @ Y[-1] + model.entity_effects_.to_numpy()
    expected = np.linalg.solve(np.eye(len(W)) - p["rho"] * W, right)
    np.testing.assert_allclose(model.predict(ahead).loc[list(ids)], expected, atol=1e-10)
    late = ahead.rename(index={2009: 2011}, level="year")
    refuses(PredictionError, lambda: model.predict(late), "one step ahead", "2011", "2009")
    refuses(PredictionError, lambda: model.predict(late.droplevel("year")), "have no periods")
    early = frame.loc[(slice(None), [2000]), ["x", "z"]]
    refuses(PredictionError, lambda: model.predict(early), "2000")


def test_summary_says_what_a_reader_must_know():
    Y, X, ids, W = simulated()
    text = str(fit(Y, X, ids, W, effects="two-way", dynamic="both").summary())
    for words in (
        "y(t-1) and W y(t-1), given the outcome of 1",
        "below 1: stable",
        "Lee-Yu transformation over units, then Yu-de Jong-Lee bias correction of order 1/T",
        "Periods (T)      8",
    ):
        assert words.replace("outcome of 1", "outcome of 0") in text
    plain = str(fit(Y, X, ids, W, effects="entity", dynamic="time", correction="none").summary())
    assert "no correction" in plain and "y(t-1), given" in plain and "W y(t-1)" not in plain


def growing(**options):
    """A panel of units that grow by a rate of their own: no fixed effect holds that, and tau goes beyond one."""
    Y, X, ids, W = simulated(effects="entity")
    return Y + 1.2 ** np.arange(len(Y))[:, None] * (5 + np.arange(len(W))), X, ids, W


def test_an_unstable_estimate_is_refused_with_correction_and_warned_of_without():
    Y, X, ids, W = growing()
    options = {"effects": "entity", "dynamic": "time"}
    refuses(StabilityError, lambda: fit(Y, X, ids, W, **options), "spectral radius", "correction='none'")
    with pytest.warns(StabilityWarning, match="Shocks do not fade"):
        model = fit(Y, X, ids, W, correction="none", **options)
    assert "NOT stable" in str(model.summary())


def test_bad_options_and_data_are_refused():
    Y, X, ids, W = simulated()
    refuses(OptionError, lambda: fit(Y, X, ids, W, dynamic="space"), "'space'", "'space-time'", "None")
    refuses(
        IdentificationError, lambda: fit(Y[:2], X[:2], ids, W, dynamic="time"), "2 periods", "at least three"
    )
    refuses(IdentificationError, lambda: fit(Y[0], X[0], ids, W, dynamic="time"), "1 periods", "dynamic=None")
    frame = labelled(Y, X).drop([2004], level="year")
    model = sh.SpatialLag((ids, W), dynamic="time")
    refuses(MissingDataError, lambda: model.fit(frame[["x"]], frame["y"]), "2003", "2005", "without gaps")
    backwards = sh.SpatialLag((ids, W), dynamic="time")
    periods = list(range(len(Y)))[::-1]
    refuses(MissingDataError, lambda: backwards.fit_arrays(Y, X, periods=periods), "in order")
    with pytest.raises(OptionError, match="no argument 'dynamic'"):
        sh.SLX().set_params(dynamic="time")


def test_periods_may_be_text():
    Y, X, ids, W = simulated()
    names = [f"{year}/{year + 1}" for year in range(2000, 2000 + len(Y))]
    model = sh.SpatialLag((ids, W), effects="entity", dynamic="time").fit_arrays(Y, X, periods=names)
    assert "given the outcome of '2000/2001'" in str(model.summary())
    assert list(model.result_.periods) == names[1:]


def test_a_correction_out_of_the_interval_is_refused(monkeypatch):
    def far(delta, state):
        return np.append(np.zeros(len(delta)), [1e6, 0.0])

    monkeypatch.setattr("spatialhealth.models.estimate.lagged_score", far)
    Y, X, ids, W = simulated()
    refuses(
        ConvergenceError,
        lambda: fit(Y, X, ids, W, effects="entity", dynamic="time"),
        "moves rho to",
        "correction='none'",
    )


def test_diagnostics_of_residuals_refuse_what_has_no_known_law():
    Y, X, ids, W = simulated(effects="entity")
    model = fit(Y, X, ids, W, effects="entity", dynamic="both")
    for test in (sh.diagnostics.lm, sh.diagnostics.moran, sh.diagnostics.heteroskedasticity):
        refuses(OptionError, lambda test=test: test(model), "correlated with the outcomes of later periods")


def test_likelihoods_before_and_after_a_correction_are_not_compared():
    Y, X, ids, W = simulated(effects="entity")
    part, full = (fit(Y, X, ids, W, effects="entity", dynamic=d) for d in ("time", "both"))
    refuses(OptionError, lambda: sh.diagnostics.lr(part, full), "off the maximum", "wald")
    assert sh.diagnostics.wald(full, "eta").value == pytest.approx(
        float((full.params_["eta"] / full.std_errors_["eta"]) ** 2)
    )
    plain = [fit(Y, X, ids, W, effects="entity", dynamic=d, correction="none") for d in ("time", "both")]
    ratio = sh.diagnostics.lr(*plain)
    assert ratio.value == pytest.approx(2 * (plain[1].loglik_ - plain[0].loglik_))
    assert "eta = 0" in str(ratio)
    refuses(OptionError, lambda: sh.diagnostics.wald(full, "SpatialError"), "is dynamic")
    refuses(OptionError, lambda: full.refit(Y[1:]), "another outcome")
    refuses(OptionError, lambda: sh.impacts.bootstrap(full, draws=9), "period after period")
    # transformed and not: of n (T - 1) and n T observations
    static = sh.SpatialDurbin((ids, W), effects="entity").fit_arrays(Y[1:], X[1:], periods=range(1, 9))
    assert "transformed" in str(sh.compare({"static": static, "dynamic": full}))
