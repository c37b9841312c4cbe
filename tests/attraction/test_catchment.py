"""Floating catchments: by hand, by loops, beside PySAL's access, invariants, what they refuse and warn of."""

from __future__ import annotations

import sys
import warnings

import access.fca
import access.raam
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from spatialhealth import errors
from spatialhealth.attraction import (
    BinaryDecay,
    ExponentialDecay,
    FloatingCatchment,
    GaussianDecay,
    PowerDecay,
    StepDecay,
    SuppliedCost,
    catchment_raam,
    reach,
)
from tests.attraction.places import catchment_by_hand, random_case
from tests.refusal import refusal

SUMS = ("2SFCA", "E2SFCA", "3SFCA")
every_sum = pytest.mark.parametrize("method", SUMS)


@pytest.fixture
def two():
    """Two places, two hospitals, minutes."""
    places = pd.DataFrame({"population": [100, 300]}, index=["a", "b"])
    hospitals = pd.DataFrame({"beds": [8, 6], "tier": ["tertiary", "primary"]}, index=["h", "k"])
    minutes = pd.DataFrame({"h": [5.0, 25.0], "k": [40.0, 12.0]}, index=["a", "b"])
    return places, hospitals, minutes


def long_of(wide):
    return wide.stack().rename("cost").rename_axis(["origin", "dest"]).reset_index()


def three_stage_fca(*args, **options):
    """The function of access, whose way of dropping columns pandas will not allow for long."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The inplace keyword")
        return access.fca.three_stage_fca(*args, **options)


def weight_of(method, cutoff):
    zones = {
        "2SFCA": ((1, 1.0),),
        "E2SFCA": ((1 / 3, 1.0), (2 / 3, 0.68), (1, 0.22)),
        "3SFCA": ((1 / 6, 0.962), (1 / 3, 0.704), (1 / 2, 0.377), (1, 0.042)),
    }[method]
    return lambda cost: next((w for share, w in zones if cost <= share * cutoff), 0.0)


# --- by hand --------------------------------------------------------------------------------------------


def test_two_steps_by_hand(two):
    places, hospitals, minutes = two
    model = FloatingCatchment("2SFCA", cutoff=30, cost=SuppliedCost(minutes)).fit(places, hospitals)
    # h: 8 beds for 100 + 300; k: 6 for 300; only b reaches k
    assert model.accessibility_.to_dict() == pytest.approx({"a": 8 / 400, "b": 8 / 400 + 6 / 300})
    assert model.result_.supply_table["demand"].to_dict() == {"h": 400, "k": 300}
    assert model.load_.to_dict() == {"h": 50.0, "k": 50.0}


def test_enhanced_two_steps_by_hand(two):
    places, hospitals, minutes = two
    model = FloatingCatchment("E2SFCA", cutoff=30, cost=SuppliedCost(minutes)).fit(places, hospitals)
    h, k = 8 / (100 + 0.22 * 300), 6 / (0.68 * 300)
    assert model.accessibility_.to_dict() == pytest.approx({"a": h, "b": 0.22 * h + 0.68 * k})


def test_three_steps_by_hand(two):
    places, hospitals, minutes = two
    model = FloatingCatchment("3SFCA", cutoff=60, cost=SuppliedCost(minutes)).fit(places, hospitals)
    fah, fak, fbh, fbk = 0.962, 0.042, 0.377, 0.704
    gah, gbh = fah / (fah + fak), fbh / (fbh + fbk)
    gak, gbk = 1 - gah, 1 - gbh
    h = 8 / (100 * gah * fah + 300 * gbh * fbh)
    k = 6 / (100 * gak * fak + 300 * gbk * fbk)
    assert model.accessibility_["a"] == pytest.approx(gah * fah * h + gak * fak * k)
    assert model.accessibility_["b"] == pytest.approx(gbh * fbh * h + gbk * fbk * k)


def test_agents_by_hand():
    # 2 places of 100, 2 hospitals of 10 beds: rho = 10, congestion L / 100; the way is 0 to one's own, c to the other
    places = pd.DataFrame({"population": [180, 20]}, index=["a", "b"])
    hospitals = pd.DataFrame({"beds": [10, 10]}, index=["h", "k"])
    way = pd.DataFrame({"h": [0.0, 30.0], "k": [30.0, 0.0]}, index=["a", "b"])
    model = FloatingCatchment("RAAM", tau=60, cost=SuppliedCost(way), tolerance=1e-12).fit(places, hospitals)
    # a is indifferent: L_h / 100 = 1/2 + L_k / 100 with L_h + L_k = 200
    assert model.result_.supply_table["demand"].to_dict() == pytest.approx({"h": 125, "k": 75})
    assert model.accessibility_.to_dict() == pytest.approx({"a": 1.25, "b": 0.75})


# --- by loops, and beside access ------------------------------------------------------------------------


@every_sum
@pytest.mark.parametrize("chunk", [1_000_000, 11])
def test_sums_by_loops(method, chunk, monkeypatch):
    monkeypatch.setattr(reach, "CHUNK", chunk)
    places, hospitals, costs = random_case(5)
    model = FloatingCatchment(method, cutoff=60, cost=SuppliedCost(costs)).fit(places, hospitals)
    people, beds = places["population"].to_numpy(float), hospitals["beds"].to_numpy(float)
    expected, demand = catchment_by_hand(
        costs.to_numpy(), people, beds, weight_of(method, 60), 60, three=method == "3SFCA"
    )
    np.testing.assert_allclose(model.accessibility_, expected, rtol=1e-12)
    np.testing.assert_allclose(model.result_.supply_table["demand"], demand, rtol=1e-12)


@pytest.mark.parametrize("decay", [GaussianDecay(20), ExponentialDecay(15), PowerDecay(1.5)], ids=repr)
@pytest.mark.parametrize("cutoff", [None, 45.0])
@pytest.mark.parametrize("method", ["2SFCA", "3SFCA"])
def test_other_decays_by_loops(method, decay, cutoff):
    places, hospitals, costs = random_case(6)
    model = FloatingCatchment(method, cutoff, decay, SuppliedCost(costs)).fit(places, hospitals)
    people, beds = places["population"].to_numpy(float), hospitals["beds"].to_numpy(float)
    expected, _ = catchment_by_hand(
        costs.to_numpy(), people, beds, decay, cutoff or np.inf, three=method == "3SFCA"
    )
    np.testing.assert_allclose(model.accessibility_, expected, rtol=1e-12)


def test_the_same_as_access_where_it_keeps_to_the_papers():
    places, hospitals, costs = random_case(7)
    table = long_of(costs)
    decay = GaussianDecay(20)
    names = {"demand_name": "population", "supply_name": "beds", "demand_index": True, "supply_index": True}
    for cutoff, weight in ((50, None), (50, decay)):
        theirs = access.fca.two_stage_fca(
            places, hospitals, table, max_cost=cutoff, weight_fn=weight, **names
        )
        ours = FloatingCatchment("2SFCA", cutoff, weight, SuppliedCost(costs)).fit(places, hospitals)
        np.testing.assert_allclose(ours.accessibility_, theirs.reindex(places.index), rtol=1e-12)
    theirs = three_stage_fca(places, hospitals, table, None, weight_fn=decay, **names)
    ours = FloatingCatchment("3SFCA", decay=decay, cost=SuppliedCost(costs)).fit(places, hospitals)
    np.testing.assert_allclose(ours.accessibility_, theirs.reindex(places.index), rtol=1e-12)


def test_where_access_departs_from_them():
    places, hospitals, costs = random_case(7)
    table = long_of(costs)
    names = {"demand_name": "population", "supply_name": "beds", "demand_index": True, "supply_index": True}
    # selection weights of hospitals beyond the cutoff: they no longer sum to one within it
    theirs = three_stage_fca(places, hospitals, table, 60, weight_fn=GaussianDecay(40), **names)
    assert "W3" in table  # and the table that was given has another column
    ours = FloatingCatchment("3SFCA", 60, GaussianDecay(40), SuppliedCost(costs)).fit(places, hospitals)
    assert (ours.accessibility_ / theirs.reindex(places.index) - 1).abs().max() > 0.01
    # places without supply in reach are not in its answer
    far = costs.copy()
    far.loc["place 3"] = 1_000.0
    theirs = access.fca.two_stage_fca(places, hospitals, long_of(far), max_cost=50, **names)
    assert "place 3" not in theirs.index
    with pytest.warns(errors.UnreachableWarning, match="'place 3'"):
        ours = FloatingCatchment("2SFCA", 50, cost=SuppliedCost(far)).fit(places, hospitals)
    assert ours.accessibility_["place 3"] == 0
    # hospitals that only empty places reach: an infinite ratio
    empty = places.assign(population=[0, *places["population"][1:]])
    lonely = costs.copy()
    lonely.loc[lonely.index[1:], "hospital 0"] = 1_000.0
    lonely.loc["place 0", "hospital 0"] = 5.0
    theirs = access.fca.two_stage_fca(empty, hospitals, long_of(lonely), max_cost=90, **names)
    assert theirs["place 0"] == np.inf
    with pytest.warns(errors.UnreachableWarning, match="'hospital 0'"):
        ours = FloatingCatchment("2SFCA", 90, cost=SuppliedCost(lonely)).fit(empty, hospitals)
    assert np.isfinite(ours.accessibility_).all()


# --- agents -----------------------------------------------------------------------------------------------


def quadratic_program(costs, people, capacity):
    """Loads that minimise the sum of ways and half the squares of congestion, by a general solver."""
    n, m = costs.shape
    start = np.repeat(people[:, None] / m, m, axis=1).ravel()

    def value(x):
        load = x.reshape(n, m).sum(axis=0)
        return x @ costs.ravel() + (load**2 / capacity).sum() / 2

    def slope(x):
        return (costs + x.reshape(n, m).sum(axis=0) / capacity).ravel()

    sums = np.kron(np.eye(n), np.ones(m))
    found = minimize(
        value, start, jac=slope, bounds=[(0, None)] * (n * m), method="SLSQP",
        constraints={"type": "eq", "fun": lambda x: sums @ x - people, "jac": lambda x: sums},
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert found.success
    return found.x.reshape(n, m).sum(axis=0)


def test_agents_beside_a_general_solver():
    places, hospitals, costs = random_case(8, n=12, m=4)
    people, beds = places["population"].to_numpy(float), hospitals["beds"].to_numpy(float)
    scaled = people / people.mean()
    load = quadratic_program(costs.to_numpy() / 30, scaled, beds * scaled.sum() / beds.sum())
    model = FloatingCatchment("RAAM", tau=30, cost=SuppliedCost(costs), tolerance=1e-10)
    result = model.fit(places, hospitals).result_
    np.testing.assert_allclose(result.assigned / people.mean(), load, rtol=1e-4, atol=1e-4)
    assert result.gap <= 1e-10
    assert result.assigned.sum() == pytest.approx(people.sum())


def best_responses(travel, people, capacity):
    """One place after another fills what is cheapest for it, by bisection, until nothing moves."""
    flows = np.zeros_like(travel)
    for _ in range(20_000):
        before = flows.copy()
        for i, many in enumerate(people):
            price = travel[i] + (flows.sum(axis=0) - flows[i]) / capacity
            low, high = price.min(), price.min() + many / capacity.min()
            for _ in range(80):
                level = (low + high) / 2
                low, high = (
                    (level, high) if (np.maximum(level - price, 0) @ capacity) < many else (low, level)
                )
            flows[i] = np.maximum(high - price, 0) * capacity
        if np.abs(flows - before).max() < 1e-13 * people.max():
            break
    load = flows.sum(axis=0)
    return (travel + load / capacity).min(axis=1), load


@pytest.mark.parametrize("seed", range(3))
def test_agents_by_brute_force(seed):
    places, hospitals, costs = random_case(seed, n=10, m=4)
    people, beds = places["population"].to_numpy(float), hospitals["beds"].to_numpy(float)
    cost, load = best_responses(costs.to_numpy() / 30, people, beds * people.sum() / beds.sum())
    result = (
        FloatingCatchment("RAAM", tau=30, cost=SuppliedCost(costs), tolerance=1e-13)
        .fit(places, hospitals)
        .result_
    )
    np.testing.assert_allclose(result.table["accessibility"], cost, rtol=1e-8)
    np.testing.assert_allclose(result.assigned, load, rtol=1e-8, atol=1e-8 * people.sum())


def test_many_agents_need_no_turns_of_single_places(monkeypatch):
    """Newton's method alone gets there: turns of places would take a second each where there are many."""
    monkeypatch.setattr(catchment_raam, "_SWEEPS", 0)
    places, hospitals, costs = random_case(5, n=2_000, m=120)
    for tolerance in (1e-4, 1e-7):
        model = FloatingCatchment("RAAM", 40, cost=SuppliedCost(costs), tau=60, tolerance=tolerance)
        assert model.fit(places, hospitals).result_.gap <= tolerance


@pytest.mark.parametrize("seed", range(3))
def test_nobody_gains_by_going_elsewhere(seed):
    places, hospitals, costs = random_case(seed, n=150, m=14)
    result = FloatingCatchment("RAAM", tau=60, cost=SuppliedCost(costs)).fit(places, hospitals).result_
    people, beds = result.population, result.capacity
    price = costs.to_numpy() / 60 + result.assigned / (beds * people.sum() / beds.sum())
    np.testing.assert_allclose(result.table["accessibility"], price.min(axis=1), rtol=1e-12)
    # the loads can be had, and the cheapest way to have them costs no more than the gap allows
    n, m = costs.shape
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    plan = linprog(price.ravel(), A_eq=sums[:-1], b_eq=np.concatenate([people, result.assigned])[:-1])
    assert plan.success
    assert plan.fun / (people @ price.min(axis=1)) - 1 <= result.gap * 1.01 <= 1.01e-4


def test_access_stops_on_the_way_there():
    places, hospitals, costs = random_case(0, n=150, m=14)
    ours = FloatingCatchment("RAAM", tau=60, cost=SuppliedCost(costs)).fit(places, hospitals).accessibility_
    theirs = access.raam.raam(
        places, hospitals, long_of(costs), demand_name="population", supply_name="beds", tau=60
    )
    apart = (theirs.reindex(places.index) - ours).abs()
    assert apart.median() < 0.02 and 0.02 < apart.max() < 0.3


def test_agents_with_a_cutoff_and_nobody_near():
    places, hospitals, costs = random_case(2)
    costs.loc["place 5"] = 500.0
    places.loc["place 6", "population"] = 0
    with pytest.warns(errors.UnreachableWarning, match="'place 5'"):
        result = (
            FloatingCatchment("RAAM", 80, cost=SuppliedCost(costs), tau=60).fit(places, hospitals).result_
        )
    assert result.table.loc["place 5", "accessibility"] == np.inf
    assert np.isfinite(result.table["accessibility"].drop("place 5")).all()
    reached = places["population"].drop("place 5").sum()
    assert result.assigned.sum() == pytest.approx(reached)
    assert "People could still save" in str(result)


def test_agents_by_tier():
    places, hospitals, costs = random_case(12)
    model = FloatingCatchment("RAAM", cost=SuppliedCost(costs), tau=60, tier="tier").fit(places, hospitals)
    chosen = hospitals[hospitals["tier"] == "tertiary"]
    alone = FloatingCatchment("RAAM", cost=SuppliedCost(costs[chosen.index]), tau=60).fit(places, chosen)
    np.testing.assert_array_equal(model.result_.table["accessibility_tertiary"], alone.accessibility_)
    assert alone.result_.gap <= model.result_.gap <= 1e-4


def test_agents_who_are_stopped_too_soon(monkeypatch):
    monkeypatch.setattr(catchment_raam, "_SWEEPS", 0)
    places, hospitals, costs = random_case(13)
    model = FloatingCatchment("RAAM", cost=SuppliedCost(costs), tau=60, tolerance=1e-9)
    with pytest.warns(errors.ApproximationWarning, match="more than tolerance=1e-09"):
        model.fit(places, hospitals)
    assert 1e-9 < model.result_.gap < 0.01


def test_the_best_rank_of_a_cost_is_the_lowest():
    places, hospitals, costs = random_case(13)
    model = FloatingCatchment("RAAM", cost=SuppliedCost(costs), tau=60)
    table = model.sensitivity(places, hospitals, cutoffs=[120]).table
    assert table.loc[table["as set"].idxmin(), "rank_best"] == 1


# --- invariants -------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 1000), st.sampled_from(SUMS), st.floats(15, 120))
def test_people_times_access_is_the_capacity_reached(seed, method, cutoff):
    places, hospitals, costs = random_case(seed, n=25, m=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.UnreachableWarning)
        result = FloatingCatchment(method, cutoff, cost=SuppliedCost(costs)).fit(places, hospitals).result_
    used, offered = result.balance
    assert used == pytest.approx(offered, rel=1e-12)
    assert offered == hospitals["beds"][result.supply_table["reached"]].sum()


@pytest.mark.parametrize("method", [*SUMS, "RAAM"])
def test_labels_order_and_units_do_not_matter(method):
    places, hospitals, costs = random_case(9)
    tau = 60 if method == "RAAM" else None

    def one(scale, places, hospitals, costs):
        model = FloatingCatchment(
            method, 150 * scale, cost=SuppliedCost(costs * scale), tau=tau and tau * scale, tolerance=1e-9
        )
        return model.fit(places, hospitals).accessibility_

    first = one(1.0, places, hospitals, costs)
    again = one(60.0, places.iloc[::-1], hospitals.sample(frac=1, random_state=1), costs)
    assert list(again.index) == list(places.index[::-1])
    np.testing.assert_allclose(again.loc[places.index], first, rtol=1e-6)
    ten = one(1.0, places, hospitals.assign(beds=hospitals["beds"] * 10), costs)
    np.testing.assert_allclose(ten, first * (1 if method == "RAAM" else 10), rtol=1e-6)


def test_tiers_are_run_alone():
    places, hospitals, costs = random_case(10)
    for method in SUMS:
        model = FloatingCatchment(method, 150, cost=SuppliedCost(costs), tier="tier").fit(places, hospitals)
        table = model.result_.table
        for tier in ("primary", "tertiary"):
            some = hospitals[hospitals["tier"] == tier]
            alone = FloatingCatchment(method, 150, cost=SuppliedCost(costs[some.index])).fit(places, some)
            np.testing.assert_allclose(table[f"accessibility_{tier}"], alone.accessibility_, rtol=1e-12)
            assert table[f"reachable_{tier}"].all()
        both = table["accessibility_primary"] + table["accessibility_tertiary"]
        assert np.allclose(both, table["accessibility"]) == (method != "3SFCA")
    assert "tier" in model.result_.supply_table and "tertiary" in model.summary()


def test_metres_on_the_globe():
    rng = np.random.default_rng(3)
    points = gpd.points_from_xy(rng.uniform(110, 114, 30), rng.uniform(30, 33, 30), crs=4326)
    places = gpd.GeoDataFrame({"population": rng.integers(10, 99, 30)}, geometry=points)
    hospitals = gpd.GeoDataFrame({"beds": rng.integers(10, 99, 5)}, geometry=points[:5])
    from spatialhealth.attraction import GeodesicCost

    costs = GeodesicCost().between(places, hospitals)
    table = FloatingCatchment("E2SFCA", cutoff=400_000).fit(places, hospitals).accessibility_
    same = FloatingCatchment("E2SFCA", cutoff=400_000, cost=SuppliedCost(costs)).fit(places, hospitals)
    np.testing.assert_allclose(table, same.accessibility_, rtol=1e-12)


# --- what is out of reach ---------------------------------------------------------------------------------


def test_supply_without_people_in_reach(two):
    places, hospitals, minutes = two
    places.loc["b", "population"] = 0
    with pytest.warns(errors.UnreachableWarning) as caught:
        result = FloatingCatchment("2SFCA", 30, cost=SuppliedCost(minutes)).fit(places, hospitals).result_
    assert "1 places of supply have no people in reach, and count for nobody: 'k'" in str(caught[0].message)
    assert result.table["accessibility"].to_dict() == pytest.approx({"a": 0.08, "b": 0.08})
    assert result.supply_table.loc["k", ["load", "reached"]].to_list() == [0.0, False]
    assert np.isnan(result.supply_table.loc["k", "ratio"])
    assert result.balance == (8.0, 8.0)


def test_places_without_supply_in_reach(two):
    places, hospitals, minutes = two
    minutes.loc["a"] = 90.0
    with pytest.warns(errors.UnreachableWarning, match="1 places of demand, with 100 people, .*: 'a'"):
        result = FloatingCatchment("2SFCA", 30, cost=SuppliedCost(minutes)).fit(places, hospitals).result_
    assert result.table["reachable"].to_dict() == {"a": False, "b": True}
    assert list(result.unreachable) == ["a"]
    assert not result.table.isna().any().any()


def test_a_place_without_people_near_supply_that_nobody_reaches(two):
    places, hospitals, minutes = two
    places.loc["b", "population"] = 0
    minutes.loc["b", "h"] = 90.0
    with pytest.warns(errors.UnreachableWarning) as caught:
        result = FloatingCatchment("2SFCA", 30, cost=SuppliedCost(minutes)).fit(places, hospitals).result_
    told = [str(one.message) for one in caught]
    assert not any("no supply in reach" in one for one in told)
    assert "1 places of demand without people are near supply" in told[0]
    assert "'b'" in told[0]
    assert list(result.unreachable) == ["b"]


@pytest.mark.parametrize("options", [{"method": "2SFCA", "cutoff": 30}, {"method": "RAAM", "tau": 30}])
def test_no_people_at_all(two, options):
    places, hospitals, minutes = two
    with refusal(errors.DataError, "zero in all 2 places", "Give people"):
        FloatingCatchment(**options, cost=SuppliedCost(minutes)).fit(places.assign(population=0), hospitals)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "2SFCA", "cutoff": 3},
        {"method": "RAAM", "tau": 30, "cutoff": 3},
        {"decay": GaussianDecay(2), "cutoff": 3},
    ],
)
def test_nothing_in_reach_of_anybody(two, options):
    places, hospitals, minutes = two
    with refusal(errors.OptionError, "none of 2 places", "any of 2", "cutoff=3", "unit of the cost"):
        FloatingCatchment(**options, cost=SuppliedCost(minutes)).fit(places, hospitals)


# --- sensitivity, labels, words ---------------------------------------------------------------------------


def test_sensitivity():
    places, hospitals, costs = random_case(11)
    model = FloatingCatchment("2SFCA", 70, cost=SuppliedCost(costs))
    found = model.sensitivity(places, hospitals, decays=[GaussianDecay(25)], cutoffs=[60, 90])
    table = found.table
    names = ["as set", "GaussianDecay(bandwidth=25, cutoff=None)", "cutoff=60", "cutoff=90"]
    assert list(table.columns) == [*names, "low", "high", "rank_best", "rank_worst"]
    for name, other in (("cutoff=90", {"cutoff": 90}), (names[1], {"decay": GaussianDecay(25)})):
        one = FloatingCatchment(**{**model.get_params(), **other}).fit(places, hospitals)
        np.testing.assert_array_equal(table[name], one.accessibility_)
    assert (table["low"] == table[names].min(axis=1)).all()
    assert (table["high"] == table[names].max(axis=1)).all()
    best = table[names].rank(ascending=False, method="min").min(axis=1)
    assert (table["rank_best"] == best).all() and (table["rank_worst"] >= best).all()
    assert found.correlations["as set"] == 1 and 0 < found.correlations.min() < 1
    assert found.correlations["cutoff=60"] == pytest.approx(
        table["as set"].corr(table["cutoff=60"], method="spearman")
    )
    assert "Rank correlation" in str(found)
    named = model.sensitivity(places, hospitals, decays={"narrow": GaussianDecay(10)})
    assert "narrow" in named.to_frame()
    with refusal(errors.OptionError, "decays=, cutoffs="):
        model.sensitivity(places, hospitals)
    assert not hasattr(model, "result_")  # it did not fit the estimator itself


def test_the_summary_says_what_was_done(two):
    places, hospitals, minutes = two
    text = FloatingCatchment("E2SFCA", 45, cost=SuppliedCost(minutes)).fit(places, hospitals).summary()
    assert "StepDecay(steps=((15.0, 1.0), (30.0, 0.68), (45.0, 0.22)))" in text
    assert "2 places of demand, 2 of supply, 4 pairs in reach" in text


# --- what they refuse -------------------------------------------------------------------------------------


def fit(two, places=None, hospitals=None, **options):
    cost = SuppliedCost(two[2])
    options = {"method": "2SFCA", "cutoff": 30, "cost": cost, **options}
    return FloatingCatchment(**options).fit(
        two[0] if places is None else places, two[1] if hospitals is None else hospitals
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "4SFCA"}, "method='4SFCA'"),
        ({"cutoff": None}, "give a cutoff"),
        ({"cutoff": -1}, "cutoff=-1"),
        ({"decay": "gaussian"}, "is no decay"),
        ({"cost": "metres"}, "is no cost"),
        ({"tau": 60}, "tau is of RAAM"),
        ({"method": "RAAM"}, "needs tau"),
        ({"method": "RAAM", "tau": 0}, "tau=0"),
        ({"method": "RAAM", "tau": 6, "tolerance": 0}, "tolerance=0"),
        ({"method": "RAAM", "tau": 60, "decay": BinaryDecay(30)}, "has no decay"),
    ],
)
def test_options_that_do_not_fit(two, options, said):
    with refusal(errors.OptionError, "FloatingCatchment", said):
        fit(two, **options)


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (-1.0, errors.DataError, "negative"),
        (np.nan, errors.MissingDataError, "missing"),
        (np.inf, errors.NonFiniteError, "infinite"),
        (0.0, errors.DataError, "zero"),
    ],
)
def test_people_and_beds_that_are_none(two, value, kind, said):
    places, hospitals, _ = two
    beds = hospitals.assign(beds=[8.0, value])
    with refusal(kind, "'beds' of supply", said, "'k'"):
        fit(two, hospitals=beds)
    if value != 0:
        with refusal(kind, "'population' of demand", said, "'b'"):
            fit(two, places=places.assign(population=[100.0, value]))


def test_layers_that_lack_something(two):
    places, hospitals, _ = two
    with refusal(errors.DataError, "no column 'bed'", "Did you mean 'beds'?"):
        fit(two, capacity="bed")
    with refusal(errors.NonNumericError, "'tier' of supply must hold numbers"):
        fit(two, capacity="tier")
    with refusal(errors.MissingDataError, "'tier' of supply is missing", "'h'"):
        fit(two, hospitals=hospitals.assign(tier=[None, "primary"]), tier="tier")
    with refusal(errors.MissingDataError, "'tier' of supply is missing", "'h'"):
        fit(two, hospitals=hospitals.assign(tier=["", "primary"]), tier="tier")
    with refusal(errors.DuplicateError, "several columns 'population'"):
        fit(two, places=pd.concat([places, places], axis=1))
    with refusal(errors.DuplicateError, "layer of demand", "'a'"):
        fit(two, places=places.set_axis(["a", "a"]))
    with refusal(errors.NotFittedError, "fit(demand, supply)"):
        _ = FloatingCatchment().result_


def test_without_access(two, monkeypatch):
    monkeypatch.setitem(sys.modules, "access.fca", None)
    with refusal(errors.MissingLibraryError, 'pip install "spatialhealth[access]"'):
        fit(two)


def test_inputs_are_left_alone(two):
    before = [table.copy() for table in two]
    fit(two, decay=StepDecay(((30, 1.0),)))
    for table, was in zip(two, before, strict=True):
        pd.testing.assert_frame_equal(table, was)
