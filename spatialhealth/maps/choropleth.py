"""One map of one value by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.marks import decorate, names_of, write_names
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import source_of

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = ["BESIDE", "choropleth", "map_axes"]

BESIDE: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}  # of a legend

_WIDTH = 5.1  # inches: with its legend, two columns of a journal
_LEGEND = 1.9
_TALLEST, _LOWEST = 7.5, 2.2


def choropleth(
    frame: gpd.GeoDataFrame,
    values: Any,
    *,
    title: str | None = None,
    label: str | None = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    diverging: bool | None = None,
    names: Any = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Map one value by unit, matched with the frame by label.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit. Longitudes and latitudes are drawn in an
        equal-area projection centred on the data.
    values : Series or str
        Values indexed by unit, in any order, or the name of a column of `frame`. Missing values are drawn
        hatched and counted in the legend.
    title : str, optional
    label : str, optional
        What the values are, with their unit; heads the legend. The name of the series by default.
    scheme, k, diverging
        Classes; see `spatialhealth.maps.classify`.
    names : bool, str, Series or list of labels, optional
        What to write at the units: True for their ids, a column, a Series by unit, or a few units only. Names that
        would overlap are left out, those of the largest values last. Names in Chinese need a font that has them;
        without one the ids stand for them.
    note : str, optional
        Source, under the map. By default ``attrs["source"]`` of the values or of the frame: "Simulated data."
        when it says so.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north; both hold in the middle of the map.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    AlignmentError
        If units of one are not in the other.
    LabelError, DuplicateError, NonNumericError, NonFiniteError, MissingDataError, GeometryError, OptionError
        If values or frame cannot be mapped.
    CoordinateSystemError
        If a scale bar or north is asked for and the frame has no coordinate reference system.

    Notes
    -----
    A unit with an empty geometry is drawn as nothing and counted in the legend. Units on both sides of the
    antimeridian stand side by side.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> ax = sh.maps.choropleth(cities, "population", label="Inhabitants")
    >>> print(ax.get_legend().get_title().get_text())
    Inhabitants
    n = 307 units
    """
    series = aligned(frame, values)
    layer = Layer.of(frame)
    classes = classify(series, scheme, k, diverging)
    label = label if label is not None else str(series.name or "")
    note = source_of(note, None if isinstance(values, str) else values, frame)
    ax = map_axes("choropleth", ax, layer, title, note)
    layer.draw(ax, series.to_numpy(), classes)
    layer.legend(ax, series.to_numpy(), classes, label, **BESIDE)
    decorate(ax, layer, scale_bar, north)
    if names is not None and names is not False:
        written = names_of(frame, names, series.index)
        at = series.index.get_indexer(written.index)
        rank = np.nan_to_num(np.abs(series.to_numpy(dtype=float)), nan=-1.0)
        write_names(ax, layer.centres[at], list(written), rank[at])
    return finished(ax)  # type: ignore[no-any-return]


def map_axes(who: str, ax: Any, layer: Layer, title: str | None, note: str | None) -> Axes:
    """Give the axes of one map with room for a legend beside it.

    Parameters
    ----------
    who : str
        The function that draws.
    ax : matplotlib Axes or None
        Those that were given.
    layer : Layer
    title, note : str or None

    Returns
    -------
    matplotlib Axes
    """
    height = min(_WIDTH * layer.ratio, _TALLEST)
    sheet = Sheet(height / layer.ratio, max(height, _LOWEST), right=_LEGEND)
    return sheet.panels(who, ax, title, note)[0]  # type: ignore[no-any-return]
