"""The conditional tests of Baltagi, Song and Koh, which fit the one departure to test for the other."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted
from spatialhealth.diagnostics.traces import Traces
from spatialhealth.errors import BoundaryWarning
from spatialhealth.likelihood.covariance import from_upper, invert_information
from spatialhealth.models.design import CONSTANT
from spatialhealth.models.error import SpatialError
from spatialhealth.models.slx import SLX

__all__ = ["given_random_effects", "given_spatial_error"]


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
    x, names = _regressors(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BoundaryWarning)  # no random effects at all is an answer like others
        mixed = SLX(model.operator, effects="random", durbin=False, constant=model.has_constant)
        found = mixed.fit_arrays(model.result.y, x, names=names).result_
    t, own = model.within.t, found.sigma2
    ratio = 1 / (1 + t * float(found.spatial("phi") or 0.0))  # of the variance over time to that of the means
    errors = found.y - model.z @ found.params[: model.z.shape[2]]
    means = errors.mean(axis=0)
    apart = errors - means
    traces = Traces.of(model.operator, False)
    score = float(np.sum(apart * model.operator.lag(apart))) / own
    score += ratio**2 * t * float(means @ model.operator.lag(means)) / own
    return float(score / np.sqrt((traces.square + traces.gram) * (t - 1 + ratio**2)))


def _regressors(model: Fitted) -> tuple[Array, list[str]]:
    """Give the columns of the design besides the constant, lags among them, under names that mark nothing."""
    columns = [j for j, name in enumerate(model.columns) if name != CONSTANT]
    return model.z[..., columns], [f"column {j}" for j in columns]


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
    x, names = _regressors(model)
    pooled = (
        SpatialError(operator, constant=model.has_constant).fit_arrays(model.result.y, x, names=names).result_
    )
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
    return float(score * np.sqrt(invert_information(from_upper(information))[1, 1]))


def _gram_square(matrix: Any, lam: float) -> float:
    """Give tr (B'B)^2, B = I - lambda W, sparse."""
    b = sp.eye(matrix.shape[0], format="csr") - lam * matrix
    product = (b.T @ b).tocsr()
    return float(product.multiply(product).sum())
