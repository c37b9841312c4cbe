"""Tests that groups have the same values: the spatial Chow test, whole and part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import block_diag

from spatialhealth._typing import Array
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.wald import quadratic_form
from spatialhealth.errors import IdentificationError

__all__ = ["equality", "joint_covariance", "likelihood_ratio"]

_ROUNDING = 1e-9


def equality(name: str, values: Array, covariance: Array, null: str) -> Statistic:
    """Test that all groups have the same values, by a Wald statistic.

    Parameters
    ----------
    name : str
        Of the test.
    values : ndarray of shape (G, q)
        q estimates in each of G groups.
    covariance : ndarray of shape (G q, G q)
        Of `values`, row by row.
    null : str
        The hypothesis in words.

    Returns
    -------
    Statistic
        Chi-square with (G - 1) q degrees of freedom.

    References
    ----------
    Anselin, L. (1990). Spatial dependence and spatial structural instability in applied regression analysis.
    Journal of Regional Science 30, 185-207.
    """
    groups, q = values.shape
    against_last = np.hstack([np.eye(groups - 1), -np.ones((groups - 1, 1))])
    contrast = np.kron(against_last, np.eye(q))
    difference = contrast @ values.reshape(-1)
    spread = contrast @ covariance @ contrast.T
    if not (np.diag(spread) > 0).all():
        return Statistic.not_applicable(name, null, "It is zero in every group by the form of the model.")
    try:
        value = quadratic_form(difference, spread)
    except IdentificationError:
        return Statistic.not_applicable(
            name, null, "The covariance of the differences between groups is singular."
        )
    return Statistic.chi_square(name, value, (groups - 1) * q, null)


def likelihood_ratio(restricted: float, free: float, df: int, null: str) -> Statistic:
    """Test a restriction by the log-likelihoods with it and without it, which can only be higher."""
    gain = 2 * (free - restricted)
    if gain < -_ROUNDING * max(abs(restricted), 1.0):
        return Statistic.not_applicable(
            "Chow (LR)",
            null,
            f"The likelihood falls by {-gain / 2:.4g} without it: it is not at its highest.",
        )
    return Statistic.chi_square("Chow (LR)", max(0.0, gain), df, null)


def joint_covariance(parts: Sequence[Array]) -> Array:
    """Give the covariance of independent estimates, block by block."""
    return np.asarray(block_diag(*parts))
