"""A fixed grid over the admissible interval, evenly spaced in the log-odds of the place in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array

__all__ = ["OddsGrid"]


@dataclass(frozen=True)
class OddsGrid:
    """Points that do not depend on what was asked before; zero lies between two of them.

    Parameters
    ----------
    interval : tuple of float
        Open interval around zero.
    step : float
        Between neighbours, in log-odds.
    """

    interval: tuple[float, float]
    step: float

    def cell(self, at: float) -> int:
        """Give the number of the last point that is not beyond a value."""
        low, high = self.interval
        place = np.log((at - low) / (high - at)) - np.log(-low / high)
        return int(np.floor(place / self.step - 0.5))

    def points(self, numbers: Array) -> Array:
        """Give the points of some numbers."""
        low, high = self.interval
        odds = -low / high * np.exp(self.step * (np.asarray(numbers) + 0.5))
        return np.asarray((low + high * odds) / (1 + odds))
