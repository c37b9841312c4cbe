"""Functions that make columns of hospitals: what they must give, and what is said if they do not."""

from __future__ import annotations

import pandas as pd
import pytest

from spatialhealth.errors import AlignmentError, DuplicateError, LabelError, OptionError, ScenarioError
from spatialhealth.scenario import Stock
from spatialhealth.scenario.derive import check_derive, derived
from tests.refusal import refusal

HOSPITALS = pd.DataFrame(
    {"city": ["x", "y"], "tier": ["high", "high"], "beds": [100.0, 50.0]}, index=["a", "b"]
)
TABLE = pd.DataFrame({"beds": [50.0, 100.0]}, index=["y", "x"])


def made(function):
    changed = HOSPITALS.assign(beds=[110.0, 50.0])
    return derived({"beds": function}, HOSPITALS, changed, TABLE, TABLE.assign(beds=[55.0, 100.0]))


def test_what_the_hospitals_add_is_added_to_the_other_changes():
    assert made(Stock("high"))["beds"].to_dict() == {"y": 55.0, "x": 110.0}


@pytest.mark.parametrize("derive", [Stock("high"), {"beds": "high"}, ["beds"]])
def test_no_mapping_to_functions(derive):
    with refusal(OptionError, "derive", "map columns", "Stock"):
        check_derive(derive)


@pytest.mark.parametrize("wrong", [[100.0, 50.0], HOSPITALS[["beds"]], 3.0])
def test_no_series(wrong):
    with refusal(LabelError, "derive['beds']", type(wrong).__name__, "pandas.Series"):
        made(lambda hospitals, units: wrong)


def test_units_twice_or_lacking():
    with refusal(DuplicateError, "'beds'", "'x'", "one value each"):
        made(lambda hospitals, units: pd.Series([100.0, 50.0, 1.0], index=["x", "y", "x"]))
    with refusal(AlignmentError, "'beds'", "'y'", "a value for each"):
        made(lambda hospitals, units: pd.Series([100.0], index=["x"]))


def test_another_column_or_other_values():
    with refusal(ScenarioError, "'rooms'", "'beds'"):
        derived({"rooms": Stock("high")}, HOSPITALS, HOSPITALS, TABLE, TABLE)
    with refusal(AlignmentError, "'beds'", "'y', 'x'", "51 and 50"):
        made(lambda hospitals, units: Stock("high")(hospitals, units) + 1)
