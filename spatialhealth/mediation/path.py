"""The product of two spatial multipliers: what a change at one end of a path does at the other, on average."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.impacts.multipliers import multipliers
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["Leg", "effects_of_leg", "path_effects"]

_CLOSE = 1e-5  # between two rho, below which the slope half-way stands for the quotient of differences


@dataclass(frozen=True)
class Leg:
    """One link of a path: S = (I - rho W)^-1 (beta I + theta W).

    Parameters
    ----------
    beta, theta : float
    rho : float or None
        None for a model without W y.
    """

    beta: float
    theta: float
    rho: float | None


def effects_of_leg(operator: SpatialOperator, leg: Leg) -> Array:
    """Give the direct, indirect and total effect of one leg, shape (3,)."""
    direct, total = multipliers(operator, leg.rho).value @ [leg.beta, leg.theta]
    return np.array([direct, total - direct, total])


def path_effects(operator: SpatialOperator, first: Leg, second: Leg) -> Array:
    """Give the direct, indirect and total effect of S_second S_first, shape (3,).

    Parameters
    ----------
    operator : SpatialOperator
        The W of both.
    first, second : Leg

    Returns
    -------
    ndarray of shape (3,)
        Mean of the diagonal, of what is off it, and of the sums of the rows.

    Notes
    -----
    With A(rho) = I - rho W and t(rho) = tr A^-1 / n, the traces are divided differences of functions of one rho:
    tr(A_2^-1 A_1^-1) / n of rho t, tr(A_2^-1 A_1^-1 W) / n of t, and tr(A_2^-1 A_1^-1 W^2) / n of (t - 1) / rho; so
    that no inverse is made.
    """
    one, two = (0.0 if leg.rho is None else leg.rho for leg in (first, second))
    table = [_functions(operator, rho) for rho in (one, two)]
    if abs(two - one) > _CLOSE:
        traces = (table[1][0] - table[0][0]) / (two - one)
    else:
        traces = _functions(operator, (one + two) / 2)[1]
    products = np.array([
        first.beta * second.beta, first.beta * second.theta + first.theta * second.beta, first.theta * second.theta,
    ])  # fmt: skip
    direct = float(traces @ products)
    total = float(np.mean(_carried(operator, second)(_carried(operator, first)(np.ones(operator.n)))))
    return np.array([direct, total - direct, total])


def _functions(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    """Give rho t, t and (t - 1) / rho, and their slopes."""
    at = multipliers(operator, rho)
    (t, lagged), (slope, lagged_slope) = at.value[0], at.slope[0]
    return np.array([rho * t, t, lagged]), np.array([t + rho * slope, slope, lagged_slope])


def _carried(operator: SpatialOperator, leg: Leg) -> Callable[[Array], Array]:
    """Give S of a leg as a function of a vector."""

    def carry(vector: Array) -> Array:
        structural = leg.beta * vector + leg.theta * operator.lag(vector)
        return structural if leg.rho is None else operator.solve(leg.rho, structural)

    return carry
