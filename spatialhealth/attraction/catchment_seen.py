"""What floating catchments leave out: places without supply in reach, hospitals without people."""

from __future__ import annotations

import warnings

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.catchment_result import CatchmentResult
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import ApproximationWarning, DataError, OptionError, UnreachableWarning, some

__all__ = ["check_catchment", "lived_by", "reaching", "warn_of_catchment"]


def reaching(pairs: Reach, open_: Array) -> Array:
    """Whether each place of demand reaches supply that is open."""
    inside = open_[pairs.place]
    return np.bincount(pairs.rows[inside], minlength=len(pairs.demand)) > 0


def lived_by(pairs: Reach, people: Array) -> Array:
    """Whether people live within reach of each place of supply."""
    inside = people[pairs.rows] > 0
    return np.bincount(pairs.place[inside], minlength=len(pairs.supply)) > 0


def check_catchment(pairs: Reach, people: Array, cutoff: float | None) -> None:
    """Raise if nobody lives anywhere, or nothing at all is in reach: there is no accessibility then."""
    if not people.sum() > 0:
        raise DataError(
            f"FloatingCatchment: the demand is zero in all {len(people)} places, so that there is no supply per "
            "person. Give people in one place at least."
        )
    if not len(pairs.value):
        limit = "the decay" if cutoff is None else f"cutoff={cutoff:,g}"
        raise OptionError(
            f"FloatingCatchment: none of {len(pairs.demand)} places of demand has any of {len(pairs.supply)} places "
            f"of supply in reach of {limit}. Reach is in the unit of the cost: metres if it is measured, else that "
            "of the table of costs. Give a larger one, and see that both layers lie in the same part of the world."
        )


def warn_of_catchment(result: CatchmentResult, pairs: Reach, tolerance: float) -> None:
    """Warn of demand and supply out of reach, and of an equilibrium that is not one yet."""
    out, near = ~result.reachable[""], np.diff(pairs.start) > 0
    far, empty = out & ~near, out & near
    if far.any():
        warnings.warn(
            f"{far.sum()} places of demand, with {result.population[far].sum():,.0f} "
            f"people, have no supply in reach: {some(result.demand[far])}. See the column reachable.",
            UnreachableWarning,
            stacklevel=4,
        )
    if empty.any():
        warnings.warn(
            f"{empty.sum()} places of demand without people are near supply, but such that nobody lives in reach of: "
            f"{some(result.demand[empty])}. Supply per person does not exist there; see the column reachable.",
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
