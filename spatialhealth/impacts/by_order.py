"""Effects by order of neighbourhood."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.powers import affordable_order, exact_traces

__all__ = ["by_order"]

_RESOLVED = 1e-10


def by_order(operator: SpatialOperator, pairs: Pairs, highest: int) -> tuple[Array, Array]:
    """Give the effects of each order and their variances.

    Parameters
    ----------
    operator : SpatialOperator
    pairs : Pairs
    highest : int
        Highest order.

    Returns
    -------
    value, variance : ndarray of shape (k, 3, highest + 1)
        Of the direct, indirect and total effect.
    """
    n = operator.n
    direct = _traces(operator, highest) / n
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
    return np.einsum("eqc,kc->keq", value, pairs.coefficients), variance


def _traces(operator: SpatialOperator, highest: int) -> Array:
    """Give tr(W^q) for q = 0 ... highest, by products of matrices where these are cheap."""
    known = "logdet" in vars(operator) and operator.logdet.name == "eigen"
    if not known and affordable_order(operator.matrix, highest) == highest:
        return exact_traces(operator.spectrum.similar, highest)
    return operator.logdet.power_traces(highest)


def _power(rho: float, exponent: Array) -> Array:
    """Give rho ** exponent, 0 for a negative exponent and 1 for 0 ** 0."""
    return np.where(exponent >= 0, np.power(float(rho), np.maximum(exponent, 0)), 0.0)
