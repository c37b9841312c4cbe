"""What every engine of the log-determinant gives."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from spatialhealth._typing import Array

__all__ = ["LogDet"]


class LogDet(ABC):
    """L(rho) = ln|I - rho W| on the admissible interval, and what follows from it.

    With A = I - rho W and G = W A^-1:

    - L'(rho) = -tr G, hence tr A^-1 = n - rho L'(rho);
    - L''(rho) = -tr G^2;
    - L(rho) = -sum over q >= 1 of rho^q tr(W^q) / q.
    """

    name: str
    is_exact: bool = True
    accuracy: float = 0.0  # share of a parameter's standard error that its Monte-Carlo error may have

    @property
    def words(self) -> str:
        """How it was computed."""
        return f"{self.name} (exact)"

    @property
    def guide(self) -> LogDet:
        """An engine with nearly the same values that costs less, to search a region with; itself if there is none."""
        return self

    def value_error(self, rho: float) -> float:
        """Give the standard error of L(rho): zero where it is exact."""
        return 0.0

    def slope_error(self, rho: float) -> float:
        """Give the standard error of L'(rho): zero where it is exact."""
        return 0.0

    def sharper(self, rho: float, allowed: float) -> LogDet:
        """Give an engine whose slope at rho has no more than the allowed standard error; itself where it is exact."""
        return self

    @abstractmethod
    def value(self, rho: float) -> float:
        """Give L(rho)."""

    @abstractmethod
    def slope(self, rho: float) -> float:
        """Give L'(rho)."""

    @abstractmethod
    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give L(rho), L'(rho) and L''(rho)."""

    @abstractmethod
    def slopes(self, rhos: Array) -> Array:
        """Give L' at many rhos, shape (r,)."""

    def power_errors(self, order: int) -> Array:
        """Give the standard errors of `power_traces`, shape (order + 1,): zero where it is exact."""
        return np.zeros(order + 1)

    @abstractmethod
    def power_traces(self, order: int) -> Array:
        """Give tr(W^q) for q = 0 ... order, shape (order + 1,)."""
