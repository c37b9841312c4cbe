"""Variance of the score with random unit effects, clustered by unit."""

from __future__ import annotations

import math

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.random import RandomSample
from spatialhealth.likelihood.random_search import RandomOptimum
from spatialhealth.likelihood.sandwich import Scores, scores_by_unit
from spatialhealth.likelihood.state import State

__all__ = ["random_score_variance"]


def random_score_variance(sample: RandomSample, optimum: RandomOptimum) -> Array:
    """Give the variance of the score in turned parameters when units are independent, however unlike.

    Parameters
    ----------
    sample : RandomSample
        With effects that have the spatial process of the errors, if there is one.
    optimum : RandomOptimum

    Returns
    -------
    ndarray of shape (K + 4, K + 4)
        Of (gamma, rho, lambda, c, sigma2) as in `RandomPoint`; zero for what the model has not.

    Notes
    -----
    The likelihood is the ordinary one of quasi-demeaned data, x_t - (1 - sqrt(kappa)) mean(x), kappa = 1 / (1 + c): a
    unit's quasi-demeaned errors are one draw, independent of those of other units, as `score_variance_by_unit` asks.
    The score of c is kappa / 2 times the sum over units of (mean / sigma)^2 T - 1, the means those of these errors.
    """
    k, point, kappa = len(optimum.point.delta), optimum.point, 1 / (1 + optimum.c)
    state = _quasi_demeaned(sample, optimum, math.sqrt(kappa))
    scores = Scores.of(state)
    own, pairs = scores_by_unit(scores, together=True)
    places = [*range(k), *(k + ("rho", "lambda").index(name) for name in state.spatial), k + 3]
    whole = np.zeros((sample.within.n, k + 4))
    whole[:, places] = own
    means = scores.residual.mean(axis=0)
    whole[:, k + 2] = kappa / 2 * (sample.within.t * means**2 / point.sigma2 - 1)
    variance = whole.T @ whole
    variance[np.ix_(places, places)] += pairs
    return np.asarray(variance * sample.within.n / (sample.within.n - 1))


def _quasi_demeaned(sample: RandomSample, optimum: RandomOptimum, root: float) -> State:
    """Give the ordinary likelihood of the quasi-demeaned data at the optimum."""
    point, rho = optimum.point, optimum.rho
    k = len(point.delta)
    back, on_design = point.turn[:k, :k], -point.turn[:k, k]
    outcome = sample.y - sample.z @ (point.delta + rho * on_design)
    lag = [] if sample.lag is None else [(sample.lag - sample.z @ on_design)[..., None]]
    columns = np.concatenate([outcome[..., None], *lag, sample.z @ back], axis=2)
    columns = columns - (1 - root) * columns.mean(axis=0)
    left = np.concatenate([[1.0], [] if sample.lag is None else [-rho], np.zeros(k)])
    has_error = sample.error_operator is not None
    flat = np.ascontiguousarray(columns.reshape(-1, columns.shape[2]))
    return State(
        ErrorFilter(flat, sample.within, sample.error_operator),
        left,
        None if sample.lag is None else rho,
        optimum.lam if has_error else None,
        point.sigma2,
        sample.within,
        None if sample.lag is None else sample.operator,
        sample.error_operator,
    )
