"""One map of one value by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spatialhealth._typing import Array
from spatialhealth.maps.classes import Classes, Scheme, classify
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.style import INK, MUTED, new_figure, source_of

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["choropleth", "one_map"]

_WIDTH = 7.2  # inches: two columns of a journal
_LEGEND = 1.9
_TALLEST = 7.5
_MARGIN = 0.12


def choropleth(
    frame: gpd.GeoDataFrame,
    values: Any,
    *,
    title: str | None = None,
    label: str | None = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    diverging: bool | None = None,
    ax: Axes | None = None,
    note: str | None = None,
) -> Figure:
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
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    note : str, optional
        Source, under the map. By default ``attrs["source"]`` of the values or of the frame: "Simulated data."
        when it says so.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    AlignmentError
        If units of one are not in the other.
    LabelError, DuplicateError, NonNumericError, NonFiniteError, MissingDataError, GeometryError
        If values or frame cannot be mapped.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> figure = sh.maps.choropleth(cities, "population", label="Inhabitants")
    >>> figure.axes[0].get_legend().get_title().get_text()
    'Inhabitants'
    """
    series = aligned(frame, values)
    layer = Layer.of(frame)
    classes = classify(series, scheme, k, diverging)
    label = label if label is not None else str(series.name or "")
    note = source_of(note, values, frame)
    return one_map(layer, series.to_numpy(), classes, label, title, note, ax)


def one_map(
    layer: Layer,
    values: Array,
    classes: Classes,
    label: str,
    title: str | None,
    note: str | None,
    ax: Axes | None,
    missing: str = "no value",
) -> Figure:
    """Draw one map with its legend, on axes that are given or in a figure of its own.

    Parameters
    ----------
    layer : Layer
    values : ndarray of shape (n,)
        In the order of the layer.
    classes : Classes
    label : str
        Heads the legend.
    title, note : str or None
    ax : matplotlib Axes or None
    missing : str, default "no value"
        What a missing value means.

    Returns
    -------
    matplotlib Figure
    """
    if ax is not None:
        layer.draw(ax, values, classes)
        layer.legend(ax, values, classes, label, missing, loc="center left", bbox_to_anchor=(1.01, 0.5))
        if title:
            ax.set_title(title, loc="left", fontsize=10, color=INK)
        if note:
            ax.text(0, -0.02, note, transform=ax.transAxes, va="top", fontsize=7, color=MUTED)
        given: Any = ax.figure
        return given  # type: ignore[no-any-return]
    top, bottom = (0.42 if title else _MARGIN), (0.3 if note else _MARGIN)
    height = min((_WIDTH - _LEGEND - 2 * _MARGIN) * layer.ratio, _TALLEST)
    width = height / layer.ratio
    total = (width + _LEGEND + 2 * _MARGIN, max(height, 2.2) + top + bottom)
    figure = new_figure(*total)
    ax = figure.add_axes(
        (_MARGIN / total[0], bottom / total[1], width / total[0], 1 - (top + bottom) / total[1])
    )
    layer.draw(ax, values, classes)
    layer.legend(ax, values, classes, label, missing, loc="center left", bbox_to_anchor=(1.0, 0.5))
    if title:
        figure.text(
            _MARGIN / total[0], 1 - 0.12 / total[1], title, va="top", fontsize=11, weight="bold", color=INK
        )
    if note:
        figure.text(_MARGIN / total[0], 0.1 / total[1], note, va="bottom", fontsize=7, color=MUTED)
    return figure
