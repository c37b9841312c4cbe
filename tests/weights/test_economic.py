"""Economic weights: by hand, by loops, invariants, what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.weights import as_links, economic
from tests.refusal import refusal


@pytest.fixture
def cities():
    return pd.DataFrame({"gdp": [10.0, 20.0, 50.0, 26.0]}, index=list("abcd"))


def dense(graph):
    return as_links(graph)[1].toarray()


def test_by_hand(cities):
    raw = economic(cities, "gdp", standardise=None)
    assert raw["a"].to_dict() == pytest.approx({"b": 0.1, "c": 0.025, "d": 1 / 16})
    assert list(raw.unique_ids) == list("abcd")
    total = 0.1 + 0.025 + 1 / 16
    assert economic(cities, "gdp")["a"].to_dict() == pytest.approx(
        {"b": 0.1 / total, "c": 0.025 / total, "d": 1 / 16 / total}
    )


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-1000, 1000), min_size=2, max_size=30, unique=True),
    st.one_of(st.none(), st.integers(1, 500)),
)
def test_by_loops(values, cutoff):
    frame = pd.DataFrame({"z": np.array(values, float) / 8})
    n, cutoff = len(values), None if cutoff is None else cutoff / 8
    apart = np.abs(np.subtract.outer(frame["z"].to_numpy(), frame["z"].to_numpy()))
    linked = ~np.eye(n, dtype=bool) & (apart <= (np.inf if cutoff is None else cutoff))
    if not linked.any():
        with refusal(errors.WeightsError, "has a neighbour"):
            economic(frame, "z", cutoff)
        return
    expected = np.zeros((n, n))
    expected[linked] = 1 / apart[linked]
    np.testing.assert_allclose(dense(economic(frame, "z", cutoff, standardise=None)), expected, rtol=1e-14)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-20_000, 20_000), min_size=2, max_size=25, unique=True),
    st.integers(1, 300),
    st.integers(1, 3),
)
def test_a_cutoff_of_decimals_is_that_of_the_decimals(values, cutoff, places):
    scale = 10**places  # the integers say exactly which pairs are linked
    frame = pd.DataFrame({"z": [value / scale for value in values]})
    linked = np.abs(np.subtract.outer(values, values)) <= cutoff
    np.fill_diagonal(linked, False)
    everybody = (np.arange(len(values)), np.ones((len(values), len(values))) - np.eye(len(values)))
    for within in (None, everybody):
        if not linked.any():
            with refusal(errors.WeightsError, "has a neighbour", "larger cutoff, in the unit of 'z'"):
                economic(frame, "z", cutoff / scale, within)
            continue
        np.testing.assert_array_equal(dense(economic(frame, "z", cutoff / scale, within)) > 0, linked)


def test_units_and_order_do_not_matter(cities):
    first = economic(cities, "gdp")
    other = economic(cities.iloc[::-1] * 1000, "gdp")
    assert list(other.unique_ids) == list("dcba")
    np.testing.assert_allclose(dense(other)[::-1, ::-1], dense(first), rtol=1e-14)


def test_inside_other_links():
    cities = sh.datasets.load_cities()
    near = sh.weights.contiguity(cities.iloc[::-1])
    graph = economic(cities, "gdp_per_capita", within=near, standardise=None)
    ids, links = as_links(sh.weights.contiguity(cities))
    assert list(graph.unique_ids) == list(ids)
    z = cities["gdp_per_capita"].to_numpy(float)
    with np.errstate(divide="ignore"):
        expected = np.where(links.toarray() > 0, 1 / np.abs(np.subtract.outer(z, z)), 0)
    np.testing.assert_allclose(dense(graph), expected, rtol=1e-14)
    both = economic(cities, "gdp_per_capita", cutoff=5_000, within=near, standardise=None)
    np.testing.assert_allclose(
        dense(both), np.where(np.abs(np.subtract.outer(z, z)) <= 5_000, expected, 0), rtol=1e-14
    )


def test_equal_values(cities):
    same = cities.assign(gdp=[10.0, 20.0, 10.0, 10.0])
    with refusal(errors.CoincidentPointsError, "same 'gdp'", "('a', 'c')", "least="):
        economic(same, "gdp")
    assert economic(same, "gdp", least=2.0, standardise=None)["a"].to_dict() == {"b": 0.1, "c": 0.5, "d": 0.5}
    # two equal units that are not linked are no trouble
    line = pd.DataFrame({"focal": list("abbccd"), "neighbor": list("bacbdc")})
    with refusal(errors.CoincidentPointsError, "('c', 'd')"):
        economic(same, "gdp", within=line)
    assert economic(same.assign(gdp=[1, 2, 1, 2]), "gdp", within=line)["b"].to_dict() == {"a": 0.5, "c": 0.5}


def test_fits_a_model():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    graph = economic(cities, "gdp_per_capita", least=10)
    model = sh.SpatialDurbin(weights=graph, effects="two-way").fit_formula(
        "log(inflow) ~ log(tertiary)", panel
    )
    assert np.isfinite(model.params_).all()


def test_too_many_pairs(cities, monkeypatch):
    import importlib

    monkeypatch.setattr(importlib.import_module("spatialhealth.weights.economic"), "MOST_PAIRS", 10)
    with refusal(errors.SizeError, "12 pairs", "smaller cutoff"):
        economic(cities, "gdp")
    assert economic(cities, "gdp", cutoff=12).n == 4


@pytest.mark.parametrize("value", [0, -1, np.nan, "5", True])
def test_options(cities, value):
    for name in ("cutoff", "least"):
        with refusal(errors.OptionError, "economic", f"{name}="):
            economic(cities, "gdp", **{name: value})
    with refusal(errors.OptionError, "standardise="):
        economic(cities, "gdp", standardise="rows")


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([1.0, np.nan, 2.0, 3.0], errors.MissingDataError, "missing for 'b'"),
        ([1.0, np.inf, 2.0, 3.0], errors.NonFiniteError, "infinite for 'b'"),
        (["1", "2", "3", "4"], errors.NonNumericError, "must hold numbers"),
    ],
)
def test_values_that_are_none(cities, values, kind, said):
    with refusal(kind, "'gdp'", said):
        economic(cities.assign(gdp=values), "gdp")


def test_tables_that_are_none(cities):
    with refusal(errors.DataError, "no column 'gdb'", "Did you mean 'gdp'?"):
        economic(cities, "gdb")
    with refusal(errors.DuplicateError, "'a'"):
        economic(cities.set_axis(list("aacd")), "gdp")
    with refusal(errors.LabelError, "ndarray"):
        economic(cities.to_numpy(), "gdp")
    with refusal(errors.LabelError, "2 levels"):
        economic(cities.set_axis(pd.MultiIndex.from_product([list("abcd"), [2011]])), "gdp")
    with refusal(errors.AlignmentError, "'d'"):
        economic(cities, "gdp", within=pd.DataFrame({"focal": list("abc"), "neighbor": list("bca")}))
