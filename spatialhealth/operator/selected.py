"""Selected inversion: the diagonal of (I - z W)^-1 from the entries of it where the sparse factors have some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from spatialhealth._blas import one_thread
from spatialhealth._typing import Array
from spatialhealth.operator.factor import factorise

__all__ = ["inverse_diagonal"]

_TRACE = 1e-18


def inverse_diagonal(matrix: sp.csr_matrix, z: complex) -> Array:
    """Give the diagonal of (I - z W)^-1 at the cost of a few factorisations.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        W, or a matrix similar to it, such that I - z W is definite or diagonally dominant.
    z : float or complex

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    RuntimeError
        If I - z W is singular, or needs pivoting.

    Notes
    -----
    With I - z W = L U and Z its inverse, Z L = U^-1 and U Z = L^-1 give the block of Z of some pivots J, whose
    columns of L have entries in the rows s, from the block of s:

    Z_sJ = -Z_ss L_sJ L_JJ^-1, Z_Js = -U_JJ^-1 U_Js Z_ss, Z_JJ = (L_JJ U_JJ)^-1 - U_JJ^-1 U_Js Z_sJ.

    All of Z_ss lies in the block of the first pivot of s, so that no other entry of the inverse is ever needed.
    Pivots with the same rows below them make one dense block.

    References
    ----------
    Takahashi, K., Fagan, J. and Chin, M.-S. (1973). Formation of a sparse bus impedance matrix and its application
    to short circuit study. Proceedings of the 8th PICA Conference, 63-69.

    Erisman, A. M. and Tinney, W. F. (1975). On computing certain elements of the inverse of a sparse matrix.
    Communications of the ACM 18, 177-179.

    Examples
    --------
    >>> inverse_diagonal(sp.csr_matrix(np.array([[0.0, 1.0], [1.0, 0.0]])), 0.5)  # 1 / (1 - 0.25)
    array([1.33333333, 1.33333333])
    """
    with one_thread():
        return _inverse_diagonal(matrix, z)


def _inverse_diagonal(matrix: sp.csr_matrix, z: complex) -> Array:
    # links one way only get one back that is lost to rounding, for the factors have no place for what they lack
    factor = factorise(sp.csr_matrix(matrix + _TRACE * matrix.T), z, without_pivoting=True)
    if not np.array_equal(factor.perm_r, factor.perm_c):
        raise RuntimeError("A pivot off the diagonal was taken: the matrix is not dominated by its diagonal")
    factors = _factors(factor)
    diagonal = np.empty(matrix.shape[0], dtype=factors.lower.dtype)
    for pivots, block in _blocks(factors):
        diagonal[pivots] = block
    return np.asarray(diagonal[factor.perm_c])


class _Factors(NamedTuple):
    """L and U' by columns, on one pattern: with the rows of a column stand all that its parent needs.

    The parent of a column is its first row below the diagonal.
    """

    starts: Array
    rows: Array
    lower: Array
    upper: Array

    def panel(self, values: Array, first: int, stop: int) -> Array:
        """Give the columns first ... stop, which have the same rows below them, as one dense block."""
        if stop == first + 1:
            return values[self.starts[first] : self.starts[stop], None]
        panel = np.zeros((self.starts[first + 1] - self.starts[first], stop - first), dtype=values.dtype)
        for j in range(stop - first):
            panel[j:, j] = values[self.starts[first + j] : self.starts[first + j + 1]]
        return panel


def _factors(factor: Any) -> _Factors:
    n = factor.shape[0]
    sides = []
    for side in (factor.L, sp.csc_matrix(factor.U.T)):
        side.sort_indices()
        columns = np.repeat(np.arange(n, dtype=np.int64), np.diff(side.indptr))
        sides.append((columns * n + side.indices, side.data))
    same = np.array_equal(sides[0][0], sides[1][0])
    cells = _closed(sides[0][0] if same else np.union1d(sides[0][0], sides[1][0]), n)
    values = [np.zeros(len(cells), dtype=data.dtype) for _, data in sides]
    for (places, data), side in zip(sides, values, strict=True):
        side[np.searchsorted(cells, places)] = data
    starts = np.searchsorted(cells, np.arange(n + 1, dtype=np.int64) * n)
    return _Factors(starts, cells % n, *values)


def _closed(cells: Array, n: int) -> Array:
    """Add to the cells (column n + row) of the factors those that were dropped as zeros but have an inverse."""
    while True:
        column, row = np.divmod(cells, n)
        below = row > column
        column, row = column[below], row[below]
        first = np.flatnonzero(np.diff(column, prepend=-1))
        parent = np.repeat(row[first], np.diff(first, append=len(row)))
        needed = parent * n + row
        place = np.minimum(np.searchsorted(cells, needed), len(cells) - 1)
        missing = needed[cells[place] != needed]
        if not len(missing):
            return cells
        cells = np.union1d(cells, missing)


def _blocks(factors: _Factors) -> Iterator[tuple[slice, Array]]:
    """Give the diagonal of the inverse for one block of pivots after the other, the last ones first."""
    starts, rows = factors.starts, factors.rows
    n = len(starts) - 1
    count = np.diff(starts)
    parent = np.where(count > 1, rows[np.minimum(starts[:-1] + 1, len(rows) - 1)], n)
    joined = (parent[:-1] == np.arange(1, n)) & (count[:-1] == count[1:] + 1)
    edges = np.concatenate([[0], np.flatnonzero(~joined) + 1, [n]])
    block_of = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    above = np.append(block_of, -1)[parent[edges[1:] - 1]]  # the block that holds Z_ss
    has_children, first_child = np.unique(above, return_index=True)
    last_use = dict(zip(has_children.tolist(), first_child.tolist(), strict=True))
    fronts: dict[int, tuple[Array, Array]] = {}
    for k in range(len(edges) - 2, -1, -1):
        first, stop = int(edges[k]), int(edges[k + 1])
        here, up = rows[starts[first] : starts[first + 1]], int(above[k])
        known = None
        if up >= 0:
            index, front = fronts[up]
            at = np.searchsorted(index, here[stop - first :])
            known = front[at[:, None], at]
            if last_use[up] == k:
                del fronts[up]
        lower, upper = factors.panel(factors.lower, first, stop), factors.panel(factors.upper, first, stop)
        front = _front(lower, upper, known)
        if k in last_use:
            fronts[k] = here, front
        yield slice(first, stop), np.diagonal(front)[: stop - first]


def _front(lower: Array, upper: Array, known: Array | None) -> Array:
    """Give the inverse for the pivots J and the rows s below them, from that for s."""
    width = lower.shape[1]
    if width == 1:  # as most are, and a call of inv takes as long as all the rest
        left, right = lower[:1], 1 / upper[:1]
    else:
        left, right = np.linalg.inv(lower[:width]), np.linalg.inv(upper[:width]).T
    if known is None:
        return np.asarray(right @ left)
    front = np.empty((len(lower), len(lower)), dtype=lower.dtype)
    outward = right @ upper[width:].T
    front[width:, width:] = known
    front[width:, :width] = known @ (-lower[width:] @ left)
    front[:width, width:] = -outward @ known
    front[:width, :width] = right @ left - outward @ front[width:, :width]
    return front
