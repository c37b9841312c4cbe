"""What floating catchments leave out: places without supply in reach, hospitals without people."""

from __future__ import annotations

import warnings

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.catchment_result import CatchmentResult
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import ApproximationWarning, UnreachableWarning, some

__all__ = ["lived_by", "reaching", "warn_of_catchment"]


def reaching(pairs: Reach, open_: Array) -> Array:
    """Whether each place of demand reaches supply that is open."""
    inside = open_[pairs.place]
    return np.bincount(pairs.rows[inside], minlength=len(pairs.demand)) > 0


def lived_by(pairs: Reach, people: Array) -> Array:
    """Whether people live within reach of each place of supply."""
    inside = people[pairs.rows] > 0
    return np.bincount(pairs.place[inside], minlength=len(pairs.supply)) > 0


def warn_of_catchment(result: CatchmentResult, tolerance: float) -> None:
    """Warn of demand and supply out of reach, and of an equilibrium that is not one yet."""
    far = result.unreachable
    if len(far):
        warnings.warn(
            f"{len(far)} places of demand, with {result.population[~result.reachable['']].sum():,.0f} "
            f"people, have no supply in reach: {some(far)}. See the column reachable.",
            UnreachableWarning,
            stacklevel=4,
        )
    if not result.reached.all():
        idle = result.supply[~result.reached]
        warnings.warn(
            f"{len(idle)} places of supply have no people in reach, and count for nobody: {some(idle)}.",
            UnreachableWarning,
            stacklevel=4,
        )
    if result.gap is not None and result.gap > tolerance:
        warnings.warn(
            f"RAAM stopped when people could still save {result.gap:.1e} of the cost of all, more than "
            f"tolerance={tolerance:g}. Take it as it is, with this tolerance, or give a larger tau.",
            ApproximationWarning,
            stacklevel=4,
        )
