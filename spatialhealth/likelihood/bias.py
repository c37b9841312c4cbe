"""Lee and Yu's correction of the direct estimator, for weights that allow no transformation of time effects."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.state import State

__all__ = ["direct_correction"]


def direct_correction(information: Array, state: State) -> Array:
    """Give what to add to (delta, rho, lambda, sigma2) for the time effects that were estimated along.

    Parameters
    ----------
    information : ndarray of shape (p, p)
        Expected information of the whole sample at the direct estimate.
    state : State
        The direct estimate.

    Returns
    -------
    ndarray of shape (p,)

    Notes
    -----
    Each period is projected off a = (I - lambda M) 1 (a = 1 without spatial errors), which takes a'B a / a'a from
    the expectation of the score of rho and lambda, B the matrix of its quadratic form, and 1 / (2 sigma2) from that
    of sigma2. The correction is of order 1/n, its error of order 1/n^2.

    References
    ----------
    Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154, 165-185, section 3.2.
    """
    constant = np.ones(state.within.n)
    if state.error is not None and state.lam is not None:
        constant = constant - state.lam * state.error.row_sums
    score = np.zeros(len(information))
    for place, name in enumerate(state.spatial, start=state.k):
        score[place] = constant @ state.spread(name, constant) / (constant @ constant)
    score[-1] = 1 / (2 * state.sigma2)
    return np.asarray(np.linalg.solve(information, score) * state.within.periods)
