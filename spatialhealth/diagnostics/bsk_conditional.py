"""The conditional tests of Baltagi, Song and Koh, which fit the one departure to test for the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import brentq

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted
from spatialhealth.diagnostics.traces import Traces
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.models.error import SpatialError

__all__ = ["given_random_effects", "given_spatial_error"]

_GRID = 60


def given_random_effects(model: Fitted) -> float:
    """Give the score of lambda at zero over its standard deviation, at the maximum with random effects.

    Parameters
    ----------
    model : Fitted
        Of a pooled panel.

    Returns
    -------
    float
    """
    u, within, ratio = _random_effects(model)
    n, t = within.shape[1], len(within)
    own = (float(np.sum(within**2)) + ratio * t * float(np.sum(u**2))) / (n * t)  # variance over time
    traces = Traces.of(model.operator, False)
    lagged = model.operator.lag(within), model.operator.matrix @ u
    score = float(np.sum(within * lagged[0])) / own + ratio**2 * t * float(u @ lagged[1]) / own
    return float(score / np.sqrt((traces.square + traces.gram) * (t - 1 + ratio**2)))


def _random_effects(model: Fitted) -> tuple[Array, Array, float]:
    """Fit by maximum likelihood: means of the residuals over time, what is left, and s2_v / s2_1.

    With psi^2 = s2_v / s2_1 the likelihood is -N/2 ln S(psi) + n ln psi, S the sum of squares of the data
    whose means over time are multiplied by psi; psi = 1 has no random effects.
    """
    y, z = model.result.y, model.z
    n, t = y.shape[1], len(y)
    mean_y, mean_z = y.mean(axis=0), z.mean(axis=0)

    def residuals(psi: float) -> tuple[Array, Array]:
        weighted_y = (y - (1 - psi) * mean_y).reshape(-1)
        weighted_z = (z - (1 - psi) * mean_z).reshape(n * t, -1)
        delta, _ = LeastSquares.of(weighted_z).fit(weighted_y)
        means = mean_y - mean_z @ delta
        return means, y - z @ delta - means

    def score(psi: float) -> float:
        means, left = residuals(psi)
        between = t * float(means @ means)
        return float(n / psi - n * t * psi * between / (float(np.sum(left**2)) + psi**2 * between))

    def value(psi: float) -> float:
        means, left = residuals(psi)
        squares = float(np.sum(left**2)) + psi**2 * t * float(means @ means)
        return float(-n * t / 2 * np.log(squares) + n * np.log(psi))

    grid = np.geomspace(1e-4, 1.0, _GRID)
    best = int(np.argmax([value(psi) for psi in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    psi = 1.0 if best == _GRID - 1 and score(1.0) >= 0 else brentq(score, low, high, xtol=1e-14, rtol=1e-14)
    means, left = residuals(psi)
    return means, left, float(psi**2)


def given_spatial_error(model: Fitted) -> float:
    """Give the score of a variance of random effects of zero over its standard deviation, beside spatial errors.

    Parameters
    ----------
    model : Fitted
        Of a pooled panel.

    Returns
    -------
    float
    """
    n, t, operator = model.within.n, model.within.t, model.operator
    names = [name for name in model.columns if name != "constant"]
    flat = model.z[..., [model.columns.index(name) for name in names]]
    pooled = SpatialError(operator, constant=model.has_constant).fit_arrays(model.result.y, flat).result_
    lam = float(pooled.spatial("lambda") or 0.0)
    e, s2 = pooled.residuals, pooled.sigma2
    total = e.sum(axis=0)  # B times the sum of the errors over time
    back = total - lam * (operator.matrix.T @ total)
    traces = Traces.of(operator, False)
    square = n - 2 * lam * traces.single + lam**2 * traces.gram  # tr B'B
    gram = _gram_square(operator.matrix, lam)
    score = (float(back @ back) / s2 - t * square) / (2 * s2)
    _, slope, curvature = operator.logdet.derivatives(lam)
    through = -slope  # tr G, G = W B^-1
    information = np.array(
        [
            [n * t / (2 * s2**2), t * square / (2 * s2**2), t * through / s2],
            [0.0, t**2 * gram / (2 * s2**2), t * (traces.single - lam * traces.gram) / s2],
            [0.0, 0.0, t * (-curvature + operator.gram_trace(lam))],
        ]
    )
    information += np.triu(information, 1).T
    return float(score * np.sqrt(invert_information(information)[1, 1]))


def _gram_square(matrix: Any, lam: float) -> float:
    """Give tr (B'B)^2, B = I - lambda W, sparse."""
    b = sp.eye(matrix.shape[0], format="csr") - lam * matrix
    product = (b.T @ b).tocsr()
    return float(product.multiply(product).sum())
