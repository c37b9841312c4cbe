"""Two-stage least squares, and what of spreg the moments of spatial errors need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

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

    Notes
    -----
    The instruments H are orthogonal and of one length, so that b = (H'Z)^+ H'y, whose covariance is that of H'e
    between (H'Z)^+ on both sides.

    References
    ----------
    Kelejian, H. H. and Prucha, I. R. (1998). A generalized spatial two-stage least squares procedure. Journal of Real
    Estate Finance and Economics 17, 99-121.
    """
    instruments, regressors = equation.all_instruments, equation.regressors
    q, r = np.linalg.qr(instruments.T @ regressors)
    bread = solve_triangular(r, q.T)  # the length of the instruments cancels out
    turned = bread @ (instruments.T @ equation.outcome)
    error = (equation.outcome - regressors @ turned)[:, None]
    size = regressors.shape[1]
    covariance = bread @ scatter.of(instruments, error, within, size) @ bread.T
    return TwoStage(
        coefficients=equation.own(turned),
        covariance=equation.own_covariance(covariance),
        sigma2=float(np.sum(error**2)) * equation.scale**2 / (within.degrees - size),
        turned=turned,
    )


def spreg_for(what: str, module: str) -> Any:
    """Give a module of spreg, which takes two seconds to import, or say that it is not installed."""
    from importlib import import_module

    try:
        return import_module(f"spreg.{module}")
    except ModuleNotFoundError:
        raise MissingLibraryError(
            f"SpatialIV with spatial errors needs {what} of spreg, which is not installed here. Install it (pip "
            "install spreg), or use spatial_errors='none', which needs numpy and scipy only."
        ) from None
