"""Nearest neighbours, bands, inverse distances and kernels, in metres."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from libpysal.graph import Graph
from pyproj import Geod

import spatialhealth as sh
from spatialhealth.errors import CoordinateSystemWarning
from spatialhealth.models import Conley
from spatialhealth.weights import as_links, distance_band, inverse_distance, kernel, knn
from spatialhealth.weights.metric import GeodesicMetric, PlanarMetric


@pytest.fixture(scope="module")
def geographic():
    """Cities as points in degrees."""
    cities = sh.datasets.load_cities()
    points = gpd.points_from_xy(cities["longitude"], cities["latitude"], crs="EPSG:4326")
    return gpd.GeoDataFrame(index=cities.index, geometry=points)


@pytest.fixture(scope="module")
def distances(geographic):
    """Geodesic distances between all cities in metres, pair by pair, shape (n, n)."""
    lon, lat = geographic.geometry.x.to_numpy(), geographic.geometry.y.to_numpy()
    i, j = np.meshgrid(np.arange(len(lon)), np.arange(len(lon)), indexing="ij")
    found = Geod(ellps="WGS84").inv(lon[i.ravel()], lat[i.ravel()], lon[j.ravel()], lat[j.ravel()])[2]
    return np.asarray(found).reshape(len(lon), len(lon))


def dense(graph):
    return as_links(graph)[1].toarray()


@pytest.mark.parametrize("k", [1, 6, 40])
def test_nearest_neighbours_are_the_geodesic_ones(geographic, distances, k):
    matrix = dense(knn(geographic, k=k, standardise=None))
    apart = distances + np.where(np.eye(len(distances)), np.inf, 0)
    expected = np.zeros_like(matrix)
    expected[np.arange(len(matrix))[:, None], np.argsort(apart, axis=1, kind="stable")[:, :k]] = 1
    assert (matrix == expected).all()


def test_nearest_neighbours_near_the_poles_and_across_the_date_line():
    rng = np.random.default_rng(0)
    lon, lat = (
        rng.uniform(-180, 180, 300),
        np.concatenate([rng.uniform(80, 90, 150), rng.uniform(-5, 5, 150)]),
    )
    metric = GeodesicMetric(np.column_stack([lon, lat]))
    from spatialhealth.weights.knn import nearest

    i, j = np.meshgrid(np.arange(300), np.arange(300), indexing="ij")
    apart = metric.measure(i.ravel(), j.ravel()).reshape(300, 300) + np.where(np.eye(300), np.inf, 0)
    expected = np.argsort(apart, axis=1, kind="stable")[:, :5]
    assert (nearest(metric, 5) == expected).all()


def test_projected_neighbours_equal_libpysal(geographic):
    projected = geographic.to_crs(3857)
    theirs = Graph.build_knn(projected, k=6).transform("r")
    ours = as_links(knn(projected, k=6))
    others, matrix = as_links(theirs)
    order = [list(others).index(label) for label in ours[0]]
    assert abs(ours[1] - matrix[order][:, order]).max() == 0


def test_a_band_is_measured_in_metres_whatever_the_coordinates(geographic, distances):
    threshold = 300_000
    inside = (distances <= threshold) & ~np.eye(len(distances), dtype=bool)
    assert (dense(distance_band(geographic, threshold, standardise=None)) == inside).all()
    # the azimuthal equidistant projection keeps distances from its centre only; its units are what is tested
    metres = geographic.to_crs("+proj=aeqd +lat_0=35 +lon_0=105 +datum=WGS84 +units=m")
    kilometres = geographic.to_crs("+proj=aeqd +lat_0=35 +lon_0=105 +datum=WGS84 +units=km")
    feet = geographic.to_crs("+proj=aeqd +lat_0=35 +lon_0=105 +datum=WGS84 +units=us-ft")
    expected = dense(distance_band(metres, threshold))
    np.testing.assert_array_equal(dense(distance_band(kilometres, threshold)), expected)
    np.testing.assert_array_equal(dense(distance_band(feet, threshold)), expected)


@pytest.mark.parametrize("power", [1, 2, 0.5])
@pytest.mark.parametrize("cutoff", [None, 500_000])
def test_inverse_distances(geographic, distances, power, cutoff):
    with np.errstate(divide="ignore"):
        expected = np.where(np.eye(len(distances)), 0, distances ** -float(power))
    if cutoff:
        expected = np.where(distances <= cutoff, expected, 0)
    found = dense(inverse_distance(geographic, power=power, cutoff=cutoff, standardise=None))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        ("gaussian", lambda z: np.exp(-(z**2) / 2)),
        ("triangular", lambda z: np.clip(1 - z, 0, None)),
        ("epanechnikov", lambda z: np.clip(1 - z**2, 0, None)),
        ("quartic", lambda z: np.clip(1 - z**2, 0, None) ** 2),
        ("uniform", lambda z: (z <= 1) * 1.0),
    ],
)
def test_kernels(geographic, distances, function, shape):
    expected = np.where(np.eye(len(distances)), 0, shape(distances / 400_000))
    found = dense(kernel(geographic, bandwidth=400_000, function=function, standardise=None))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-15)


def test_a_kernel_may_be_cut(geographic, distances):
    expected = np.where((distances <= 200_000) & (distances > 0), np.exp(-((distances / 4e5) ** 2) / 2), 0)
    found = dense(kernel(geographic, bandwidth=400_000, cutoff=200_000, standardise=None))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_polygons_stand_by_their_centroids():
    cities = sh.datasets.load_cities().to_crs(3857)
    points = cities.set_geometry(cities.centroid)
    np.testing.assert_array_equal(dense(knn(cities, k=4)), dense(knn(points, k=4)))


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.CoordinateSystemWarning")
def test_coincident_points_are_neighbours_at_no_distance():
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 0, 5], [0, 0, 0]), crs=3857)
    assert dense(distance_band(frame, 1.0, standardise=None)).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert knn(frame, k=1)[2].index.tolist() == [0]  # of equally distant ones the earlier row


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.CoordinateSystemWarning")
def test_ties_go_to_the_earlier_row():
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, -1, 1, 0, 0], [0, 0, 0, -1, 1]), crs=3857)
    assert knn(frame, k=2)[0].index.tolist() == [1, 2]


def test_many_coincident_points_do_not_hide_a_point():
    points = np.vstack([np.zeros((30, 2)), [[3.0, 4.0]]])
    from spatialhealth.weights.knn import nearest

    found = nearest(PlanarMetric(points), 30)
    assert sorted(found[0]) == list(range(1, 31))
    assert found[0, -1] == 30


def test_degrees_under_a_projected_label_are_warned_of():
    cities = sh.datasets.load_cities()
    wrong = cities.set_crs(32650, allow_override=True)
    for build in (
        lambda frame: sh.weights.knn(frame, 4),
        lambda frame: sh.weights.distance_band(frame, 5),
        lambda frame: sh.weights.inverse_distance(frame, cutoff=5),
        lambda frame: sh.weights.kernel(frame, bandwidth=5.0),
        lambda frame: Conley(frame, 5.0).prepared(sh.SpatialOperator(sh.weights.contiguity(cities))),
    ):
        with pytest.warns(CoordinateSystemWarning, match="UTM zone 50N' .metre.*may be degrees"):
            build(wrong)
    sh.weights.knn(cities, 4)
    sh.weights.knn(cities.to_crs(32650), 4)
