"""Attraction: what draws people to hospitals, how strongly each city pulls, and what is within reach.

**Takes** demand (people by place), supply (hospitals with beds and tiers), costs of ways, and tables of flows.
**Gives** a score of attraction by city with its error (gravity models of flows), choice shares and market areas
(Huff), accessibility (floating catchments), and an index of beds, tiers and distance.
**Next** a score or an accessibility is a column of the panel of an estimator; `second_stage` explains the attraction
by what cities have; flows make weights in `spatialhealth.weights.flows`.
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
from spatialhealth.attraction.gravity import GravityModel
from spatialhealth.attraction.huff import HuffModel
from spatialhealth.attraction.index import index
from spatialhealth.attraction.od import flow_table
from spatialhealth.attraction.second_stage import SecondStage, second_stage
from spatialhealth.attraction.spatial_gravity import SpatialGravity
from spatialhealth.attraction.table import FlowTable

__all__ = [
    "BinaryDecay",
    "ExponentialDecay",
    "FloatingCatchment",
    "FlowTable",
    "GaussianDecay",
    "GeodesicCost",
    "GravityModel",
    "HuffModel",
    "PowerDecay",
    "SecondStage",
    "SpatialGravity",
    "StepDecay",
    "SuppliedCost",
    "TableDecay",
    "flow_table",
    "index",
    "second_stage",
]
