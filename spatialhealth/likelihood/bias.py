"""Lee and Yu's correction of the direct estimator, for weights that allow no transformation of time effects."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["direct_correction"]


def direct_correction(
    information: Array, rho: float, sigma2: float, size: int, operator: SpatialOperator
) -> Array:
    """Give what to add to (delta, rho, sigma2) for the time effects that were estimated along.

    Parameters
    ----------
    information : ndarray of shape (K + 2, K + 2)
        Expected information of the whole sample at the direct estimate.
    rho, sigma2 : float
        The direct estimate.
    size : int
        Observations in the likelihood.
    operator : SpatialOperator

    Returns
    -------
    ndarray of shape (K + 2,)

    Notes
    -----
    The score of the direct likelihood has the expectation -m a over m periods, with
    a = (0, 1'G 1 / n, 1 / (2 sigma2)) and G = W (I - rho W)^-1: the time effects use up one of the n
    dimensions of each period. The correction is of order 1/n, its error of order 1/n^2.

    References
    ----------
    Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154, 165-185, section 3.2.
    """
    n = operator.n
    spread = operator.matrix @ operator.solve(rho, np.ones(n))
    score = np.zeros(len(information))
    score[-2] = spread.sum() / n
    score[-1] = 1 / (2 * sigma2)
    return np.asarray(np.linalg.solve(information / size, score) / n)
