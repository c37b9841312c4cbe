"""Local Moran statistics with numpy alone: the neighbours' values drawn anew, each unit's own value held."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from spatialhealth._progress import track
from spatialhealth._typing import Array

__all__ = ["local_moran", "two_sided"]

_ROUNDING = 1e-10


def local_moran(
    values: Array, matrix: sp.csr_matrix, permutations: int, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Give local statistics, two-sided pseudo p values and quadrants of one cross-section.

    Parameters
    ----------
    values : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        Weights, taken as they are.
    permutations : int
    rng : numpy.random.Generator

    Returns
    -------
    local : ndarray of shape (n,)
        z_i sum_j w_ij z_j (n - 1) / sum z^2.
    p_value : ndarray of shape (n,)
    quadrant : ndarray of int of shape (n,)
        1 high among high, 2 low among high, 3 low among low, 4 high among low.

    Notes
    -----
    Values without replacement from the other n - 1 units stand in a random order of all, from a random place on:
    consecutive places of a permutation, the unit itself left out. One permutation serves all units, as in esda.

    References
    ----------
    Anselin, L. (1995). Local indicators of spatial association - LISA. Geographical Analysis 27, 93-115.
    """
    n = len(values)
    z = values - values.mean()
    lag = matrix @ z
    scale = (n - 1) / float(z @ z)
    local = scale * z * lag
    slack = _ROUNDING * max(float(np.abs(local).max()), 1e-300)
    above, below = np.zeros(n, dtype=int), np.zeros(n, dtype=int)
    links = np.diff(matrix.indptr)
    within = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], links)
    rows = np.repeat(np.arange(n), links)
    for _ in track(range(permutations), "permutations"):
        order = rng.permutation(n)
        at = np.empty(n, dtype=int)
        at[order] = np.arange(n)
        # places behind the unit's own in the circle of all units: never the unit itself
        drawn = z[order[(at[rows] + 1 + within) % n]]
        simulated = scale * z * np.bincount(rows, matrix.data * drawn, minlength=n)
        above += simulated >= local - slack
        below += simulated <= local + slack
    quadrant = np.where(z > 0, np.where(lag > 0, 1, 4), np.where(lag > 0, 2, 3))
    return local, two_sided(above, below, permutations), quadrant


def two_sided(above: Array, below: Array, permutations: int) -> Array:
    """Give p values from counts of draws at least as far up, and as far down, as what was observed."""
    return np.asarray(np.minimum(2 * (np.minimum(above, below) + 1) / (permutations + 1), 1.0))
