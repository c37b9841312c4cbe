"""What a sparse factor of I - rho W costs, foretold from how the links spread."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph

__all__ = ["affordable_factor", "factor_seconds"]

# measured by benchmarks/factors.py: seconds for each link and unit of width, and for the cube of the width
_BY_LINK = 1.2e-9
_BY_WIDTH = 7e-11
_PATIENCE = 5.0  # seconds


def factor_seconds(matrix: sp.csr_matrix) -> float:
    """Give about how many seconds a factorisation takes on one core, to a factor of six.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Returns
    -------
    float

    Notes
    -----
    Elimination fills up the sets of units that part a network in two. How large they are is told by the width of the
    network: the most units that are equally many links away from one at its end. That is some multiple of the root of
    n on a map, and half of all units where links go anywhere.

    Examples
    --------
    >>> line = sp.diags([np.ones(99), np.ones(99)], [-1, 1], format="csr")
    >>> factor_seconds(line) < 1e-6
    True
    """
    width = float(_width(matrix))
    return float(_BY_LINK * matrix.nnz * width + _BY_WIDTH * width**3)


def affordable_factor(matrix: sp.csr_matrix) -> bool:
    """Whether a factorisation takes no more than some five seconds.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    """
    # no map is narrower than this, and finding its width takes a while
    if _BY_LINK * matrix.nnz * np.sqrt(matrix.shape[0]) > _PATIENCE:
        return False
    return factor_seconds(matrix) <= _PATIENCE


def _width(matrix: sp.csr_matrix) -> int:
    """Give the most units that are equally many links away from a unit at the end of the largest component."""
    both = sp.csr_matrix(matrix + matrix.T)
    both.data = np.ones_like(both.data)
    _, component = csgraph.connected_components(both, directed=False)
    largest = int(np.argmax(np.bincount(component)))
    start = int(np.argmax(component == largest))
    for _ in range(2):  # from the unit that is farthest away from the first
        away = csgraph.dijkstra(both, indices=start, unweighted=True)
        reached = np.isfinite(away)
        start = int(np.argmax(np.where(reached, away, -1)))
    return int(np.bincount(away[reached].astype(int)).max())
