"""Changes of a column, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from spatialhealth.errors import AlignmentError, DuplicateError, MissingDataError, OptionError, ScenarioError
from spatialhealth.scenario import Change, DigitalRollout
from tests.refusal import refusal


@pytest.fixture
def table():
    return pd.DataFrame(
        {"beds": [10, 20, 30], "digital": [0.1, 0.5, 0.9], "name": ["x", "y", "z"]}, index=["a", "b", "c"]
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change("beds", by=5), [15, 25, 35]),
        (Change("beds", by=-5, where="b"), [10, 15, 30]),
        (Change("beds", to=0, where=["a", "c"]), [0, 20, 0]),
        (Change("beds", times=1.1, where="c"), [10, 20, 33]),
        (Change("beds", by=pd.Series({"c": 1.0, "a": 2.0}), where=["a", "c"]), [12, 20, 31]),
        (Change("beds", to=pd.Series({"c": 1.0, "b": 2.0, "a": 3.0})), [3, 2, 1]),
    ],
)
def test_values_by_hand(table, change, expected):
    before = table.copy()
    assert change.table(table)["beds"].tolist() == pytest.approx(expected)
    pd.testing.assert_frame_equal(table, before)


def test_a_rollout_by_hand(table):
    change = DigitalRollout(where=["a", "c"], coverage=0.6, sensitivity=0.9, specificity=0.7)
    assert change.youden == pytest.approx(0.6)
    assert change.table(table)["digital"].tolist() == pytest.approx([0.1 + 0.5 * 0.6, 0.5, 0.9])


def test_a_perfect_rollout_reaches_its_coverage(table):
    assert DigitalRollout(coverage=0.8).table(table)["digital"].tolist() == pytest.approx([0.8, 0.8, 0.9])


def test_words():
    assert Change("beds", by=5, where="b").words == "beds +5 in b"
    assert Change("beds", by=-5).words == "beds -5 in all units"
    assert Change("beds", times=1.1).words == "beds x 1.1 in all units"
    assert (
        "80% of primary care (sensitivity 0.9, specificity 0.8)"
        in DigitalRollout(coverage=0.8, sensitivity=0.9, specificity=0.8).words
    )


@pytest.mark.parametrize("amounts", [{}, {"by": 1, "to": 2}])
def test_not_one_amount(amounts):
    with refusal(OptionError, "'beds'", "give one of by, to and times"):
        Change("beds", **amounts)


def test_an_amount_that_is_none():
    with refusal(OptionError, "by='many'", "must be a number"):
        Change("beds", by="many")


def test_an_unknown_column(table):
    with refusal(ScenarioError, "'bed'", "Did you mean 'beds'?", "They have"):
        Change("bed", by=1).table(table)
    with refusal(ScenarioError, "'name'", "does not hold numbers"):
        Change("name", by=1).table(table)


def test_an_unknown_city(table):
    with refusal(ScenarioError, "'q'", "do not have"):
        Change("beds", by=1, where="q").table(table)


def test_amounts_that_lack_a_unit(table):
    with refusal(AlignmentError, "'b'", "lack the units"):
        Change("beds", by=pd.Series({"a": 1.0, "c": 1.0})).table(table)


@pytest.mark.parametrize("share", ["coverage", "sensitivity", "specificity"])
@pytest.mark.parametrize("value", [-0.1, 1.2])
def test_a_share_outside_its_bounds(share, value):
    with refusal(OptionError, f"{share}={value}", "between 0 and 1"):
        DigitalRollout(**{share: value})


def test_a_test_no_better_than_chance():
    with refusal(OptionError, "0.4", "0.6", "no better than chance"):
        DigitalRollout(sensitivity=0.4, specificity=0.6)


def test_a_reach_that_is_no_share(table):
    with refusal(ScenarioError, "'c'", "not between 0 and 1"):
        DigitalRollout().table(table.assign(digital=[0.1, 0.5, 90.0]))


def test_amounts_that_are_none(table):
    with refusal(MissingDataError, "'beds'", "amounts", "'b'"):
        Change("beds", by=pd.Series({"b": float("nan")}), where="b").table(table)
    with refusal(DuplicateError, "'beds'", "amounts", "'b'"):
        Change("beds", by=pd.Series([1.0, 2.0], index=["b", "b"]), where="b").table(table)
    with refusal(ScenarioError, "'beds'", "amounts", "pandas.to_numeric"):
        Change("beds", by=pd.Series({"b": "two"}), where="b").table(table)
