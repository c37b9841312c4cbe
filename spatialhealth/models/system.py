"""System: the weights of a model's lag and of its errors, and the effects to take out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import IsolateWarning, TransformationWarning, some
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.covariances import Covariance
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["System"]


@dataclass(frozen=True, eq=False)
class System:
    """What a model is made of besides its data.

    Parameters
    ----------
    operator : SpatialOperator
        W of the regressors' lags, and of impacts.
    lag, error : SpatialOperator or None
        W of the outcome's lag and of the errors, where the model has them.
    within : Within
    """

    operator: SpatialOperator
    lag: SpatialOperator | None
    error: SpatialOperator | None
    within: Within

    @property
    def distinct(self) -> list[SpatialOperator]:
        """Every weights once."""
        own = self.error is not None and self.error is not self.operator
        return [self.operator, *([self.error] if own and self.error else [])]

    def prepared(self, model: str, covariance: Covariance) -> Covariance:
        """Give the covariance ready for these weights, or say that it does not exist."""
        covariance = covariance.prepared(self.operator)
        covariance.check(model, self.within)
        return covariance

    def sharpened(self, operators: dict[str, SpatialOperator]) -> System:
        """Give the same with the operators that an estimate ended with."""
        lag, error = operators.get("rho", self.lag), operators.get("lambda", self.error)
        if lag is self.lag and error is self.error:
            return self
        operator = self.operator
        if self.lag is self.operator and lag is not None:
            operator = lag
        elif self.error is self.operator and error is not None:
            operator = error
        return replace(self, operator=operator, lag=lag, error=error)

    def warn(self, stacklevel: int) -> None:
        """Tell the reader what must be known before the numbers."""
        for operator in self.distinct:
            if len(operator.isolates):
                whose = "" if operator is self.operator else " in the weights of the errors"
                warnings.warn(
                    f"{len(operator.isolates)} of {operator.n:,} units have no neighbour{whose}: "
                    f"{some(operator.isolates)}. They get no spillover and give none; their spatial lags are zero.",
                    IsolateWarning,
                    stacklevel=stacklevel,
                )
        if self.within.is_direct:
            causes = [each for each in (self.lag, self.error) if each is not None and not each.has_unit_rows]
            cause = (
                "some units are isolates"
                if all(each.is_row_standardised for each in causes)
                else "the rows of W do not sum to one"
            )
            warnings.warn(
                f"No transformation takes time effects out when {cause}. The direct estimator is used, with Lee "
                "and Yu's (2010) bias correction, whose error is of order 1/n**2. Its log-likelihood is the direct "
                "one.",
                TransformationWarning,
                stacklevel=stacklevel,
            )

    @property
    def facts(self) -> dict[str, str]:
        """What the summary says of the weights beside the usual."""
        return {}

    def effects_of(self, raw: Array, lam: float) -> tuple[Array | None, Array | None, Array]:
        """Give the effects of units (n,) and of periods (T,), and their sum at every observation.

        Parameters
        ----------
        raw : ndarray of shape (T, n)
            y - rho W y - Z delta.
        lam : float
        """
        nothing = np.empty((self.within.n * self.within.t, 0))
        weights = ErrorFilter(nothing, self.within, self.error).time_weights(lam)
        entity, time = self.within.effects_of(raw, weights)
        both = np.zeros_like(raw) if entity is None else np.broadcast_to(entity, raw.shape)
        return entity, time, both if time is None else both + time[:, None]
