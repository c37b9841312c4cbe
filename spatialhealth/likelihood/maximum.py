"""Where a likelihood is highest: a search over the admissible region, then the root of the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.ndimage import maximum_filter
from scipy.optimize import brentq, minimize, root

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood.profile import ErrorProfile

__all__ = ["Likelihood", "Optimum", "Span", "highest", "highest_of_two", "peaks_of"]

_GRID = 21
_GRID_OF_TWO = 25
_EDGE = 1e-9  # share of the interval kept off its singular ends
_EDGE_OF_ONE = 1e-5  # the same where ln(1 - rho) is taken out of L: nearer, their difference is only rounding
_NEAR = 1e-4  # share of the way to the end of the interval that the guide's maximum is off, to begin with
_SAME = 1e-5  # two maxima nearer than this share of the interval are one
_TOP = 8  # local maxima of the grid that are followed up


@dataclass(frozen=True)
class Optimum:
    """A maximum of the likelihood.

    Parameters
    ----------
    at : tuple of float
        The parameters that were searched.
    loglik : float
    score : float
        Largest slope there, zero but for rounding.
    evaluations : int
        Calls of the score after the search over the region.
    rivals : tuple of Optimum
        Other local maxima, the highest first.
    """

    at: tuple[float, ...]
    loglik: float
    score: float
    evaluations: int
    rivals: tuple[Optimum, ...] = ()


@dataclass(frozen=True)
class Span:
    """The admissible values of one spatial parameter.

    Parameters
    ----------
    name : str
        Of the parameter.
    interval : tuple of float
        Open interval.
    loses_one : bool
        Whether ln(1 - rho) is taken out of the log-determinant, so that its singular end at one is not one.
    """

    name: str
    interval: tuple[float, float]
    loses_one: bool

    def grid(self, points: int) -> Array:
        """Give points that are denser towards both ends."""
        low, high = self.interval
        first = low + _EDGE * (high - low)
        last = high - (_EDGE_OF_ONE if self.loses_one else _EDGE) * (high - low)
        return np.asarray(first + (last - first) * (1 + np.sin(np.pi / 2 * np.linspace(-1, 1, points))) / 2)

    def relative(self, at: float) -> float:
        """Give how far out a value lies: 0 in the middle of the interval, 1 at either end."""
        return abs(2 * (at - self.interval[0]) / self.width - 1)

    @property
    def width(self) -> float:
        """Length of the interval."""
        return self.interval[1] - self.interval[0]


class Likelihood(Protocol):
    """A likelihood in one parameter."""

    @property
    def guide(self) -> Likelihood:
        """Nearly the same at less cost, or itself."""

    def value(self, at: float, /) -> float:
        """Give the logarithm."""

    def score(self, at: float, /) -> float:
        """Give its derivative."""


def highest(likelihood: Likelihood, span: Span) -> Optimum:
    """Find the highest point over one parameter.

    Parameters
    ----------
    likelihood : Likelihood
        Its guide, if it has one, is searched first; the likelihood itself is then asked near that maximum only.
    span : Span

    Returns
    -------
    Optimum

    Raises
    ------
    ConvergenceError
        If the likelihood still rises at an end of the interval.
    """
    guide = likelihood.guide
    if guide is likelihood:
        ends = _between(likelihood, span)
    else:
        try:
            ends = _around(likelihood.score, _root(guide.score, *_between(guide, span), span)[0], span)
        except ConvergenceError:  # the guide led astray
            ends = _between(likelihood, span)
    at, calls = _root(likelihood.score, *ends, span)
    return Optimum((at,), likelihood.value(at), likelihood.score(at), calls)


def _between(likelihood: Likelihood, span: Span) -> tuple[float, float]:
    """Give points on either side of the highest point, from a grid over the interval."""
    grid = span.grid(_GRID)
    heights = np.array([likelihood.value(at) for at in track(grid, "log-determinant")])
    best = int(np.argmax(np.where(np.isnan(heights), -np.inf, heights)))
    left, right = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    if likelihood.score(left) <= 0 or likelihood.score(right) >= 0:
        raise ConvergenceError(_rises(span, left if best == 0 else right))
    return float(left), float(right)


def _around(score: Callable[[float], float], at: float, span: Span) -> tuple[float, float]:
    """Give points on either side of a root that is near, by steps uphill that grow."""
    low, high = span.grid(2)
    step, start = _NEAR * min(at - low, high - at), score(at)
    while step > 0 and start != 0:
        other = float(np.clip(at + np.sign(start) * step, low, high))
        if score(other) * start <= 0:
            return min(at, other), max(at, other)
        if other in (low, high):
            raise ConvergenceError(_rises(span, other))
        at, step = other, 4 * step
    return at - step, at + step


def _root(score: Callable[[float], float], left: float, right: float, span: Span) -> tuple[float, int]:
    at, report = brentq(score, left, right, xtol=1e-14 * span.width, rtol=1e-14, full_output=True)
    return float(at), int(report.function_calls)


def highest_of_two(profile: ErrorProfile, lag: Span, error: Span) -> Optimum:
    """Find the highest point over rho and lambda, and every other local maximum.

    Parameters
    ----------
    profile : ErrorProfile
    lag, error : Span

    Returns
    -------
    Optimum

    Raises
    ------
    ConvergenceError
        If the likelihood has no maximum inside the region.

    Notes
    -----
    Such likelihoods can have several maxima: each local maximum of a grid over the whole region is followed up.
    """
    guide = profile.guide
    rhos, lambdas = lag.grid(_GRID_OF_TWO), error.grid(_GRID_OF_TWO)
    surface = np.array([guide.values(rhos, float(lam)) for lam in track(lambdas, "log-determinant")]).T
    found: list[Optimum] = []
    for i, j in peaks_of(surface, _TOP):
        top = _climb(guide, np.array([rhos[i], lambdas[j]]), lag, error)
        if not any(_near(top, other, lag, error) for other in found):
            found.append(top)
    if guide is not profile:
        found = [_settled(profile, top, lag, error) for top in found]
    found.sort(key=lambda optimum: -optimum.loglik)
    best = found[0]
    if not np.isfinite(best.score):
        ends = [span.relative(at) for span, at in zip((lag, error), best.at, strict=True)]
        which = int(np.argmax(ends))
        raise ConvergenceError(_rises((lag, error)[which], best.at[which]))
    found = [optimum for optimum in found if np.isfinite(optimum.score)]
    return Optimum(best.at, best.loglik, best.score, best.evaluations, tuple(found[1:]))


def peaks_of(surface: Array, count: int) -> Array:
    """Give the places of the local maxima of a grid, the highest first, at most so many, shape (p, dimensions)."""
    peaks = np.argwhere((surface == maximum_filter(surface, size=3, mode="nearest")) & np.isfinite(surface))
    return np.asarray(peaks[np.argsort(-surface[tuple(peaks.T)], kind="stable")][:count])


def _climb(profile: ErrorProfile, start: Array, lag: Span, error: Span) -> Optimum:
    """Give the local maximum uphill from a point of the grid; with a NaN score if it lies on the edge."""
    ends = np.array([span.grid(3)[[0, -1]] for span in (lag, error)])
    # in steps of the grid, so that the first step is not one across the region
    step = np.array([lag.width, error.width]) / _GRID_OF_TWO
    rough = minimize(
        lambda at: (-profile.value(*(at * step)), -profile.score(*(at * step)) * step),
        start / step,
        jac=True,
        method="L-BFGS-B",
        bounds=ends / step[:, None],
        options={"ftol": 1e-13},
    )
    exact = root(lambda at: profile.score(*at), rough.x * step, options={"xtol": 1e-13})
    calls = int(rough.nfev) + int(exact.nfev)
    inside = bool(((ends[:, 0] < exact.x) & (exact.x < ends[:, 1])).all())
    # rounding may keep the root-finder from its tolerance, so that what counts is where it ended
    near = inside and bool((np.abs(exact.x - rough.x * step) < step).all())
    if not near or profile.value(*exact.x) < -rough.fun - 1e-8 * max(1.0, abs(rough.fun)):
        edge = (float(rough.x[0] * step[0]), float(rough.x[1] * step[1]))
        return Optimum(edge, -float(rough.fun), np.nan, calls)
    at = (float(exact.x[0]), float(exact.x[1]))
    return Optimum(at, profile.value(*at), float(np.abs(profile.score(*at)).max()), calls)


def _settled(profile: ErrorProfile, top: Optimum, lag: Span, error: Span) -> Optimum:
    """Give the maximum of a likelihood next to that of its guide; one on the edge is left as it is."""
    if not np.isfinite(top.score):
        return top
    start, step = np.array(top.at), np.array([lag.width, error.width]) / _GRID_OF_TWO
    exact = root(lambda at: profile.score(*at), start, options={"xtol": 1e-13, "factor": 0.1})
    if not (np.abs(exact.x - start) < step).all():
        return _climb(profile, start, lag, error)
    at = (float(exact.x[0]), float(exact.x[1]))
    score = float(np.abs(profile.score(*at)).max())
    return Optimum(at, profile.value(*at), score, top.evaluations + int(exact.nfev))


def _near(one: Optimum, other: Optimum, lag: Span, error: Span) -> bool:
    apart = [abs(a - b) / span.width for a, b, span in zip(one.at, other.at, (lag, error), strict=True)]
    return max(apart) < _SAME


def _rises(span: Span, towards: float) -> str:
    low, high = span.interval
    return (
        f"The likelihood has no maximum inside the admissible interval of {span.name} ({low:.4f}, {high:.4f}): it "
        f"still rises towards {towards:.4f}. The data are near a unit root over space: check the units and trends "
        "of the outcome, take differences, or use another W."
    )
