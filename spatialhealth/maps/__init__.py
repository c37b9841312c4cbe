"""Maps and plots: values, clusters, links and flows on the map, effects and tests as plots, and pages to explore.

**Takes** a GeoDataFrame, and values, clusters, weights, flows or the effects of a fitted model, matched by label.
**Gives** matplotlib Axes (one for a panel, an array for several) fit for a journal, which `save` writes with the same
bytes every time; and, from `explore`, a page with a map to move about in.
**Next** `spatialhealth.report` puts them on one page with the tables they belong to.
"""

from spatialhealth.maps.by_order import by_order
from spatialhealth.maps.catchment import catchment
from spatialhealth.maps.choropleth import choropleth
from spatialhealth.maps.classes import Classes, classify
from spatialhealth.maps.compare import compare
from spatialhealth.maps.concentration import concentration_curve
from spatialhealth.maps.connectivity import connectivity
from spatialhealth.maps.effects import effects
from spatialhealth.maps.flows import flows
from spatialhealth.maps.impacts import impacts
from spatialhealth.maps.interactive import InteractiveMap, Theme, explore, interactive_map
from spatialhealth.maps.ladder import ladder
from spatialhealth.maps.lisa import lisa
from spatialhealth.maps.moderation import moderation
from spatialhealth.maps.moran import moran_scatter
from spatialhealth.maps.over_time import over_time
from spatialhealth.maps.scenario import scenario
from spatialhealth.maps.specification import specification_curve
from spatialhealth.maps.spillover import spillover
from spatialhealth.maps.style import png, save

__all__ = [
    "Classes",
    "InteractiveMap",
    "Theme",
    "by_order",
    "catchment",
    "choropleth",
    "classify",
    "compare",
    "concentration_curve",
    "connectivity",
    "effects",
    "explore",
    "flows",
    "impacts",
    "interactive_map",
    "ladder",
    "lisa",
    "moderation",
    "moran_scatter",
    "over_time",
    "png",
    "save",
    "scenario",
    "specification_curve",
    "spillover",
]
