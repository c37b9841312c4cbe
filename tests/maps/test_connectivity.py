"""Links of weights on the map."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, SizeError
from spatialhealth.maps.layer import Layer
from tests.maps.squares import by_gid, legend_of, squares
from tests.refusal import refusal

IDS = list("fedcba")  # in another order than the frame


def weights():
    """a and b linked both ways, c to d one way, e and f with nothing."""
    W = np.zeros((6, 6))
    for i, j in ("ab", "ba", "cd"):
        W[IDS.index(i), IDS.index(j)] = 1.0
    return IDS, W


def segments(ax, gid):
    return [path.vertices.tolist() for path in by_gid(ax, gid).get_paths()]


def test_lines_lead_from_centre_to_centre():
    frame = squares()
    ax = sh.maps.connectivity(frame, weights())
    centres = Layer.of(frame).centres.tolist()
    assert segments(ax, "both ways") == [[centres[0], centres[1]]]
    assert segments(ax, "one way") == [sorted([centres[2], centres[3]])]
    np.testing.assert_allclose(by_gid(ax, "isolates").get_offsets(), [centres[4], centres[5]])
    title, rows = legend_of(ax)
    assert title == "n = 6 units\n3 links\nneighbours a unit:\n0 to 1, mean 0.5"
    assert rows == ["both ways  (1)", "one way  (1)", "no neighbours  (2)"]


def test_counts_are_those_of_the_graph():
    cities = sh.datasets.load_cities()
    W = sh.weights.contiguity(cities)
    ax = sh.maps.connectivity(cities, W)
    assert len(segments(ax, "both ways")) == W.n_edges // 2 and segments(ax, "one way") == []
    assert f"{W.n_edges:,} links" in legend_of(ax)[0]
    turned = sh.maps.connectivity(cities.iloc[::-1], W)
    assert segments(ax, "both ways") == segments(turned, "both ways")
    assert sh.maps.png(ax, 40) == sh.maps.png(sh.maps.connectivity(cities, W), 40)


def test_a_unit_without_geometry_has_no_lines():
    frame = squares()
    frame.loc["a", "geometry"] = None
    assert segments(sh.maps.connectivity(frame, weights()), "both ways") == []


def test_refusals():
    with refusal(AlignmentError, "have weights and no geometry: 'a'"):
        sh.maps.connectivity(squares().drop("a"), weights())
    with refusal(AlignmentError, "no weights: 'f'"):
        sh.maps.connectivity(squares(), (list("edcba"), np.eye(5, k=1)))
    n = 750
    frame = squares().iloc[np.zeros(n, dtype=int)].set_axis(range(n))
    with refusal(SizeError, "561,750 links", "500,000"):
        sh.maps.connectivity(frame, (range(n), 1 - np.eye(n)))


@pytest.mark.parametrize("option", ["scale_bar", "north"])
def test_a_bar_and_north(option):
    assert sh.maps.connectivity(squares(size=1e5), weights(), **{option: True}).texts
