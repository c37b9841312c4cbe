"""Functions of rho at many points, from their values at a few."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from spatialhealth._progress import track
from spatialhealth._typing import Array

__all__ = ["interpolate"]

_DEGREES = (16, 32, 64, 128)
_TAIL = 1e-11


def interpolate(function: Callable[[float], Array], at: Array, interval: tuple[float, float]) -> Array:
    """Evaluate a function that is analytic inside the admissible interval and has simple poles at its ends.

    Parameters
    ----------
    function : callable
        From rho to an array of shape (m,).
    at : ndarray of shape (r,)
        Points inside the interval.
    interval : tuple of float
        The admissible interval.

    Returns
    -------
    ndarray of shape (r, m)

    Notes
    -----
    What is interpolated, at Chebyshev nodes, is the function times its distance to both ends, which takes the poles
    out. Where the coefficients do not die out, the function is evaluated at every point.
    """
    low, high = float(at.min()), float(at.max())
    span = interval[1] - interval[0]

    def weight(rho: Array) -> Array:
        return (interval[1] - rho) * (rho - interval[0]) / span**2

    if len(at) > _DEGREES[0] and high - low > 1e-12 * span:
        for degree in _DEGREES:
            nodes = chebyshev.chebpts1(degree + 1)
            where = low + (high - low) * (nodes + 1) / 2
            values = np.array([function(float(rho)) for rho in track(where, "multipliers")])
            coefficients = chebyshev.chebfit(nodes, values * weight(where)[:, None], degree)
            if np.abs(coefficients[-2:]).max() < _TAIL * np.abs(coefficients).max():
                found = chebyshev.chebval(2 * (at - low) / (high - low) - 1, coefficients)
                return np.asarray(found.T / weight(at)[:, None])
    return np.array([function(float(rho)) for rho in track(at, "multipliers")])
