"""Stochastic diagonals: low orders exactly, the rest from random signs, with its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth._validation import random_generator
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.powers import power_diagonals, product_cost

__all__ = ["probed"]

_ACCURACY = 0.01
_BLOCK = 8  # probes at once: 64 MB for each array of a million units
_FEWEST, _MOST = 4, 12  # blocks
_COSTS = ((200_000_000, 3), (4_000_000_000, 2))  # multiplications in W W up to which W^3 and W^2 are formed


def probed(
    operator: SpatialOperator, rho: float, random_state: Any = 0, accuracy: float = _ACCURACY
) -> tuple[Array, Array, Array]:
    """Estimate the diagonal of A^-1 W, A = I - rho W, and its slope in rho.

    Parameters
    ----------
    operator : SpatialOperator
    rho : float
        Inside the admissible interval.
    random_state : int or numpy.random.Generator, default 0
        Seed of the signs.
    accuracy : float, default 0.01
        Probes are added, 8 at a time from 32 up to 96, until the root mean square of the errors is this share of
        that of the diagonal. The error that is reached is reported, whether this or less than this.

    Returns
    -------
    value, slope, error : ndarray of shape (n,)
        `error` is the standard error of `value`, from the spread of the probes at the unit and around it: by itself,
        the spread at one unit would be small where its value happens to be.

    Notes
    -----
    Powers of W up to 2 h are exact, h = 3 (2 or 1 for dense W). The rest, rho^2h W^(2h+1) A^-1, has the
    diagonal E[(W'^h z) * (A^-1 W^(h+1) z)] for random signs z, elementwise: with a power of W on both sides, the
    probes vary as the entry itself does, rather than as its whole row (as z * (M z) would, Bekas et al. 2007).

    References
    ----------
    Bekas, C., Kokiopoulou, E. and Saad, Y. (2007). An estimator for the diagonal of a matrix. Applied Numerical
    Mathematics 57, 1214-1229.
    """
    rng = random_generator("effects by unit", random_state)
    half = next((h for cost, h in _COSTS if product_cost(operator.matrix) <= cost), 1)
    order = 2 * half
    powers = power_diagonals(operator.spectrum.similar, order)[1:]
    exponent = np.arange(order)
    exact = rho**exponent @ powers
    exact_slope = (exponent[1:] * rho ** (exponent[1:] - 1)) @ powers[1:]
    sums, pooled = np.zeros((3, operator.n)), _with_neighbours(operator.matrix)
    for block in track(range(_MOST), "effects by unit"):
        _add(sums, operator, rho, half, rng)
        count = (block + 1) * _BLOCK
        mean = sums[0] / count
        spread = pooled @ (pooled @ (sums[1] / count - mean**2))
        error = np.sqrt(np.maximum(spread, 0) / (count - 1)) * abs(rho) ** order
        value = exact + rho**order * mean
        if block + 1 >= _FEWEST and np.linalg.norm(error) <= accuracy * np.linalg.norm(value):
            break
    slope = exact_slope + order * rho ** (order - 1) * mean + rho**order * sums[2] / count
    return value, slope, error


def _with_neighbours(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Give the matrix of means over a unit and its neighbours."""
    links = sp.csr_matrix((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    links = sp.csr_matrix(links + sp.identity(matrix.shape[0], format="csr"))
    return sp.csr_matrix(sp.diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links)


def _add(sums: Array, operator: SpatialOperator, rho: float, half: int, rng: np.random.Generator) -> None:
    """Add a block of probes of W^(2h+1) A^-1, their squares, and those of W^(2h+2) A^-2."""
    right = rng.integers(0, 2, (operator.n, _BLOCK), dtype=np.int8) * 2.0 - 1.0
    left = right
    for _ in range(half):
        left, right = operator.matrix.T @ left, operator.matrix @ right
    right = operator.solve(rho, operator.matrix @ right)
    product = left * right
    sums[0] += product.sum(axis=1)
    sums[1] += np.einsum("ij,ij->i", product, product)
    left = operator.solve(rho, operator.matrix.T @ left, transpose=True)
    sums[2] += np.einsum("ij,ij->i", left, right)
