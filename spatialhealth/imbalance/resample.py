"""The bootstrap of units: counts of how often each is drawn, standard errors, and intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from spatialhealth._typing import Array
from spatialhealth._validation import random_generator

__all__ = ["Resampled", "draw", "resample", "wilson"]

_GROUPS = 1000  # of the jackknife at most: its skewness is then known to a thousandth
_CELLS = 2_000_000  # of counts at once
_FEW = 100  # units up to which each resample has a standard error of its own
_MOST_KEPT = 20_000_000  # of statistics without one unit, over all resamples: 160 megabytes
_DEGENERATE = 0.01  # share of resamples without a standard error from which on they are not used
_BIASED = 1.0  # standard errors by which the median of the draws may be off the estimate for BCa

Statistic = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Resampled:
    """Statistics of a sample and of its resamples.

    Parameters
    ----------
    estimate : ndarray of shape (k,)
    draws : ndarray of shape (B, k)
        NaN where a resample does not define the statistic.
    left_out : ndarray of shape (g, k)
        The statistic without each unit, or without each of at most 1,000 groups of units.
    inner : ndarray of shape (B, n, k), optional
        Of each resample, the statistic without one of each unit drawn; of a unit not drawn, the resample's own.
    times : ndarray of shape (B, n), optional
        How often each unit was drawn.
    biased : ndarray of bool, shape (k,), optional
        Which statistics are known to be off by much beside their standard error, and have basic limits.
    """

    estimate: Array
    draws: Array
    left_out: Array
    inner: Array | None = None
    times: Array | None = None
    biased: Array | None = None

    @property
    def method(self) -> str:
        """How limits are made."""
        return " or ".join(sorted(set(self._methods), reverse=True))

    @cached_property
    def _methods(self) -> list[str]:
        found = []
        for j, (estimate, has_own) in enumerate(zip(self.estimate, self._has_own_errors, strict=True)):
            if self.biased is not None and self.biased[j]:
                found.append("basic bootstrap")
            elif has_own:
                found.append("bootstrap-t")
            else:
                far = abs(_bias(estimate, _known(self.draws[:, j]))) > _BIASED
                found.append("basic bootstrap" if far else "BCa")
        return found

    @property
    def std_error(self) -> Array:
        """Standard deviation of the draws; NaN where no draw defines the statistic."""
        errors, some = np.full(len(self.estimate), np.nan), self._is_drawn
        errors[some] = np.nanstd(self.draws[:, some], axis=0, ddof=1)
        return errors

    @property
    def undefined(self) -> int:
        """Number of resamples that do not define some statistic which others define."""
        return int(np.isnan(self.draws[:, self._is_drawn]).any(axis=1).sum())

    def mapped(self, function: Statistic) -> Resampled:
        """Give a function of the statistics, which takes (..., k); their bias is taken to cancel in it."""
        inner = None if self.inner is None else function(self.inner)
        return Resampled(
            function(self.estimate), function(self.draws), function(self.left_out), inner, self.times
        )

    def interval(self, level: float) -> tuple[Array, Array]:
        """Give the limits of the interval, each of shape (k,).

        Bootstrap-t where resamples have standard errors of their own, else bias-corrected and accelerated (Efron
        1987). Basic (Davison and Hinkley 1997) of statistics with much bias, and where the draws are so far off the
        estimate that bias correction asks for quantiles in their outermost tail, or beyond it.
        """
        low, high = np.empty(len(self.estimate)), np.empty(len(self.estimate))
        for j, estimate in enumerate(self.estimate):
            draws = self.draws[:, j]
            known = _known(draws)
            if not len(known) or np.isnan(estimate):
                low[j] = high[j] = np.nan
            elif self._methods[j] == "bootstrap-t":
                error, errors = self._own_errors
                low[j], high[j] = _studentised(estimate, draws, error[j], errors[:, j], level)
            elif self._methods[j] == "basic bootstrap":
                low[j], high[j] = _basic(estimate, known, level)
            else:
                low[j], high[j] = np.quantile(known, _bca_levels(estimate, known, self.left_out[:, j], level))
        return low, high

    def percentiles(self, level: float) -> tuple[Array, Array]:
        """Give the limits between which a share `level` of the draws lies, each of shape (k,)."""
        low, high = np.nanquantile(self.draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    @property
    def _is_drawn(self) -> Array:
        return np.asarray(~np.isnan(self.draws).all(axis=0))

    @cached_property
    def _own_errors(self) -> tuple[Array, Array]:
        """Jackknife standard errors of the estimates, (k,), and of each resample, (B, k); NaN of many units."""
        if self.inner is None or self.times is None:
            return np.full(self.estimate.shape, np.nan), np.full(self.draws.shape, np.nan)
        n = self.times.shape[1]
        times = self.times[..., None]
        mean = (times * self.inner).sum(axis=1, keepdims=True) / n
        within = np.sqrt((n - 1) / n * (times * (self.inner - mean) ** 2).sum(axis=1))
        fall = self.left_out - self.left_out.mean(axis=0)
        return np.sqrt((n - 1) / n * (fall**2).sum(axis=0)), within

    @cached_property
    def _has_own_errors(self) -> Array:
        """Which statistics have a standard error in nearly every resample, (k,)."""
        error, errors = self._own_errors
        return np.asarray((error > 0) & (_fine(error, errors).mean(axis=0) >= 1 - _DEGENERATE))


def _fine(error: Any, errors: Array) -> Array:
    """Tell which standard errors of resamples can be divided by."""
    return np.asarray(np.isfinite(errors) & (errors > 1e-9 * error))


def _studentised(estimate: float, draws: Array, error: float, errors: Array, level: float) -> Array:
    """Give bootstrap-t limits (Efron and Tibshirani 1993, chapter 12)."""
    fine = _fine(error, errors)
    t = (draws[fine] - estimate) / errors[fine]
    return np.asarray(estimate - error * np.quantile(t, [(1 + level) / 2, (1 - level) / 2]))


def _known(draws: Array) -> Array:
    return np.asarray(draws[~np.isnan(draws)])


def _bias(estimate: float, draws: Array) -> float:
    """Give by how many standard errors the median of the draws is below the estimate (Efron's z0)."""
    if not len(draws):
        return 0.0
    # a draw that ties with the estimate but for rounding stands half on either side
    near = np.abs(draws - estimate) <= 1e-12 * max(abs(estimate), 1e-300)
    below = ((draws < estimate) & ~near).mean() + near.mean() / 2
    edge = 0.5 / len(draws)
    return float(ndtri(np.clip(below, edge, 1 - edge)))


def _basic(estimate: float, draws: Array, level: float) -> Array:
    return np.asarray(2 * estimate - np.quantile(draws, [(1 + level) / 2, (1 - level) / 2]))


def _bca_levels(estimate: float, draws: Array, left_out: Array, level: float) -> Array:
    """Give the two probabilities at which the quantiles of the draws are the limits."""
    bias = _bias(estimate, draws)
    kept = _known(left_out)
    fall = kept.mean() - kept if len(kept) else kept
    spread = float(np.sum(fall**2))
    lean = float(np.sum(fall**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    z = ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    return np.asarray(ndtr(bias + (bias + z) / np.maximum(1 - lean * (bias + z), 1e-3)))


def resample(
    owner: str, statistic: Statistic, n: int, draws: int, random_state: Any, biased: Array | None = None
) -> Resampled:
    """Draw n units with replacement, many times, and compute a statistic of each resample.

    Parameters
    ----------
    owner : str
    statistic : callable
        Takes an (m, n) array, how often each unit stands in each of m samples, and gives (m, k).
    n : int
        Number of units.
    draws : int
        Number of resamples.
    random_state : int, Generator or None
    biased : ndarray of bool, shape (k,), optional
        See `Resampled`.

    Returns
    -------
    Resampled
    """
    rng = random_generator(owner, random_state)
    estimate = statistic(np.ones((1, n)))[0]
    drawn, times = draw(statistic, n, draws, rng)
    groups = min(n, _GROUPS)
    member = rng.permutation(n) % groups if groups < n else np.arange(n)
    left_out, start = [], 0
    for m in _chunks(groups, n):
        left_out.append(statistic((member[None] != np.arange(start, start + m)[:, None]).astype(float)))
        start += m
    kept = Resampled(estimate, drawn, np.concatenate(left_out), biased=biased)
    if n > _FEW or drawn.size * n > _MOST_KEPT:
        return kept
    return replace(kept, inner=_inner(statistic, times, drawn), times=times)


def draw(statistic: Statistic, n: int, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Give a statistic of resamples, (B, k), and how often each unit stands in them, (B, n); of many units (0, n)."""
    found, times = [], [np.empty((0, n))]
    for m in _chunks(draws, n):
        counts = _counts(rng, m, n)
        found.append(statistic(counts))
        if n <= _FEW:
            times.append(counts)
    return np.concatenate(found), np.concatenate(times)


def _inner(statistic: Statistic, times: Array, drawn: Array) -> Array:
    """Give the statistic of each resample without one of each unit drawn, (B, n, k)."""
    n = times.shape[1]
    found = np.repeat(drawn[:, None], n, axis=1)
    which, unit = np.nonzero(times)
    start = 0
    for m in _chunks(len(which), n):
        part = slice(start, start + m)
        less = times[which[part]]
        less[np.arange(m), unit[part]] -= 1
        found[which[part], unit[part]] = statistic(less)
        start += m
    return found


def _chunks(total: int, n: int) -> list[int]:
    size = max(1, _CELLS // n)
    return [min(size, total - start) for start in range(0, total, size)]


def _counts(rng: np.random.Generator, m: int, n: int) -> Array:
    """Give how often each of n units is drawn, in m resamples."""
    drawn = rng.integers(n, size=(m, n)) + n * np.arange(m)[:, None]
    return np.bincount(drawn.ravel(), minlength=m * n).reshape(m, n).astype(float)


def wilson(share: Array, effective: Array, level: float) -> tuple[Array, Array]:
    """Give Wilson's score interval of shares, which does not shrink to nothing at zero or one.

    Parameters
    ----------
    share : ndarray
    effective : ndarray
        Number of units that a simple random sample of the same precision would have.
    level : float

    Returns
    -------
    low, high : ndarray
    """
    z2 = float(ndtri((1 + level) / 2)) ** 2
    middle = (share + z2 / (2 * effective)) / (1 + z2 / effective)
    half = np.sqrt(z2 * (share * (1 - share) / effective + z2 / (4 * effective**2))) / (1 + z2 / effective)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
