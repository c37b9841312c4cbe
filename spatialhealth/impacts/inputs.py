"""What the impacts read from a fitted model: the coefficient pairs (beta, theta) and rho."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.models.design import LAG_PREFIX
from spatialhealth.models.result import FitResult

__all__ = ["Pairs"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Each regressor's coefficient and that of its lag, as columns of the parameter vector.

    Parameters
    ----------
    variables : tuple of k str
    select : ndarray of shape (k, 2, p)
        Selects (beta, theta) of each regressor from the parameters; a regressor without a lag has theta zero.
    params : ndarray of shape (p,)
    covariance : ndarray of shape (p, p)
    rho_place : int or None
        Place of rho among the parameters.
    """

    variables: tuple[str, ...]
    select: Array
    params: Array
    covariance: Array
    rho_place: int | None

    @classmethod
    def of(cls, result: FitResult) -> Pairs:
        """Read them from a result."""
        place = result.position
        select = np.zeros((len(result.regressors), 2, len(result.params)))
        for j, name in enumerate(result.regressors):
            select[j, 0, place[name]] = 1.0
            if name in result.lagged:
                select[j, 1, place[LAG_PREFIX + name]] = 1.0
        return cls(
            result.regressors,
            select,
            result.params,
            _known(result.covariance),
            place["rho"] if result.has_lag else None,
        )

    def at(self, result: FitResult) -> Pairs:
        """Give the same pairs of another result with the same parameters."""
        return replace(self, params=result.params, covariance=_known(result.covariance))

    @property
    def coefficients(self) -> Array:
        """(beta, theta) of each regressor, shape (k, 2)."""
        return np.asarray(self.select @ self.params)

    @property
    def rho(self) -> float | None:
        """Coefficient of W y."""
        return None if self.rho_place is None else float(self.params[self.rho_place])

    def gradient(self, value: Array, slope: Array) -> Array:
        """Give the gradient, in the parameters, of value . (beta, theta), where value depends on rho.

        Parameters
        ----------
        value, slope : ndarray of shape (..., 2)
            Multipliers of beta and theta, and their derivatives in rho.

        Returns
        -------
        ndarray of shape (k, ..., p)
        """
        gradient = np.einsum("...c,kcp->k...p", value, self.select)
        if self.rho_place is not None:
            gradient[..., self.rho_place] += np.einsum("...c,kc->k...", slope, self.coefficients)
        return np.asarray(gradient)


def _known(covariance: Array) -> Array:
    """Give the covariance with zeros for a parameter without one: lambda from moments, on which no effect depends."""
    return np.where(np.isnan(covariance), 0.0, covariance)
