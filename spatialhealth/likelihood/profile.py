"""The likelihood of (rho, lambda) with everything else concentrated out: the only copy."""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.transform import Jacobian

__all__ = ["ErrorProfile", "LagProfile", "LambdaProfile", "gaussian"]


@dataclass(frozen=True)
class LagProfile:
    """ln L(rho) of y = rho W y + Z delta + e, with delta and sigma2 at their best for each rho.

    Parameters
    ----------
    least : float
        The smallest sum of squares, S(best).
    best : float
        Where it is.
    ww : float
        Sum of squares of the residuals of W y on Z.
    size : int
        Observations N.
    jacobian : Jacobian

    Notes
    -----
    With S(rho) = S(best) + ww (rho - best)^2, which loses no digits however well the model fits,

    ln L(rho) = -N/2 (ln(2 pi S(rho) / N) + 1) + J(rho).
    """

    least: float
    best: float
    ww: float
    size: int
    jacobian: Jacobian

    @classmethod
    def of(cls, outcome: Array, lag: Array, jacobian: Jacobian) -> LagProfile:
        """Build from the residuals of y and of W y on Z, each of shape (N,)."""
        squares = float(lag @ lag)
        best = float(outcome @ lag) / squares
        left = outcome - best * lag
        return cls(float(left @ left), best, squares, size=jacobian.within.size, jacobian=jacobian)

    @property
    def guide(self) -> LagProfile:
        """The same with a log-determinant that costs less, to search a region with."""
        jacobian = self.jacobian.guide
        return self if jacobian is self.jacobian else replace(self, jacobian=jacobian)

    def sum_of_squares(self, rho: float) -> float:
        """Give S(rho)."""
        return self.least + self.ww * (rho - self.best) ** 2

    def value(self, rho: float) -> float:
        """Give ln L(rho)."""
        return gaussian(self.sum_of_squares(rho), self.size) + self.jacobian.value(rho)

    def score(self, rho: float) -> float:
        """Give the derivative of ln L(rho)."""
        pull = self.size * self.ww * (self.best - rho) / self.sum_of_squares(rho)
        return pull + self.jacobian.slope(rho)


class ErrorProfile:
    """ln L(rho, lambda) of y = rho W y + Z delta + u, u = lambda M u + e, the rest at its best.

    Parameters
    ----------
    filtered : ErrorFilter
        Of the columns: y; W y if the model has it; Z.
    lag : Jacobian or None
        Log-determinant of I - rho W; None for a model without W y, whose rho is zero.
    error : Jacobian
        Log-determinant of I - lambda M.

    Notes
    -----
    ln L = -N/2 (ln(2 pi S(rho, lambda) / N) + 1) + J(rho) + J(lambda), S the least sum of squares of
    (I - lambda M)(y - rho W y - Z delta). For each lambda S is a parabola in rho.
    """

    def __init__(self, filtered: ErrorFilter, lag: Jacobian | None, error: Jacobian) -> None:
        self._filtered, self._lag, self._error = filtered, lag, error
        self._size = error.within.size
        self._kept = 1 if lag is None else 2
        # one lambda is asked for its value, its slope and many rho
        self._parts = lru_cache(maxsize=64)(self._eliminate)

    @property
    def guide(self) -> ErrorProfile:
        """The same with log-determinants that cost less, to search a region with."""
        lag, error = None if self._lag is None else self._lag.guide, self._error.guide
        if lag is self._lag and error is self._error:
            return self
        other = copy(self)
        other._lag, other._error = lag, error
        return other

    def value(self, rho: float, lam: float) -> float:
        """Give ln L(rho, lambda)."""
        left = np.array([1.0, -rho])[: self._kept]
        squares = float(left @ self._parts(lam)[0] @ left)
        jacobian = self._error.value(lam) + (self._lag.value(rho) if self._lag else 0.0)
        return gaussian(squares, self._size) + jacobian if squares > 0 else -math.inf

    @property
    def in_lambda(self) -> LambdaProfile:
        """The same as a function of lambda alone, for a model without W y."""
        return LambdaProfile(self)

    def values(self, rhos: Array, lam: float) -> Array:
        """Give ln L at many rho and one lambda, shape (r,)."""
        return np.array([self.value(float(rho), lam) for rho in rhos])

    def score(self, rho: float, lam: float) -> Array:
        """Give the derivatives in rho and lambda, shape (2,); that in rho is zero without W y."""
        value, slope = self._parts(lam)
        left = np.array([1.0, -rho])[: self._kept]
        squares = float(left @ value @ left)
        in_lambda = -self._size * float(left @ slope @ left) / (2 * squares) + self._error.slope(lam)
        if self._lag is None:
            return np.array([0.0, in_lambda])
        in_rho = self._size * float(value[1] @ left) / squares + self._lag.slope(rho)
        return np.array([in_rho, in_lambda])

    def coefficients(self, rho: float, lam: float) -> Array:
        """Give the coefficients of Z at (rho, lambda), shape (K,)."""
        products, k = self._filtered.products(lam).value, self._kept
        left = np.array([1.0, -rho])[:k]
        return np.asarray(np.linalg.solve(products[k:, k:], products[k:, :k] @ left))

    def _eliminate(self, lam: float) -> tuple[Array, Array]:
        """Give products of y and W y with Z out of them, and their slopes in lambda."""
        products, k = self._filtered.products(lam), self._kept
        value, slope = products.value, products.first
        on_design = _solved(value[k:, k:], value[k:, :k])
        left = value[:k, :k] - value[:k, k:] @ on_design
        half = slope[:k, k:] @ on_design
        return left, slope[:k, :k] - half - half.T + on_design.T @ slope[k:, k:] @ on_design


@dataclass(frozen=True)
class LambdaProfile:
    """ln L(lambda) of a model without W y.

    Parameters
    ----------
    whole : ErrorProfile
    """

    whole: ErrorProfile

    @property
    def guide(self) -> LambdaProfile:
        """The same with a log-determinant that costs less, to search a region with."""
        guide = self.whole.guide
        return self if guide is self.whole else LambdaProfile(guide)

    def value(self, lam: float) -> float:
        """Give ln L(lambda)."""
        return self.whole.value(0.0, lam)

    def score(self, lam: float) -> float:
        """Give its derivative."""
        return float(self.whole.score(0.0, lam)[1])


def gaussian(sum_of_squares: float, size: int) -> float:
    """Give the Gaussian log-likelihood of N residuals at their own variance."""
    return -size / 2 * (math.log(2 * math.pi * sum_of_squares / size) + 1)


def _solved(products: Array, right: Array) -> Array:
    """Solve for coefficients; at the very end of lambda's interval the filter may take a column out altogether."""
    try:
        return np.asarray(np.linalg.solve(products, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(products, right, rcond=None)[0])
