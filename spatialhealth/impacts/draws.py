"""Draws of the parameters, where the model exists."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import OptionError
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.models.result import FitResult
from spatialhealth.operator.transition import root_bound

__all__ = ["draw", "replaced_words", "spatial_parameters"]

_LEAST_INSIDE = 0.5


def draw(
    result: FitResult,
    pairs: Pairs,
    draws: int,
    rng: np.random.Generator,
    stable: bool = False,
    advice: str = "Use method='delta'.",
) -> tuple[Array, int]:
    """Draw parameters, again where rho leaves the admissible interval, or a dynamic model is not stable.

    Parameters
    ----------
    result : FitResult
    pairs : Pairs
    draws : int
    rng : numpy.random.Generator
    stable : bool, default False
        Whether only stable draws are kept.
    advice : str
        What the caller has to offer in place of draws, for the message.

    Returns
    -------
    drawn : ndarray of shape (draws, p)
    rejected : int

    Raises
    ------
    OptionError
        If more than half of the draws are rejected.
    """
    scale = np.sqrt(np.diag(pairs.covariance))
    moves = np.flatnonzero(scale)  # all but a parameter at its bound
    length = scale[moves]
    half = np.zeros((len(scale), len(moves)))
    correlation = pairs.covariance[np.ix_(moves, moves)] / np.outer(length, length)
    half[moves] = np.linalg.cholesky(correlation) * length[:, None]
    kept: list[Array] = []
    count = tried = 0
    while count < draws:
        batch = pairs.params + rng.standard_normal((draws, len(moves))) @ half.T
        tried += draws
        if pairs.rho_place is not None:
            low, high = result.operator.interval
            batch = batch[(batch[:, pairs.rho_place] > low) & (batch[:, pairs.rho_place] < high)]
        if stable:
            batch = batch[root_bound(result.operator, *spatial_parameters(result, batch)) < 1]
        kept.append(batch)
        count += len(batch)
        if count < _LEAST_INSIDE * tried:
            what = "are not stable" if stable else "have rho outside the admissible interval"
            raise OptionError(
                f"More than half of the simulated parameters {what}: the estimate is too near a unit root for "
                f"simulated effects. {advice}"
            )
    return np.concatenate(kept)[:draws], tried - count


def replaced_words(rejected: int, dynamic: bool) -> list[str]:
    """Say how many draws were replaced, and why: one sentence, or none where no draw was.

    Parameters
    ----------
    rejected : int
    dynamic : bool
        Whether the model is a dynamic one, whose draws must be stable too.

    Returns
    -------
    list of str

    Examples
    --------
    >>> replaced_words(3, dynamic=False), replaced_words(0, dynamic=True)
    (['Drawn anew: 3, with rho outside the admissible interval.'], [])
    """
    unstable = ", or not stable" if dynamic else ""
    return (
        [f"Drawn anew: {rejected:,}, with rho outside the admissible interval{unstable}."] if rejected else []
    )


def spatial_parameters(result: FitResult, params: Array) -> tuple[Array, Array, Array]:
    """Give rho, tau and eta, zero where the model has none.

    Parameters
    ----------
    result : FitResult
    params : ndarray of shape (..., p)

    Returns
    -------
    tuple of three ndarray of shape (...)
    """
    nothing = np.zeros(params.shape[:-1])
    rho, tau, eta = (
        params[..., result.position[name]] if name in result.position else nothing
        for name in ("rho", "tau", "eta")
    )
    return np.asarray(rho), np.asarray(tau), np.asarray(eta)
