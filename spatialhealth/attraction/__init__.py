"""Attraction: flows between cities turned into a score of how strongly each city pulls.

**Takes** a long table of origins, destinations and flows, with the cost of each way.
**Gives** a checked `FlowTable`; gravity models, whose destination effects are the attraction of each city.
**Next** the attraction is explained by what cities have, in `second_stage`; the flows make weights in
`spatialhealth.weights.flows`.
"""

from spatialhealth.attraction.gravity import GravityModel
from spatialhealth.attraction.od import flow_table
from spatialhealth.attraction.second_stage import SecondStage, second_stage
from spatialhealth.attraction.spatial_gravity import SpatialGravity
from spatialhealth.attraction.table import FlowTable

__all__ = ["FlowTable", "GravityModel", "SecondStage", "SpatialGravity", "flow_table", "second_stage"]
