"""Spatial errors u = lambda W u + e beside endogenous regressors, by moments."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, SpatialErrorMoments
from spatialhealth.errors import ConvergenceError
from spatialhealth.moments.equation import Equation
from spatialhealth.moments.two_stage import spreg_for

__all__ = ["SpatialErrors", "best_lambda", "spatial_errors"]


@dataclass(frozen=True, eq=False)
class SpatialErrors:
    """Estimates in the own coordinates of the columns, exogenous first.

    Parameters
    ----------
    coefficients : ndarray of shape (k + m,)
    lambda_ : float
    covariance : ndarray of shape (k + m + 1, k + m + 1)
        Of both; NaN for lambda where its moments are not weighted.
    sigma2 : float
        e'e / N of the innovations.
    filtered_outcome, filtered_regressors : ndarray of shape (N,) and (N, k + m)
        y - lambda W y and Z - lambda W Z, turned, of the last step.
    innovations : ndarray of shape (N,)
        Turned.
    """

    coefficients: Array
    lambda_: float
    covariance: Array
    sigma2: float
    filtered_outcome: Array
    filtered_regressors: Array
    innovations: Array


def spatial_errors(
    equation: Equation,
    weights: sp.csr_matrix,
    interval: tuple[float, float],
    moments: SpatialErrorMoments,
    heteroskedastic: bool,
) -> SpatialErrors:
    """Estimate y = Z d + u, u = lambda W u + e, by generalised spatial two-stage least squares and moments of u.

    Parameters
    ----------
    equation : Equation
    weights : csr_matrix of shape (N, N)
        W of the errors, block by block for the periods.
    interval : tuple of float
        Admissible lambda.
    moments : {"gmm", "kelejian-prucha"}
        - "gmm": two moments, weighted by the inverse of their covariance in the second step;
        - "kelejian-prucha": three moments of equal weight, which give lambda no standard error.
    heteroskedastic : bool
        Whether each error has its own variance.

    Returns
    -------
    SpatialErrors

    Raises
    ------
    ConvergenceError
        If the moments put lambda at or beyond an end of its interval.

    Notes
    -----
    The steps and moments are those of spreg's GM_Combo, GM_Combo_Hom and GM_Combo_Het. Two things differ: the least
    sum of squares of the moments, a polynomial in lambda, is found exactly; and no coefficient is cut off at 0.9.

    References
    ----------
    Kelejian, H. H. and Prucha, I. R. (1999). A generalized moments estimator for the autoregressive parameter in a
    spatial model. International Economic Review 40, 509-533.

    Drukker, D. M., Egger, P. and Prucha, I. R. (2013). On two-step estimation of a spatial autoregressive model with
    autoregressive disturbances and endogenous regressors. Econometric Reviews 32, 686-733.

    Arraiz, I., Drukker, D. M., Kelejian, H. H. and Prucha, I. R. (2010). A spatial Cliff-Ord-type model with
    heteroskedastic innovations: small and large sample results. Journal of Regional Science 50, 592-614.
    """
    steps: _Steps = (
        _Plain(weights)
        if moments == "kelejian-prucha"
        else (_Heteroskedastic(weights) if heteroskedastic else _Homoskedastic(weights))
    )
    y, z, h = equation.outcome[:, None], equation.regressors, equation.all_instruments
    first = _least_squares(y, z, h)
    lam = best_lambda(*steps.moments(first.u), interval)
    filtered = _least_squares(_filter(weights, lam, y), _filter(weights, lam, z), h)
    state = SimpleNamespace(
        u=y - z @ filtered.betas, x=equation.exogenous, z=z, h=h, n=len(y), hthi=filtered.hthi, step=filtered
    )
    lam, covariance = steps.finish(state, lam, interval)
    innovations = _filter(weights, lam, state.u)
    return SpatialErrors(
        coefficients=equation.own(filtered.betas.reshape(-1)),
        lambda_=lam,
        covariance=equation.own_covariance(covariance),
        sigma2=float(np.mean(innovations**2)) * equation.scale**2,
        filtered_outcome=_filter(weights, lam, y).reshape(-1),
        filtered_regressors=_filter(weights, lam, z),
        innovations=innovations.reshape(-1),
    )


def best_lambda(design: Array, target: Array, interval: tuple[float, float]) -> float:
    """Give the lambda with the least sum of squares of target - design (lambda, lambda^2, ...)'.

    Parameters
    ----------
    design : ndarray of shape (r, 2) or (r, 3)
        A third column has a coefficient of its own, whatever it is.
    target : ndarray of shape (r, 1)
    interval : tuple of float

    Returns
    -------
    float

    Raises
    ------
    ConvergenceError
        If there is none inside the interval.

    Notes
    -----
    The moments are quadratic in lambda, so their squares may have two least values, of which one belongs to a root
    that means nothing. The lower one inside the interval is taken.
    """
    if design.shape[1] == 3:
        axis = design[:, 2:] / np.linalg.norm(design[:, 2:])
        design, target = (part - axis @ (axis.T @ part) for part in (design[:, :2], target))
    rows = np.column_stack([-design[:, 1], -design[:, 0], target[:, 0]])
    squares = np.sum([np.polymul(row, row) for row in rows], axis=0)
    slope = np.polyder(squares)
    roots = np.roots(slope)
    real = roots[np.abs(roots.imag) < 1e-7].real
    low, high = interval
    least = real[(real > low) & (real < high) & (np.polyval(np.polyder(slope), real) > 0)]
    if not len(least):
        raise ConvergenceError(
            f"The moments of the errors have no least inside the admissible interval ({low:.4f}, {high:.4f}) of "
            "lambda. Fit without spatial errors (spatial_errors='none', with cov_type=SpatialHAC(kernel)), or with "
            "other weights of the errors."
        )
    return float(least[np.argmin(np.polyval(squares, least))])


class _Steps:
    """Moments of the errors and the last step, with spreg's formulas."""

    def __init__(self, weights: sp.csr_matrix) -> None:
        self.weights = weights

    def moments(self, error: Array) -> tuple[Array, Array]:
        """Give design and target of `best_lambda`."""
        raise NotImplementedError

    def finish(self, state: Any, lam: float, interval: tuple[float, float]) -> tuple[float, Array]:
        """Give the last lambda and the covariance of coefficients and lambda, turned."""
        raise NotImplementedError


class _Plain(_Steps):
    def moments(self, error: Array) -> tuple[Array, Array]:
        design, target = spreg_for("moments", "error_sp")._momentsGM_Error(self.weights, error)
        return design, target

    def finish(self, state: Any, lam: float, interval: tuple[float, float]) -> tuple[float, Array]:
        covariance = np.full((len(state.step.varb) + 1,) * 2, np.nan)
        covariance[:-1, :-1] = state.step.varb * float(np.mean(state.step.u**2))
        return lam, covariance


class _Homoskedastic(_Steps):
    def __init__(self, weights: sp.csr_matrix) -> None:
        super().__init__(weights)
        utils = spreg_for("moments", "utils")
        self.matrices = utils.get_A1_hom(weights, scalarKP=True), utils.get_A2_hom(weights)
        self.spreg = spreg_for("moments", "error_sp_hom")

    def moments(self, error: Array) -> tuple[Array, Array]:
        design, target = self.spreg.moments_hom(self.weights, *self.matrices, error)
        return design, target

    def finish(self, state: Any, lam: float, interval: tuple[float, float]) -> tuple[float, Array]:
        design, target = self.moments(state.u)
        spread = self.spreg.get_vc_hom(self.weights, *self.matrices, state, lam, state.step.z)[0]
        lam = _weighted(design, target, spread, interval)
        return lam, self.spreg.get_omega_hom(self.weights, *self.matrices, state, lam, design)[0]


class _Heteroskedastic(_Steps):
    def __init__(self, weights: sp.csr_matrix) -> None:
        super().__init__(weights)
        self.utils = spreg_for("moments", "utils")
        self.matrix = self.utils.get_A1_het(weights)
        self.spreg = spreg_for("moments", "error_sp_het")

    def moments(self, error: Array) -> tuple[Array, Array]:
        design, target = self.utils._moments2eqs(self.matrix, self.weights, error)
        return design, target

    def finish(self, state: Any, lam: float, interval: tuple[float, float]) -> tuple[float, Array]:
        design, target = self.moments(state.u)
        of = self.spreg.get_vc_het_tsls
        spread = of(self.weights, self.matrix, state, lam, state.step.pfora1a2, state.step.z, None)
        lam = _weighted(design, target, spread, interval)
        regressors = _filter(self.weights, lam, state.z)
        carry = self.spreg.get_P_hat(state, state.hthi, regressors)
        last = of(self.weights, self.matrix, state, lam, carry, regressors, None, save_a1a2=True)
        return lam, self.spreg.get_Omega_GS2SLS(self.weights, lam, state, design, last, carry)


def _weighted(design: Array, target: Array, spread: Array, interval: tuple[float, float]) -> float:
    """Give the best lambda with the moments weighted by the inverse of their covariance."""
    try:
        half = np.linalg.inv(np.linalg.cholesky(spread))
    except np.linalg.LinAlgError:
        raise ConvergenceError(
            "The moments of the errors have a singular covariance, so they cannot be weighted. Use "
            "spatial_errors='kelejian-prucha', or cov_type=SpatialHAC(kernel) without spatial errors."
        ) from None
    return best_lambda(half @ design, half @ target, interval)


def _filter(weights: sp.csr_matrix, lam: float, columns: Array) -> Array:
    """Give (I - lambda W) x."""
    return np.asarray(columns - lam * (weights @ columns))


def _least_squares(outcome: Array, regressors: Array, instruments: Array) -> Any:
    """Give spreg's two-stage least squares of an outcome on regressors, all of them instrumented by `instruments`."""
    # which regressors are called exogenous does not matter once the instruments are given
    none = np.empty((len(outcome), 0))
    return spreg_for("two-stage least squares", "twosls").BaseTSLS(outcome, none, regressors, h=instruments)
