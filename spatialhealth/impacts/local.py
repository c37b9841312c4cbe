"""Effects unit by unit: own, received from the others, emitted to the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.operator.diagonal import diagonals
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["local"]


def local(operator: SpatialOperator, pairs: Pairs, variable: int, random_state: Any = 0) -> dict[str, Array]:
    """Give own, received and emitted effects of one regressor, with standard errors.

    Parameters
    ----------
    operator : SpatialOperator
    pairs : Pairs
    variable : int
        Place of the regressor.
    random_state : int or numpy.random.Generator, default 0
        Seed of what is not exact beyond 20,000 units.

    Returns
    -------
    dict of ndarray of shape (n,)
        own, received, emitted, own_std_error, received_std_error, emitted_std_error; and own_approximation_error
        where `own` is no exact figure.

    Notes
    -----
    own = beta + (rho beta + theta) g with g the diagonal of A^-1 W, whose error is all there is: row and column sums
    are solutions, so that received and emitted are off by as much as own, with the other sign.
    """
    value, slope, error = _multipliers(
        operator, pairs.rho, random_state
    )  # (3, n, 2): diagonal, sums of both kinds
    split = np.array([[1.0, 0.0, 0.0], [-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    value, slope = np.tensordot(split, value, 1), np.tensordot(split, slope, 1)
    coefficients = pairs.coefficients[variable]
    effect = value @ coefficients
    # the gradient moves along beta, theta and rho only, so that three numbers a unit say it
    gradient = np.concatenate([value, (slope @ coefficients)[..., None]], axis=2)
    std_error = np.sqrt(np.einsum("enc,cd,end->en", gradient, _covariance(pairs, variable), gradient))
    names = ("own", "received", "emitted")
    columns = dict(zip(names, effect, strict=True)) | {
        f"{name}_std_error": column for name, column in zip(names, std_error, strict=True)
    }
    if pairs.rho is not None and error is not None:
        beta, theta = coefficients
        columns["own_approximation_error"] = abs(pairs.rho * beta + theta) * error
    return columns


def _covariance(pairs: Pairs, variable: int) -> Array:
    """Give the covariance of beta, theta and rho, shape (3, 3); zeros for what the model does not have."""
    pick = np.vstack([pairs.select[variable], np.zeros(len(pairs.params))])
    if pairs.rho_place is not None:
        pick[2, pairs.rho_place] = 1.0
    return np.asarray(pick @ pairs.covariance @ pick.T)


def _multipliers(
    operator: SpatialOperator, rho: float | None, random_state: Any
) -> tuple[Array, Array, Array | None]:
    """Give diagonal, row sums and column sums of A^-1 and A^-1 W, shape (3, n, 2), and their slopes in rho.

    Last comes the error of the diagonal of A^-1 W, or None.
    """
    n, ones, matrix = operator.n, np.ones(operator.n), operator.matrix
    value, slope = np.zeros((3, n, 2)), np.zeros((3, n, 2))
    if rho is None:
        value[:, :, 0] = 1.0
        value[1:, :, 1] = operator.row_sums, matrix.T @ ones
        return value, slope, None
    found = diagonals(operator, rho, random_state)
    value[0], slope[0] = found.value, found.slope
    for side, transpose in ((1, False), (2, True)):
        step = matrix.T if transpose else matrix
        once = operator.solve(rho, ones, transpose)
        twice = operator.solve(rho, step @ once, transpose)  # A^-1 W A^-1 1, for A^-1 and W commute
        value[side] = np.column_stack([once, step @ once])
        slope[side] = np.column_stack([twice, step @ twice])
    return value, slope, found.error
