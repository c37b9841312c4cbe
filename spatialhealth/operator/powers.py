"""Exact diagonals and traces of low powers of W, by sparse products of a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array

__all__ = ["exact_traces", "power_diagonals", "product_cost"]

_ENTRIES = 4_000_000  # at most, of the highest power in one chunk of rows: 48 MB
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


def _equal(matrix: sp.csr_matrix, transposed: sp.csr_matrix) -> bool:
    matrix.sort_indices()
    return (
        np.array_equal(matrix.indptr, transposed.indptr)
        and np.array_equal(matrix.indices, transposed.indices)
        and np.array_equal(matrix.data, transposed.data)
    )


def _chunks(matrix: sp.csr_matrix, transposed: sp.csr_matrix, power: int) -> Iterator[slice]:
    """Give runs of rows whose highest power, on either side, has no more entries than one may hold."""
    n = matrix.shape[0]
    entries = np.zeros(n)
    for side in (matrix,) if transposed is matrix else (matrix, transposed):
        pattern = sp.csr_matrix((np.ones(side.nnz), side.indices, side.indptr), shape=side.shape)
        reached = np.ones(n)
        for _ in range(power):
            reached = np.minimum(pattern @ reached, n)
        entries = np.maximum(entries, reached)
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
