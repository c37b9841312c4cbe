"""Weights in any of their forms to (ids, sparse matrix) and to a libpysal Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth._validation import is_missing
from spatialhealth.errors import AlignmentError, DuplicateError, NonNumericError, WeightsError, some

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["as_graph", "as_links", "as_matrix", "check_links", "in_order", "to_graph"]


def as_links(weights: Any) -> tuple[Array, sp.csr_matrix]:
    """Turn weights of any accepted form into unit ids and a checked sparse matrix.

    Parameters
    ----------
    weights : libpysal.graph.Graph, libpysal.weights.W, tuple (ids, matrix), DataFrame or Series
        - a Graph or W, taken as it is (its transformation included);
        - a tuple of n ids and a scipy sparse or numpy (n, n) matrix, row i the neighbours of unit i;
        - a square DataFrame whose index and columns hold the same ids;
        - an edge list: a DataFrame with columns `focal`, `neighbor` and optionally `weight`,
          or a Series of weights indexed by (focal, neighbor).

    Returns
    -------
    ids : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    WeightsError
        If the matrix is not square, has a negative or non-finite weight or a unit that is its own
        neighbour, or links no units at all; if an id is missing.
    DuplicateError
        If an id, or a link, stands twice.
    NonNumericError
        If the weights are no numbers.

    Examples
    --------
    >>> import numpy as np
    >>> ids, matrix = as_links((["a", "b"], np.array([[0.0, 1.0], [1.0, 0.0]])))
    >>> list(ids), matrix.nnz
    (['a', 'b'], 2)
    """
    if isinstance(weights, tuple) and len(weights) == 2:
        return check_links(*weights)
    if hasattr(weights, "unique_ids") and hasattr(weights, "adjacency"):
        return _from_graph(weights)
    if hasattr(weights, "id_order") and hasattr(weights, "sparse"):
        return check_links(weights.id_order, weights.sparse)
    if hasattr(weights, "columns") and hasattr(weights, "index"):
        if {"focal", "neighbor"} <= set(weights.columns):
            values = weights["weight"] if "weight" in weights.columns else np.ones(len(weights))
            return _from_edges(weights["focal"], weights["neighbor"], values)
        return _from_square(weights)
    if getattr(getattr(weights, "index", None), "nlevels", 1) == 2:
        index = weights.index
        return _from_edges(index.get_level_values(0), index.get_level_values(1), weights)
    raise WeightsError(
        f"Weights cannot be read from {type(weights).__name__}. Give a libpysal Graph or W, a tuple "
        "(ids, sparse matrix), a square DataFrame, or an edge list with the columns focal, neighbor, weight."
    )


def check_links(ids: Any, matrix: Any) -> tuple[Array, sp.csr_matrix]:
    """Check ids and matrix, and give back an id array and a canonical CSR matrix.

    Parameters
    ----------
    ids : sequence of length n
        Unit ids, in the order of the rows.
    matrix : sparse or dense array of shape (n, n)
        Weights.

    Returns
    -------
    ids : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    WeightsError, DuplicateError, NonNumericError
        See `as_links`.
    """
    matrix = as_matrix(matrix)
    ids = _id_array(ids)
    if len(ids) != matrix.shape[0]:
        raise WeightsError(
            f"The weights matrix has {matrix.shape[0]} rows but {len(ids)} ids were given: give one id a row."
        )
    unique, counts = np.unique(ids.astype(str) if ids.dtype == object else ids, return_counts=True)
    if len(unique) < len(ids):
        raise DuplicateError(
            f"Ids of the weights stand more than once: {some(unique[counts > 1])}. Give each unit its own."
        )
    matrix.sum_duplicates()
    rows = np.repeat(np.arange(len(ids)), np.diff(matrix.indptr))
    for bad, what in (
        (~np.isfinite(matrix.data), "not finite"),
        (matrix.data < 0, "negative"),
        ((rows == matrix.indices) & (matrix.data != 0), "from a unit to itself (a non-zero diagonal)"),
    ):
        if bad.any():
            raise WeightsError(
                f"{int(bad.sum())} weights are {what}, in the rows of units {some(np.unique(ids[rows[bad]]))}. "
                "Weights must be finite, at least zero, and zero on the diagonal."
            )
    matrix.eliminate_zeros()
    if matrix.nnz == 0:
        raise WeightsError(
            f"None of the {len(ids)} units has a neighbour, so there is nothing spatial to estimate. "
            "Use a larger threshold (in metres), nearest neighbours, or check the geometry."
        )
    return ids, matrix


def in_order(ids: Array, matrix: sp.csr_matrix, wanted: Array, what: str) -> sp.csr_matrix:
    """Put the rows and columns of a matrix in the order of other ids.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Of the matrix.
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    wanted : ndarray of shape (n,)
        The same ids in the order to give.
    what : str
        What the matrix is, for the message.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    AlignmentError
        If the ids differ.
    """
    place = {unit: position for position, unit in enumerate(ids.tolist())}
    absent = [unit for unit in wanted.tolist() if unit not in place]
    if absent or len(ids) != len(wanted):
        extra = sorted(set(ids.tolist()) - set(wanted.tolist()), key=str)
        parts = [f"{len(absent)} of W are not among them: {some(absent)}"] if absent else []
        parts += [f"{len(extra)} are not in W: {some(extra)}"] if extra else []
        raise AlignmentError(
            f"The units of {what} and of W differ; {'; '.join(parts)}. Build both from one layer."
        )
    order = np.array([place[unit] for unit in wanted.tolist()])
    return sp.csr_matrix(matrix[order][:, order])


def as_matrix(matrix: Any) -> sp.csr_matrix:
    """Copy a square matrix of numbers, sparse or dense, into CSR form.

    Parameters
    ----------
    matrix : sparse or dense array of shape (n, n)

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    WeightsError
        If it is not square.
    NonNumericError
        If it does not hold numbers.
    """
    if not sp.issparse(matrix):
        try:
            matrix = np.asarray(matrix)
        except ValueError:
            raise WeightsError("The weights matrix must be square; its rows differ in length.") from None
    if matrix.dtype.kind not in "fiub":
        raise NonNumericError(
            f"The weights matrix must hold numbers; it holds {matrix.dtype}. Labelled weights go through "
            "spatialhealth.weights.as_links."
        )
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise WeightsError(
            f"The weights matrix must be square, with a row and a column for each unit; it has shape {matrix.shape}."
        )
    return sp.csr_matrix(matrix, dtype=float, copy=True)


def as_graph(weights: Any) -> Graph:
    """Turn weights of any accepted form into a libpysal Graph, values unchanged.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame or Series
        See `as_links`.

    Returns
    -------
    libpysal.graph.Graph

    Raises
    ------
    WeightsError, DuplicateError
        See `as_links`.

    Examples
    --------
    >>> import pandas as pd
    >>> edges = pd.DataFrame({"focal": ["a", "b"], "neighbor": ["b", "a"], "weight": [1.0, 1.0]})
    >>> as_graph(edges).n
    2
    """
    return to_graph(*as_links(weights))


def to_graph(ids: Any, matrix: Any) -> Graph:
    """Label a sparse matrix with ids: the last step of every builder.

    Parameters
    ----------
    ids : sequence of length n
        Unit ids, in the order of the rows.
    matrix : sparse array of shape (n, n)
        Weights; an empty row is an isolate.

    Returns
    -------
    libpysal.graph.Graph

    Raises
    ------
    WeightsError
        If there are not as many ids as rows.
    """
    import pandas as pd
    from libpysal.graph import Graph

    index = pd.Index(ids)
    links = sp.csr_matrix(matrix)
    links.sort_indices()
    if links.shape != (len(index), len(index)):
        raise WeightsError(
            f"{len(index)} ids cannot label a matrix of shape {links.shape}: give one id a row."
        )
    counts = np.diff(links.indptr)
    isolates = np.flatnonzero(counts == 0)
    focal = np.concatenate([np.repeat(np.arange(len(index)), counts), isolates])
    neighbor = np.concatenate([links.indices, isolates])
    weight = np.concatenate([links.data, np.zeros(len(isolates))])
    order = np.argsort(focal, kind="stable")
    adjacency = pd.Series(
        weight[order],
        # every id among both levels, in order: libpysal reads the shape of its sparse matrix from them
        index=pd.MultiIndex(
            levels=[index, index], codes=[focal[order], neighbor[order]], names=["focal", "neighbor"]
        ),
        name="weight",
    )
    return Graph(adjacency, is_sorted=True)


def _from_graph(graph: Graph) -> tuple[Array, sp.csr_matrix]:
    # not graph.sparse: libpysal (4.14) sorts its rows by label, whatever the order of unique_ids
    ids = graph.unique_ids
    rows, cols = (
        ids.get_indexer(level)[code]
        for level, code in zip(graph.adjacency.index.levels, graph.adjacency.index.codes, strict=True)
    )
    n = len(ids)
    return check_links(ids, sp.coo_matrix((graph.adjacency.to_numpy(float), (rows, cols)), shape=(n, n)))


def _from_edges(focal: Any, neighbor: Any, weight: Any) -> tuple[Array, sp.csr_matrix]:
    focal, neighbor, weight = _id_array(focal), _id_array(neighbor), np.asarray(weight)
    if weight.dtype.kind not in "fiub":
        raise NonNumericError(
            f"The weights of an edge list must be numbers; they are {weight.dtype}. Use pandas.to_numeric."
        )
    both = np.concatenate([focal, neighbor])
    _, first, code = np.unique(both.astype(str), return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # ids keep the order in which they first appear
    code = rank[code]
    ids = both[np.sort(first)]
    n = len(ids)
    rows, cols = code[: len(focal)], code[len(focal) :]
    cells, counts = np.unique(rows * n + cols, return_counts=True)
    if (counts > 1).any():
        twice = cells[counts > 1]
        pairs = [(ids[c // n], ids[c % n]) for c in twice]
        raise DuplicateError(f"Links stand more than once in the edge list: {some(pairs)}.")
    return check_links(ids, sp.coo_matrix((np.asarray(weight, dtype=float), (rows, cols)), shape=(n, n)))


def _from_square(frame: Any) -> tuple[Array, sp.csr_matrix]:
    if frame.shape[0] != frame.shape[1]:
        raise WeightsError(
            f"A DataFrame of weights must be square (ids as index and as columns), or an edge list with the "
            f"columns focal, neighbor, weight; this one has shape {frame.shape}."
        )
    twice = frame.index[frame.index.duplicated()].unique()
    if len(twice):
        raise DuplicateError(f"Ids stand more than once in the index: {some(twice)}. Keep one row a unit.")
    lacking = [label for label in frame.index if label not in set(frame.columns)]
    if lacking:
        raise WeightsError(
            f"Ids of the index that are not among the columns: {some(lacking)}. Index and columns must hold the "
            "same ids."
        )
    return check_links(frame.index, frame[frame.index].to_numpy())


def _id_array(ids: Any) -> Array:
    """Copy ids into an array: integers as they are, anything else as objects, so that no label changes."""
    if isinstance(ids, str) or not hasattr(ids, "__len__"):
        raise WeightsError(f"The ids must be a sequence with one id a unit; they are {ids!r}.")
    array = np.empty(len(ids), dtype=object)
    for place, label in enumerate(ids):
        array[place] = str(label) if isinstance(label, str) else label  # numpy's text becomes Python's
    missing = [place for place, label in enumerate(array) if is_missing(label)]
    if missing:
        raise WeightsError(
            f"Ids of the weights are missing at positions {some(missing)}. Give each unit an id."
        )
    if any(isinstance(label, (tuple, list)) for label in array):
        raise WeightsError(
            f"Each id must be one label, not several: {some(array[:3])}. Index the units by one column of ids."
        )
    kinds = {type(label) for label in array}
    if kinds and all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds):
        return array.astype(np.int64)
    return array
