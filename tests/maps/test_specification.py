"""The specification curve: order, marks and choices."""

from __future__ import annotations

import pandas as pd
import pytest

from spatialhealth.errors import AlignmentError, DataError
from spatialhealth.maps import specification_curve
from tests.refusal import refusal


@pytest.fixture
def tables():
    names = ["main", "b", "c"]
    estimates = pd.DataFrame(
        {"estimate": [0.5, 0.2, 0.9], "ci_low": [0.4, -0.1, 0.1], "ci_high": [0.6, 0.5, 1.7]}, index=names
    )
    choices = pd.DataFrame({"Weights": ["touch", "near", "touch"], "Model": ["SDM"] * 3}, index=names)
    return estimates, choices


def test_from_the_least_to_the_greatest(tables):
    upper, lower = specification_curve(*tables, main="main", label="Total")
    points = [line.get_ydata()[0] for line in upper.lines if len(line.get_xdata()) == 1]
    assert points == [0.2, 0.5, 0.9]
    spans = [tuple(line.get_ydata()) for line in upper.lines[1:] if len(line.get_xdata()) == 2]
    assert spans == [(-0.1, 0.5), (0.4, 0.6), (0.1, 1.7)]
    # a choice that is the same everywhere is no row
    assert [tick.get_text() for tick in lower.get_yticklabels()] == ["near", "touch"]
    taken = [(line.get_xdata()[0], line.get_ydata()[0]) for line in lower.lines if line.get_marker() == "s"]
    assert sorted(taken) == [(0, 1.0), (1, 2.0), (2, 2.0)]
    marks = [line.get_marker() for line in upper.lines if len(line.get_xdata()) == 1]
    assert marks == ["o", "D", "o"]


def test_refusals(tables):
    estimates, choices = tables
    with refusal(DataError, "'ci_low'"):
        specification_curve(estimates.drop(columns="ci_low"), choices)
    with refusal(DataError, "no specification"):
        specification_curve(estimates.iloc[:0], choices.iloc[:0])
    with refusal(AlignmentError, "'c'"):
        specification_curve(estimates, choices.drop(index="c"))
    with refusal(AlignmentError, "'q'"):
        specification_curve(estimates, choices, main="q")


def test_an_interval_that_would_leave_no_room_ends_in_arrows(tables):
    estimates, choices = tables
    estimates.loc["d"] = [20.0, -270.0, 310.0]
    choices.loc["d"] = ["flows", "SDM"]
    upper, _ = specification_curve(estimates, choices, main="main", note="Simulated data.")
    # the axis is that of the others, -0.1 to 1.7 and 8 % on both sides
    assert upper.get_ylim() == pytest.approx((-0.1 - 0.144, 1.7 + 0.144))
    arrows = [(line.get_xdata()[0], line.get_marker()) for line in upper.lines if line.get_marker() in "v^"]
    assert arrows == [(3, "v"), (3, "^")]
    assert "20 [−270, 310]" in [text.get_text() for text in upper.texts]
    notes = [text.get_text() for text in upper.figure.texts]
    assert "Simulated data. 1 interval goes beyond the axis (arrows)." in notes


def test_the_main_estimate_is_always_within(tables):
    estimates, choices = tables
    estimates.loc["main"] = [20.0, -270.0, 310.0]
    upper, _ = specification_curve(estimates, choices, main="main")
    low, high = upper.get_ylim()
    assert low < -270 and high > 310
    assert not [line for line in upper.lines if line.get_marker() in "v^"]
