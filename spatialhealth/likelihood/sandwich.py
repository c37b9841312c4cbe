"""Variance of the score, for errors that are not normal, not alike, or not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.errors import SizeError
from spatialhealth.likelihood.state import State
from spatialhealth.operator.operator import INVERSE_LIMIT, columns_of_identity

__all__ = [
    "Scores",
    "score_variance_by_time",
    "score_variance_by_unit",
    "score_variance_over_space",
    "scores_by_unit",
]

_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Scores:
    """The score of every parameter as a linear and a quadratic form of the residuals.

    Parameters
    ----------
    residual : ndarray of shape (T, n)
    linear : ndarray of shape (T, n, p)
        Weights of the residuals.
    state : State or None
        Gives the quadratic forms of rho and lambda; None for least squares, which has none.
    """

    residual: Array
    linear: Array
    state: State | None

    @classmethod
    def of(cls, state: State) -> Scores:
        """Build from the likelihood at its maximum: delta, rho, lambda, sigma2."""
        k, shape = state.k, (state.within.t, state.within.n)
        linear = np.zeros((*shape, k + len(state.spatial) + 1))
        linear[..., :k] = state.columns[:, len(state.left) - k :].reshape(*shape, k)
        if state.rho is not None:
            linear[..., k] = state.signal.reshape(shape)
        return cls(state.residual.reshape(shape), linear / state.sigma2, state)

    @classmethod
    def of_least_squares(cls, design: Array, residual: Array, shape: tuple[int, int]) -> Scores:
        """Build from a design (N, K) and residuals (N,): the score Z'e."""
        return cls(residual.reshape(shape), design.reshape(*shape, -1), None)

    @property
    def quadratic(self) -> list[tuple[int, str]]:
        """Places and names of the parameters with a quadratic form over units."""
        return [] if self.state is None else list(enumerate(self.state.spatial, start=self.state.k))


def score_variance_by_unit(scores: Scores, together: bool) -> Array:
    """Give the variance of the score when units are independent, however unlike.

    Parameters
    ----------
    scores : Scores
    together : bool
        - False: a unit's errors are independent over time;
        - True: they may depend on each other in any way.

    Returns
    -------
    ndarray of shape (p, p)

    Notes
    -----
    The score is sum over i of a_i e_i + sum over i, j of b_ij e_i e_j less its mean. Its parts - the linear one with
    the diagonal of B, and each pair of units - are uncorrelated, which leaves

    sum_i (a_i e_i + b_ii (e_i^2 - mean))^2 + sum over i < j of (b_ij + b_ji)^2 e_i^2 e_j^2,

    for every two parameters alike; with `together`, products over the periods are summed within a unit first. With
    third and fourth moments that are the same for all units it has the limit of Lee (2004).

    References
    ----------
    Lee, L.-F. (2004). Asymptotic distributions of quasi-maximum likelihood estimators for spatial autoregressive
    models. Econometrica 72, 1899-1925.

    White, H. (1980). A heteroskedasticity-consistent covariance matrix estimator and a direct test for
    heteroskedasticity. Econometrica 48, 817-838.

    Arellano, M. (1987). Computing robust standard errors for within-groups estimators. Oxford Bulletin of Economics
    and Statistics 49, 431-434.
    """
    own, pairs = scores_by_unit(scores, together)
    return np.asarray(own.T @ own + pairs)


def scores_by_unit(scores: Scores, together: bool) -> tuple[Array, Array]:
    """Give every unit's own part of the score, shape (n or T n, p), and the variance from pairs of units (p, p).

    Parameters
    ----------
    scores : Scores
    together : bool
        As in `score_variance_by_unit`.
    """
    e = scores.residual
    pairs, diagonals = _pairs(scores, together)
    own = scores.linear * e[..., None]
    squares = e**2 - (e**2).mean()
    for place, diagonal in diagonals.items():
        own[..., place] += squares * diagonal
    flat = own.sum(axis=0) if together else own.reshape(-1, own.shape[2])
    return flat, pairs


def score_variance_by_time(scores: Scores, lags: int) -> Array:
    """Give the variance of the score when units depend on each other in any way, and periods up to some lag.

    Parameters
    ----------
    scores : Scores
    lags : int
        Lags with a weight, falling linearly (Bartlett).

    Returns
    -------
    ndarray of shape (p, p)

    References
    ----------
    Driscoll, J. C. and Kraay, A. C. (1998). Consistent covariance matrix estimation with spatially dependent panel
    data. Review of Economics and Statistics 80, 549-560.
    """
    sums = np.einsum("tn,tnp->tp", scores.residual, scores.linear)
    if scores.state is not None:
        s2 = scores.state.sigma2
        for place, name in scores.quadratic:
            spread = scores.state.spread(name, scores.residual.T).T
            sums[:, place] += (scores.residual * spread).sum(axis=1) / s2
        sums[:, -1] += (scores.residual**2).sum(axis=1) / (2 * s2**2)
    sums = sums - sums.mean(axis=0)
    variance = sums.T @ sums
    for lag in range(1, lags + 1):
        later = sums[lag:].T @ sums[:-lag]
        variance += (1 - lag / (lags + 1)) * (later + later.T)
    return np.asarray(variance)


def score_variance_over_space(scores: Scores, kernel: sp.csr_matrix) -> Array:
    """Give the variance of a linear score when errors depend on each other over space within a period.

    Parameters
    ----------
    scores : Scores
        Of least squares.
    kernel : scipy.sparse.csr_matrix of shape (n, n)
        Weight of every pair of units, one on the diagonal.

    Returns
    -------
    ndarray of shape (p, p)

    References
    ----------
    Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of Econometrics 92, 1-45.
    """
    own = scores.linear * scores.residual[..., None]
    return np.asarray(sum(period.T @ (kernel @ period) for period in own))


def _pairs(scores: Scores, together: bool) -> tuple[Array, dict[int, Array]]:
    """Give the part of the variance from pairs of units, and the diagonals of the quadratic forms."""
    p = scores.linear.shape[2]
    pairs = np.zeros((p, p))
    if scores.state is None:
        return pairs, {}
    n, s2 = scores.state.within.n, scores.state.sigma2
    if n > INVERSE_LIMIT:
        raise SizeError(
            f"Robust and clustered standard errors need all {n:,} columns of an inverse. Use cov_type='observed', or "
            "'driscoll-kraay', which need none."
        )
    diagonals = {place: np.empty(n) for place, _ in scores.quadratic}
    for start in track(range(0, n, _BLOCK), "variance of the score"):
        unit = columns_of_identity(n, start, _BLOCK)
        here = np.arange(start, start + unit.shape[1])
        weight = _pair_weights(scores.residual, here, together)
        both: dict[int, Array] = {}
        for place, name in scores.quadratic:
            columns = scores.state.spread(name, unit) / s2
            diagonals[place][here] = columns[here, here - start]
            both[place] = columns + scores.state.spread(name, unit, transpose=True) / s2
            both[place][here, here - start] = 0.0
        for one in both:
            for other in both:
                pairs[one, other] += np.einsum("ij,ij,ij->", both[one], both[other], weight) / 2
    return pairs, diagonals | {p - 1: np.full(n, 1 / (2 * s2**2))}


def _pair_weights(residual: Array, here: Array, together: bool) -> Array:
    """Give, for every unit and those of a block, the squared product of their residuals, shape (n, block)."""
    if together:
        return np.asarray(np.square(residual.T @ residual[:, here]))
    squares = residual**2
    return np.asarray(squares.T @ squares[:, here])
