"""One contract for every estimator: scikit-learn's, alignment by label, inputs left alone, results frozen."""

from __future__ import annotations

import dataclasses
import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_regressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import spatialhealth as sh
from spatialhealth.errors import NotFittedError, OptionError
from tests import small

ESTIMATORS = [
    getattr(sh, name) for name in sh.__all__ if name[0].isupper() and hasattr(getattr(sh, name), "fit_arrays")
]
ESTIMATORS.remove(sh.SpatialIV)  # other options and no likelihood: test_iv_contract.py
OPTIONS = list(
    itertools.product(
        ("none", "entity", "time", "two-way", "random"), ("lee-yu", "none"), ("observed", "expected")
    )
)

SPATIAL = {
    "SLX": [],
    "SpatialLag": ["rho"],
    "SpatialDurbin": ["rho"],
    "SpatialError": ["lambda"],
    "SpatialDurbinError": ["lambda"],
    "SpatialCombined": ["rho", "lambda"],
    "GeneralNesting": ["rho", "lambda"],
}

# the small panel's regressors leave some models no variance of random effects
pytestmark = pytest.mark.filterwarnings("ignore::spatialhealth.errors.BoundaryWarning")

every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.__name__)
every_option = pytest.mark.parametrize("options", OPTIONS, ids="/".join)


def make(estimator, weights, options=("two-way", "lee-yu", "observed")):
    return estimator(weights, **dict(zip(("effects", "correction", "cov_type"), options, strict=True)))


def numbers(model):
    """Everything a fit learns, but for what goes with rows."""
    result = model.result_
    scalars = [result.sigma2, result.loglik, result.aic, result.bic, result.pseudo_r2]
    return np.concatenate([result.params, result.covariance.ravel(), scalars])


def same(one, two, tolerance=1e-9):
    assert one.result_.param_names == two.result_.param_names
    np.testing.assert_allclose(numbers(one), numbers(two), rtol=tolerance, atol=tolerance)


def learned(estimator):
    return [name for name in dir(estimator) if name.endswith("_") and not name.startswith("_")]


def test_every_estimator_is_found():
    assert set(SPATIAL) <= {e.__name__ for e in ESTIMATORS}


# --- scikit-learn -----------------------------------------------------------------------------------------


@every_estimator
@every_option
def test_clone_keeps_every_parameter(estimator, options, weights):
    model = make(estimator, weights, options).set_params(constant=False, logdet="lu")
    copy = clone(model)
    assert type(copy) is estimator and copy is not model
    before, after = model.get_params(), copy.get_params()
    assert before.keys() == after.keys()
    for name in before.keys() - {"weights"}:
        assert after[name] == before[name]
    assert after["weights"][0] == weights[0]
    assert (after["weights"][1] != weights[1]).nnz == 0


@every_estimator
def test_a_clone_of_a_fitted_model_is_not_fitted_and_fits_to_the_same(estimator, weights, X, y):
    model = make(estimator, sh.SpatialOperator(weights)).fit(X, y)
    copy = clone(model)
    assert not hasattr(copy, "params_")
    same(copy.fit(X, y), model, 1e-12)


@every_estimator
def test_the_constructor_only_stores(estimator):
    names = list(estimator().get_params())
    sentinels = {name: object() for name in names}
    model = estimator(**sentinels)
    assert vars(model).keys() == sentinels.keys()
    for name in names:
        assert getattr(model, name) is sentinels[name]
        assert model.get_params()[name] is sentinels[name]


@every_estimator
def test_set_params(estimator, weights, X, y):
    model = make(estimator, weights)
    assert model.set_params(effects="entity", correction="none") is model
    assert model.effects == "entity" and model.get_params()["correction"] == "none"
    same(model.fit(X, y), make(estimator, weights, ("entity", "none", "observed")).fit(X, y), 0)
    with pytest.raises(OptionError, match=r"has no argument 'wrong'\. It has: weights, effects"):
        model.set_params(wrong=1)


@every_estimator
def test_it_is_a_regressor_to_scikit_learn(estimator, weights, X, y):
    model = make(estimator, weights)
    assert is_regressor(model)
    with pytest.raises(ValueError, match="not fitted"):
        check_is_fitted(model)
    check_is_fitted(model.fit(X, y))


@every_estimator
def test_pipeline(estimator, weights, X, y):
    scale = StandardScaler().set_output(transform="pandas")
    pipeline = Pipeline([("scale", scale), ("model", make(estimator, weights))]).fit(X, y)
    plain = make(estimator, weights).fit(X, y)
    assert pipeline["model"].loglik_ == pytest.approx(plain.loglik_, abs=1e-8)
    assert pipeline["model"].params_["x"] == pytest.approx(plain.params_["x"] * X["x"].std(ddof=0), rel=1e-8)
    pd.testing.assert_series_equal(pipeline.predict(X), plain.predict(X), rtol=1e-8)
    assert pipeline.score(X, y) == pytest.approx(plain.score(X, y), rel=1e-8)


@every_estimator
def test_grid_search(estimator, weights, X, y):
    grid = {"effects": ["none", "entity"], "correction": ["lee-yu", "none"]}
    if "durbin" in estimator().get_params():
        grid["durbin"] = [True, ["x"]]
    every_row = np.arange(len(X))
    search = GridSearchCV(estimator(weights), grid, cv=[(every_row, every_row)]).fit(X, y)
    for options, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        assert score == pytest.approx(estimator(weights, **options).fit(X, y).score(X, y), rel=1e-10)
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])
    assert search.best_score_ == pytest.approx(search.best_estimator_.score(X, y), rel=1e-10)


@every_estimator
def test_score_is_the_explained_share_of_the_variance(estimator, weights, X, y):
    model = make(estimator, weights).fit(X, y)
    expected = 1 - ((y - model.predict(X)) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert model.score(X, y) == pytest.approx(expected, rel=1e-12)
    assert model.score(X, y.sample(frac=1, random_state=1)) == pytest.approx(expected, rel=1e-12)


# --- fitting ----------------------------------------------------------------------------------------------


@every_estimator
@every_option
def test_three_ways_to_fit_are_one(estimator, options, weights, data):
    table = make(estimator, weights, options).fit(data[["x", "z"]], data["y"])
    formula = make(estimator, weights, options).fit_formula("y ~ x + z", data)
    wide = np.stack([data[name].unstack("year").to_numpy().T for name in ("y", "x", "z")])
    array = make(estimator, weights, options).fit_arrays(
        wide[0], np.moveaxis(wide[1:], 0, -1), names=["x", "z"], periods=range(2000, 2006), response="y"
    )
    same(formula, table, 1e-10)
    same(array, table, 1e-10)
    assert str(array.summary()) == str(table.summary()) == str(formula.summary())


@every_estimator
def test_a_formula_without_a_constant(estimator, weights, data):
    model = estimator(weights).fit_formula("y ~ x + z - 1", data)
    same(model, estimator(weights, constant=False).fit(data[["x", "z"]], data["y"]), 1e-10)
    assert "constant" not in model.params_


@every_estimator
@every_option
def test_refitting_gives_the_same_and_other_data_replace_it(estimator, options, weights, X, y):
    model = make(estimator, weights, options)
    assert model.fit(X, y) is model
    first, kept = numbers(model), model.result_
    np.testing.assert_array_equal(numbers(model.fit(X, y)), first)
    other = make(estimator, weights, options).fit(X[["z"]], y * 2)
    same(model.fit(X[["z"]], y * 2), other, 0)
    assert model.result_ is not kept and kept.regressors == ("x", "z")


@every_estimator
@every_option
def test_neither_order_nor_labels_matter(estimator, options, weights, X, y):
    model = make(estimator, weights, options).fit(X, y)
    shuffled = X.sample(frac=1, random_state=3)
    apart = make(estimator, weights, options).fit(shuffled, y.sample(frac=1, random_state=4))
    same(apart, model)
    pd.testing.assert_series_equal(apart.residuals_.reindex(X.index), model.residuals_, atol=1e-9)

    names = {unit: f"{97 * i % 13} town" for i, unit in enumerate(weights[0])}
    years = {year: f"y{year}" for year in range(2000, 2006)}
    renamed = X.rename(index=names, level=0).rename(index=years, level=1)
    ids = [names[unit] for unit in weights[0]]
    same(make(estimator, (ids, weights[1]), options).fit(renamed, y.set_axis(renamed.index)), model)

    order = np.random.default_rng(5).permutation(12)
    turned = ([weights[0][i] for i in order], weights[1][order][:, order])
    other = make(estimator, turned, options).fit(X, y)
    same(other, model)
    pd.testing.assert_series_equal(other.residuals_, model.residuals_, atol=1e-9)


@every_estimator
def test_every_form_of_weights_gives_the_same(estimator, weights, X, y):
    model = make(estimator, weights).fit(X, y)
    graph = sh.weights.as_graph(weights)
    square = pd.DataFrame(weights[1].toarray(), index=weights[0], columns=weights[0])
    for form in (
        graph,
        graph.to_W(),
        square,
        graph.adjacency,
        sh.SpatialOperator(weights),
        (weights[0], weights[1].toarray()),
    ):
        same(make(estimator, form).fit(X, y), model)


@every_estimator
def test_rows_come_back_in_the_order_and_with_the_index_of_the_input(estimator, weights, X, y):
    shuffled = X.sample(frac=1, random_state=6)
    model = make(estimator, weights).fit(shuffled, y)
    for rows in (model.residuals_, model.fitted_values_, model.predict(), model.predict(shuffled)):
        pd.testing.assert_index_equal(rows.index, shuffled.index)
    pd.testing.assert_index_equal(model.predict(X).index, X.index)
    assert model.entity_effects_.index.tolist() == list(weights[0])
    assert model.time_effects_.index.tolist() == list(range(2000, 2006))


@every_estimator
def test_names_of_the_parameters(estimator, weights, X, y):
    model = estimator(weights).fit(X, y)
    lags = ["W:x", "W:z"] if "durbin" in estimator().get_params() else []
    expected = ["constant", "x", "z", *lags, *SPATIAL[estimator.__name__]]
    assert model.params_.index.tolist() == expected
    assert model.std_errors_.index.tolist() == expected
    assert model.cov_.index.tolist() == model.cov_.columns.tolist() == expected
    np.testing.assert_allclose(np.sqrt(np.diag(model.cov_)), model.std_errors_)


# --- inputs and results -----------------------------------------------------------------------------------


@every_estimator
def test_inputs_are_left_alone(estimator, data):
    W = small.lattice(3, 4)
    rows, columns = np.nonzero(W + np.eye(12))  # the diagonal is stored, though zero
    backwards = np.lexsort((-columns, rows))  # and column indices are out of order
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows))])
    matrix = sp.csr_matrix((W[rows, columns][backwards], columns[backwards], indptr), shape=W.shape)
    assert matrix.nnz == np.count_nonzero(W) + 12
    ids = np.arange(12)
    data = data.rename(index={unit: i for i, unit in enumerate(small.ids(12))}, level=0)
    X, y = data[["x", "z"]].copy(), data["y"].copy()
    before = [matrix.data.copy(), matrix.indices.copy(), matrix.indptr.copy(), ids.copy()]
    model = estimator((ids, matrix), effects="two-way")
    model.fit(X, y).impacts()
    model.summary()
    model.predict(X)
    model.fit_formula("y ~ x + log(z)", data)
    for now, was in zip((matrix.data, matrix.indices, matrix.indptr, ids), before, strict=True):
        np.testing.assert_array_equal(now, was)
        assert now.flags.writeable
    pd.testing.assert_frame_equal(X, data[["x", "z"]])
    pd.testing.assert_series_equal(y, data["y"])


@every_estimator
def test_input_arrays_are_left_alone(estimator, weights):
    Y, X = small.arrays(weights[1].toarray(), 4)
    periods = np.arange(4)
    copies = Y.copy(), X.copy()
    model = estimator(weights, effects="entity").fit_arrays(Y, X, periods=periods)
    np.testing.assert_array_equal(Y, copies[0])
    np.testing.assert_array_equal(X, copies[1])
    assert Y.flags.writeable and X.flags.writeable and periods.flags.writeable
    before = numbers(model)
    Y[:], X[:] = 0.0, 0.0
    np.testing.assert_array_equal(numbers(model), before)
    assert model.residuals_.abs().max() > 0


@every_estimator
def test_a_graph_is_left_alone(estimator, weights, X, y):
    graph = sh.weights.as_graph(weights)
    before = graph.adjacency.copy()
    make(estimator, graph).fit(X, y).impacts()
    pd.testing.assert_series_equal(graph.adjacency, before)


@every_estimator
def test_unfitted(estimator, weights, X, y):
    model = make(estimator, weights)
    names = learned(estimator)
    assert {"params_", "std_errors_", "cov_", "rho_", "residuals_", "entity_effects_", "result_"} <= set(
        names
    )
    for name in names:
        with pytest.raises(
            NotFittedError, match=f"This {estimator.__name__} has not been fitted yet. Call fit"
        ):
            getattr(model, name)
        assert not hasattr(model, name)
    for call in (
        model.predict,
        model.impacts,
        model.summary,
        lambda: model.predict(X),
        lambda: model.score(X, y),
    ):
        with pytest.raises(NotFittedError, match=r"has not been fitted yet\. Call fit"):
            call()


@every_estimator
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(estimator, weights, X, y):
    model = make(estimator, weights).fit(X, y)
    before = numbers(model)
    with pytest.raises(ValueError):
        model.fit(X.iloc[1:], y.iloc[1:])
    np.testing.assert_array_equal(numbers(model), before)


@every_estimator
def test_effects_that_the_model_does_not_have(estimator, weights, X, y):
    model = estimator(weights, effects="time").fit(X, y)
    with pytest.raises(NotFittedError, match="effects='time', so it has no entity effects"):
        _ = model.entity_effects_
    assert len(model.time_effects_) == 6


@every_estimator
@every_option
def test_pickling(estimator, options, weights, X, y):
    model = make(estimator, weights, options).fit(X, y)
    table, text, predicted = model.impacts().table, str(model.summary()), model.predict(X)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(numbers(copy), numbers(model))
    pd.testing.assert_frame_equal(copy.impacts().table, table)
    pd.testing.assert_series_equal(copy.predict(X), predicted)
    pd.testing.assert_series_equal(copy.residuals_, model.residuals_)
    assert str(copy.summary()) == text
    with pytest.raises(ValueError, match="read-only"):
        copy.result_.params[0] = 1.0
    result = pickle.loads(pickle.dumps(model.result_))
    np.testing.assert_array_equal(result.params, model.result_.params)
    effects = pickle.loads(pickle.dumps(model.impacts()))
    pd.testing.assert_frame_equal(effects.table, table)


@every_estimator
def test_results_are_frozen(estimator, weights, X, y):
    model = make(estimator, weights).fit(X, y)
    result = model.result_
    for array in (v for v in vars(result).values() if isinstance(v, np.ndarray)):
        with pytest.raises(ValueError, match="read-only"):
            array[..., 0] = 1.0
    for name in ("params", "loglik", "anything"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, name, 1.0)
    for name in ("result_", "params_", "rho_"):
        with pytest.raises(AttributeError):
            setattr(model, name, 1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.impacts().level = 0.5
    first = model.params_
    first.iloc[0] = 99.0
    assert model.params_.iloc[0] != 99.0


@every_estimator
def test_repr_shows_what_is_not_default(estimator, weights):
    name = estimator.__name__
    assert repr(estimator()) == f"{name}()"
    assert repr(estimator(weights, effects="entity", constant=False)) == (
        f"{name}(weights=<tuple>, effects='entity', constant=False)"
    )
    if "durbin" in estimator().get_params():
        assert (
            repr(estimator(durbin=np.array(["x", "z"]))) == f"{name}(durbin=array(['x', 'z'], dtype='<U1'))"
        )


@every_estimator
def test_expected_and_observed_covariances_share_the_estimates(estimator, weights, X, y):
    one = make(estimator, weights, ("entity", "lee-yu", "observed")).fit(X, y)
    two = make(estimator, weights, ("entity", "lee-yu", "expected")).fit(X, y)
    np.testing.assert_array_equal(one.params_, two.params_)
    equal = np.allclose(one.std_errors_, two.std_errors_, rtol=1e-12)
    assert equal is (not one.result_.spatial_names)


@pytest.mark.parametrize(
    "estimator", [e for e in ESTIMATORS if "durbin" in e().get_params()], ids=lambda e: e.__name__
)
def test_partial_durbin_lags_only_what_is_named(estimator, weights, X, y):
    model = estimator(weights, durbin=["z"]).fit(X, y)
    assert [n for n in model.params_.index if n.startswith("W:")] == ["W:z"]
    backwards = estimator(weights, durbin=("z", "x")).fit(X, y)
    same(backwards, estimator(weights).fit(X, y), 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_textbook_panel_whatever_the_order(seed):
    table = sh.datasets.load_cigarettes().sample(frac=1, random_state=seed)
    states = sh.datasets.load_states().loc[table.index.unique("state")]
    model = sh.SpatialDurbin(sh.weights.contiguity(states), effects="two-way")
    model.fit_formula("log(sales) ~ log(price / cpi) + log(ndi / cpi)", table)
    assert model.rho_ == pytest.approx(0.2711783, abs=5e-8)
    pd.testing.assert_index_equal(model.residuals_.index, table.index)
    np.testing.assert_allclose(model.fitted_values_ + model.residuals_, np.log(table["sales"]), rtol=1e-12)
