"""Weights by gravity: the larger and the nearer, the more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._typing import Standardise
from spatialhealth._validation import check_positive
from spatialhealth.errors import CoincidentPointsError, some
from spatialhealth.weights.finish import labelled, symmetric
from spatialhealth.weights.frames import ids_of, metric_of
from spatialhealth.weights.tables import column_of, numbers_of

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["gravity"]


def gravity(
    frame: gpd.GeoDataFrame,
    mass: str = "population",
    power: float = 2,
    cutoff: float | None = None,
    standardise: Standardise | None = "row",
) -> Graph:
    """Build weights by the law of gravity: m_i m_j / d_ij**power, d in metres.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, or polygons that stand by their centroids; the index holds the unit ids. The coordinate
        system must be set: geographic ones are measured along geodesics, projected ones on the plane.
    mass : str, default "population"
        Column of masses, above zero.
    power : float, default 2
        Exponent of distance.
    cutoff : float, optional
        Distance in metres beyond which the weight is zero. Without it every pair has a weight.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`. In rows that sum to one a unit's own mass cancels: its neighbours
        count by theirs.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows.

    Raises
    ------
    CoincidentPointsError
        If two units stand at the same place.
    DataError, NonNumericError, MissingDataError, NonFiniteError
        If the column of masses is absent, or holds what it must not.
    OptionError
        If `power` or `cutoff` is not positive.
    SizeError
        If there are too many units for all pairs; give a cutoff.
    CoordinateSystemError, GeometryError, DuplicateError, WeightsError
        If the layer cannot be measured, or no two units are in reach of each other.

    Notes
    -----
    Row-standardised weights depend neither on the unit of mass nor on that of distance.

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame(
    ...     {"population": [1, 1, 12]}, index=["a", "b", "c"],
    ...     geometry=gpd.points_from_xy([0, 1, 2], [0, 0, 0]), crs="EPSG:4326",
    ... )
    >>> gravity(towns)["a"].round(3).to_dict()
    {'b': 0.25, 'c': 0.75}
    """
    check_positive("gravity", "power", power)
    ids = ids_of(frame)
    masses = numbers_of(f"gravity: {mass!r}", column_of("The layer of gravity", frame, mass), "positive")
    metric = metric_of(frame, ids)
    if cutoff is None:
        i, j, distance = metric.everything()
    else:
        i, j, distance = metric.within(check_positive("gravity", "cutoff", cutoff))
    together = distance == 0
    if together.any():
        pairs = list(zip(ids[i[together]], ids[j[together]], strict=True))
        raise CoincidentPointsError(
            f"Units at the same place have no gravity: {some(pairs)}. Merge them, or move one."
        )
    with np.errstate(over="ignore"):  # an infinite weight is reported with its units
        weight = masses[i] * masses[j] * distance ** -float(power)
    return labelled(ids, symmetric(i, j, weight, len(ids)), standardise)
