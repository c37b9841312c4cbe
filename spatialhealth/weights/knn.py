"""Nearest neighbours, by geodesic or projected distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_positive
from spatialhealth.errors import OptionError
from spatialhealth.weights.convert import check_links, to_graph
from spatialhealth.weights.frames import ids_of, metric_of
from spatialhealth.weights.metric import Metric
from spatialhealth.weights.standardise import standardise as standardised

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["knn", "nearest"]


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
    neighbour = nearest(metric_of(frame), k)
    n = len(ids)
    links = sp.csr_matrix((np.ones(n * k), neighbour.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    return to_graph(ids, standardised(check_links(ids, links)[1], standardise))


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
    The tree orders candidates by straight lines, which may differ from the true distances by the metric's
    slack: candidates are asked for until none that was not asked for could be nearer than the k-th found.
    """
    points = metric.embedded()
    n = len(points)
    tree = cKDTree(points)
    result = np.empty((n, k), dtype=np.int64)
    open_, asked = np.arange(n), min(n, k + 5)
    while len(open_):
        straight, candidate = tree.query(points[open_], k=asked)
        found, kth = _closest(metric, open_, candidate, k)
        result[open_] = found
        beyond = metric.metres(straight[:, -1]) * (1 - metric.slack)
        unsure = (beyond <= kth) & (asked < n)
        open_, asked = open_[unsure], min(n, 2 * asked)
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
