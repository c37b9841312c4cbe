"""Contiguity: the links of libpysal, from geometries and from well-known binary."""

from __future__ import annotations

import os

import geopandas as gpd
import numpy as np
import pytest
import scipy
import scipy.sparse as sp
import shapely
from libpysal.graph import Graph

import spatialhealth as sh
from spatialhealth.weights import as_links, contiguity, contiguity_links

OLD_SCIPY = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 12)


@pytest.fixture(scope="module", params=["states", "cities", "counties"])
def layer(request):
    if request.param == "counties":
        if not os.environ.get("SPATIALHEALTH_DATA"):
            pytest.skip("SPATIALHEALTH_DATA does not name a folder with the raw files of the US counties")
        return sh.datasets.fetch_us_counties().counties
    return {"states": sh.datasets.load_states, "cities": sh.datasets.load_cities}[request.param]()


def same(ours, theirs):
    """Largest difference between two graphs, aligned by label."""
    (ids, one), (others, two) = as_links(ours), as_links(theirs)
    place = {label: j for j, label in enumerate(others)}
    order = [place[label] for label in ids]
    return abs(one - two[order][:, order]).max()


@pytest.mark.parametrize("rook", [False, True])
def test_links_equal_libpysal(layer, rook):
    ours = contiguity(layer, rook=rook)
    assert same(ours, Graph.build_contiguity(layer, rook=rook, strict=False).transform("r")) == 0
    assert list(ours.unique_ids) == list(layer.index)


@pytest.mark.skipif(OLD_SCIPY, reason="libpysal's Graph.higher_order needs scipy 1.12")
@pytest.mark.parametrize(("order", "lower"), [(2, False), (3, False), (2, True)])
def test_higher_orders_equal_libpysal(layer, order, lower):
    ours = contiguity(layer, order=order, lower_order=lower, standardise=None)
    theirs = Graph.build_contiguity(layer, rook=False).higher_order(order, lower_order=lower)
    assert same(ours, theirs) == 0


def test_squares_meet_at_corners_as_queens_and_not_as_rooks():
    cells = [shapely.box(x, y, x + 1, y + 1) for y in range(3) for x in range(3)]
    frame = gpd.GeoDataFrame(index=list("abcdefghi"), geometry=cells)
    assert contiguity(frame, standardise=None).cardinalities["e"] == 8
    assert contiguity(frame, rook=True, standardise=None)["e"].index.tolist() == ["b", "d", "f", "h"]


def test_multipolygons_holes_and_third_dimensions():
    ring = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (1, 2), (2, 2), (2, 1)]])
    inner = shapely.box(1, 1, 2, 2)
    both = shapely.MultiPolygon([shapely.box(4, 0, 5, 4), shapely.box(9, 9, 10, 10)])
    shapes = [ring, inner, both]
    expected = [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    assert contiguity_links(shapely.to_wkb(shapes)).toarray().tolist() == expected
    raised = shapely.force_3d(shapes, z=7.0)
    for flavour in ("iso", "extended"):
        assert contiguity_links(shapely.to_wkb(raised, flavor=flavour)).toarray().tolist() == expected
    assert contiguity_links(shapely.to_wkb(shapes, byte_order=0)).toarray().tolist() == expected
    with_srid = shapely.to_wkb(shapely.set_srid(shapes, 4326), include_srid=True)
    assert contiguity_links(with_srid).toarray().tolist() == expected


def test_negative_zero_is_zero():
    left, right = shapely.Polygon([(-1, 0), (-0.0, 0), (-0.0, 1), (-1, 1)]), shapely.box(0, 0, 1, 1)
    assert contiguity_links(shapely.to_wkb([left, right])).nnz == 2


def test_rings_that_follow_each_other_share_no_edge_by_accident():
    # the last vertex of one ring and the first of the next are no edge
    one, two = shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)
    three = shapely.MultiPolygon([shapely.box(0, 5, 1, 6), shapely.box(5, 0, 6, 1)])
    assert contiguity_links(shapely.to_wkb([one, two, three]), rook=True).nnz == 0


def test_a_unit_that_touches_none_is_an_isolate():
    frame = gpd.GeoDataFrame(
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(8, 8, 9, 9)]
    )
    assert contiguity(frame).isolates.tolist() == [2]


def test_rows_sum_to_one_and_links_are_symmetric():
    matrix = contiguity_links(shapely.to_wkb(sh.datasets.load_states().geometry.to_numpy()))
    assert (matrix != matrix.T).nnz == 0
    assert set(matrix.data) == {1.0}
    weights = as_links(contiguity(sh.datasets.load_states()))[1]
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert isinstance(weights, sp.csr_matrix)
