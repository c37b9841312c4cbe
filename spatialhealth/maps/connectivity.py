"""Who is linked with whom: the weights drawn as lines on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, SizeError, some
from spatialhealth.maps.choropleth import BESIDE, map_axes
from spatialhealth.maps.layer import Layer
from spatialhealth.maps.marks import decorate
from spatialhealth.maps.sheet import finished
from spatialhealth.maps.style import FOCUS, INK, source_of
from spatialhealth.weights.convert import as_links

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = ["connectivity"]

_MOST = 500_000  # links beyond which a map is a blot
_BOTH, _ONE = "#0072B2", "#E69F00"


def connectivity(
    frame: gpd.GeoDataFrame,
    weights: Any,
    *,
    title: str | None = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the links of weights as lines between units, and mark units without neighbours.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit, in any order.
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator
        Every weight that is not zero is a link. A link that leads both ways is one line; one that leads one way only
        (k nearest neighbours, flows) has a colour of its own, and is dashed.
    title, note : str, optional
        The note is the source, by default what the frame says.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    matplotlib Axes
        Its collections with the gid "both ways" and "one way" hold the lines; "isolates", the marks.

    Raises
    ------
    AlignmentError
        If units of one are not in the other.
    SizeError
        Beyond 500,000 links.
    WeightsError, GeometryError, CoordinateSystemError
        If weights or frame cannot be drawn.

    Notes
    -----
    The legend counts units, links (from one unit to another, so that both ways are two), neighbours a unit, and
    units without any. A link of a unit without geometry is not drawn.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> ax = sh.maps.connectivity(cities, sh.weights.knn(cities, k=4))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['both ways  (491)', 'one way  (246)']
    """
    ids, matrix = as_links(weights)
    layer = Layer.of(frame)
    places = _places(frame, ids)
    links = matrix.tocoo()
    kept = links.data != 0
    if int(kept.sum()) > _MOST:
        raise SizeError(
            f"maps.connectivity: {int(kept.sum()):,} links are more than a map can show ({_MOST:,}). Draw fewer: "
            "those of fewer units, or weights with a cutoff."
        )
    i, j = places[links.row[kept]], places[links.col[kept]]
    both, one = _kinds(i, j, len(frame))
    degree = np.bincount(i, minlength=len(frame))
    alone = np.flatnonzero((degree == 0) & (np.bincount(j, minlength=len(frame)) == 0))
    ax = map_axes("connectivity", ax, layer, title, source_of(note, frame))
    layer.plain(ax)
    for pairs, colour, line, gid in ((one, _ONE, (0, (3, 1.5)), "one way"), (both, _BOTH, "-", "both ways")):
        _lines(ax, layer.centres, pairs, colour, line, gid)
    marks = layer.centres[alone]
    ax.scatter(
        marks[:, 0], marks[:, 1], s=26, marker="X", color=FOCUS, edgecolors="white", linewidths=0.5, zorder=4,
        gid="isolates",
    )  # fmt: skip
    _legend(ax, degree, len(both), len(one), len(alone))
    decorate(ax, layer, scale_bar, north)
    return finished(ax)  # type: ignore[no-any-return]


def _places(frame: Any, ids: Array) -> Array:
    """Give the row of the frame of each unit of the weights."""
    place = frame.index.get_indexer(list(ids.tolist()))
    absent = [label for label, at in zip(ids.tolist(), place, strict=True) if at < 0]
    more = frame.index.difference(ids.tolist(), sort=False)
    if absent or len(more):
        parts = [f"{len(absent)} units have weights and no geometry: {some(absent)}"] if absent else []
        parts += [f"{len(more)} units have a geometry and no weights: {some(more)}"] if len(more) else []
        raise AlignmentError(
            "maps.connectivity: " + "; ".join(parts) + ". Cut the frame to the units of the weights with "
            "frame.loc[...], or make the weights from this frame."
        )
    return np.asarray(place)


def _kinds(i: Array, j: Array, n: int) -> tuple[Array, Array]:
    """Give the pairs that are linked both ways, and those one way only, each once and in a fixed order."""
    codes = np.unique(np.minimum(i, j) * n + np.maximum(i, j), return_counts=True)
    pairs = np.column_stack(np.divmod(codes[0], n))
    return pairs[codes[1] == 2], pairs[codes[1] == 1]


def _lines(ax: Axes, centres: Array, pairs: Array, colour: str, line: Any, gid: str) -> None:
    from matplotlib.collections import LineCollection

    segments = centres[pairs]
    segments = segments[np.isfinite(segments).all(axis=(1, 2))]
    # the same lines in the same order whatever the order of the rows
    segments = np.array([ends[np.lexsort(ends.T[::-1])] for ends in segments]).reshape(-1, 2, 2)
    order = np.lexsort(segments.reshape(-1, 4).T[::-1])
    thin = float(np.clip(18 / np.sqrt(max(len(pairs), 1)), 0.2, 0.9))
    ax.add_collection(
        LineCollection(
            list(segments[order]), colors=colour, linewidths=thin, linestyles=line, gid=gid, zorder=3
        ),
        autolim=False,
    )


def _legend(ax: Axes, degree: Array, both: int, one: int, alone: int) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_BOTH, linewidth=1.4, label=f"both ways  ({both:,})"),
        Line2D([], [], color=_ONE, linewidth=1.4, linestyle=(0, (3, 1.5)), label=f"one way  ({one:,})"),
        Line2D(
            [],
            [],
            color=FOCUS,
            marker="X",
            markeredgecolor="white",
            linestyle="",
            label=f"no neighbours  ({alone:,})",
        ),
    ]
    kept = [handle for handle, count in zip(handles, (both, one, alone), strict=True) if count]
    said = (
        f"n = {len(degree):,} units\n{int(degree.sum()):,} links\nneighbours a unit:\n{degree.min()} to "
        f"{degree.max()}, mean {degree.mean():.1f}"
    )
    shown = ax.legend(
        handles=kept, title=said, frameon=False, fontsize=8, title_fontsize=8.5, alignment="left", labelcolor=INK,
        **BESIDE,
    )  # fmt: skip
    shown.get_title().set_color(INK)
