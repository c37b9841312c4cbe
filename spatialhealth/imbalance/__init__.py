"""Imbalance: where resources are over-used and idle side by side, how unequal they are, where they cluster and move.

**Takes** labelled quantities by unit, or by unit and period: use, beds, people, income, land.
**Gives** estimates with bootstrap standard errors and intervals, values unit by unit, clusters and paths.
**Next** `spatialhealth.maps` draws them; a gap by unit is a column of the table that a model is fitted to.
"""

from spatialhealth.imbalance.centre import Centre, centre_of_gravity
from spatialhealth.imbalance.concentration import Concentration, concentration
from spatialhealth.imbalance.coupling import Coupling, coupling, normalise
from spatialhealth.imbalance.gap import UtilisationGap, utilisation_gap
from spatialhealth.imbalance.inequality import gini, theil
from spatialhealth.imbalance.lisa import Clusters, lisa
from spatialhealth.imbalance.measures import Measures
from spatialhealth.imbalance.quotient import agglomeration, location_quotient

__all__ = [
    "Centre",
    "Clusters",
    "Concentration",
    "Coupling",
    "Measures",
    "UtilisationGap",
    "agglomeration",
    "centre_of_gravity",
    "concentration",
    "coupling",
    "gini",
    "lisa",
    "location_quotient",
    "normalise",
    "theil",
    "utilisation_gap",
]
