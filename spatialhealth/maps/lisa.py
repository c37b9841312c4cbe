"""A map of clusters: high values among high ones, low among low, and those that differ from their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import LabelError, OptionError, some
from spatialhealth.imbalance.lisa import CLUSTERS, Clusters
from spatialhealth.maps.choropleth import BESIDE, map_axes
from spatialhealth.maps.classes import Classes
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.marks import decorate
from spatialhealth.maps.sheet import finished
from spatialhealth.maps.style import source_of

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = ["ALONE", "CLASSES", "lisa", "of_clusters", "placed"]

# from the bottom of the legend to its top; told apart by colour-blind readers, and by stripes in grey
_DRAWN = ("not significant", "low-high", "high-low", "low-low", "high-high")
_COLOURS = ("#f7f7f7", "#92c5de", "#f4a582", "#0571b0", "#ca0020")
_HOW = {"fdr": ", FDR", "bonferroni": ", Bonferroni", "none": ", uncorrected"}
ALONE = "no neighbours"
CLASSES = Classes(
    np.arange(len(_DRAWN) + 1) - 0.5,
    _COLOURS,
    _DRAWN,
    striped=tuple(name.startswith("low") for name in _DRAWN),
)


def of_clusters(values: Any) -> bool:
    """Give whether values are names of clusters, all of them."""
    return len(values) > 0 and all(value in CLUSTERS for value in values)


def placed(names: Any) -> Array:
    """Give the place of each cluster in `CLASSES`; NaN for what has no neighbours."""
    place = {name: float(j) for j, name in enumerate(_DRAWN)}
    return np.array([place.get(name, np.nan) for name in names])


def lisa(
    frame: gpd.GeoDataFrame,
    clusters: Clusters | Any,
    ax: Axes | None = None,
    *,
    title: str | None = None,
    label: str | None = None,
    note: str | None = None,
    ground: gpd.GeoDataFrame | None = None,
    scale_bar: bool = False,
    north: bool = False,
) -> Axes:
    """Map LISA clusters, matched with the frame by label.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit.
    clusters : Clusters or Series
        What `spatialhealth.imbalance.lisa` gives for one period (``clusters.at(2021)`` of several), or a Series of
        names of clusters indexed by unit.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.
    title : str, optional
        By default, the variable and Moran's I.
    label : str, optional
        Heads the legend; by default, the significance level and the correction.
    note : str, optional
        Source, under the map; by default what clusters and frame say of it.
    ground : GeoDataFrame, optional
        What to draw beneath in pale grey, such as all units of a country where the clusters are of some.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    LabelError
        If the clusters are of several periods, or are no Series.
    OptionError
        If a cluster is none of those there are.
    AlignmentError, DuplicateError, GeometryError
        If clusters and frame do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> inflow = np.log(panel["inflow"].xs(2021, level="year"))
    >>> W = sh.weights.contiguity(cities)
    >>> found = sh.imbalance.lisa(inflow, W, permutations=9999, random_state=1)
    >>> ax = sh.maps.lisa(cities, found)
    >>> ax.get_legend().get_texts()[4].get_text().startswith("not significant")
    True
    """
    given: Any = clusters
    source = ""
    if isinstance(clusters, Clusters):
        given, source = clusters.cluster, clusters.source
        moran = f"{clusters.overall.statistics[0].value:.2f}".replace("-", "−")
        title = title if title is not None else f"Clusters of {clusters.name} (Moran's I = {moran})"
        label = label if label is not None else f"LISA at {clusters.level:g}{_HOW[clusters.correction]}"
    if getattr(getattr(given, "index", None), "nlevels", 1) > 1:
        raise LabelError(
            "A map shows the clusters of one period. Take one: clusters.at(period), or series.xs(period, level=1)."
        )
    series = aligned(frame, given).astype(object)
    unknown = [value for value in series.unique() if value not in CLUSTERS]
    if unknown:
        raise OptionError(f"maps.lisa: {some(unknown)} are no clusters. There are {some(CLUSTERS)}.")
    values = placed(series)
    note = source_of(note, source, series, frame)
    layer = Layer.of(frame)
    whole = layer if ground is None else Layer.of(ground)
    ax = map_axes("lisa", ax, whole, title, note)
    if ground is not None:
        whole.plain(ax)
    layer.draw(ax, values, CLASSES)
    whole.frame(ax)
    layer.legend(ax, values, CLASSES, label or "", ALONE, **BESIDE)
    decorate(ax, whole, scale_bar, north)
    return finished(ax)  # type: ignore[no-any-return]
