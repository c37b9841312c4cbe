"""The likelihood of rho with everything else concentrated out: the only copy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood.transform import Jacobian

__all__ = ["LagProfile", "Optimum"]

_GRID = 21
_EDGE = 1e-9  # share of the interval kept off its singular ends
_EDGE_OF_ONE = 1e-5  # the same where ln(1 - rho) is taken out of L: nearer, their difference is only rounding


@dataclass(frozen=True)
class Optimum:
    """Where the profile is highest.

    Parameters
    ----------
    rho : float
    loglik : float
    score : float
        Slope of the profile there, zero but for rounding.
    evaluations : int
        Calls of the score after the search over the interval.
    """

    rho: float
    loglik: float
    score: float
    evaluations: int


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

    def maximise(self, interval: tuple[float, float]) -> Optimum:
        """Find the highest point: a search over the interval, then the root of the score around the best.

        Parameters
        ----------
        interval : tuple of float
            Admissible rho.

        Returns
        -------
        Optimum

        Raises
        ------
        ConvergenceError
            If ln L still rises at an end of the interval.
        """
        low, high = interval
        span = high - low
        first = low + _EDGE * span
        last = high - (_EDGE_OF_ONE if self.jacobian.within.drops_constant else _EDGE) * span
        grid = first + (last - first) * (1 + np.sin(np.pi / 2 * np.linspace(-1, 1, _GRID))) / 2
        best = int(np.argmax([self.value(rho) for rho in track(grid, "log-determinant")]))
        left, right = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
        if self.score(left) <= 0 or self.score(right) >= 0:
            raise ConvergenceError(
                f"The likelihood has no maximum inside the admissible interval ({low:.4f}, {high:.4f}): it "
                f"still rises towards {left if best == 0 else right:.4f}. The data are near a unit root over "
                "space: check the units and trends of the outcome, take differences, or use another W."
            )
        rho, report = brentq(self.score, left, right, xtol=1e-14 * span, rtol=1e-14, full_output=True)
        return Optimum(float(rho), self.value(rho), self.score(rho), int(report.function_calls))


def gaussian(sum_of_squares: float, size: int) -> float:
    """Give the Gaussian log-likelihood of N residuals at their own variance."""
    return -size / 2 * (math.log(2 * math.pi * sum_of_squares / size) + 1)
