"""Expected information of models with random unit effects, in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import SizeError
from spatialhealth.likelihood.covariance import from_upper
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.random import RandomLikelihood, RandomSample
from spatialhealth.likelihood.random_search import RandomOptimum

__all__ = ["expected_random_information"]

_LIMIT = 3_000  # beyond, dense matrices of the units would not be sensible


def expected_random_information(sample: RandomSample, optimum: RandomOptimum) -> tuple[Array, Array]:
    """Give the expectation of minus the Hessian in turned parameters, and what turns them back.

    Parameters
    ----------
    sample : RandomSample
    optimum : RandomOptimum

    Returns
    -------
    information, turn : ndarray of shape (K + 4, K + 4)
        In (gamma, rho, lambda, c, sigma2) and to (delta, rho, lambda, c, sigma2), as in `RandomPoint`.

    Raises
    ------
    SizeError
        If there are more than 3,000 units.

    Notes
    -----
    Deviations from the unit means, T - 1 times, and the means times the root of T have variances sigma2 V. With
    G = W (I - rho W)^-1, the variance of (I - rho W)^-1 u has the derivative G V + V G' in rho once it is turned by
    I - rho W, so that rho and a parameter i of V share tr(G'V^-1 V_i), and two of V tr(V^-1 V_i V^-1 V_j) / 2.
    """
    n, t = sample.within.n, sample.within.t
    if n > _LIMIT:
        raise SizeError(
            f"The expected information of random effects takes dense matrices of {n:,} by {n:,}. "
            "Use cov_type='observed', which takes none."
        )
    k, sigma2 = len(optimum.point.delta), optimum.point.sigma2
    information, turn = np.zeros((k + 4, k + 4)), np.eye(k + 4)
    spread = _spread(sample, optimum.rho)
    turn[:k, :k], on_design, left = _signal(sample, optimum, spread)
    turn[:k, k] = -on_design
    information[:k, :k] = np.eye(k) / sigma2
    information[k, k] = left @ left / sigma2 + t * np.sum(spread * spread.T)
    information[k, -1] = t * np.trace(spread) / sigma2
    information[-1, -1] = sample.within.size / (2 * sigma2**2)
    for weight, variance, changes in _parts(sample, optimum):
        by_variance = [np.linalg.solve(variance, change) for change in changes]
        information[k, k] += weight * np.sum(spread * np.linalg.solve(variance, spread @ variance))
        for i, one in enumerate(by_variance):
            information[k, k + 1 + i] += weight * np.sum(spread * one)
            information[k + 1 + i, -1] += weight * np.trace(one) / (2 * sigma2)
            for j, other in enumerate(by_variance[i:], start=i):
                information[k + 1 + i, k + 1 + j] += weight * np.sum(one * other.T) / 2
    return from_upper(information), turn


def _spread(sample: RandomSample, rho: float) -> Array:
    """Give G, zero for a model without W y."""
    n = sample.within.n
    if sample.lag is None:
        return np.zeros((n, n))
    return np.asarray(sample.operator.matrix @ sample.operator.solve(rho, np.eye(n)))


def _signal(sample: RandomSample, optimum: RandomOptimum, spread: Array) -> tuple[Array, Array, Array]:
    """Give what turns an orthonormal design back, the coefficients of E(W y) on the design, and what is left."""
    expected = (sample.z @ optimum.point.delta) @ spread.T
    rows = RandomLikelihood(replace(sample, y=expected, lag=None)).rows(optimum.lam, optimum.c)
    projection = LeastSquares.of(rows[:, 1:])
    on_design, left = projection.fit(rows[:, 0])
    return projection.back, on_design, left


def _parts(sample: RandomSample, optimum: RandomOptimum) -> list[tuple[int, Array, tuple[Array, Array]]]:
    """Give how often, with what V and with what derivatives of V in (lambda, c) each part of the data comes."""
    n = sample.within.n
    own, slope = np.eye(n), np.zeros((n, n))
    if sample.error_operator is not None:
        matrix = sample.error_operator.matrix
        inverse = sample.error_operator.solve(optimum.lam, np.eye(n))
        own = inverse @ inverse.T
        lagged = inverse @ (matrix @ own)
        slope = lagged + lagged.T
    effects, effects_slope = (np.eye(n), np.zeros((n, n))) if sample.own_filter else (own, slope)
    means = own + optimum.c * effects
    return [
        (sample.within.t - 1, own, (slope, np.zeros((n, n)))),
        (1, means, (slope + optimum.c * effects_slope, effects)),
    ]
