"""The ladder of tests as a diagram."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

import spatialhealth as sh
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.errors import LabelError
from tests.refusal import refusal


@pytest.fixture(scope="module")
def steps():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    W = sh.weights.contiguity(cities)
    return sh.diagnostics.ladder("log(inflow) ~ log(tertiary) + log(primary)", panel, W, effects="two-way")


def said(ax):
    return [text.get_text() for text in ax.texts]


def test_every_test_stands_with_its_decision(steps):
    texts = said(sh.maps.ladder(steps))
    for rung in steps.rungs:
        assert any(" ".join(text.split("\n")) == rung.question for text in texts)
    rejected = [test for test in steps.statistics if test.applies and test.reject(steps.level)]
    assert texts.count("rejected") == len(rejected)
    assert texts.count("not rejected") == len(steps.statistics) - len(rejected)
    assert " ".join(texts[-1].split("\n")) == f"Suggested: {steps.choice}, {steps.why}"


def test_boxes_and_texts_stay_within_and_apart(steps):
    ax = sh.maps.ladder(steps)
    renderer = ax.figure.canvas.get_renderer()
    boxes = [patch.get_window_extent(renderer) for patch in ax.patches]
    assert len(boxes) == len(steps.rungs) + 1
    for upper, lower in pairwise(boxes):
        assert upper.y0 > lower.y1
    texts = [text.get_window_extent(renderer) for text in ax.texts if text.get_text()]
    assert not [1 for i, a in enumerate(texts) for b in texts[:i] if a.overlaps(b)]
    assert all(box.x1 < ax.figure.bbox.x1 and box.x0 > 0 for box in texts)


def test_a_test_that_does_not_apply_says_so(steps):
    rung = replace(
        steps.rungs[0], statistics=(Statistic.not_applicable("Some test", "nothing", "no reason"),)
    )
    texts = said(sh.maps.ladder(replace(steps, rungs=(rung, *steps.rungs[1:]))))
    assert "Some test" in texts and texts.count("does not apply") == 1


def test_the_same_bytes_and_refusals(steps):
    assert sh.maps.png(sh.maps.ladder(steps), 40) == sh.maps.png(sh.maps.ladder(steps), 40)
    with refusal(LabelError, "diagnostics.ladder", "DataFrame"):
        sh.maps.ladder(steps.table)
