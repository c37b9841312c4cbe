"""Contiguity: units whose polygons share a vertex (queen) or an edge (rook)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_positive
from spatialhealth.weights.convert import check_links, to_graph
from spatialhealth.weights.frames import ids_of, polygons_of
from spatialhealth.weights.standardise import standardise as standardised
from spatialhealth.weights.wkb import rings

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["contiguity", "contiguity_links"]


def contiguity(
    frame: gpd.GeoDataFrame,
    order: int = 1,
    rook: bool = False,
    lower_order: bool = False,
    standardise: Standardise | None = "row",
) -> Graph:
    """Build weights between units whose polygons touch.

    Parameters
    ----------
    frame : GeoDataFrame
        One polygon or multipolygon a row; the index holds the unit ids.
    order : int, default 1
        1 for neighbours; 2 for neighbours of neighbours; and so on, by the shortest path.
    rook : bool, default False
        Whether a common edge is needed. By default (queen) a common vertex is enough.
    lower_order : bool, default False
        Whether neighbours of an order below `order` count too.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows. A unit that touches no other is an isolate.

    Raises
    ------
    GeometryError
        If a geometry is missing, empty, invalid or no polygon.
    DuplicateError
        If an id stands twice in the index.
    WeightsError
        If no two units touch.

    Notes
    -----
    Vertices must coincide exactly, as they do in a clean coverage. The links equal those of
    ``libpysal.graph.Graph.build_contiguity``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> row = gpd.GeoDataFrame(index=["a", "b", "c"], geometry=[box(i, 0, i + 1, 1) for i in range(3)])
    >>> contiguity(row)["b"].to_dict()
    {'a': 0.5, 'c': 0.5}
    """
    check_positive("contiguity", "order", order, integer=True)
    touching = contiguity_links(polygons_of(frame), rook=rook)
    links = _of_order(touching, order, lower_order) if order > 1 else touching
    ids, links = check_links(ids_of(frame), links)
    return to_graph(ids, standardised(links, standardise))


def contiguity_links(polygons: Iterable[bytes], rook: bool = False) -> sp.csr_matrix:
    """Find which polygons touch, from their well-known binary, with numpy and scipy only.

    Parameters
    ----------
    polygons : iterable of bytes
        Well-known binary of n polygons or multipolygons.
    rook : bool, default False
        Whether a common edge is needed.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)
        Ones where two polygons touch.

    Raises
    ------
    GeometryError
        If a geometry is empty, no polygon, or cut short.

    Examples
    --------
    >>> from shapely import box, to_wkb
    >>> contiguity_links([to_wkb(box(0, 0, 1, 1)), to_wkb(box(1, 0, 2, 1))]).toarray().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    vertices, unit, length = rings(polygons)
    n = int(unit[-1]) + 1
    owner = np.repeat(unit, length)
    corner = _identify(vertices[:, 0], vertices[:, 1])
    if rook:
        inside = np.ones(len(corner), dtype=bool)
        inside[np.cumsum(length) - 1] = False  # no edge leads from a ring's last vertex to the next ring
        start, end = corner[:-1][inside[:-1]], corner[1:][inside[:-1]]
        owner = owner[:-1][inside[:-1]]
        corner = _identify(np.minimum(start, end), np.maximum(start, end))
    incidence = sp.coo_matrix((np.ones(len(corner), np.int32), (owner, corner))).tocsc()
    incidence.data[:] = 1
    shared = incidence[:, np.diff(incidence.indptr) > 1]  # most vertices belong to one unit only
    links = (shared @ shared.T).tocsr()
    links.resize((n, n))
    links.setdiag(0)
    links.eliminate_zeros()
    links.data = np.ones(links.nnz)
    return sp.csr_matrix(links, dtype=float)


def _identify(first: Array, second: Array) -> Array:
    """Give the distinct pairs (first, second) a number each."""
    _, x = np.unique(first, return_inverse=True)
    _, y = np.unique(second, return_inverse=True)
    key = x.astype(np.int64).ravel() * (int(y.max()) + 1) + y.ravel()
    return np.asarray(np.unique(key, return_inverse=True)[1].ravel())


def _of_order(touching: sp.csr_matrix, order: int, lower_order: bool) -> sp.csr_matrix:
    """Link units whose shortest path has `order` steps (or at most so many)."""
    n = touching.shape[0]
    reached = sp.identity(n, format="csr", dtype=bool)
    step = touching.astype(bool)
    frontier = reached
    seen = reached
    for _ in range(order):
        wider = (frontier @ step).astype(bool)
        frontier = sp.csr_matrix(wider > seen)
        seen = sp.csr_matrix(seen + frontier).astype(bool)
    links = sp.csr_matrix(seen if lower_order else frontier, dtype=float)
    links.setdiag(0)
    links.eliminate_zeros()
    return links
