"""Exact diagonals and traces of low powers of W, by sparse products of a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array

__all__ = ["affordable_order", "exact_traces", "power_diagonals", "product_cost"]

_ENTRIES = 4_000_000  # at most, of the highest power in one chunk of rows: 48 MB
_SAMPLE = 200  # rows from which the entries of a power are foreseen
_COST = 3_000  # multiplications a unit: some half a minute for a million units
_THREADS = 2  # scipy's products let go of the interpreter; a third one would wait for memory


def exact_traces(matrix: sp.csr_matrix, order: int = 4) -> Array:
    """Give tr(W^q) for q = 0 ... order, exactly.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        W, or a symmetric matrix similar to it, which takes half as long.
    order : int, default 4
        Highest power; W^a with a = (order + 1) // 2 is the highest that is formed, a few rows at a time.

    Returns
    -------
    ndarray of shape (order + 1,)

    Examples
    --------
    >>> import numpy as np
    >>> exact_traces(sp.csr_matrix(np.array([[0.0, 1.0], [0.25, 0.0]])))
    array([2.   , 0.   , 0.5  , 0.   , 0.125])
    """
    return np.asarray(power_diagonals(matrix, order).sum(axis=1))


def power_diagonals(matrix: sp.csr_matrix, order: int = 4) -> Array:
    """Give the diagonals of W^q for q = 0 ... order, exactly.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        W, or a matrix that a diagonal similarity makes of it, which has the same diagonals.
    order : int, default 4

    Returns
    -------
    ndarray of shape (order + 1, n)

    Notes
    -----
    diag(W^(a + b)) is the row sums of W^a * (W^b)', elementwise, so that half the order is enough.

    Examples
    --------
    >>> import numpy as np
    >>> power_diagonals(sp.csr_matrix(np.array([[0.0, 1.0], [0.25, 0.0]])), order=2)
    array([[1.  , 1.  ],
           [0.  , 0.  ],
           [0.25, 0.25]])
    """
    n = matrix.shape[0]
    found = np.empty((order + 1, n))
    found[0] = 1.0
    if order >= 1:
        found[1] = matrix.diagonal()
    if order < 2:
        return found
    transposed = sp.csr_matrix(matrix.T)
    if _equal(matrix, transposed):
        transposed = matrix

    def fill(rows: slice) -> None:
        found[2:, rows] = _diagonals_of(matrix, transposed, rows, order)

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(fill, _chunks(matrix, transposed, (order + 1) // 2)):
            pass
    return found


def product_cost(matrix: sp.csr_matrix) -> int:
    """Give the number of multiplications that W W takes: some 50 to 100 million of them a second.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Returns
    -------
    int

    Examples
    --------
    >>> product_cost(sp.identity(3, format="csr"))
    3
    """
    into = np.bincount(matrix.indices, minlength=matrix.shape[0])
    return int(into @ np.diff(matrix.indptr).astype(np.int64))


def affordable_order(matrix: sp.csr_matrix, highest: int) -> int:
    """Give the order, at most `highest`, up to which diagonals of powers take few multiplications a unit.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    highest : int

    Returns
    -------
    int
        At least 2, if asked for, which takes no product of matrices.

    Examples
    --------
    >>> affordable_order(sp.identity(3, format="csr"), 6)
    6
    """
    rows, spent = _sample(matrix), 0.0
    counts = np.diff(matrix.indptr)
    order = 2
    while order < highest:
        spent += counts[rows.indices].sum() / rows.shape[0]
        if spent > _COST:
            break
        rows = rows @ matrix
        order += 2
    return min(order, highest)


def _sample(matrix: sp.csr_matrix) -> sp.csr_matrix:
    n = matrix.shape[0]
    return matrix[np.linspace(0, n - 1, min(n, _SAMPLE)).astype(int)]


def _equal(matrix: sp.csr_matrix, transposed: sp.csr_matrix) -> bool:
    matrix.sort_indices()
    return (
        np.array_equal(matrix.indptr, transposed.indptr)
        and np.array_equal(matrix.indices, transposed.indices)
        and np.array_equal(matrix.data, transposed.data)
    )


def _chunks(matrix: sp.csr_matrix, transposed: sp.csr_matrix, power: int) -> Iterator[slice]:
    """Give runs of rows whose highest power, on either side, has about as many entries as one may hold."""
    n = matrix.shape[0]
    entries = np.zeros(n)
    for side in (matrix,) if transposed is matrix else (matrix, transposed):
        pattern = sp.csr_matrix((np.ones(side.nnz), side.indices, side.indptr), shape=side.shape)
        paths, rows = np.ones(n), _sample(side)
        for step in range(power):
            paths = pattern @ paths
            rows = rows @ side if step else rows
        # many paths end at the same unit: as large a share of them as in a sample
        sampled = rows.nnz / rows.shape[0] / max(paths.mean(), 1.0)
        entries = np.maximum(entries, np.minimum(paths * min(sampled, 1.0), n))
    chunk = (np.cumsum(entries) // _ENTRIES).astype(np.int64)
    starts = np.flatnonzero(np.diff(chunk, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], n], strict=True):
        yield slice(int(start), int(stop))


def _diagonals_of(matrix: sp.csr_matrix, transposed: sp.csr_matrix, rows: slice, order: int) -> Array:
    """Give some rows' diagonal entries of W^2 ... W^order."""
    found = np.empty((order - 1, rows.stop - rows.start))
    left, right = matrix[rows], transposed[rows]
    for q in range(2, order + 1):
        if q % 2:
            left = left @ matrix
        elif q > 2:
            right = left if transposed is matrix else right @ transposed
        found[q - 2] = _row_products(left, right)
    return found


def _row_products(left: sp.csr_matrix, right: sp.csr_matrix) -> Array:
    """Give the row sums of the elementwise product."""
    if left is right:
        rows = np.repeat(np.arange(left.shape[0]), np.diff(left.indptr))
        return np.bincount(rows, np.square(left.data), minlength=left.shape[0])
    return np.asarray(left.multiply(right).sum(axis=1)).ravel()
