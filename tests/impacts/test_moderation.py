"""Effects at values of moderators: against explicit inverses, numerical gradients and rescaled data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import FormulaError, OptionError
from spatialhealth.impacts.moderation import parts_of
from tests import brute, small
from tests.impacts.test_effects import numerical_jacobian

W = small.panel()[0]
DENSE = W[1].toarray()


@pytest.fixture(scope="module")
def table():
    data = small.panel(seed=4)[1]
    rng = np.random.default_rng(1)
    unit = data.index.get_level_values("unit")
    return data.assign(
        m=rng.uniform(size=len(data)),
        v=rng.normal(size=len(data)),
        region=np.where(unit < "u04", "north", np.where(unit < "u08", "mid land", "a:b")),
        zone=np.where(unit < "u06", 1, 2),
    )


def fit(table, formula, estimator=sh.SpatialDurbin, **options):
    return estimator(W, **{"effects": "entity", **options}).fit_formula(formula, table)


def by_hand(model, weights):
    """Effects as a function of the parameters: the sum of weights times coefficients, by an explicit inverse."""
    names = model.result_.param_names

    def effects(params):
        value = dict(zip(names, params, strict=True))
        beta = sum(w * value[name] for name, w in weights.items())
        theta = sum(w * value.get(f"W:{name}", 0.0) for name, w in weights.items())
        return brute.mean_effects(DENSE, value.get("rho", 0.0), beta, theta)

    return effects


def agrees(model, effects, row, weights):
    """One row equals brute force in value and, by a numerical gradient, in standard error."""
    expected = by_hand(model, weights)
    place = effects.variables.index(row)
    np.testing.assert_allclose(effects.estimates[place], expected(model.result_.params), rtol=1e-8)
    jacobian = numerical_jacobian(expected, model.result_.params)
    std_error = np.sqrt(np.diag(jacobian @ model.result_.covariance @ jacobian.T))
    np.testing.assert_allclose(effects.std_errors[place], std_error, rtol=1e-5)


@pytest.mark.parametrize(
    ("estimator", "options"),
    [
        (sh.SpatialDurbin, {}),
        (sh.SpatialDurbin, {"effects": "two-way"}),
        (sh.SpatialDurbin, {"durbin": ["x"]}),
        (sh.SpatialLag, {}),
        (sh.SLX, {"effects": "none"}),
        (sh.SpatialDurbinError, {}),
        (sh.SpatialError, {}),
        (sh.GeneralNesting, {}),
    ],
)
@pytest.mark.filterwarnings("ignore::spatialhealth.errors.TransformationWarning")
def test_a_regressor_at_values_of_its_moderator(table, estimator, options):
    model = fit(table, "y ~ x * m + z", estimator, **options)
    effects = model.impacts(at={"m": [0, 0.25, 1]})
    assert effects.variables == ("x [m=0]", "x [m=0.25]", "x [m=1]", "z")
    for value, text in ((0.0, "0"), (0.25, "0.25"), (1.0, "1")):
        place = effects.variables.index(f"x [m={text}]")
        expected = by_hand(model, {"x": 1.0, "x:m": value})
        np.testing.assert_allclose(
            effects.estimates[place], expected(model.result_.params), rtol=1e-8, atol=1e-12
        )
    if estimator is not sh.SpatialError:
        agrees(model, effects, "x [m=0.25]", {"x": 1.0, "x:m": 0.25})
    plain = model.impacts()
    np.testing.assert_allclose(effects.estimates[0], plain.estimates[0])
    np.testing.assert_allclose(effects.estimates[3], plain.estimates[plain.variables.index("z")])


def test_centring_the_moderator_moves_where_the_effect_is_read(table):
    # x (m - c) at m - c = a - c is x m at m = a: the same model, written anew
    plain = fit(table, "y ~ x * m").impacts(at={"m": 0.7})
    centred = fit(table.assign(m=table["m"] - 0.4), "y ~ x * m").impacts(at={"m": 0.3})
    np.testing.assert_allclose(plain.estimates, centred.estimates, rtol=1e-6)
    np.testing.assert_allclose(plain.std_errors, centred.std_errors, rtol=1e-6)


def test_an_interaction_of_three(table):
    model = fit(table, "y ~ x * m * v")
    effects = model.impacts(at={"m": [0, 1], "v": [-1, 2]})
    assert effects.variables == ("x [m=0, v=-1]", "x [m=0, v=2]", "x [m=1, v=-1]", "x [m=1, v=2]")
    agrees(model, effects, "x [m=1, v=2]", {"x": 1, "x:m": 1, "x:v": 2, "x:m:v": 2})
    agrees(model, effects, "x [m=0, v=-1]", {"x": 1, "x:v": -1})
    assert "the effects of m change with x; the effects of v change with x." in effects.note
    with pytest.raises(
        OptionError, match=r"the effects of x change with v; .*Give values of what they change with in at too"
    ):
        model.impacts(at={"m": [0, 1]})


def test_the_moderator_too_once_what_it_moderates_has_a_value(table):
    model = fit(table, "y ~ x * m + z")
    effects = model.impacts(at={"m": [0.5], "x": [-1, 1]})
    assert effects.variables == ("x [m=0.5]", "m [x=-1]", "m [x=1]", "z")
    agrees(model, effects, "m [x=-1]", {"m": 1, "x:m": -1})
    assert effects.note == ""


@pytest.mark.parametrize(
    "formula", ["y ~ x + x:C(region) + m", "y ~ x:C(region) + m", "y ~ x + x:region + m"]
)
def test_a_moderator_that_is_a_category(table, formula):
    # three ways to write one model
    model = fit(table, formula)
    effects = model.impacts(at={"region": ["north", "a:b", "mid land"]})
    rows = ["x [region=north]", "x [region=a:b]", "x [region=mid land]"]
    assert [name for name in effects.variables if name != "m"] == rows
    dummies = {level: (table["region"] == level) * table["x"] for level in ("north", "a:b", "mid land")}
    other = sh.SpatialDurbin(W, effects="entity").fit(
        pd.DataFrame({**dummies, "m": table["m"]}), table["y"].rename("y")
    )
    expected = other.impacts()
    for row, level in zip(rows, dummies, strict=True):
        place, same = effects.variables.index(row), expected.variables.index(level)
        np.testing.assert_allclose(effects.estimates[place], expected.estimates[same], rtol=1e-6)
        np.testing.assert_allclose(effects.std_errors[place], expected.std_errors[same], rtol=1e-6)
    assert effects.table["region"].dropna().unique().tolist() == ["north", "a:b", "mid land"]


def test_a_category_of_numbers_and_its_own_effect(table):
    model = fit(table, "y ~ x * C(zone)", effects="none")
    effects = model.impacts(at={"zone": [1, 2], "x": [0.5]})
    assert effects.variables == ("x [zone=1]", "x [zone=2]", "C(zone)[T.2] [x=0.5]")
    agrees(model, effects, "x [zone=2]", {"x": 1, "x:C(zone)[T.2]": 1})
    agrees(model, effects, "C(zone)[T.2] [x=0.5]", {"C(zone)[T.2]": 1, "x:C(zone)[T.2]": 0.5})


def test_the_table_has_a_column_for_each_moderator(table):
    effects = fit(table, "y ~ x * m + z * v").impacts(at={"m": [0, 1], "v": [2]})
    frame = effects.table
    assert list(frame)[:5] == ["variable", "m", "v", "effect", "estimate"]
    assert frame["variable"].tolist() == ["x"] * 6 + ["z"] * 3
    assert frame["m"].tolist()[:6] == [0.0] * 3 + [1.0] * 3 and frame["m"][6:].isna().all()
    assert frame["v"][:6].isna().all() and frame["v"].tolist()[6:] == [2.0] * 3
    assert list(effects.by_order(1))[:5] == ["variable", "m", "v", "effect", "order"]


def test_a_moderator_called_as_a_column_replaces_none(table):
    plain = fit(table, "y ~ x * m").impacts(at={"m": [0, 1]})
    for name in ("z", "effect", "estimate", "variable", "order"):
        named = table.drop(columns=name, errors="ignore").rename(columns={"m": name})
        effects = fit(named, f"y ~ x * {name}").impacts(at={name: [0, 1]})
        assert effects.variables == (f"x [{name}=0]", f"x [{name}=1]")
        for found, expected in ((effects.table, plain.table), (effects.by_order(1), plain.by_order(1))):
            pd.testing.assert_frame_equal(found, expected.rename(columns={"m": f"at[{name}]"}))


@pytest.mark.parametrize("method", ["delta", "simulate"])
def test_the_difference_between_two_values_is_a_contrast(table, method):
    model = fit(table, "y ~ x * m")
    effects = model.impacts(at={"m": [0, 1]}, method=method, draws=4000, random_state=1)
    found = effects.contrast("x [m=1] - x [m=0]")
    expected = by_hand(model, {"x:m": 1.0})
    np.testing.assert_allclose(found["estimate"], expected(model.result_.params), rtol=1e-7)
    jacobian = numerical_jacobian(expected, model.result_.params)
    std_error = np.sqrt(np.diag(jacobian @ model.result_.covariance @ jacobian.T))
    # 4,000 draws give a standard error within 1.1 per cent, and total effects have heavy tails in rho
    np.testing.assert_allclose(found["std_error"], std_error, rtol=1e-5 if method == "delta" else 0.1)
    with pytest.raises(FormulaError, match=r"Did you mean 'x \[m=1\]'"):
        effects.contrast("x [m=1.5] - x [m=0]")


def test_unit_by_unit_the_mean_is_the_mean_effect(table):
    effects = fit(table, "y ~ x * m").impacts(at={"m": [0, 1]})
    local = effects.local("x [m=1]")
    np.testing.assert_allclose(local["own"].mean(), effects.estimates[1, 0], rtol=1e-9)
    np.testing.assert_allclose(local["emitted"].mean(), effects.estimates[1, 1], rtol=1e-9)
    last = effects.by_order(60).set_index(["variable", "m", "effect", "order"])["cumulative"]
    np.testing.assert_allclose(last["x", 1.0, "total", 60], effects.estimates[1, 2], rtol=1e-8)


def test_without_pandas_by_names_that_hold_a_colon(table):
    Y, X = small.arrays(DENSE, 6)
    X = np.concatenate([X, X[..., :1] * X[..., 1:]], axis=2)
    model = sh.SpatialDurbin(W, effects="entity").fit_arrays(Y, X, names=["a", "b", "a:b"])
    effects = model.impacts(at={"b": 2.0})
    agrees(model, effects, "a [b=2]", {"a": 1, "a:b": 2})
    np.testing.assert_array_equal(
        sh.impacts.impacts(model.result_, at={"b": 2.0}).estimates, effects.estimates
    )


def test_what_is_beyond_the_data_is_told(table):
    model = fit(table, "y ~ x * m")
    assert "m = -1, 5 lies beyond the data" in model.impacts(at={"m": [-1, 0.5, 5]}).note
    assert "beyond" not in model.impacts(at={"m": [0, 1]}).note


def test_without_at_the_printed_effects_say_how_to_read_them(table):
    effects = fit(table, "y ~ x * m + z").impacts()
    assert "impacts(at={'m': [...]})" in effects.note and "'x:m'" in effects.note
    assert effects.note.split()[-1] in str(effects) and "interactions" in effects._repr_html_()
    assert fit(table, "y ~ x + m + z").impacts().note == ""


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({}, "must be a dict of moderators"),
        ([0, 1], "must be a dict of moderators"),
        ({"z": 1}, "'z' is in no interaction of the model.*Those are of: x, m, region"),
        ({"regoin": ["north"]}, "Did you mean 'region'"),
        ({"m": []}, "must hold values, each of them once"),
        ({"m": [1, 1.0]}, "must hold values, each of them once"),
        ({"m": [np.nan]}, "must hold finite numbers; it holds nan"),
        ({"m": "high"}, "must hold finite numbers; it holds 'high'"),
        ({"region": ["south"]}, "'south' is no level of 'C.region.'. There are: 'a:b', 'mid land', 'north'"),
    ],
)
def test_bad_values(table, at, message):
    with pytest.raises(OptionError, match=message):
        fit(table, "y ~ x * m + x:C(region) + z").impacts(at=at)


def test_what_cannot_be_moderated(table):
    with pytest.raises(OptionError, match="no regressor of this one is a product"):
        fit(table, "y ~ x + z").impacts(at={"x": 1})
    with pytest.raises(OptionError, match=r"is no indicator of a level.*Use treatment coding: C.region"):
        fit(table, "y ~ x + x:C(region, contr.sum)").impacts(at={"region": ["north"]})
    by_result = fit(table, "y ~ x + x:C(region)").result_
    with pytest.raises(OptionError, match="known only to a model fitted by fit_formula"):
        sh.impacts.impacts(by_result, at={"region": ["a:b"]})


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a", ("a",)),
        ("a:b:c", ("a", "b", "c")),
        ("log(a):C(r)[T.x:y]", ("log(a)", "C(r)[T.x:y]")),
        ("f(a, 'b:)c'):d", ("f(a, 'b:)c')", "d")),
        (":a", (":a",)),
    ],
)
def test_parts(name, parts):
    assert parts_of(name) == parts


@pytest.mark.parametrize("method", ["delta", "simulate"])
def test_a_dynamic_model_in_both_horizons(table, method):
    model = fit(table, "y ~ x * m", dynamic="both")
    effects = model.impacts(at={"m": [0, 1]}, method=method, draws=50, random_state=0)
    assert effects.variables == ("x [m=0]", "x [m=1]")
    value = dict(zip(model.result_.param_names, model.result_.params, strict=True))
    beta = value["x"] + value["x:m"]
    theta = value["W:x"] + value["W:x:m"]
    frame = effects.table
    assert list(frame)[:4] == ["horizon", "variable", "m", "effect"]
    now = frame.query("horizon == 'short-run' and m == 1")["estimate"]
    np.testing.assert_allclose(now, brute.mean_effects(DENSE, value["rho"], beta, theta), rtol=1e-7)
    keep = 1 - value["tau"]
    after = brute.mean_effects(DENSE, (value["rho"] + value["eta"]) / keep, beta / keep, theta / keep)
    lasting = frame.query("horizon == 'long-run' and m == 1")["estimate"]
    np.testing.assert_allclose(lasting, after, rtol=1e-7)
    assert effects.contrast("x [m=1] - x [m=0]")["horizon"].unique().tolist() == ["short-run", "long-run"]
    assert len(effects.long_run.by_order(1)) == 12


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
def test_a_panel_with_holes(table):
    model = fit(table.drop([("u03", 2001)]), "y ~ x * m", missing="unbalanced")
    effects = model.impacts(at={"m": [0, 1]})
    plain = model.impacts()
    np.testing.assert_allclose(effects.estimates[0], plain.estimates[0])
    np.testing.assert_allclose(effects.estimates[1], plain.estimates[0] + plain.estimates[2], rtol=1e-9)
