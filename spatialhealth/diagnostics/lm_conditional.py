"""The Lagrange multiplier test for a spatial error beside a spatial lag that is fitted."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.traces import Traces
from spatialhealth.errors import OptionError, SizeError
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.information import LagMoments, expected_information
from spatialhealth.likelihood.transform import Jacobian
from spatialhealth.operator.operator import SpatialOperator, columns_of_identity

__all__ = ["lm_given_lag"]

_LIMIT = 20_000
_BLOCK = 512


def lm_given_lag(model: Fitted) -> StatisticTable:
    """Test the residuals of a model with W y for a spatial error.

    Parameters
    ----------
    model : Fitted
        A SpatialLag or a SpatialDurbin.

    Returns
    -------
    StatisticTable

    Raises
    ------
    OptionError
        If the model is the bias-corrected direct estimator, which is no maximum of a likelihood.
    SizeError
        If there are more than 20,000 units, whose inverse the information needs.

    Notes
    -----
    LM = (e'We / s2 - m tr A)^2 / (T22 - T21' V T21), with T21 the information of lambda with rho and sigma2
    and V their covariance when lambda = 0.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer, section 6.3.4.
    """
    within, operator, rho = model.within, model.operator, model.result.rho
    if within.is_direct:
        raise OptionError(
            "The LM test for a spatial error beside a spatial lag needs a maximum of the likelihood; the "
            "bias-corrected direct estimator is none. Use weights whose rows all sum to one, or "
            "effects='entity'."
        )
    if operator.n > _LIMIT:
        raise SizeError(f"The information of lambda and rho needs all {operator.n:,} columns of an inverse.")
    if rho is None:
        raise OptionError("The LM test for a spatial error beside a spatial lag needs a model with W y.")
    e = model.result.residuals
    s2 = float(np.sum(e**2)) / within.size
    traces = Traces.of(operator, within.drops_constant)
    score = float(np.sum(e * operator.lag(e))) / s2 - within.periods * traces.single
    with_rho = within.periods * _cross_trace(operator, rho, within.drops_constant)
    with_sigma2 = within.periods * traces.single / s2
    cross = np.array([with_rho, with_sigma2])
    variance = within.periods * (traces.square + traces.gram) - cross @ _covariance(model, s2) @ cross
    null = "no spatial error (lambda = 0) beside the spatial lag"
    test = Statistic.chi_square("LM error given lag", score**2 / float(variance), 1, null)
    return StatisticTable(
        f"Lagrange multiplier test of {model.result.model}, {model.result.response}", (test,)
    )


def _covariance(model: Fitted, s2: float) -> Array:
    """Give the covariance of (rho, sigma2) from the expected information, shape (2, 2)."""
    lag = model.operator.lag(model.result.y)
    moments = LagMoments(
        design=model.projection.q,
        gram=np.eye(model.projection.q.shape[1]),
        lag=model.left(lag),
        residual=model.result.residuals.reshape(-1),
        rho=float(model.result.rho or 0.0),
        sigma2=s2,
        jacobian=Jacobian(model.operator.logdet, model.within),
    )
    return invert_information(expected_information(moments, model.operator))[-2:, -2:]


def _cross_trace(operator: SpatialOperator, rho: float, without_constant: bool) -> float:
    """Give tr(A G) + tr(A' G) for one period, G = W (I - rho W)^-1, the constant projected off if asked."""
    W, n = operator.matrix, operator.n
    total = 0.0
    for start in range(0, n, _BLOCK):
        columns = columns_of_identity(n, start, _BLOCK)
        through = W @ operator.solve(rho, columns)
        total += float(np.sum(columns * (W @ through)) + np.sum((W @ columns) * through))
    if without_constant:
        # W leaves the constant as it is here: tr(J W G) loses 1 / (1 - rho), tr(J W' J G) loses 1'W G'1 / n
        ones = np.ones(n)
        back = W.T @ operator.solve(rho, ones, transpose=True)
        total -= 1 / (1 - rho) + float((W.T @ ones) @ back) / n
    return total
