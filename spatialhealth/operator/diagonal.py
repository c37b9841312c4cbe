"""The diagonals of the spatial multipliers: what of a change at a unit comes back to it, unit by unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.operator.factor import STEP
from spatialhealth.operator.operator import INVERSE_LIMIT, SpatialOperator, columns_of_identity
from spatialhealth.operator.patches import from_patches
from spatialhealth.operator.powers import power_diagonals
from spatialhealth.operator.selected import inverse_diagonal
from spatialhealth.operator.signs import probed

__all__ = ["Diagonals", "diagonals"]

_DENSE = 600  # units up to which a dense inverse is faster
_BLOCK = 256
_SMALL = 5e-4  # of |rho| times a bound on the spectral radius, below which a few powers are exact


@dataclass(frozen=True, eq=False)
class Diagonals:
    """The diagonals of A^-1 and of A^-1 W, A = I - rho W.

    Parameters
    ----------
    value : ndarray of shape (n, 2)
    slope : ndarray of shape (n, 2)
        Derivatives in rho.
    error : ndarray of shape (n,), optional
        How far diag(A^-1 W) may be off; |rho| times it is how far diag(A^-1) may be. None if both are exact.
    """

    value: Array
    slope: Array
    error: Array | None = None


def diagonals(operator: SpatialOperator, rho: float, random_state: Any = 0) -> Diagonals:
    """Give the diagonals of A^-1 and of A^-1 W, and their slopes in rho.

    Parameters
    ----------
    operator : SpatialOperator
    rho : float
        Inside the admissible interval.
    random_state : int or numpy.random.Generator, default 0
        Seed of the approximation beyond 20,000 units; exact diagonals need none.

    Returns
    -------
    Diagonals
        Exact up to 20,000 units: of a dense inverse for few units or dense W, else by selected inversion of the
        sparse factors; where these need pivoting, by solving for every unit. Beyond, exact but for the walks that
        leave a wide surrounding of a unit and come back (`spatialhealth.operator.patches`), with a limit for what
        these add; where everything is close to everything, from random signs (`spatialhealth.operator.signs`),
        with their standard error.

    Notes
    -----
    A^-1 = I + rho A^-1 W, so that the diagonal g of A^-1 W and its slope g' say all: those of A^-1 are 1 + rho g
    and g + rho g'. The slope of a selected inverse is its imaginary part at rho + i 1e-40.

    Examples
    --------
    >>> import numpy as np
    >>> W = SpatialOperator((["a", "b"], np.array([[0.0, 1.0], [1.0, 0.0]])))
    >>> diagonals(W, 0.5).value.round(4).tolist()  # 1 / (1 - 0.5 ** 2), and half of it
    [[1.3333, 0.6667], [1.3333, 0.6667]]
    """
    if operator.n > INVERSE_LIMIT:
        return _of_lagged(rho, *_approximate(operator, rho, random_state))
    return _of_lagged(rho, *_exact(operator, rho))


def _of_lagged(rho: float, lagged: Array, slope: Array, error: Array | None = None) -> Diagonals:
    return Diagonals(
        np.column_stack([1 + rho * lagged, lagged]), np.column_stack([lagged + rho * slope, slope]), error
    )


def _exact(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    """Give the diagonal of A^-1 W and its slope by the way that costs least."""
    n, spectrum = operator.n, operator.spectrum
    if n <= _DENSE or spectrum.is_dense:
        return _from_inverse(operator, rho)
    if abs(rho) * spectrum.bound < _SMALL:
        return _from_powers(operator, rho)
    if spectrum.is_stable_without_pivoting(rho):
        try:
            return _from_factors(operator, rho)
        except RuntimeError:  # a pivot that rounding has spoilt: rho is close to an end of the interval
            pass
    return _by_solving(operator, rho)


def _approximate(
    operator: SpatialOperator, rho: float, random_state: Any
) -> tuple[Array, Array, Array | None]:
    """Estimate the diagonal of A^-1 W, its slope and its error."""
    spectrum = operator.spectrum
    if abs(rho) * spectrum.bound >= _SMALL and spectrum.is_stable_without_pivoting(rho):
        try:
            found = from_patches(spectrum, rho, random_state)
        except RuntimeError:  # a spoilt pivot, as in _exact
            found = None
        if found is not None:
            value, slope, error = found
            lagged = (value - 1) / rho
            # nothing is left out where every patch holds all that is linked to its units
            return lagged, (slope - lagged) / rho, error / abs(rho) if error.any() else None
    return probed(operator, rho, random_state)


def _from_inverse(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    matrix = operator.matrix.toarray()
    gain = np.linalg.solve(np.eye(operator.n) - rho * matrix, matrix)  # A^-1 W
    return np.diagonal(gain), np.einsum("ij,ji->i", gain, gain)


def _from_powers(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    """Sum the first powers, where the diagonal of A^-1 differs too little from one to be divided by rho."""
    _, first, second, third, fourth = power_diagonals(operator.spectrum.similar, 4)
    value = first + rho * (second + rho * (third + rho * fourth))
    return value, second + rho * (2 * third + rho * 3 * fourth)


def _from_factors(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    found = inverse_diagonal(operator.spectrum.similar, complex(rho, STEP))
    lagged = (found.real - 1) / rho
    return lagged, (found.imag / STEP - lagged) / rho


def _by_solving(operator: SpatialOperator, rho: float) -> tuple[Array, Array]:
    """Solve for all units, a block at a time."""
    n, matrix = operator.n, operator.matrix
    value, slope = np.empty(n), np.empty(n)
    for start in track(range(0, n, _BLOCK), "effects by unit"):
        unit = columns_of_identity(n, start, _BLOCK)
        here = slice(start, start + unit.shape[1])
        lagged = matrix @ operator.solve(rho, unit)  # W A^-1 = A^-1 W
        left = matrix.T @ operator.solve(rho, unit, transpose=True)
        value[here] = np.einsum("ij,ij->j", unit, lagged)
        slope[here] = np.einsum("ij,ij->j", left, lagged)
    return value, slope
