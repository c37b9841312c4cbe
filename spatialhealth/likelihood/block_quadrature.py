"""Products X'f(K)X of a few columns with a function of a large symmetric matrix, for every f at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array

__all__ = ["BlockQuadrature"]

_NOTHING = 1e-10  # share of the first block's length that makes a direction exhausted


class BlockQuadrature:
    """X'f(K)X from a few steps of the block Lanczos iteration on X.

    Parameters
    ----------
    product : callable
        From columns of shape (n, m) to K times these.
    columns : ndarray of shape (n, m)
        X.
    steps : int
        The result is exact for polynomials up to degree 2 steps - 1.

    References
    ----------
    Golub, G. H. and Meurant, G. (2010). Matrices, Moments and Quadrature with Applications. Princeton University
    Press, section 6.6.
    """

    def __init__(self, product: Callable[[Array], Array], columns: Array, steps: int) -> None:
        m = columns.shape[1]
        steps = max(1, min(steps, len(columns) // max(m, 1)))
        now, first = np.linalg.qr(columns)
        before, link = np.zeros_like(now), np.zeros((m, m))
        tridiagonal = np.zeros((steps * m, steps * m))
        for step in track(range(steps), "random effects"):
            here = slice(step * m, (step + 1) * m)
            after = product(now) - before @ link.T
            tridiagonal[here, here] = now.T @ after
            if step + 1 == steps:
                break
            after -= now @ tridiagonal[here, here]
            before = now
            now, link = np.linalg.qr(after)
            link[np.abs(link) < _NOTHING * np.abs(tridiagonal[:m, :m]).max()] = 0.0
            beyond = slice((step + 1) * m, (step + 2) * m)
            tridiagonal[beyond, here], tridiagonal[here, beyond] = link, link.T
        self.nodes, vectors = np.linalg.eigh((tridiagonal + tridiagonal.T) / 2)
        self._loadings = vectors[:m].T @ first

    def rows(self, root: Array) -> Array:
        """Give rows whose products are X'f(K)X, from the roots of f at `nodes`; shape (m, m)."""
        return np.asarray(np.linalg.qr(root[:, None] * self._loadings, mode="r"))
