"""Estimation: maximum likelihood with W y, least squares without."""

from __future__ import annotations

from dataclasses import replace

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
    (from_y, left_of_y), (from_lag, left_of_lag) = sample.projection.fit(sample.y), sample.projection.fit(lag)
    _tells_rho(left_of_y, left_of_lag, lag)
    profile = LagProfile.of(left_of_y, left_of_lag, jacobian)
    best = profile.maximise(operator.interval)
    moments = LagMoments(
        design=sample.projection.q,
        gram=np.eye(len(from_y)),
        lag=left_of_lag,
        residual=left_of_y - best.rho * left_of_lag,
        rho=best.rho,
        sigma2=profile.sum_of_squares(best.rho) / within.size,
        jacobian=jacobian,
    )
    shift = np.zeros(len(from_y) + 2)
    if within.is_direct:
        information = expected_information(moments, operator)
        shift = direct_correction(information, best.rho, moments.sigma2, within.size, operator)
        moments = _shifted(moments, shift)
    observed = cov_type == "observed"
    information = observed_information(moments) if observed else expected_information(moments, operator)
    back = sample.projection.back
    # from parameters in which the information is nearly diagonal, however large the means of the data
    turn = np.block([[back, -from_lag[:, None]], [np.zeros((1, len(back))), np.ones((1, 1))]])
    return Estimate(
        delta=from_y - moments.rho * from_lag + back @ shift[:-2],
        spatial={"rho": moments.rho},
        sigma2=moments.sigma2,
        covariance=turn @ invert_information(information)[:-1, :-1] @ turn.T,
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
        spatial={},
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


def _shifted(moments: LagMoments, shift: Array) -> LagMoments:
    """Give the moments at parameters moved by `shift`."""
    return replace(
        moments,
        residual=moments.residual - shift[-2] * moments.lag - moments.design @ shift[:-2],
        rho=moments.rho + float(shift[-2]),
        sigma2=moments.sigma2 + float(shift[-1]),
    )
