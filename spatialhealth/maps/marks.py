"""What stands on a map beside its units: a scale bar, an arrow to the north, names that do not overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import OptionError, did_you_mean, some
from spatialhealth.maps.fonts import give_font, measuring, plain_names
from spatialhealth.maps.layer import Layer
from spatialhealth.maps.style import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["decorate", "names_of", "write_names"]

_BAR = 0.22  # of the width of the map that the bar has at most
_ROOM = (0.27, 0.27)  # of a corner, in shares of the map
_SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
_AWAY = 4.0  # points between a place and its name
_DOT = 1.5  # points around the middle of a mark that no name may cover
_BEYOND = 1.12  # times the map, within which names stand
_FULL = 300  # names tried at most


def decorate(ax: Axes, layer: Layer, scale_bar: bool, north: bool) -> None:
    """Draw a scale bar and an arrow to the north in the emptiest corner of a map.

    Parameters
    ----------
    ax : matplotlib Axes
    layer : Layer
        What is drawn there.
    scale_bar, north : bool
        The bar holds in the middle of the map; so does the arrow.
    """
    if not (scale_bar or north):
        return
    low_x, low_y, high_x, high_y = layer.bounds
    width, height = high_x - low_x, high_y - low_y
    middle = ((low_x + high_x) / 2, (low_y + high_y) / 2)
    right, up = _corner(layer)
    if scale_bar and not width > 0:
        raise OptionError(
            "scale_bar=True: the map has no width, so that no length can be shown. Leave it out."
        )
    if scale_bar:
        metres = layer.display.metres(*middle, width)
        length = _round(_BAR * width * metres)
        across = length / metres
        x = high_x - 0.02 * width - across if right else low_x + 0.02 * width
        y = low_y + (0.74 if up else 0.02) * height
        ax.plot(
            [x, x, x + across, x + across], [y + 0.012 * height, y, y, y + 0.012 * height], color=INK, linewidth=1.1,
            solid_joinstyle="miter", gid="scale bar",
        )  # fmt: skip
        said = f"{length / 1000:,.0f} km" if length >= 1000 else f"{length:,g} m"
        ax.text(x + across / 2, y + 0.02 * height, said, ha="center", va="bottom", fontsize=7, color=INK)
    if north:
        way = layer.display.north(*middle, width) / [1.0, layer.ratio]
        foot = np.array(
            [0.95 if right else 0.05, (0.84 if up else 0.03) + (0.1 if scale_bar and not up else 0.0)]
        )
        ax.annotate(
            "", tuple(foot + 0.085 * way), tuple(foot), xycoords=ax.transAxes, textcoords=ax.transAxes,
            arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        x, y = foot + 0.105 * way
        ax.text(
            x, y, "N", transform=ax.transAxes, ha="center", va="center", fontsize=8, weight="bold", color=INK
        )


def _corner(layer: Layer) -> tuple[bool, bool]:
    """Give the corner (right?, up?) with the least of the map in it; the lower left one if it is empty."""
    points = layer.paths
    if not isinstance(points, np.ndarray):
        points = np.concatenate([path.vertices for path in layer.paths])
    low_x, low_y, high_x, high_y = layer.bounds
    share = (points - [low_x, low_y]) / [high_x - low_x, high_y - low_y]
    corners = [(False, False), (True, False), (False, True), (True, True)]

    def inside(corner: tuple[bool, bool]) -> int:
        from_edge = np.where(corner, 1 - share, share)
        return int((from_edge <= _ROOM).all(axis=1).sum())

    return min(corners, key=inside)


def _round(length: float) -> float:
    """Give the largest of 1, 2, 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(power * max(step for step in (1, 2, 5) if step * power <= length * (1 + 1e-12)))


def names_of(frame: Any, names: Any, index: Any) -> Any:
    """Give what to write at the units: a column, a Series by unit, True for the ids, or a list of ids.

    Parameters
    ----------
    frame : GeoDataFrame
    names : bool, str, Series or sequence of labels
    index : Index
        The units of the map.

    Returns
    -------
    Series of str
        By unit; of a list, only the units that are listed.
    """
    import pandas as pd

    if names is True:
        given = pd.Series(index, index=index)
    elif isinstance(names, str):
        if names not in frame.columns:
            raise OptionError(
                f"names={names!r}: the frame has no such column.{did_you_mean(names, frame.columns)} It has: "
                f"{some(frame.columns, 20)}. For single units give a list of their labels."
            )
        given = frame[names]
    elif isinstance(names, pd.Series):
        given = names
    elif np.ndim(names) == 1:
        given = pd.Series(list(names), index=pd.Index(list(names)))
    else:
        raise OptionError(
            f"names={names!r} must be True, a column of the frame, a Series or a list of units."
        )
    unknown = given.index.difference(index, sort=False)
    if len(unknown):
        raise OptionError(f"names= has units that are not on the map: {some(unknown)}. Leave them out.")
    given = given.dropna()
    return pd.Series(plain_names(list(given), list(given.index)), index=given.index)


def write_names(
    ax: Axes, points: Array, names: list[str], rank: Array, *, marks: Array | None = None, size: float = 6.5
) -> int:
    """Write names beside their places, the most important first; one for which there is no room is left out.

    Parameters
    ----------
    ax : matplotlib Axes
        With its limits set.
    points : ndarray of shape (n, 2)
    names : list of n str
    rank : ndarray of shape (n,)
        Larger is more important; ties go by name.
    marks : ndarray of shape (m, 2), optional
        Points that are drawn, which no name may cover.
    size : float
        Of the letters, in points.

    Returns
    -------
    int
        How many were written.
    """
    from matplotlib import patheffects

    figure: Any = ax.figure
    renderer = figure.canvas.get_renderer()
    ax.apply_aspect()
    room = ax.get_window_extent(renderer).expanded(_BEYOND, _BEYOND)
    taken: list[Any] = [] if marks is None else _dots(ax, marks)
    order = sorted(range(len(names)), key=lambda j: (-rank[j], names[j]))
    halo = [patheffects.withStroke(linewidth=1.6, foreground="white")]
    written = 0
    with measuring():
        taken += _legend_box(ax, renderer)
        for j in order[:_FULL]:
            if not np.isfinite(points[j]).all():
                continue
            text = ax.annotate(
                names[j], points[j], (0, 0), textcoords="offset points", fontsize=size, color=INK,
                path_effects=halo, annotation_clip=False, zorder=5, parse_math=False,
            )  # fmt: skip
            give_font(text)
            if _found_room(text, renderer, room, taken):
                written += 1
            else:
                text.remove()
    return written


def _found_room(text: Any, renderer: Any, room: Any, taken: list[Any]) -> bool:
    """Put a name on the first side of its place where nothing is, if there is one."""
    for right, up in _SIDES:
        text.xyann = (right * _AWAY, up * _AWAY)
        text.set(ha=("center", "left", "right")[right], va=("center", "bottom", "top")[up])
        box = text.get_window_extent(renderer)
        outside = box.x0 < room.x0 or box.x1 > room.x1 or box.y0 < room.y0 or box.y1 > room.y1
        if not outside and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return True
    return False


def _legend_box(ax: Axes, renderer: Any) -> list[Any]:
    from matplotlib.text import Text

    legend = ax.get_legend()
    if legend is None:
        return []
    for text in legend.findobj(Text):
        give_font(text)
    return [legend.get_window_extent(renderer)]


def _dots(ax: Axes, marks: Array) -> list[Any]:
    """Give the boxes of marks, in dots of the figure."""
    from matplotlib.transforms import Bbox

    figure: Any = ax.figure
    half = _DOT * figure.dpi / 72
    at = ax.transData.transform(marks[np.isfinite(marks).all(axis=1)])
    return [Bbox.from_extents(x - half, y - half, x + half, y + half) for x, y in at]
