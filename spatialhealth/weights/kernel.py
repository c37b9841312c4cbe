"""Weights by a kernel of distance."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._typing import Array, KernelFunction, Standardise
from spatialhealth._validation import check_option, check_positive
from spatialhealth.weights.finish import labelled, symmetric
from spatialhealth.weights.frames import ids_of, metric_of

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["kernel"]

_KERNELS: dict[str, Callable[[Array], Array]] = {
    "gaussian": lambda z: np.exp(-(z**2) / 2),
    "triangular": lambda z: 1 - z,
    "epanechnikov": lambda z: 1 - z**2,
    "quartic": lambda z: (1 - z**2) ** 2,
    "uniform": lambda z: np.ones_like(z),
}


def kernel(
    frame: gpd.GeoDataFrame,
    bandwidth: float,
    function: KernelFunction = "gaussian",
    cutoff: float | None = None,
    standardise: Standardise | None = "row",
) -> Graph:
    """Build weights K(d / bandwidth), d in metres.

    Parameters
    ----------
    frame : GeoDataFrame
        Points, or polygons that stand by their centroids; the index holds the unit ids. The coordinate
        system must be set: geographic ones are measured along geodesics, projected ones on the plane.
    bandwidth : float
        Bandwidth in metres.
    function : {"gaussian", "triangular", "epanechnikov", "quartic", "uniform"}, default "gaussian"
        K(z) is exp(-z**2 / 2), 1 - z, 1 - z**2, (1 - z**2)**2 or 1; all but the Gaussian are zero beyond
        z = 1. A constant factor does not matter once rows are standardised.
    cutoff : float, optional
        Distance in metres beyond which a Gaussian weight is zero. Without it every pair has a weight.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows, with no unit its own neighbour.

    Raises
    ------
    OptionError
        If an option is unknown, or a length is not positive.
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
    >>> kernel(towns, bandwidth=400_000, function="triangular")["a"].round(2).to_dict()
    {'b': 0.81, 'c': 0.19}
    """
    check_positive("kernel", "bandwidth", bandwidth)
    check_option("kernel", "function", function, KernelFunction)
    ids = ids_of(frame)
    metric = metric_of(frame, ids)
    if function != "gaussian":
        reach = bandwidth if cutoff is None else min(bandwidth, check_positive("kernel", "cutoff", cutoff))
        i, j, distance = metric.within(reach)
    elif cutoff is None:
        i, j, distance = metric.everything()
    else:
        i, j, distance = metric.within(check_positive("kernel", "cutoff", cutoff))
    links = symmetric(i, j, _KERNELS[function](distance / bandwidth), len(ids))
    return labelled(ids, links, standardise)
