"""The bias that fixed effects leave in a model with the outcome of the period before (Nickell bias)."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import StabilityError
from spatialhealth.likelihood.state import State
from spatialhealth.operator.transition import largest_root

__all__ = ["UNSTABLE_ADVICE", "lag_coefficients", "lagged_score", "long_run_rho"]

UNSTABLE_ADVICE = (
    "Add time effects, or take differences of the outcome, if it has a trend; correction='none' gives the "
    "uncorrected estimate, with its bias."
)


def long_run_rho(rho: Array | float, tau: Array | float, eta: Array | float) -> Any:
    """Give (rho + eta) / (1 - tau), the coefficient of W y once nothing changes any more.

    Parameters
    ----------
    rho, tau, eta : float or ndarray

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> long_run_rho(rho=0.25, tau=0.5, eta=0.125)
    0.75
    """
    return (rho + eta) / (1 - tau)


def lag_coefficients(lags: tuple[str, ...], delta: Array) -> tuple[float, float]:
    """Give tau and eta, the last coefficients of the design as far as they are named in `lags`, else zero."""
    named = dict(zip(lags, delta[len(delta) - len(lags) :].tolist(), strict=True))
    return named.get("tau", 0.0), named.get("eta", 0.0)


def lagged_score(delta: Array, state: State) -> Array:
    """Give minus the expected score of (delta, rho, sigma2) that the units' effects cause, to leading order in T.

    Parameters
    ----------
    delta : ndarray of shape (K,)
        Coefficients of the design; those of `state.within.lags` are the last.
    state : State
        Of a model with W y and without spatial errors.

    Returns
    -------
    ndarray of shape (K + 2,)

    Raises
    ------
    StabilityError
        If the process is not stable, so that the expectation does not exist.

    Notes
    -----
    A unit's mean over time holds all its errors, those of the past outcome among them. With S = I - rho W,
    G = W S^-1, A = S^-1 (tau I + eta W) and K = (I - A)^-1 S^-1 = ((1 - tau) I - (rho + eta) W)^-1, Yu, de Jong and
    Lee have, per period, tr K for tau, tr(W K) for eta, tr(G (tau I + eta W) K) + tr G for rho, and n / (2 sigma2)
    for sigma2. As (tau I + eta W) K + I = S K, the term of rho is tr(W K) too. And K is a spatial multiplier: with
    r = (rho + eta) / (1 - tau), K = (I - r W)^-1 / (1 - tau), whose traces follow from L'(r). So no power of A is
    ever taken. Where the constant direction over units is transformed away, so is its part of the
    traces, 1 / (1 - tau - rho - eta).

    References
    ----------
    Yu, J., de Jong, R. and Lee, L.-F. (2008). Quasi-maximum likelihood estimators for spatial dynamic panel data
    with fixed effects when both n and T are large. Journal of Econometrics 146, 118-134, theorem 2.

    Lee, L.-F. and Yu, J. (2010). A spatial dynamic panel data model with both time and individual fixed effects.
    Econometric Theory 26, 564-597.
    """
    within, operator, rho = state.within, state.lag, state.rho
    assert operator is not None
    assert rho is not None
    tau, eta = lag_coefficients(within.lags, delta)
    root = largest_root(operator, rho, tau, eta)
    if root >= 1:
        raise StabilityError(
            f"The estimate before correction is not stable: the spectral radius of (I - rho W)^-1 (tau I + eta W) "
            f"is {root:.4f}, and the bias correction exists below 1 only. {UNSTABLE_ADVICE}"
        )
    at = long_run_rho(rho, tau, eta)
    slope = operator.logdet.slope(at)
    units, multiplier, lagged = within.n, within.n - at * slope, -slope
    if within.drops_constant:
        units, multiplier, lagged = units - 1, multiplier - 1 / (1 - at), lagged - 1 / (1 - at)
    score = np.zeros(len(delta) + 2)
    entries = {"tau": multiplier / (1 - tau), "eta": lagged / (1 - tau)}
    for place, name in enumerate(within.lags, start=len(delta) - len(within.lags)):
        score[place] = entries[name]
    score[-2] = entries["eta"]
    score[-1] = units / (2 * state.sigma2)
    return score
