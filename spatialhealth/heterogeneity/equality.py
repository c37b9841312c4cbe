"""Tests that groups have the same values: the spatial Chow test, whole and part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from spatialhealth._typing import Array
from spatialhealth.diagnostics.statistic import Statistic

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
    scale = np.sqrt(np.maximum(np.diag(spread), 0.0))
    if not (scale > 0).all():
        return Statistic.not_applicable(name, null, "It is zero in every group by the form of the model.")
    try:
        factor = cho_factor(spread / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return Statistic.not_applicable(
            name, null, "The covariance of the differences between groups is singular."
        )
    scaled = difference / scale
    return Statistic.chi_square(name, float(scaled @ cho_solve(factor, scaled)), (groups - 1) * q, null)


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
    sizes = [len(part) for part in parts]
    joint = np.zeros((sum(sizes), sum(sizes)))
    for part, end in zip(parts, np.cumsum(sizes), strict=True):
        joint[end - len(part) : end, end - len(part) : end] = part
    return joint
