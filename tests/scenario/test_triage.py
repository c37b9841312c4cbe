"""The triage policy against its closed form, case by case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from spatialhealth.errors import AlignmentError, DataError, LabelError, OptionError
from spatialhealth.scenario import TriagePolicy
from tests.refusal import refusal

share = st.floats(0, 1)


@pytest.fixture
def load():
    return pd.DataFrame(
        {"high": [950.0, 800.0, 100.0], "primary": [400.0, 500.0, 90.0]}, index=["a", "b", "c"]
    )


@pytest.fixture
def capacity():
    return pd.DataFrame(
        {"primary": [1000.0, 100.0, 1000.0], "high": [1000.0, 200.0, 1000.0]}, index=["a", "c", "b"]
    )


def test_the_closed_form(load, capacity):
    """Loads and missed cases as written on paper."""
    found = TriagePolicy(coverage=0.5, sensitivity=0.9, specificity=0.8, share_mild=0.4).apply(load, capacity)
    table, cities = found.table, found.cities
    moved = 0.5 * (0.4 * 0.8 + 0.6 * 0.1)  # of each case of the high tier: 0.19
    assert table.loc[("a", "high"), "load_after"] == pytest.approx(950 * (1 - moved))
    assert table.loc[("a", "primary"), "load_after"] == pytest.approx(400 + 950 * moved)
    assert table.loc[("c", "high"), "utilisation_before"] == pytest.approx(50.0)
    assert table.loc[("c", "primary"), "utilisation_after"] == pytest.approx(90 + 100 * moved)
    assert cities.loc["b", "missed"] == pytest.approx(800 * 0.5 * 0.6 * 0.1)
    assert cities.loc["b", "kept_mild"] == pytest.approx(800 * 0.5 * 0.4 * 0.2)
    assert cities.loc["a", "gap_before"] == pytest.approx(95 - 40)
    assert cities.loc["a", "gap_after"] == pytest.approx(95 * (1 - moved) - 40 - 95 * moved)
    assert cities.loc["a", "class_before"] == "overburdened high, idle primary"
    assert cities.loc["a", "class_after"] == "idle primary only"
    totals = found.totals.set_index("quantity")["estimate"]
    assert totals["severe missed"] == pytest.approx(1850 * 0.5 * 0.6 * 0.1)
    assert totals["missed per 1,000 severe"] == pytest.approx(100.0)
    structural = found.imbalance.set_index(["when", "measure"])["estimate"]
    assert structural[("before", "overburdened high, idle primary")] == pytest.approx(1 / 3)
    assert structural[("after", "overburdened high, idle primary")] == 0


@settings(max_examples=60, deadline=None)
@given(coverage=share, sensitivity=share, specificity=share, mild=share)
def test_no_case_is_lost(coverage, sensitivity, specificity, mild):
    load = pd.DataFrame({"high": [950.0], "primary": [400.0]}, index=["a"])
    found = TriagePolicy(coverage, sensitivity, specificity, mild).apply(load, load)
    assert found.load_after.sum() == pytest.approx(1350.0)
    flows = found.flows
    kept_severe = flows.severe - flows.missed
    np.testing.assert_allclose(
        flows.moved_mild + flows.kept_mild + flows.missed + kept_severe, flows.triaged, atol=1e-9
    )


def test_a_perfect_test_misses_nobody(load, capacity):
    found = TriagePolicy(coverage=1, sensitivity=1, specificity=1, share_mild=0.3).apply(load, capacity)
    assert (found.cities["missed"] == 0).all()
    np.testing.assert_allclose(found.load_after[:, 0], 0.7 * load["high"])


def test_no_coverage_changes_nothing(load, capacity):
    found = TriagePolicy(coverage=0, sensitivity=0.5, specificity=0.5, share_mild=0.3).apply(load, capacity)
    np.testing.assert_array_equal(found.load_after, found.load_before)
    assert found.totals.set_index("quantity").loc["missed per 1,000 severe", "estimate"] == 0


def test_shares_by_city(load, capacity):
    coverage = pd.Series({"c": 1.0, "b": 0.5, "a": 0.0})
    found = TriagePolicy(coverage, 1, 1, pd.Series({"a": 0.1, "b": 0.2, "c": 0.3})).apply(load, capacity)
    assert found.cities["moved_mild"].to_dict() == pytest.approx({"a": 0.0, "b": 80.0, "c": 30.0})


def test_intervals_are_those_of_the_shares(load, capacity):
    policy = TriagePolicy(coverage=0.5, sensitivity=0.9, specificity=0.8, share_mild=0.4)
    found = policy.apply(load, capacity, std_errors={"sensitivity": 0.02}, draws=4000, random_state=1)
    row = found.totals.set_index("quantity").loc["severe missed"]
    per_unit = 1850 * 0.5 * 0.6
    size = 0.9 * 0.1 / 0.02**2 - 1  # of the beta distribution of this mean and error
    low, high = 1 - beta(0.9 * size, 0.1 * size).ppf([0.975, 0.025])
    assert row["ci_low"] == pytest.approx(per_unit * low, rel=0.02)
    assert row["ci_high"] == pytest.approx(per_unit * high, rel=0.02)
    moved = found.totals.set_index("quantity").loc["mild moved to primary care"]
    assert moved["ci_low"] == pytest.approx(moved["ci_high"])
    again = policy.apply(load, capacity, std_errors={"sensitivity": 0.02}, draws=4000, random_state=1)
    pd.testing.assert_frame_equal(found.totals, again.totals)
    assert "CI low" in str(found)


@pytest.mark.parametrize("name", ["coverage", "sensitivity", "specificity", "share_mild"])
@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_shares_outside_their_bounds(name, value):
    shares = {"coverage": 0.5, "sensitivity": 0.5, "specificity": 0.5, "share_mild": 0.5}
    with refusal(OptionError, name, "between 0 and 1"):
        TriagePolicy(**(shares | {name: value}))


def test_bad_input(load, capacity):
    policy = TriagePolicy(coverage=0.5, sensitivity=0.9, specificity=0.8, share_mild=0.4)
    with refusal(OptionError, "coverage", "'b'"):
        TriagePolicy(pd.Series({"a": 0.5, "b": 1.5}), 1, 1, 0.5)
    with refusal(DataError, "capacities", "'b'", "leave these cities out"):
        policy.apply(load, capacity.assign(high=[1000.0, 200.0, 0.0]))
    with refusal(DataError, "loads", "'a'"):
        policy.apply(load.assign(high=[-1.0, 1.0, 1.0]), capacity)
    with refusal(DataError, "loads", "'c'"):
        policy.apply(load.assign(high=[1.0, 1.0, np.nan]), capacity)
    with refusal(AlignmentError, "'c'"):
        policy.apply(load.drop("c"), capacity)
    with refusal(DataError, "'tertiary'", "lacks the columns"):
        policy.apply(load, capacity, high="tertiary")
    with refusal(DataError, "'a'", "more than once"):
        policy.apply(pd.concat([load, load.iloc[:1]]), capacity)
    with refusal(LabelError, "DataFrame"):
        policy.apply(load.to_numpy(), capacity)
    with refusal(AlignmentError, "coverage", "'b'"):
        TriagePolicy(pd.Series({"a": 0.5, "c": 0.5}), 1, 1, 0.5).apply(load, capacity)
    with refusal(OptionError, "'mild'", "There are"):
        policy.apply(load, capacity, std_errors={"mild": 0.1})
    with refusal(OptionError, "must not be negative"):
        policy.apply(load, capacity, std_errors={"coverage": -0.1})
    with refusal(OptionError, "0.6", "too large"):
        policy.apply(load, capacity, std_errors={"coverage": 0.6})
