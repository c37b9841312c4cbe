"""Half the log-determinant of a matrix that is quadratic in a spatial parameter."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from spatialhealth._typing import Array
from spatialhealth.operator.differentiate import derivative
from spatialhealth.operator.factor import STEP, factorise_system, log_abs_det, log_abs_det_slope

__all__ = ["Quadratic"]


class Quadratic:
    """K(rho) = K0 - rho K1 + rho^2 K2, symmetric and positive definite wherever I - rho W is not singular.

    Parameters
    ----------
    constant, linear, square : sparse matrix of shape (m, m)
        K0, K1 and K2.
    interval : tuple of float
        Admissible rho.
    """

    def __init__(
        self, constant: sp.spmatrix, linear: sp.spmatrix, square: sp.spmatrix, interval: tuple[float, float]
    ) -> None:
        self._parts = tuple(sp.csc_matrix(part) for part in (constant, linear, square))
        self._interval = interval
        self._known: dict[float, tuple[float, float]] = {}
        self._factor: tuple[float, spla.SuperLU] | None = None

    @classmethod
    def of(
        cls,
        plain: sp.spmatrix,
        lagged: sp.spmatrix,
        interval: tuple[float, float],
        out: sp.spmatrix | None = None,
    ) -> Quadratic:
        """Build K = B'(I - H H')B of B = plain - rho lagged, H = `out` with orthonormal columns if given."""
        pairs = [(plain, plain), (plain, lagged), (lagged, lagged)]
        products = [one.T @ other for one, other in pairs]
        if out is not None:
            products = [
                p - (out.T @ one).T @ (out.T @ other) for p, (one, other) in zip(products, pairs, strict=True)
            ]
        return cls(products[0], products[1] + products[1].T, products[2], interval)

    def at(self, rho: complex) -> sp.csc_matrix:
        """Give K(rho)."""
        constant, linear, square = self._parts
        return sp.csc_matrix(constant - rho * linear + rho**2 * square)

    def solve(self, rho: float, values: Array) -> Array:
        """Give K(rho)^-1 x, NaN where K is singular to within rounding: next to an end of the interval."""
        if self._factor is None or self._factor[0] != rho:
            try:
                self._factor = (rho, factorise_system(self.at(rho), without_pivoting=True))
            except RuntimeError:
                return np.full(values.shape, np.nan)
        return np.asarray(self._factor[1].solve(np.ascontiguousarray(values)))

    def value(self, rho: float) -> float:
        """Give ln|K| / 2."""
        return self._both(rho)[0]

    def slope(self, rho: float) -> float:
        """Give the derivative of ln|K| / 2, by a complex step."""
        return self._both(rho)[1]

    def _both(self, rho: float) -> tuple[float, float]:
        rho = float(rho)
        if rho not in self._known:
            try:
                factor = factorise_system(self.at(complex(rho, STEP)), without_pivoting=True)
                self._known[rho] = log_abs_det(factor) / 2, log_abs_det_slope(factor) / 2
            except RuntimeError:  # a pivot of zero: rho is an end of the interval to within rounding
                self._known[rho] = -np.inf, -np.inf if rho > 0 else np.inf
        return self._known[rho]

    def curvature(self, rho: float) -> float:
        """Give the second derivative of ln|K| / 2, to about ten digits."""
        low, high = self._interval
        return derivative(self.slope, rho, min(rho - low, high - rho))
