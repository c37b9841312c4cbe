"""Effects unit by unit: own, received from the others, emitted to the others."""

from __future__ import annotations

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.operator.operator import SpatialOperator, columns_of_identity

__all__ = ["local"]

_BLOCK = 256


def local(operator: SpatialOperator, pairs: Pairs, variable: int) -> dict[str, Array]:
    """Give own, received and emitted effects of one regressor, with standard errors.

    Parameters
    ----------
    operator : SpatialOperator
    pairs : Pairs
    variable : int
        Place of the regressor.

    Returns
    -------
    dict of ndarray of shape (n,)
        own, received, emitted, own_std_error, received_std_error, emitted_std_error.
    """
    value, slope = _multipliers(operator, pairs.rho)  # (3, n, 2): diagonal, row sums, column sums
    split = np.array([[1.0, 0.0, 0.0], [-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    value, slope = np.tensordot(split, value, 1), np.tensordot(split, slope, 1)
    effect = value @ pairs.coefficients[variable]
    gradient = pairs.gradient(value, slope)[variable]
    std_error = np.sqrt(np.einsum("enp,pq,enq->en", gradient, pairs.covariance, gradient))
    names = ("own", "received", "emitted")
    return dict(zip(names, effect, strict=True)) | {
        f"{name}_std_error": column for name, column in zip(names, std_error, strict=True)
    }


def _multipliers(operator: SpatialOperator, rho: float | None) -> tuple[Array, Array]:
    """Give diagonal, row sums and column sums of A^-1 and A^-1 W, shape (3, n, 2), and their slopes in rho."""
    n, ones, matrix = operator.n, np.ones(operator.n), operator.matrix
    value, slope = np.zeros((3, n, 2)), np.zeros((3, n, 2))
    if rho is None:
        value[:, :, 0] = 1.0
        value[1:, :, 1] = operator.row_sums, matrix.T @ ones
        return value, slope
    value[0], slope[0] = _diagonals(operator, rho)
    for side, transpose in ((1, False), (2, True)):
        step = matrix.T if transpose else matrix
        once = operator.solve(rho, ones, transpose)
        twice = operator.solve(rho, step @ once, transpose)  # A^-1 W A^-1 1, for A^-1 and W commute
        value[side] = np.column_stack([once, step @ once])
        slope[side] = np.column_stack([twice, step @ twice])
    return value, slope


def _diagonals(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    """Give the diagonals of A^-1 and A^-1 W, shape (n, 2), and their slopes, by solving in blocks of units."""
    n, matrix = operator.n, operator.matrix
    value, slope = np.empty((n, 2)), np.empty((n, 2))
    for start in track(range(0, n, _BLOCK), "effects by unit"):
        unit = columns_of_identity(n, start, _BLOCK)
        here = slice(start, start + unit.shape[1])
        right, left = operator.solve(rho, unit), operator.solve(rho, unit, transpose=True)
        lagged = matrix @ right
        value[here, 0] = np.einsum("ij,ij->j", unit, right)
        value[here, 1] = np.einsum("ij,ij->j", unit, lagged)
        slope[here, 0] = np.einsum("ij,ij->j", left, lagged)
        slope[here, 1] = np.einsum("ij,ij->j", left, matrix @ lagged)
    return value, slope
