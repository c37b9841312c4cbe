"""Nearest neighbours, by geodesic or projected distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_positive
from spatialhealth.errors import OptionError
from spatialhealth.weights.finish import labelled
from spatialhealth.weights.frames import ids_of, metric_of, metric_of_points
from spatialhealth.weights.metric import Metric

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["knn", "knn_links", "nearest"]

_BLOCK = 1 << 18  # points searched for at once, so that their candidates stay small beside the links


def knn(frame: gpd.GeoDataFrame, k: int = 8, standardise: Standardise | None = "row") -> Graph:
    """Build weights to the k nearest units.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, or polygons that stand by their centroids; the index holds the unit ids. The coordinate
        system must be set: geographic ones are measured along geodesics, projected ones on the plane.
    k : int, default 8
        Number of neighbours of each unit. Among equally distant ones, the earlier row is taken.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows; in general not symmetric.

    Raises
    ------
    OptionError
        If `k` is no positive whole number below the number of units.
    CoordinateSystemError, GeometryError, DuplicateError
        If the layer cannot be measured.

    Notes
    -----
    1,000,000 points and k = 8 take about three seconds and a third of a gigabyte beside the layer. The search runs on
    all cores.

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame(
    ...     index=["a", "b", "c"], geometry=gpd.points_from_xy([0, 1, 3], [50, 50, 50]), crs="EPSG:4326"
    ... )
    >>> knn(towns, k=1)["c"].to_dict()
    {'b': 1.0}
    """
    check_positive("knn", "k", k, integer=True)
    ids = ids_of(frame)
    if k >= len(ids):
        raise OptionError(f"knn: k={k} must be below the number of units, {len(ids)}.")
    return labelled(ids, _links(metric_of(frame, ids), k), standardise)


def knn_links(coordinates: Array, k: int = 8, geographic: bool = False) -> sp.csr_matrix:
    """Link points to their k nearest, with arrays only.

    Parameters
    ----------
    coordinates : array of shape (n, 2)
        x and y in any unit; or longitude and latitude in degrees, if `geographic`.
    k : int, default 8
        Number of neighbours of each point. Among equally distant ones, the earlier row is taken.
    geographic : bool, default False
        Whether distances are those of geodesics of the WGS 84 ellipsoid. pyproj measures the few that chords
        leave in doubt.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)
        Ones from each point to its neighbours; k in each row.

    Raises
    ------
    OptionError
        If `k` is no positive whole number below the number of points.
    ShapeError, NonNumericError, NonFiniteError, CoordinateSystemError
        If the coordinates are none.
    MissingLibraryError
        If distances are in doubt and there is no pyproj.

    Notes
    -----
    10,000,000 points and k = 8 take half a minute on a plane, less than two minutes on the globe, and 1.5 GB. The
    search runs on all cores.

    Examples
    --------
    >>> knn_links([[0, 0], [1, 0], [3, 0]], k=1).indices.tolist()
    [1, 0, 1]
    """
    check_positive("knn_links", "k", k, integer=True)
    metric = metric_of_points("knn_links", coordinates, geographic)
    if k >= len(metric.points):
        raise OptionError(f"knn_links: k={k} must be below the number of points, {len(metric.points)}.")
    return _links(metric, k)


def _links(metric: Metric, k: int) -> sp.csr_matrix:
    neighbour = nearest(metric, k)
    neighbour.sort(axis=1)
    n = len(neighbour)
    indptr = np.arange(0, n * k + 1, k)
    return sp.csr_matrix((np.ones(n * k), neighbour.reshape(-1), indptr), shape=(n, n))


def nearest(metric: Metric, k: int) -> Array:
    """Find the k nearest points of each point.

    Parameters
    ----------
    metric : Metric
        The points and how to measure between them.
    k : int
        Number of neighbours, below the number of points.

    Returns
    -------
    ndarray of shape (n, k)
        Positions of the neighbours, nearest first.

    Notes
    -----
    The tree orders candidates by straight lines. Where the bounds on the distances of two that follow each other
    overlap, or the point itself is not found first, distances are measured, and candidates asked for until none
    that was not asked for could be nearer than the k-th found.
    """
    points = metric.embedded()
    n = len(points)
    tree = cKDTree(points)
    result = np.empty((n, k), dtype=np.int32 if n <= np.iinfo(np.int32).max else np.int64)
    for first in range(0, n, _BLOCK):
        focal = tree.indices[first : first + _BLOCK]  # points of one leaf search the same leaves
        asked = min(n, k + 2)
        straight, candidate = tree.query(points[focal], k=asked, workers=-1)
        least, greatest = metric.bounds(straight[:, 1:])
        sure = candidate[:, 0] == focal
        sure &= (greatest[:, : asked - 2] < least[:, 1:]).all(axis=1)
        result[focal[sure]] = candidate[sure, 1 : k + 1]
        unsure = focal[~sure]
        while len(unsure):
            enough = np.zeros(len(unsure), dtype=bool)
            step = max(_BLOCK // asked, 1)  # many points in one place ask for many candidates
            for start in range(0, len(unsure), step):
                part = slice(start, start + step)
                straight, candidate = tree.query(points[unsure[part]], k=asked, workers=-1)
                result[unsure[part]], kth = _closest(metric, unsure[part], candidate, k)
                enough[part] = (metric.bounds(straight[:, -1])[0] > kth) | (asked == n)
            unsure, asked = unsure[~enough], min(n, 2 * asked)
    return result


def _closest(metric: Metric, focal: Array, candidate: Array, k: int) -> tuple[Array, Array]:
    """Give the k nearest of each row's candidates, and the distance of the k-th."""
    distance = metric.measure(np.repeat(focal, candidate.shape[1]), candidate.ravel()).reshape(
        candidate.shape
    )
    distance = np.where(candidate == focal[:, None], np.inf, distance)
    order = np.lexsort((candidate, distance), axis=1)[:, :k]
    rows = np.arange(len(focal))[:, None]
    return candidate[rows, order], distance[rows[:, 0], order[:, -1]]
