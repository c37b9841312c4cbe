"""Prediction by the reduced form, against explicit inverses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from tests import small
from tests.cases import ESTIMATORS

EFFECTS = ("none", "entity", "time", "two-way")

every_model = pytest.mark.parametrize("effects", EFFECTS)
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.__name__)


def wide(rows):
    """(T, n) values of rows indexed (unit, year)."""
    return rows.unstack("year").to_numpy().T


def systematic(model, X, W):
    """Z delta + effects, shape (T, n), from the labelled attributes alone."""
    params = model.params_
    total = np.full((6, 12), params.get("constant", 0.0))
    for name in ("x", "z"):
        values = wide(X[name])
        total = total + params[name] * values + params.get(f"W:{name}", 0.0) * values @ W.T
    if model.effects in ("entity", "two-way"):
        total = total + model.entity_effects_.to_numpy()
    if model.effects in ("time", "two-way"):
        total = total + model.time_effects_.to_numpy()[:, None]
    return total


@every_estimator
@every_model
def test_the_reduced_form_equals_the_dense_inverse(estimator, effects, weights, X, y):
    W = weights[1].toarray()
    model = estimator(weights, effects=effects).fit(X, y)
    expected = np.linalg.inv(np.eye(12) - model.rho_ * W) @ systematic(model, X, W).T
    np.testing.assert_allclose(wide(model.predict(X)), expected.T, atol=1e-10)


@every_estimator
@every_model
def test_without_data_it_predicts_for_those_of_the_fit(estimator, effects, weights, X, y):
    rows = X.sample(frac=1, random_state=0)
    model = estimator(weights, effects=effects).fit(rows, y)
    pd.testing.assert_series_equal(model.predict(), model.predict(rows), rtol=1e-10)
    pd.testing.assert_series_equal(model.predict(X).reindex(rows.index), model.predict(rows), rtol=1e-10)


@every_estimator
@every_model
def test_fitted_values_and_residuals_make_the_outcome(estimator, effects, weights, X, y):
    W = weights[1].toarray()
    model = estimator(weights, effects=effects).fit(X, y)
    np.testing.assert_allclose(model.fitted_values_ + model.residuals_, y, atol=1e-12)
    structural = model.rho_ * wide(y) @ W.T + systematic(model, X, W)
    structural = structural + model.lambda_ * (wide(y) - structural) @ W.T
    np.testing.assert_allclose(wide(model.fitted_values_), structural, atol=1e-10)
    np.testing.assert_allclose(model.result_.systematic, systematic(model, X, W), atol=1e-10)
    assert np.var(model.residuals_) > 0.01


@every_estimator
@pytest.mark.parametrize("unit", [0, 5, 11])
def test_a_change_of_x_moves_the_prediction_by_its_effects(estimator, unit, weights, X, y):
    W = weights[1].toarray()
    model = estimator(weights, effects="two-way").fit(X, y)
    changed = X.copy()
    changed.loc[(f"u{unit:02d}", 2003), "x"] += 2.5
    difference = wide(model.predict(changed) - model.predict(X))
    theta = model.params_.get("W:x", 0.0)
    S = np.linalg.inv(np.eye(12) - model.rho_ * W) @ (model.params_["x"] * np.eye(12) + theta * W)
    np.testing.assert_allclose(difference[3], 2.5 * S[:, unit], atol=1e-10)
    np.testing.assert_allclose(np.delete(difference, 3, axis=0), 0, atol=1e-12)
    local = model.impacts().local("x").iloc[unit]
    assert difference[3, unit] == pytest.approx(2.5 * local["own"], abs=1e-10)
    assert difference[3].sum() == pytest.approx(2.5 * (local["own"] + local["emitted"]), abs=1e-10)


@every_estimator
def test_periods_may_be_left_out_or_be_new(estimator, weights, X, y):
    timed = estimator(weights, effects="two-way").fit(X, y)
    some = X.loc[(slice(None), [2001, 2004]), :]
    pd.testing.assert_series_equal(timed.predict(some), timed.predict(X).reindex(some.index), rtol=1e-10)
    timeless = estimator(weights, effects="entity").fit(X, y)
    later = X.rename(index=lambda year: year + 50, level=1)
    np.testing.assert_allclose(timeless.predict(later), timeless.predict(X), rtol=1e-12)
    section = X.xs(2003, level="year")
    np.testing.assert_allclose(
        timeless.predict(section), timeless.predict(X).xs(2003, level="year"), rtol=1e-10
    )


@every_estimator
def test_columns_are_taken_by_name(estimator, weights, X, y):
    model = estimator(weights).fit(X, y)
    other = X[["z", "x"]].assign(more="text")
    pd.testing.assert_series_equal(model.predict(other), model.predict(X))


@every_estimator
def test_dates_as_periods(estimator, weights, X, y):
    dates = {year: pd.Timestamp(f"{year}-01-01") for year in range(2000, 2006)}
    dated = X.rename(index=dates, level=1)
    model = estimator(weights, effects="time").fit(dated, y.set_axis(dated.index))
    np.testing.assert_allclose(model.predict(dated), estimator(weights, effects="time").fit(X, y).predict(X))
    assert model.time_effects_.index[0] == pd.Timestamp("2000-01-01")


@every_estimator
def test_after_a_formula_the_variables_are_given(estimator, weights, data):
    data = data.assign(kind=np.tile(["a", "b", "c", "c"], 18))
    model = estimator(weights, effects="entity").fit_formula("y ~ x + log(z) + C(kind)", data)
    pd.testing.assert_series_equal(model.predict(data), model.predict(), rtol=1e-10)
    changed = data.assign(z=data["z"] * np.e, y=0.0)
    rise = wide(model.predict(changed) - model.predict(data))
    total = model.impacts().table.set_index(["variable", "effect"]).loc[("log(z)", "total"), "estimate"]
    np.testing.assert_allclose(rise, total, rtol=1e-8)  # rows of W sum to one, so that all rise by the total
    assert set(model.predict(data.assign(kind="c")).index) == set(data.index)


def test_with_isolates_the_isolate_has_no_neighbours_in_it(X, y):
    W = small.lattice(3, 4)
    W[0], W[:, 0] = 0.0, 0.0
    with pytest.warns(sh.errors.IsolateWarning):
        model = sh.SpatialDurbin((small.ids(12), W), effects="entity").fit(X, y)
    changed = X.copy()
    changed.loc[["u01"]] += 1.0
    difference = model.predict(changed) - model.predict(X)
    np.testing.assert_allclose(difference.loc["u00"], 0, atol=1e-12)
    assert (difference.loc["u02"].abs() > 1e-6).all()
