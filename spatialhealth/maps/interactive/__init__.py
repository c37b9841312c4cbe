"""Maps to move about in: one page that holds everything, or a fragment of one.

**Takes** a GeoDataFrame and columns of values, matched by label.
**Gives** HTML with the map as SVG and a small script of its own: pan, zoom, hover, search; no network is needed.
**Next** a browser or a notebook shows it; `spatialhealth.report` may put the fragment on its page.
"""

from spatialhealth.maps.interactive.explore import InteractiveMap, explore
from spatialhealth.maps.interactive.fragment import interactive_map

__all__ = ["InteractiveMap", "explore", "interactive_map"]
