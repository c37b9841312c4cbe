"""How every figure looks, and how it is written so that the same figure is the same file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import OptionError
from spatialhealth.maps.fonts import measuring

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BAND",
    "BORDER",
    "DIVERGING",
    "DOTS",
    "EDGE",
    "FOCUS",
    "INK",
    "MISSING",
    "MUTED",
    "NEUTRAL",
    "NEUTRAL_BARS",
    "OKABE_ITO",
    "SEQUENTIAL",
    "figure_of",
    "in_the",
    "new_figure",
    "png",
    "save",
    "source_of",
]

SEQUENTIAL = "viridis_r"  # light is low; told apart by colour-blind readers and in grey
DIVERGING = "RdBu"  # red is negative, blue is positive
NEUTRAL = "#f7f7f7"  # exactly zero, between the two arms
MISSING = "#e4e4e4"
BORDER = "#4d4d4d"
INK = "#1a1a1a"
MUTED = "#5c5c5c"
EDGE = "#9a9a9a"  # of what is hatched
FOCUS = "#D55E00"  # the one thing that a figure is about
BAND = "#c3d3e4"  # of an interval around a line
# Okabe and Ito's, in an order that alternates dark and light, so that neighbours differ in grey too; with grey in
# place of their yellow, which white paper swallows
OKABE_ITO = ("#000000", "#D55E00", "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#CC79A7", "#999999")
NEUTRAL_BARS = "#bdbdbd"
DOTS = 200  # an inch


def new_figure(width: float, height: float) -> Figure:
    """Give an empty figure, in inches, that no pyplot knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def in_the(horizon: str) -> str:
    """Give " in the short run" for "short-run", nothing for a model without horizons."""
    return f" in the {horizon.replace('-', ' ')}" if horizon else ""


def figure_of(drawn: Any) -> Figure:
    """Give the figure of what a function of this folder gave.

    Parameters
    ----------
    drawn : matplotlib Axes, array of Axes, or Figure

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError
        If it is none of these.
    """
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if isinstance(drawn, Figure):
        return drawn
    first = drawn
    while isinstance(first, (list, tuple)) or hasattr(first, "ravel"):
        flat = list(first.ravel()) if hasattr(first, "ravel") else list(first)
        first = flat[0] if flat else None
    if isinstance(first, Axes):
        figure: Any = first.figure.figure  # that of a part of a figure is the whole
        return figure  # type: ignore[no-any-return]
    raise OptionError(
        f"A picture is made of Axes, an array of them, or a Figure; this is {type(drawn).__name__}. Give what a "
        "function of spatialhealth.maps gave."
    )


def png(drawn: Any, dpi: int = DOTS) -> bytes:
    """Give what was drawn as a PNG whose bytes depend on the picture only.

    Parameters
    ----------
    drawn : matplotlib Axes, array of Axes, or Figure
        The whole figure is written.
    dpi : int, default 200
        Dots an inch.

    Returns
    -------
    bytes

    Raises
    ------
    OptionError
        If it is no picture.

    Examples
    --------
    >>> from spatialhealth.maps.style import new_figure
    >>> png(new_figure(1, 1))[1:4]
    b'PNG'
    """
    buffer = io.BytesIO()
    # matplotlib would write its own version into the file
    with measuring():
        figure_of(drawn).savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def save(drawn: Any, path: Any, dpi: int = DOTS) -> Path:
    """Write what was drawn as a PNG whose bytes depend on the picture only.

    Parameters
    ----------
    drawn : matplotlib Axes, array of Axes, or Figure
        The whole figure is written.
    path : path-like
    dpi : int, default 200
        Dots an inch.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    OptionError
        If it is no picture.
    """
    written = Path(path)
    if written.suffix.lower() != ".png":
        raise OptionError(
            f"maps.save writes PNG, and {written.name!r} ends otherwise. For PDF or SVG: ax.figure.savefig(path)."
        )
    written.write_bytes(png(drawn, dpi))
    return written


def source_of(note: str | None, *sources: Any) -> str | None:
    """Give the note under a figure: the one asked for, or what the data say of where they come from.

    Parameters
    ----------
    note : str or None
        The note asked for.
    *sources : str, or anything with ``attrs["source"]``
        What the figure is made from.

    Returns
    -------
    str or None
    """
    if note is not None:
        return note
    said = [
        (thing if isinstance(thing, str) else str(getattr(thing, "attrs", {}).get("source", ""))).strip()
        for thing in sources
    ]
    simulated = ["Simulated data."] if "simulated" in map(str.lower, said) else []
    named = [
        f"Source: {source.rstrip('.')}."
        for source in dict.fromkeys(said)
        if source.lower() not in ("", "simulated")
    ]
    return " ".join([*simulated, *named]) or None
