"""The likelihood of models with random unit effects: (rho, lambda, c = T phi), the rest at its best."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array, ErrorComponents
from spatialhealth.likelihood.baltagi import OwnFilter
from spatialhealth.likelihood.components import Between, CommonFilter, Compressed
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.profile import LagProfile, gaussian
from spatialhealth.likelihood.transform import Jacobian, Within
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.within import demean

__all__ = ["RandomLikelihood", "RandomPoint", "RandomSample"]


@dataclass(frozen=True, eq=False)
class RandomPoint:
    """The log-likelihood at one (rho, lambda, c), with delta and sigma2 at their best.

    Parameters
    ----------
    delta : ndarray of shape (K,)
    sigma2, loglik : float
    score : ndarray of shape (3,)
        Derivatives in (rho, lambda, c).
    information : ndarray of shape (K + 4, K + 4)
        Minus the Hessian of the full log-likelihood in (gamma, rho, lambda, c, sigma2), gamma the coefficients of an
        orthonormal design that W y is free of.
    turn : ndarray of shape (K + 4, K + 4)
        What makes (delta, rho, lambda, c, sigma2) of these.
    """

    delta: Array
    sigma2: float
    loglik: float
    score: Array
    information: Array
    turn: Array


@dataclass(frozen=True, eq=False)
class RandomSample:
    """What the likelihood of random effects is made of.

    Parameters
    ----------
    y : ndarray of shape (T, n)
    lag : ndarray of shape (T, n) or None
        W y; None for a model without.
    z : ndarray of shape (T, n, K)
    within : Within
        Sizes: nothing is taken out.
    operator : SpatialOperator
        W.
    error_operator : SpatialOperator, optional
        M; None for a model whose errors have no spatial process.
    form : {"kkp", "baltagi"}
        Whether the effects have the spatial process of the errors, or none.
    """

    y: Array
    lag: Array | None
    z: Array
    within: Within
    operator: SpatialOperator
    error_operator: SpatialOperator | None = None
    form: ErrorComponents = "kkp"

    @property
    def own_filter(self) -> bool:
        """Whether the errors have a spatial process and the effects have not."""
        return self.error_operator is not None and self.form == "baltagi"


class RandomLikelihood:
    """y_t = rho W y_t + Z_t delta + u_t with random unit effects in u_t.

    With r = y - rho W y - Z delta, R its deviations from the unit means, filtered by I - lambda M, and m these means
    times the root of T,

    ln L = -nT/2 ln(2 pi sigma2) + T ln|I - rho W| + T ln|I - lambda M| + l(lambda, c) - (R'R + m'P m) / (2 sigma2),

    where P and l are given by the form of the effects (`CommonFilter`, `OwnFilter`).

    Parameters
    ----------
    sample : RandomSample
    """

    def __init__(self, sample: RandomSample) -> None:
        self.sample, self.within = sample, sample.within
        self.has_lag, error = sample.lag is not None, sample.error_operator
        self._first = 1 + self.has_lag
        outcomes = [sample.y] if sample.lag is None else [sample.y, sample.lag]
        columns = np.concatenate([*(values[..., None] for values in outcomes), sample.z], axis=2)
        m = columns.shape[2]
        means, moving = columns.mean(axis=0) * np.sqrt(self.within.t), demean(columns, "entity")
        lagged = None if error is None else error.lag(moving).reshape(-1, m)
        self._moving = Compressed(moving.reshape(-1, m), lagged)
        self.between: Between
        if error is not None and sample.own_filter:
            self.between = OwnFilter(means, error)
        else:
            self.between = CommonFilter(means, None if error is None else error.matrix @ means)
        self._lag = Jacobian(sample.operator.logdet, self.within) if self.has_lag else None
        self._error = None if error is None else Jacobian(error.logdet, self.within)

    @property
    def guide(self) -> RandomLikelihood:
        """The same with log-determinants that cost less, to search a region with."""
        lag = None if self._lag is None else self._lag.guide
        error = None if self._error is None else self._error.guide
        if lag is self._lag and error is self._error:
            return self
        other = copy(self)
        other._lag, other._error = lag, error
        return other

    def values(self, rhos: Array, lam: float, c: float, rough: bool = False) -> Array:
        """Give ln L at many rho and one (lambda, c), shape (r,); `rough`, to search a region with, costs less."""
        outcome, lag = self._left(self.rows(lam, c, rough))[1:]
        extra = self.between.log_term(lam, c) + (self._error.value(lam) if self._error else 0.0)
        if self._lag is None:
            return np.full(len(rhos), gaussian(float(outcome @ outcome), self.within.size) + extra)
        profile = LagProfile.of(outcome, lag, self._lag)
        return np.array([profile.value(float(rho)) + extra for rho in rhos])

    def value(self, rho: float, lam: float, c: float) -> float:
        """Give ln L(rho, lambda, c)."""
        return float(self.values(np.array([rho]), lam, c)[0])

    def at(self, rho: float, lam: float, c: float) -> RandomPoint:
        """Give the log-likelihood with its derivatives at a point."""
        projection, outcome, lag = self._left(rows := self.rows(lam, c))
        back, first = projection.back, self._first
        on_design = [projection.fit(column)[0] for column in rows.T[:first]]
        delta = on_design[0] - rho * (on_design[1] if self.has_lag else 0.0)
        sigma2 = float(np.sum((outcome - rho * lag) ** 2)) / self.within.size
        turn = np.zeros((first + len(back),) * 2)  # residual, W y off the design, orthonormal design
        turn[0, 0], turn[first:, 0] = 1.0, -delta
        if self.has_lag:
            turn[1, 0], turn[1, 1], turn[first:, 1] = -rho, 1.0, -on_design[1]
        turn[first:, first:] = back
        score, information = self._derivatives(rho, lam, c, turn, sigma2)
        k = len(back)
        whole = np.eye(k + 4)
        whole[:k, :k] = back
        if self.has_lag:
            whole[:k, k] = -on_design[1]
        return RandomPoint(delta, sigma2, self.value(rho, lam, c), score, information, whole)

    def rows(self, lam: float, c: float, rough: bool = False) -> Array:
        """Give rows with the products of outcome, lag and design in the likelihood, shape (r, m)."""
        between = self.between.rough_rows(lam, c) if rough else self.between.rows(lam, c)
        return np.vstack([self._moving.rows(lam), between])

    def _left(self, rows: Array) -> tuple[LeastSquares, Array, Array]:
        """Give the factors of the design, and what it leaves of y and of W y (zero if there is none)."""
        projection = LeastSquares.of(rows[:, self._first :])
        outcome = projection.fit(rows[:, 0])[1]
        lag = projection.fit(rows[:, 1])[1] if self.has_lag else np.zeros_like(outcome)
        return projection, outcome, lag

    def _derivatives(
        self, rho: float, lam: float, c: float, turn: Array, sigma2: float
    ) -> tuple[Array, Array]:
        """Give the score in (rho, lambda, c) and the information in turned parameters."""
        k, p = len(turn) - self._first, len(turn) - self._first + 4
        part = self._moving.curvature(lam, turn) + self.between.curvature(lam, c, turn)
        gradient, bend = self.between.log_derivatives(lam, c)
        lag = self._lag.derivatives(rho) if self._lag else (0.0, 0.0, 0.0)
        error = self._error.derivatives(lam) if self._error else (0.0, 0.0, 0.0)
        gradient, bend = gradient + np.array([error[1], 0.0]), bend + np.diag([error[2], 0.0])
        # columns whose coefficients are parameters, with their places
        columns = [*range(self._first, len(turn)), *([1] if self.has_lag else [])]
        places, components = np.arange(len(columns)), [k + 1, k + 2]
        information = np.zeros((p, p))
        information[np.ix_(places, places)] = part.gram[np.ix_(columns, columns)] / sigma2
        information[k, k] -= lag[2]
        for place, cross in zip(components, part.cross, strict=True):
            information[places, place] = information[place, places] = -cross[columns] / sigma2
            information[place, -1] = information[-1, place] = -cross[0] / (2 * sigma2**2)
        information[np.ix_(components, components)] = part.second / (2 * sigma2) - bend
        information[places, -1] = information[-1, places] = part.gram[columns, 0] / sigma2**2
        information[-1, -1] = -self.within.size / (2 * sigma2**2) + part.gram[0, 0] / sigma2**3
        in_rho = lag[1] + (part.gram[1, 0] / sigma2 if self.has_lag else 0.0)
        return np.append(in_rho, gradient - part.cross[:, 0] / (2 * sigma2)), information
