"""The attraction index: by hand, comparable before and after, invariants, what it refuses."""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.attraction import (
    BinaryDecay,
    ExponentialDecay,
    FloatingCatchment,
    GaussianDecay,
    PowerDecay,
    SuppliedCost,
    index,
)
from tests.attraction.places import random_case
from tests.refusal import refusal

TIERS = {"tertiary": 0.7, "primary": 0.3}


def by_hand(places, hospitals, costs, decay, people=None):
    scores = []
    for i in range(len(places)):
        score = 0.0
        for j, (beds, tier) in enumerate(zip(hospitals["beds"], hospitals["tier"], strict=True)):
            shared = 1.0
            if people is not None:
                shared = sum(people.iloc[k] * float(decay(costs.iloc[k, j])) for k in range(len(places)))
            score += TIERS[tier] * beds / shared * float(decay(costs.iloc[i, j]))
        scores.append(score)
    return np.array(scores)


@pytest.mark.parametrize("decay", [GaussianDecay(20, 60), ExponentialDecay(15), PowerDecay(1)], ids=repr)
@pytest.mark.parametrize("shared", [False, True])
def test_scores_by_loops(decay, shared):
    places, hospitals, costs = random_case(1, n=12)
    population = "population" if shared else None
    found = index(places, hospitals, TIERS, decay, SuppliedCost(costs), population=population)
    expected = by_hand(places, hospitals, costs, decay, places["population"] if shared else None)
    np.testing.assert_allclose(found.scores, expected, rtol=1e-12)


def test_the_table_adds_up():
    places, hospitals, costs = random_case(1)
    table = index(places, hospitals, TIERS, ExponentialDecay(15), SuppliedCost(costs)).table
    np.testing.assert_allclose(table["part_tertiary"], 0.7 * table["potential_tertiary"])
    np.testing.assert_allclose(table["part_tertiary"] + table["part_primary"], table["score"])
    assert (table["rank"] == table["score"].rank(ascending=False)).all()
    assert "relative" not in table
    for tier in TIERS:
        chosen = hospitals[hospitals["tier"] == tier]
        beds = costs[chosen.index].apply(lambda c: ExponentialDecay(15)(c)) @ chosen["beds"]
        np.testing.assert_allclose(table[f"potential_{tier}"], beds, rtol=1e-12)


def test_shared_beds_are_the_two_step_catchment():
    places, hospitals, costs = random_case(2)
    ones = {"tertiary": 1.0, "primary": 1.0}
    decay = GaussianDecay(30, cutoff=90)
    found = index(places, hospitals, ones, decay, SuppliedCost(costs), population="population")
    catchment = FloatingCatchment("2SFCA", decay=decay, cost=SuppliedCost(costs)).fit(places, hospitals)
    np.testing.assert_allclose(found.scores, catchment.accessibility_, rtol=1e-12)


def test_before_and_after_can_be_subtracted():
    places, hospitals, costs = random_case(3)
    decay = BinaryDecay(30)
    before = index(places, hospitals, TIERS, decay, SuppliedCost(costs))
    more = hospitals.copy()
    more.loc["hospital 4", "beds"] += 100
    after = index(places, more, TIERS, decay, SuppliedCost(costs), reference=before)
    gain = after.scores - before.scores
    weight = TIERS[hospitals.loc["hospital 4", "tier"]]
    np.testing.assert_allclose(gain, np.where(costs["hospital 4"] <= 30, 100 * weight, 0.0), atol=1e-9)
    np.testing.assert_allclose(after.table["relative"], 100 * after.scores / before.scores.mean())
    same = index(places, hospitals, TIERS, decay, SuppliedCost(costs), reference=before)
    assert same.table["relative"].mean() == pytest.approx(100)
    # without the hospital, and with no hospital of a tier left
    closed = hospitals[hospitals["tier"] == "primary"]
    left = index(places, closed, TIERS, decay, SuppliedCost(costs[closed.index]))
    assert (left.table["potential_tertiary"] == 0).all()
    np.testing.assert_allclose(left.table["part_primary"], before.table["part_primary"])


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_scores_are_linear_in_beds_and_weights(factor, random):
    places, hospitals, costs = random_case(4)
    first = index(places, hospitals, TIERS, ExponentialDecay(20), SuppliedCost(costs)).scores
    rows, beds = list(range(len(places))), list(range(len(hospitals)))
    random.shuffle(rows)
    random.shuffle(beds)
    other = index(
        places.iloc[rows],
        hospitals.iloc[beds].assign(beds=lambda h: h["beds"] * factor),
        {"primary": 0.3 * factor, "tertiary": 0.7 * factor},
        ExponentialDecay(20),
        SuppliedCost(costs),
    ).scores
    np.testing.assert_allclose(other.loc[places.index], first * factor**2, rtol=1e-10)


def test_sensitivity_to_the_weights_of_tiers():
    places, hospitals, costs = random_case(5)
    found = index(places, hospitals, TIERS, ExponentialDecay(20), SuppliedCost(costs))
    table = found.sensitivity(draws=4000, random_state=1)
    assert (table["score_low"] <= table["score"]).all() and (table["score"] <= table["score_high"]).all()
    assert (table["rank_best"] <= table["rank"]).all() and (table["rank"] <= table["rank_worst"]).all()
    # the share of a tier has the standard deviation sqrt(w (1 - w) / 51), and the score moves with it
    spread = np.sqrt(0.7 * 0.3 / 51)
    gap = (found.table["potential_tertiary"] - found.table["potential_primary"]).abs()
    width = (table["score_high"] - table["score_low"]) / (2 * 1.96)
    np.testing.assert_allclose(width, spread * gap, rtol=0.06)
    pd.testing.assert_frame_equal(table, found.sensitivity(draws=4000, random_state=1))
    narrow = found.sensitivity(concentration=5000, draws=4000, random_state=1)
    assert (narrow["score_high"] - narrow["score_low"]).sum() < 0.2 * (2 * 1.96 * width).sum()
    for bad in ({"concentration": 0}, {"draws": 0}, {"level": 95}, {"random_state": "a"}):
        with refusal(errors.OptionError, "sensitivity"):
            found.sensitivity(**bad)
    zero = index(places, hospitals, {"tertiary": 1, "primary": 0}, ExponentialDecay(20), SuppliedCost(costs))
    with refusal(errors.OptionError, "the weight zero cannot be drawn"):
        zero.sensitivity()


def test_the_embedded_cities():
    cities, hospitals = sh.datasets.load_cities(), sh.datasets.load_hospitals()
    points = gpd.GeoDataFrame(
        cities[["population"]],
        geometry=gpd.points_from_xy(cities["longitude"], cities["latitude"]),
        crs=4326,
    )
    start = time.process_time()
    found = index(points, hospitals, TIERS, GaussianDecay(100_000, cutoff=300_000))
    assert time.process_time() - start < 2  # about a tenth of a second
    assert found.scores.index.equals(cities.index)
    assert {"Shanghai", "Beijing", "Guangzhou"} & set(found.table.nsmallest(20, "rank").index)
    assert "Attraction of 307 cities: beds in reach" in str(found)
    shared = index(points, hospitals, TIERS, GaussianDecay(100_000, cutoff=300_000), population="population")
    assert "beds per inhabitant in reach" in shared.summary()
    assert 1e-4 < shared.scores.median() < 1e-2


def test_hospitals_with_nobody_in_reach():
    places, hospitals, costs = random_case(6)
    costs["hospital 2"] = 500.0
    with pytest.warns(errors.UnreachableWarning, match="'hospital 2'"):
        found = index(
            places, hospitals, TIERS, BinaryDecay(200), SuppliedCost(costs), population="population"
        )
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"tiers": {}}, errors.OptionError, "must map tiers to weights"),
        ({"tiers": ["tertiary"]}, errors.OptionError, "must map tiers to weights"),
        (
            {"tiers": {"tertiary": -1, "primary": 1}},
            errors.OptionError,
            "the weight -1 of the tier 'tertiary'",
        ),
        ({"tiers": {"tertiary": "a", "primary": 1}}, errors.OptionError, "the weight 'a'"),
        ({"tiers": {"tertiary": 0, "primary": 0}}, errors.OptionError, "all weights of tiers are zero"),
        ({"tiers": {"tertiary": 1}}, errors.AlignmentError, "without a weight: 'primary'"),
        ({"decay": "power"}, errors.OptionError, "is no decay"),
        ({"cost": 3}, errors.OptionError, "is no cost"),
        ({"cutoff": 0}, errors.OptionError, "cutoff=0"),
        ({"beds": "bed"}, errors.DataError, "Did you mean 'beds'?"),
        ({"tier": "level"}, errors.DataError, "no column 'level'"),
        ({"population": "people"}, errors.DataError, "no column 'people'"),
    ],
)
def test_options(options, kind, said):
    places, hospitals, costs = random_case(7)
    options = {"tiers": TIERS, "decay": BinaryDecay(30), "cost": SuppliedCost(costs), **options}
    with refusal(kind, said):
        index(places, hospitals, **options)


def test_tables_that_cannot_be_scored():
    places, hospitals, costs = random_case(7)
    rest = (TIERS, BinaryDecay(30), SuppliedCost(costs))
    with refusal(errors.MissingDataError, "'tier' of hospitals is missing for 'hospital 0'"):
        index(places, hospitals.assign(tier=[None, *hospitals["tier"][1:]]), *rest)
    with refusal(errors.DataError, "'beds' of hospitals is negative for 'hospital 0'"):
        index(places, hospitals.assign(beds=[-1, *hospitals["beds"][1:]]), *rest)
    with refusal(errors.NonFiniteError, "PowerDecay", "('place 0', 'hospital 0')"):
        index(places, hospitals, TIERS, PowerDecay(1), SuppliedCost(costs * 0))
    with refusal(errors.LabelError, "layer of cities"):
        index([1], hospitals, *rest)
    some = places.iloc[:5]
    reference = index(some, hospitals, TIERS, BinaryDecay(30), SuppliedCost(costs.loc[some.index]))
    with refusal(errors.AlignmentError, "the reference is of other cities"):
        index(places, hospitals, *rest, reference=reference)
    nothing = index(places, hospitals.assign(beds=0), *rest)
    with refusal(errors.OptionError, "all scores of the reference are zero"):
        index(places, hospitals, *rest, reference=nothing)
    with refusal(errors.OptionError, "reference is a DataFrame", "not its table"):
        index(places, hospitals, *rest, reference=reference.table)
