"""The integral of a density over an interval, from its logarithm, to almost all digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError

__all__ = ["Mass", "integrate"]

_REACH = 16.0  # tanh of it is one to within 3e-14: what lies beyond weighs nothing
_SCAN = np.concatenate([[-_REACH, -11, -8, -6, -5], np.linspace(-4, 4, 33), [5, 6, 8, 11, _REACH]])
_DROP = 42.0  # exp(-42) of the highest value is below rounding
_SLACK = 14.0  # how much further than that the ends may lie
_BISECTIONS = 60
_STEPS = 20
_TOLERANCE = 1e-7
_HALVINGS = 10


@dataclass(frozen=True)
class Mass:
    """An integral, and where its mass lies.

    Parameters
    ----------
    log_total : float
        Logarithm of the integral.
    mean, std : float
        Of the density, divided by its integral.
    """

    log_total: float
    mean: float
    std: float


def integrate(log_density: Callable[[float], float], interval: tuple[float, float]) -> Mass:
    """Integrate exp(log_density) over an open interval.

    Parameters
    ----------
    log_density : callable
        From a point of the interval to the logarithm of the density; -inf where that is zero.
    interval : tuple of float
        Finite ends.

    Returns
    -------
    Mass

    Raises
    ------
    ConvergenceError
        If halving the steps goes on changing the integral.

    Notes
    -----
    With x = middle + half tanh(t) the integrand dies out at both ends of t, whatever the density does at those of
    x, and the trapezoidal rule converges faster than any power of the step (Trefethen and Weideman 2014): halving
    the steps at least squares the error. They are halved until the integral changes by less than 1e-7 of itself,
    when the error of the last is of order 1e-14, or of the rounding of the density.

    References
    ----------
    Trefethen, L. N. and Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. SIAM Review 56,
    385-458.

    Examples
    --------
    >>> import math
    >>> mass = integrate(lambda x: -0.5 * (x / 0.05) ** 2, (-1.0, 1.0))
    >>> round(math.exp(mass.log_total) / (0.05 * math.sqrt(2 * math.pi)), 12)
    1.0
    """
    low, high = interval
    middle, half = (low + high) / 2, (high - low) / 2

    def log_weight(t: float) -> float:
        # ln of half / cosh(t)^2, which is dx / dt
        value = log_density(middle + half * float(np.tanh(t)))
        return value + float(np.log(half) + 2 * (np.log(2) - np.logaddexp(t, -t)))

    left, right = _support(log_weight)
    t = np.linspace(left, right, _STEPS + 1)
    height = np.array([log_weight(point) for point in track(t, "marginal likelihood")])
    before = -np.inf
    for _ in range(_HALVINGS):
        log_total = float(logsumexp(height) + np.log(t[1] - t[0]))
        if abs(np.expm1(log_total - before)) <= _TOLERANCE:
            return _mass(middle + half * np.tanh(t), height, log_total)
        between = (t[1:] + t[:-1]) / 2
        added = np.array([log_weight(point) for point in track(between, "marginal likelihood")])
        t, height, before = _merged(t, between), _merged(height, added), log_total
    raise ConvergenceError(
        f"The integral over the spatial parameter, between {low:.4f} and {high:.4f}, does not settle. The likelihood "
        "is not smooth there: check the data and W for units that are out of all proportion."
    )


def _support(log_weight: Callable[[float], float]) -> tuple[float, float]:
    """Give the ends between which the integrand is not negligible."""
    scan = _SCAN
    height = np.array([log_weight(float(t)) for t in track(scan, "marginal likelihood")])
    top = int(np.argmax(height))
    around = (scan[max(top - 1, 0)], scan[min(top + 1, len(scan) - 1)])
    found = minimize_scalar(
        lambda t: -log_weight(t), bounds=around, method="bounded", options={"xatol": 1e-5}
    )
    peak = max(-float(found.fun), float(height[top]))
    heavy = [float(found.x), *scan[height > peak - _DROP]]
    left, right = min(heavy), max(heavy)
    return (
        _end(log_weight, left, max(scan[scan < left], default=-_REACH), peak),
        _end(log_weight, right, min(scan[scan > right], default=_REACH), peak),
    )


def _end(log_weight: Callable[[float], float], heavy: float, light: float, peak: float) -> float:
    """Give a point between a heavy and a negligible one that is just negligible."""
    for _ in range(_BISECTIONS):
        if peak - log_weight(light) <= _DROP + _SLACK:
            break
        point = (heavy + light) / 2
        if peak - log_weight(point) < _DROP:
            heavy = point
        else:
            light = point
    return float(light)


def _merged(old: Array, new: Array) -> Array:
    """Give old and new values in turn."""
    both = np.empty(len(old) + len(new))
    both[::2], both[1::2] = old, new
    return both


def _mass(x: Array, height: Array, log_total: float) -> Mass:
    share = softmax(height)
    mean = float(share @ x)
    return Mass(log_total, mean, float(np.sqrt(share @ (x - mean) ** 2)))
