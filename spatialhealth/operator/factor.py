"""Sparse factorisation of I - z W, with the pivoting that its structure allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from spatialhealth._blas import one_thread
from spatialhealth._typing import Array

__all__ = ["STEP", "factorise", "factorise_system", "log_abs_det", "log_abs_det_slope"]

STEP = 1e-40
_PANEL = 4  # columns at once: fewer than usual, for supernodes of maps are small


def factorise(matrix: sp.csr_matrix, z: complex, without_pivoting: bool) -> Any:
    """Factorise I - z W.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        W, or a symmetric matrix similar to it.
    z : float or complex
        Point of evaluation.
    without_pivoting : bool
        Whether I - z W is known to be definite or diagonally dominant, so that a symmetric ordering
        without pivoting is stable: several times faster and smaller than the general way.

    Returns
    -------
    scipy.sparse.linalg.SuperLU
    """
    system = sp.csc_matrix(sp.identity(matrix.shape[0], format="csc", dtype=type(z)) - z * matrix)
    return factorise_system(system, without_pivoting)


def factorise_system(system: sp.csc_matrix, without_pivoting: bool) -> Any:
    """Factorise a matrix, definite or diagonally dominant if it is `without_pivoting`; RuntimeError if singular."""
    with one_thread():
        if without_pivoting:
            return spla.splu(
                system,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                panel_size=_PANEL,
                options={"SymmetricMode": True},
            )
        return spla.splu(system)


def log_abs_det(factor: Any) -> float:
    """Give ln|det| from a factorisation; RuntimeError, as SuperLU's own, if a pivot is zero."""
    return float(np.log(_nonzero(np.abs(factor.U.diagonal()))).sum())


def log_abs_det_slope(factor: Any) -> float:
    """Give the derivative of ln|det(I - rho W)| from a factorisation at rho + i STEP.

    With a step so small that its square is lost to rounding, the imaginary part carries the derivative to
    full precision, for nothing is subtracted (Squire and Trapp 1998). A permutation only changes signs, which
    leave the ratio of imaginary to real part alone.

    References
    ----------
    Squire, W. and Trapp, G. (1998). Using complex variables to estimate derivatives of real functions. SIAM
    Review 40, 110-112.
    """
    pivots = factor.U.diagonal()
    return float((pivots.imag / _nonzero(pivots.real)).sum() / STEP)


def _nonzero(pivots: Array) -> Array:
    if not pivots.all():
        raise RuntimeError("Factor is exactly singular")
    return pivots
