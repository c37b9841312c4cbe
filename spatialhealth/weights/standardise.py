"""Standardisation of weights: rows to sum to one, or the spectral radius to one."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla

from spatialhealth._typing import Standardise
from spatialhealth._validation import check_option
from spatialhealth.errors import WeightsError
from spatialhealth.weights.convert import as_matrix

__all__ = ["spectral_radius", "standardise", "standardise_in_place"]

_FEW = 500  # units up to which all eigenvalues are computed at once


def standardise(matrix: Any, how: Standardise | None = "row") -> sp.csr_matrix:
    """Standardise a matrix of weights.

    Parameters
    ----------
    matrix : sparse array of shape (n, n)
        Non-negative weights.
    how : {"row", "spectral"} or None, default "row"
        - "row": each row with a neighbour sums to one; an isolate's row stays zero;
        - "spectral": the matrix is divided by its spectral radius, which keeps a symmetric one symmetric
          (Kelejian and Prucha 2010);
        - None: left as it is.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)

    Raises
    ------
    OptionError
        If `how` is none of these.
    WeightsError, NonNumericError
        If the matrix is not a square one of numbers, or has the spectral radius zero.

    References
    ----------
    Kelejian, H. H. and Prucha, I. R. (2010). Specification and estimation of spatial autoregressive models
    with autoregressive and heteroskedastic disturbances. Journal of Econometrics 157, 53-67.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> standardise(sp.csr_matrix([[0, 2, 2], [1, 0, 0], [0, 0, 0]])).toarray().tolist()
    [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    check_option("standardise", "standardise", how, Standardise, none=True)
    return standardise_in_place(as_matrix(matrix), how)


def standardise_in_place(matrix: sp.csr_matrix, how: Standardise | None) -> sp.csr_matrix:
    """Standardise a matrix whose values may be overwritten; see `standardise`."""
    if how == "row":
        sums = np.asarray(matrix.sum(axis=1)).ravel()
        scale = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)
        matrix.data *= np.repeat(scale, np.diff(matrix.indptr))
    if how == "spectral":
        radius = spectral_radius(matrix)
        if not radius > 0:
            raise WeightsError(
                "The spectral radius of the weights is zero, for no links lead back to where they start. "
                "Use standardise='row' or None."
            )
        matrix.data /= radius
    return matrix


def spectral_radius(matrix: sp.csr_matrix) -> float:
    """Give the largest modulus of the eigenvalues of non-negative weights, which is itself an eigenvalue.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)

    Returns
    -------
    float

    Raises
    ------
    WeightsError
        If the iteration does not find it.
    """
    n = matrix.shape[0]
    if n <= _FEW:
        return float(np.abs(np.linalg.eigvals(matrix.toarray())).max())
    start = np.random.default_rng(0).uniform(0.5, 1.5, n)
    try:
        largest = spla.eigs(matrix, k=1, which="LM", v0=start, tol=1e-10, return_eigenvectors=False)
    except spla.ArpackError as error:
        raise WeightsError(
            f"The spectral radius of these weights could not be found ({error}), for they differ by too many orders "
            "of magnitude. Use standardise='row' or None."
        ) from None
    return float(np.abs(largest[0]))
