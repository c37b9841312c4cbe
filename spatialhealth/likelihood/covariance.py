"""Covariance of the estimates from an information matrix."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import IdentificationError

__all__ = ["from_upper", "invert_information"]


def invert_information(information: Array) -> Array:
    """Invert an information matrix, whatever the units of its parameters.

    Parameters
    ----------
    information : ndarray of shape (p, p)

    Returns
    -------
    ndarray of shape (p, p)

    Raises
    ------
    IdentificationError
        If it is not positive definite, so that the estimate is no proper maximum.
    """
    scale = np.sqrt(np.abs(np.diag(information)))
    scaled = information / np.outer(scale, scale)
    try:
        half = np.linalg.inv(np.linalg.cholesky(scaled))
    except np.linalg.LinAlgError:
        raise IdentificationError(
            "The information matrix is not positive definite: the data cannot tell the parameters apart. "
            "Leave out regressors that nearly repeat each other, or use fewer W terms."
        ) from None
    return np.asarray(half.T @ half / np.outer(scale, scale))


def from_upper(matrix: Array) -> Array:
    """Give the symmetric matrix whose upper triangle, with its diagonal, is given."""
    return np.asarray(np.triu(matrix) + np.triu(matrix, 1).T)
