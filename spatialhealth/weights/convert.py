"""Weights in any of their forms to (ids, sparse matrix) and to a libpysal Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, DuplicateError, NonNumericError, WeightsError, some
from spatialhealth.weights.ids import check_once, id_array, places

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = [
    "FARTHER",
    "as_graph",
    "as_links",
    "as_matrix",
    "check_links",
    "check_values",
    "in_order",
    "to_graph",
]

FARTHER = "Use a larger threshold or cutoff (in metres), nearest neighbours, or check the geometry."


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

    Notes
    -----
    A CSR matrix is copied once and left as it is; whole numbers as ids stay an array. 10,000,000 units with four
    links each, ids a range or an array, are read and checked in less than a second; 1,000,000 as a Graph whose ids
    are text in about half a second.

    Examples
    --------
    >>> import numpy as np
    >>> ids, matrix = as_links((["a", "b"], np.array([[0.0, 1.0], [1.0, 0.0]])))
    >>> list(ids), matrix.nnz
    (['a', 'b'], 2)
    """
    if isinstance(weights, tuple) and len(weights) == 2:
        return check_links(*weights)
    if hasattr(type(weights), "unique_ids") and hasattr(
        type(weights), "adjacency"
    ):  # asked of one they are computed
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


def check_links(ids: Any, matrix: Any, copy: bool = True) -> tuple[Array, sp.csr_matrix]:
    """Check ids and matrix, and give back an id array and a canonical CSR matrix.

    Parameters
    ----------
    ids : sequence of length n
        Unit ids, in the order of the rows.
    matrix : sparse or dense array of shape (n, n)
        Weights.
    copy : bool, default True
        See `as_matrix`.

    Returns
    -------
    ids : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    WeightsError, DuplicateError, NonNumericError
        See `as_links`.
    """
    matrix = as_matrix(matrix, copy)
    ids = id_array(ids)
    if len(ids) != matrix.shape[0]:
        raise WeightsError(
            f"The weights matrix has {matrix.shape[0]} rows but {len(ids)} ids were given: give one id a row."
        )
    check_once(ids)
    return ids, check_values(ids, matrix)


def check_values(ids: Array, matrix: sp.csr_matrix, advice: str = FARTHER) -> sp.csr_matrix:
    """Put a matrix into canonical form, in place, and raise WeightsError unless its values are weights.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Only read to name units.
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    advice : str
        What to do where there is no link at all.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)
        The same, sorted, without zeros.
    """
    matrix.sum_duplicates()
    lowest, highest = (matrix.data.min(), matrix.data.max()) if matrix.nnz else (0.0, 0.0)
    if not (lowest >= 0 and highest < np.inf) or matrix.diagonal().any():
        _refuse(ids, matrix)
    if lowest == 0:
        matrix.eliminate_zeros()
    if matrix.nnz == 0:
        raise WeightsError(
            f"None of the {len(ids)} units has a neighbour, so there is nothing spatial to estimate. {advice}"
        )
    return matrix


def _refuse(ids: Array, matrix: sp.csr_matrix) -> None:
    """Say which units have weights that are none."""
    rows = np.repeat(np.arange(len(ids)), np.diff(matrix.indptr))
    for bad, what in (
        (~np.isfinite(matrix.data), "not finite"),
        (matrix.data < 0, "negative"),
        ((rows == matrix.indices) & (matrix.data != 0), "from a unit to itself (a non-zero diagonal)"),
    ):
        if bad.any():
            raise WeightsError(
                f"{int(bad.sum())} weights are {what}, in the rows of units {some(ids[np.unique(rows[bad])])}. "
                "Weights must be finite, at least zero, and zero on the diagonal."
            )


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
    order = places(ids, wanted)
    absent = wanted[order < 0].tolist()
    if absent or len(ids) != len(wanted):
        extra = sorted(set(ids.tolist()) - set(wanted.tolist()), key=str)
        parts = [f"{len(absent)} of W are not among them: {some(absent)}"] if absent else []
        parts += [f"{len(extra)} are not in W: {some(extra)}"] if extra else []
        raise AlignmentError(
            f"The units of {what} and of W differ; {'; '.join(parts)}. Build both from one layer."
        )
    return sp.csr_matrix(matrix[order][:, order])


def as_matrix(matrix: Any, copy: bool = True) -> sp.csr_matrix:
    """Copy a square matrix of numbers, sparse or dense, into CSR form.

    Parameters
    ----------
    matrix : sparse or dense array of shape (n, n)
    copy : bool, default True
        Whether a CSR matrix is copied too. Without it the arrays may be those of `matrix`, which is then the
        caller's to give away.

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
    if not sp.issparse(matrix):
        return sp.csr_matrix(matrix, dtype=float)
    rows = matrix.tocsr()
    copy = copy and matrix.format == "csr"  # every other format has been copied on the way
    small = max(rows.nnz, rows.shape[0]) <= np.iinfo(np.int32).max
    index = np.int32 if small else np.int64
    return sp.csr_matrix(
        (
            rows.data.astype(float, copy=copy),
            rows.indices.astype(index, copy=copy),
            rows.indptr.astype(index, copy=copy),
        ),
        shape=rows.shape,
    )


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


def to_graph(ids: Any, matrix: Any, copy: bool = True) -> Graph:
    """Label a sparse matrix with ids: the last step of every builder.

    Parameters
    ----------
    ids : sequence of length n
        Unit ids, in the order of the rows.
    matrix : sparse array of shape (n, n)
        Weights; an empty row is an isolate.
    copy : bool, default True
        See `as_matrix`: whether the graph holds weights of its own.

    Returns
    -------
    libpysal.graph.Graph

    Raises
    ------
    WeightsError
        If there are not as many ids as rows.
    DuplicateError
        If an id stands twice.
    """
    import pandas as pd
    from libpysal.graph import Graph

    index = pd.Index(ids)
    if not index.is_unique:
        check_once(id_array(index))
    links = as_matrix(matrix, copy)
    links.sort_indices()
    n = len(index)
    if links.shape != (n, n):
        raise WeightsError(f"{n} ids cannot label a matrix of shape {links.shape}: give one id a row.")
    counts = np.diff(links.indptr)
    focal = np.repeat(np.arange(n, dtype=links.indices.dtype), counts)
    neighbor, weight = links.indices, links.data
    isolates = np.flatnonzero(counts == 0)
    if len(isolates):  # libpysal writes them as their own neighbours, with no weight
        before = links.indptr[isolates]
        focal, neighbor = np.insert(focal, before, isolates), np.insert(neighbor, before, isolates)
        weight = np.insert(weight, before, 0.0)
    adjacency = pd.Series(
        weight,
        # every id among both levels, in order: libpysal reads the shape of its sparse matrix from them
        index=pd.MultiIndex(levels=[index, index], codes=[focal, neighbor], names=["focal", "neighbor"]),
        name="weight",
        copy=False,
    )
    return Graph(adjacency, is_sorted=True)


def _from_graph(graph: Graph) -> tuple[Array, sp.csr_matrix]:
    # not graph.sparse: libpysal (4.14) sorts its rows by label, whatever the order of unique_ids
    import pandas as pd

    adjacency = graph.adjacency  # a copy
    levels, codes = adjacency.index.levels, adjacency.index.codes
    # unique ids are read from the codes: there are as many labels as links, and texts are slow to compare
    distinct = pd.unique(codes[0])
    ids = levels[0][distinct] if (distinct >= 0).all() else graph.unique_ids
    n = len(ids)
    place = np.full(len(levels[0]), -1, dtype=np.int32 if n <= np.iinfo(np.int32).max else np.int64)
    place[distinct] = np.arange(n)
    rows = place[codes[0]]
    cols = (place if levels[1].equals(levels[0]) else ids.get_indexer(levels[1]))[codes[1]]
    links = sp.coo_matrix((adjacency.to_numpy(float), (rows, cols)), shape=(n, n))
    return check_links(ids, links)


def _from_edges(focal: Any, neighbor: Any, weight: Any) -> tuple[Array, sp.csr_matrix]:
    focal, neighbor, weight = id_array(focal), id_array(neighbor), np.asarray(weight)
    if weight.dtype.kind not in "fiub":
        raise NonNumericError(
            f"The weights of an edge list must be numbers; they are {weight.dtype}. Use pandas.to_numeric."
        )
    import pandas as pd

    code, ids = pd.factorize(np.concatenate([focal, neighbor]))  # in the order in which they first appear
    n = len(ids)
    rows, cols = code[: len(focal)], code[len(focal) :]
    links = sp.coo_matrix((np.asarray(weight, dtype=float), (rows, cols)), shape=(n, n)).tocsr()
    if links.nnz < len(rows):
        cells, counts = np.unique(rows * n + cols, return_counts=True)
        pairs = [(ids[c // n], ids[c % n]) for c in cells[counts > 1]]
        raise DuplicateError(f"Links stand more than once in the edge list: {some(pairs)}.")
    return check_links(ids, links, copy=False)


def _from_square(frame: Any) -> tuple[Array, sp.csr_matrix]:
    if frame.shape[0] != frame.shape[1]:
        raise WeightsError(
            f"A DataFrame of weights must be square (ids as index and as columns), or an edge list with the "
            f"columns focal, neighbor, weight; this one has shape {frame.shape}."
        )
    twice = frame.index[frame.index.duplicated()].unique()
    if len(twice):
        raise DuplicateError(f"Ids stand more than once in the index: {some(twice)}. Keep one row a unit.")
    lacking = frame.index[~frame.index.isin(frame.columns)]
    if len(lacking):
        raise WeightsError(
            f"Ids of the index that are not among the columns: {some(lacking)}. Index and columns must hold the "
            "same ids."
        )
    return check_links(frame.index, frame[frame.index].to_numpy())
