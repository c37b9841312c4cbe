"""Six squares in two rows, and what tests look for on axes."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

__all__ = ["by_gid", "legend_of", "squares"]


def squares(crs="EPSG:3857", size=1.0):
    boxes = [
        shapely.box(size * (j % 3), size * (j // 3), size * (j % 3 + 1), size * (j // 3 + 1))
        for j in range(6)
    ]
    return gpd.GeoDataFrame({"size": np.arange(6.0)}, geometry=boxes, index=list("abcdef"), crs=crs)


def by_gid(ax, gid):
    found = [one for one in ax.collections if one.get_gid() == gid]
    return found[0] if found else None


def legend_of(ax):
    legend = ax.get_legend()
    return legend.get_title().get_text(), [text.get_text() for text in legend.get_texts()]
