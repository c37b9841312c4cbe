"""The bootstrap of units: counts of how often each is drawn, standard errors, and BCa intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, check_share, random_generator
from spatialhealth.errors import OptionError

__all__ = ["Resampled", "check_draws", "resample", "wilson"]

_GROUPS = 1000  # of the jackknife at most: its skewness is then known to a thousandth
_CELLS = 2_000_000  # of counts at once

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
    """

    estimate: Array
    draws: Array
    left_out: Array

    @property
    def std_error(self) -> Array:
        """Standard deviation of the draws."""
        return np.asarray(np.nanstd(self.draws, axis=0, ddof=1))

    @property
    def undefined(self) -> int:
        """Number of resamples that do not define some statistic."""
        return int(np.isnan(self.draws).any(axis=1).sum())

    def select(self, rows: Any) -> Resampled:
        """Give some of the statistics."""
        return Resampled(self.estimate[rows], self.draws[:, rows], self.left_out[:, rows])

    def minus(self, other: Resampled) -> Resampled:
        """Give differences of statistics of the same resamples."""
        return Resampled(
            self.estimate - other.estimate, self.draws - other.draws, self.left_out - other.left_out
        )

    def interval(self, level: float) -> tuple[Array, Array]:
        """Give the limits of the bias-corrected and accelerated interval (Efron 1987), each of shape (k,)."""
        low, high = np.empty(len(self.estimate)), np.empty(len(self.estimate))
        for j, estimate in enumerate(self.estimate):
            draws = self.draws[:, j]
            draws = draws[~np.isnan(draws)]
            if not len(draws) or np.isnan(estimate):
                low[j] = high[j] = np.nan
                continue
            at = _bca_levels(estimate, draws, self.left_out[:, j], level)
            low[j], high[j] = np.quantile(draws, at)
        return low, high


def _bca_levels(estimate: float, draws: Array, left_out: Array, level: float) -> Array:
    """Give the two probabilities at which the quantiles of the draws are the limits."""
    # a draw that ties with the estimate but for rounding stands half on either side
    near = np.abs(draws - estimate) <= 1e-12 * max(abs(estimate), 1e-300)
    below = ((draws < estimate) & ~near).mean() + near.mean() / 2
    edge = 0.5 / len(draws)
    bias = ndtri(np.clip(below, edge, 1 - edge))
    fall = np.nanmean(left_out) - left_out[~np.isnan(left_out)]
    spread = float(np.sum(fall**2))
    lean = float(np.sum(fall**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    z = ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    return np.asarray(ndtr(bias + (bias + z) / np.maximum(1 - lean * (bias + z), 1e-3)))


def check_draws(owner: str, level: float, draws: int) -> tuple[float, int]:
    """Give level and draws if so many draws have such quantiles."""
    level = check_share(owner, "level", level)
    draws = int(check_positive(owner, "draws", draws, integer=True))
    if (draws + 1) * (1 - level) / 2 < 1 - 1e-9:
        needed = int(np.ceil(2 / (1 - level) - 1e-9)) - 1
        raise OptionError(
            f"{owner}: {draws} draws have no quantiles for an interval of level {level:g}. Give draws={needed} at "
            "least; 999 are usual."
        )
    return level, draws


def resample(owner: str, statistic: Statistic, n: int, draws: int, random_state: Any) -> Resampled:
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

    Returns
    -------
    Resampled
    """
    rng = random_generator(owner, random_state)
    estimate = statistic(np.ones((1, n)))[0]
    drawn = np.concatenate([statistic(_counts(rng, m, n)) for m in _chunks(draws, n)])
    groups = min(n, _GROUPS)
    member = rng.permutation(n) % groups if groups < n else np.arange(n)
    left_out, start = [], 0
    for m in _chunks(groups, n):
        left_out.append(statistic((member[None] != np.arange(start, start + m)[:, None]).astype(float)))
        start += m
    return Resampled(estimate, drawn, np.concatenate(left_out))


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
