"""Random effects without a spatial process beside errors with one: u_t = mu + (I - lambda M)^-1 e_t."""

from __future__ import annotations

import math

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.block_quadrature import BlockQuadrature
from spatialhealth.likelihood.components import Between, Curvature
from spatialhealth.likelihood.probed import ProbedShifted
from spatialhealth.likelihood.shifted import DenseShifted, Shifted, SparseShifted
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["OwnFilter"]

_STEPS = 40
_FACTORS = 5_000  # units beyond which factors of I + c G, denser than those of I - lambda M, take minutes


class OwnFilter(Between):
    """The unit effects have no spatial process, the errors have.

    With B = I - lambda M and G = B'B, the means times the root of T have the variance sigma2 (c I + G^-1), whose
    inverse is G (I + c G)^-1. Everything follows from solutions with the sparse matrix I + c G and from its
    log-determinant.

    Parameters
    ----------
    means : ndarray of shape (n, m)
        Means over time, times the root of T.
    operator : SpatialOperator
        M.

    References
    ----------
    Baltagi, B. H., Song, S. H. and Koh, W. (2003). Testing panel data regression models with spatial error
    correlation. Journal of Econometrics 117, 123-150.
    """

    def __init__(self, means: Array, operator: SpatialOperator) -> None:
        self._means = means
        self._shifted = _shifted(operator)
        self.is_exact = self._shifted.is_exact
        self._rough: tuple[float, BlockQuadrature] | None = None

    def rows(self, lam: float, c: float) -> Array:
        """Give rows whose products are X'G (I + c G)^-1 X, of a ridge regression of B X on B."""
        way, root = self._shifted, math.sqrt(c)
        filtered = way.filter(lam, self._means)
        ridge = root * way.solve(lam, c, way.filter(lam, filtered, transpose=True))
        rows = np.vstack([filtered - root * way.filter(lam, ridge), ridge])
        return np.asarray(np.linalg.qr(rows, mode="r"))

    def rough_rows(self, lam: float, c: float) -> Array:
        """Give nearly the same rows: for many units from a few products with B B' that serve every c.

        With U = B X, X'V^-1 X = U'(I + c B B')^-1 U.
        """
        if self.is_exact:
            return self.rows(lam, c)
        if self._rough is None or self._rough[0] != lam:
            way = self._shifted

            def product(x: Array) -> Array:
                return way.filter(lam, way.filter(lam, x, transpose=True))

            self._rough = lam, BlockQuadrature(product, way.filter(lam, self._means), _STEPS)
        quadrature = self._rough[1]
        return quadrature.rows(1 / np.sqrt(1 + c * np.maximum(quadrature.nodes, 0.0)))

    def log_term(self, lam: float, c: float) -> float:
        """Give -1/2 ln|I + c G|."""
        return -self._shifted.log_det(lam, c) / 2

    def log_derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient and the second derivatives of `log_term`."""
        gradient, second = self._shifted.derivatives(lam, c)
        return -gradient / 2, -second / 2

    def curvature(self, lam: float, c: float, turn: Array) -> Curvature:
        """Give the products of the turned means, and their derivatives.

        With V^-1 = G (I + c G)^-1 = (I + c G)^-1 G, a = (I + c G)^-1 X and s = V^-1 X: V^-1 falls with c by
        V^-1 V^-1, and changes with lambda by (I + c G)^-1 G' (I + c G)^-1.
        """
        way, matrix, x = self._shifted, self._shifted.matrix, self._means @ turn
        a = way.solve(lam, c, x)
        s = way.filter(lam, way.filter(lam, a), transpose=True)
        carried = matrix @ a[:, 0]
        # dG/dlambda a
        slope = -(matrix.T @ way.filter(lam, a[:, 0]) + way.filter(lam, carried, transpose=True))
        bend = way.solve(lam, c, slope)
        filtered = way.filter(lam, way.solve(lam, c, s[:, 0]))
        rows = self.rows(lam, c) @ turn
        second = np.empty((2, 2))
        second[0, 0] = 2 * (carried @ carried) - 2 * c * (slope @ bend)
        second[0, 1] = second[1, 0] = -2 * (s[:, 0] @ bend)
        second[1, 1] = 2 * (filtered @ way.filter(lam, s[:, 0]))
        return Curvature(rows.T @ rows, np.stack([a.T @ slope, -(s.T @ s[:, 0])]), second)

    def predict(self, lam: float, c: float, means: Array) -> Array:
        """Give c V^-1 of the means."""
        way = self._shifted
        shrunk = way.filter(lam, way.solve(lam, c, means))
        return np.asarray(c * way.filter(lam, shrunk, transpose=True))

    def score_errors(self, lam: float, c: float) -> Array:
        """Give errors of the score in (lambda, c), shape (2, 2): independent rows; zero where it is exact."""
        return self._shifted.slope_errors(lam, c) / 2

    def log_term_error(self, lam: float, c: float) -> float:
        """Give the standard error of `log_term`; zero where it is exact."""
        return self._shifted.log_det_error(lam, c) / 2


def _shifted(operator: SpatialOperator) -> Shifted:
    """Give the way to solve with I + c G that suits the number of units, and the engine asked for."""
    # asked of the engine itself, which refuses more units than a dense matrix should have
    if operator.logdet.name == "eigen":
        return DenseShifted(operator.matrix)
    if operator.n <= _FACTORS or operator.asks_for_factors:
        return SparseShifted(operator.matrix)
    return ProbedShifted(operator.matrix, operator.interval)
