"""Spatial weights: who is whose neighbour, and how much each neighbour counts.

**Takes** a GeoDataFrame (or the well-known binary of its geometries), or weights of another library.
**Gives** a `libpysal.graph.Graph`, row-standardised unless asked otherwise, keyed by the frame's index.
**Next** the graph goes to `spatialhealth.operator`, which every estimator builds from it.
"""

from spatialhealth.weights.combine import combine
from spatialhealth.weights.contiguity import contiguity, contiguity_links
from spatialhealth.weights.convert import as_graph, as_links, to_graph
from spatialhealth.weights.distance import band_links, distance_band, inverse_distance
from spatialhealth.weights.economic import economic
from spatialhealth.weights.flows import flows
from spatialhealth.weights.gravity import gravity
from spatialhealth.weights.kernel import kernel
from spatialhealth.weights.knn import knn, knn_links
from spatialhealth.weights.nested import nested
from spatialhealth.weights.standardise import standardise

__all__ = [
    "as_graph",
    "as_links",
    "band_links",
    "combine",
    "contiguity",
    "contiguity_links",
    "distance_band",
    "economic",
    "flows",
    "gravity",
    "inverse_distance",
    "kernel",
    "knn",
    "knn_links",
    "nested",
    "standardise",
    "to_graph",
]
