"""The four averages of the spatial multiplier that every mean effect is made of, as functions of rho."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.operator.interpolate import interpolate
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["Multipliers", "draws_of_multipliers", "multipliers"]


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Averages over units of A^-1 and A^-1 W, A = I - rho W, and their slopes in rho.

    Parameters
    ----------
    value : ndarray of shape (2, 2)
        Rows: direct (trace / n) and total (sum / n); columns: of A^-1 (for beta) and of A^-1 W (for theta).
    slope : ndarray of shape (2, 2)
        Derivatives in rho.
    """

    value: Array
    slope: Array


def multipliers(operator: SpatialOperator, rho: float | None) -> Multipliers:
    """Give the multipliers at one rho; None for a model without W y.

    Parameters
    ----------
    operator : SpatialOperator
    rho : float or None

    Returns
    -------
    Multipliers

    Notes
    -----
    With L(rho) = ln|I - rho W|: tr A^-1 = n - rho L' and tr(A^-1 W) = -L', so the mean direct effect needs
    no inverse.
    """
    n = operator.n
    if rho is None:
        value = np.array([[1.0, 0.0], [1.0, operator.row_sums.mean()]])
        return Multipliers(value, np.zeros((2, 2)))
    _, first, second = operator.logdet.derivatives(rho)
    total, total_slope = _totals(operator, rho)
    direct = [(n - rho * first) / n, -first / n]
    direct_slope = [(-first - rho * second) / n, -second / n]
    return Multipliers(np.array([direct, total]), np.array([direct_slope, total_slope]))


def draws_of_multipliers(operator: SpatialOperator, rhos: Array) -> Array:
    """Give the values of the multipliers at many rhos, without an inverse for each.

    Parameters
    ----------
    operator : SpatialOperator
    rhos : ndarray of shape (r,)

    Returns
    -------
    ndarray of shape (r, 2, 2)
    """
    n = operator.n
    slopes = operator.logdet.slopes(rhos)
    direct = np.column_stack([(n - rhos * slopes) / n, -slopes / n])
    return np.stack([direct, _many_totals(operator, rhos)], axis=1)


def _totals(operator: SpatialOperator, rho: float) -> tuple[list[float], list[float]]:
    """Give 1'A^-1 1 / n and 1'A^-1 W 1 / n, and their slopes."""
    if operator.has_unit_rows:
        gain = 1 / (1 - rho)
        return [gain, gain], [gain**2, gain**2]
    n, ones = operator.n, np.ones(operator.n)
    left = operator.solve(rho, ones, transpose=True)
    carried = operator.matrix.T @ left
    right = operator.solve(rho, ones)
    lagged = operator.solve(rho, operator.row_sums)
    total = [left.sum() / n, left @ operator.row_sums / n]
    return total, [carried @ right / n, carried @ lagged / n]


def _many_totals(operator: SpatialOperator, rhos: Array) -> Array:
    """Give the totals at many rhos, shape (r, 2): in closed form, or by interpolation."""
    if operator.has_unit_rows:
        gain = 1 / (1 - rhos)
        return np.column_stack([gain, gain])
    return interpolate(lambda rho: np.array(_totals(operator, rho)[0]), rhos, operator.interval)
