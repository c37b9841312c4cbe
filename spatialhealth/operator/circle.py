"""Taylor coefficients of an analytic function from its real part on a circle (Cauchy's formula)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spatialhealth._typing import Array

__all__ = ["cosine_coefficients", "taylor"]


def taylor(real_part: Callable[[complex], float], radius: float, order: int, points: int) -> Array:
    """Give the Taylor coefficients at zero of a function that is real on the real axis, shape (order + 1,).

    Parameters
    ----------
    real_part : callable
        The real part of the function at a complex point.
    radius : float
        Of the circle, inside which the function is analytic.
    order : int
    points : int
        On the whole circle, an even number; the error falls as (radius / distance to a singularity) ** points.

    Returns
    -------
    ndarray of shape (order + 1,)

    References
    ----------
    Lyness, J. N. and Moler, C. B. (1967). Numerical differentiation of analytic functions. SIAM Journal on
    Numerical Analysis 4, 202-210.
    """
    angle = np.pi * np.arange(points // 2 + 1) / (points // 2)
    values = np.array([real_part(radius * z) for z in np.exp(1j * angle)])
    return np.asarray(cosine_coefficients(angle, values, order) / radius ** np.arange(order + 1))


def cosine_coefficients(angle: Array, values: Array, order: int) -> Array:
    """Give a_0 ... a_order of sum a_k cos(k angle), by the trapezoidal rule over the half circle."""
    weight = np.full(len(angle), 2.0)
    weight[[0, -1]] = 1.0
    k = np.arange(order + 1)[:, None]
    coefficients = (np.cos(k * angle) * weight) @ values / (len(angle) - 1)
    coefficients[0] /= 2
    return np.asarray(coefficients)
