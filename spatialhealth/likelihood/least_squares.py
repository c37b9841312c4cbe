"""Least squares of several outcomes on one design, by orthogonal factors of scaled columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from spatialhealth._typing import Array

__all__ = ["LeastSquares", "vanished"]

_NOTHING = 1e-10  # share of a length below which nothing is left but rounding


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """Orthogonal factors of a design.

    Parameters
    ----------
    q : ndarray of shape (N, K)
        Orthonormal columns.
    r : ndarray of shape (K, K)
        Upper triangle, of columns scaled to length one.
    norms : ndarray of shape (K,)
        Lengths of the columns.
    """

    q: Array
    r: Array
    norms: Array

    @classmethod
    def of(cls, design: Array) -> LeastSquares:
        """Factorise a design of shape (N, K)."""
        norms = np.sqrt(np.einsum("ij,ij->j", design, design))
        q, r = np.linalg.qr(design / np.where(norms > 0, norms, 1.0))
        return cls(q, r, norms)

    def fit(self, outcome: Array) -> tuple[Array, Array]:
        """Give coefficients (K,) and residuals (N,)."""
        loading = self.q.T @ outcome
        return solve_triangular(self.r, loading) / self.norms, outcome - self.q @ loading

    @property
    def back(self) -> Array:
        """What turns coefficients on the orthonormal columns into those on the design's own, shape (K, K)."""
        return np.asarray(solve_triangular(self.r, np.eye(len(self.r))) / self.norms[:, None])

    @property
    def gram_inverse(self) -> Array:
        """(Z'Z)^-1, shape (K, K)."""
        return np.asarray(self.back @ self.back.T)

    def dependent(self, tolerance: float = 1e-9) -> list[tuple[int, list[int]]]:
        """Find columns that are combinations of those before them.

        Parameters
        ----------
        tolerance : float, default 1e-9
            Share of a column's length that must be left after the columns before it.

        Returns
        -------
        list of (int, list of int)
            Each dependent column, with the columns it combines.
        """
        found = []
        free: list[int] = []
        for j in range(len(self.r)):
            left = np.abs(self.r[j, j])
            if left > tolerance:
                free.append(j)
                continue
            weights, *_ = np.linalg.lstsq(self.r[:, free], self.r[:, j], rcond=None)
            found.append((j, [f for f, w in zip(free, weights, strict=True) if abs(w) > 1e-6]))
        return found


def vanished(left: Array, before: Array) -> bool:
    """Whether nothing but rounding is left of values that were `before`."""
    return bool(np.linalg.norm(left) <= _NOTHING * max(float(np.linalg.norm(before)), 1e-300))
