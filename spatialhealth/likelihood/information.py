"""Observed and expected information of (delta, rho, sigma2), in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.transform import Jacobian, Within
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["LagMoments", "expected_information", "observed_information"]


@dataclass(frozen=True, eq=False)
class LagMoments:
    """What the information needs of the transformed sample.

    The parameters may be turned: with Z = Q R and W y = Q h + v, the same model has the design Q, the lag v and the
    coefficients R delta + rho h, in which the information does not suffer from large means.

    Parameters
    ----------
    design : ndarray of shape (N, K)
        Z, or Q.
    gram : ndarray of shape (K, K)
        Products of the columns of the design.
    lag : ndarray of shape (N,)
        W y, or v.
    residual : ndarray of shape (N,)
        e = y - rho W y - Z delta.
    rho, sigma2 : float
        Where the information is evaluated.
    jacobian : Jacobian
    """

    design: Array
    gram: Array
    lag: Array
    residual: Array
    rho: float
    sigma2: float
    jacobian: Jacobian

    @property
    def within(self) -> Within:
        """The transformation behind the sample."""
        return self.jacobian.within


def observed_information(moments: LagMoments) -> Array:
    """Give minus the Hessian of the log-likelihood, shape (K + 2, K + 2): delta, rho, sigma2.

    Parameters
    ----------
    moments : LagMoments

    Returns
    -------
    ndarray of shape (K + 2, K + 2)
    """
    s2, e, lag = moments.sigma2, moments.residual, moments.lag
    curvature = moments.jacobian.derivatives(moments.rho)[2]
    return _assemble(
        delta=moments.gram / s2,
        delta_rho=moments.design.T @ lag / s2,
        delta_sigma2=moments.design.T @ e / s2**2,
        rho=float(lag @ lag) / s2 - curvature,
        rho_sigma2=float(lag @ e) / s2**2,
        sigma2=-moments.within.size / (2 * s2**2) + float(e @ e) / s2**3,
    )


def expected_information(moments: LagMoments, operator: SpatialOperator) -> Array:
    """Give the expectation of minus the Hessian, shape (K + 2, K + 2): delta, rho, sigma2.

    Parameters
    ----------
    moments : LagMoments
    operator : SpatialOperator

    Returns
    -------
    ndarray of shape (K + 2, K + 2)

    Notes
    -----
    With G = W (I - rho W)^-1, the expectation of W y less the effects is that of G (Z delta + effects), which is
    W y - G e. Where the constant direction over units is transformed away, so are its parts of the traces.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer, section 6.2.
    """
    s2, within = moments.sigma2, moments.within
    _, slope, curvature = moments.jacobian.derivatives(moments.rho)
    signal = moments.lag - _through_inverse(moments, operator)
    trace_square = -curvature  # of G G over all periods
    trace_gram = within.periods * _gram_trace(moments, operator)
    return _assemble(
        delta=moments.gram / s2,
        delta_rho=moments.design.T @ signal / s2,
        delta_sigma2=np.zeros(len(moments.gram)),
        rho=float(signal @ signal) / s2 + trace_square + trace_gram,
        rho_sigma2=-slope / s2,
        sigma2=within.size / (2 * s2**2),
    )


def _through_inverse(moments: LagMoments, operator: SpatialOperator) -> Array:
    """Give G e, effects taken out, shape (N,)."""
    within = moments.within
    periods = moments.residual.reshape(within.t, within.n)
    spread = operator.matrix @ operator.solve(moments.rho, periods.T)
    return np.asarray(within.apply(spread.T).reshape(-1))


def _gram_trace(moments: LagMoments, operator: SpatialOperator) -> float:
    """Give tr(G'G) for one period, without the constant direction if it is transformed away."""
    trace = operator.gram_trace(moments.rho)
    if not moments.within.drops_constant:
        return trace
    column_sums = operator.matrix.T @ operator.solve(moments.rho, np.ones(operator.n), transpose=True)
    return trace - float(column_sums @ column_sums) / operator.n


def _assemble(
    delta: Array, delta_rho: Array, delta_sigma2: Array, rho: float, rho_sigma2: float, sigma2: float
) -> Array:
    k = len(delta)
    information = np.empty((k + 2, k + 2))
    information[:k, :k] = delta
    information[:k, k] = information[k, :k] = delta_rho
    information[:k, k + 1] = information[k + 1, :k] = delta_sigma2
    information[k, k] = rho
    information[k, k + 1] = information[k + 1, k] = rho_sigma2
    information[k + 1, k + 1] = sigma2
    return information
