"""Maps to move about in: one page that holds everything, or a fragment of one.

**Takes** a GeoDataFrame and values, clusters, kinds of units or themes, matched by label.
**Gives** HTML with the map as SVG, its values as a table, and a small script of its own: pan, zoom, hover, search, by
mouse, fingers or keyboard; no network is needed.
**Next** a browser or a notebook shows it; `spatialhealth.report` puts the fragment on its page.
"""

from spatialhealth.maps.interactive.explore import InteractiveMap, explore
from spatialhealth.maps.interactive.fragment import interactive_map
from spatialhealth.maps.interactive.theme import Theme

__all__ = ["InteractiveMap", "Theme", "explore", "interactive_map"]
