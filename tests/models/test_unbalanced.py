"""Panels with holes, and weights by period, against explicit dense matrices and the balanced estimators."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone

import spatialhealth as sh
from spatialhealth import errors
from tests import brute, holes, small
from tests.refusal import refusal

N, T = 20, 6
W = small.lattice(4, 5)
IDS = small.ids(N)
WEIGHTS = (IDS, sp.csr_matrix(W))
LAGS, ERRORS = ("SpatialLag", "SpatialDurbin"), ("SpatialError", "SpatialDurbinError")
EVERY = ("SLX", *LAGS, *ERRORS, "SpatialCombined", "GeneralNesting")
quiet = pytest.mark.filterwarnings("ignore::spatialhealth.errors.SpatialHealthWarning")


@pytest.fixture(scope="module")
def data():
    return holes.with_holes(W, T)


def fit(name, data, weights=WEIGHTS, effects="entity", **options):
    Y, X, _ = data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.SpatialHealthWarning)
        model = getattr(sh, name)(weights, effects=effects, missing="unbalanced", **options)
        return model.fit_arrays(Y, X, names=("x", "z"))


# --- balanced data give the balanced answer -----------------------------------------------------------------


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
@pytest.mark.parametrize("correction", ["lee-yu", "none"])
@pytest.mark.parametrize("name", EVERY)
def test_the_same_w_every_period_gives_the_answer_of_one_w(name, correction, effects):
    _, table = small.panel(4, 5, T)
    X, y = table[["x", "z"]], table["y"]
    make = getattr(sh, name)
    nested = name in ("SpatialCombined", "GeneralNesting")
    fixed_time = effects in ("time", "two-way") and name != "SLX"
    if correction == "lee-yu" and (fixed_time or (effects == "entity" and nested)):
        with refusal(errors.OptionError, name, "correction='none'", f"effects='{effects}'"):
            make([WEIGHTS] * T, effects=effects, correction=correction).fit(X, y)
        return
    for cov_type in ("observed", "robust"):
        options = {"effects": effects, "correction": correction, "cov_type": cov_type}
        one = make(WEIGHTS, **options).fit(X, y)
        many = make([WEIGHTS] * T, **options).fit(X, y)
        for attribute in ("params_", "cov_", "residuals_"):
            np.testing.assert_allclose(getattr(many, attribute), getattr(one, attribute), rtol=0, atol=1e-10)
        for attribute in ("loglik_", "sigma2_", "aic_", "bic_", "pseudo_r2_"):
            assert getattr(many, attribute) == pytest.approx(getattr(one, attribute), abs=1e-9)
        for kind in ["entity"] * (effects in ("entity", "two-way")) + ["time"] * fixed_time:
            np.testing.assert_allclose(
                getattr(many, f"{kind}_effects_"), getattr(one, f"{kind}_effects_"), rtol=0, atol=1e-10
            )
        np.testing.assert_allclose(many.predict(), one.predict(), atol=1e-10)
        np.testing.assert_allclose(many.predict(X), one.predict(X), atol=1e-10)
        for attribute in ("estimates", "covariance"):
            np.testing.assert_allclose(
                getattr(many.impacts(), attribute), getattr(one.impacts(), attribute), atol=1e-10
            )


def test_a_whole_panel_under_the_option_unbalanced_is_the_balanced_one():
    _, table = small.panel(4, 5, T)
    X, y = table[["x", "z"]], table["y"]
    one = sh.SpatialDurbin(WEIGHTS, effects="entity").fit(X, y)
    other = sh.SpatialDurbin(WEIGHTS, effects="entity", missing="unbalanced").fit(X, y)
    np.testing.assert_allclose(other.result_.covariance, one.result_.covariance, rtol=0, atol=1e-10)
    assert other.loglik_ == pytest.approx(one.loglik_, abs=1e-10)
    assert other.residuals_.index.equals(one.residuals_.index)


# --- explicit dense matrices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("restandardise", [True, False])
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_lag_likelihood_with_dummies(data, effects, restandardise):
    Y, X, known = data
    y, Z, M, D = holes.rows(Y, X, W, known, constant=effects == "none", restandardise=restandardise)
    period = np.nonzero(known)[0]
    dummies = {"none": [], "entity": [D], "time": [], "two-way": [D]}[effects]
    if effects in ("time", "two-way"):
        dummies.append((period[:, None] == np.arange(T)[effects == "two-way" :]).astype(float))
    whole = np.column_stack([Z, *dummies])
    model = fit("SpatialDurbin", data, effects=effects, correction="none", restandardise=restandardise)
    delta = np.linalg.lstsq(whole, y - model.rho_ * M @ y, rcond=None)[0]
    k = Z.shape[1]
    theta = np.concatenate([delta[:k], [model.rho_, model.sigma2_]])

    def loglik(parameters):
        rest = y - parameters[-2] * M @ y - Z @ parameters[:k]
        e = holes.out(whole[:, k:], rest) if dummies else rest
        s2 = parameters[-1]
        return -len(y) / 2 * np.log(2 * np.pi * s2) - e @ e / (2 * s2) + holes.logdet(M, parameters[-2])

    np.testing.assert_allclose(model.result_.params[:k], delta[:k], atol=1e-9)
    assert loglik(theta) == pytest.approx(model.loglik_, abs=1e-9)
    slopes = [(loglik(theta + h) - loglik(theta - h)) / 2e-6 for h in 1e-6 * np.eye(len(theta))]
    np.testing.assert_allclose(slopes, 0.0, atol=1e-5)
    # the tolerance is that of second differences
    covariance = np.linalg.inv(-brute.hessian(loglik, theta, step=1e-3))[:-1, :-1]
    np.testing.assert_allclose(model.result_.covariance, covariance, rtol=1e-4, atol=1e-8)


def adjusted_score(theta, y, Z, M, P):
    """The score of (delta, rho, sigma2) less what unit dummies add to its expectation."""
    delta, rho, s2 = theta[:-2], theta[-2], theta[-1]
    G = M @ np.linalg.inv(np.eye(len(M)) - rho * M)
    e = P @ (y - rho * M @ y - Z @ delta)
    size = round(np.trace(P))
    in_rho = (M @ y) @ e / s2 - np.trace(P @ G)
    return np.concatenate([Z.T @ e / s2, [in_rho, -size / (2 * s2) + e @ e / (2 * s2**2)]])


@pytest.mark.parametrize("by_period", [False, True])
def test_adjusted_score_of_the_lag_and_its_covariance(by_period):
    matrices = holes.lattices(4, 5, T) if by_period else W
    data = holes.with_holes(matrices, T, by_period=by_period)
    weights = [(IDS, sp.csr_matrix(M)) for M in matrices] if by_period else WEIGHTS
    y, Z, M, D = holes.rows(*data[:2], matrices, data[2])
    P = np.eye(len(y)) - D @ np.linalg.pinv(D)
    model = fit("SpatialDurbin", data, weights)
    theta = np.append(model.result_.params, model.sigma2_)
    np.testing.assert_allclose(adjusted_score(theta, y, Z, M, P), 0.0, atol=1e-8)
    step = 1e-6 * np.eye(len(theta))
    bread = -np.array(
        [(adjusted_score(theta + h, y, Z, M, P) - adjusted_score(theta - h, y, Z, M, P)) / 2e-6 for h in step]
    )
    G = M @ np.linalg.inv(np.eye(len(M)) - model.rho_ * M)
    meat = bread.copy()
    meat[-2, -2] += np.trace(P @ G @ P @ G) - np.trace(P @ G @ G)
    inverse = np.linalg.inv(bread)
    covariance = (inverse @ meat @ inverse.T)[:-1, :-1]
    np.testing.assert_allclose(model.result_.covariance, covariance, rtol=2e-6, atol=1e-10)
    assert abs(meat[-2, -2] / bread[-2, -2] - 1) > 1e-4  # there is something to allow for


def test_variance_of_the_adjusted_score_is_what_quadratic_forms_have():
    # y's linear and quadratic forms of normal errors: variance s2 (a'a) and s2^2 (tr AA' + tr AA)
    data = holes.with_holes(W, T)
    y, _, M, D = holes.rows(*data[:2], W, data[2])
    P = np.eye(len(y)) - D @ np.linalg.pinv(D)
    G = M @ np.linalg.inv(np.eye(len(M)) - 0.4 * M)
    rng = np.random.default_rng(5)
    e = rng.normal(size=(200_000, len(y)))
    scores = np.einsum("ri,ri->r", e @ P, e @ G.T)
    assert scores.mean() == pytest.approx(np.trace(P @ G), abs=4 * scores.std() / np.sqrt(len(e)))
    variance = np.trace(P @ G @ G.T @ P) + np.trace(P @ G @ P @ G)
    assert scores.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("correction", ["lee-yu", "none"])
@pytest.mark.parametrize("name", ERRORS)
def test_error_likelihood_with_dummies_and_restricted(data, name, correction):
    Y, X, known = data
    y, Z, M, D = holes.rows(Y, X, W, known, lagged=name == "SpatialDurbinError")
    k, size = Z.shape[1], len(y) - (D.shape[1] if correction == "lee-yu" else 0)

    def loglik(theta):
        A = np.eye(len(y)) - theta[-2] * M
        e = holes.out(A @ D, A @ (y - Z @ theta[:k]))
        value = (
            -size / 2 * np.log(2 * np.pi * theta[-1]) - e @ e / (2 * theta[-1]) + holes.logdet(M, theta[-2])
        )
        if correction == "none":
            return value
        return value - np.linalg.slogdet(D.T @ A.T @ A @ D)[1] / 2 + np.linalg.slogdet(D.T @ D)[1] / 2

    model = fit(name, data, correction=correction)
    theta = np.append(model.result_.params, model.sigma2_)
    assert loglik(theta) == pytest.approx(model.loglik_, abs=1e-9)
    slopes = [(loglik(theta + h) - loglik(theta - h)) / 2e-6 for h in 1e-6 * np.eye(len(theta))]
    np.testing.assert_allclose(slopes, 0.0, atol=1e-5)
    covariance = np.linalg.inv(-brute.hessian(loglik, theta, step=1e-3))[:-1, :-1]
    np.testing.assert_allclose(model.result_.covariance, covariance, rtol=1e-4, atol=1e-8)
    A = np.eye(len(y)) - model.lambda_ * M if hasattr(model, "lambda_") else None
    if A is not None:
        mu = np.linalg.lstsq(A @ D, A @ (y - Z @ theta[:k]), rcond=None)[0]
        np.testing.assert_allclose(model.entity_effects_.dropna(), mu, atol=1e-8)


def test_impacts_are_averages_over_the_observed_rows(data):
    known = data[2]
    model = fit("SpatialDurbin", data)
    M = holes.stacked_weights(W, known)
    for j, name in enumerate(("x", "z")):
        beta, theta = model.params_[name], model.params_[f"W:{name}"]
        np.testing.assert_allclose(
            model.impacts().estimates[j], brute.mean_effects(M, model.rho_, beta, theta), atol=1e-10
        )
    S = brute.effects(M, model.rho_, model.params_["x"], model.params_["W:x"])
    local = model.impacts().local("x")
    np.testing.assert_allclose(local["own"], np.diag(S), atol=1e-10)
    assert local.index.names == ["unit", "period"]
    assert local.index[0] == (IDS[np.flatnonzero(known[0])[0]], 0)


# --- labels, holes, prediction ----------------------------------------------------------------------------------


@pytest.fixture
def frame(data):
    Y, X, _ = data
    table = small.table(Y, X)
    table.loc[table.index[3], ["x", "z"]] = 1.0  # the outcome alone is missing, if it is
    return table


@quiet
def test_nan_and_absent_rows_are_the_same_and_the_order_does_not_matter(frame):
    model = sh.SpatialDurbin(WEIGHTS, effects="entity", missing="unbalanced")
    one = clone(model).fit(frame[["x", "z"]], frame["y"])
    other = clone(model).fit_formula("y ~ x + z", frame.dropna().sample(frac=1, random_state=0))
    np.testing.assert_allclose(other.result_.params, one.result_.params, atol=1e-10)
    pd.testing.assert_series_equal(other.residuals_.sort_index(), one.residuals_.sort_index())
    assert one.residuals_.index.equals(frame.dropna().index)
    pd.testing.assert_series_equal(one.predict(), one.predict(frame.dropna()[["x", "z"]]), atol=1e-10)
    pd.testing.assert_series_equal(pickle.loads(pickle.dumps(one)).predict(), one.predict())
    assert clone(one).missing == "unbalanced"
    before = copy.deepcopy(frame)
    pd.testing.assert_frame_equal(frame, before)


@quiet
def test_summary_says_what_is_missing(frame):
    Y = frame["y"].unstack("unit")
    frame = frame.drop(index=[("u00", year) for year in range(2000, 2006)])
    frame.loc[[("u01", year) for year in range(2001, 2006)], "y"] = np.nan
    frame.loc[("u01", 2000), ["x", "z", "y"]] = 0.5
    facts = (
        sh.SpatialLag(WEIGHTS, effects="entity", missing="unbalanced")
        .fit(frame[["x", "z"]], frame["y"])
        .summary()
        .facts
    )
    assert facts["Units (n)"] == "19"
    assert facts["Never observed"].startswith("1 units ('u00')")
    assert facts["Observed once"].startswith("1 units")
    assert f"of {Y.size} cells" in facts["Observed"]
    assert "6 cells where no row" in facts["Left out"]
    assert "sum to one again" in facts["W of a period"]
    assert "did not exist in that period" in facts["Absent rows"]
    assert facts["Effects"] == "entity, Lee-Yu, by an adjusted score"


def test_warnings_name_who_lost_all_neighbours_and_who_came_once(frame):
    neighbours = [IDS[j] for j in np.flatnonzero(W[0])]
    frame = frame.fillna(0.1)
    frame["y"] = np.random.default_rng(0).normal(size=len(frame))
    frame["x"] = np.random.default_rng(1).normal(size=len(frame))
    frame.loc[[(unit, 2003) for unit in neighbours], "y"] = np.nan
    frame.loc[[("u09", year) for year in range(2001, 2006)], "y"] = np.nan
    model = sh.SpatialLag(WEIGHTS, effects="entity", missing="unbalanced")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(frame[["x"]], frame["y"])
    words = [(warning.category, str(warning.message)) for warning in told]
    assert len(words) == 3
    assert words[0][0] is errors.IsolateWarning
    assert "2003: 1" in words[0][1]
    assert "('u00', 2003)" in words[0][1]
    assert "observed once: 'u09'" in words[1][1]
    assert words[2][0] is errors.GapsWarning
    assert words[2][1].startswith("Absent between periods in which they were observed")
    assert all(warning.filename == __file__ for warning in told)


def told(model, frame):
    """The warnings of gaps that a fit gives."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        model.fit(frame[["x", "z"]], frame["y"])
    return [warning for warning in given if warning.category is errors.GapsWarning]


def test_rows_lost_between_others_are_warned_of_where_levels_of_units_would_mix():
    _, table = small.panel(4, 5, T)
    gap, left = table.drop(("u03", 2002)), table.drop([("u03", 2000), ("u07", 2004), ("u07", 2005)])
    options = {"effects": "entity", "missing": "unbalanced"}
    with_gap = [sh.SpatialLag, sh.SpatialDurbin, sh.SpatialDurbinError, sh.SLX]
    for kind in with_gap:
        (warning,) = told(kind(WEIGHTS, **options), gap)
        assert str(warning.message).startswith(
            "Absent between periods in which they were observed: 1 of 20 units ('u03')."
        )
        assert told(kind(WEIGHTS, **options), left) == []  # they came later, or left: what the model supposes
    centred = gap - gap.groupby(level=0).transform("mean")
    assert told(sh.SpatialDurbin(WEIGHTS, **options), centred) == []
    assert told(sh.SpatialError(WEIGHTS, **options), gap) == []
    assert told(sh.SLX(WEIGHTS, durbin=False, **options), gap) == []
    assert told(sh.SpatialDurbin(WEIGHTS, missing="unbalanced"), gap) == []


def test_centring_by_unit_mends_what_lost_rows_do():
    grid, found = small.lattice(7, 7), []
    ids = small.ids(49)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(8, 49, 1)) + 4 * rng.normal(size=(49, 1))
        y = X[..., 0] + 0.5 * X[..., 0] @ grid.T + 0.5 * rng.normal(size=(8, 49))
        hole = rng.random(y.shape) < 0.04
        y[hole], X[hole] = np.nan, np.nan
        model = sh.SLX((ids, sp.csr_matrix(grid)), effects="entity", missing="unbalanced")
        with pytest.warns(errors.GapsWarning):
            lost = model.fit_arrays(y, X).result_.params[1]
        centred = clone(model).fit_arrays(y - np.nanmean(y, axis=0), X - np.nanmean(X, axis=0))
        found.append((lost, centred.result_.params[1]))
    lost, centred = np.mean(found, axis=0)
    assert lost < 0.3
    assert centred == pytest.approx(0.5, abs=0.05)


def test_a_w_a_period_without_holes_has_no_line_on_holes():
    _, table = small.panel(4, 5, T)
    facts = sh.SpatialLag([WEIGHTS] * T, effects="entity").fit(table[["x"]], table["y"]).summary().facts
    assert facts["W by period"] == "1 graphs"
    assert not {"Observed", "Absent rows", "W of a period"} & set(facts)


@quiet
def test_predict_for_some_units_and_periods(data, frame):
    model = sh.SpatialLag(WEIGHTS, effects="entity", missing="unbalanced").fit(frame[["x", "z"]], frame["y"])
    some = frame.dropna().loc[(slice("u03", "u11"), [2001, 2004]), ["x", "z"]]
    found = model.predict(some)
    for year in (2001, 2004):
        here = some.xs(year, level=1)
        place = [IDS.index(unit) for unit in here.index]
        inside = holes.sub(W, np.isin(np.arange(N), place))
        signal = here.to_numpy() @ model.params_[["x", "z"]] + model.entity_effects_[here.index]
        expected = np.linalg.solve(np.eye(len(place)) - model.rho_ * inside, signal)
        np.testing.assert_allclose(found.xs(year, level=1), expected, atol=1e-10)
    some.iloc[0, 0] = np.nan
    with refusal(errors.MissingDataError, "'x' is missing (NaN) in 1 rows"):
        model.predict(some)


# --- weights by period --------------------------------------------------------------------------------------------


@quiet
def test_list_and_mapping_of_weights_in_any_order_of_ids(frame):
    matrices = holes.lattices(4, 5, T)
    weights = [(IDS, sp.csr_matrix(M)) for M in matrices]
    back = np.arange(N)[::-1]
    turned = [([IDS[i] for i in back], sp.csr_matrix(M[np.ix_(back, back)])) for M in matrices]
    mapping = {2005 - t: turned[5 - t] for t in range(T)} | {1999: weights[0]}
    given = [
        sh.SpatialDurbin(w, effects="entity", missing="unbalanced").fit(frame[["x", "z"]], frame["y"])
        for w in (weights, tuple(weights), mapping)
    ]
    first = given[0].params_
    mapping[2005] = turned[5]
    for model in given[1:]:
        np.testing.assert_allclose(model.params_, first, atol=1e-9)
    assert given[0].summary().facts["W by period"] == "6 graphs"
    new = frame.dropna().xs(2003, level=1, drop_level=False)[["x", "z"]]
    np.testing.assert_allclose(given[0].predict(new), given[0].predict().loc[new.index], atol=1e-10)


def test_weights_by_period_that_do_not_fit(frame):
    X, y = frame[["x", "z"]].fillna(0), frame["y"].fillna(0)
    other = ([*IDS[:-1], "u99"], sp.csr_matrix(W))
    with refusal(errors.AlignmentError, "lists 2 graphs", "6 periods", "2005"):
        sh.SpatialLag([WEIGHTS] * 2).fit(X, y)
    with refusal(errors.AlignmentError, "no graph for the periods 2005"):
        sh.SpatialLag(dict.fromkeys(range(2000, 2005), WEIGHTS)).fit(X, y)
    with refusal(errors.AlignmentError, "2000 and 2001", "only in 2000: 'u19'", "only in 2001: 'u99'"):
        sh.SpatialLag({2000: WEIGHTS, 2001: other}).fit(X, y)
    with refusal(errors.OptionError, "weights is empty"):
        sh.SpatialLag([]).fit(X, y)
    with refusal(errors.MissingDataError, "'y' is missing (NaN)", "missing"):
        sh.SpatialLag([WEIGHTS] * T).fit(X, frame["y"])


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("SpatialLag", {"cov_type": "cluster"}, "cov_type='cluster' does not exist"),
        ("SLX", {"cov_type": "driscoll-kraay"}, "cov_type='driscoll-kraay' does not exist"),
        ("SpatialLag", {"cov_type": "expected"}, "cov_type='expected' does not exist"),
        ("SpatialLag", {"effects": "random"}, "effects='random' do not exist"),
        ("SpatialLag", {"effects": "two-way"}, "same units and one W"),
        ("GeneralNesting", {"effects": "entity"}, "depends on lambda too"),
        (
            "SpatialCombined",
            {"effects": "none", "error_weights": (IDS, W @ W - np.diag(np.diag(W @ W)))},
            "error_weights",
        ),
        ("SpatialLag", {"missing": "drop"}, "missing='drop' is not an option"),
        ("SpatialLag", {"restandardise": 1}, "restandardise=1 must be True or False"),
    ],
)
def test_what_does_not_exist_says_why(data, name, options, words):
    Y, X, _ = data
    options = {"effects": "entity", "missing": "unbalanced", **options}
    with refusal(errors.OptionError, name, words):
        getattr(sh, name)(WEIGHTS, **options).fit_arrays(Y, X)


def test_what_would_not_fit_in_memory_says_so_before_it_starts(data, monkeypatch):
    from spatialhealth.models import stacked

    monkeypatch.setattr(stacked, "_LIMIT", 10)
    with refusal(errors.SizeError, "20 units", "correction='none'", "cov_type='robust'"):
        fit("SpatialLag", data)
    for options in ({"correction": "none"}, {"cov_type": "robust"}, {"effects": "none"}):
        fit("SpatialLag", data, **options)
    fit("SpatialError", data)
    _, table = small.panel(4, 5, T)
    sh.SpatialLag([WEIGHTS] * T, effects="entity").fit(table[["x"]], table["y"])  # nothing to allow for


def test_nothing_complete_or_nobody_near():
    Y, X = np.ones((2, 3)), np.full((2, 3, 1), np.nan)
    line = (["a", "b", "c"], np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1, 0]]))
    with refusal(errors.MissingDataError, "No row is complete", "'x1'"):
        sh.SpatialLag(line, missing="unbalanced").fit_arrays(Y, X)
    alone = np.array([[1.0, np.nan, 2.0], [np.nan, 3.0, np.nan]])
    with refusal(errors.WeightsError, "No observed unit has an observed neighbour"):
        sh.SpatialLag(line, missing="unbalanced").fit_arrays(alone, np.ones((2, 3, 1)))


# --- the truth ----------------------------------------------------------------------------------------------------


@quiet
def test_recovers_the_truth_when_a_third_of_the_units_miss_years():
    grid = small.lattice(8, 10)
    found, errors_found = [], []
    for seed in range(40):
        Y, X, _ = holes.with_holes(grid, 6, seed=seed, share=1 / 3)
        model = sh.SpatialDurbin((small.ids(80), sp.csr_matrix(grid)), effects="entity", missing="unbalanced")
        model.fit_arrays(Y, X)
        found.append(model.result_.params)
        errors_found.append(model.result_.std_errors)
    truth, found = np.array([1.0, -0.5, 0.3, 0.2, 0.4]), np.array(found)
    spread = found.std(axis=0, ddof=1)
    assert (np.abs(found.mean(axis=0) - truth) < 4 * spread / np.sqrt(len(found))).all()
    np.testing.assert_allclose(np.mean(errors_found, axis=0), spread, rtol=0.4)  # 40 draws: 11 % each way


# --- what comes after a fit ---------------------------------------------------------------------------------------


def test_models_of_the_same_rows_can_be_compared_and_those_of_others_not(data):
    Y, X, _ = data
    fewer = Y.copy()
    fewer[0, np.flatnonzero(np.isfinite(Y[0]))[0]] = np.nan
    same = [fit(name, data, correction="none") for name in ("SpatialLag", "SpatialError")]
    other = fit("SpatialLag", (fewer, X, None), correction="none")
    size = int(np.isfinite(Y).sum())
    notes = str(sh.compare([*same, other]))
    assert f"{size - 1} observed outcomes" in notes
    assert "observed outcomes" not in str(sh.compare(same))
