"""Models side by side: the figures are those of the models, and likelihoods are ranked only where they can be."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import ComparabilityError, IsolateWarning, NotFittedError, OptionError
from tests import small
from tests.refusal import refusal

FORMULA = "y ~ x + z"
FAMILY = {
    "SLX": sh.SLX,
    "SAR": sh.SpatialLag,
    "SEM": sh.SpatialError,
    "SDM": sh.SpatialDurbin,
    "SDEM": sh.SpatialDurbinError,
    "SAC": sh.SpatialCombined,
    "GNS": sh.GeneralNesting,
}


def fitted(kind, weights, data, formula=FORMULA, **options):
    return kind(weights, **options).fit_formula(formula, data)


@pytest.fixture
def other():
    """Other weights of the same units: a ring."""
    n = 12
    W = (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2
    return small.ids(n), W


@pytest.mark.parametrize("effects", ["none", "entity", "two-way"])
def test_the_figures_are_those_of_the_models(weights, data, effects):
    models = {name: fitted(kind, weights, data, effects=effects) for name, kind in FAMILY.items()}
    table = sh.compare(models).table
    assert list(table.index) == list(models)
    for name, model in models.items():
        row, result = table.loc[name], model.result_
        assert row["loglik"] == model.loglik_ and row["aic"] == model.aic_ and row["bic"] == model.bic_
        assert (row["n"], row["T"], row["observations"]) == (12, 6, 72)
        assert row["in_likelihood"] == result.within.size
        assert row["parameters"] == result.n_parameters
        for parameter in ("rho", "lambda"):
            if parameter in model.params_:
                assert row[parameter] == model.params_[parameter]
                assert row[f"{parameter}_se"] == model.std_errors_[parameter]
            else:
                assert np.isnan(row[parameter]) and np.isnan(row[f"{parameter}_se"])
        effects_of = model.impacts().table.set_index(["variable", "effect"])
        for (variable, effect), line in effects_of.iterrows():
            assert row[f"{effect}: {variable}"] == line["estimate"]
            assert row[f"{effect}_se: {variable}"] == line["std_error"]
    best = table["aic"].min()
    assert np.allclose(table["delta_aic"], table["aic"] - best)
    shares = np.exp(-(table["aic"] - best) / 2)
    assert np.allclose(table["akaike_weight"], shares / shares.sum())


def test_the_ranking(weights, data):
    found = sh.compare({name: fitted(kind, weights, data) for name, kind in FAMILY.items()})
    for by in ("aic", "bic"):
        assert list(found.rank(by)) == list(found.table[by].sort_values(kind="stable").index)
    with refusal(OptionError, "by='loglik'"):
        found.rank("loglik")


def test_a_grid_shares_one_operator_per_weights_and_leaves_the_estimators_alone(weights, other, data):
    models = {"SAR": sh.SpatialLag(effects="entity"), "SDM": sh.SpatialDurbin(effects="entity", durbin=["x"])}
    found = sh.compare(models, FORMULA, data, {"rook": weights, "ring": other})
    assert list(found.table.index) == ["SAR, rook", "SAR, ring", "SDM, rook", "SDM, ring"]
    assert list(found.table["weights"]) == ["rook", "ring"] * 2
    operators = [column.result.operator for column in found.columns]
    assert operators[0] is operators[2] and operators[1] is operators[3]
    assert models["SAR"].weights is None and not models["SAR"].__sklearn_is_fitted__()
    alone = fitted(sh.SpatialDurbin, other, data, effects="entity", durbin=["x"])
    assert found.table.loc["SDM, ring", "loglik"] == pytest.approx(alone.loglik_, abs=1e-10)
    # with one W its name need not be in every label; without any, each keeps its own
    assert list(sh.compare(models, FORMULA, data, {"rook": weights}).table.index) == ["SAR", "SDM"]
    own = sh.compare([sh.SpatialLag(weights), sh.SpatialLag(other)], FORMULA, data)
    assert list(own.table.index) == ["SpatialLag", "SpatialLag (2)"]
    assert list(own.table["weights"]) == ["W1", "W2"]


def test_weights_are_recognised_and_named(weights, other, data):
    one, two = fitted(sh.SpatialLag, weights, data), fitted(sh.SpatialLag, other, data)
    assert list(sh.compare([one, two, one]).table["weights"]) == ["W1", "W2", "W1"]
    named = sh.compare([one, two], weights={"ring": other}).table
    assert list(named["weights"]) == ["W1", "ring"]
    both = sh.SpatialCombined(weights, error_weights=other).fit_formula(FORMULA, data)
    assert (
        sh.compare([both], weights={"rook": weights, "ring": other}).table["weights"].item()
        == "rook; errors ring"
    )


def test_results_without_their_estimators(weights, data):
    model = fitted(sh.SpatialLag, weights, data)
    assert sh.compare([model.result_]).table.index.item() == "SpatialLag"


NOT_ALIKE = {
    "outcome": ({"formula": "log(y + 20) ~ x + z"}, "its outcome is 'log(y + 20)', that of the others 'y'"),
    "transformation": (
        {"effects": "entity"},
        "its likelihood is of 60 observations with entity effects transformed away, that of the others of 72 that "
        "are not transformed",
    ),
    "time": ({"effects": "time"}, "of 66 observations with time effects transformed away"),
}


@pytest.mark.parametrize("case", NOT_ALIKE)
def test_likelihoods_of_other_things_are_not_ranked(weights, data, case):
    options, reason = NOT_ALIKE[case]
    models = {
        "SAR": fitted(sh.SpatialLag, weights, data),
        "odd": fitted(sh.SpatialLag, weights, data, **options),
        "SDM": fitted(sh.SpatialDurbin, weights, data),
    }
    found = sh.compare(models)
    table = found.table
    assert list(found.reasons) == ["odd"] and reason in found.reasons["odd"]
    assert table.loc["odd", ["aic", "bic", "delta_aic", "akaike_weight"]].isna().all()
    assert table.loc["odd", "loglik"] == models["odd"].loglik_
    assert table.loc[["SAR", "SDM"], "akaike_weight"].sum() == pytest.approx(1)
    assert "odd: " + reason in str(found) or reason in str(found)
    with refusal(ComparabilityError, "'odd'", reason, "correction='none'"):
        found.rank()


def test_absent_rows_and_filled_ones_are_the_reason_that_is_given(weights, data):
    holes = data.drop([("u03", 2000), ("u05", 2005)])
    filled = sh.panel.balance(data.drop(("u03", 2002)), "interpolate")
    whole = fitted(sh.SpatialLag, weights, data, effects="entity")
    left = fitted(sh.SpatialLag, weights, holes, effects="entity", missing="unbalanced")
    made = fitted(sh.SpatialLag, weights, filled, effects="entity")
    found = sh.compare({"whole": whole, "holes": left, "made": made})
    assert "of 70 observed outcomes, the first of 72: 2 rows are absent" in found.reasons["holes"]
    assert "missing values were filled in" in found.reasons["made"]
    table = sh.report.table({"whole": whole, "holes": left, "made": made}).to_frame()
    assert table.loc[("", "Observations", "fact")].tolist() == [str(n) for n in found.table["observations"]]
    assert "Observations" in str(found) and "In the likelihood" in str(found)


def test_a_model_that_is_not_fitted_is_named(weights, data):
    with refusal(NotFittedError, "compare: 'SDM' cannot be shown", "formula and data"):
        sh.compare({"SAR": fitted(sh.SpatialLag, weights, data), "SDM": sh.SpatialDurbin(weights)})


def test_other_samples_are_not_ranked(weights, data):
    later = data.drop(index=2000, level=1)
    found = sh.compare([fitted(sh.SpatialLag, weights, frame) for frame in (data, later)])
    assert (
        "5 periods (2001 to 2005), the first of 6 periods (2000 to 2005)" in found.reasons["SpatialLag (2)"]
    )
    assert "no other model here" in found.reasons["SpatialLag"]
    assert found.table["aic"].isna().all()
    fewer = small.lattice(3, 3)
    part = data.loc[small.ids(9)]
    found = sh.compare(
        [fitted(sh.SpatialLag, w, d) for w, d in ((weights, data), ((small.ids(9), fewer), part))]
    )
    assert "9 units, the first of 12; they differ in 'u09'" in found.reasons["SpatialLag (2)"]


def test_the_same_name_with_other_values(weights, data):
    found = sh.compare(
        [fitted(sh.SpatialLag, weights, frame) for frame in (data, data.assign(y=data["y"] * 2))]
    )
    assert "'y' has other values" in found.reasons["SpatialLag (2)"]


def test_order_of_rows_and_units_does_not_make_another_outcome(weights, data):
    units, W = weights
    order = np.random.default_rng(1).permutation(len(units))
    turned = [units[j] for j in order], W[order][:, order]
    found = sh.compare(
        [
            fitted(sh.SpatialLag, weights, data),
            fitted(sh.SpatialLag, turned, data.sample(frac=1, random_state=1)),
        ]
    )
    assert not found.reasons
    assert found.table["loglik"].iloc[0] == pytest.approx(found.table["loglik"].iloc[1], abs=1e-9)


def test_effects_in_the_likelihood_compare_with_none(weights, data):
    """Without correction the effects are parameters of the likelihood of all nT observations, and counted."""
    none = fitted(sh.SpatialLag, weights, data, correction="none")
    entity = fitted(sh.SpatialLag, weights, data, effects="entity", correction="none")
    found = sh.compare([none, entity])
    assert not found.reasons
    # 12 effects in place of the constant
    assert found.table["parameters"].diff().iloc[1] == 11


def test_random_effects_stand_beside_none(weights, data):
    """Both likelihoods are of all nT observations as they are; phi is one parameter more."""
    none, random = (fitted(sh.SpatialLag, weights, data, effects=effects) for effects in ("none", "random"))
    found = sh.compare({"none": none, "random": random})
    assert not found.reasons and found.table["correction"].tolist() == ["", ""]
    assert found.table["parameters"].diff().iloc[1] == 1
    assert found.table.loc["random", "phi"] == random.params_["phi"]
    assert np.isnan(found.table.loc["none", "phi"]) and "\nphi" in str(found)


def test_the_long_table_of_effects(weights, data):
    models = {"SAR": fitted(sh.SpatialLag, weights, data), "SLX": fitted(sh.SLX, weights, data)}
    effects = sh.compare(models, level=0.9).effects
    assert list(effects.columns[:4]) == ["model", "variable", "effect", "estimate"]
    assert len(effects) == 2 * 2 * 3
    narrow = models["SAR"].impacts(level=0.9).table
    assert effects["ci_low"].iloc[:6].tolist() == narrow["ci_low"].tolist()


def test_regressors_that_a_model_lacks_are_blank(weights, data):
    models = {"x": fitted(sh.SLX, weights, data, "y ~ x"), "z": fitted(sh.SLX, weights, data, "y ~ z")}
    table = sh.compare(models).table
    assert np.isnan(table.loc["x", "direct: z"]) and np.isfinite(table.loc["z", "direct: z"])


def test_it_shows_itself(weights, data):
    found = sh.compare(
        {"SAR": fitted(sh.SpatialLag, weights, data), "SDM & co": fitted(sh.SpatialDurbin, weights, data)}
    )
    text = str(found)
    for part in ("Models of y", "Akaike weight", "x, indirect", "Standard errors in brackets."):
        assert part in text
    assert len({len(line) for line in text.splitlines() if line.startswith("---")}) == 1
    assert repr(found) == "<Comparison of 2 models: SAR, SDM & co>"
    assert "<table>" in found._repr_html_() and "SDM &amp; co" in found._repr_html_()
    assert r"SDM \& co" in found.to_latex() and r"\begin{tabular}{lrr}" in found.to_latex()
    assert found.to_frame().equals(found.table)


def test_refusals(weights, data):
    model = fitted(sh.SpatialLag, weights, data)
    with refusal(OptionError, "models is empty"):
        sh.compare([])
    with refusal(OptionError, "models is a SpatialLag", "list"):
        sh.compare(model)
    with refusal(OptionError, "'int' is int"):
        sh.compare([3])
    with refusal(OptionError, "SpatialLag, not a model", "SpatialDurbin(...)"):
        sh.compare({"SAR": sh.SpatialLag})
    with refusal(NotFittedError, "not been fitted"):
        sh.compare([sh.SpatialLag(weights)])
    with refusal(OptionError, "formula and data go together"):
        sh.compare([model], FORMULA)
    with refusal(OptionError, "weights must name"):
        sh.compare([model], weights=weights)
    with refusal(OptionError, "a result", "Give the estimator"):
        sh.compare([model.result_], FORMULA, data)


def test_an_error_in_a_grid_names_the_model(weights, data):
    with pytest.raises(OptionError) as caught:
        sh.compare({"SAR": sh.SpatialLag(effects="units")}, FORMULA, data, {"rook": weights})
    assert caught.value.__notes__ == ["in the model 'SAR'"]


def test_a_warning_comes_once_with_its_models_at_the_line_of_the_caller():
    W, data = small.panel()
    lone = W[1].tolil()
    lone[0] = 0
    weights = {"whole": W, "lone": (W[0], lone.tocsr())}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sh.compare([sh.SLX(), sh.SpatialLag()], "y ~ x", data, weights=weights)
    (found,) = caught
    assert found.category is IsolateWarning and found.filename == __file__
    assert str(found.message).startswith("In 'SLX, lone', 'SpatialLag, lone': 1 of")
    with pytest.warns(IsolateWarning, match="In all models: 1 of"):
        sh.compare([sh.SLX(), sh.SpatialLag()], "y ~ x", data, weights={"lone": (W[0], lone.tocsr())})


def test_effects_of_a_dynamic_model_are_said_to_be_those_in_the_short_run():
    weights, table = small.panel(4, 4, 8)
    static, dynamic = (
        sh.SpatialDurbin(weights, effects="entity", dynamic=each).fit_formula("y ~ x + z", table)
        for each in (None, "time")
    )
    found = sh.compare({"static": static, "dynamic": dynamic})
    assert "Effects of 'dynamic' are those in the short run" in str(found)
    assert set(found.effects["horizon"].dropna()) == {"short-run", "long-run"}
    assert "short run" not in str(sh.compare({"static": static}))
