"""Two-stage least squares whose outcome was estimated before, with a known covariance of its error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError
from spatialhealth.models.hac import Classical
from spatialhealth.models.instruments import Roles, Stack
from spatialhealth.models.iv_estimate import by_instruments
from spatialhealth.models.iv_summary import InstrumentTests
from spatialhealth.models.result import Estimate
from spatialhealth.models.system import System
from spatialhealth.moments import Scatter, two_stage

__all__ = ["EstimatedInstruments", "Weighted"]

_SMALLEST = 1e-8  # variance of the model's error, as a share of that of the outcome
_ROUNDS = 100
_STILL = 1e-9  # change of rho from one round to the next that is none


@dataclass(frozen=True, eq=False)
class Weighted:
    """What weighted two-stage least squares finds.

    Parameters
    ----------
    estimate : Estimate
        Its covariance is that of errors with covariance sigma2 I + (I - rho W) V (I - rho W)', but for the constant
        of an outcome with mean zero.
    tests : InstrumentTests
        Of the weighted equation.
    sigma2 : float
        Variance of the model's error e.
    """

    estimate: Estimate
    tests: InstrumentTests
    sigma2: float


@dataclass(frozen=True, eq=False)
class EstimatedInstruments:
    """An outcome a + u with a = rho W a + Y g + X b + e, of which only differences are known.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Estimated outcome.
    error : ndarray of shape (n, n)
        Covariance V of its error u; the common level of the outcome is arbitrary.
    roles : Roles
        Exogenous and endogenous columns, and instruments; a constant among the exogenous ones.
    system : System
    constant : int
        Position of the constant among the coefficients.
    """

    y: Array
    error: Array
    roles: Roles
    system: System
    constant: int

    @cached_property
    def lag(self) -> Array:
        """W, dense as the covariance V beside it is; the second stage refuses more cities than that allows."""
        return np.asarray(self.system.operator.matrix.toarray())

    @cached_property
    def level(self) -> float:
        """Variance given to the level that nobody knows: no slope depends on it."""
        return float(np.trace(self.error)) / len(self.y) + float(np.var(self.y))

    def solve(self, rho: float) -> Weighted:
        """Find coefficients, rho and the variance of e that fit each other.

        Parameters
        ----------
        rho : float
            Estimate that ignores the error.

        Returns
        -------
        Weighted

        Raises
        ------
        ConvergenceError
            If rho does not settle.
        """
        for _ in range(_ROUNDS):
            weighted = self._at(rho)
            before, rho = rho, weighted.estimate.spatial["rho"]
            if abs(rho - before) < _STILL:
                return weighted
        raise ConvergenceError(
            f"Weights and rho of the second stage have not settled after {_ROUNDS} rounds: rho went from "
            f"{before:.4f} to {rho:.4f} in the last. Look for stronger instruments, or use SpatialLag."
        )

    def _at(self, rho: float) -> Weighted:
        """Weigh for the errors that u makes with this rho, the variance of e such that weighted ones have one."""
        turn = np.eye(len(self.y)) - rho * self.lag
        values, vectors = np.linalg.eigh(turn @ (self.error + self.level) @ turn.T)
        values = np.maximum(values, 0.0)

        y = self.y[None]
        lag = self.system.operator.lag(y)

        def weighted(log_sigma2: float) -> Stack:
            weight = 1 / np.sqrt(np.exp(log_sigma2) + values)

            def rows(columns: Array) -> Array:
                return np.asarray(weight[:, None] * (vectors.T @ columns[0]))

            return Stack(rows, np.empty((len(self.y), 0)), self.system.within)

        def excess(log_sigma2: float) -> float:
            """Log of the weighted residuals' variance."""
            stack = weighted(log_sigma2)
            equation = self.roles.equation(y, lag, stack)[0]
            return float(np.log(two_stage(equation, Scatter(), stack.within).sigma2))

        low, high = (float(np.log(share * np.var(self.y))) for share in (_SMALLEST, 10))
        while excess(high) > 0:
            high += 1.0
        root = low if excess(low) <= 0 else float(brentq(excess, low, high, xtol=1e-12))
        estimate, tests = by_instruments(self.roles, y, lag, self.system, Classical(), "none", weighted(root))
        covariance = estimate.covariance / estimate.sigma2
        # what the arbitrary level added to the variance of the constant
        covariance[self.constant, self.constant] -= self.level * float(turn[0].sum()) ** 2
        sigma2 = float(np.exp(root))
        return Weighted(replace(estimate, covariance=covariance, sigma2=sigma2), tests, sigma2)
