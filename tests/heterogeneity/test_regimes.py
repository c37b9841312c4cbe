"""Regimes against models fitted by hand: sub-matrices, interacted designs, numerical gradients."""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    CollinearityError,
    DataError,
    IsolateWarning,
    MissingDataError,
    NotFittedError,
    OptionError,
    SmallGroupWarning,
    TransformationWarning,
    WeightsError,
)
from spatialhealth.heterogeneity.equality import likelihood_ratio
from tests import brute, small
from tests.impacts.test_effects import numerical_jacobian

MATRIX = small.lattice(4, 6)
IDS = small.ids(24)
W = (IDS, sp.csr_matrix(MATRIX))
PLACE = np.arange(24)
EAST = PLACE % 6 >= 3  # columns 3 to 5 of the lattice: every unit keeps a neighbour
BY = pd.Series(np.where(EAST, "east", "west"), index=IDS, name="side")
ESTIMATORS = (
    sh.SLX,
    sh.SpatialLag,
    sh.SpatialDurbin,
    sh.SpatialError,
    sh.SpatialDurbinError,
    sh.SpatialCombined,
)
RANDOM = (sh.SpatialLag, sh.SpatialDurbin, sh.SpatialError)


@pytest.fixture(scope="module")
def data():
    table = small.table(*small.arrays(MATRIX, 6, seed=3), units=IDS)
    side = BY.loc[table.index.get_level_values("unit")].to_numpy()
    return table.assign(side=side, y=table["y"] + (side == "east") * (table["x"] + 0.3))


def whole(data, estimator=sh.SpatialDurbin, **options):
    return estimator(W, **{"effects": "entity", **options}).fit_formula("y ~ x + z", data)


def wald(difference, covariance):
    return float(difference @ np.linalg.inv(covariance) @ difference)


def block(east):
    """Rows of the groups' own links, scaled to one."""
    inside = MATRIX[np.ix_(east == EAST, east == EAST)]
    return inside / inside.sum(axis=1, keepdims=True)


# --- separate models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "effects"),
    [*itertools.product(ESTIMATORS, ("none", "entity", "two-way")), *itertools.product(RANDOM, ("random",))],
)
def test_separate_models_are_those_fitted_by_hand(data, estimator, effects):
    found = sh.regimes(whole(data, estimator, effects=effects), by=BY)
    by_hand = {}
    for side in ("east", "west"):
        units = [unit for unit in IDS if BY[unit] == side]
        model = estimator((units, block(side == "east")), effects=effects)
        by_hand[side] = model.fit_formula("y ~ x + z", data[data["side"] == side]).result_
    assert list(found.models) == ["east", "west"]
    for side, expected in by_hand.items():
        result = found.models[side].result_
        assert result.param_names == expected.param_names
        np.testing.assert_allclose(result.params, expected.params, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(result.covariance, expected.covariance, rtol=1e-6, atol=1e-10)
        assert result.loglik == pytest.approx(expected.loglik, abs=1e-8)
    east, west = by_hand["east"], by_hand["west"]
    value = wald(east.params - west.params, east.covariance + west.covariance)
    assert found.chow.value == pytest.approx(value, rel=1e-6)
    assert found.chow.df == len(east.params)
    for j, name in enumerate(east.param_names):
        z2 = (east.params[j] - west.params[j]) ** 2 / (east.covariance[j, j] + west.covariance[j, j])
        assert found.coefficient_tests[name].value == pytest.approx(z2, rel=1e-6)


def test_effects_of_separate_models_are_compared_by_the_delta_method(data):
    found = sh.regimes(whole(data), by=BY)

    def effects(params, east):
        value = dict(zip(found.coefficients.names, params, strict=True))
        return np.concatenate(
            [brute.mean_effects(block(east), value["rho"], value[v], value[f"W:{v}"]) for v in ("x", "z")]
        )

    values, variances = [], []
    for side in ("east", "west"):
        result = found.models[side].result_
        jacobian = numerical_jacobian(lambda p, side=side: effects(p, side == "east"), result.params)
        values.append(effects(result.params, side == "east"))
        variances.append(np.diag(jacobian @ result.covariance @ jacobian.T))
    np.testing.assert_allclose(found.effects.values.reshape(2, -1), values, rtol=1e-8)
    np.testing.assert_allclose(found.effects.std_errors.reshape(2, -1), np.sqrt(variances), rtol=1e-5)
    table = found.table
    np.testing.assert_allclose(table["difference"], values[1] - values[0], rtol=1e-7)
    np.testing.assert_allclose(table["difference std_error"], np.sqrt(sum(variances)), rtol=1e-5)
    np.testing.assert_allclose(table["chow"], (values[1] - values[0]) ** 2 / sum(variances), rtol=1e-5)


@pytest.mark.parametrize(("effects", "df"), [("entity", 6), ("none", 7)])
def test_the_likelihood_ratio_of_separate_models_is_against_one_on_the_same_links(data, effects, df):
    found = sh.regimes(whole(data, effects=effects), by=BY)
    kept = np.where(EAST[:, None] == EAST, MATRIX, 0.0)
    kept /= kept.sum(axis=1, keepdims=True)
    restricted = sh.SpatialDurbin((IDS, kept), effects=effects).fit_formula("y ~ x + z", data)
    free = sum(model.loglik_ for model in found.models.values())
    assert found.lr.value == pytest.approx(2 * (free - restricted.loglik_), abs=1e-6)
    assert found.lr.df == df  # two beta, two theta, rho, the variance; a constant without effects
    assert "variance" in found.lr.null


def test_without_restandardising_the_links_left_keep_their_weights(data):
    found = sh.regimes(whole(data), by=BY, restandardise=False)
    matrix = found.models["east"].result_.operator.matrix.toarray()
    np.testing.assert_array_equal(matrix, MATRIX[np.ix_(EAST, EAST)])
    assert (
        found.facts["Links across groups"] == "8 of 76 (10.5%), left out; the links left keep their weights"
    )
    again = sh.regimes(whole(data), by=BY)
    assert again.facts["Links across groups"] == "8 of 76 (10.5%), left out; rows sum to one again"


def test_weights_of_another_standard_are_left_as_they_are(data):
    binary = sh.SpatialDurbin((IDS, (MATRIX > 0) / 4.0), effects="entity").fit_formula("y ~ x + z", data)
    matrix = sh.regimes(binary, by=BY).models["west"].result_.operator.matrix.toarray()
    np.testing.assert_array_equal(matrix, (MATRIX[np.ix_(~EAST, ~EAST)] > 0) / 4.0)


def test_the_errors_have_blocks_of_their_own_weights(data):
    other = MATRIX @ MATRIX
    np.fill_diagonal(other, 0.0)
    other /= other.sum(axis=1, keepdims=True)
    model = whole(data, sh.SpatialCombined, error_weights=(IDS, other))
    found = sh.regimes(model, by=BY).models["east"].result_.error_operator.matrix.toarray()
    inside = other[np.ix_(EAST, EAST)]
    np.testing.assert_allclose(found, inside / inside.sum(axis=1, keepdims=True), atol=1e-15)
    one = sh.regimes(model, by=BY, pooled=True).models["pooled"].result_
    np.testing.assert_allclose(one.error_operator.matrix.toarray(), other, atol=1e-15)


def test_residuals_of_a_group_carry_its_labels_in_the_order_given(data):
    shuffled = data.sample(frac=1, random_state=0)
    found = sh.regimes(whole(shuffled), by=BY).models["east"].residuals_
    expected = sh.regimes(whole(data), by=BY).models["east"].residuals_
    assert found.index.equals(shuffled.index[shuffled["side"] == "east"])
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), rtol=1e-6)


def test_isolates_made_by_the_cut_are_named(data):
    corner = BY.copy()
    corner["u23"] = "west"  # its neighbours are in the east
    with pytest.warns(IsolateWarning, match=r"1 of 24 units have neighbours in other groups only.*'u23'"):
        found = sh.regimes(whole(data), by=corner)
    assert found.facts["Isolates made"] == "1"


def test_warnings_of_a_fit_name_the_group(data):
    corner = BY.copy()
    corner["u23"] = "west"
    model = whole(data, effects="two-way")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        sh.regimes(model, by=corner)
    said = [
        each for each in said if issubclass(each.category, sh.errors.SpatialHealthWarning)
    ]  # not of others
    kinds = {each.category: str(each.message) for each in said}
    assert set(kinds) == {IsolateWarning, TransformationWarning}
    assert kinds[TransformationWarning].startswith("regimes, in the group side=west: No transformation")
    assert {each.filename for each in said} == {__file__}


# --- one model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "effects"),
    [*itertools.product(ESTIMATORS, ("none", "two-way")), *itertools.product(RANDOM, ("random",))],
)
def test_the_pooled_model_is_the_interacted_design(data, estimator, effects):
    model = whole(data, estimator, effects=effects)
    found = sh.regimes(model, by=BY, pooled=True)
    result = found.models["pooled"].result_
    east = data["side"] == "east"
    columns = {f"{v}{s}": data[v] * (east if s == "E" else ~east) for v in ("x", "z") for s in "EW"}
    options = {"durbin": ["xE", "xW", "zE", "zW"]} if result.lagged else {}
    if effects in ("none", "random"):
        columns |= {"oneE": east * 1.0, "oneW": 1.0 - east}
    expected = estimator(W, effects=effects, constant=False, **options)
    expected = expected.fit(pd.DataFrame(columns), data["y"]).result_
    assert result.loglik == pytest.approx(expected.loglik, abs=1e-7)
    assert found.lr.value == pytest.approx(2 * (expected.loglik - model.loglik_), abs=1e-6)

    names = [
        *(["one"] if effects in ("none", "random") else []),
        "x",
        "z",
        *(["W:x", "W:z"] if result.lagged else []),
    ]
    place = np.array([[expected.position[f"{name}{s}"] for name in names] for s in "EW"])
    values, covariance = expected.params[place], expected.covariance
    np.testing.assert_allclose(found.coefficients.values, values, rtol=1e-5, atol=1e-7)
    e, w = place
    joint = (
        covariance[np.ix_(e, e)]
        + covariance[np.ix_(w, w)]
        - covariance[np.ix_(e, w)]
        - covariance[np.ix_(w, e)]
    )
    assert found.chow.value == pytest.approx(wald(values[0] - values[1], joint), rel=1e-4)
    assert found.chow.df == found.lr.df == len(names)


def test_effects_of_the_pooled_model_use_its_joint_covariance(data):
    found = sh.regimes(whole(data), by=BY, pooled=True)
    result = found.models["pooled"].result_

    def effects(params):
        value = dict(zip(result.param_names, params, strict=True))
        return np.concatenate(
            [
                brute.mean_effects(MATRIX, value["rho"], value[f"{v} [side={s}]"], value[f"W:{v} [side={s}]"])
                for s in ("east", "west")
                for v in ("x", "z")
            ]
        )

    jacobian = numerical_jacobian(effects, result.params)
    covariance = jacobian @ result.covariance @ jacobian.T
    np.testing.assert_allclose(found.effects.values.reshape(-1), effects(result.params), rtol=1e-8)
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    np.testing.assert_allclose(found.effects.covariance / scale, covariance / scale, atol=1e-5)
    less = np.hstack([-np.eye(6), np.eye(6)])
    variance = np.diag(less @ covariance @ less.T)
    np.testing.assert_allclose(found.table["difference std_error"], np.sqrt(variance), rtol=1e-5)
    np.testing.assert_allclose(
        found.table["chow"], (less @ effects(result.params)) ** 2 / variance, rtol=1e-5
    )
    # leaving the covariance between groups out would show
    assert (
        np.abs(found.table["difference std_error"] / np.sqrt(less**2 @ np.diag(covariance)) - 1).max() > 0.01
    )


def test_a_partial_durbin_stays_partial(data):
    found = sh.regimes(whole(data, durbin=["z"]), by=BY, pooled=True)
    assert found.models["pooled"].result_.lagged == ("z [side=east]", "z [side=west]")
    assert found.coefficients.names == ("x", "z", "W:z")


# --- invariants -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooled", [False, True])
def test_names_and_order_of_groups_do_not_matter(data, pooled):
    model = whole(data)
    one = sh.regimes(model, by=BY, pooled=pooled)
    other = sh.regimes(model, by=BY.map({"east": 9, "west": -1}).rename("code"), pooled=pooled)
    assert other.groups.labels == (-1, 9)
    np.testing.assert_allclose(other.effects.values[::-1], one.effects.values, rtol=1e-7)
    for test in ("chow", "lr"):
        assert getattr(other, test).value == pytest.approx(getattr(one, test).value, rel=1e-6)
    for key, test in one.effect_tests.items():
        assert other.effect_tests[key].value == pytest.approx(test.value, rel=1e-5)


@pytest.mark.parametrize("pooled", [False, True])
def test_three_groups_have_twice_the_degrees(data, pooled):
    thirds = {unit: int(place % 6 // 2) for unit, place in zip(IDS, PLACE, strict=True)}
    found = sh.regimes(whole(data), by=thirds, pooled=pooled)
    assert found.groups.sizes == (8, 8, 8) and found.groups.titles == ("group=0", "group=1", "group=2")
    assert found.chow.df == 2 * len(found.coefficients.names)
    assert "difference" not in found.table and (found.table["df"] == 2).all()
    # whichever group stands last is compared with all others
    turned = sh.regimes(whole(data), by={u: (g + 1) % 3 for u, g in thirds.items()}, pooled=pooled)
    assert turned.chow.value == pytest.approx(found.chow.value, rel=1e-6)


def test_ways_to_name_the_groups_are_the_same(data):
    model = whole(data)
    with_years = data["side"]
    expected = sh.regimes(model, by=BY).chow.value
    for by in ("side", with_years, BY.to_dict(), BY.to_numpy(), BY.tolist(), BY[::-1]):
        assert sh.regimes(model, by=by).chow.value == pytest.approx(expected, rel=1e-9)
    fresh = sh.SpatialDurbin(W, effects="entity")
    found = sh.regimes(fresh, by="side", formula="y ~ x + z", data=data)
    assert found.chow.value == pytest.approx(expected, rel=1e-9) and not hasattr(fresh, "params_")


def test_the_model_and_the_data_are_left_as_they_were(data):
    model, before = whole(data), data.copy()
    params = model.params_.copy()
    sh.regimes(model, by="side", pooled=True)
    pd.testing.assert_frame_equal(data, before)
    pd.testing.assert_series_equal(model.params_, params)
    assert model.weights is W


def test_the_table_of_the_fit_is_borrowed_and_not_kept(data):
    model = whole(data.copy())  # nobody else holds this copy
    with pytest.raises(OptionError, match=r"no longer knows the table it was fitted on.*data=panel"):
        sh.regimes(model, by="side")
    assert sh.regimes(model, by="side", data=data).chow.df == 5
    back = pickle.loads(pickle.dumps(whole(data)))
    with pytest.raises(OptionError, match="no longer knows"):
        sh.regimes(back, by="side")


# --- what is shown ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pooled", [False, True])
def test_tables_and_words(data, pooled):
    found = sh.regimes(whole(data), by="side", pooled=pooled)
    frame = found.to_frame()
    assert list(frame)[:5] == ["group", "variable", "effect", "estimate", "std_error"] and len(frame) == 12
    table = found.table
    np.testing.assert_allclose(table["side=west"], frame.query("group == 'west'")["estimate"])
    np.testing.assert_allclose(table["all units"], found.whole.impacts().table["estimate"])
    tests = found.tests
    assert tests.index[:2].tolist() == ["Chow (Wald)", "Chow (LR)"] and "x, direct" in tests.index
    said = str(found.summary())
    for words in (
        "by side",
        "side=east (12 units)",
        str(found.chow)[:30],
        "x",
        "Standard errors in brackets",
    ):
        assert words in said
    assert str(found) == said and "<table>" in found._repr_html_()
    assert "12" in repr(found)


def test_what_is_zero_by_the_form_of_the_model_is_not_tested(data):
    found = sh.regimes(whole(data, sh.SpatialError), by=BY)
    test = found.effect_tests["x", "indirect"]
    assert not test.applies and "zero in every group" in test.reason
    assert "x" in str(found.summary())


@pytest.mark.parametrize("cov_type", ["robust", "cluster"])
def test_a_covariance_that_does_not_trust_the_likelihood_has_no_likelihood_ratio(data, cov_type):
    for pooled in (False, True):
        found = sh.regimes(whole(data, cov_type=cov_type), by=BY, pooled=pooled)
        assert "does not trust the likelihood" in found.lr.reason
        east = next(iter(found.models.values())).result_
        assert east.cov_type == cov_type


def test_dependence_between_units_needs_the_pooled_model(data):
    model = whole(data, cov_type="driscoll-kraay")
    with pytest.raises(OptionError, match="Use pooled=True"):
        sh.regimes(model, by=BY)
    assert sh.regimes(model, by=BY, pooled=True).chow.applies


def test_effects_of_time_leave_separate_models_no_likelihood_ratio(data):
    found = sh.regimes(whole(data, effects="two-way"), by=BY)
    assert "effects of time of their own" in found.lr.reason
    assert sh.regimes(whole(data, effects="two-way"), by=BY, pooled=True).lr.applies


# --- bad input --------------------------------------------------------------------------------------------


def test_bad_groups(data):
    model = whole(data)
    wrong = [
        ("nothing", OptionError, "by='nothing' is no column of the data. There are: 'x', 'z', 'y', 'side'"),
        (BY.drop("u03"), AlignmentError, "1 units of the model have no label in by: 'u03'"),
        ({"u00": 1}, AlignmentError, "23 units"),
        (BY.where(BY.index != "u03"), MissingDataError, "1 units have no group in 'side': 'u03'"),
        (BY.astype("string").where(BY.index != "u03", pd.NA), MissingDataError, "'u03'"),
        (pd.Series("a", index=IDS), OptionError, "all units are in one group"),
        (BY.tolist()[:-1], OptionError, "24 labels in the order of the units.*list of length 23"),
        (3, OptionError, "it is int"),
        (data[["side"]], OptionError, "it is DataFrame"),
        (
            data["x"].gt(0).rename("hot"),
            DataError,
            "'hot' changes over time in 24 units: .*interaction: 'x . m'",
        ),
        ("x", DataError, "by='x' is a regressor that changes over time in 24 units, with 144 values"),
        (PLACE // 1.5, OptionError, "'group' has 16 values for 24 units"),
        ("year", DataError, "'year' changes over time"),
    ]
    for by, error, message in wrong:
        with pytest.raises(error, match=message):
            sh.regimes(model, by=by)


def test_a_group_that_is_a_regressor_too(data):
    constant = data.assign(part=(data["side"] == "east") * 1.0)
    model = sh.SpatialLag(W).fit_formula("y ~ x + part", constant)
    with pytest.raises(OptionError, match=r"where it does not vary. Leave it out"):
        sh.regimes(model, by="part")


def test_groups_of_few_units_are_named(data):
    small_one = pd.Series(
        np.where(PLACE < 4, "few", np.where(PLACE < 5, "one", "many")), index=IDS, name="part"
    )
    with pytest.warns(SmallGroupWarning, match=r"2 of 3 groups of 'part' .* 5 units: few \(4\), one \(1\)"):
        sh.regimes(whole(data, effects="none"), by=small_one, pooled=True)


def test_many_groups_stand_below_each_other(data):
    by = pd.Series(PLACE % 6, index=IDS, name="column")
    with pytest.warns(SmallGroupWarning):
        found = sh.regimes(whole(data), by=by, pooled=True)
    lines = str(found).splitlines()
    assert max(map(len, lines)) < 120 and "6 groups of 4 to 4 units" in repr(found)
    place = next(j for j, line in enumerate(lines) if line.startswith("x  ") and "direct" in line)
    assert "all units" in lines[place] and "column=5" in lines[place + 6]
    for code in range(6):
        shown = float(lines[place + 1 + code].split()[1])
        assert shown == pytest.approx(found.effects.values[code, 0, 0], abs=6e-5)
    assert found._repr_html_().count("column=3") == 6 + 4


def test_bad_calls(data):
    model = whole(data)
    with pytest.raises(
        NotFittedError, match=r"has not been fitted yet. Fit it first, or give formula and data"
    ):
        sh.regimes(sh.SLX(W), by="side")
    with pytest.raises(OptionError, match="formula needs data"):
        sh.regimes(sh.SLX(W), by="side", formula="y ~ x")
    with pytest.raises(OptionError, match="model is a str"):
        sh.regimes("model", by="side")
    for options in ({"pooled": "yes"}, {"restandardise": None}, {"level": 95}):
        with pytest.raises(OptionError, match=next(iter(options))):
            sh.regimes(model, by=BY, **options)


def test_a_group_that_cannot_be_fitted_is_named(data):
    alone = pd.Series(np.where(PLACE == 0, "one", "rest"), index=IDS, name="part")
    with pytest.raises(
        WeightsError, match=r"no unit of part=one has a neighbour in its own group.*pooled=True"
    ):
        sh.regimes(whole(data), by=alone)
    checks = pd.Series(np.where((PLACE // 6 + PLACE % 6) % 2, "black", "white"), index=IDS)
    with pytest.raises(WeightsError, match=r"group=black, group=white"):
        sh.regimes(whole(data), by=checks)
    marked = data.assign(only=(data["side"] == "east") * data["x"])
    model = sh.SpatialLag(W, effects="entity").fit_formula("y ~ z + only", marked)
    with pytest.raises(DataError, match=r"regimes, in the group side=west: .*'only'"):
        sh.regimes(model, by="side")
    model = sh.SpatialLag(W).fit_formula("y ~ x + C(side)", data)
    with pytest.raises(CollinearityError, match=r"regimes, with coefficients by side: "):
        sh.regimes(model, by="side", pooled=True)


def test_numbers_and_words_without_pandas():
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "import numpy as np, spatialhealth as sh\n"
        "W = (np.roll(np.eye(12), 1, 0) + np.roll(np.eye(12), -1, 0)) / 2\n"
        "rng = np.random.default_rng(0)\n"
        "model = sh.SpatialDurbin((np.arange(12), W), effects='entity')\n"
        "model.fit_arrays(rng.normal(size=(6, 12)), rng.normal(size=(6, 12, 1)))\n"
        "for pooled in (False, True):\n"
        "    print(sh.regimes(model, by=[0] * 6 + [1] * 6, pooled=pooled))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Chow (Wald) = ") == 2


@pytest.mark.parametrize("pooled", [False, True])
def test_dynamic_models_are_compared_in_the_short_run(data, pooled):
    found = sh.regimes(whole(data, dynamic="time"), by=BY, pooled=pooled)
    model = next(iter(found.models.values()))
    row = model.impacts().short_run.variables.index("x [side=east]" if pooled else "x")
    np.testing.assert_allclose(found.effects.values[0, 0], model.impacts().short_run.estimates[row])
    assert "short run" in found.facts["Horizon"]
    assert "is corrected for the bias of its lags" in found.lr.reason
    if not pooled:
        assert "rho and tau" in found.chow.null and "tau" in found.coefficients.names
    plain = sh.regimes(whole(data, dynamic="time", correction="none"), by=BY, pooled=pooled)
    assert plain.lr.applies and plain.lr.value > 0


@pytest.mark.parametrize("index", ["number", "text", "date"])
def test_dynamic_models_are_those_fitted_by_hand(data, index):
    table = data
    if index == "text":
        table = data.rename(index=lambda year: f"y{year}", level="year")
    elif index == "date":
        table = data.rename(index=lambda year: pd.Timestamp(year, 1, 1), level="year")
    model = whole(table, dynamic="both")
    found = sh.regimes(model, by=BY)
    for side in ("east", "west"):
        units = [unit for unit in IDS if BY[unit] == side]
        expected = sh.SpatialDurbin((units, block(side == "east")), effects="entity", dynamic="both")
        expected = expected.fit_formula("y ~ x + z", table[table["side"] == side])
        result = found.models[side].result_
        np.testing.assert_allclose(result.params, expected.result_.params, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(result.covariance, expected.result_.covariance, rtol=1e-5, atol=1e-10)
        np.testing.assert_array_equal(result.periods, expected.result_.periods)
        pd.testing.assert_series_equal(found.models[side].residuals_, expected.residuals_, rtol=1e-6)
    columns = {
        f"{v}{s}": table[v] * ((table["side"] == "east") == (s == "E")) for v in ("x", "z") for s in "EW"
    }
    expected = sh.SpatialDurbin(W, effects="entity", dynamic="both").fit(pd.DataFrame(columns), table["y"])
    pooled = sh.regimes(model, by=BY, pooled=True).models["pooled"].result_
    np.testing.assert_allclose(pooled.params, expected.result_.params, rtol=1e-5, atol=1e-8)


def test_a_likelihood_that_falls_is_no_ratio():
    assert not likelihood_ratio(-10.0, -10.1, 2, "null").applies
    assert likelihood_ratio(-10.0, -10.0 - 1e-12, 2, "null").p_value == 1.0


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
def test_a_panel_with_holes_is_told_what_to_do(data):
    model = whole(data.drop([("u03", 2001)]), missing="unbalanced")
    with pytest.raises(OptionError, match=r"missing='unbalanced'.*'x \+ x:C\(group\)'"):
        sh.regimes(model, by=BY)


def test_a_missing_outcome_in_the_likelihood_goes_to_its_group(data):
    holes = data.copy()
    holes.loc[("u03", 2001), "y"] = np.nan
    found = sh.regimes(whole(holes, missing="likelihood"), by=BY).models["east"].result_
    units = [unit for unit in IDS if BY[unit] == "east"]
    expected = sh.SpatialDurbin((units, block(True)), effects="entity", missing="likelihood")
    expected = expected.fit_formula("y ~ x + z", holes[holes["side"] == "east"]).result_
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.WeakInstrumentsWarning")
@pytest.mark.parametrize("pooled", [False, True])
def test_instruments_have_no_likelihood(data, pooled):
    found = sh.regimes(whole(data, sh.SpatialIV), by=BY, pooled=pooled)
    assert found.chow.applies and "SpatialIV is estimated by instruments" in found.lr.reason
    if not pooled:
        units = [unit for unit in IDS if BY[unit] == "east"]
        expected = sh.SpatialIV((units, block(True)), effects="entity")
        expected = expected.fit_formula("y ~ x + z", data[data["side"] == "east"]).result_
        np.testing.assert_allclose(found.models["east"].result_.params, expected.params, rtol=1e-7)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.WeakInstrumentsWarning")
def test_endogenous_regressors_are_for_separate_models(data):
    table = data.assign(v=data["x"] + np.random.default_rng(5).normal(size=len(data)))
    roles = {"effects": "entity", "endogenous": ["x"], "instruments": ["v"]}
    model = sh.SpatialIV(W, **roles).fit_formula("y ~ x + z", table)
    with pytest.raises(OptionError, match=r"instruments by group.*Use pooled=False"):
        sh.regimes(model, by=BY, pooled=True)
    found = sh.regimes(model, by=BY).models["east"].result_
    units = [unit for unit in IDS if BY[unit] == "east"]
    expected = sh.SpatialIV((units, block(True)), **roles)
    expected = expected.fit_formula("y ~ x + z", table[table["side"] == "east"]).result_
    assert found.param_names == expected.param_names
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-7)
