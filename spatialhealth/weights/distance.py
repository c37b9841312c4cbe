"""Weights by distance: all units within a threshold, or all, the farther the less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_positive
from spatialhealth.errors import CoincidentPointsError, some
from spatialhealth.weights.finish import labelled, symmetric
from spatialhealth.weights.frames import ids_of, metric_of, metric_of_points

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["band_links", "distance_band", "inverse_distance"]


def distance_band(
    frame: gpd.GeoDataFrame, threshold: float, standardise: Standardise | None = "row"
) -> Graph:
    """Build equal weights between units at most so many metres apart.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, or polygons that stand by their centroids; the index holds the unit ids. The coordinate
        system must be set: geographic ones are measured along geodesics, projected ones on the plane.
    threshold : float
        Greatest distance in metres.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows. A unit with no other in reach is an isolate.

    Raises
    ------
    OptionError
        If the threshold is not positive.
    CoordinateSystemError, GeometryError, DuplicateError
        If the layer cannot be measured.
    WeightsError
        If no two units are in reach of each other.
    SizeError
        If more than 100,000,000 links would have to be held.

    Notes
    -----
    1,000,000 points with seven neighbours each take about three seconds and a third of a gigabyte beside the layer.

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame(
    ...     index=["a", "b", "c"], geometry=gpd.points_from_xy([0, 1, 3], [50, 50, 50]), crs="EPSG:4326"
    ... )
    >>> distance_band(towns, threshold=100_000).isolates.to_list()
    ['c']
    """
    check_positive("distance_band", "threshold", threshold)
    ids = ids_of(frame)
    i, j = metric_of(frame, ids).linked(threshold)
    return labelled(ids, symmetric(i, j, np.ones(len(i)), len(ids)), standardise)


def band_links(coordinates: Array, threshold: float, geographic: bool = False) -> sp.csr_matrix:
    """Link points at most so many metres apart, with arrays only.

    Parameters
    ----------
    coordinates : array of shape (n, 2)
        x and y in metres; or longitude and latitude in degrees, if `geographic`.
    threshold : float
        Greatest distance in metres.
    geographic : bool, default False
        Whether distances are those of geodesics of the WGS 84 ellipsoid. pyproj measures the few that chords
        leave in doubt.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)
        Ones between points in reach of each other. Rows may be empty.

    Raises
    ------
    OptionError
        If the threshold is not positive.
    ShapeError, NonNumericError, NonFiniteError, CoordinateSystemError
        If the coordinates are none.
    MissingLibraryError
        If distances are in doubt and there is no pyproj.
    SizeError
        If more than 100,000,000 links would have to be held.

    Notes
    -----
    10,000,000 points with seven neighbours each take less than a minute and 3 GB.

    Examples
    --------
    >>> band_links([[0, 0], [3, 4], [100, 100]], threshold=5).nnz
    2
    """
    check_positive("band_links", "threshold", threshold)
    metric = metric_of_points("band_links", coordinates, geographic)
    i, j = metric.linked(threshold)
    return symmetric(i, j, np.ones(len(i)), len(metric.points))


def inverse_distance(
    frame: gpd.GeoDataFrame,
    power: float = 1,
    cutoff: float | None = None,
    standardise: Standardise | None = "row",
) -> Graph:
    """Build weights that fall with a power of distance: 1 / d**power, d in metres.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, or polygons that stand by their centroids; the index holds the unit ids. The coordinate
        system must be set: geographic ones are measured along geodesics, projected ones on the plane.
    power : float, default 1
        Exponent of distance.
    cutoff : float, optional
        Distance in metres beyond which the weight is zero. Without it every pair has a weight.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows.

    Raises
    ------
    CoincidentPointsError
        If two units stand at the same place.
    OptionError
        If `power` or `cutoff` is not positive.
    SizeError
        If there are too many units for all pairs; give a cutoff.
    CoordinateSystemError, GeometryError, DuplicateError, WeightsError
        If the layer cannot be measured, or no two units are in reach of each other.

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame(
    ...     index=["a", "b", "c"], geometry=gpd.points_from_xy([0, 1, 3], [0, 0, 0]), crs="EPSG:4326"
    ... )
    >>> inverse_distance(towns)["a"].round(3).to_dict()
    {'b': 0.75, 'c': 0.25}
    """
    check_positive("inverse_distance", "power", power)
    ids = ids_of(frame)
    metric = metric_of(frame, ids)
    if cutoff is None:
        i, j, distance = metric.everything()
    else:
        i, j, distance = metric.within(check_positive("inverse_distance", "cutoff", cutoff))
    together = distance == 0
    if together.any():
        pairs = list(zip(ids[i[together]], ids[j[together]], strict=True))
        raise CoincidentPointsError(
            f"Units at the same place have no inverse distance: {some(pairs)}. "
            "Merge them, move one, or use knn or distance_band."
        )
    with np.errstate(over="ignore"):  # an infinite weight is reported with its units
        weight = distance ** -float(power)
    return labelled(ids, symmetric(i, j, weight, len(ids)), standardise)
