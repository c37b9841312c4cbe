"""Small pieces of statistics that several folders share: z, p and confidence limits."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from spatialhealth._typing import Array

__all__ = ["inference"]


def inference(estimate: Array, std_error: Array, level: float) -> dict[str, Array]:
    """Give the columns of a table of estimates, by the normal distribution.

    Parameters
    ----------
    estimate, std_error : ndarray of the same shape
    level : float
        Confidence level, strictly between 0 and 1.

    Returns
    -------
    dict
        estimate, std_error, z, p_value, ci_low, ci_high. A zero standard error gives NaN for z and p.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(std_error > 0, estimate / std_error, np.nan)
    half = ndtri(0.5 + level / 2) * std_error
    return {
        "estimate": estimate,
        "std_error": std_error,
        "z": z,
        "p_value": 2 * ndtr(-np.abs(z)),
        "ci_low": estimate - half,
        "ci_high": estimate + half,
    }
