"""Estimation: maximum likelihood with W y, least squares without."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array, CovType
from spatialhealth.errors import IdentificationError
from spatialhealth.likelihood.bias import direct_correction
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.information import LagMoments, expected_information, observed_information
from spatialhealth.likelihood.profile import LagProfile, gaussian
from spatialhealth.likelihood.transform import Jacobian, Within
from spatialhealth.models.design import Sample
from spatialhealth.models.result import Estimate
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["least_squares", "maximum_likelihood"]

_NOTHING = 1e-10  # share of the length of W y below which nothing is left of it but rounding


def maximum_likelihood(
    sample: Sample, lag: Array, within: Within, operator: SpatialOperator, cov_type: CovType
) -> Estimate:
    """Estimate y = rho W y + Z delta + e.

    Parameters
    ----------
    sample : Sample
    lag : ndarray of shape (N,)
        W y, with the effects taken out after the lag.
    within : Within
    operator : SpatialOperator
    cov_type : {"observed", "expected"}

    Returns
    -------
    Estimate

    Raises
    ------
    IdentificationError
        If W y repeats y, so that nothing tells rho.
    ConvergenceError
        If the likelihood has no maximum inside the admissible interval.
    """
    jacobian = Jacobian(operator.logdet, within)
    fit_y, fit_lag = sample.projection.fit(sample.y), sample.projection.fit(lag)
    _tells_rho(fit_y[1], fit_lag[1], lag)
    profile = LagProfile.of(fit_y[1], fit_lag[1], jacobian)
    best = profile.maximise(operator.interval)
    theta = np.append(
        fit_y[0] - best.rho * fit_lag[0], [best.rho, profile.sum_of_squares(best.rho) / within.size]
    )
    moments = _moments(sample, lag, theta, jacobian)
    if within.is_direct:
        theta = theta + direct_correction(
            expected_information(moments, operator), theta[-2], theta[-1], within.size, operator
        )
        moments = _moments(sample, lag, theta, jacobian)
    information = (
        expected_information(moments, operator) if cov_type == "expected" else observed_information(moments)
    )
    return Estimate(
        delta=theta[:-2],
        rho=float(theta[-2]),
        sigma2=float(theta[-1]),
        covariance=invert_information(information)[:-1, :-1],
        loglik=best.loglik,
        score=best.score,
        evaluations=best.evaluations,
    )


def least_squares(sample: Sample, within: Within) -> Estimate:
    """Estimate y = Z delta + e.

    Parameters
    ----------
    sample : Sample
    within : Within

    Returns
    -------
    Estimate
        The variance is the one of maximum likelihood; the covariance has the unbiased one, with the fixed
        effects counted as parameters.
    """
    delta, residual = sample.projection.fit(sample.y)
    total = float(residual @ residual)
    unbiased = total / (within.degrees - len(delta))
    return Estimate(
        delta=delta,
        rho=None,
        sigma2=total / within.size,
        covariance=unbiased * sample.projection.gram_inverse,
        loglik=gaussian(total, within.size),
    )


def _tells_rho(outcome: Array, lag: Array, whole: Array) -> None:
    """Raise if what the regressors leave of W y is a multiple of what they leave of y."""
    left = lag - outcome * float(outcome @ lag) / float(outcome @ outcome)
    if np.linalg.norm(left) <= _NOTHING * max(float(np.linalg.norm(whole - whole.mean())), 1e-300):
        raise IdentificationError(
            "Once regressors and effects are out, nothing is left of W y but a multiple of y, which cannot tell "
            "rho. Either every unit neighbours every other with the same weight: use sparser weights; or the "
            "model fits without any error: leave out what the outcome is made of."
        )


def _moments(sample: Sample, lag: Array, theta: Array, jacobian: Jacobian) -> LagMoments:
    rho = float(theta[-2])
    return LagMoments(
        design=sample.z,
        gram=sample.projection.gram,
        lag=lag,
        residual=sample.y - rho * lag - sample.z @ theta[:-2],
        rho=rho,
        sigma2=float(theta[-1]),
        jacobian=jacobian,
    )
