"""Replays against the dense reduced form, draw by draw, and against predictions."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    ComparabilityError,
    NotFittedError,
    OptionError,
    ScenarioError,
    UnaffectedError,
)
from spatialhealth.impacts.draws import draw
from spatialhealth.impacts.horizon import long_run_parameters
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.scenario import (
    AddBeds,
    Change,
    CloseHospital,
    OpenHospital,
    Scenario,
    Stock,
    compare,
    replay,
)
from spatialhealth.scenario.replay import outlooks
from tests.refusal import refusal

FORMULA = "log(inflow) ~ log(tertiary) + log(primary) + digital + log(tertiary):digital"


@pytest.fixture(scope="module")
def data():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    kept = cities.index[cities["province"].isin(["Guangdong", "Fujian", "Jiangxi", "Hunan"])]
    return cities.loc[kept], panel[panel.index.get_level_values(0).isin(kept)]


def fitted(data, estimator=sh.SpatialDurbin, **options):
    cities, panel = data
    weights = sh.weights.contiguity(cities)
    return estimator(weights=weights, effects="two-way", **options).fit_formula(FORMULA, panel)


def dense(model, difference, params):
    """Give change and own part, (3, n), from the explicit inverse."""
    result = model.result_
    W, value = result.operator.matrix.toarray(), dict(zip(result.param_names, params, strict=True))
    inverse = np.linalg.inv(np.eye(len(W)) - value.get("rho", 0.0) * W)
    total, own = np.zeros(len(W)), np.zeros(len(W))
    for name in result.regressors:
        S = inverse @ (value[name] * np.eye(len(W)) + value.get(f"W:{name}", 0.0) * W)
        total += S @ difference[name]
        own += np.diag(S) * difference[name]
    return np.stack([total, own, total - own])


def difference_of(model, before, after):
    make = model.__dict__["_formula"].regressors_of
    both = [make(frame).loc[list(model.result_.units)] for frame in (after, before)]
    return {name: (both[0][name] - both[1][name]).to_numpy() for name in both[0].columns}


CHANGES = [
    Change("tertiary", by=2, where="Guangzhou"),
    Change("digital", to=1.0),
    Scenario("both", [Change("tertiary", times=1.2), Change("primary", by=-5, where=["Xiamen", "Shenzhen"])]),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("estimator", "options"),
    [
        (sh.SpatialDurbin, {}),
        (sh.SpatialLag, {}),
        (sh.SLX, {}),
        (sh.SpatialDurbinError, {}),
        (sh.SpatialDurbin, {"durbin": ["log(tertiary)"]}),
        (sh.SpatialCombined, {}),
    ],
)
def test_every_draw_is_the_dense_reduced_form(data, estimator, options, change):
    model = fitted(data, estimator, **options)
    _, panel = data
    found = replay(model, change, panel, draws=50, random_state=3, level=0.8)
    result = model.result_
    before = panel.xs(2021, level="year")
    after = before
    for each in change.changes if isinstance(change, Scenario) else [change]:
        after = each.table(after)
    moved = difference_of(model, before, after)
    exact = dense(model, moved, result.params)
    np.testing.assert_allclose(found.horizons[""].estimate, exact, atol=1e-11)
    drawn, _ = draw(result, Pairs.of(result), 50, np.random.default_rng(3))
    every = np.stack([dense(model, moved, params) for params in drawn])
    low, high = np.quantile(every, [0.1, 0.9], axis=0)
    np.testing.assert_allclose(found.horizons[""].low, low, atol=1e-9)
    np.testing.assert_allclose(found.horizons[""].high, high, atol=1e-9)
    np.testing.assert_allclose(found.horizons[""].mean_draws, every.mean(axis=2), atol=1e-9)
    amounts = np.expm1(every[:, 0]) @ before["inflow"].loc[list(result.units)].to_numpy()
    np.testing.assert_allclose(found.horizons[""].amount_draws, amounts, rtol=1e-6, atol=1e-6)


def test_the_change_is_that_of_predictions(data):
    model, panel = fitted(data), data[1]
    found = replay(
        model, Change("tertiary", by=3, where="Guangzhou"), panel, period=2015, draws=10, random_state=1
    )
    other = panel.copy()
    other["tertiary"] = other["tertiary"].astype(float)
    other.loc[("Guangzhou", 2015), "tertiary"] += 3
    expected = (model.predict(other) - model.predict(panel)).xs(2015, level="year")
    np.testing.assert_allclose(found.table["change"], expected.loc[found.table.index], atol=1e-10)
    table = found.table
    np.testing.assert_allclose(table["own"] + table["spilled_over"], table["change"], atol=1e-15)
    assert table.index[table["changed"]].tolist() == ["Guangzhou"]
    np.testing.assert_allclose(table.loc[~table["changed"], "own"], 0, atol=1e-15)
    np.testing.assert_allclose(table["percent"], 100 * np.expm1(table["change"]))
    observed = panel.xs(2015, level="year")["inflow"].loc[table.index]
    np.testing.assert_allclose(table["amount"], np.expm1(table["change"]) * observed)


def test_short_and_long_run(data):
    model, panel = fitted(data, dynamic="both"), data[1]
    change = Change("tertiary", times=1.1)
    found = replay(model, change, panel, draws=20, random_state=1)
    before = panel.xs(2021, level="year")
    moved = difference_of(model, before, change.table(before))
    result = model.result_
    for name, params in {
        "short-run": result.params,
        "long-run": long_run_parameters(result, result.params),
    }.items():
        np.testing.assert_allclose(found.horizons[name].estimate, dense(model, moved, params), atol=1e-10)
    assert found.table.index.names == ["horizon", "unit"]
    assert found.totals["horizon"].unique().tolist() == ["short-run", "long-run"]
    assert "short-run mean change" in str(found)


def test_a_long_run_is_where_the_process_ends(data):
    """The outcome followed year by year, by hand, ends where the long run says."""
    model, panel = fitted(data, dynamic="both"), data[1]
    change = Change("tertiary", times=1.1)
    found = replay(model, change, panel, draws=20, random_state=1)
    before = panel.xs(2021, level="year")
    moved = difference_of(model, before, change.table(before))
    value = dict(zip(model.result_.param_names, model.result_.params, strict=True))
    W = model.result_.operator.matrix.toarray()
    inverse = np.linalg.inv(np.eye(len(W)) - value["rho"] * W)
    push = sum(value[name] * d + value[f"W:{name}"] * (W @ d) for name, d in moved.items())
    state = np.zeros(len(W))
    for _ in range(200):
        state = inverse @ (value["tau"] * state + value["eta"] * (W @ state) + push)
    np.testing.assert_allclose(found.horizons["long-run"].estimate[0], state, atol=1e-10)


def test_a_cross_section_and_an_outcome_in_levels(data):
    cities, panel = data
    one = panel.xs(2021, level="year")
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities)).fit_formula(
        "inflow ~ tertiary + primary", one
    )
    found = replay(model, Change("tertiary", by=1), one, draws=200, random_state=1)
    total = model.impacts().estimates[0, 2]
    assert found.table["change"].mean() == pytest.approx(total)
    assert "percent" not in found.table and "amount" not in found.table
    assert found.period is None
    assert found.totals["quantity"].tolist() == ["mean change", "mean own", "mean spilled over"]


def test_regressors_given_as_a_table(data):
    cities, panel = data
    X = np.log(panel[["tertiary", "primary"]])
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way").fit(
        X, np.log(panel["inflow"])
    )
    found = replay(model, Change("tertiary", by=0.1), X, draws=50, random_state=1)
    assert found.table["change"].mean() == pytest.approx(0.1 * model.impacts().estimates[0, 2])


def test_order_and_labels_do_not_matter(data):
    model, panel = fitted(data), data[1]
    change = Change("tertiary", by=2, where="Guangzhou")
    one = replay(model, change, panel, draws=30, random_state=5).table
    other = replay(model, change, panel.sample(frac=1, random_state=1), draws=30, random_state=5).table
    pd.testing.assert_frame_equal(one, other)


def test_the_baseline_is_never_edited(data):
    model, panel = fitted(data), data[1]
    kept = panel.copy()
    replay(model, CHANGES[2], panel, draws=5, random_state=1)
    pd.testing.assert_frame_equal(panel, kept)


def test_a_panel_with_holes(data):
    cities, panel = data
    holed = panel.drop(index=[("Xiamen", 2013), ("Guangzhou", 2016)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sh.errors.GapsWarning)
        model = sh.SpatialDurbin(
            weights=sh.weights.contiguity(cities), effects="entity", missing="unbalanced"
        ).fit_formula("log(inflow) ~ log(tertiary)", holed)
    found = replay(model, Change("tertiary", times=1.1), holed, period=2016, draws=20, random_state=1)
    assert len(found.table) == len(cities) - 1
    assert "Guangzhou" not in found.table.index
    value = dict(zip(model.result_.param_names, model.result_.params, strict=True))
    total = (value["log(tertiary)"] + value["W:log(tertiary)"]) / (1 - value["rho"]) * np.log(1.1)
    np.testing.assert_allclose(found.table["change"], total, rtol=1e-8)


def hospitals_of(panel, period=2021):
    """Ten beds a tertiary hospital, in one row a city."""
    one = panel.xs(period, level="year")
    return pd.DataFrame(
        {
            "city": one.index,
            "tier": "tertiary",
            "beds": 10.0 * one["tertiary"].to_numpy(),
            "facilities": one["tertiary"].to_numpy(),
        },
        index=[f"{city} 1" for city in one.index],
    )


def test_the_chain_from_hospitals_to_the_outcome(data):
    cities, panel = data
    panel = panel.assign(beds=10.0 * panel["tertiary"])
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way").fit_formula(
        "log(inflow) ~ log(beds) + log(primary)", panel
    )
    hospitals = hospitals_of(panel)
    found = replay(
        model,
        [AddBeds("Guangzhou", beds=25, tier="tertiary"), OpenHospital("Xiamen", tier="tertiary", beds=5)],
        panel,
        hospitals=hospitals,
        derive={"beds": Stock("tertiary")},
        draws=20,
        random_state=1,
    )
    direct = replay(
        model,
        [Change("beds", by=25, where="Guangzhou"), Change("beds", by=5, where="Xiamen")],
        panel,
        draws=20,
        random_state=1,
    )
    pd.testing.assert_frame_equal(found.table, direct.table)
    assert found.name == ("+25 tertiary beds in Guangzhou; a tertiary hospital of 5 beds opened in Xiamen")


def test_hospitals_and_data_of_two_minds(data):
    model, panel = fitted(data), data[1]
    with refusal(AlignmentError, "'tertiary'", "is not what the data hold", "Guangzhou"):
        replay(
            model,
            AddBeds("Guangzhou", beds=1, tier="tertiary"),
            panel,
            hospitals=hospitals_of(panel, 2011),
            derive={"tertiary": Stock("tertiary", of="facilities")},
        )


def test_bad_input(data):
    model, panel = fitted(data), data[1]
    hospitals = hospitals_of(panel)
    opening = OpenHospital("Guangzhou", tier="tertiary", beds=5)
    with refusal(ScenarioError, "changes hospitals", "derive="):
        replay(model, opening, panel)
    with refusal(ScenarioError, "'beds'", "do not have"):
        replay(model, opening, panel, hospitals=hospitals, derive={"beds": Stock("tertiary")})
    with refusal(AlignmentError, "lacks the units"):
        replay(
            model,
            opening,
            panel,
            hospitals=hospitals,
            derive={"tertiary": lambda h, units: pd.Series({"a": 1.0})},
        )
    with refusal(ScenarioError, "'Paris'", "cities that the data do not have"):
        far = hospitals.rename(index={}).assign(city=["Paris", *hospitals["city"][1:]])
        replay(model, opening, panel, hospitals=far, derive={"tertiary": Stock("tertiary", of="facilities")})
    with refusal(UnaffectedError, "changes nothing that the model reads"):
        replay(model, Change("gdp", by=1), panel)
    with refusal(ScenarioError, "no period 1999"):
        replay(model, CHANGES[0], panel, period=1999)
    with refusal(OptionError, "no periods"):
        replay(model, CHANGES[0], panel.xs(2021, level="year"), period=2021)
    with refusal(NotFittedError, "without a fit"):
        replay(sh.SpatialDurbin(), CHANGES[0], panel)
    with refusal(ScenarioError, "must be the table"):
        replay(model, CHANGES[0], panel.to_numpy())
    with refusal(OptionError, "draws"):
        replay(model, CHANGES[0], panel, draws=0)
    with refusal(OptionError, "level"):
        replay(model, CHANGES[0], panel, level=2)
    with refusal(ScenarioError, "changes nothing", "at least one"):
        Scenario("empty", [])
    with refusal(ScenarioError, "'str'", "Give Change"):
        Scenario("odd", ["more beds"])
    with refusal(ScenarioError, "holds 'str'. Give Change"):
        Scenario("odd", "more beds")
    with refusal(OptionError, "name=", "comes first"):
        Scenario(CHANGES[0], "the name")
    with refusal(ScenarioError, "'DataFrame'", "what replay returned"):
        compare(*[replay(model, CHANGES[0], panel, draws=9, random_state=1).table] * 2)


def test_regressors_that_are_lacking(data):
    cities, panel = data
    X = np.log(panel[["tertiary", "primary"]])
    model = sh.SpatialLag(weights=sh.weights.contiguity(cities), effects="two-way").fit(
        X, np.log(panel["inflow"])
    )
    with refusal(ScenarioError, "'primary'", "lack the regressors"):
        replay(model, Change("tertiary", by=1), X[["tertiary"]])


def test_comparison(data):
    model, panel = fitted(data), data[1]
    one, two = (
        replay(model, Scenario(name, change), panel, draws=40, random_state=1)
        for name, change in (("a", CHANGES[0]), ("b", CHANGES[1]))
    )
    table = compare(one, two)
    assert table["scenario"].tolist() == ["a"] * 4 + ["b"] * 4
    means = table[table["quantity"] == "mean change"].set_index("scenario")
    assert means.loc["b", "difference"] == pytest.approx(
        means.loc["b", "estimate"] - means.loc["a", "estimate"]
    )
    drawn = two.horizons[""].mean_draws[:, 0] - one.horizons[""].mean_draws[:, 0]
    assert means.loc["b", "difference_low"] == pytest.approx(np.quantile(drawn, 0.025))
    assert means.loc["a", "difference"] == 0
    with refusal(ScenarioError, "at least two"):
        compare(one)
    with refusal(ScenarioError, "share the name 'a'"):
        compare(one, one)
    with refusal(ComparabilityError, "number of draws"):
        compare(one, replay(model, CHANGES[1], panel, draws=41, random_state=1))


def test_draws_that_were_replaced_are_counted_and_told(data):
    model = fitted(data)
    result = model.result_

    def widened(factor):
        spread = np.ones(len(result.params))
        spread[result.position["rho"]] = factor
        wide = replace(result, covariance=result.covariance * np.outer(spread, spread))
        difference = np.zeros((len(result.units), len(result.regressors)))
        difference[0] = 1.0
        return wide, outlooks(wide, wide.operator, difference, "More", draws=200, random_state=1)

    usual = replay(model, Change("tertiary", times=1.1), data[1], draws=100, random_state=1)
    assert usual.rejected == 0
    assert "Drawn anew" not in str(usual)
    room = 1 - float(result.params[result.position["rho"]])
    wide, horizons = widened(room / float(result.std_errors[result.position["rho"]]))
    _, expected = draw(wide, Pairs.of(wide), 200, np.random.default_rng(1))
    assert expected > 5
    assert horizons[""].rejected == expected
    found = replace(usual, horizons=horizons)
    assert found.rejected == expected
    assert f"Drawn anew: {expected}, with rho outside the admissible interval." in str(found)
    with refusal(OptionError, "More than half", "leave less to the lags of the outcome") as caught:
        widened(1e4)
    assert "delta" not in str(caught.value)


def test_flags_of_some_of_the_cities(data):
    model, panel = fitted(data), data[1]
    hospitals, derive = hospitals_of(panel), {"tertiary": Stock("tertiary", of="facilities")}
    some_cities = pd.Series([True, False], index=["Guangzhou", "Xiamen"])
    for change in (
        Change("tertiary", by=1, where=some_cities),
        OpenHospital(some_cities, tier="tertiary", beds=5),
        AddBeds(some_cities, tier="tertiary", beds=5),
    ):
        with refusal(AlignmentError, type(change).__name__, "lacks", "True or False of each"):
            replay(model, change, panel, hospitals=hospitals, derive=derive)
    few = pd.Series([True, False], index=hospitals.index[:2])
    with refusal(AlignmentError, "CloseHospital", "hospitals of the list", "lacks"):
        replay(model, CloseHospital(few), panel, hospitals=hospitals, derive=derive)


@pytest.mark.parametrize("amount", [{"to": 0}, {"by": -1000}])
def test_a_scenario_that_leaves_a_regressor_without_a_value(data, amount):
    model = fitted(data)
    plan = Scenario("Closed", Change("tertiary", **amount, where=["Guangzhou", "Xiamen"]))
    parts = ("'Closed'", "'log(tertiary)'", "'Guangzhou', 'Xiamen'", "tertiary = ", "log(1 + tertiary)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with refusal(ScenarioError, *parts):
            replay(model, plan, data[1])


def test_closing_all_hospitals_of_a_city_names_the_scenario(data):
    model, panel = fitted(data), data[1]
    derive = {"tertiary": Stock("tertiary", of="facilities")}
    with refusal(ScenarioError, "'closed: Guangzhou 1'", "'log(tertiary)'", "'Guangzhou'", "tertiary = 0"):
        replay(model, CloseHospital("Guangzhou 1"), panel, hospitals=hospitals_of(panel), derive=derive)
