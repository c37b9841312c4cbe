"""The weights of a simulation when none are given: a lattice."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from spatialhealth.weights.standardise import standardise

__all__ = ["lattice"]


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
    return standardise(half + half.T)
