"""Estimation by instruments: from an equation to named parameters."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, SpatialErrorMoments
from spatialhealth.errors import ReducedFormWarning, WeakInstrumentsWarning
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.covariances import Covariance, Sandwich
from spatialhealth.models.instruments import Roles, Stack
from spatialhealth.models.iv_summary import InstrumentTests
from spatialhealth.models.result import Estimate, FitResult
from spatialhealth.models.system import System
from spatialhealth.moments import (
    Equation,
    Scatter,
    overidentification,
    spatial_errors,
    strength,
    two_stage,
)

__all__ = ["by_instruments", "warn_of_weakness", "warn_without_reduced_form"]

_WITH_ERRORS = {
    ("gmm", "classical"): "moments, homoskedastic (Drukker, Egger and Prucha 2013)",
    ("gmm", "robust"): "moments, heteroskedastic (Arraiz and others 2010)",
    ("kelejian-prucha", "classical"): "moments (Kelejian and Prucha 1999), none for lambda",
}


def by_instruments(
    roles: Roles,
    outcome: Array,
    lag: Array,
    system: System,
    covariance: Covariance,
    moments: SpatialErrorMoments,
    stack: Stack | None = None,
) -> tuple[Estimate, InstrumentTests]:
    """Estimate the parameters, and test the instruments.

    Parameters
    ----------
    roles : Roles
    outcome, lag : ndarray of shape (T, n)
        y and W y.
    system : System
    covariance : Covariance
        A Sandwich, prepared; or a classical one.
    moments : {"none", "gmm", "kelejian-prucha"}
    stack : Stack, optional
        Rows of the equation, where they are not those of the effects: weighted ones.

    Returns
    -------
    Estimate
        Without a likelihood: NaN.
    InstrumentTests
    """
    if stack is None:
        stack = Stack.demeaned(system.within) if system.error is None else Stack.rotated(system.within)
    scatter = Scatter(covariance.variance if isinstance(covariance, Sandwich) else None)
    dummies = stack.dummies.shape[1]
    equation, names = roles.equation(outcome, lag, stack)
    strong = strength(equation, scatter, stack.within, dummies)
    if system.error is None:
        estimate, coefficients = _two_stage(equation, scatter, stack.within, roles.order(0))
        error = equation.outcome - equation.regressors @ coefficients
        left = equation.outcome, equation.regressors
        words = covariance.words
    else:
        block = sp.kron(sp.eye(stack.within.t), system.error.matrix, format="csr")
        robust = not scatter.is_classical
        fit = spatial_errors(equation, block, system.error.interval, moments, robust)
        estimate = _estimate(fit.coefficients, fit.covariance, fit.sigma2, roles.order(dummies), fit.lambda_)
        error, left = fit.innovations, (fit.filtered_outcome, fit.filtered_regressors)
        words = _WITH_ERRORS[moments, covariance.name]
    over = overidentification(*left, equation.all_instruments, error, scatter, stack.within)
    tests = InstrumentTests(names, ("W y", *roles.endogenous), strong, over, scatter.is_classical)
    return replace(estimate, facts={"Covariance": words, **tests.facts()}), tests


def _two_stage(
    equation: Equation, scatter: Scatter, within: Within, places: list[int]
) -> tuple[Estimate, Array]:
    """Give the estimate, and the turned coefficients."""
    fit = two_stage(equation, scatter, within)
    return _estimate(fit.coefficients, fit.covariance, fit.sigma2, places), fit.turned


def _estimate(
    coefficients: Array, covariance: Array, sigma2: float, places: list[int], lambda_: float | None = None
) -> Estimate:
    """Put design, rho and lambda in order."""
    spatial = {"rho": float(coefficients[places[-1]])}
    if lambda_ is not None:
        spatial["lambda"] = lambda_
        places = [*places, len(coefficients)]
    return Estimate(
        delta=coefficients[places[: -len(spatial)]],
        spatial=spatial,
        sigma2=sigma2,
        covariance=covariance[np.ix_(places, places)],
        loglik=float("nan"),
    )


def warn_of_weakness(tests: InstrumentTests) -> None:
    """Say so when the instruments are weak."""
    if tests.weak:
        warnings.warn(
            f"The instruments are weak ({tests.weak}; 10 is the usual least): the estimate leans towards that "
            "without instruments, and its intervals do not hold what they say. Look for stronger instruments; where "
            "only W y is endogenous, maximum likelihood (SpatialLag, SpatialDurbin) needs none.",
            WeakInstrumentsWarning,
            stacklevel=4,
        )


def warn_without_reduced_form(result: FitResult) -> None:
    """Say so when rho is outside the admissible interval."""
    if not result.has_reduced_form:
        low, high = result.operator.interval
        warnings.warn(
            f"rho = {result.rho:.4f} lies outside the admissible interval ({low:.4f}, {high:.4f}), which instruments "
            "do not hold it to. The coefficients stand, but there is no reduced form: impacts() and predict() will "
            "refuse. Look at the first stage, the trends of the outcome, and W.",
            ReducedFormWarning,
            stacklevel=4,
        )
