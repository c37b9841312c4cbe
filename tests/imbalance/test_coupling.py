"""Coupling coordination: by hand, its bounds, its levels, and its normaliser."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, DataError, DuplicateError, OptionError
from spatialhealth.imbalance.coupling import LEVELS
from tests.imbalance.cases import by_unit, panel_of
from tests.refusal import refusal

coupling, normalise = sh.imbalance.coupling, sh.imbalance.normalise
FEW = {"draws": 39, "random_state": 0}
shares = st.lists(st.floats(0.001, 1.0), min_size=2, max_size=6)


def test_two_systems_by_hand():
    u, v = by_unit([0.8, 0.2], "u"), by_unit([0.2, 0.2], "v")
    found = coupling(u, v, **FEW).units
    # C = 2 sqrt(uv) / (u + v) = 2 * 0.4 / 1
    assert found["C"].tolist() == pytest.approx([0.8, 1.0])
    assert found["T"].tolist() == pytest.approx([0.5, 0.2])
    assert found["D"].tolist() == pytest.approx([np.sqrt(0.4), np.sqrt(0.2)])
    assert found["level"].tolist() == ["primary coordination", "near disorder"]
    weighted = coupling(u, v, weights={"v": 0.25, "u": 0.75}, **FEW).units
    assert weighted["T"].tolist() == pytest.approx([0.65, 0.2])
    assert weighted["C"].tolist() == pytest.approx([0.8, 1.0])


@given(shares)
@settings(max_examples=60, deadline=None)
def test_c_is_the_geometric_over_the_arithmetic_mean(values):
    systems = pd.DataFrame([values, [1.0] * len(values)], index=["a", "b"]).add_prefix("s")
    found = coupling(systems, **FEW).units
    n = len(values)
    expected = (np.prod(values) / np.mean(values) ** n) ** (1 / n)
    assert found.loc["a", "C"] == pytest.approx(expected, rel=1e-9)
    assert 0 < found.loc["a", "C"] <= 1 and found.loc["b", "D"] == pytest.approx(1)
    turned = coupling(systems.iloc[:, ::-1], **FEW).units
    np.testing.assert_allclose(turned["D"], found["D"])


def test_systems_may_have_any_name():
    u, v = by_unit([0.8, 0.2], "least"), by_unit([0.2, 0.2], "owner")
    assert coupling(u, v, **FEW).units["T"].tolist() == pytest.approx([0.5, 0.2])


def test_levels_are_closed_above():
    d = np.array([0.05, 0.1, 0.1000001, 0.3, 0.5, 0.500001, 0.7, 0.95, 1.0])
    place = coupling(by_unit(d**2, "u"), by_unit(d**2, "v"), **FEW).place
    assert place.tolist() == [0, 0, 1, 2, 4, 5, 6, 9, 9]
    assert len(LEVELS) == 10


def test_means_and_shares_by_period():
    rng = np.random.default_rng(0)
    u, v = panel_of(rng.uniform(0.1, 1, (2, 30)), "u"), panel_of(rng.uniform(0.1, 1, (2, 30)), "v")
    found = coupling(u, v, draws=199, random_state=1)
    table, units = found.table, found.units
    for name in "CTD":
        means = table.query("measure == @name").set_index("year")["estimate"]
        np.testing.assert_allclose(means, units[name].groupby(level=1).mean())
        errors = table.query("measure == @name")["std_error"].to_numpy()
        np.testing.assert_allclose(errors, units[name].groupby(level=1).std() / np.sqrt(30), rtol=0.2)
    parts = table[table["quantity"] == "share of units"]
    np.testing.assert_allclose(parts.groupby("year")["estimate"].sum(), 1)
    step = found.change(2011, 2012).table
    assert step.loc[2, "estimate"] == pytest.approx(units["D"].groupby(level=1).mean().diff().iloc[-1])


def test_normalise_both_ways_and_with_a_floor():
    values = by_unit([0, 5, 10])
    assert normalise(values, 0, 10).tolist() == [0, 0.5, 1]
    assert normalise(values, 10, 0).tolist() == [1, 0.5, 0]
    assert normalise(values, 0, 10, floor=0.01).tolist() == pytest.approx([0.01, 0.505, 1])
    assert normalise(values.astype(int), 0, 20).tolist() == [0, 0.25, 0.5]
    panel = panel_of([[1, 2], [3, 4]]).sample(frac=1, random_state=1)
    made = normalise(panel, 0, 4)
    pd.testing.assert_series_equal(made, panel / 4)


def test_refusals():
    u, v = by_unit([0.8, 0.2], "u"), by_unit([0.2, 0.4], "v")
    for wrong in (0.0, -0.1, 1.1):
        with refusal(DataError, "v is not above 0 and at most 1", "'u01'", "normalise"):
            coupling(u, v.replace(0.4, wrong))
    with refusal(OptionError, "two systems"):
        coupling(u)
    with refusal(DuplicateError, "'u'"):
        coupling(u, u)
    with refusal(OptionError, "sum to 1.1"):
        coupling(u, v, weights=[0.5, 0.6])
    with refusal(OptionError, "positive"):
        coupling(u, v, weights=[1.5, -0.5])
    with refusal(OptionError, "weights are of 'w'", "'u', 'v'"):
        coupling(u, v, weights={"w": 1.0})
    with refusal(OptionError, "3 weights for 2 systems"):
        coupling(u, v, weights=[0.2, 0.3, 0.5])
    with refusal(AlignmentError, "not in v"):
        coupling(u, v.iloc[:1])
    with refusal(DataError, "outside the bounds 0 and 1", "'u00'"):
        normalise(by_unit([2, 1]), 0, 1)
    with refusal(OptionError, "both 1"):
        normalise(u, 1, 1)
    with refusal(OptionError, "floor=1"):
        normalise(u, 0, 1, floor=1)


def test_weights_with_labels_are_read_by_them():
    u, v = by_unit([0.8, 0.2], "u"), by_unit([0.2, 0.2], "v")
    weights = pd.Series({"v": 0.25, "u": 0.75})
    assert coupling(u, v, weights=weights, **FEW).units["T"].tolist() == pytest.approx([0.65, 0.2])
    with refusal(OptionError, "weights are of 0, 1", "'u', 'v'"):
        coupling(u, v, weights=pd.Series([0.25, 0.75]), **FEW)


@pytest.mark.parametrize("seed", [0, 4, 5, 8])
def test_limits_of_means_stay_between_zero_and_one(seed):
    """Those of four very different units do not by themselves."""
    values = 10.0 ** np.random.default_rng(seed).uniform(-3, 0, size=(2, 4))
    table = coupling(by_unit(values[0], "u"), by_unit(values[1], "v"), draws=199, random_state=seed).table
    assert (table["ci_low"] >= 0).all() and (table["ci_high"] <= 1).all()
    assert (table["ci_low"] <= table["estimate"]).all() and (table["estimate"] <= table["ci_high"]).all()
