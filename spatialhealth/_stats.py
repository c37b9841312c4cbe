"""Small pieces of statistics that several folders share: z, p and confidence limits; many tests at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from spatialhealth._typing import Array

__all__ = ["holm", "inference"]


def holm(p_values: Sequence[float]) -> Array:
    """Correct p values for their number, so that the level of all tests together is that of one.

    Parameters
    ----------
    p_values : sequence of float
        NaN for what is no test.

    Returns
    -------
    ndarray of the same length
        NaN where they are NaN.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6,
    65-70.

    Examples
    --------
    >>> holm([0.01, float("nan"), 0.04, 0.03]).tolist()
    [0.03, nan, 0.06, 0.06]
    """
    raw = np.array(p_values, dtype=float)
    known = np.flatnonzero(~np.isnan(raw))
    order = known[np.argsort(raw[known], kind="stable")]
    adjusted = np.full(len(raw), np.nan)
    steps = raw[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


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
