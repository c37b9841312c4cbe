"""System: the weights of a model's lag and of its errors, and the effects to take out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.transform import Within
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

    def time_weights(self, lam: float) -> Array:
        """Give the weights with which units tell the effect of their period, shape (n,)."""
        nothing = np.empty((self.within.n * self.within.t, 0))
        return ErrorFilter(nothing, self.within, self.error).time_weights(lam)
