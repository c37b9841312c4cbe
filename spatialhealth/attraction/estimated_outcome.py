"""Likelihood of a spatial model whose outcome was estimated before, with a known covariance of its error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError

__all__ = ["EstimatedOutcome", "Point"]

_EDGE = 1e-6  # distance to the ends of the admissible interval
_SMALLEST = 1e-8  # variance of the model's error, as a share of that of the outcome


@dataclass(frozen=True, eq=False)
class EstimatedOutcome:
    """An outcome a + error with a = rho W a + Z b + (I - lambda M)^-1 e, of which only differences are known.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Estimated outcome.
    error : ndarray of shape (n, n)
        Covariance of its error; the common level of the outcome is arbitrary.
    z : ndarray of shape (n, k)
        Design, a constant first, of which W makes a multiple.
    lag, error_lag : ndarray of shape (n, n), or None
        W and M where the model has rho and lambda.
    bounds : tuple of pairs of float
        Of rho and lambda, those that there are.
    """

    y: Array
    error: Array
    z: Array
    lag: Array | None
    error_lag: Array | None
    bounds: tuple[tuple[float, float], ...]

    @cached_property
    def level(self) -> float:
        """Variance given to the level that nobody knows: the likelihood of differences does not depend on it."""
        return float(np.trace(self.error)) / len(self.y) + float(np.var(self.y))

    @cached_property
    def inflated(self) -> Array:
        """Covariance of the error, with that of the level."""
        return self.error + self.level

    def at(self, spatial: Array, sigma2: float) -> Point:
        """Evaluate the likelihood."""
        rho = float(spatial[0]) if self.lag is not None else None
        lam = float(spatial[-1]) if self.error_lag is not None else None
        return Point(self, rho, lam, sigma2)

    def maximise(self, start: Array, sigma2: float) -> Point:
        """Find the maximum over rho, lambda and the variance of e.

        Parameters
        ----------
        start : ndarray
            Estimates of rho and lambda that ignore the error.
        sigma2 : float
            Variance of e by these.

        Returns
        -------
        Point

        Raises
        ------
        ConvergenceError
            If no maximum is found.
        """
        scale = float(np.var(self.y))
        bounds = [(low + _EDGE, high - _EDGE) for low, high in self.bounds]
        bounds.append((np.log(_SMALLEST), np.log(10.0)))

        def negative(theta: Array) -> tuple[float, Array]:
            point = self.at(theta[:-1], scale * float(np.exp(theta[-1])))
            slope = point.score.copy()
            slope[-1] *= point.sigma2
            return -point.loglik, -slope

        best, found = None, -np.inf
        for first, share in ((start, 0.7), (start, 0.1), (np.zeros_like(start), 0.7)):
            theta = np.append(first, np.log(np.clip(share * sigma2 / scale, 1e-6, 5.0)))
            low, high = np.array(bounds).T
            trial = minimize(
                negative, np.clip(theta, low, high), jac=True, method="L-BFGS-B", bounds=bounds,
                options={"ftol": 1e-13, "gtol": 1e-7, "maxiter": 200},
            )  # fmt: skip
            if np.isfinite(trial.fun) and -trial.fun > found + 1e-9:
                best, found = trial.x, -float(trial.fun)
        if best is None:
            raise ConvergenceError(
                "The likelihood of the second stage has no maximum that could be found. Look at the regressors, or "
                "use a model with fewer spatial parameters."
            )
        return self.at(best[:-1], scale * float(np.exp(best[-1])))


class Point:
    """The likelihood at one (rho, lambda, sigma2), coefficients by generalised least squares.

    Everything is filtered by F = (I - lambda M)(I - rho W), under which the errors e stay as they are and only
    those of the outcome are spread: S = sigma2 I + F V F' has no eigenvalue below sigma2.

    Parameters
    ----------
    model : EstimatedOutcome
    rho, lam : float or None
    sigma2 : float
    """

    def __init__(self, model: EstimatedOutcome, rho: float | None, lam: float | None, sigma2: float) -> None:
        self.rho, self.lam, self.sigma2, self._model = rho, lam, sigma2, model
        n = len(model.y)
        self._lag = np.eye(n) if model.lag is None or rho is None else np.eye(n) - rho * model.lag
        self._error_lag = np.eye(n)
        if model.error_lag is not None and lam is not None:
            self._error_lag -= lam * model.error_lag
        turn = self._error_lag @ self._lag
        self._factor = cho_factor(sigma2 * np.eye(n) + turn @ model.inflated @ turn.T, lower=True)
        self._design = self._error_lag @ model.z
        weighted, outcome = cho_solve(self._factor, self._design), turn @ model.y
        self.coefficients = np.linalg.solve(self._design.T @ weighted, weighted.T @ outcome)
        residual = outcome - self._design @ self.coefficients
        self._pull = cho_solve(self._factor, residual)
        level = turn.sum(axis=1)
        self._ones = cho_solve(self._factor, level)
        self._mass = float(self._ones @ level)
        logdet = float(np.log(np.diag(self._factor[0])).sum())
        filters = [m for m, used in ((self._lag, rho), (self._error_lag, lam)) if used is not None]
        logdet -= sum(float(np.linalg.slogdet(each)[1]) for each in filters)
        contrasts = 2 * logdet + np.log(self._mass) - np.log(n)
        self.loglik = -0.5 * ((n - 1) * np.log(2 * np.pi) + contrasts + float(residual @ self._pull))

    @cached_property
    def _means(self) -> list[Array]:
        """Derivatives of the filtered mean by rho, lambda and sigma2."""
        model, n = self._model, len(self._model.y)
        means = []
        if model.lag is not None:
            mean = np.linalg.solve(self._lag, model.z @ self.coefficients)
            means.append(self._error_lag @ (model.lag @ mean))
        return means + [np.zeros(n)] * (1 + (self.lam is not None))

    @cached_property
    def _changes(self) -> list[Array]:
        """Derivatives of the filtered covariance by rho, lambda and sigma2."""
        model, changes = self._model, []
        if model.lag is not None:
            # (I - lambda M) W (I - rho W)^-1 (I - lambda M)^-1
            inner = np.linalg.solve(self._lag.T, model.lag.T).T
            outer = np.linalg.solve(self._error_lag.T, (self._error_lag @ inner).T).T
            changes.append(self.sigma2 * (outer + outer.T))
        if model.error_lag is not None:
            outer = np.linalg.solve(self._error_lag.T, model.error_lag.T).T
            changes.append(self.sigma2 * (outer + outer.T))
        return [*changes, np.eye(len(model.y))]

    @cached_property
    def _products(self) -> list[Array]:
        """The inverse covariance, the level taken out, times each of its derivatives."""
        return [
            cho_solve(self._factor, change) - np.outer(self._ones, self._ones @ change) / self._mass
            for change in self._changes
        ]

    @cached_property
    def score(self) -> Array:
        """Slope of the log-likelihood in rho, lambda and sigma2, those that there are."""
        parts = zip(self._means, self._changes, self._products, strict=True)
        return np.array(
            [
                mean @ self._pull + 0.5 * (self._pull @ change @ self._pull - float(np.trace(product)))
                for mean, change, product in parts
            ]
        )

    @cached_property
    def covariance(self) -> Array:
        """Inverse expected information of (b, rho, lambda, sigma2), the constant's for an outcome with mean zero."""
        k, s = self._design.shape[1], len(self._means)
        columns = np.column_stack([self._design, *self._means])
        information = columns.T @ cho_solve(self._factor, columns)
        for a in range(s):
            for b in range(s):
                trace = float((self._products[a] * self._products[b].T).sum())
                information[k + a, k + b] += 0.5 * trace
        found = np.linalg.inv((information + information.T) / 2)
        # what the arbitrary level added to the variance of the constant
        found[0, 0] -= self._model.level * float(self._lag[0].sum()) ** 2
        return np.asarray((found + found.T) / 2)
