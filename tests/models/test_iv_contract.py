"""SpatialIV keeps the contract of the estimators, refuses what it must, and says what it has not."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_regressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.errors import ReducedFormWarning, WeakInstrumentsWarning
from spatialhealth.models import Conley
from tests import small
from tests.models.test_iv import frame, simulated
from tests.refusal import refusal

# their data are small, so that instruments are weak in many of them
pytestmark = pytest.mark.filterwarnings("ignore::spatialhealth.errors.WeakInstrumentsWarning")

ENDOGENOUS = {"endogenous": ["b"], "instruments": ["q"]}
COMBINATIONS = [
    (effects, durbin, spatial_errors, cov_type)
    for effects, durbin, (spatial_errors, cov_type) in itertools.product(
        ("none", "entity", "time", "two-way"),
        (False, True),
        (
            *(("none", c) for c in ("classical", "robust", "cluster", "driscoll-kraay")),
            ("gmm", "classical"),
            ("gmm", "robust"),
            ("kelejian-prucha", "classical"),
        ),
    )
]
every_combination = pytest.mark.parametrize("options", COMBINATIONS, ids=lambda o: "/".join(map(str, o)))


@pytest.fixture
def weights():
    """Ids and dense W of 36 units."""
    return small.ids(36), small.lattice(6, 6)


@pytest.fixture
def data():
    """Long table: y, x, b (endogenous) and its instrument q, seven years."""
    return frame(*simulated(seed=3, rows=6, columns=6, theta=(0.2, -0.2), lam=0.2)[1:])


@pytest.fixture
def X(data):
    return data[["x", "b", "q"]]


@pytest.fixture
def y(data):
    return data["y"]


def make(weights, options=("two-way", False, "none", "classical"), **more):
    names = ("effects", "durbin", "spatial_errors", "cov_type")
    return sh.SpatialIV(weights, **{**ENDOGENOUS, **dict(zip(names, options, strict=True)), **more})


def numbers(model):
    result = model.result_
    return np.concatenate([result.params, result.covariance.ravel(), [result.sigma2, result.pseudo_r2]])


def same(one, two, tolerance=1e-8):
    assert one.result_.param_names == two.result_.param_names
    np.testing.assert_allclose(numbers(one), numbers(two), rtol=tolerance, atol=tolerance)
    tests = (model.instrument_tests_["statistic"] for model in (one, two))
    np.testing.assert_allclose(*tests, rtol=1e-6)


# --- every combination --------------------------------------------------------------------------------------


@every_combination
def test_every_combination_works_from_tables_formulas_and_arrays(options, weights, data):
    table = make(weights, options).fit(data[["x", "b", "q"]], data["y"])
    formula = make(weights, options).fit_formula("y ~ x + b", data)
    wide = np.stack([data[name].unstack("year").to_numpy().T for name in ("y", "x", "b", "q")])
    array = make(weights, options).fit_arrays(
        wide[0], np.moveaxis(wide[1:], 0, -1), names=["x", "b", "q"], periods=range(2000, 2007), response="y"
    )
    same(formula, table)
    same(array, table)
    assert str(formula.summary()) == str(table.summary())
    lags = ["W:x", "W:b"] if options[1] else []
    constant = ["constant"] if options[0] == "none" else []
    spatial = ["rho"] if options[2] == "none" else ["rho", "lambda"]
    assert table.params_.index.tolist() == [*constant, "x", "b", *lags, *spatial]
    effects = table.impacts()
    assert np.isfinite(effects.estimates).all() and (effects.std_errors > 0).all()


@every_combination
def test_neither_order_nor_labels_matter(options, weights, X, y):
    model = make(weights, options).fit(X, y)
    order = np.random.default_rng(5).permutation(36)
    names = {unit: f"town {(29 * i) % 36}" for i, unit in enumerate(weights[0])}
    turned = ([names[weights[0][i]] for i in order], weights[1][np.ix_(order, order)])
    rows = X.rename(index=names, level=0).sample(frac=1, random_state=3)
    other = make(turned, options).fit(rows, y.rename(index=names, level=0).sample(frac=1, random_state=4))
    same(other, model, 1e-7)
    residuals = other.residuals_.reindex(X.rename(index=names, level=0).index)
    np.testing.assert_allclose(residuals, model.residuals_, atol=1e-7)


@every_combination
def test_units_of_measurement_do_not_matter(options, weights, X, y):
    model = make(weights, options).fit(X, y)
    scales = np.array([1e4, 1e-3, 1e2])
    other = make(weights, options).fit(X * scales, y * 1e3)
    of = {"x": 1e4, "b": 1e-3}
    factor = np.array(
        [
            1e3 / of.get(name.removeprefix("W:"), 1.0) if name not in ("rho", "lambda") else 1.0
            for name in model.result_.param_names
        ]
    )
    np.testing.assert_allclose(other.params_, model.params_ * factor, rtol=1e-6)
    np.testing.assert_allclose(other.std_errors_, model.std_errors_ * factor, rtol=1e-6)


@every_combination
def test_pickling_and_predicting(options, weights, X, y):
    model = make(weights, options).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(numbers(copy), numbers(model))
    assert str(copy.summary()) == str(model.summary())
    pd.testing.assert_frame_equal(copy.instrument_tests_, model.instrument_tests_)
    pd.testing.assert_series_equal(copy.predict(X), model.predict(), rtol=1e-9)
    r = model.result_
    expected = np.linalg.solve(np.eye(36) - model.rho_ * weights[1], r.systematic.T).T
    np.testing.assert_allclose(r.predicted, expected, atol=1e-9)


# --- scikit-learn -------------------------------------------------------------------------------------------


def test_the_constructor_only_stores():
    names = list(sh.SpatialIV().get_params())
    sentinels = {name: object() for name in names}
    model = sh.SpatialIV(**sentinels)
    assert vars(model).keys() == sentinels.keys()
    assert all(getattr(model, name) is sentinels[name] for name in names)


def test_clone_and_set_params(weights, X, y):
    kernel = sh.SpatialHAC((weights[0], weights[1] + weights[1].T))
    model = make(weights, cov_type=kernel, w_lags=1)
    copy = clone(model)
    assert copy.get_params().keys() == model.get_params().keys() and copy.w_lags == 1
    same(copy.fit(X, y), model.fit(X, y), 1e-12)
    assert is_regressor(model)
    assert "SpatialHAC(<tuple>)" in repr(model) and "instruments=['q']" in repr(model)
    assert not hasattr(clone(model), "params_")
    with pytest.raises(errors.OptionError, match="has no argument 'correction'"):
        model.set_params(correction="none")


def test_pipeline_and_grid_search(weights, X, y):
    scale = StandardScaler().set_output(transform="pandas")
    pipeline = Pipeline([("scale", scale), ("model", make(weights))]).fit(X, y)
    plain = make(weights).fit(X, y)
    assert pipeline["model"].rho_ == pytest.approx(plain.rho_, abs=1e-9)
    pd.testing.assert_series_equal(pipeline.predict(X), plain.predict(X), rtol=1e-8)
    rows = np.arange(len(X))
    search = GridSearchCV(make(weights), {"effects": ["none", "entity"]}, cv=[(rows, rows)]).fit(X, y)
    assert search.best_score_ == pytest.approx(search.best_estimator_.score(X, y), rel=1e-10)


def test_unfitted(weights, X):
    model = make(weights)
    learned = [name for name in dir(sh.SpatialIV) if name.endswith("_") and not name.startswith("_")]
    assert {"params_", "loglik_", "instrument_tests_", "lambda_", "sigma2_"} <= set(learned)
    for name in learned:
        with pytest.raises(errors.NotFittedError, match="This SpatialIV has not been fitted yet"):
            getattr(model, name)
    for call in (model.predict, model.impacts, model.summary):
        with pytest.raises(errors.NotFittedError):
            call()


def test_inputs_are_left_alone_and_results_frozen(weights, data):
    before, W = data.copy(), weights[1].copy()
    model = make(weights, ("two-way", True, "gmm", "robust")).fit_formula("y ~ x + b", data)
    pd.testing.assert_frame_equal(data, before)
    np.testing.assert_array_equal(weights[1], W)
    with pytest.raises(ValueError, match="read-only"):
        model.result_.params[0] = 1.0


def test_a_fit_that_fails_leaves_the_estimator_as_it_was(weights, X, y):
    model = make(weights).fit(X, y)
    before = numbers(model)
    with pytest.raises(ValueError):
        model.fit(X.iloc[1:], y.iloc[1:])
    np.testing.assert_array_equal(numbers(model), before)


def test_a_cross_section(weights, data):
    now = data.xs(2003, level="year")
    model = make(weights, ("none", False, "none", "robust")).fit(now[["x", "b", "q"]], now["y"])
    assert model.n_periods_ == 1 and (model.impacts().std_errors > 0).all()


def test_formula_terms_as_instruments(weights, data):
    data = data.assign(kind=np.where(data["q"] > 0, "high", "low"), size=np.exp(data["q"]))
    options = {"endogenous": ["b"], "effects": "entity"}
    model = sh.SpatialIV(weights, instruments=["log(size)", "C(kind)"], **options).fit_formula(
        "y ~ x + b", data
    )
    assert model.result_.facts["Instruments"].startswith(
        "8: log(size), C(kind)[T.low], W:x, W2:x, W:log(size)"
    )
    one = sh.SpatialIV(weights, instruments=["log(size)"], **options).fit_formula("y ~ x + b", data)
    same(one, sh.SpatialIV(weights, effects="entity", **ENDOGENOUS).fit_formula("y ~ x + b", data))
    assert one.result_.regressors == ("x", "b")
    # new data need the variables of the model, not those of the instruments
    predicted = model.predict(data[["x", "b"]])
    pd.testing.assert_series_equal(predicted, model.predict(), check_names=False, rtol=1e-8)


def test_bootstrap(weights, data):
    from spatialhealth.impacts import bootstrap

    options = {"effects": "entity", "instruments": ["log(size)"]}
    data = data.assign(size=np.exp(data["q"]))
    model = sh.SpatialIV(weights, **options).fit_formula("y ~ x", data)
    same(model.refit(model.result_.y), model, 1e-9)
    drawn = bootstrap(model, draws=99, random_state=0)
    np.testing.assert_allclose(drawn.std_errors, model.impacts().std_errors, rtol=0.5)
    with refusal(errors.OptionError, "'b' are endogenous", "method='delta'"):
        bootstrap(make(weights).fit_formula("y ~ x + b", data), draws=9)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.CoordinateSystemWarning")
def test_conley_is_a_kernel_by_coordinates(weights, X, y):
    import geopandas as gpd

    place = np.array([(i // 6, i % 6) for i in range(36)], dtype=float)
    points = gpd.GeoDataFrame(index=weights[0], geometry=gpd.points_from_xy(*place.T), crs="EPSG:32650")
    kernel = np.clip(1 - np.linalg.norm(place[:, None] - place[None], axis=-1) / 1.7, 0, None)
    by_points = make(weights, cov_type=Conley(points, cutoff=1.7)).fit(X, y)
    by_kernel = make(weights, cov_type=sh.SpatialHAC((weights[0], kernel))).fit(X, y)
    same(by_points, by_kernel)
    slx = [
        sh.SLX(weights, cov_type=c).fit(X, y).cov_
        for c in (Conley(points, cutoff=1.7), sh.SpatialHAC((weights[0], kernel)))
    ]
    np.testing.assert_allclose(slx[0], slx[1], rtol=1e-9)


# --- what there is not --------------------------------------------------------------------------------------


def test_there_is_no_likelihood(weights, X, y):
    model = make(weights).fit(X, y)
    for name, what in (("loglik_", "log-likelihood"), ("aic_", "AIC"), ("bic_", "BIC")):
        with refusal(errors.LikelihoodError, f"so it has no {what}", "fit SpatialLag"):
            getattr(model, name)
        assert not hasattr(model, name)
    for text in (str(model.summary()), model.summary()._repr_html_(), model.summary().to_latex()):
        assert not any(word in text for word in ("ikelihood", "AIC", "BIC", "nan"))
        assert "Over-identification" in text and "First stage" in text
    assert str(model.summary()).startswith("Spatial lag model by instrumental variables (SpatialIV) of y")
    assert "252, 42 fixed effects" in str(model.summary())


def explosive(weights):
    """An outcome whose best rho is beyond one: the same sign and more in the neighbours."""
    rng = np.random.default_rng(0)
    W, n = weights[1], 36
    x = rng.normal(size=(8, n))
    signal = x + 0.01 * rng.normal(size=(8, n))
    return np.linalg.solve(np.eye(n) - 1.2 * W, signal.T).T, x[..., None]


def test_rho_outside_of_the_interval_warns_and_refuses_effects(weights):
    Y, x = explosive(weights)
    with pytest.warns(ReducedFormWarning, match=r"rho = 1\.\d+ lies outside the admissible interval \(-1"):
        model = sh.SpatialIV(weights).fit_arrays(Y, x)
    assert model.rho_ == pytest.approx(1.2, abs=0.01)
    table = small.table(Y, np.concatenate([x, x], axis=2))[["x"]].rename(columns={"x": "x1"})
    for call in (
        model.impacts,
        lambda: model.impacts(method="simulate"),
        model.predict,
        lambda: model.predict(table),
        lambda: sh.impacts.impacts(model.result_),
        lambda: model.result_.predicted,
    ):
        with refusal(errors.ReducedFormError, "outside the admissible interval", "no inverse", "SpatialLag"):
            call()
    assert "none: rho lies outside" in str(model.summary())
    assert np.isnan(model.pseudo_r2_)
    assert model.residuals_.abs().max() < 0.1


# --- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"effects": "random"}, ["effects='random' is not an option", "'none', 'entity', 'time', 'two-way'"]),
        (
            {"cov_type": "observed"},
            ["cov_type='observed' is not an option", "'classical', 'robust', 'cluster'"],
        ),
        ({"cov_type": None}, ["cov_type=None is not an option"]),
        ({"cov_type": "hac"}, ["how far errors reach", "SpatialHAC(kernel)"]),
        ({"cov_type": "conley"}, ["where the units are", "Conley(points, cutoff)"]),
        ({"spatial_errors": True}, ["spatial_errors=True is not an option", "'gmm', 'kelejian-prucha'"]),
        ({"spatial_errors": "gmm", "cov_type": "cluster"}, ["must be 'classical' or 'robust'", "'cluster'"]),
        ({"spatial_errors": "kelejian-prucha", "cov_type": "robust"}, ["must be 'classical'"]),
        ({"error_weights": "W"}, ["spatial_errors='none'", "leave error_weights out"]),
        ({"w_lags": 0}, ["w_lags=0 must be a positive whole number"]),
        ({"w_lags": 1.5}, ["w_lags=1.5 must be"]),
        ({"lag_instruments": "yes"}, ["lag_instruments='yes' must be True or False"]),
        ({"constant": 1}, ["constant=1 must be True or False"]),
        ({"durbin": ["q"]}, ["durbin names 'q'", "'x', 'b'"]),
        ({"endogenous": "b"}, ["endogenous='b' must be a list of names"]),
        ({"instruments": "q"}, ["instruments='q' must be a list of names"]),
        ({"endogenous": ["beds"]}, ["endogenous names 'beds'", "regressors are 'x', 'b'"]),
        ({"instruments": ["far"]}, ["instruments names 'far'", "'x', 'b', 'q'"]),
        ({"instruments": ["q", "q"]}, ["more than once"]),
        ({"endogenous": ["q"]}, ["'q' stand in endogenous and in instruments"]),
        ({"instruments": ["x", "b", "q"], "endogenous": []}, ["every column is an instrument"]),
    ],
)
def test_options(options, parts, weights, X, y):
    with refusal(errors.OptionError, *parts):
        make(weights, **options).fit(X, y)


def test_tests_of_instruments_that_do_not_exist(weights, X, y):
    model = make(weights, ("entity", False, "none", "driscoll-kraay"), w_lags=6).fit(X, y)
    text = str(model.summary())
    assert text.count("not available: fewer clusters or periods than instruments") == 3
    assert np.isnan(model.instrument_tests_["statistic"]).all()
    exact = make(weights, w_lags=1, lag_instruments=False).fit(X, y)
    assert "as many instruments as coefficients" in str(exact.summary())


def test_weights_by_period(weights, X, y):
    with refusal(errors.OptionError, "SpatialIV needs one W for all periods", "SpatialLag"):
        make(dict.fromkeys(range(2000, 2007), weights)).fit(X, y)


def test_weights_are_needed(X, y):
    with refusal(errors.OptionError, "SpatialIV needs weights"):
        sh.SpatialIV().fit(X, y)


def test_too_few_instruments(weights, X, y):
    with refusal(errors.IdentificationError, "2 endogenous regressors ('x', 'b')", "there are 1"):
        make(weights, endogenous=["x", "b"]).fit(X, y)
    with refusal(
        errors.IdentificationError, "2 endogenous columns (W y, b)", "there are 1: 'q'", "raise w_lags"
    ):
        make(weights, lag_instruments=False).fit(X[["b", "q"]], y)


def test_instruments_that_the_effects_wipe_out(weights, X, y):
    far = pd.Series(np.arange(36.0) ** 1.5, index=weights[0])
    X = X.assign(distance=X.index.get_level_values(0).map(far))
    with refusal(errors.AbsorbedRegressorError, "Nothing is left of 'distance'", "do not vary over time"):
        make(weights, instruments=["distance"], effects="entity").fit(X[["x", "b", "distance"]], y)
    assert make(weights, instruments=["distance"], effects="none").fit(X[["x", "b", "distance"]], y)


def test_instruments_that_repeat_regressors(weights, X, data, y):
    with refusal(errors.CollinearityError, "is a combination of"):
        make(weights).fit(X.assign(q=X["x"] * 2 + X["b"]), y)
    with refusal(errors.OptionError, "'b' are regressors of 'y ~ x + b' and instruments"):
        make(weights, instruments=["b"]).fit_formula("y ~ x + b", data)
    with refusal(errors.FormulaError, "'distance', which the data do not have"):
        make(weights, instruments=["log(distance)"]).fit_formula("y ~ x + b", data)


def test_missing_instruments(weights, X, data, y):
    X = X.copy()
    X.loc[("u01", 2001), "q"] = np.nan
    with refusal(errors.MissingDataError, "'q'", "('u01', 2001)"):
        make(weights).fit(X, y)
    with refusal(errors.MissingDataError, "'q'", "('u01', 2001)"):
        make(weights).fit_formula("y ~ x + b", data.assign(q=X["q"]))


def test_clusters(weights, data):
    now = data.xs(2003, level="year")
    with refusal(errors.OptionError, "the data have one period", "robust"):
        make(weights, ("none", False, "none", "cluster")).fit(now[["x", "b", "q"]], now["y"])
    few = (small.ids(4), small.lattice(2, 2))
    less = data.loc[small.ids(4)]
    with refusal(errors.IdentificationError, "not positive definite", "Clusters (or periods"):
        sh.SpatialIV(few, cov_type="cluster", w_lags=1, **ENDOGENOUS).fit(less[["x", "b", "q"]], less["y"])


@pytest.mark.parametrize(
    ("kernel", "kind", "parts"),
    [
        (lambda ids, W: (ids, W), errors.WeightsError, ["must be symmetric", "standardise=None"]),
        (lambda ids, W: (ids, 3 * (W + W.T)), errors.WeightsError, ["weights from 0 to 1"]),
        (
            lambda ids, W: (ids, (W + W.T) / 2 + 0.5 * np.eye(36)),
            errors.WeightsError,
            ["diagonal", "must be one"],
        ),
        (lambda ids, W: (ids[1:], ((W + W.T) / 2)[1:, 1:]), errors.AlignmentError, ["'u00'", "HAC kernel"]),
        (lambda ids, W: "kernel", errors.WeightsError, ["cannot be read from str"]),
    ],
)
def test_kernels(kernel, kind, parts, weights, X, y):
    with refusal(kind, *parts):
        make(weights, cov_type=sh.SpatialHAC(kernel(*weights))).fit(X, y)


def test_a_kernel_that_gives_no_covariance_is_refused(weights, X, y):
    place = np.array([(i // 6, i % 6) for i in range(36)], dtype=float)
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    everything = (distance < 6).astype(float)
    with refusal(errors.IdentificationError, "not positive definite", "triangular"):
        make(weights, ("none", True, "none", sh.SpatialHAC((weights[0], everything)))).fit(X, y)


def test_hac_has_no_likelihood(weights, X, y):
    kernel = sh.SpatialHAC((weights[0], (weights[1] + weights[1].T) / 2))
    with refusal(errors.OptionError, "exist for SLX and SpatialIV only"):
        sh.SpatialLag(weights, cov_type=kernel).fit(X, y)


def test_error_weights_of_other_units(weights, X, y):
    other = ([*weights[0][:-1], "elsewhere"], weights[1])
    with refusal(errors.AlignmentError, "'elsewhere'", "error_weights"):
        make(weights, spatial_errors="gmm", error_weights=other).fit(X, y)


def test_moments_without_a_least_inside_are_refused():
    from spatialhealth.moments import best_lambda

    with refusal(errors.ConvergenceError, "no least inside", "(-1.0000, 1.0000)"):
        best_lambda(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[3.0], [3.0]]), (-1.0, 1.0))


def weakly(strength):
    """One endogenous regressor and an instrument of some strength."""
    rng = np.random.default_rng(3)
    W = small.lattice(8, 8)
    X = rng.normal(size=(6, 64, 2))
    instrument = rng.normal(size=(6, 64))
    error = rng.normal(size=(6, 64))
    endogenous = strength * instrument + error + rng.normal(size=(6, 64))
    inverse = np.linalg.inv(np.eye(64) - 0.4 * W)
    Y = (X @ [2.0, -2.0] + endogenous + error) @ inverse.T
    model = sh.SpatialIV((small.ids(64), W), endogenous=["p"], instruments=["q"], lag_instruments=False)
    return model, Y, np.concatenate([X, endogenous[..., None], instrument[..., None]], axis=2)


@pytest.mark.filterwarnings("error")
def test_weak_instruments_are_warned_of_and_marked():
    model, Y, X = weakly(0.0)
    with pytest.warns(WeakInstrumentsWarning, match=r"p F = .*Cragg-Donald F = 0\.\d\d; 10 is") as caught:
        model.fit_arrays(Y, X, names=("x", "z", "p", "q"))
    assert caught[0].filename == __file__
    assert model.instrument_tests_.loc["Cragg-Donald F", "statistic"] < 10
    assert "YES, F below 10: Cragg-Donald F = 0." in str(model.summary())
    model, Y, X = weakly(2.0)
    model.fit_arrays(Y, X, names=("x", "z", "p", "q"))  # no warning
    assert "YES" not in str(model.summary())
