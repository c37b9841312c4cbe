"""Builders and readers for many units: the links of libpysal and of brute force, in steps that do not grow."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.weights import as_links, band_links, contiguity_links, knn_links, to_graph
from spatialhealth.weights.ids import id_array, places
from spatialhealth.weights.metric import GeodesicMetric, PlanarMetric
from tests.refusal import refusal

W = sh.weights
METRES = "EPSG:32650"
some_examples = settings(max_examples=25, deadline=None, derandomize=True)


def scattered(n, seed=0, spacing=1_000.0):
    """Points in the plane, so many metres apart in the mean."""
    corner = np.array([400_000.0, 3_000_000.0])
    return corner + np.random.default_rng(seed).uniform(0, spacing * n**0.5, (n, 2))


def as_layer(geometries, ids=None):
    return gpd.GeoDataFrame(index=ids, geometry=geometries, crs=METRES)


def cells(n, seed=0):
    """Irregular polygons that cover a square."""
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(scattered(n, seed))))
    return found[np.random.default_rng(seed).permutation(len(found))]


def globe(n, seed=0):
    """Longitude and latitude of points all over the globe."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))])


def apart(metric):
    """All distances, shape (n, n), infinite from a point to itself."""
    n = len(metric.points)
    i, j = np.divmod(np.arange(n * n), n)
    return metric.measure(i, j).reshape(n, n) + np.diag(np.full(n, np.inf))


def brute_knn(distance, k):
    expected = np.zeros_like(distance)
    expected[np.arange(len(distance))[:, None], np.argsort(distance, axis=1, kind="stable")[:, :k]] = 1
    return expected


def difference(ours, theirs):
    """Largest difference between two graphs, aligned by label."""
    (ids, one), (others, two) = as_links(ours), as_links(theirs)
    order = places(others, ids)
    return abs(one - two[order][:, order]).max()


# --- the links of libpysal --------------------------------------------------------------------------------


@pytest.mark.parametrize("rook", [False, True])
def test_irregular_polygons_have_the_links_of_libpysal(rook):
    layer = as_layer(cells(600))
    theirs = Graph.build_contiguity(layer, rook=rook, strict=False)
    assert difference(W.contiguity(layer, rook=rook, standardise=None), theirs) == 0


def test_dissolved_polygons_with_holes_and_islands_have_the_links_of_libpysal():
    group = np.random.default_rng(1).integers(0, 250, 500)
    layer = as_layer(cells(500)).dissolve(group)
    assert set(layer.geom_type) == {"Polygon", "MultiPolygon"}
    for rook in (False, True):
        theirs = Graph.build_contiguity(layer, rook=rook, strict=False)
        assert difference(W.contiguity(layer, rook=rook, standardise=None), theirs) == 0


@pytest.mark.parametrize("k", [1, 8, 30])
def test_scattered_points_have_the_neighbours_of_libpysal(k):
    layer = as_layer(shapely.points(scattered(500)))
    assert difference(W.knn(layer, k=k, standardise=None), Graph.build_knn(layer, k=k)) == 0


def test_scattered_points_have_the_bands_of_libpysal():
    layer = as_layer(shapely.points(scattered(500)))
    theirs = Graph.build_distance_band(layer, 1_700.0)
    assert difference(W.distance_band(layer, 1_700.0, standardise=None), theirs) == 0
    with np.errstate(divide="ignore"):
        theirs = Graph.build_distance_band(layer, 1_700.0, binary=False, alpha=-1)
    assert difference(W.inverse_distance(layer, cutoff=1_700.0, standardise=None), theirs) < 1e-15


# --- arrays against brute force ---------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 3, 4, 6, 8, 149])
def test_ties_of_a_lattice_go_to_the_earlier_row(k):
    y, x = np.divmod(np.random.default_rng(2).permutation(150), 15)
    points = np.column_stack([x, y]).astype(float)
    found = knn_links(points, k)
    np.testing.assert_array_equal(found.toarray(), brute_knn(apart(PlanarMetric(points)), k))
    assert found.has_canonical_format and found.indices.dtype == np.int32


@pytest.mark.parametrize("k", [1, 5, 20])
def test_neighbours_on_the_globe(k):
    points = np.vstack([globe(150), globe(150, seed=3) * 1e-3, [[180, 0], [-180, 0], [0, 90], [50, 90]]])
    found = knn_links(points, k, geographic=True).toarray()
    np.testing.assert_array_equal(found, brute_knn(apart(GeodesicMetric(points)), k))


@pytest.mark.parametrize("threshold", [1.0, 2**0.5, 2.0])
def test_bands_of_a_lattice_hold_their_edge(threshold):
    y, x = np.divmod(np.arange(150), 15)
    points = np.column_stack([x, y]).astype(float)
    expected = apart(PlanarMetric(points)) <= threshold
    np.testing.assert_array_equal(band_links(points, threshold).toarray(), expected)


@pytest.mark.parametrize("threshold", [50.0, 300_000.0, 19_950_000.0, 30_000_000.0])
def test_bands_on_the_globe(threshold):
    near = [[10, 50], [10.0005, 50], [10, 50.0005]]
    opposite = [[100, 20], [-80, -20], [-79.9, -20.1]]
    points = np.vstack([globe(200), near, opposite])
    expected = apart(GeodesicMetric(points)) <= threshold
    found = band_links(points, threshold, geographic=True)
    np.testing.assert_array_equal(found.toarray(), expected)


def test_a_band_includes_a_pair_at_its_very_threshold():
    points = globe(40)
    distance = apart(GeodesicMetric(points))
    for i, j in [(0, 1), (5, 9), (20, 30)]:
        assert band_links(points, distance[i, j], geographic=True)[i, j] == 1
        assert band_links(points, np.nextafter(distance[i, j], 0), geographic=True)[i, j] == 0


@pytest.mark.parametrize("axes", [(6378137.0, 6356752.3), (6371000.0, 6371000.0), (6356752.0, 6378137.0)])
@pytest.mark.parametrize("scale", [1e-9, 1e-5, 1e-2, 1.0])
def test_bounds_hold_true_distances(axes, scale):
    # pairs from a millimetre to the other end of the globe
    points = globe(3_000)
    points = np.vstack([points, points + scale * np.random.default_rng(5).uniform(-9, 9, points.shape)])
    points[:, 1] = np.clip(points[:, 1], -90, 90)
    metric = GeodesicMetric(points, *axes)
    i, j = np.arange(3_000), np.arange(3_000, 6_000)
    for other in (j, np.roll(j, 1)):
        place = metric.embedded()
        least, greatest = metric.bounds(np.sqrt(np.square(place[i] - place[other]).sum(axis=1)))
        true = metric.measure(i, other)
        assert (least <= true).all() and (true <= greatest).all()
        near = true < 10_000
        assert (greatest - least)[near].max(initial=0) < 0.002


def test_coordinates_that_are_none():
    for build in (
        lambda xy, **more: knn_links(xy, 1, **more),
        lambda xy, **more: band_links(xy, 1.0, **more),
    ):
        with refusal(errors.ShapeError, "must have shape (n, 2)", "(3, 3)"):
            build(np.eye(3))
        with refusal(errors.ShapeError, "2 dimensions"):
            build([1.0, 2.0])
        with refusal(errors.NonFiniteError, "(1, 0)"):
            build([[0, 0], [np.nan, 1]])
        with refusal(errors.NonNumericError, "must hold numbers"):
            build([["a", "b"]])
        with refusal(errors.CoordinateSystemError, "points at 1 lie outside", "geographic=True"):
            build([[0, 0], [0, 91]], geographic=True)
    with refusal(errors.OptionError, "knn_links: k=2 must be below the number of points, 2"):
        knn_links([[0, 0], [1, 1]], 2)
    with refusal(errors.OptionError, "knn_links: k=0 must be a positive whole number"):
        knn_links([[0, 0], [1, 1]], 0)
    with refusal(errors.OptionError, "band_links: threshold=-1 must be a positive number"):
        band_links([[0, 0], [1, 1]], -1)


# --- polygons ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rook", [False, True])
def test_vertices_that_mix_to_one_number_are_told_apart(monkeypatch, rook):
    pieces = shapely.to_wkb(cells(80))
    expected = contiguity_links(pieces, rook=rook)
    monkeypatch.setattr(sys.modules["spatialhealth.weights.contiguity"], "_ODD", np.zeros(2, dtype=np.uint64))
    assert (contiguity_links(pieces, rook=rook) != expected).nnz == 0


def test_more_common_vertices_than_a_byte_counts():
    steps = np.arange(257.0)
    edge = np.column_stack([np.zeros(257), steps])
    shapes = [shapely.Polygon([*edge, (side, 256), (side, 0)]) for side in (-9, 9)]
    assert contiguity_links(shapely.to_wkb(shapes)).toarray().tolist() == [[0, 1], [1, 0]]


def test_binary_of_any_kind_side_by_side():
    shapes = cells(60)
    parts = shapely.multipolygons([shapes[0], *shapes[40:]])
    shapes = [parts, *shapes[1:40]]
    expected = contiguity_links(shapely.to_wkb(shapes)).toarray()
    mixed = [
        shapely.to_wkb(shapely.force_3d(s, 1.0) if i % 3 else s, byte_order=i % 2, flavor=("iso", "extended")[i % 2])
        for i, s in enumerate(shapes)
    ]  # fmt: skip
    for pieces in (mixed, iter(mixed), np.array(mixed, dtype=object), [bytearray(piece) for piece in mixed]):
        assert (contiguity_links(pieces).toarray() == expected).all()
    with refusal(errors.GeometryError, "position 0", "no polygon (well-known binary type 1)"):
        points = shapely.to_wkb(shapely.multipoints([[0, 0], [1, 1]]))
        contiguity_links([bytes([1, 6]) + points[2:], mixed[1]])


@pytest.mark.parametrize("cut", [1, 4, 5, 8, 9, 12, 13, 40, 92])
def test_binary_cut_anywhere(cut):
    square = shapely.to_wkb(shapely.box(0, 0, 1, 1))
    several = shapely.to_wkb(shapely.multipolygons([shapely.box(0, 0, 1, 1)]))
    for whole in (square, several):
        with refusal(errors.GeometryError, "position 2", "cut short or damaged"):
            contiguity_links([square, several, whole[:cut], square])


# --- order and labels -------------------------------------------------------------------------------------

BUILD = {
    "contiguity": (cells, lambda layer: W.contiguity(layer)),
    "rook": (cells, lambda layer: W.contiguity(layer, rook=True)),
    "knn": (lambda n: shapely.points(scattered(n)), lambda layer: W.knn(layer, k=4)),
    "band": (lambda n: shapely.points(scattered(n)), lambda layer: W.distance_band(layer, 1_500.0)),
    "inverse": (
        lambda n: shapely.points(scattered(n)),
        lambda layer: W.inverse_distance(layer, cutoff=1_500.0),
    ),
    "kernel": (lambda n: shapely.points(scattered(n)), lambda layer: W.kernel(layer, 1_500.0, "quartic")),
}


@pytest.mark.parametrize(("shapes", "build"), BUILD.values(), ids=BUILD)
@some_examples
@given(data=st.data())
def test_links_follow_their_units_whatever_order_and_labels(shapes, build, data):
    shapes = np.asarray(shapes(40))
    order = np.array(data.draw(st.permutations(range(len(shapes)))))
    label = data.draw(
        st.sampled_from([np.arange, lambda n: np.arange(n) * -7, lambda n: [f"u{i}" for i in range(n)]])
    )
    names = np.asarray(label(len(shapes)))[np.array(data.draw(st.permutations(range(len(shapes)))))]
    plain = as_links(build(as_layer(shapes)))[1]
    ids, turned = as_links(build(as_layer(shapes[order], names)))
    assert ids.tolist() == names.tolist()
    np.testing.assert_allclose(turned.toarray(), plain.toarray()[np.ix_(order, order)], rtol=1e-12)


@some_examples
@given(data=st.data())
def test_places(data):
    labels = data.draw(st.sampled_from([list(range(-5, 20)), [f"u{i}" for i in range(25)]]))
    ids = data.draw(st.lists(st.sampled_from(labels), unique=True))
    wanted = data.draw(st.lists(st.sampled_from(labels)))
    expected = [ids.index(label) if label in ids else -1 for label in wanted]
    assert places(id_array(ids), id_array(wanted)).tolist() == expected


# --- ids and matrices -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ids",
    [
        range(4, 8),
        pd.RangeIndex(4, 8),
        np.arange(4, 8, dtype=np.int16),
        np.arange(4, 8, dtype=np.uint64),
        pd.Index([4, 5, 6, 7]),
        pd.array([4, 5, 6, 7], dtype="Int64"),
        [4, np.int32(5), 6, np.uint8(7)],
        np.array([4, 5, 6, 7], dtype=object),
    ],
    ids=repr,
)
def test_whole_numbers_stay_whole_numbers(ids):
    found = id_array(ids)
    assert found.dtype == np.int64 and found.tolist() == [4, 5, 6, 7]
    assert not np.shares_memory(found, ids) if isinstance(ids, np.ndarray) else True


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (np.array(["a", "b"]), ["a", "b"]),
        ([np.str_("a"), "b", 3], ["a", "b", 3]),
        (pd.Index(["a", "b"]), ["a", "b"]),
        (pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
        (np.array([1.5, 2.0]), [1.5, 2.0]),
        ([True, False], [True, False]),
        ([2**63, 1], [2**63, 1]),
        (pd.to_datetime(["2001-01-01", "2002-01-01"]), list(pd.to_datetime(["2001-01-01", "2002-01-01"]))),
        (np.array(["2001", "2002"], dtype="M8[ns]"), list(np.array(["2001", "2002"], dtype="M8[ns]"))),
    ],
    ids=repr,
)
def test_other_labels_stay_what_they_are(ids, expected):
    found = id_array(ids)
    assert found.dtype == object and found.tolist() == expected
    assert [isinstance(label, str) and type(label) is not str for label in found] == [False] * len(found)


@pytest.mark.parametrize(
    ("ids", "where"),
    [
        (pd.array([1, None, 3], dtype="Int64"), "positions 1"),
        (np.array([1.0, 2.0, np.nan]), "positions 2"),
        (np.array(["2001", "NaT", "2003"], dtype="M8[ns]"), "positions 1"),
        (pd.Series(["a", None, None]), "positions 1, 2"),
        ([None, "b", float("nan")], "positions 0, 2"),
    ],
    ids=repr,
)
def test_missing_labels_of_every_kind(ids, where):
    with refusal(errors.WeightsError, f"missing at {where}. Give"):
        id_array(ids)


def test_ids_that_are_no_sequence_of_labels():
    for wrong in (np.eye(2), pd.DataFrame({"a": [1, 2]}), np.array(3)):
        with refusal(errors.WeightsError, "one id a unit"):
            id_array(wrong)
    with refusal(errors.WeightsError, "one label, not several"):
        id_array(pd.MultiIndex.from_product([["a"], [1, 2]]))


def test_ids_that_stand_twice():
    ring = sp.csr_matrix(np.roll(np.eye(4), 1, axis=1))
    for ids, named in (
        (np.array([5, 3, 5, 3]), "once: 3, 5."),
        (["b", "a", "b", "c"], "once: 'b'."),
        ([1, "1", "a", "b"], "once: '1'."),  # would be written alike everywhere
    ):
        with refusal(errors.DuplicateError, named):
            as_links((ids, ring))


def test_a_matrix_is_read_and_left_alone():
    ring = sp.csr_matrix(np.roll(np.eye(5), 1, axis=1))
    ring.indices, ring.indptr = ring.indices.astype(np.int64), ring.indptr.astype(np.int64)
    untidy = sp.csr_matrix((np.array([0.5, 0.5, 0.0, 1.0]), [2, 2, 0, 0], [0, 2, 3, 4]), shape=(3, 3))
    for ids, matrix in ((range(5), ring), (range(3), untidy)):
        kept = [array.copy() for array in (matrix.data, matrix.indices, matrix.indptr)]
        found_ids, found = as_links((ids, matrix))
        assert found.indices.dtype == found.indptr.dtype == np.int32
        assert found.has_canonical_format and found.data.all()
        np.testing.assert_array_equal(found.toarray(), matrix.toarray())
        graph = to_graph(found_ids, found)
        found.data[:] = 7
        assert graph.adjacency.max() == 1
        for array, before in zip((matrix.data, matrix.indices, matrix.indptr), kept, strict=True):
            np.testing.assert_array_equal(array, before)


def test_graphs_of_libpysal_in_any_order():
    rng = np.random.default_rng(4)
    focal, neighbor = np.nonzero(rng.random((30, 30)) < 0.1)
    keep = focal != neighbor
    names = rng.permutation([f"u{i}" for i in range(30)])
    isolates = np.setdiff1d(np.arange(30), focal[keep])
    graph = Graph.from_arrays(
        np.concatenate([names[focal[keep]], names[isolates]]),
        np.concatenate([names[neighbor[keep]], names[isolates]]),
        np.concatenate([rng.uniform(1, 2, keep.sum()), np.zeros(len(isolates))]),
    )
    ids, matrix = as_links(graph)
    assert ids.tolist() == graph.unique_ids.tolist()
    for place, unit in enumerate(ids):
        row = {ids[j]: matrix[place, j] for j in matrix[place].indices}
        assert row == {other: weight for other, weight in graph[unit].items() if weight}


# --- steps of Python --------------------------------------------------------------------------------------


def steps(work):
    """How many lines of the package Python runs through."""
    package, count = str(Path(sh.__file__).parent), [0]

    def trace(frame, event, _):
        if not frame.f_code.co_filename.startswith(package):
            return None
        count[0] += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count[0]


def of_size(side):
    """Everything between a layer and an operator, for side * side units."""
    y, x = np.divmod(np.arange(side**2), side)
    ids = [f"u{i}" for i in range(side**2)]
    squares = as_layer(shapely.box(x, y, x + 1.0, y + 1.0), ids)
    points = as_layer(shapely.points(scattered(side**2)), ids)
    lattice = contiguity_links(shapely.to_wkb(squares.geometry.to_numpy()))
    graph = to_graph(ids, lattice)
    adjacency = graph.adjacency.reset_index()
    turned = (ids[::-1], lattice[::-1][:, ::-1])
    return {
        "contiguity": lambda: W.contiguity(squares),
        "rook": lambda: W.contiguity(squares, rook=True),
        "knn": lambda: W.knn(points, 8),
        "knn of degrees": lambda: knn_links(globe(side**2), 8, geographic=True),
        "distance_band": lambda: W.distance_band(points, 1_500.0),
        "inverse_distance": lambda: W.inverse_distance(points, cutoff=1_500.0),
        "kernel": lambda: W.kernel(points, 1_500.0, cutoff=2_000.0),
        "operator of a graph": lambda: sh.SpatialOperator(graph),
        "operator of text and a matrix": lambda: sh.SpatialOperator((ids, lattice)),
        "operator of numbers and a matrix": lambda: sh.SpatialOperator((range(side**2), lattice)),
        "edges": lambda: as_links(adjacency),
        "combine": lambda: W.combine((ids, lattice), turned),
    }


@pytest.mark.parametrize("what", of_size(3))
def test_steps_of_python_do_not_grow_with_the_units(what):
    small, large = (steps(of_size(side)[what]) for side in (12, 36))
    assert large <= small + 60  # ties may ask for candidates once or twice more


def test_geodesics_in_doubt_without_pyproj(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyproj", None)
    clear = [[0, 0], [1, 0], [3, 0], [7, 0]]
    assert knn_links(clear, 1, geographic=True).indices.tolist() == [1, 0, 1, 2]
    assert band_links(clear, 120_000.0, geographic=True).nnz == 2
    with refusal(errors.MissingLibraryError, "need pyproj", "project the coordinates"):
        knn_links([[0, 0], [1, 0], [-1, 0]], 1, geographic=True)


def test_many_points_in_few_places():
    points = np.repeat(scattered(6), [400, 1, 90, 2, 30, 1], axis=0)
    points = points[np.random.default_rng(6).permutation(len(points))]
    found = knn_links(points, 5)
    np.testing.assert_array_equal(found.toarray(), brute_knn(apart(PlanarMetric(points)), 5))
