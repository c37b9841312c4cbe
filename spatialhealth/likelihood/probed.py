"""Solutions with I + c B'B, B = I - lambda M, for many units: by products, and random vectors for its determinant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.likelihood.shifted import Shifted
from spatialhealth.operator.grid import OddsGrid
from spatialhealth.operator.krylov import conjugate_gradients
from spatialhealth.operator.powers import exact_traces, product_cost
from spatialhealth.operator.probes import ProbeStore
from spatialhealth.operator.quadrature import Quadrature

__all__ = ["ProbedShifted"]

_STEP = 0.1  # between quadratures, in the log-odds of lambda's place in its interval
_SIDE = 3  # quadratures on either side of a lambda
_PROBES, _STEPS = 16, 30
_SEED = 0
_PRODUCTS = 1e8  # multiplications that the square of G may take


class ProbedShifted(Shifted):
    """By conjugate gradients and stochastic Lanczos quadrature.

    One quadrature of G at a lambda gives F(lambda, c) at every c. Between the lambdas of a fixed grid F is
    interpolated by polynomials of degree five, which gives its derivatives; the random vectors are the same
    at all of them, so that F is as smooth as it should be.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        M.
    interval : tuple of float
        Admissible lambda.
    """

    is_exact = False

    def __init__(self, matrix: sp.csr_matrix, interval: tuple[float, float]) -> None:
        super().__init__(matrix)
        self._grid = OddsGrid(interval, _STEP)
        self._known: dict[float, Quadrature] = {}

    def solve(self, lam: float, c: float, values: Array) -> Array:
        """Give (I + c G)^-1 x."""

        def product(x: Array) -> Array:
            return np.asarray(x + c * self.filter(lam, self.filter(lam, x), transpose=True))

        columns = np.ascontiguousarray(values).reshape(len(values), -1)
        return conjugate_gradients(product, columns).reshape(values.shape)

    def log_det(self, lam: float, c: float) -> float:
        """Give F, by a quadrature at lambda itself unless there are some around it."""
        if all(at in self._known for at in self._weights(lam)[0]):
            return float(self._interpolated(lam, lambda at: _logarithm(at, c))[0])
        return _logarithm(self._quadrature(lam), c)

    def derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient and the second derivatives of F."""
        along = self._interpolated(lam, lambda at: _logarithm(at, c))
        slope = self._interpolated(lam, lambda at: at.trace(_in_c(at.nodes, c)))
        bend = self._interpolated(lam, lambda at: at.trace(-(_in_c(at.nodes, c) ** 2)))[0]
        return np.array([along[1], slope[0]]), np.array([[along[2], slope[1]], [slope[1], bend]])

    def slope_errors(self, lam: float, c: float) -> Array:
        """Give errors of the gradient of F, shape (2, 2): independent rows."""
        in_lambda = self._by_probe(lam, lambda x: np.log1p(c * x))[1]
        in_c = self._by_probe(lam, lambda x: _in_c(x, c))[0]
        both = np.cov(np.vstack([in_lambda, in_c])) / len(in_c)
        both[0, 0] += self._between(lam, lambda at: _logarithm(at, c))[1] ** 2
        both[1, 1] += self._between(lam, lambda at: at.trace(_in_c(at.nodes, c)))[0] ** 2
        values, vectors = np.linalg.eigh(both)
        return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))).T)

    def log_det_error(self, lam: float, c: float) -> float:
        """Give the standard error of F."""
        found = self._by_probe(lam, lambda x: np.log1p(c * x))[0]
        between = self._between(lam, lambda at: _logarithm(at, c))[0]
        return float(np.hypot(found.std(ddof=1) / np.sqrt(len(found)), between))

    def _interpolated(self, lam: float, function: Callable[[Quadrature], float], side: int = _SIDE) -> Array:
        """Give a function of lambda and its first two derivatives from its values on the grid, shape (3,)."""
        points, weights = self._weights(lam, side)
        return np.asarray(weights @ np.array([function(self._quadrature(at)) for at in points]))

    def _between(self, lam: float, function: Callable[[Quadrature], float]) -> Array:
        """Give the error of interpolation, of the value and its derivatives, shape (3,).

        Two points less changed the result by so much, and two less again by so much more: the error falls on by the
        same ratio.
        """
        with_six, with_four, with_two = (self._interpolated(lam, function, side) for side in (3, 2, 1))
        last, before = np.abs(with_six - with_four), np.abs(with_four - with_two)
        ratio = np.divide(last, before, out=np.ones_like(last), where=before > last)
        return np.asarray(last * ratio)

    def _by_probe(self, lam: float, function: Callable[[Array], Array]) -> Array:
        """Give what chance leaves of a trace and of its derivatives in lambda, shape (3, p)."""
        points, weights = self._weights(lam)
        return np.asarray(weights @ np.array([self._quadrature(at).by_probe(function) for at in points]))

    def _weights(self, lam: float, side: int = _SIDE) -> tuple[list[float], Array]:
        """Give the points of the grid around lambda, and what makes value and derivatives of values there, (3, m)."""
        number = self._grid.cell(lam)
        points = self._grid.points(np.arange(number - side + 1, number + side + 1))
        width = points[-1] - points[0]
        powers = np.vander((points - lam) / width, increasing=True)
        weights = np.zeros((3, len(points)))
        order = min(3, len(points))
        weights[:order] = np.linalg.inv(powers)[:order]
        weights *= np.array([1.0, 1 / width, 2 / width**2])[:, None]
        return points.tolist(), weights

    def _quadrature(self, lam: float) -> Quadrature:
        if lam not in self._known:
            gram = sp.identity(self.matrix.shape[0], format="csr") - lam * self._sum + lam**2 * self._square
            gram = sp.csr_matrix(gram)
            order = 4 if product_cost(gram) <= _PRODUCTS else 2
            probes = ProbeStore(gram, True, _SEED).take(_PROBES, _STEPS)
            scale = float(abs(gram).sum(axis=1).max())
            self._known[lam] = Quadrature(probes, exact_traces(gram, order), np.empty(0), scale)
        return self._known[lam]


def _logarithm(at: Quadrature, c: float) -> float:
    return at.trace(np.log1p(c * at.nodes))


def _in_c(x: Array, c: float) -> Array:
    """Give the derivative of ln(1 + c x) in c."""
    return np.asarray(x / (1 + c * x))
