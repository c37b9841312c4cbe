"""Effects by order of neighbourhood."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.powers import affordable_order, exact_traces

__all__ = ["by_order"]

_RESOLVED = 1e-10


def by_order(operator: SpatialOperator, pairs: Pairs, highest: int) -> tuple[Array, Array, Array]:
    """Give the effects of each order, their variances, and the Monte-Carlo errors of the traces behind them.

    Parameters
    ----------
    operator : SpatialOperator
    pairs : Pairs
    highest : int
        Highest order.

    Returns
    -------
    value, variance, error : ndarray of shape (k, 3, highest + 1)
        Of the direct, indirect and total effect. `error` is zero where the traces of the powers of W are exact.
    """
    n = operator.n
    traces, errors = _traces(operator, highest)
    direct = traces / n
    direct[np.abs(direct) < _RESOLVED] = 0.0  # no way back in so many steps: what is left is rounding
    total = np.ones(highest + 1)
    reached = np.ones(n)
    for q in range(1, highest + 1):
        reached = operator.matrix @ reached
        total[q] = reached.mean()
    spread = np.stack([direct, total - direct, total])  # of W^q
    rho, orders = pairs.rho or 0.0, np.arange(highest + 1)
    own, lagged = _power(rho, orders), _power(rho, orders - 1)
    own_slope, lagged_slope = orders * _power(rho, orders - 1), (orders - 1) * _power(rho, orders - 2)
    value = spread[..., None] * np.column_stack([own, lagged])
    slope = spread[..., None] * np.column_stack([own_slope, lagged_slope])
    gradient = pairs.gradient(value, slope)
    variance = np.einsum("...p,pq,...q->...", gradient, pairs.covariance, gradient)
    # what is off in the direct effect is off, with the other sign, in the indirect one
    chance = (np.array([1.0, 1.0, 0.0])[:, None] * errors / n)[..., None] * np.column_stack([own, lagged])
    error = np.abs(np.einsum("eqc,kc->keq", chance, pairs.coefficients))
    return np.einsum("eqc,kc->keq", value, pairs.coefficients), variance, error


def _traces(operator: SpatialOperator, highest: int) -> tuple[Array, Array]:
    """Give tr(W^q) for q = 0 ... highest, by products of matrices where these are cheap, and their errors."""
    known = "logdet" in vars(operator) and operator.logdet.name == "eigen"
    if not known and affordable_order(operator.matrix, highest) == highest:
        return exact_traces(operator.spectrum.similar, highest), np.zeros(highest + 1)
    return operator.logdet.power_traces(highest), operator.logdet.power_errors(highest)


def _power(rho: float, exponent: Array) -> Array:
    """Give rho ** exponent, 0 for a negative exponent and 1 for 0 ** 0."""
    return np.where(exponent >= 0, np.power(float(rho), np.maximum(exponent, 0)), 0.0)
