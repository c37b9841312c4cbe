"""Layers, links and options that the builders of weights refuse, and what they say."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import shapely
from shapely import Point, Polygon, box

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.weights import as_links, contiguity_links, standardise
from spatialhealth.weights.metric import GeodesicMetric, PlanarMetric
from tests import small
from tests.refusal import refusal

W = sh.weights
METRES = "EPSG:3857"


def with_mass(layer):
    """Give each unit the mass one, if it is a table."""
    return layer.assign(population=1.0) if hasattr(layer, "assign") else layer


BY_DISTANCE = {
    "knn": lambda layer: W.knn(layer, k=2),
    "distance_band": lambda layer: W.distance_band(layer, threshold=2_000),
    "inverse_distance": lambda layer: W.inverse_distance(layer),
    "gravity": lambda layer: W.gravity(with_mass(layer)),
    "kernel": lambda layer: W.kernel(layer, bandwidth=2_000),
}
BUILDERS = BY_DISTANCE | {"contiguity": W.contiguity}
by_distance = pytest.mark.parametrize("build", BY_DISTANCE.values(), ids=BY_DISTANCE)
every_builder = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


def layer(geometries, crs=METRES):
    return gpd.GeoDataFrame(
        index=[f"g{i}" for i in range(len(geometries))], geometry=list(geometries), crs=crs
    )


@pytest.fixture
def points():
    return layer([Point(1_000.0 * i, 700.0 * (i % 3)) for i in range(8)])


@pytest.fixture
def boxes():
    return layer([box(1_000 * i, 0, 1_000 * (i + 1), 1_000) for i in range(8)])


# --- coordinate systems -----------------------------------------------------------------------------------


@by_distance
def test_no_coordinate_system(build, points):
    with refusal(errors.CoordinateSystemError, "no coordinate reference system", "frame.set_crs(...)"):
        build(points.set_crs(None, allow_override=True))


@by_distance
def test_metres_declared_as_degrees(build):
    wrong = layer([Point(500_000 + 1_000 * i, 4_000_000) for i in range(12)], "EPSG:4326")
    with refusal(
        errors.CoordinateSystemError, "'WGS 84' (degrees)", "'g0'", "'g9' and 2 more", "allow_override=True"
    ):
        build(wrong)


@by_distance
def test_one_unit_outside_the_globe(build):
    wrong = layer([Point(i, 95 if i == 3 else 40) for i in range(8)], "EPSG:4326")
    with refusal(errors.CoordinateSystemError, "units 'g3' lie outside", "set_crs"):
        build(wrong)


@pytest.mark.parametrize(
    "crs",
    [
        "EPSG:4978",
        'ENGCRS["plan",EDATUM["plan"],CS[Cartesian,2],AXIS["e",east,ORDER[1]],AXIS["n",north,ORDER[2]],'
        'LENGTHUNIT["metre",1]]',
    ],
    ids=["geocentric", "local"],
)
@by_distance
def test_coordinate_systems_that_measure_nothing(build, crs, points):
    with refusal(errors.CoordinateSystemError, "neither geographic nor projected", "frame.to_crs(...)"):
        build(points.set_crs(crs, allow_override=True))


def test_contiguity_needs_no_coordinate_system(boxes):
    plain = boxes.set_crs(None, allow_override=True)
    assert W.contiguity(plain)["g0"].to_dict() == {"g1": 1.0}


# --- geometries -------------------------------------------------------------------------------------------

BOW = Polygon([(0, 0), (1_000, 1_000), (1_000, 0), (0, 1_000)])


@every_builder
@pytest.mark.parametrize(
    ("geometry", "parts"),
    [
        (None, ["missing for units 'g3'", "Leave these units out or mend them"]),
        (Polygon(), ["empty for units 'g3'", "Leave these units out or mend them"]),
        (BOW, ["invalid for units 'g3'", "make_valid()"]),
    ],
    ids=["missing", "empty", "invalid"],
)
def test_bad_geometry(build, geometry, parts, boxes):
    geometries = list(boxes.geometry)
    geometries[3] = geometry
    with refusal(errors.GeometryError, *parts):
        build(layer(geometries))


@by_distance
@pytest.mark.parametrize("x", [np.nan, np.inf])
def test_a_point_nowhere(build, x, points):
    geometries = list(points.geometry)
    geometries[3] = Point(x, 0.0)
    with refusal(errors.GeometryError, "invalid for units 'g3'"):
        build(layer(geometries))


@pytest.mark.parametrize(
    ("geometry", "kind"),
    [(Point(0, 0), "Point"), (shapely.LineString([(0, 0), (1, 1)]), "LineString")],
)
def test_contiguity_of_what_is_no_polygon(geometry, kind, boxes):
    geometries = list(boxes.geometry)
    geometries[2] = geometry
    with refusal(errors.GeometryError, f"units 'g2' are {kind}", "Use knn or distance_band"):
        W.contiguity(layer(geometries))


def test_at_most_ten_units_are_named():
    with refusal(errors.GeometryError, "'g9' and 15 more") as caught:
        W.contiguity(layer([Point(i, i) for i in range(25)]))
    assert str(caught.value).count("'g") == 10


@every_builder
def test_no_geometry_column(build):
    for frame in (pd.DataFrame({"a": [1, 2]}), gpd.GeoDataFrame({"a": [1, 2]}), [1, 2], None):
        with refusal(
            errors.GeometryError, "GeoDataFrame is needed", type(frame).__name__, "no geometry column"
        ):
            build(frame)


@every_builder
def test_ids_of_the_layer(build, boxes):
    with refusal(errors.DuplicateError, "more than once in the index: 'g0'", "Dissolve"):
        build(boxes.rename(index={"g1": "g0"}))
    with refusal(errors.LabelError, "has 2 levels", "frame.set_index(id)"):
        build(boxes.set_index([boxes.index, np.arange(8)]))
    with refusal(errors.LabelError, "misses some labels", "frame.set_index(id)"):
        build(boxes.rename(index={"g1": None}))
    with refusal(errors.GeometryError, "no rows"):
        build(boxes.iloc[:0])


def test_labels_stay_what_they_are(boxes):
    mixed = W.knn(boxes.rename(index={"g1": 1}), k=2)
    assert mixed.unique_ids.tolist() == ["g0", 1, *(f"g{i}" for i in range(2, 8))]
    assert set(mixed["g0"].index) == {1, "g2"}


def test_well_known_binary():
    square = shapely.to_wkb(box(0, 0, 1, 1))
    for damaged in (square[:-8], b"\x07" + square[1:], b"", None, "POLYGON EMPTY"):
        with refusal(errors.GeometryError, "position 1", "cut short or damaged", "Mend or replace it"):
            contiguity_links([square, damaged])
    with refusal(errors.GeometryError, "position 1", "no polygon (well-known binary type 1)"):
        contiguity_links([square, shapely.to_wkb(Point(0, 0))])
    with refusal(errors.GeometryError, "position 1 is empty"):
        contiguity_links([square, shapely.to_wkb(Polygon())])
    with refusal(errors.GeometryError, "no geometries"):
        contiguity_links([])


# --- options ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0, -1, 2.5, 2.0, "2", None, True])
def test_number_of_neighbours(k, points):
    with refusal(errors.OptionError, f"knn: k={k!r} must be a positive whole number"):
        W.knn(points, k=k)


@pytest.mark.parametrize("k", [8, 9])
def test_more_neighbours_than_units(k, points):
    with refusal(errors.OptionError, f"k={k} must be below the number of units, 8"):
        W.knn(points, k=k)


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "5", None, True])
def test_lengths(value, points):
    with refusal(errors.OptionError, f"distance_band: threshold={value!r} must be a positive number"):
        W.distance_band(points, value)
    with refusal(errors.OptionError, f"kernel: bandwidth={value!r} must be a positive number"):
        W.kernel(points, value)
    with refusal(errors.OptionError, f"inverse_distance: power={value!r} must be a positive number"):
        W.inverse_distance(points, power=value)
    if value is not None:
        with refusal(errors.OptionError, f"inverse_distance: cutoff={value!r} must be a positive number"):
            W.inverse_distance(points, cutoff=value)
        for function in ("gaussian", "triangular"):
            with refusal(errors.OptionError, f"kernel: cutoff={value!r} must be a positive number"):
                W.kernel(points, 2_000, function, cutoff=value)


@pytest.mark.parametrize("order", [0, -1, 1.5, "2"])
def test_order(order, boxes):
    with refusal(errors.OptionError, f"contiguity: order={order!r} must be a positive whole number"):
        W.contiguity(boxes, order=order)


@pytest.mark.parametrize("how", ["rows", "r", True, 1])
def test_standardisation(how, boxes, points):
    parts = [f"standardise={how!r} is not an option", "Choose one of 'row', 'spectral', None"]
    for build in (
        lambda: W.contiguity(boxes, standardise=how),
        lambda: W.knn(points, k=2, standardise=how),
        lambda: W.distance_band(points, 2_000, standardise=how),
        lambda: W.inverse_distance(points, standardise=how),
        lambda: W.kernel(points, 2_000, standardise=how),
        lambda: W.combine(W.knn(points, k=2), W.knn(points, k=3), standardise=how),
    ):
        with refusal(errors.OptionError, *parts):
            build()


def test_kernel_function(points):
    listed = "'gaussian', 'triangular', 'epanechnikov', 'quartic', 'uniform'"
    with refusal(errors.OptionError, "function='biweight' is not an option", listed):
        W.kernel(points, 2_000, "biweight")


@pytest.mark.parametrize("share", [0, 1, 2, -0.5, "a", None])
def test_share(share, points):
    with refusal(errors.OptionError, f"combine: share={share!r} must lie strictly between 0 and 1"):
        W.combine(W.knn(points, k=2), W.knn(points, k=3), share=share)


def test_combining_different_units(points, boxes):
    more = W.contiguity(layer([box(i, 0, i + 1, 1) for i in range(10)]))
    with refusal(errors.AlignmentError, "only in the second: 'g8', 'g9'", "from the same layer"):
        W.combine(W.knn(points, k=2), more)
    with refusal(errors.AlignmentError, "only in the first: 'g8', 'g9'", "from the same layer"):
        W.combine(more, W.knn(points, k=2))


# --- distances --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cutoff", [None, 5_000])
def test_coincident_points(cutoff, points):
    geometries = list(points.geometry)
    geometries[5] = geometries[2]
    with refusal(errors.CoincidentPointsError, "('g2', 'g5')", "Merge them, move one, or use knn"):
        W.inverse_distance(layer(geometries), cutoff=cutoff)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.CoordinateSystemWarning")
def test_coincident_points_are_neighbours_of_each_other(points):
    geometries = list(points.geometry)
    geometries[5] = geometries[2]
    assert W.knn(layer(geometries), k=1)["g5"].to_dict() == {"g2": 1.0}
    everywhere = W.knn(layer([Point(0, 0)] * 9), k=2)
    assert set(everywhere["g8"].index) == {"g0", "g1"}  # the earlier rows win


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.CoordinateSystemWarning")
def test_a_weight_too_large_for_a_number():
    near = layer([Point(0, 0), Point(1e-200, 0), Point(1, 1)])
    with refusal(errors.WeightsError, "2 weights are not finite", "'g0', 'g1'"):
        W.inverse_distance(near, power=2)


def test_nobody_in_reach(points, boxes):
    for build in (
        lambda: W.distance_band(points, 1),
        lambda: W.inverse_distance(points, cutoff=1),
        lambda: W.kernel(points, 1, "uniform"),
        lambda: W.contiguity(boxes, order=9),
        lambda: W.contiguity(boxes.iloc[::2]),
    ):
        with refusal(errors.WeightsError, "units has a neighbour", "larger threshold"):
            build()


def test_too_many_pairs():
    # checked before anything is allocated: 10,001 squared pairs would be held otherwise
    everywhere = np.zeros((10_001, 2))
    for metric in (PlanarMetric(everywhere), GeodesicMetric(everywhere)):
        with refusal(errors.SizeError, "All pairs of 10,001 units", "Give a cutoff"):
            metric.everything()
        with refusal(errors.SizeError, "100,010,000 pairs", "Use a smaller distance"):
            metric.within(1.0)


# --- links ------------------------------------------------------------------------------------------------


@pytest.fixture
def links():
    return small.ids(12), small.lattice(3, 4)


def changed(matrix, cell, value):
    matrix = matrix.copy()
    matrix[cell] = value
    return matrix


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, sp.coo_array], ids=["dense", "csr", "coo"])
def test_values_of_the_weights(form, links):
    ids, matrix = links
    with refusal(errors.WeightsError, "1 weights are negative", "units 'u01'", "at least zero"):
        as_links((ids, form(changed(matrix, (1, 2), -1.0))))
    for value in (np.nan, np.inf):
        with refusal(errors.WeightsError, "1 weights are not finite", "units 'u01'", "must be finite"):
            as_links((ids, form(changed(matrix, (1, 2), value))))
    with refusal(
        errors.WeightsError, "1 weights are from a unit to itself", "non-zero diagonal", "units 'u05'"
    ):
        as_links((ids, form(changed(matrix, (5, 5), 0.5))))
    with refusal(errors.WeightsError, "None of the 12 units has a neighbour"):
        as_links((ids, form(matrix * 0)))


def test_shape_of_the_weights(links):
    ids, matrix = links
    for wrong in (matrix[:, :5], matrix[0], matrix[None]):
        with refusal(errors.WeightsError, "must be square", f"shape {wrong.shape}"):
            as_links((ids, wrong))
    with refusal(errors.WeightsError, "its rows differ in length"):
        as_links((ids, [[0, 1], [1]]))
    with refusal(errors.WeightsError, "12 rows but 11 ids", "one id a row"):
        as_links((ids[:-1], matrix))


@pytest.mark.parametrize("kind", [str, object, complex])
def test_weights_that_are_no_numbers(kind, links):
    with refusal(errors.NonNumericError, "weights matrix must hold numbers"):
        as_links((links[0], links[1].astype(kind)))


def test_ids_of_the_weights(links):
    ids, matrix = links
    with refusal(errors.DuplicateError, "Ids of the weights stand more than once: 'u00'", "its own"):
        as_links((["u00", *ids[:-1]], matrix))
    with refusal(errors.DuplicateError, "more than once: 3"):
        as_links(([3, *range(11)], matrix))
    for missing in (None, np.nan, pd.NA, pd.NaT):
        with refusal(errors.WeightsError, "missing at positions 1", "Give each unit an id"):
            as_links(([ids[0], missing, *ids[2:]], matrix))
    with refusal(errors.WeightsError, "one label, not several: ('u00', 1)", "one column of ids"):
        as_links(([(unit, 1) for unit in ids], matrix))
    for wrong in (5, "abcdefghijkl"):
        with refusal(errors.WeightsError, f"they are {wrong!r}", "one id a unit"):
            as_links((wrong, matrix))


def test_ids_are_not_turned_into_text(links):
    found, _ = as_links(([1, *links[0][1:]], links[1]))
    assert found.tolist() == [1, *links[0][1:]]


@pytest.mark.parametrize("weights", ["queen", 3, None, {"a": ["b"]}, [1, 2], (1, 2, 3), np.eye(3)])
def test_what_weights_cannot_be_read_from(weights):
    with refusal(
        errors.WeightsError, f"cannot be read from {type(weights).__name__}", "Give a libpysal Graph"
    ):
        as_links(weights)


def test_frames_of_weights(links):
    ids, matrix = links
    with refusal(errors.WeightsError, "must be square", "(12, 5)", "focal, neighbor, weight"):
        as_links(pd.DataFrame(matrix[:, :5]))
    with refusal(errors.WeightsError, "not among the columns: 'u00'", "and 2 more", "same ids"):
        as_links(pd.DataFrame(matrix, index=ids))
    twice = ["u00", *ids[:-1]]
    with refusal(errors.DuplicateError, "more than once in the index: 'u00'"):
        as_links(pd.DataFrame(matrix, index=twice, columns=twice))


def test_lists_of_edges():
    edges = pd.DataFrame({"focal": ["a", "a", "b"], "neighbor": ["b", "b", "a"], "weight": [1.0, 2.0, 1.0]})
    with refusal(errors.DuplicateError, "Links stand more than once", "('a', 'b')"):
        as_links(edges)
    edges = edges.iloc[1:]
    with refusal(errors.NonNumericError, "must be numbers", "pandas.to_numeric"):
        as_links(edges.assign(weight=["many", "few"]))
    with refusal(errors.WeightsError, "missing at positions 0"):
        as_links(edges.assign(focal=[None, "b"]))
    with refusal(errors.WeightsError, "from a unit to itself", "'a'"):
        as_links(edges.assign(neighbor=["a", "a"]))


def test_labelling_a_matrix_with_too_few_ids(links):
    with refusal(errors.WeightsError, "11 ids cannot label a matrix of shape (12, 12)"):
        W.to_graph(links[0][:-1], links[1])


def test_labelling_a_matrix_with_an_id_twice(links):
    with refusal(errors.DuplicateError, "Ids of the weights stand more than once: 'u00'", "its own"):
        W.to_graph(["u00", *links[0][:-1]], links[1])


def test_no_spectral_radius():
    with refusal(errors.WeightsError, "spectral radius of the weights is zero", "standardise='row'"):
        standardise(np.array([[0.0, 1.0], [0.0, 0.0]]), "spectral")
    with refusal(errors.NonNumericError, "must hold numbers"):
        standardise("queen")


def test_a_graph_prints_whoever_is_whose_neighbour(points):
    # with one neighbour each, some unit is nobody's neighbour
    graph = W.knn(points, k=1)
    assert graph.sparse.shape == (8, 8)
    assert "8 nodes and 8 nonzero edges" in repr(graph)
    ids, matrix = as_links(graph)
    np.testing.assert_array_equal(graph.sparse.toarray(), matrix.toarray())
    assert ids.tolist() == graph.unique_ids.tolist()


def test_libpysal_lags_in_the_order_of_the_ids_even_if_that_is_not_sorted(points):
    turned = points.iloc[[5, 2, 7, 0, 6, 1, 4, 3]]
    graph = W.knn(turned, k=3)
    values = np.arange(8.0) ** 2
    ids, matrix = as_links(graph)
    assert ids.tolist() == turned.index.tolist() == graph.unique_ids.tolist()
    np.testing.assert_allclose(graph.lag(values), matrix @ values)
    np.testing.assert_allclose(graph.transform("B").sparse.sum(axis=1), 3)
    pd.testing.assert_series_equal(graph.cardinalities, pd.Series(3, index=turned.index), check_names=False)
