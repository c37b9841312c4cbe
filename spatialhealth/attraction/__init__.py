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
"""Attraction: flows between cities turned into a score of how strongly each city pulls.
**Takes** a long table of origins, destinations and flows, with the cost of each way.
**Gives** a checked `FlowTable`; gravity models, whose destination effects are the attraction of each city.
**Next** the attraction is explained by what cities have, in `second_stage`; the flows make weights in
`spatialhealth.weights.flows`.
from spatialhealth.attraction.gravity import GravityModel
from spatialhealth.attraction.od import flow_table
from spatialhealth.attraction.second_stage import SecondStage, second_stage
from spatialhealth.attraction.spatial_gravity import SpatialGravity
from spatialhealth.attraction.table import FlowTable
__all__ = ["FlowTable", "GravityModel", "SecondStage", "SpatialGravity", "flow_table", "second_stage"]
