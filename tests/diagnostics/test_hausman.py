"""Fixed against random effects: reference figures, the sign, the auxiliary regression, size and power."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError
from tests import cases, small

# d' (V_fixed - V_random)^-1 d from the brute-force covariances of the reference (Lee-Yu information of the fixed
# effects, observed information of the random ones), and whether that difference is positive definite
MODELS = {
    "lag_BSK": (sh.SpatialLag, {}),
    "error_BSK": (sh.SpatialError, {"error_components": "baltagi"}),
    "error_KKP": (sh.SpatialError, {"error_components": "kkp"}),
}


@pytest.mark.parametrize("key", MODELS)
@pytest.mark.parametrize("name", ["cigar", "produc"])
def test_reference(name, key):
    (data, W), (estimator, options) = cases.panel(name), MODELS[key]
    fixed = estimator(W, effects="entity", cov_type="expected").fit_formula(cases.PANELS[name][0], data)
    random = estimator(W, effects="random", **options).fit_formula(cases.PANELS[name][0], data)
    found = sh.diagnostics.hausman(fixed, random)["Hausman"]
    expected = cases.figures("diagnostics")[name]["hausman"][f"sphtest_ML_{key}"]
    # the inverse of a difference of nearly equal matrices magnifies what the covariances differ by (1e-8)
    assert found.value == pytest.approx(expected["statistic"], rel=1e-5)
    assert found.applies == expected["positive_definite"]
    if not found.applies:
        assert np.isnan(found.p_value) and "not positive definite" in found.reason
        assert f"Hausman = {found.value:.4f}, no p value" in str(found)


def fits(Y, X, W, estimator=sh.SpatialLag, **options):
    weights = (list(range(len(W))), W)
    return (
        estimator(weights, effects="entity", **options).fit_arrays(Y, X),
        estimator(weights, effects="random", **options).fit_arrays(Y, X),
    )


def sample(rng, related, W, T=5):
    n = len(W)
    effects = rng.normal(size=n)
    X = rng.normal(size=(T, n, 2)) + related * effects[:, None]
    return (X @ [1.0, -1.0] + effects + rng.normal(size=(T, n))) @ np.linalg.inv(np.eye(n) - 0.4 * W).T, X


def test_order_is_fixed_less_random():
    W = small.lattice(6, 6)
    fixed, random = fits(*sample(np.random.default_rng(1), 0.0, W), W)
    k = 2
    d = fixed.result_.params[:k] - random.result_.params[1 : k + 1]
    V = fixed.result_.covariance[:k, :k] - random.result_.covariance[1 : k + 1, 1 : k + 1]
    assert np.all(np.linalg.eigvalsh(V) > 0)
    found = sh.diagnostics.hausman(fixed, random)["Hausman"]
    assert found.value == pytest.approx(d @ np.linalg.solve(V, d), rel=1e-8)
    assert found.df == k


def test_auxiliary_regression_by_hand():
    W = small.lattice(6, 6)
    Y, X = sample(np.random.default_rng(2), 0.3, W)
    found = sh.diagnostics.hausman(*fits(Y, X, W, sh.SpatialDurbin))["Hausman, auxiliary"]
    wide = np.concatenate([X, np.broadcast_to(X.mean(axis=0), X.shape)], axis=2)
    model = sh.SpatialDurbin((list(range(36)), W), effects="random").fit_arrays(
        Y, wide, names=["a", "b", "c", "d"]
    )
    by_hand = sh.diagnostics.wald(model, ["c", "d", "W:c", "W:d"])
    assert found.value == pytest.approx(by_hand.value, rel=1e-6) and found.df == by_hand.df == 4


def test_effects_related_to_regressors_are_found_and_others_are_not():
    rng = np.random.default_rng(3)
    W = small.lattice(6, 6)
    far = sh.diagnostics.hausman(*fits(*sample(rng, 1.0, W), W))
    assert far["Hausman, auxiliary"].reject(0.001)
    # far from the null the difference of the covariances need not be positive definite: said, not hidden
    assert far["Hausman"].value < 0 and not far["Hausman"].applies
    near = [sh.diagnostics.hausman(*fits(*sample(rng, 0.0, W), W)) for _ in range(60)]
    rejected = [table["Hausman, auxiliary"].reject(0.05) for table in near]
    # a rate of 0.05 over 60 draws has a standard deviation of 0.028
    assert np.mean(rejected) < 0.05 + 4 * 0.028


def test_what_does_not_change_over_time_is_left_out_of_the_auxiliary_regression():
    rng = np.random.default_rng(4)
    W = small.lattice(6, 6)
    Y, X = sample(rng, 0.0, W)
    level = np.broadcast_to(rng.normal(size=(36, 1)), (5, 36, 1))
    weights = (list(range(36)), W)
    fixed = sh.SpatialLag(weights, effects="entity").fit_arrays(Y, X, names=["a", "b"])
    random = sh.SpatialLag(weights, effects="random").fit_arrays(
        Y, np.concatenate([X, level], axis=2), names=["a", "b", "c"]
    )
    found = sh.diagnostics.hausman(fixed, random)
    assert found["Hausman"].df == found["Hausman, auxiliary"].df == 2


def test_with_a_clustered_covariance_only_the_auxiliary_form_is_left():
    W = small.lattice(6, 6)
    found = sh.diagnostics.hausman(*fits(*sample(np.random.default_rng(5), 0.3, W), W, cov_type="cluster"))
    assert not found["Hausman"].applies and "the auxiliary form does without" in found["Hausman"].reason
    assert found["Hausman, auxiliary"].applies


def test_other_pairs_are_refused():
    W = small.lattice(6, 6)
    Y, X = sample(np.random.default_rng(6), 0.3, W)
    fixed, random = fits(Y, X, W)
    with pytest.raises(OptionError, match="it was given 'random' and 'entity', in this order"):
        sh.diagnostics.hausman(random, fixed)
    with pytest.raises(OptionError, match="one estimator with two effects, not SpatialDurbin and SpatialLag"):
        sh.diagnostics.hausman(fits(Y, X, W, sh.SpatialDurbin)[0], random)
    with pytest.raises(OptionError, match="fitted to the same data"):
        sh.diagnostics.hausman(fixed, fits(2 * Y, X, W)[1])
    with pytest.raises(OptionError, match="the same weights and the same lagged regressors"):
        sh.diagnostics.hausman(fixed, fits(Y, X, W / 2)[1])


def test_likelihood_ratio_of_the_variance_of_random_effects():
    W = small.lattice(6, 6)
    Y, X = sample(np.random.default_rng(7), 0.0, W)
    pooled = sh.SpatialLag((list(range(36)), W)).fit_arrays(Y, X)
    _, random = fits(Y, X, W)
    found = sh.diagnostics.lr(pooled, random)
    assert found.value == pytest.approx(2 * (random.loglik_ - pooled.loglik_), rel=1e-12)
    assert found.null == "no random effects (phi = 0)" and "mixture" in found.distribution


def test_half_of_the_law_at_the_bound_lies_at_zero():
    from scipy import stats

    from spatialhealth.diagnostics.lr import _tail

    assert (_tail(0, 2.7) + _tail(1, 2.7)) / 2 == pytest.approx(stats.chi2.sf(2.7, 1) / 2)
    assert (_tail(0, 0.0) + _tail(1, 0.0)) / 2 == 1.0


def test_common_factor_beside_random_effects_needs_effects_in_the_spatial_process():
    W = small.lattice(6, 6)
    Y, X = sample(np.random.default_rng(8), 0.0, W)
    _, durbin = fits(Y, X, W, sh.SpatialDurbin)
    _, kkp = fits(Y, X, W, sh.SpatialError, error_components="kkp")
    assert sh.diagnostics.lr(kkp, durbin).df == 2
    _, baltagi = fits(Y, X, W, sh.SpatialError, error_components="baltagi")
    with pytest.raises(OptionError, match="Use error_components='kkp'"):
        sh.diagnostics.lr(baltagi, durbin)
    _, larger = fits(Y, X, W, sh.SpatialDurbinError, error_components="baltagi")
    with pytest.raises(OptionError, match="error_components='kkp' and 'baltagi': neither restricts"):
        sh.diagnostics.lr(kkp, larger)


@pytest.mark.parametrize("test", ["lm", "moran", "heteroskedasticity", "normality"])
def test_residuals_less_predicted_effects_are_refused(test):
    W = small.lattice(6, 6)
    _, random = fits(*sample(np.random.default_rng(9), 0.0, W), W)
    with pytest.raises(
        OptionError, match=f"{test} does not apply to residuals of a model with random effects"
    ):
        getattr(sh.diagnostics, test)(random)


def test_lagrange_multipliers_by_formula_refuse_random_effects_too():
    weights, data = small.panel()
    with pytest.raises(OptionError, match="lm does not apply to residuals of a model with random effects"):
        sh.diagnostics.lm("y ~ x", data, weights, effects="random")


@pytest.mark.parametrize(
    ("estimator", "options"), [(sh.SpatialLag, {}), (sh.SpatialDurbin, {"durbin": ["x1", "x2"]})]
)
def test_dummies_of_periods_have_no_means_of_their_own(estimator, options):
    W, T = small.lattice(6, 6), 5
    Y, X = sample(np.random.default_rng(1), 0.0, W, T)
    dummies = np.broadcast_to(np.eye(T)[:, None, 1:], (T, len(W), T - 1))
    names = ("x1", "x2", *(f"year {t}" for t in range(1, T)))
    means = np.broadcast_to(X.mean(axis=0), X.shape)
    weights = (list(range(len(W))), W)
    fixed, random = (
        estimator(weights, effects=effects, **options).fit_arrays(
            Y, np.concatenate([X, dummies], axis=2), names=names
        )
        for effects in ("entity", "random")
    )
    found = sh.diagnostics.hausman(fixed, random)["Hausman, auxiliary"]
    if options:
        options = {"durbin": ["x1", "x2", "m1", "m2"]}
    by_hand = estimator(weights, effects="random", **options).fit_arrays(
        Y, np.concatenate([X, means, dummies], axis=2), names=("x1", "x2", "m1", "m2", *names[2:])
    )
    tested = [name for name in by_hand.result_.param_names if name[-2:] in ("m1", "m2")]
    assert found.df == len(tested) == (4 if options else 2)
    assert found.value == pytest.approx(sh.diagnostics.wald(by_hand, tested).value, rel=1e-5)
