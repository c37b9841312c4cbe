"""A sheet: panels of one size in rows, with a title above and the source below, or the axes that were given."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import OptionError
from spatialhealth.maps.fonts import measuring, readable
from spatialhealth.maps.style import INK, MUTED, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Sheet", "finished", "plain"]

_EDGE = 0.14  # inches
_LINE, _SIGN = 0.2, 0.108  # of the title: height of a line, width of a sign
_SMALL_LINE, _SMALL_SIGN = 0.13, 0.062  # of the source
_BETWEEN = 0.1
_NARROWEST = 12  # signs a line
_OURS = "a sheet"


@dataclass(frozen=True)
class Sheet:
    """Sizes of a figure, in inches.

    Parameters
    ----------
    wide, tall : float
        Of a panel.
    count : int
        Panels.
    across : int
        At most so many in a row; see `columns`.
    left, right : float
        Room beside the panels of a row.
    gap : float
        Between two panels.
    head, below : float
        Room above and below each panel: for its heading, and for ticks, label of the axis or legend.
    sharey : bool
        Whether the panels have one vertical axis.
    crown : float
        Room below the title, above all panels.
    """

    wide: float
    tall: float
    count: int = 1
    across: int = 1
    left: float = _EDGE
    right: float = _EDGE
    gap: float = 0.15
    head: float = 0.0
    below: float = 0.0
    sharey: bool = False
    crown: float = 0.0

    @property
    def columns(self) -> int:
        """Panels in a row: as few as keep the number of rows, so that the last one is full where it can be."""
        rows = -(-self.count // min(self.across, self.count))
        return -(-self.count // rows)

    def axes(self, title: str | None, note: str | None) -> Array:
        """Give empty panels in a figure of their own, row by row, shape (count,)."""
        across = self.columns
        down = -(-self.count // across)
        width = self.left + across * self.wide + (across - 1) * self.gap + self.right
        titles = textwrap.wrap(title or "", max(_NARROWEST, int((width - 2 * _EDGE) / _SIGN)))
        notes = textwrap.wrap(note or "", max(_NARROWEST, int((width - 2 * _EDGE) / _SMALL_SIGN)))
        top = _EDGE + (_LINE * len(titles) + _BETWEEN if titles else 0.0) + self.crown
        foot = _EDGE + _SMALL_LINE * len(notes)
        row = self.head + self.tall + self.below
        height = top + down * row + foot
        figure = new_figure(width, height)
        figure.set_gid(_OURS)
        panels = np.empty(self.count, dtype=object)
        for place in range(self.count):
            line, column = divmod(place, across)
            x = self.left + column * (self.wide + self.gap)
            y = height - top - line * row - self.head - self.tall
            where = (x / width, y / height, self.wide / width, self.tall / height)
            shared = panels[0] if self.sharey and place else None
            panels[place] = figure.add_axes(where, sharey=shared)
            if self.sharey and column:
                panels[place].tick_params(labelleft=False)
        if titles:
            figure.text(
                _EDGE / width, 1 - _EDGE / height, "\n".join(titles), va="top", fontsize=12, weight="bold",
                color=INK,
            )  # fmt: skip
        if notes:
            figure.text(
                _EDGE / width, 0.07 / height, "\n".join(notes), va="bottom", fontsize=7.5, color=MUTED
            )
        return panels

    def panels(self, who: str, ax: Any, title: str | None, note: str | None) -> Array:
        """Give the axes that are given, after a check of their number, or those of a new figure.

        On one that is given the title is the axes' own; above several the room is the caller's, and is left to him.
        """
        if ax is None:
            return self.axes(title, note)
        given = np.array(ax, dtype=object).reshape(-1) if not hasattr(ax, "plot") else _one(ax)
        if len(given) != self.count or not all(hasattr(one, "plot") for one in given):
            needed = "one Axes" if self.count == 1 else f"a sequence of {self.count} Axes"
            raise OptionError(
                f"maps.{who}: this picture has {self.count} panel{'s' if self.count > 1 else ''}; ax= must be "
                f"{needed}, and is {type(ax).__name__} of {len(given)}."
            )
        if self.count == 1 and title:
            given[0].set_title(title, loc="left", fontsize=10, color=INK)
        if note:
            last = given[-1]
            drop = -0.02 if self.below < 0.3 else -0.02 - self.below / self.tall
            last.text(0, drop, note, transform=last.transAxes, va="top", fontsize=7, color=MUTED)
        return given


def _one(ax: Axes) -> Array:
    given = np.empty(1, dtype=object)
    given[0] = ax
    return given


def plain(ax: Axes) -> None:
    """Leave the lower and the left axis of a plot, with small figures."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(labelsize=8, colors=INK)


def finished(panels: Any) -> Any:
    """Give back what was drawn, with fonts for every text, and in a figure of its own that is just large enough."""
    from matplotlib.text import Text

    first = panels.flat[0] if isinstance(panels, np.ndarray) else panels
    readable(first.figure)
    if first.figure.get_gid() == _OURS:
        for text in first.figure.findobj(Text):
            text.set_parse_math(False)  # a dollar is a dollar
        with measuring():
            _fit(first.figure)
    return panels


def _fit(figure: Any) -> None:
    """Give a figure the room that its legends and labels need: no text is cut, and no band is left empty below."""
    renderer = figure.canvas.get_renderer()
    dots = figure.dpi
    width, height = figure.get_size_inches()
    boxes = [ax.get_tightbbox(renderer) for ax in figure.axes]
    notes = [text for text in figure.texts if text.get_va() == "bottom"]
    foot = max([_EDGE / 2, *(text.get_window_extent(renderer).y1 / dots + 0.08 for text in notes)])
    more_left = max(0.0, 0.05 - min(box.x0 for box in boxes) / dots)
    more_right = max(0.0, max(box.x1 for box in boxes) / dots + 0.08 - width)
    more_below = foot - min(box.y0 for box in boxes) / dots
    wide, tall = width + more_left + more_right, height + more_below
    figure.set_size_inches(wide, tall)
    for ax in figure.axes:
        place = ax.get_position(original=True)
        ax.set_position(
            (
                (place.x0 * width + more_left) / wide, (place.y0 * height + more_below) / tall,
                place.width * width / wide, place.height * height / tall,
            )
        )  # fmt: skip
    for text in figure.texts:
        x, y = text.get_position()
        below = 0.0 if text in notes else more_below
        text.set_position((x * width / wide, (y * height + below) / tall))
