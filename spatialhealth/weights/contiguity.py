"""Contiguity: units whose polygons share a vertex (queen) or an edge (rook)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_positive
from spatialhealth.weights.finish import labelled
from spatialhealth.weights.frames import ids_of, polygons_of
from spatialhealth.weights.wkb import rings

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph

__all__ = ["contiguity", "contiguity_links"]

_INT32 = np.iinfo(np.int32).max
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)  # mix bits; any odd ones do


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
    ``libpysal.graph.Graph.build_contiguity``. 1,000,000 squares take about five seconds and half a gigabyte beside
    the layer.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> row = gpd.GeoDataFrame(index=["a", "b", "c"], geometry=[box(i, 0, i + 1, 1) for i in range(3)])
    >>> contiguity(row)["b"].to_dict()
    {'a': 0.5, 'c': 0.5}
    """
    check_positive("contiguity", "order", order, integer=True)
    ids = ids_of(frame)
    links = contiguity_links(polygons_of(frame, ids), rook, order, lower_order)
    return labelled(ids, links, standardise)


def contiguity_links(
    polygons: Iterable[bytes], rook: bool = False, order: int = 1, lower_order: bool = False
) -> sp.csr_matrix:
    """Find which polygons touch, from their well-known binary, with numpy and scipy only.

    Parameters
    ----------
    polygons : iterable of bytes
        Well-known binary of n polygons or multipolygons.
    rook : bool, default False
        Whether a common edge is needed.
    order : int, default 1
        1 for neighbours; 2 for neighbours of neighbours; and so on, by the shortest path.
    lower_order : bool, default False
        Whether neighbours of an order below `order` count too.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)
        Ones where two polygons touch.

    Raises
    ------
    GeometryError
        If a geometry is empty, no polygon, or cut short.
    OptionError
        If `order` is no positive whole number.

    Notes
    -----
    Vertices are matched by one sort of all of them. 10,000,000 squares take about a minute and 6 GB, half of it the
    binary.

    Examples
    --------
    >>> from shapely import box, to_wkb
    >>> contiguity_links([to_wkb(box(0, 0, 1, 1)), to_wkb(box(1, 0, 2, 1))]).toarray().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    check_positive("contiguity_links", "order", order, integer=True)
    touching = _touching(polygons, rook)
    return touching if order == 1 else _of_order(touching, order, lower_order)


def _touching(polygons: Iterable[bytes], rook: bool) -> sp.csr_matrix:
    vertices, unit, length = rings(polygons)
    n = int(unit[-1]) + 1
    owner = np.repeat(unit.astype(np.int32 if n <= _INT32 else np.int64), length)
    last = np.cumsum(length) - 1
    x, y = np.ascontiguousarray(vertices[:, 0]), np.ascontiguousarray(vertices[:, 1])
    del vertices
    order, new = _alike(x.view(np.uint64), y.view(np.uint64))
    del x, y
    if rook:
        corner = np.empty(len(order), dtype=np.int64)
        corner[order] = np.cumsum(new) - 1
        within = np.ones(len(corner), dtype=bool)
        within[last] = False  # no edge leads from a ring's last vertex to the next ring
        start, end = corner[:-1][within[:-1]], corner[1:][within[:-1]]
        owner = owner[:-1][within[:-1]]
        order, new = _alike(np.minimum(start, end).view(np.uint64), np.maximum(start, end).view(np.uint64))
    return _sharing(owner[order], np.flatnonzero(new), n)


def _alike(first: Array, second: Array) -> tuple[Array, Array]:
    """Sort pairs of 64 bits so that equal pairs follow each other: the order, and where a new pair begins.

    One sort by a mixture of both numbers does, but for two pairs of one mixture: they are looked for, and the
    pairs then sorted by both numbers.
    """
    mixed = first * _ODD[0]
    mixed ^= mixed >> np.uint64(32)
    mixed += second
    mixed *= _ODD[1]
    mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed)
    mixed = mixed[order]
    alike = mixed[1:] == mixed[:-1]
    del mixed
    new = _begins(first, second, order)
    if (new[1:] & alike).any():
        order = np.lexsort((second, first))
        new = _begins(first, second, order)
    return order, new


def _begins(first: Array, second: Array, order: Array) -> Array:
    """Give where, in an order, a pair differs from the one before."""
    new = np.ones(len(order), dtype=bool)
    for numbers in (first, second):
        ordered = numbers[order]
        differs = ordered[1:] != ordered[:-1]
        new[1:] = differs if numbers is first else new[1:] | differs
    return new


def _sharing(owner: Array, begin: Array, n: int) -> sp.csr_matrix:
    """Link the units that own something in common.

    Parameters
    ----------
    owner : ndarray of shape (v,)
        Units, in which the owners of one thing follow each other.
    begin : ndarray of shape (m,)
        Where the owners of each thing begin.
    n : int
        Number of units.
    """
    size = np.diff(begin, append=len(owner))
    shared = size > 1  # most vertices belong to one unit only
    owner, size = owner[np.repeat(shared, size)], size[shared]
    indptr = np.concatenate([[0], np.cumsum(size)])
    # truth values, for a count of common vertices would not fit into a byte
    owners = sp.csr_matrix((np.ones(len(owner), dtype=bool), owner, indptr), shape=(len(size), n))
    del owner
    owners = owners[np.argsort(owners.indices[owners.indptr[:-1]])]  # near each other where their units are
    links = sp.csr_matrix(owners.T.tocsr() @ owners)
    rows = np.repeat(np.arange(n, dtype=links.indices.dtype), np.diff(links.indptr))
    others = rows != links.indices
    itself = np.zeros(n + 1, dtype=links.indptr.dtype)
    itself[rows[~others] + 1] = 1
    del rows
    indices, indptr = links.indices[others], links.indptr - np.cumsum(itself, dtype=itself.dtype)
    del links, others
    found = sp.csr_matrix((np.ones(len(indices), dtype=bool), indices, indptr), shape=(n, n))
    found.sort_indices()
    return sp.csr_matrix((np.ones(found.nnz), found.indices, found.indptr), shape=(n, n))


def _of_order(touching: sp.csr_matrix, order: int, lower_order: bool) -> sp.csr_matrix:
    """Link units whose shortest path has `order` steps (or at most so many)."""
    n = touching.shape[0]
    itself = sp.identity(n, format="csr", dtype=bool)
    step = touching.astype(bool)
    frontier = seen = itself
    for _ in range(order):
        wider = (frontier @ step).astype(bool)
        frontier = sp.csr_matrix(wider > seen)
        seen = sp.csr_matrix(seen + frontier).astype(bool)
    return sp.csr_matrix(seen > itself if lower_order else frontier, dtype=float)
