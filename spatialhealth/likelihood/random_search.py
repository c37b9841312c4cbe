"""Where the likelihood of random effects is highest: a search over the whole region, then Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter

from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood.random import RandomLikelihood, RandomPoint, RandomSample

__all__ = ["RandomOptimum", "maximise_random"]

_GRID = 21
_HIGHEST = 20.0  # of ln(1 + T phi) in the search: means e^10 times as spread as the errors
_TOP = 4  # local maxima of the grid that are followed up
_STEPS = 60
_DONE = 1e-18  # Newton's decrement: a step of 1e-9 standard errors
_SAME = 1e-5
_EDGE = 1e-9  # share of the interval kept off its singular ends


@dataclass(frozen=True, eq=False)
class RandomOptimum:
    """The highest maximum, and the others.

    Parameters
    ----------
    rho, lam, c : float
        c = T phi is 0 where the maximum is at the bound.
    point : RandomPoint
        The likelihood there.
    evaluations : int
        Of the derivatives.
    rivals : tuple of RandomOptimum
        Other local maxima, the highest first.
    """

    rho: float
    lam: float
    c: float
    point: RandomPoint
    evaluations: int
    rivals: tuple[RandomOptimum, ...] = ()

    @property
    def at_bound(self) -> bool:
        """Whether the unit effects have no variance."""
        return self.c == 0.0


@dataclass(frozen=True, eq=False)
class _Region:
    """Admissible (rho, lambda, eta), eta = ln(1 + T phi), and which of them are free.

    Parameters
    ----------
    low, high : ndarray of shape (3,)
    free : ndarray of bool, shape (3,)
    """

    low: Array
    high: Array
    free: Array

    def grids(self, dense: bool) -> list[Array]:
        """Give the points of the search along each parameter."""
        grids = []
        for low, high, free in zip(self.low[:2], self.high[:2], self.free[:2], strict=True):
            turn = (1 + np.sin(np.pi / 2 * np.linspace(-1, 1, _GRID))) / 2
            grids.append(low + (high - low) * turn if free else np.zeros(1))
        if not dense:
            grids[1] = grids[1][::2]
        grids.append(_HIGHEST * np.linspace(0, 1, _GRID if dense else _GRID // 2) ** 1.5)
        return grids

    def longest(self, at: Array, step: Array) -> float:
        """Give the largest share of a step, at most one, that stays inside."""
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, (self.high - at) / step, np.where(step < 0, (self.low - at) / step, np.inf))
        room[2] = np.inf  # the bound of eta is met by clipping
        return float(min(1.0, 0.9 * room.min()))


def maximise_random(likelihood: RandomLikelihood) -> RandomOptimum:
    """Find the highest point over rho, lambda and phi.

    Parameters
    ----------
    likelihood : RandomLikelihood

    Returns
    -------
    RandomOptimum

    Raises
    ------
    ConvergenceError
        If the likelihood has no maximum inside the region.

    Notes
    -----
    The likelihood can have two maxima in phi, one of them at zero (Maddala 1971), and several in rho and lambda: the
    local maxima of a grid over the whole region are followed up.

    References
    ----------
    Maddala, G. S. (1971). The use of variance components models in pooling cross section and time series data.
    Econometrica 39, 341-358.
    """
    region = _region(likelihood.sample)
    grids = region.grids(dense=not likelihood.sample.own_filter)
    surface = np.array(
        [[likelihood.values(grids[0], lam, np.expm1(eta)) for eta in grids[2]] for lam in grids[1]]
    ).transpose(2, 0, 1)
    peaks = np.argwhere((surface == maximum_filter(surface, size=3, mode="nearest")) & np.isfinite(surface))
    peaks = peaks[np.argsort(-surface[tuple(peaks.T)], kind="stable")][:_TOP]
    found: list[RandomOptimum] = []
    for peak in peaks:
        start = np.array([grid[i] for grid, i in zip(grids, peak, strict=True)])
        top = _climb(likelihood, region, start)
        if top is not None and not any(_near(top, other) for other in found):
            found.append(top)
    found.sort(key=lambda optimum: -optimum.point.loglik)
    highest = surface[tuple(peaks[0])]
    if not found or found[0].point.loglik < highest - 1e-9 * abs(highest):
        raise ConvergenceError(_nowhere(grids, peaks[0]))
    best = found[0]
    return RandomOptimum(best.rho, best.lam, best.c, best.point, best.evaluations, tuple(found[1:]))


def _region(sample: RandomSample) -> _Region:
    ends = []
    operators = (sample.operator if sample.lag is not None else None, sample.error_operator)
    for operator in operators:
        low, high = operator.interval if operator else (0.0, 0.0)
        ends.append((low + _EDGE * (high - low), high - _EDGE * (high - low)))
    low_ends, high_ends = np.array([*ends, (0.0, np.inf)]).T
    return _Region(low_ends, high_ends, np.array([*(operator is not None for operator in operators), True]))


def _climb(likelihood: RandomLikelihood, region: _Region, at: Array) -> RandomOptimum | None:
    """Give the local maximum uphill from a point, or None if there is none inside."""
    for count in range(1, _STEPS + 1):
        point = likelihood.at(at[0], at[1], float(np.expm1(at[2])))
        score, curvature = _profile(point, at[2])
        free = region.free & ~((at[2] == 0) & (score < 0) & (np.arange(3) == 2))
        step = np.zeros(3)
        step[free] = _uphill(curvature[np.ix_(free, free)], score[free])
        if float(score @ step) < _DONE:
            return RandomOptimum(float(at[0]), float(at[1]), float(np.expm1(at[2])), point, count)
        moved = _search(likelihood, region, at, step, point.loglik)
        if moved is None:
            return None
        at = moved
    return None


def _search(
    likelihood: RandomLikelihood, region: _Region, at: Array, step: Array, before: float
) -> Array | None:
    """Give the first of ever shorter steps that does not lower the likelihood, rounding apart."""
    share = region.longest(at, step)
    for _ in range(40):
        new = at + share * step
        new[2] = max(new[2], 0.0)
        if likelihood.value(new[0], new[1], float(np.expm1(new[2]))) >= before - 1e-12 * abs(before):
            return np.asarray(new)
        share /= 2
    return None


def _profile(point: RandomPoint, eta: float) -> tuple[Array, Array]:
    """Give slope and minus curvature of the profile in (rho, lambda, eta)."""
    k = len(point.delta)
    inner, outer = [*range(k), k + 3], [k, k + 1, k + 2]
    information = point.information
    cross = information[np.ix_(inner, outer)]
    left = information[np.ix_(outer, outer)] - cross.T @ np.linalg.solve(information[np.ix_(inner, inner)], cross)
    scale = np.array([1.0, 1.0, np.exp(eta)])
    score = point.score * scale
    left = left * np.outer(scale, scale)
    left[2, 2] -= score[2]  # c is not linear in eta
    return score, left


def _uphill(curvature: Array, score: Array) -> Array:
    """Give Newton's step, with the directions in which the function is not concave turned uphill."""
    scale = np.sqrt(np.abs(np.diag(curvature))) + 1e-300
    values, vectors = np.linalg.eigh(curvature / np.outer(scale, scale))
    values = np.maximum(np.abs(values), 1e-8)
    return np.asarray(vectors @ ((vectors.T @ (score / scale)) / values) / scale)


def _near(one: RandomOptimum, other: RandomOptimum) -> bool:
    apart = [abs(one.rho - other.rho), abs(one.lam - other.lam), abs(np.log1p(one.c) - np.log1p(other.c))]
    return max(apart) < _SAME


def _nowhere(grids: list[Array], peak: Array) -> str:
    names = ("rho", "lambda", "ln(1 + T phi)")
    ends = [
        f"{name} = {grid[i]:.4g}"
        for name, grid, i in zip(names, grids, peak, strict=True)
        if len(grid) > 1 and i in (0, len(grid) - 1)
    ]
    towards = f" it still rises towards {', '.join(ends)}." if ends else ""
    return (
        f"The likelihood has no maximum inside the admissible region;{towards or ' Newton steps do not settle.'} The "
        "data are near a unit root over space, or the regressors leave nothing that moves over time: check the units "
        "and trends of the outcome, take differences, or use another W."
    )
