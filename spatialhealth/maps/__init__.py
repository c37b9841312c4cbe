"""Maps: values and clusters by unit, where the effects of a regressor are felt, and curves of concentration.

**Takes** a GeoDataFrame, and values, clusters or the effects of a fitted model, matched by the labels of the units.
**Gives** matplotlib figures fit for a journal; `save` writes them with the same bytes every time.
**Next** `spatialhealth.report` puts them on one page with the tables they belong to.
"""

from spatialhealth.maps.choropleth import choropleth
from spatialhealth.maps.classes import Classes, classify
from spatialhealth.maps.concentration import concentration_curve
from spatialhealth.maps.impacts import impacts
from spatialhealth.maps.lisa import lisa
from spatialhealth.maps.moderation import moderation
from spatialhealth.maps.over_time import over_time
from spatialhealth.maps.scenario import scenario
from spatialhealth.maps.specification import specification_curve
from spatialhealth.maps.style import png, save

__all__ = [
    "Classes",
    "choropleth",
    "classify",
    "concentration_curve",
    "impacts",
    "lisa",
    "moderation",
    "over_time",
    "png",
    "save",
    "scenario",
    "specification_curve",
]
