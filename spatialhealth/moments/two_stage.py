"""Two-stage least squares, by spreg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import MissingLibraryError
from spatialhealth.likelihood.transform import Within
from spatialhealth.moments.equation import Equation
from spatialhealth.moments.scatter import Scatter

__all__ = ["TwoStage", "spreg_for", "two_stage"]


@dataclass(frozen=True, eq=False)
class TwoStage:
    """Estimates in the own coordinates of the columns, exogenous first.

    Parameters
    ----------
    coefficients : ndarray of shape (k + m,)
    covariance : ndarray of shape (k + m, k + m)
    sigma2 : float
        e'e over N less coefficients and fixed effects.
    turned : ndarray of shape (k + m,)
        Coefficients in the coordinates of the equation.
    """

    coefficients: Array
    covariance: Array
    sigma2: float
    turned: Array


def two_stage(equation: Equation, scatter: Scatter, within: Within) -> TwoStage:
    """Estimate by two-stage least squares.

    Parameters
    ----------
    equation : Equation
    scatter : Scatter
    within : Within

    Returns
    -------
    TwoStage

    Raises
    ------
    MissingLibraryError
        If spreg is not installed.

    References
    ----------
    Kelejian, H. H. and Prucha, I. R. (1998). A generalized spatial two-stage least squares procedure. Journal of Real
    Estate Finance and Economics 17, 99-121.
    """
    fit = spreg_for("two-stage least squares", "twosls").BaseTSLS(
        equation.outcome[:, None], equation.exogenous, equation.endogenous, h=equation.all_instruments
    )
    error, size = fit.u, equation.regressors.shape[1]
    bread = fit.varb @ fit.zthhthi
    covariance = bread @ scatter.of(fit.h, error, within, size) @ bread.T
    return TwoStage(
        coefficients=equation.own(fit.betas.reshape(-1)),
        covariance=equation.own_covariance(covariance),
        sigma2=float(np.sum(error**2)) * equation.scale**2 / (within.degrees - size),
        turned=fit.betas.reshape(-1),
    )


def spreg_for(what: str, module: str) -> Any:
    """Give a module of spreg, which takes two seconds to import, or say that it is not installed."""
    from importlib import import_module

    try:
        return import_module(f"spreg.{module}")
    except ModuleNotFoundError:
        raise MissingLibraryError(
            f"SpatialIV estimates by {what} of spreg, which is not installed here. Install it (pip install spreg), "
            "or use SpatialLag or SpatialDurbin, which need numpy and scipy only."
        ) from None
