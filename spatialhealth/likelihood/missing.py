"""The likelihood of the outcomes that were observed, where others are missing and W and Z are known."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.maximum import Optimum, Span, highest
from spatialhealth.likelihood.profile import gaussian
from spatialhealth.likelihood.quadratic import Quadratic
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator.operator import SpatialOperator, columns_of_identity

__all__ = ["Completed", "MissingProfile", "MissingWithin"]

_BLOCK = 256


@dataclass(frozen=True)
class MissingWithin(Within):
    """The transformation of a panel some of whose outcomes are missing.

    Parameters
    ----------
    effects, correction, n, t, keeps_constant
        As in `Within`.
    lost : int
        Outcomes that are missing.
    """

    lost: int = 0

    @property
    def size(self) -> int:
        """Observations in the likelihood."""
        return self.n * self.periods - self.lost

    @property
    def degrees(self) -> int:
        """Observations less fixed effects."""
        return self.n * self.t - self.absorbed - self.lost


@dataclass(frozen=True, eq=False)
class Completed:
    """The least sum of squares at one rho: who is missing stands at the best place.

    Parameters
    ----------
    outcome : ndarray of shape (T, n)
        The outcome, completed.
    coefficients : ndarray of shape (K,)
        On the orthonormal design.
    residual : ndarray of shape (N,)
    design : LeastSquares
        Of the design with the missing outcomes projected out, shape (N, K).
    """

    outcome: Array
    coefficients: Array
    residual: Array
    design: LeastSquares


class MissingProfile:
    """ln L(rho) of the observed part of y = rho W y + Z delta + effects + e, all else at its best.

    Parameters
    ----------
    outcome : ndarray of shape (T, n)
        With any starting value where it is missing.
    missing : ndarray of bool, shape (T, n)
    design : ndarray of shape (N, K)
        Orthonormal columns that span Z, effects out.
    within : MissingWithin
        Effects "none" or "entity".
    operator : SpatialOperator

    Notes
    -----
    With A = I - rho W over all periods, A_m its columns of the missing outcomes and P the projection that takes
    effects out, integrating the missing outcomes out of the Gaussian likelihood leaves

    ln L(rho) = -N/2 (ln(2 pi S / N) + 1) + J(rho) - ln|A_m'P A_m| / 2 + ln|E_m'P E_m| / 2,

    where S is the least sum of squares of P (A y - Z delta) over delta and the missing outcomes, and the last term,
    A_m at rho zero, makes it the density of orthonormal contrasts of what was observed. With dummy variables
    (correction "none") the determinants are without P.
    """

    def __init__(
        self, outcome: Array, missing: Array, design: Array, within: MissingWithin, operator: SpatialOperator
    ) -> None:
        self._outcome, self._missing, self._design = outcome, missing, design
        self._within, self._operator = within, operator
        t, n = outcome.shape
        cells = np.flatnonzero(missing)
        self._chosen = sp.csr_matrix(
            (np.ones(len(cells)), (cells, np.arange(len(cells)))), shape=(t * n, len(cells))
        )
        self._lagged = sp.csr_matrix(sp.kron(sp.identity(t), operator.matrix, format="csr") @ self._chosen)
        means = (
            sp.csr_matrix(sp.kron(np.ones((t, 1)) / np.sqrt(t), sp.identity(n)))
            if within.has_entity
            else None
        )
        interval = operator.interval
        self._quadratic = Quadratic.of(self._chosen, self._lagged, interval, means)
        whole = within.has_entity and within.correction == "none"
        self._lost = Quadratic.of(self._chosen, self._lagged, interval) if whole else self._quadratic
        self._jacobian = within.jacobian(operator, "rho")
        self.at = lru_cache(maxsize=4)(self._at)

    def _out(self, values: Array) -> Array:
        """Give P x of columns (N, c)."""
        t, n = self._outcome.shape
        return self._within.apply(values.reshape(t, n, -1)).reshape(values.shape)

    def _columns(self, found: Array, rho: float) -> Array:
        """Give A_m x."""
        return np.asarray(self._chosen @ found - rho * (self._lagged @ found))

    def _on_missing(self, values: Array, rho: float) -> Array:
        """Give A_m' x."""
        return np.asarray(self._chosen.T @ values - rho * (self._lagged.T @ values))

    def _project(self, values: Array, rho: float) -> tuple[Array, Array]:
        """Take A_m out of P x, and give what was taken: the coefficients on A_m."""
        values = self._out(values)
        found = self._quadratic.solve(rho, self._on_missing(values, rho))
        return values - self._out(self._columns(found, rho)), found

    def _at(self, rho: float) -> Completed:
        """Complete the outcome at rho."""
        start = self._outcome - rho * self._operator.lag(self._outcome)
        left, found = self._project(np.column_stack([start.reshape(-1), self._design]), rho)
        design = LeastSquares.of(left[:, 1:])
        coefficients, residual = design.fit(left[:, 0])
        outcome = self._outcome.copy()
        outcome[self._missing] -= found[:, 0] - found[:, 1:] @ coefficients
        return Completed(outcome, coefficients, residual, design)

    @property
    def guide(self) -> MissingProfile:
        """The same with a log-determinant that costs less, to search a region with."""
        jacobian = self._jacobian.guide
        if jacobian is self._jacobian:
            return self
        other = copy(self)
        other._jacobian = jacobian
        return other

    def value(self, rho: float) -> float:
        """Give ln L(rho)."""
        residual = self.at(float(rho)).residual
        gained = self._jacobian.value(rho) - self._lost.value(rho) + self._lost.value(0.0)
        squares = float(residual @ residual)
        return gaussian(squares, self._within.size) + gained if squares > 0 else -np.inf

    def score(self, rho: float) -> float:
        """Give the derivative of ln L(rho)."""
        best = self.at(float(rho))
        pull = float(self._operator.lag(best.outcome).reshape(-1) @ best.residual)
        squares = float(best.residual @ best.residual)
        return self._within.size * pull / squares + self._jacobian.slope(rho) - self._lost.slope(rho)

    def maximise(self) -> Optimum:
        """Find the highest point over the admissible interval."""
        return highest(self, Span("rho", self._operator.interval, loses_one=False))

    def observed_information(self, rho: float) -> tuple[Array, Array]:
        """Give minus the Hessian of the log-likelihood at the maximum, in parameters that are nearly unrelated.

        Parameters
        ----------
        rho : float

        Returns
        -------
        information : ndarray of shape (K + 2, K + 2)
            Of (delta + rho h, rho, sigma2), delta the coefficients on the orthonormal design.
        h : ndarray of shape (K,)

        Notes
        -----
        Closed form, but for the second derivative of ln|A_m'P A_m|, which has ten digits.
        """
        best, size = self.at(float(rho)), self._within.size
        squares = float(best.residual @ best.residual)
        s2, k = squares / size, self._design.shape[1]
        lag = self._operator.lag(best.outcome).reshape(-1, 1)
        h, left = best.design.fit(self._project(lag, rho)[0][:, 0])
        lag = self._out(lag) - self._design @ h[:, None]
        turned = self._quadratic.solve(rho, self._lagged.T @ best.residual[:, None])
        moved = self._out(self._columns(turned, rho))
        projected, _ = self._project(self._design, rho)
        curvature = self._jacobian.derivatives(rho)[2] - self._lost.curvature(rho)
        information = np.zeros((k + 2, k + 2))
        information[:k, :k] = projected.T @ projected / s2
        information[:k, k] = information[k, :k] = -(self._design.T @ moved)[:, 0] / s2
        information[k, k] = (
            float(left @ left - 2 * (moved * lag).sum() - (moved * moved).sum()) / s2 - curvature
        )
        information[k, k + 1] = information[k + 1, k] = float(lag[:, 0] @ best.residual) / s2**2
        information[k + 1, k + 1] = size / (2 * s2**2)
        return information, h

    def prediction_errors(self, rho: float, sigma2: float) -> Array:
        """Give the standard errors of the completed outcomes, shape (m,): the parameters taken as known."""
        count = self._chosen.shape[1]
        found = [
            np.einsum("ij,ij->j", unit, self._quadratic.solve(rho, unit))
            for unit in (columns_of_identity(count, start, _BLOCK) for start in range(0, count, _BLOCK))
        ]
        return np.sqrt(sigma2 * np.concatenate(found))
