"""Where the likelihood of random effects is highest: a search over the whole region, then Newton's method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood.maximum import Span, peaks_of
from spatialhealth.likelihood.random import RandomLikelihood, RandomPoint, RandomSample

__all__ = ["RandomOptimum", "maximise_random"]

_GRID = 21
_HIGHEST = 20.0  # of ln(1 + T phi) in the search: means e^10 times as spread as the errors
_TOP = 4  # local maxima of the grid that are followed up
_STEPS = 60
_DONE = 1e-18  # Newton's decrement: a step of 1e-9 standard errors
_SAME = 1e-5


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
    spans : tuple of Span or None
        Of rho and lambda; None for a model without.
    """

    spans: tuple[Span | None, Span | None]

    @classmethod
    def of(cls, sample: RandomSample) -> _Region:
        """Read it from what the model has."""
        lag, error = sample.operator if sample.lag is not None else None, sample.error_operator
        return cls(
            (
                None if lag is None else Span("rho", lag.interval, False),
                None if error is None else Span("lambda", error.interval, False),
            )
        )

    @cached_property
    def free(self) -> Array:
        """Which of the parameters the model has, shape (3,)."""
        return np.array([*(span is not None for span in self.spans), True])

    @cached_property
    def ends(self) -> tuple[Array, Array]:
        """Lowest and highest values, shape (3,) each."""
        inside = [span.grid(2) if span else np.zeros(2) for span in self.spans]
        low, high = np.array([*inside, (0.0, np.inf)]).T
        return low, high

    def grids(self, dense: bool) -> list[Array]:
        """Give the points of the search along each parameter."""
        rhos, lambdas = (span.grid(_GRID) if span else np.zeros(1) for span in self.spans)
        etas = _HIGHEST * np.linspace(0, 1, _GRID if dense else _GRID // 2) ** 1.5
        return [rhos, lambdas if dense else lambdas[::2], etas]

    def longest(self, at: Array, step: Array) -> float:
        """Give the largest share of a step, at most one, that stays inside."""
        low, high = self.ends
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, (high - at) / step, np.where(step < 0, (low - at) / step, np.inf))
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
    guide = likelihood.guide
    if guide is not likelihood:
        return _settled(likelihood, maximise_random(guide))
    region = _Region.of(likelihood.sample)
    grids = region.grids(dense=not likelihood.sample.own_filter)
    surface = np.array(
        [[likelihood.values(grids[0], lam, np.expm1(eta), True) for eta in grids[2]] for lam in grids[1]]
    ).transpose(2, 0, 1)
    peaks = peaks_of(surface, _TOP)
    found: list[RandomOptimum] = []
    for peak in peaks:
        start = np.array([grid[i] for grid, i in zip(grids, peak, strict=True)])
        top = _climb(likelihood, region, start)
        if top is not None and not any(_near(top, other) for other in found):
            found.append(top)
    found.sort(key=lambda optimum: -optimum.point.loglik)
    highest = surface[tuple(peaks[0])]
    if not likelihood.between.is_exact:  # the rough surface is not to be held against it
        rho, lam, eta = (float(grid[i]) for grid, i in zip(grids, peaks[0], strict=True))
        highest = likelihood.value(rho, lam, float(np.expm1(eta)))
    if not found or found[0].point.loglik < highest - 1e-9 * abs(highest):
        raise ConvergenceError(_nowhere(grids, peaks[0]))
    return replace(found[0], rivals=tuple(found[1:]))


def _settled(likelihood: RandomLikelihood, rough: RandomOptimum) -> RandomOptimum:
    """Give the maximum of a likelihood next to that of its guide."""
    region = _Region.of(likelihood.sample)
    found = []
    for each in (rough, *rough.rivals):
        top = _climb(likelihood, region, np.array([each.rho, each.lam, np.log1p(each.c)]))
        if top is not None:
            found.append(top)
    if not found:
        raise ConvergenceError(
            "The likelihood has no maximum near that of its approximation: the data are near a unit root over space. "
            "Check the units and trends of the outcome, take differences, or use another W."
        )
    found.sort(key=lambda optimum: -optimum.point.loglik)
    return replace(found[0], rivals=tuple(found[1:]))


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
    left = information[np.ix_(outer, outer)] - cross.T @ np.linalg.solve(
        information[np.ix_(inner, inner)], cross
    )
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
    return bool(max(apart) < _SAME)


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
