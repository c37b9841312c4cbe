"""Outlines for the page: thinned, on a grid, and neighbours still touch."""

from __future__ import annotations

import re
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth.maps.interactive.outlines import outlines
from spatialhealth.maps.layer import Layer

NUMBER = re.compile(r"-?\d+")


def drawn(path):
    """Read an outline back, by the even-odd rule that the page fills it with."""
    area = shapely.Polygon()
    for part in path.removesuffix("z").split("z"):
        start, steps = part.removeprefix("M").split("l")
        first = np.array(NUMBER.findall(start), dtype=int)
        moves = np.array(NUMBER.findall(steps), dtype=int).reshape(-1, 2)
        ring = np.vstack([first, first + np.cumsum(moves, axis=0)])
        area = area.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
    return area


def corners(outline):
    return sum(len(NUMBER.findall(path)) // 2 for path in outline.paths)


def layer_of(shapes, labels=None):
    return Layer.of(gpd.GeoDataFrame(geometry=list(shapes), index=labels))


def wavy(rows, columns, seed):
    """Cells of a lattice whose borders are lines of many corners, the same on both sides."""
    rng = np.random.default_rng(seed)
    lines = {}

    def border(a, b):
        if (b, a) in lines:
            return lines[b, a][::-1]
        if (a, b) not in lines:
            along = np.linspace(0, 1, 21)[:, None]
            points = np.array(a) + along * (np.array(b) - np.array(a))
            points[1:-1] += rng.normal(scale=0.02, size=(19, 2))
            lines[a, b] = points
        return lines[a, b]

    cells = []
    for i in range(rows):
        for j in range(columns):
            around = [(j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1), (j, i)]
            ring = [border(a, b)[:-1] for a, b in pairwise(around)]
            cells.append(shapely.Polygon(np.vstack(ring)))
    return cells


@settings(max_examples=20, deadline=None)
@given(
    rows=st.integers(1, 4), columns=st.integers(2, 4), seed=st.integers(0, 10**6), share=st.floats(0.1, 1.0)
)
def test_neighbours_share_every_border_however_far_it_is_thinned(rows, columns, seed, share):
    layer = layer_of(wavy(rows, columns, seed))
    whole = sum(len(path.vertices) for path in layer.paths)
    found = outlines(layer, most=int(share * whole))
    edges = {}
    for path in found.paths:
        for part in path.removesuffix("z").split("z"):
            numbers = np.array(NUMBER.findall(part), dtype=int).reshape(-1, 2)
            ring = [tuple(point) for point in np.cumsum(numbers, axis=0).tolist()]
            for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
                edges[frozenset((a, b))] = edges.get(frozenset((a, b)), 0) + 1
    # an edge is drawn by two units, or lies on the outside; the outside is one closed line
    assert set(edges.values()) <= {1, 2}
    outside = [edge for edge, times in edges.items() if times == 1]
    ends = [point for edge in outside for point in edge]
    assert all(ends.count(point) % 2 == 0 for point in set(ends))


def test_thinning_keeps_to_its_word():
    layer = layer_of(wavy(4, 4, 1))
    whole = outlines(layer)
    few = outlines(layer, most=200)
    assert corners(few) <= 200 < corners(whole) and few.off > whole.off
    for path, other in zip(whole.paths, few.paths, strict=True):
        a, b = drawn(path), drawn(other)
        assert shapely.hausdorff_distance(a.boundary, b.boundary) <= few.off + whole.off


def test_real_cities_lie_side_by_side_without_gap_or_overlap():
    cities = sh.datasets.load_cities()
    found = outlines(Layer.of(cities))
    areas = [drawn(path) for path in found.paths]
    together = shapely.union_all(areas)
    assert sum(area.area for area in areas) == pytest.approx(together.area, rel=1e-3)
    assert (
        sum(len(shapely.get_parts(part.interiors)) for part in shapely.get_parts(together) if part.interiors)
        < 3
    )
    exact = cities.to_crs("+proj=aea +lat_1=25 +lat_2=47 +lat_0=36 +lon_0=105").area
    share = np.array([area.area for area in areas]) / together.area
    assert np.allclose(share, exact / exact.sum(), atol=2e-4)


def test_what_lies_within_another_is_cut_out_of_it_and_islands_too_small_are_left_out():
    hole = shapely.Point(5, 5).buffer(1)
    round_it = shapely.box(0, 0, 10, 10).difference(hole)
    speck = shapely.box(10.5, 5, 10.5005, 5.0005)
    with_island = shapely.MultiPolygon([round_it, shapely.box(11, 0, 12, 1), speck])
    found = outlines(layer_of([with_island, hole]))
    assert [path.count("M") for path in found.paths] == [3, 1]
    assert drawn(found.paths[0]).intersection(drawn(found.paths[1])).area == 0


def test_a_unit_smaller_than_the_grid_is_still_drawn():
    found = outlines(layer_of([shapely.box(0, 0, 1e6, 1e6), shapely.box(2e6, 0, 2e6 + 1, 1)]))
    assert drawn(found.paths[1]).area == 16


def test_units_that_are_points_are_points_and_nothing_is_nothing():
    found = outlines(layer_of([shapely.Point(0, 0), shapely.Point(3, 1), shapely.Point()]))
    assert found.off == 0 and found.radius > 0
    assert all(re.fullmatch(r"\d+ \d+", path) for path in found.paths[:2]) and found.paths[2] == ""
    found = outlines(layer_of([shapely.box(0, 0, 1, 1), None, shapely.box(1, 0, 2, 1)]))
    assert found.radius == 0 and found.paths[1] == "" and drawn(found.paths[0]).area > 0


def test_a_hole_and_an_island_by_itself_stay():
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    hole, island = outlines(layer_of([ring, shapely.box(50, 50, 50.0001, 50.0001)])).paths
    assert hole.count("M") == 2 and island.count("M") == 1 and drawn(island).area > 0


def test_the_drawing_is_upright():
    """North is up: the unit with the greater y has the smaller one on the screen."""
    south, north = (
        drawn(path) for path in outlines(layer_of([shapely.box(0, 0, 1, 1), shapely.box(0, 2, 1, 3)])).paths
    )
    assert south.centroid.y > north.centroid.y
