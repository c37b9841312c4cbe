"""Bad data and bad options: one named error each, that says what was found, where, and what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.errors import IsolateWarning, TransformationWarning
from tests import small
from tests.cases import ESTIMATORS
from tests.refusal import refusal

WITH_LAG = [sh.SpatialLag, sh.SpatialDurbin]
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.__name__)


def put(data, column, value, row=7):
    changed = data.copy()
    changed.iloc[row, changed.columns.get_loc(column)] = value
    return changed


def relabel(data, names, level=0):
    return data.rename(index=names, level=level)


# --- values -----------------------------------------------------------------------------------------------


@every_estimator
@pytest.mark.parametrize("column", ["x", "y"])
def test_missing_value(estimator, column, weights, data):
    data = put(data, column, np.nan)
    with refusal(errors.MissingDataError, repr(column), "1 rows", "('u01', 2001)", "Fill these cells"):
        estimator(weights).fit(data[["x", "z"]], data["y"])
    with refusal(errors.MissingDataError, repr(column), "('u01', 2001)", "leave out these units"):
        estimator(weights).fit_formula("y ~ x + z", data)


@every_estimator
@pytest.mark.parametrize("column", ["x", "y"])
def test_infinite_value(estimator, column, weights, data):
    data = put(data, column, -np.inf)
    with refusal(errors.NonFiniteError, repr(column), "infinite in 1 rows", "('u01', 2001)", "log(1 + x)"):
        estimator(weights).fit(data[["x", "z"]], data["y"])


def test_at_most_ten_cells_are_named(weights, data):
    data.iloc[:25, 0] = np.nan
    with refusal(errors.MissingDataError, "25 rows", "('u01', 2003) and 15 more") as caught:
        sh.SLX(weights).fit(data[["x", "z"]], data["y"])
    assert str(caught.value).count("('u") == 10


@pytest.mark.parametrize("value", ["n/a", "12 beds"])
def test_text_among_numbers(value, weights, data):
    data = put(data.astype({"x": object}), "x", value)
    with refusal(
        errors.NonNumericError, "'x' must hold numbers", repr(value), "('u01', 2001)", "pandas.to_numeric"
    ):
        sh.SLX(weights).fit(data[["x", "z"]], data["y"])
    with refusal(errors.NonNumericError, "'x' is a column of text that holds numbers", repr(value), "C(x)"):
        sh.SLX(weights).fit_formula("y ~ x + z", data)


@pytest.mark.parametrize("value", [pd.Timestamp("2020-01-01"), 1j])
def test_what_is_no_number(value, weights, data):
    with refusal(errors.NonNumericError, "'x' must hold numbers", "to_numeric"):
        sh.SLX(weights).fit(data[["z"]].assign(x=value), data["y"])


def test_integers_booleans_and_nullable_numbers_are_numbers(weights, data):
    plain = data.assign(a=np.arange(72) % 7, b=np.arange(72) % 2)
    other = plain.assign(a=plain["a"].astype("Int16"), b=plain["b"].astype(bool))
    one = sh.SLX(weights, durbin=["a"]).fit(plain[["a", "b"]], plain["y"])
    two = sh.SLX(weights, durbin=["a"]).fit(other[["a", "b"]], other["y"].astype("Float64"))
    np.testing.assert_allclose(one.params_, two.params_, rtol=1e-12)
    with refusal(errors.MissingDataError, "'a'", "('u01', 2001)"):
        sh.SLX(weights).fit(put(other, "a", pd.NA)[["a", "b"]], other["y"])


def test_logarithms_that_do_not_exist(weights, data):
    with refusal(errors.NonFiniteError, "'log(z)' is infinite", "('u01', 2001)", "logarithm of zero"):
        sh.SLX(weights).fit_formula("y ~ x + log(z)", put(data, "z", 0.0))
    with refusal(
        errors.MissingDataError, "'log(z)' is missing", "('u01', 2001)", "logarithm of a negative number"
    ):
        sh.SLX(weights).fit_formula("y ~ x + log(z)", put(data, "z", -1.0))


def test_a_missing_category_is_not_taken_for_the_first_one(weights, data):
    data = put(data.assign(kind=np.tile(["a", "b", "c", "a", "c", "b", "b"], 11)[:72]), "kind", None)
    with refusal(
        errors.MissingDataError, "'kind' is missing in 1 rows", "('u01', 2001)", "category of their own"
    ):
        sh.SpatialLag(weights).fit_formula("y ~ x + C(kind)", data)


# --- labels -----------------------------------------------------------------------------------------------


def test_cell_that_stands_twice(weights, X, y):
    with refusal(errors.DuplicateError, "2 rows", "('u00', 2000), ('u00', 2001)", "Keep one row"):
        sh.SLX(weights).fit(pd.concat([X, X.iloc[:2]]), pd.concat([y, y.iloc[:2]]))
    with refusal(errors.DuplicateError, "Rows of X", "('u00', 2000)", "Keep one row"):
        sh.SLX(weights).fit(pd.concat([X, X.iloc[:1]]), y)
    with refusal(errors.DuplicateError, "Rows of y", "('u00', 2000)", "Keep one row"):
        sh.SLX(weights).fit(X, pd.concat([y, y.iloc[:1]]))


def test_missing_cells(weights, X, y):
    with refusal(errors.MissingDataError, "2 of 72 cells", "('u00', 2003), ('u00', 2004)", "Complete them"):
        sh.SLX(weights).fit(X.drop(X.index[3:5]), y.drop(y.index[3:5]))
    with refusal(errors.AlignmentError, "only in X: ('u00', 2003)", "from one table"):
        sh.SLX(weights).fit(X, y.drop(y.index[3]))
    with refusal(errors.AlignmentError, "only in y: ('u00', 2003)", "from one table"):
        sh.SLX(weights).fit(X.drop(X.index[3]), y)


def test_units_that_are_not_those_of_the_weights(weights, X, y):
    parts = ["1 in the data and not in W: 'new'", "1 in W and not in the data: 'u03'", "build W"]
    with refusal(errors.AlignmentError, *parts):
        sh.SLX(weights).fit(relabel(X, {"u03": "new"}), relabel(y, {"u03": "new"}))
    with refusal(
        errors.AlignmentError, "2 in W and not in the data: 'u03', 'u05'", "Give a row for every unit of W"
    ):
        sh.SLX(weights).fit(X.drop(["u03", "u05"]), y.drop(["u03", "u05"]))
    with refusal(errors.AlignmentError, "1 in the data and not in W: 'u11'", "build W"):
        W = small.lattice(1, 11)
        sh.SLX((small.ids(11), W)).fit(X, y)


def test_no_unit_in_common(weights, X, y):
    other = {unit: unit.replace("u", "v") for unit in weights[0]}
    with refusal(
        errors.AlignmentError, "12 in the data and not in W: 'v00'", "and 2 more", "set_index([unit, period])"
    ):
        sh.SLX(weights).fit(relabel(X, other), relabel(y, other))


def test_labels_of_different_types(weights, X, y):
    numbers = {unit: int(unit[1:]) for unit in weights[0]}
    with refusal(errors.AlignmentError, "two types, int64 in the data and str in W", "make them the same"):
        sh.SLX(weights).fit(relabel(X, numbers), relabel(y, numbers))
    text = {unit: str(int(unit[1:])) for unit in weights[0]}
    with refusal(errors.AlignmentError, "two types, str in the data and int64 in W", "make them the same"):
        sh.SLX((np.arange(12), weights[1])).fit(relabel(X, text), relabel(y, text))


def test_no_index_was_set(weights, data):
    flat = data.reset_index()
    with refusal(errors.AlignmentError, "numbered, not labelled", "frame.set_index([unit, period])"):
        sh.SLX(weights).fit(flat[["x", "z"]], flat["y"])
    with refusal(errors.AlignmentError, "numbered, not labelled", "frame.set_index([unit, period])"):
        sh.SLX(weights).fit_formula("y ~ x", flat)


def test_levels_in_the_wrong_order(weights, X, y):
    with refusal(errors.AlignmentError, "The index is (period, unit)", "frame.swaplevel()"):
        sh.SLX(weights).fit(X.swaplevel(), y.swaplevel())


def test_three_levels(weights, data):
    deep = data.assign(half=1).set_index("half", append=True)
    with refusal(errors.LabelError, "3 levels ['unit', 'year', 'half']", "set_index([unit, period])"):
        sh.SLX(weights).fit(deep[["x"]], deep["y"])


def test_missing_labels_and_periods_without_order(weights, X, y):
    with refusal(errors.LabelError, "level unit", "6 rows", "leave these rows out"):
        sh.SLX(weights).fit(relabel(X, {"u03": np.nan}), relabel(y, {"u03": np.nan}))
    with refusal(errors.LabelError, "several types (int, str)", "'2000'", "Make them all numbers"):
        sh.SLX(weights).fit(relabel(X, {2000: "2000"}, 1), relabel(y, {2000: "2000"}, 1))


def test_inputs_without_labels(weights, X, y):
    with refusal(errors.LabelError, "it is ndarray", "use fit_arrays"):
        sh.SLX(weights).fit(X.to_numpy(), y)
    with refusal(errors.LabelError, "it is Series", "use fit_arrays"):
        sh.SLX(weights).fit(X["x"], y)
    for outcome, name in ((y.to_numpy(), "ndarray"), (y.tolist(), "list"), (None, "NoneType")):
        with refusal(errors.LabelError, f"it is {name}", "pandas.Series(y, index=X.index)"):
            sh.SLX(weights).fit(X, outcome)
    with refusal(errors.LabelError, "DataFrame of 2 ('x', 'z')", "frame[name]"):
        sh.SLX(weights).fit(X, X)
    with refusal(errors.LabelError, "it was given dict", "DataFrame"):
        sh.SLX(weights).fit_formula("y ~ x", X.to_dict())


def test_columns_that_cannot_be_told_apart(weights, data):
    with refusal(errors.DuplicateError, "Columns of X", "'x'", "rename"):
        sh.SLX(weights).fit(data[["x", "z", "x"]], data["y"])
    with refusal(errors.DuplicateError, "Columns of X", "'1'"):
        sh.SLX(weights).fit(data[["x", "z"]].set_axis([1, "1"], axis=1), data["y"])
    with refusal(errors.DuplicateError, "names 'x', which 2 columns are called", "Rename"):
        sh.SLX(weights).fit_formula("y ~ x", data[["x", "x", "y"]])


def test_no_rows_or_columns(weights, X, y):
    for table in (X.iloc[:0], X[[]]):
        with refusal(errors.ShapeError, f"shape {table.shape}"):
            sh.SLX(weights).fit(table, y)


@pytest.mark.parametrize("name", ["constant", "rho", "W:x"])
@every_estimator
def test_reserved_names(estimator, name, weights, data):
    with refusal(errors.OptionError, f"The names {name!r} are the package's own", "Rename these columns"):
        estimator(weights).fit(data[["x", "z"]].set_axis([name, "z"], axis=1), data["y"])


# --- arrays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kind", "parts"),
    [
        (lambda Y, X: {"Y": Y.T, "X": X}, "ShapeError", ["Y (12, 4)", "X (4, 12, 2)", "n = 12"]),
        (lambda Y, X: {"Y": Y, "X": X[0]}, "ShapeError", ["X (1, 12, 2)"]),
        (
            lambda Y, X: {"Y": Y, "X": X[None]},
            "ShapeError",
            ["X must have 2 or 3 dimensions", "(1, 4, 12, 2)"],
        ),
        (lambda Y, X: {"Y": Y, "X": X[..., :0]}, "ShapeError", ["no regressor"]),
        (lambda Y, X: {"Y": [[1, 2], [3]], "X": X}, "ShapeError", ["Y is ragged"]),
        (lambda Y, X: {"Y": Y.astype(str), "X": X}, "NonNumericError", ["Y must hold numbers", "<U32"]),
        (lambda Y, X: {"Y": Y, "X": X + 1j}, "NonNumericError", ["X must hold numbers", "complex128"]),
        (
            lambda Y, X: {"Y": np.where(np.arange(48).reshape(4, 12) == 27, np.nan, Y), "X": X},
            "NonFiniteError",
            ["Y holds 1", "(2, 3)"],
        ),
        (
            lambda Y, X: {"Y": Y, "X": np.where(X[1, 0, 1] == X, np.inf, X)},
            "NonFiniteError",
            ["X holds 1", "(1, 0, 1)"],
        ),
        (
            lambda Y, X: {"Y": np.ma.masked_equal(Y, Y[2, 3]), "X": X},
            "NonFiniteError",
            ["Y holds 1", "(2, 3)"],
        ),
        (lambda Y, X: {"Y": Y, "X": X, "names": ["a"]}, "ShapeError", ["1 names for 2 regressors"]),
        (
            lambda Y, X: {"Y": Y, "X": X, "names": ["a", "a"]},
            "DuplicateError",
            ["names stand more than once: 'a'"],
        ),
        (lambda Y, X: {"Y": Y, "X": X, "periods": [1, 2]}, "ShapeError", ["2 labels for 4 periods"]),
        (
            lambda Y, X: {"Y": Y, "X": X, "periods": [1, 2, 2, 3]},
            "DuplicateError",
            ["periods stand more than once: 2"],
        ),
    ],
)
def test_arrays(change, kind, parts, weights):
    Y, X = small.arrays(weights[1].toarray(), 4)
    with refusal(getattr(errors, kind), *parts):
        sh.SpatialDurbin(weights).fit_arrays(**change(Y, X))


# --- options ----------------------------------------------------------------------------------------------


@every_estimator
@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("effects", "fixed", "'none', 'entity', 'time', 'two-way', 'random'"),
        ("effects", None, "'none', 'entity', 'time', 'two-way', 'random'"),
        ("effects", ["entity"], "'none', 'entity', 'time', 'two-way', 'random'"),
        ("correction", "lee", "'lee-yu', 'none'"),
        ("cov_type", "hc0", "'observed', 'expected', 'robust', 'cluster', 'driscoll-kraay'"),
        ("logdet", "full", "'auto', 'eigen', 'lu', 'lanczos'"),
    ],
)
def test_unknown_option(estimator, option, value, allowed, weights, X, y):
    with refusal(errors.OptionError, f"{option}={value!r} is not an option", f"Choose one of {allowed}."):
        estimator(weights, **{option: value}).fit(X, y)


@every_estimator
def test_constant_is_a_flag(estimator, weights, X, y):
    with refusal(errors.OptionError, "constant='no' must be True or False"):
        estimator(weights, constant="no").fit(X, y)


@every_estimator
def test_weights_are_needed(estimator, X, y):
    with refusal(errors.OptionError, f"{estimator.__name__} needs weights", "spatialhealth.weights"):
        estimator().fit(X, y)
    with refusal(errors.WeightsError, "cannot be read from str", "Give a libpysal Graph"):
        estimator("queen").fit(X, y)


@pytest.mark.parametrize("estimator", [sh.SLX, sh.SpatialDurbin], ids=lambda e: e.__name__)
@pytest.mark.parametrize(
    ("durbin", "parts"),
    [
        (["x", "beds"], ["durbin names 'beds'", "the regressors are 'x', 'z'"]),
        ([], ["durbin is empty", "Name the regressors to lag"]),
        ("x", ["durbin='x' must be True, or a list of the names"]),
        (None, ["durbin=None must be True, or a list of the names"]),
        (1, ["durbin=1 must be True, or a list of the names"]),
    ],
)
def test_durbin(estimator, durbin, parts, weights, X, y):
    with refusal(errors.OptionError, *parts):
        estimator(weights, durbin=durbin).fit(X, y)


def test_a_durbin_model_without_lags_is_refused(weights, X, y):
    with refusal(errors.OptionError, "durbin=False", "Use SpatialLag"):
        sh.SpatialDurbin(weights, durbin=False).fit(X, y)
    assert sh.SLX(weights, durbin=False).fit(X, y).params_.index.tolist() == ["constant", "x", "z"]


# --- identification ---------------------------------------------------------------------------------------


@pytest.fixture
def odd(data):
    """The panel with regressors that one model or another cannot tell apart."""
    own = np.sin(1.7 * data.index.get_level_values("unit").str[1:].astype(int))
    common = np.cos(data.index.get_level_values("year") - 2000.0)
    return data.assign(one=3.0, own=own, common=common, both=own + common, mix=2 * data["x"] - 3 * data["z"])


@every_estimator
def test_constant_regressor(estimator, weights, odd):
    for effects in ("none", "entity"):
        with refusal(errors.ConstantRegressorError, "'one' do not vary", "leave them out"):
            estimator(weights, effects=effects).fit(odd[["x", "one"]], odd["y"])


@every_estimator
@pytest.mark.parametrize(
    ("effects", "outcome", "part"),
    [
        ("none", "one", "'one' does not vary"),
        ("entity", "own", "'own' is wiped out by entity effects"),
        ("time", "common", "'common' is wiped out by time effects"),
        ("two-way", "both", "'both' is wiped out by two-way effects"),
    ],
)
def test_outcome_without_variation(estimator, effects, outcome, part, weights, odd):
    with refusal(errors.ConstantRegressorError, part, "nothing to explain"):
        estimator(weights, effects=effects).fit(odd[["x"]], odd[outcome])


@every_estimator
@pytest.mark.parametrize(
    ("effects", "regressor", "cause"),
    [
        ("entity", "own", "do not vary over time"),
        ("two-way", "own", "a part that is constant over time"),
        ("time", "common", "are the same for all units"),
        ("two-way", "common", "one common to all units"),
        ("two-way", "both", "sums of a part that is constant over time and one common to all units"),
    ],
)
def test_regressor_that_the_effects_wipe_out(estimator, effects, regressor, cause, weights, odd):
    with refusal(
        errors.AbsorbedRegressorError,
        f"Nothing is left of {regressor!r}",
        f"{effects} effects",
        cause,
        "Leave them out",
    ):
        estimator(weights, effects=effects).fit(odd[["x", regressor]], odd["y"])


@every_estimator
def test_collinear_regressors(estimator, weights, odd):
    with refusal(errors.CollinearityError, "'mix' is a combination of 'x', 'z'"):
        estimator(weights).fit(odd[["x", "z", "mix"]], odd["y"])


def test_a_lag_that_repeats_its_regressor(weights, odd):
    with refusal(errors.CollinearityError, "W x is x itself for 'common'", "durbin=['x']"):
        sh.SpatialDurbin(weights).fit(odd[["x", "common"]], odd["y"])
    partial = sh.SpatialDurbin(weights, durbin=["x"]).fit(odd[["x", "common"]], odd["y"])
    assert partial.params_.index.tolist() == ["constant", "x", "common", "W:x", "rho"]


def complete(n):
    return small.ids(n), (np.ones((n, n)) - np.eye(n)) / (n - 1)


@pytest.mark.parametrize("effects", ["time", "two-way"])
def test_every_unit_neighbours_every_other(effects, X, y):
    with refusal(
        errors.CollinearityError, "'W:x' is a combination of 'x'", "every unit neighbours every other"
    ):
        sh.SpatialDurbin(complete(12), effects=effects).fit(X, y)
    with refusal(errors.IdentificationError, "a multiple of y, which cannot tell rho", "use sparser weights"):
        sh.SpatialLag(complete(12), effects=effects).fit(X, y)


def test_every_unit_neighbours_every_other_in_a_cross_section(X, y):
    X, y = X.xs(2000, level=1), y.xs(2000, level=1)
    with refusal(errors.IdentificationError, "cannot tell rho", "use sparser weights"):
        sh.SpatialLag(complete(12)).fit(X, y)


@every_estimator
def test_an_outcome_among_the_regressors(estimator, weights, data):
    with refusal(errors.IdentificationError, "explain the outcome 'y' without any error", "Is it among them"):
        estimator(weights).fit(data[["x", "y"]], data["y"])
    with refusal(errors.IdentificationError, "without any error", "Leave those out"):
        estimator(weights).fit_formula("y ~ x + I(y * 2 - x)", data)


@pytest.mark.parametrize("estimator", WITH_LAG, ids=lambda e: e.__name__)
def test_a_model_without_any_error(estimator, weights, data):
    W = weights[1].toarray()
    wide = data["x"].unstack("year").to_numpy().T
    exact = np.linalg.solve(np.eye(12) - 0.4 * W, 1 + 2 * wide.T)
    outcome = pd.Series(exact.ravel(), index=data.index, name="y")
    with refusal(errors.IdentificationError, "fits without any error"):
        estimator(weights).fit(data[["x"]], outcome)


@every_estimator
@pytest.mark.parametrize("effects", ["entity", "two-way"])
def test_one_period_has_no_entity_effects(estimator, effects, weights, X, y):
    with refusal(
        errors.IdentificationError,
        f"effects={effects!r} need at least two periods; the data have 1",
        "effects='none'",
    ):
        estimator(weights, effects=effects).fit(X.xs(2000, level=1), y.xs(2000, level=1))


@every_estimator
def test_one_unit_has_no_neighbour(estimator, X, y):
    with refusal(errors.WeightsError, "None of the 1 units has a neighbour"):
        estimator((["u00"], np.zeros((1, 1))), effects="time").fit(X.loc[["u00"]], y.loc[["u00"]])


def test_one_unit_has_no_time_effects():
    from spatialhealth.likelihood import Within
    from spatialhealth.models.design import _enough

    with refusal(errors.IdentificationError, "need at least two units; the data have 1", "effects='none'"):
        _enough(Within("time", "lee-yu", 1, 9, True), 2)


@every_estimator
def test_fewer_observations_than_parameters(estimator, X, y):
    pair, two = (["u00", "u01"], np.array([[0.0, 1.0], [1.0, 0.0]])), ["u00", "u01"]
    years = [2000, 2001]
    X, y = X.loc[(two, years), :], y.loc[(two, years)]
    with refusal(
        errors.IdentificationError,
        "2 units in 2 periods, less 3 fixed effects, leave 1 observations",
        "Use fewer regressors",
    ):
        estimator(pair, effects="two-way").fit(X, y)


def test_many_more_regressors_than_observations(weights, X, y):
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(72, 90)), index=X.index).add_prefix("v")
    with refusal(
        errors.IdentificationError, "leave 72 observations for 92 parameters", "Use fewer regressors"
    ):
        sh.SLX(weights, durbin=False).fit(wide, y)


# --- formulas ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "parts"),
    [
        (
            "y ~ x + hospitalz",
            ["names 'hospitalz'", "Did you mean 'hospitals'?", "They have: x, z, y, hospitals"],
        ),
        ("log(y) ~ log(Hospitals)", ["names 'Hospitals'", "Did you mean 'hospitals'?"]),
        ("why ~ x", ["names 'why'", "They have: x, z"]),
        ("y ~ C(hospital)", ["names 'hospital'", "Did you mean 'hospitals'?"]),
        ("y ~ smooth(x)", ["names 'smooth'", "They have: x, z"]),
        ("y ~ x + )", ["cannot be read", "'outcome ~ regressor + regressor'"]),
        ("y ~ log(x", ["cannot be read", "'outcome ~ regressor + regressor'"]),
        (None, ["cannot be read"]),
        ("~ x", ["must have one outcome", "'outcome ~ regressors'"]),
        ("x + z", ["must have one outcome"]),
        ("", ["must have one outcome"]),
        ("y + x ~ z", ["must have one outcome"]),
        ("y ~ 1", ["has no regressor", "Name at least one"]),
        ("y ~ ", ["has no regressor", "Name at least one"]),
        ("y ~ x | z", ["several right-hand sides", "join the regressors with '+'"]),
        ("kind ~ x", ["must be one column of numbers, not a category", "pandas.to_numeric"]),
        ("y ~ x.nothing()", ["cannot be evaluated", "nothing", "Try it on the data by itself"]),
    ],
)
def test_formula(formula, parts, weights, data):
    data = data.assign(hospitals=1 + data["z"] ** 2, kind=np.tile(["a", "b", "c"], 24))
    with refusal(errors.FormulaError, *parts):
        sh.SpatialLag(weights).fit_formula(formula, data)


# --- after the fit ----------------------------------------------------------------------------------------


@pytest.fixture
def fitted(weights, X, y):
    return sh.SpatialDurbin(weights, effects="two-way").fit(X, y)


def test_predict_refuses(fitted, X):
    with refusal(errors.PredictionError, "lack the regressors 'z'", "They need all of: 'x', 'z'"):
        fitted.predict(X[["x"]])
    with refusal(
        errors.PredictionError, "The periods 2030 were not in the fit", "2000, 2001", "effects='entity'"
    ):
        fitted.predict(relabel(X, {2005: 2030}, 1))
    with refusal(errors.PredictionError, "have no periods", "Index the data by (unit, period)", "2000"):
        fitted.predict(X.xs(2000, level=1))
    with refusal(
        errors.AlignmentError, "1 in W and not in the data: 'u03'", "Give a row for every unit of W"
    ):
        fitted.predict(X.drop("u03"))
    with refusal(errors.AlignmentError, "1 in the data and not in W: 'new'"):
        fitted.predict(relabel(X, {"u03": "new"}))
    with refusal(errors.MissingDataError, "1 of 72 cells", "('u01', 2001)"):
        fitted.predict(X.drop(X.index[7]))
    with refusal(errors.DuplicateError, "('u00', 2000)"):
        fitted.predict(pd.concat([X, X.iloc[:1]]))
    with refusal(errors.MissingDataError, "'x' is missing", "('u01', 2001)"):
        fitted.predict(put(X, "x", np.nan))
    with refusal(errors.NonNumericError, "'x' must hold numbers"):
        fitted.predict(X.assign(x="many"))
    with refusal(errors.LabelError, "it is ndarray"):
        fitted.predict(X.to_numpy())


def test_score_refuses_other_rows(fitted, X, y):
    with refusal(errors.AlignmentError, "only in X: ('u00', 2000)", "from one table"):
        fitted.score(X, y.iloc[1:])
    with refusal(errors.LabelError, "it is ndarray"):
        fitted.score(X, y.to_numpy())


def test_predict_after_a_formula_refuses(weights, data):
    data = data.assign(kind=np.tile(["a", "b", "c", "c"], 18))
    model = sh.SpatialLag(weights, effects="time").fit_formula("y ~ x + log(z) + C(kind)", data)
    with refusal(errors.FormulaError, "names 'z'"):
        model.predict(data[["x", "kind"]])
    with refusal(
        errors.PredictionError, "categories that the fit did not see", "'other'", "Leave these rows out"
    ):
        model.predict(put(data, "kind", "other"))
    with refusal(errors.MissingDataError, "'kind' is missing", "('u01', 2001)"):
        model.predict(put(data, "kind", None))
    with refusal(errors.MissingDataError, "'x' is missing", "('u01', 2001)"):
        model.predict(put(data, "x", np.nan))
    with refusal(errors.NonFiniteError, "'log(z)' is infinite", "('u01', 2001)"):
        model.predict(put(data, "z", 0.0))
    with refusal(errors.LabelError, "needs a DataFrame; it was given ndarray"):
        model.predict(data.to_numpy())


@pytest.mark.parametrize("level", [0, 1, 95, -0.1, "0.95", None])
def test_level_of_confidence(level, fitted):
    with refusal(errors.OptionError, f"impacts: level={level!r} must lie strictly between 0 and 1"):
        fitted.impacts(level=level)
    with refusal(errors.OptionError, f"summary: level={level!r} must lie strictly between 0 and 1"):
        fitted.summary(level=level)


def test_options_of_the_impacts(fitted):
    with refusal(errors.OptionError, "method='bootstrap' is not an option", "'delta', 'simulate'"):
        fitted.impacts(method="bootstrap")
    for draws in (0, -5, 2.5, "many"):
        with refusal(errors.OptionError, f"draws={draws!r} must be a positive whole number"):
            fitted.impacts(method="simulate", draws=draws)


@pytest.mark.parametrize("expression", ["beds", "x -", "x z", "2x", "x - - z", "x * 2", "W:x", "x - beds"])
def test_contrast_that_cannot_be_read(expression, fitted):
    with refusal(
        errors.FormulaError,
        f"The contrast {expression!r} cannot be read",
        "'x - z'",
        "The regressors are: x, z",
    ):
        fitted.impacts().contrast(expression)


def test_an_empty_contrast(fitted):
    with refusal(errors.FormulaError, "empty", "The regressors are: x, z"):
        fitted.impacts().contrast(" ")


@pytest.mark.parametrize("name", ["beds", "W:x", None])
def test_local_effects_of_an_unknown_variable(name, fitted):
    with refusal(errors.OptionError, f"no regressor {name!r}", "The model has: x, z"):
        fitted.impacts().local(name)


@pytest.mark.parametrize("k", [0, -1, 1.5, "2", None, True])
def test_order_of_neighbourhood(k, fitted):
    with refusal(errors.OptionError, f"k={k!r} must be a positive whole number"):
        fitted.impacts().by_order(k)


# --- warnings ---------------------------------------------------------------------------------------------


def island():
    W = small.lattice(3, 4)
    W[0], W[:, 0] = 0.0, 0.0
    return small.ids(12), W / np.where(W.sum(axis=1, keepdims=True) > 0, W.sum(axis=1, keepdims=True), 1.0)


@every_estimator
def test_isolates_warn_and_work(estimator, X, y):
    with pytest.warns(IsolateWarning, match=r"1 of 12 units have no neighbour: 'u00'\. They get") as caught:
        model = estimator(island(), effects="entity").fit(X, y)
    assert [str(w.filename) for w in caught] == [__file__]
    assert np.isfinite(model.params_).all() and (model.std_errors_ > 0).all()
    alone = model.impacts().local("x").loc["u00"]
    assert alone["own"] == pytest.approx(model.params_["x"], rel=1e-12)
    assert alone["received"] == pytest.approx(0, abs=1e-12) == alone["emitted"]
    assert "1 ('u00')" in str(model.summary())


@pytest.mark.parametrize("estimator", WITH_LAG, ids=lambda e: e.__name__)
@pytest.mark.parametrize("effects", ["time", "two-way"])
def test_time_effects_with_isolates_warn_and_work(estimator, effects, X, y):
    with pytest.warns() as caught:
        model = estimator(island(), effects=effects).fit(X, y)
    assert [w.category for w in caught] == [IsolateWarning, TransformationWarning]
    assert "some units are isolates" in str(caught[1].message) and "bias correction" in str(caught[1].message)
    with pytest.warns(IsolateWarning):
        plain = estimator(island(), effects=effects, correction="none").fit(X, y)
    assert model.rho_ != pytest.approx(plain.rho_, abs=1e-6)
    assert model.rho_ == pytest.approx(plain.rho_, abs=0.2)
    assert "bias correction" in str(model.summary())


@pytest.mark.parametrize("estimator", WITH_LAG, ids=lambda e: e.__name__)
def test_time_effects_with_rows_that_do_not_sum_to_one_warn(estimator, weights, X, y):
    with pytest.warns(TransformationWarning, match="the rows of W do not sum to one"):
        model = estimator((weights[0], weights[1] * 0.5), effects="time").fit(X, y)
    assert np.isfinite(model.params_).all()


def test_slx_has_no_log_determinant_to_warn_about(weights, X, y):
    assert sh.SLX((weights[0], weights[1] * 0.5), effects="two-way").fit(X, y).rho_ == 0.0


def test_a_product_stays_when_its_main_effect_is_absorbed():
    W, data = small.panel()
    unit = data.index.get_level_values("unit")
    data = data.assign(port=(unit < "u05").astype(int))
    model = sh.SpatialLag(W, effects="two-way")
    for port in ("port", "C(port)"):
        with refusal(errors.AbsorbedRegressorError, f"'x + x:{port}'", "can stay"):
            model.fit_formula(f"y ~ x * {port}", data)
        assert model.fit_formula(f"y ~ x + x:{port}", data).rho_ is not None
    with refusal(errors.AbsorbedRegressorError, "Leave them out, or interact"):
        model.fit_formula("y ~ x + port", data)
