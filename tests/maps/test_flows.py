"""Flows as curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, DuplicateError, FlowError, OptionError
from spatialhealth.maps.layer import Layer
from tests.maps.squares import by_gid, legend_of, squares
from tests.refusal import refusal


@pytest.fixture
def od():
    rows = [
        ("a", "b", 10.0),
        ("b", "a", 5.0),
        ("c", "f", 2.0),
        ("a", "a", 99.0),
        ("d", "e", 0.0),
        ("e", "f", 3.0),
    ]
    return pd.DataFrame(rows, columns=["origin", "destination", "trips"])


def test_curves_lead_from_origin_to_destination_as_wide_as_the_flow(od):
    ax = sh.maps.flows(squares(), od)
    curves, centres = by_gid(ax, "flows"), Layer.of(squares()).centres
    paths = [path.vertices for path in curves.get_paths()]
    ends = [(3, 0)] * 0 + [(2, 5), (4, 5), (1, 0), (0, 1)]  # the largest last
    for path, (i, j) in zip(paths, ends, strict=True):
        np.testing.assert_allclose(path[[0, -1]], centres[[i, j]])
    np.testing.assert_allclose(curves.get_linewidths(), 5 * np.array([2, 3, 5, 10]) / 10)
    assert paths[3][12, 1] > centres[0, 1] and paths[2][12, 1] < centres[0, 1]  # each to its left


def test_the_threshold_is_stated(od):
    ax = sh.maps.flows(squares(), od, threshold=4, label="Journeys")
    title, rows = legend_of(ax)
    assert title == "Journeys\n4 and more:\n2 of 4 pairs,\n75% of all between places"
    assert rows == ["10", "5", "4"]
    assert len(by_gid(ax, "flows").get_paths()) == 2
    assert len(by_gid(ax, "places").get_offsets()) == 2


def test_at_most_so_many_and_ties_together(od):
    od = pd.concat([od, pd.DataFrame({"origin": ["f"], "destination": ["a"], "trips": [3.0]})])
    for top, drawn in [(1, 1), (2, 2), (3, 2), (4, 4), (5, 5), (50, 5)]:
        assert len(by_gid(sh.maps.flows(squares(), od, top=top), "flows").get_paths()) == drawn


def test_rows_in_any_order_and_the_same_bytes(od):
    first = sh.maps.png(sh.maps.flows(squares(), od, names=True), 50)
    assert first == sh.maps.png(sh.maps.flows(squares(), od.iloc[::-1], names=True), 50)
    turned = by_gid(sh.maps.flows(squares().iloc[::-1], od), "flows")
    straight = by_gid(sh.maps.flows(squares(), od), "flows")
    for a, b in zip(turned.get_paths(), straight.get_paths(), strict=True):
        np.testing.assert_allclose(a.vertices, b.vertices)


def test_only_places_with_flows_are_named(od):
    ax = sh.maps.flows(squares(), od, threshold=4, names=True)
    assert {text.get_text() for text in ax.texts} == {"a", "b"}


def test_refusals(od):
    with refusal(FlowError, "threshold of 11", "the largest is 10"):
        sh.maps.flows(squares(), od, threshold=11)
    with refusal(FlowError, "no flow"):
        sh.maps.flows(squares(), od[od["origin"] == od["destination"]])
    with refusal(OptionError, "Give one of them"):
        sh.maps.flows(squares(), od, threshold=3, top=10)
    with refusal(OptionError, "top=0"):
        sh.maps.flows(squares(), od, top=0)
    with refusal(OptionError, "threshold"):
        sh.maps.flows(squares(), od, threshold=-1.0)
    with refusal(AlignmentError, "'f'"):
        sh.maps.flows(squares().drop("f"), od)
    with refusal(OptionError, "no column 'value'"):
        sh.maps.flows(squares(), od, value="value")
    with refusal(DuplicateError, "('a', 'b')"):
        sh.maps.flows(squares(), pd.concat([od, od.iloc[:1]]))


def test_names_cover_no_place():
    cities = sh.datasets.load_cities()
    ax = sh.maps.flows(cities, sh.datasets.load_flows(), top=60, names=True)
    renderer = ax.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.texts]
    dots = ax.transData.transform(by_gid(ax, "places").get_offsets())
    assert len(boxes) > 10
    assert not [1 for box in boxes for x, y in dots if box.contains(x, y)]
