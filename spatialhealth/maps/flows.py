"""Flows between places as curved lines, as wide as they are large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_number, check_positive
from spatialhealth.errors import FlowError, OptionError
from spatialhealth.maps.choropleth import BESIDE, map_axes
from spatialhealth.maps.layer import Layer
from spatialhealth.maps.marks import decorate, names_of, write_names
from spatialhealth.maps.sheet import finished
from spatialhealth.maps.style import INK, source_of
from spatialhealth.weights.pairs import Pairs, read_pairs

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["flows"]

_BEND = 0.18  # of the length of a line
_WIDEST = 5.0  # points, of the largest flow
_POINTS = 24  # of a curve
_COLOUR = "#0072B2"
_STEPS = (1.0, 2.0, 2.5, 5.0)


def flows(
    frame: gpd.GeoDataFrame,
    od: pd.DataFrame,
    *,
    origin: str = "origin",
    destination: str = "destination",
    value: str = "trips",
    threshold: float | None = None,
    top: int = 200,
    label: str | None = None,
    names: Any = None,
    title: str | None = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw flows as curves from origin to destination, their width in proportion to the flow.

    Parameters
    ----------
    frame : GeoDataFrame
        The places, polygons or points, indexed by place.
    od : DataFrame
        One row a pair, in any order. A pair that it does not list is no flow.
    origin, destination, value : str
        Its columns.
    threshold : float, optional
        Only flows of this size and more are drawn; by default that of the flow in place `top`. The legend states
        it, how many pairs are drawn of those with a flow, and which share of all flows between places they are.
    top : int, default 200
        How many flows to draw at most, of the same size as the last one: all or none. Not with `threshold`.
    label : str, optional
        What flows, with its unit; the name of the column by default.
    names : bool, str, Series or list of labels, optional
        What to write at the places; see `choropleth`. Those with the largest flows drawn come first.
    title, note : str, optional
        The note is the source, by default what the data say of it.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    matplotlib Axes
        The collection with the gid "flows" holds the curves, the largest flow last.

    Raises
    ------
    AlignmentError
        If an origin or a destination is not in the frame.
    FlowError
        If a flow is negative, or none is left to draw.
    OptionError
        If a column is absent, or threshold or top no positive number, or both are given.
    DuplicateError, MissingDataError, NonFiniteError, NonNumericError, GeometryError
        If the table or the frame cannot be used.

    Notes
    -----
    A curve bends to the left of who travels along it, so that the two directions of a pair stand apart. Flows within
    a place are not drawn, and not counted.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, od = sh.datasets.load_cities(), sh.datasets.load_flows()
    >>> ax = sh.maps.flows(cities, od, top=100)
    >>> curves = next(lines for lines in ax.collections if lines.get_gid() == "flows")
    >>> len(curves.get_paths())
    100
    """
    pairs = read_pairs(od, origin, destination, value, frame)
    layer = Layer.of(frame)
    drawn, least = _drawn(pairs, layer.empty, threshold, top)
    ax = map_axes("flows", ax, layer, title, source_of(note, od, frame))
    layer.plain(ax)
    i, j, size = pairs.origin[drawn], pairs.destination[drawn], pairs.value[drawn]
    wide = _WIDEST * size / size.max()
    _curves(ax, layer, i, j, wide)
    volume = np.bincount(i, size, len(frame)) + np.bincount(j, size, len(frame))
    seen = np.flatnonzero(volume)
    marks = layer.centres[seen]
    ax.scatter(marks[:, 0], marks[:, 1], s=5, color=INK, linewidths=0, zorder=4, gid="places")
    all_of = pairs.value[~pairs.own]
    _legend(ax, label if label is not None else value, least, size, all_of)
    decorate(ax, layer, scale_bar, north)
    if names is not None and names is not False:
        written = names_of(frame, names, frame.index)
        at = frame.index.get_indexer(written.index)
        kept = volume[at] > 0
        write_names(ax, layer.centres[at[kept]], list(written[kept]), volume[at[kept]], marks=marks)
    return finished(ax)  # type: ignore[no-any-return]


def _drawn(pairs: Pairs, empty: Array, threshold: float | None, top: int) -> tuple[Array, float]:
    """Give the positions of the flows to draw, the largest last, and the least of them."""
    between = np.flatnonzero(
        ~pairs.own & (pairs.value > 0) & ~empty[pairs.origin] & ~empty[pairs.destination]
    )
    if threshold is not None:
        if top != 200:
            raise OptionError("maps.flows: threshold and top are two ways to say the same. Give one of them.")
        check_positive("maps.flows", "threshold", check_number("maps.flows", "threshold", threshold))
        kept = between[pairs.value[between] >= threshold]
        least = float(threshold)
    else:
        check_positive("maps.flows", "top", top, integer=True)
        ordered = np.sort(pairs.value[between])[::-1]
        least = float(ordered[min(int(top), len(ordered)) - 1]) if len(ordered) else 0.0
        kept = between[pairs.value[between] >= least]
        if len(kept) > top:  # a tie at the end: all of its size or none, unless none would be left
            larger = between[pairs.value[between] > least]
            kept = larger if len(larger) else kept
            least = float(pairs.value[kept].min()) if len(kept) else least
    if not len(kept):
        most = float(pairs.value[between].max()) if len(between) else 0.0
        raise FlowError(
            f"maps.flows: no flow between two places is left to draw at a threshold of {least:g}; the largest is "
            f"{most:g}."
        )
    names = np.array([f"{a}\0{b}" for a, b in pairs.names(kept)])
    return kept[np.lexsort((names, pairs.value[kept]))], least


def _curves(ax: Axes, layer: Layer, i: Array, j: Array, wide: Array) -> None:
    """Draw curves that bend to the left, with a head in the middle that shows the way of the wider ones."""
    from matplotlib.collections import LineCollection, PolyCollection

    stretch = np.array([1.0, layer.stretch])
    a, b = layer.centres[i] * stretch, layer.centres[j] * stretch
    whole = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    a, b, wide = a[whole], b[whole], wide[whole]
    way = b - a
    left = np.column_stack([-way[:, 1], way[:, 0]])
    middle = (a + b) / 2 + 2 * _BEND * left
    t = np.linspace(0, 1, _POINTS)[None, :, None]
    curve = (1 - t) ** 2 * a[:, None] + 2 * t * (1 - t) * middle[:, None] + t**2 * b[:, None]
    faint = 0.35 + 0.5 * wide / wide.max()
    ax.add_collection(
        LineCollection(
            list(curve / stretch), colors=_COLOUR, linewidths=np.maximum(wide, 0.25), alpha=faint, capstyle="butt",
            gid="flows", zorder=3,
        ),
        autolim=False,
    )  # fmt: skip
    length = np.hypot(*way.T)[:, None]
    unit = np.divide(way, length, out=np.zeros_like(way), where=length > 0)
    side = np.column_stack([-unit[:, 1], unit[:, 0]])
    top = (a + b) / 2 + _BEND * left
    span = (layer.bounds[2] - layer.bounds[0]) * (0.004 + 0.0022 * wide[:, None])
    span = np.minimum(span, 0.16 * length)  # a short line keeps its shape
    heads = np.stack(
        [top + 1.6 * span * unit, top + span * side - span * unit, top - span * side - span * unit], axis=1
    )
    ax.add_collection(
        PolyCollection(
            list(heads / stretch), facecolors=_COLOUR, linewidths=0, alpha=faint, zorder=3, gid="heads"
        ),
        autolim=False,
    )


def _legend(ax: Axes, label: str, least: float, size: Array, all_of: Array) -> None:
    from matplotlib.lines import Line2D

    largest = float(size.max())
    shown = dict.fromkeys([largest, _near(largest / 2), least])
    handles = [
        Line2D(
            [], [], color=_COLOUR, linewidth=max(_WIDEST * amount / largest, 0.25), label=f"{amount:,.6g}",
            solid_capstyle="butt",
        )
        for amount in shown
        if least <= amount <= largest
    ]  # fmt: skip
    share = float(size.sum() / all_of.sum())
    said = (
        f"{label}\n{least:,.6g} and more:\n{len(size):,} of {int((all_of > 0).sum()):,} pairs,\n{share:.0%} of all "
        "between places"
    )
    key = ax.legend(
        handles=handles, title=said, frameon=False, fontsize=8, title_fontsize=8.5, alignment="left", labelcolor=INK,
        handlelength=2.4, **BESIDE,
    )  # fmt: skip
    key.get_title().set_color(INK)


def _near(amount: float) -> float:
    """Give a round number near another, and not above it."""
    power = 10.0 ** np.floor(np.log10(amount))
    return float(power * max(step for step in _STEPS if step * power <= amount * (1 + 1e-12)))
