"""The equation with its instruments, in coordinates in which nothing is lost to rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import IdentificationError
from spatialhealth.likelihood.least_squares import LeastSquares

__all__ = ["Equation"]

_SINGULAR = 1e-10  # least eigenvalue of a matrix of correlations that is not noise
_DEPENDENT = 1e-9  # share of an instrument's length that must be left after those before it


@dataclass(frozen=True, eq=False)
class Equation:
    """y = X b + Y g + u with instruments [X, Q], turned.

    The exogenous columns and the instruments are orthogonal, of mean square one; y and the endogenous columns are
    what X leaves of them, of mean square one too. Coefficients and covariances of two-stage least squares do not
    depend on the coordinates but for rounding, which spreg's plain inverses (for spatial errors) would not bear.

    Parameters
    ----------
    outcome : ndarray of shape (N,)
    exogenous : ndarray of shape (N, k)
    endogenous : ndarray of shape (N, m)
    instruments : ndarray of shape (N, l)
        Those beyond the exogenous columns.
    turn : ndarray of shape (k + m, k + m)
        From the turned coefficients to the own ones, exogenous first.
    shift : ndarray of shape (k + m,)
        What to add then.
    scale : float
        Root mean square of what X leaves of y.
    left_out : tuple of int
        Candidates among the instruments that are combinations of X and of those before them.
    """

    outcome: Array
    exogenous: Array
    endogenous: Array
    instruments: Array
    turn: Array
    shift: Array
    scale: float
    left_out: tuple[int, ...]

    @classmethod
    def of(cls, outcome: Array, exogenous: Array, endogenous: Array, candidates: Array) -> Equation:
        """Turn an outcome (N,), columns (N, k) and (N, m), and candidates for instruments (N, c)."""
        k, root = exogenous.shape[1], np.sqrt(len(outcome))
        whole = np.concatenate([exogenous, candidates], axis=1)
        lost = {place for place, _ in LeastSquares.of(whole).dependent(_DEPENDENT) if place >= k}
        kept = [place for place in range(whole.shape[1]) if place not in lost]
        factors = LeastSquares.of(whole[:, kept])
        base = LeastSquares(factors.q[:, :k], factors.r[:k, :k], factors.norms[:k])
        explained, left = _regress(base, np.column_stack([outcome, endogenous]))
        scales = np.sqrt(np.mean(left**2, axis=0))
        left = left / scales
        m = endogenous.shape[1]
        turn = np.zeros((k + m, k + m))
        turn[:k, :k] = scales[0] * root * (base.back if k else np.empty((0, 0)))
        turn[k:, k:] = np.diag(scales[0] / scales[1:])
        turn[:k, k:] = -explained[:, 1:] @ turn[k:, k:]
        return cls(
            outcome=left[:, 0],
            exogenous=factors.q[:, :k] * root,
            endogenous=left[:, 1:],
            instruments=factors.q[:, k:] * root,
            turn=turn,
            shift=np.concatenate([explained[:, 0], np.zeros(m)]),
            scale=float(scales[0]),
            left_out=tuple(sorted(place - k for place in lost)),
        )

    @property
    def all_instruments(self) -> Array:
        """H = [X, Q], shape (N, k + l)."""
        return np.concatenate([self.exogenous, self.instruments], axis=1)

    @property
    def regressors(self) -> Array:
        """Z = [X, Y], shape (N, k + m)."""
        return np.concatenate([self.exogenous, self.endogenous], axis=1)

    def own(self, coefficients: Array) -> Array:
        """Give coefficients of the columns as they came, exogenous first."""
        return np.asarray(self.turn @ coefficients + self.shift)

    def own_covariance(self, covariance: Array) -> Array:
        """Give the covariance of `own`, and of lambda too where it comes last.

        Parameters
        ----------
        covariance : ndarray of shape (k + m, k + m) or (k + m + 1, k + m + 1)
            Of turned coefficients, and lambda; NaN for a lambda without variance.

        Returns
        -------
        ndarray of the same shape

        Raises
        ------
        IdentificationError
            If it is not positive definite.
        """
        size = len(self.turn)
        turn = np.eye(len(covariance))
        turn[:size, :size] = self.turn
        known = np.isfinite(np.diag(covariance))
        _check_definite(covariance[np.ix_(known, known)])
        own = np.full(covariance.shape, np.nan)
        turn = turn[np.ix_(known, known)]
        turned = turn @ covariance[np.ix_(known, known)] @ turn.T
        own[np.ix_(known, known)] = (turned + turned.T) / 2
        return own


def _check_definite(covariance: Array) -> None:
    """Raise for a kernel that gives negative variances, and for too few clusters."""
    scale = np.sqrt(np.abs(np.diag(covariance)))
    least = np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] if (scale > 0).all() else 0.0
    if least <= _SINGULAR:
        raise IdentificationError(
            "The covariance of the estimates is not positive definite. Clusters (or periods, for Driscoll-Kraay "
            "errors) must be more than coefficients; a HAC kernel should fall to zero (function='triangular') within "
            "a bandwidth that holds few units. Change these, or use cov_type='robust'."
        )


def _regress(base: LeastSquares, columns: Array) -> tuple[Array, Array]:
    """Give coefficients (k, c) and residuals (N, c) of several columns."""
    if not base.q.shape[1]:
        return np.empty((0, columns.shape[1])), columns
    fits = [base.fit(column) for column in columns.T]
    return np.column_stack([fit[0] for fit in fits]), np.column_stack([fit[1] for fit in fits])
