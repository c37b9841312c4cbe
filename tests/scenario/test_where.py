"""Choices of units are read once, and unknown ones are named."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from spatialhealth.errors import AlignmentError, ScenarioError
from spatialhealth.scenario import Change
from spatialhealth.scenario.where import chosen, places, units_named
from tests.refusal import refusal


def test_what_may_name_units():
    flag = pd.Series([True, False, True], index=["a", "b", "c"])
    assert units_named("Change", flag) == ("a", "c")
    assert units_named("Change", 7) == (7,)
    assert units_named("Change", pd.Index(["a", "b"])) == ("a", "b")
    assert units_named("Change", None) is None


@pytest.mark.parametrize("nothing", [[], pd.Series([False], index=["a"])])
def test_no_unit(nothing):
    with refusal(ScenarioError, "Change", "names no unit"):
        units_named("Change", nothing)


def test_a_unit_twice():
    with refusal(ScenarioError, "'a'", "more than once"):
        units_named("Change", ["a", "b", "a"])


def test_flags_without_labels():
    with refusal(ScenarioError, "without labels", "Series by unit"):
        units_named("Change", np.array([True, False]))


def test_unknown_units():
    units = pd.Index(["Guangzhou", "Shenzhen"])
    assert chosen("Change", None, units) == ["Guangzhou", "Shenzhen"]
    with refusal(ScenarioError, "'Guangzou'", "Did you mean 'Guangzhou'?"):
        chosen("Change", ("Guangzou",), units)


def test_places_in_words():
    assert places(("a", "b", "c", "d", "e")) == "a, b, c and 2 more"


def test_zeros_and_ones_are_no_flags():
    with refusal(ScenarioError, "Change", "int64", "where == 1"):
        units_named("Change", pd.Series([0, 1, 1], index=["a", "b", "c"]))


def test_flags_must_be_of_all_units_and_of_no_others():
    units = pd.Index(["a", "b", "c"])
    whole = units_named("Change", pd.Series([False, True, True], index=["c", "b", "a"]))
    assert chosen("Change", whole, units) == ["b", "a"]
    part = units_named("Change", pd.Series([True, False], index=["a", "c"]))
    with refusal(AlignmentError, "Change", "lacks 'b'", "True or False of each"):
        chosen("Change", part, units)
    more = units_named("Change", pd.Series([True, True, False, False], index=["a", "b", "c", "z"]))
    with refusal(AlignmentError, "has 'z' beside them"):
        chosen("Change", more, units)
    copied = pickle.loads(pickle.dumps(replace(Change("x", by=1, where=part.asked), where=part)))
    with refusal(AlignmentError, "lacks 'b'"):
        copied.table(pd.DataFrame({"x": 1.0}, index=units))
