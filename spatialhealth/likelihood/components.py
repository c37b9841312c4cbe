"""Unit means and deviations from them: how each form of the random effects weighs the two in the likelihood."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array

__all__ = ["Between", "CommonFilter", "Compressed", "Curvature"]


@dataclass(frozen=True, eq=False)
class Curvature:
    """Products of turned columns X, the first of them the residual r, and their derivatives in (lambda, c).

    Parameters
    ----------
    gram : ndarray of shape (m, m)
        X'P X, P the precision of the errors times sigma2.
    cross : ndarray of shape (2, m)
        Derivatives of X'P r in lambda and c.
    second : ndarray of shape (2, 2)
        Second derivatives of r'P r.
    """

    gram: Array
    cross: Array
    second: Array

    def __add__(self, other: Curvature) -> Curvature:
        return Curvature(self.gram + other.gram, self.cross + other.cross, self.second + other.second)


class Compressed:
    """Columns X and M X in as few rows as they have columns, with the products of the whole.

    Orthogonal factors keep the digits that products of the columns themselves would lose.

    Parameters
    ----------
    columns : ndarray of shape (R, m)
    lagged : ndarray of shape (R, m) or None
        M X; None for a model whose errors have no spatial process.
    """

    def __init__(self, columns: Array, lagged: Array | None) -> None:
        m = columns.shape[1]
        stacked = columns if lagged is None else np.hstack([columns, lagged])
        triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
        self._plain = triangle[:, :m]
        self._lagged = np.zeros_like(self._plain) if lagged is None else triangle[:, m:]

    def rows(self, lam: float) -> Array:
        """Give rows with the products of (I - lambda M) X."""
        return np.asarray(self._plain - lam * self._lagged)

    def curvature(self, lam: float, turn: Array) -> Curvature:
        """Give the products of the filtered columns, turned; nothing of them depends on c."""
        lagged = self._lagged @ turn
        filtered = self.rows(lam) @ turn
        e, slope = filtered[:, 0], lagged[:, 0]
        cross, second = np.zeros((2, turn.shape[1])), np.zeros((2, 2))
        cross[0] = -(lagged.T @ e + filtered.T @ slope)
        second[0, 0] = 2 * slope @ slope
        return Curvature(filtered.T @ filtered, cross, second)


class Between(ABC):
    """The part of the likelihood that the unit means make, with c = T phi."""

    is_exact = True

    def score_errors(self, lam: float, c: float) -> Array:
        """Give errors of the score in (lambda, c), shape (2, 2): independent rows; zero where it is exact."""
        return np.zeros((2, 2))

    def log_term_error(self, lam: float, c: float) -> float:
        """Give the standard error of `log_term`; zero where it is exact."""
        return 0.0

    @abstractmethod
    def rows(self, lam: float, c: float) -> Array:
        """Give rows whose products are X'P X, X the means times the root of T."""

    def rough_rows(self, lam: float, c: float) -> Array:
        """Give nearly the same rows at less cost, to search a region with; the same unless that is worth it."""
        return self.rows(lam, c)

    @abstractmethod
    def log_term(self, lam: float, c: float) -> float:
        """Give what the means add to the log-likelihood beside T ln|I - lambda M|."""

    @abstractmethod
    def log_derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient (2,) and the second derivatives (2, 2) of `log_term` in (lambda, c)."""

    @abstractmethod
    def curvature(self, lam: float, c: float, turn: Array) -> Curvature:
        """Give the products of the turned means, and their derivatives."""

    @abstractmethod
    def predict(self, lam: float, c: float, means: Array) -> Array:
        """Give the best linear prediction of each unit's part of the mean residuals, shape (n,)."""


class CommonFilter(Between):
    """Unit effects and errors go through the same spatial process, or there is none.

    P is (I - lambda M)'(I - lambda M) / (1 + c): the means count 1 / (1 + c) times, which is quasi-demeaning.

    Parameters
    ----------
    means : ndarray of shape (n, m)
        Means over time, times the root of T.
    lagged : ndarray of shape (n, m) or None
        M times these.

    References
    ----------
    Kapoor, M., Kelejian, H. H. and Prucha, I. R. (2007). Panel data models with spatially correlated error
    components. Journal of Econometrics 140, 97-130.
    """

    def __init__(self, means: Array, lagged: Array | None) -> None:
        self._n = len(means)
        self._columns = Compressed(means, lagged)

    def rows(self, lam: float, c: float) -> Array:
        """Give rows whose products are X'P X."""
        return np.asarray(self._columns.rows(lam) / math.sqrt(1 + c))

    def log_term(self, lam: float, c: float) -> float:
        """Give -n/2 ln(1 + c)."""
        return -self._n / 2 * math.log1p(c)

    def log_derivatives(self, lam: float, c: float) -> tuple[Array, Array]:
        """Give the gradient and the second derivatives of `log_term`."""
        kappa = 1 / (1 + c)
        gradient, second = np.zeros(2), np.zeros((2, 2))
        gradient[1] = -self._n * kappa / 2
        second[1, 1] = self._n * kappa**2 / 2
        return gradient, second

    def curvature(self, lam: float, c: float, turn: Array) -> Curvature:
        """Give the products of the turned means, and their derivatives."""
        kappa = 1 / (1 + c)
        whole = self._columns.curvature(lam, turn)
        cross, second = kappa * whole.cross, kappa * whole.second
        cross[1] = -(kappa**2) * whole.gram[:, 0]
        second[0, 1] = second[1, 0] = -(kappa**2) * whole.cross[0, 0]
        second[1, 1] = 2 * kappa**3 * whole.gram[0, 0]
        return Curvature(kappa * whole.gram, cross, second)

    def predict(self, lam: float, c: float, means: Array) -> Array:
        """Give the means shrunk by c / (1 + c)."""
        return means * (c / (1 + c))
