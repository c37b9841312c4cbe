"""Maps: values by unit, and where the effects of a regressor are felt.

**Takes** a GeoDataFrame, and values or the effects of a fitted model, matched by the labels of the units.
**Gives** matplotlib figures fit for a journal; `save` writes them with the same bytes every time.
**Next** `spatialhealth.report` puts them on one page with the tables they belong to.
"""

from spatialhealth.maps.choropleth import choropleth
from spatialhealth.maps.classes import Classes, classify
from spatialhealth.maps.moderation import moderation
from spatialhealth.maps.spillover import impacts
from spatialhealth.maps.style import png, save

__all__ = ["Classes", "choropleth", "classify", "impacts", "moderation", "png", "save"]
