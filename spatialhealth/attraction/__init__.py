"""Attraction: what draws people to hospitals, and what is within their reach.

**Takes** demand (people by place), supply (hospitals with beds and tiers), the cost of every way, and flows.
**Gives** choice shares and market areas (Huff), accessibility (floating catchments), a score for each city.
**Next** a score or an accessibility is a column of the panel of an estimator, or a layer of `spatialhealth.maps`.
"""

from spatialhealth.attraction.catchment import FloatingCatchment
from spatialhealth.attraction.costs import GeodesicCost, SuppliedCost
from spatialhealth.attraction.decay import (
    BinaryDecay,
    ExponentialDecay,
    GaussianDecay,
    PowerDecay,
    StepDecay,
    TableDecay,
)
from spatialhealth.attraction.huff import HuffModel
from spatialhealth.attraction.index import index

__all__ = [
    "BinaryDecay",
    "ExponentialDecay",
    "FloatingCatchment",
    "GaussianDecay",
    "GeodesicCost",
    "HuffModel",
    "PowerDecay",
    "StepDecay",
    "SuppliedCost",
    "TableDecay",
    "index",
]
