"""The weights of a simulation: a lattice, those that were given, and the solver of I - rho W."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.errors import DuplicateError, OptionError, ShapeError, WeightsError

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["graph_of", "lattice", "links_of", "solver"]

_SMALL = 200  # units up to which all eigenvalues are computed at once


def lattice(n: int) -> sp.csr_matrix:
    """Build row-standardised queen contiguity of n cells in a near-square lattice.

    Parameters
    ----------
    n : int
        Number of cells; the last row of the lattice may be shorter.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)

    Examples
    --------
    >>> lattice(4).toarray()[0].round(3).tolist()
    [0.0, 0.333, 0.333, 0.333]
    """
    width = int(np.ceil(np.sqrt(n)))
    cell = np.arange(n)
    column = cell % width
    pairs = []
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        other = cell + down * width + right
        there = (column + right >= 0) & (column + right < width) & (other < n)
        pairs.append(np.stack([cell[there], other[there]]))
    first, second = np.concatenate(pairs, axis=1)
    half = sp.coo_matrix((np.ones(len(first)), (first, second)), shape=(n, n)).tocsr()
    links = half + half.T
    sums = np.asarray(links.sum(axis=1)).ravel()
    return sp.csr_matrix(sp.diags(1.0 / sums) @ links)


def links_of(weights: Any) -> tuple[Array, sp.csr_matrix]:
    """Read a Graph, or a tuple of ids and matrix.

    Parameters
    ----------
    weights : libpysal.graph.Graph or tuple (ids, matrix)

    Returns
    -------
    ids : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    WeightsError
        If `weights` is neither, or holds a NaN or infinite weight.
    ShapeError
        If ids and matrix do not fit.
    DuplicateError
        If an id stands twice.
    """
    if hasattr(weights, "unique_ids") and hasattr(weights, "adjacency"):
        index = weights.unique_ids
        ids = np.asarray(index)
        edges = weights.adjacency
        row = index.get_indexer(edges.index.get_level_values(0))
        column = index.get_indexer(edges.index.get_level_values(1))
        matrix = sp.csr_matrix((edges.to_numpy(float), (row, column)), shape=(len(ids), len(ids)))
        matrix.eliminate_zeros()  # an isolate stands as a link of no weight to itself
    elif isinstance(weights, tuple) and len(weights) == 2:
        ids, matrix = np.asarray(weights[0]), sp.csr_matrix(weights[1], dtype=float)
    else:
        raise WeightsError(
            f"simulate: weights of type {type(weights).__name__} cannot be read. "
            "Give a libpysal Graph or a tuple (ids, sparse matrix)."
        )
    if matrix.shape != (len(ids), len(ids)):
        raise ShapeError(f"simulate: {len(ids)} ids do not fit a weights matrix of shape {matrix.shape}.")
    if len(set(ids.tolist())) < len(ids):
        raise DuplicateError("simulate: an id of the weights stands more than once. Ids must be unique.")
    if not np.isfinite(matrix.data).all():
        raise WeightsError("simulate: the weights hold NaN or infinite values. Weights must be finite.")
    return ids, matrix


def graph_of(ids: Array, matrix: sp.csr_matrix) -> Graph:
    """Label a sparse matrix with ids.

    Parameters
    ----------
    ids : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Returns
    -------
    libpysal.graph.Graph
    """
    import pandas as pd
    from libpysal.graph import Graph

    links = matrix.tocoo()
    isolates = np.flatnonzero(np.diff(matrix.indptr) == 0)
    focal = np.concatenate([links.row, isolates])
    neighbor = np.concatenate([links.col, isolates])
    weight = np.concatenate([links.data, np.zeros(len(isolates))])
    order = np.lexsort((neighbor, focal))
    index = pd.Index(ids)
    pairs = [index.take(focal[order]), index.take(neighbor[order])]
    names = ["focal", "neighbor"]
    edges = pd.Series(weight[order], index=pd.MultiIndex.from_arrays(pairs, names=names), name="weight")
    return Graph(edges, is_sorted=True)


def solver(w: sp.csr_matrix, coefficient: Any, name: str) -> Callable[[Array], Array]:
    """Factor I - coefficient W once.

    Parameters
    ----------
    w : scipy.sparse.csr_matrix of shape (n, n)
    coefficient : float
        rho or lambda.
    name : str
        Which of the two, for the message.

    Returns
    -------
    callable
        Solves for a right-hand side of shape (n, m).

    Raises
    ------
    OptionError
        If the process does not exist: the coefficient is outside the interval around zero in which the powers
        of coefficient W die out, (-1, 1) for row-standardised weights.
    """
    from scipy.sparse.linalg import splu

    numeric = isinstance(coefficient, (int, float, np.integer, np.floating)) and not isinstance(
        coefficient, bool
    )
    if not numeric or not np.isfinite(coefficient):
        raise OptionError(f"simulate: {name}={coefficient!r} must be a number.")
    row_sums = np.abs(w).sum(axis=1)
    dominant = abs(coefficient) * row_sums.max() < 1
    if not dominant:
        limit = 1.0 / max(_radius(w, np.asarray(row_sums).ravel()), np.finfo(float).tiny)
        if abs(coefficient) >= limit:
            raise OptionError(
                f"simulate: {name}={coefficient!r} must lie strictly between {-limit:.6g} and {limit:.6g}, "
                "where the process exists for these weights."
            )
    system = sp.identity(w.shape[0], format="csc") - coefficient * w.tocsc()
    # a diagonally dominant matrix needs no pivoting, which keeps the factors of large lattices sparse
    options = {"diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}} if dominant else {}
    factors = splu(sp.csc_matrix(system), permc_spec="MMD_AT_PLUS_A", **options)
    return lambda right: factors.solve(np.ascontiguousarray(right))


def _radius(w: sp.csr_matrix, row_sums: Array) -> float:
    """Find the largest modulus of the eigenvalues."""
    from scipy.sparse.linalg import eigs

    linked = row_sums[row_sums > 0]
    if linked.size and np.allclose(linked, 1.0) and (w.data >= 0).all():
        return 1.0  # row-standardised
    if w.shape[0] <= _SMALL:
        return float(np.abs(np.linalg.eigvals(w.toarray())).max())
    start = np.ones(w.shape[0])  # a fixed start, so that the same call gives the same answer
    return float(np.abs(eigs(w, k=1, which="LM", v0=start, return_eigenvectors=False)).max())
