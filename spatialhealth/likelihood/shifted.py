"""Solutions with I + c B'B, B = I - lambda M, and its log-determinant: exactly."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve

from spatialhealth._typing import Array
from spatialhealth.operator.circle import taylor
from spatialhealth.operator.factor import factorise, log_abs_det

__all__ = ["DenseShifted", "Shifted", "SparseShifted"]

_POINTS = 16
_SHARE = 1 / 6  # of the distance to a singularity; the error falls as share ** points


class Shifted(ABC):
    """Solutions with I + c G, G = B'B, and its log-determinant F(lambda, c).

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        M.
    """

    is_exact = True

    def __init__(self, matrix: sp.csr_matrix) -> None:
        self.matrix, self._across = matrix, sp.csr_matrix(matrix.T)
        self._sum, self._square = sp.csr_matrix(matrix + matrix.T), sp.csr_matrix(matrix.T @ matrix)

    def filter(self, lam: float, values: Array, transpose: bool = False) -> Array:
        """Give B x, or B'x."""
        matrix = self._across if transpose else self.matrix
        return np.asarray(values - lam * (matrix @ values))

    def slope_errors(self, lam: float, c: float) -> Array:
        """Give errors of the gradient of F, shape (2, 2): independent rows; zero where F is exact."""
        return np.zeros((2, 2))

    def log_det_error(self, lam: float, c: float) -> float:
        """Give the standard error of F; zero where it is exact."""
        return 0.0

    @abstractmethod
    def solve(self, lam: float, c: float, values: Array) -> Array:
        """Give (I + c G)^-1 x."""

    @abstractmethod
    def log_det(self, lam: float, c: float) -> float:
        """Give F."""

    @abstractmethod
    def derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient (2,) and the second derivatives (2, 2) of F in (lambda, c)."""


class _Factored(Shifted):
    """By factors, of which the last are kept."""

    def __init__(self, matrix: sp.csr_matrix) -> None:
        super().__init__(matrix)
        self._kept: tuple[tuple[float, float], Any] | None = None

    def _factor(self, lam: float, c: float) -> Any:
        if self._kept is None or self._kept[0] != (lam, c):
            self._kept = ((lam, c), self._factorise(lam, c))
        return self._kept[1]

    @abstractmethod
    def _factorise(self, lam: float, c: float) -> Any:
        """Factorise I + c G."""


class DenseShifted(_Factored):
    """By Cholesky factors of a dense matrix: few units, or dense weights."""

    def __init__(self, matrix: sp.csr_matrix) -> None:
        super().__init__(matrix)
        self._eye = np.eye(matrix.shape[0])
        self._sums, self._squares = self._sum.toarray(), self._square.toarray()

    def _gram(self, lam: float) -> Array:
        return np.asarray(self._eye - lam * self._sums + lam**2 * self._squares)

    def _factorise(self, lam: float, c: float) -> Any:
        system = c * self._gram(lam)
        system[np.diag_indices_from(system)] += 1.0
        return cho_factor(system, lower=True)

    def solve(self, lam: float, c: float, values: Array) -> Array:
        """Give (I + c G)^-1 x."""
        return np.asarray(cho_solve(self._factor(lam, c), values))

    def log_det(self, lam: float, c: float) -> float:
        """Give F."""
        return 2 * float(np.log(np.diag(self._factor(lam, c)[0])).sum())

    def derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient and the second derivatives of F, from traces."""
        gram, square = self._gram(lam), self._squares
        slope = 2 * lam * square - self._sums
        by_gram, by_slope = self.solve(lam, c, gram), self.solve(lam, c, slope)
        trace = np.trace(by_slope)
        mixed = trace - c * np.sum(by_gram * by_slope.T)
        bend = 2 * c * np.trace(self.solve(lam, c, square)) - c**2 * np.sum(by_slope * by_slope.T)
        second = np.array([[bend, mixed], [mixed, -np.sum(by_gram * by_gram.T)]])
        return np.array([c * trace, np.trace(by_gram)]), second


class SparseShifted(_Factored):
    """By sparse factors; derivatives by Cauchy's formula in three directions."""

    def _factorise(self, lam: complex, c: complex) -> Any:
        # without conjugation, so that it is analytic in lambda
        gram = sp.identity(self.matrix.shape[0], format="csr") - lam * self._sum + lam**2 * self._square
        return factorise(-gram, c, without_pivoting=True)

    def solve(self, lam: float, c: float, values: Array) -> Array:
        """Give (I + c G)^-1 x."""
        return np.asarray(self._factor(lam, c).solve(np.ascontiguousarray(values)))

    def log_det(self, lam: float, c: float) -> float:
        """Give F."""
        return log_abs_det(self._factor(lam, c))

    def derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient and the second derivatives of F.

        F is analytic where I + c G is not singular. With x = |d lambda| sqrt(c) |M| and y = |d c| / (c + 1 / |G|)
        that is so while 2 x + x^2 + y < 1, which bounds the circles from below.
        """
        norm = math.sqrt(abs(self.matrix).sum(axis=0).max() * abs(self.matrix).sum(axis=1).max())
        reach = c + 1 / (1 + abs(lam) * norm) ** 2
        step = np.array([(math.sqrt(2) - 1) / (norm * math.sqrt(c + reach)), reach])
        own, other = self._along(lam, c, step * [1, 0]), self._along(lam, c, step * [0, 1])
        mixed = 4 * self._along(lam, c, step / 2)[2] - own[2] - other[2]
        first = np.array([own[1], other[1]])
        second = np.array([[2 * own[2], mixed], [mixed, 2 * other[2]]])
        return first / step, second / np.outer(step, step)

    def _along(self, lam: float, c: float, step: Array) -> Array:
        """Give the Taylor coefficients of F along a step, shape (3,)."""

        def value(z: complex) -> float:
            return log_abs_det(self._factorise(lam + z * step[0], c + z * step[1]))

        return taylor(value, _SHARE, 2, _POINTS)
