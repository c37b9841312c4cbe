"""The log-determinant from the eigenvalues of W: exact, for small n or dense W."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.operator.base import LogDet

__all__ = ["EigenLogDet"]


class EigenLogDet(LogDet):
    """L(rho) = sum over the eigenvalues w of ln(1 - rho w) (Ord 1975).

    Parameters
    ----------
    eigenvalues : ndarray of shape (n,)
        Eigenvalues of W; complex ones come in conjugate pairs.
    counts : ndarray of shape (n,), optional
        How often each counts; once by default.

    References
    ----------
    Ord, K. (1975). Estimation methods for models of spatial interaction. Journal of the American Statistical
    Association 70, 120-126.
    """

    name = "eigen"

    def __init__(self, eigenvalues: Array, counts: Array | None = None) -> None:
        self._eigenvalues = eigenvalues
        self._counts = np.ones(len(eigenvalues)) if counts is None else counts

    def value(self, rho: float) -> float:
        """Give L(rho)."""
        return float(self._counts @ np.log(np.abs(1 - rho * self._eigenvalues)))

    def slope(self, rho: float) -> float:
        """Give L'(rho)."""
        return float(-(self._counts @ (self._eigenvalues / (1 - rho * self._eigenvalues))).real)

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give L(rho), L'(rho) and L''(rho)."""
        ratio = self._eigenvalues / (1 - rho * self._eigenvalues)
        return self.value(rho), float(-(self._counts @ ratio).real), float(-(self._counts @ ratio**2).real)

    def slopes(self, rhos: Array) -> Array:
        """Give L' at many rhos, shape (r,)."""
        return np.array([self.slope(rho) for rho in np.asarray(rhos)])

    def power_traces(self, order: int) -> Array:
        """Give tr(W^q) for q = 0 ... order, shape (order + 1,)."""
        return np.array([(self._counts @ self._eigenvalues**q).real for q in range(order + 1)])
