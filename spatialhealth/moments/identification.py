"""Whether the instruments tell the endogenous regressors, and whether they agree with each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from spatialhealth._typing import Array
from spatialhealth.likelihood.transform import Within
from spatialhealth.moments.equation import Equation
from spatialhealth.moments.scatter import Scatter

__all__ = ["Overidentification", "Strength", "overidentification", "strength"]

_SINGULAR = 1e-12  # least eigenvalue, as a share of the largest


@dataclass(frozen=True, eq=False)
class Strength:
    """How well the instruments explain the endogenous regressors.

    Parameters
    ----------
    partial_f : ndarray of shape (m,)
        F of the instruments beyond X in the first stage of each endogenous regressor; like `wald` NaN where there
        are fewer clusters or periods than moments.
    wald : float
        Rank statistic of all of them together; chi-squared when they are not told apart.
    df : int
        l - m + 1.
    rank_f : float
        `wald` / l: Cragg and Donald's F with classical errors, Kleibergen and Paap's otherwise.
    """

    partial_f: Array
    wald: float
    df: int
    rank_f: float

    @property
    def p_value(self) -> float:
        """Of the null that the instruments do not tell the endogenous regressors apart."""
        return float(chdtrc(self.df, self.wald))


@dataclass(frozen=True, eq=False)
class Overidentification:
    """Whether the instruments agree on the coefficients: Sargan's test, or Hansen's J.

    Parameters
    ----------
    statistic : float
        NaN if there are no more instruments than coefficients, or if their moments have a singular covariance.
    df : int
        Instruments less coefficients.
    """

    statistic: float
    df: int

    @property
    def p_value(self) -> float:
        """Of the null that all instruments are exogenous."""
        return float(chdtrc(self.df, self.statistic)) if self.df else float("nan")


def strength(equation: Equation, scatter: Scatter, within: Within, dummies: int = 0) -> Strength:
    """Test whether the instruments explain the endogenous regressors.

    Parameters
    ----------
    equation : Equation
    scatter : Scatter
    within : Within
    dummies : int, default 0
        Exogenous columns that are fixed effects, which `within` counts already.

    Returns
    -------
    Strength

    References
    ----------
    Kleibergen, F. and Paap, R. (2006). Generalized reduced rank tests using the singular value decomposition.
    Journal of Econometrics 133, 97-126.

    Cragg, J. G. and Donald, S. G. (1993). Testing identifiability and specification in instrumental variable models.
    Econometric Theory 9, 222-240.
    """
    size = equation.instruments.shape[1]
    used = size + equation.exogenous.shape[1] - dummies
    first = equation.instruments.T @ equation.endogenous / len(equation.endogenous)
    error = equation.endogenous - equation.instruments @ first

    def wald(columns: slice) -> float:
        spread = scatter.of(equation.instruments, error[:, columns], within, used) / len(error) ** 2
        return _rank(first[:, columns], error[:, columns], spread)

    whole = wald(slice(None))
    m = equation.endogenous.shape[1]
    partial = [wald(slice(j, j + 1)) / size for j in range(m)]
    return Strength(np.array(partial), whole, size - m + 1, whole / size)


def _rank(first: Array, error: Array, spread: Array) -> float:
    """Test whether first-stage coefficients (l, m) fall short of rank m by one."""
    m = first.shape[1]
    half = np.linalg.inv(np.linalg.cholesky(error.T @ error / len(error)))
    left, _, right = np.linalg.svd(first @ half.T)
    outer, inner = left[:, m - 1 :], right[m - 1 :]
    rest = (outer.T @ first @ half.T @ inner.T).reshape(-1)
    carry = np.kron(inner @ half, outer.T)
    spread = carry @ spread @ carry.T
    return float("nan") if _is_singular(spread) else float(rest @ np.linalg.solve(spread, rest))


def _is_singular(spread: Array) -> bool:
    """Whether fewer clusters or periods than moments leave a covariance without an inverse."""
    low, high = np.linalg.eigvalsh(spread)[[0, -1]]
    return bool(low <= _SINGULAR * high)


def overidentification(
    outcome: Array, regressors: Array, instruments: Array, error: Array, scatter: Scatter, within: Within
) -> Overidentification:
    """Test whether the instruments agree.

    Parameters
    ----------
    outcome : ndarray of shape (N,)
    regressors : ndarray of shape (N, k + m)
    instruments : ndarray of shape (N, k + l)
        X too, of mean square one.
    error : ndarray of shape (N,)
        Of two-stage least squares, which weighs the moments.
    scatter : Scatter
    within : Within

    Returns
    -------
    Overidentification
        The least value of g' S^-1 g, g the moments and S their covariance: Sargan's statistic with classical errors,
        Hansen's J of two-step efficient moments otherwise.

    References
    ----------
    Hansen, L. P. (1982). Large sample properties of generalized method of moments estimators. Econometrica 50,
    1029-1054.
    """
    df = instruments.shape[1] - regressors.shape[1]
    if df == 0:
        return Overidentification(float("nan"), 0)
    spread = scatter.of(instruments, error[:, None], within, 0) / len(error)
    if _is_singular(spread):
        return Overidentification(float("nan"), df)
    half = np.linalg.inv(np.linalg.cholesky(spread)) / np.sqrt(len(error))
    target, design = half @ (instruments.T @ outcome), half @ (instruments.T @ regressors)
    rest = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return Overidentification(float(rest @ rest), df)
