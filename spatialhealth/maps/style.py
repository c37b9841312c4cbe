"""How every figure looks, and how it is written so that the same figure is the same file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BAND",
    "BORDER",
    "DIVERGING",
    "DOTS",
    "INK",
    "MISSING",
    "MUTED",
    "NEUTRAL",
    "NEUTRAL_BARS",
    "SEQUENTIAL",
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
BAND = "#c3d3e4"  # of an interval around a line
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


def png(figure: Figure, dpi: int = DOTS) -> bytes:
    """Give a figure as a PNG whose bytes depend on the figure only.

    Parameters
    ----------
    figure : matplotlib Figure
    dpi : int, default 200
        Dots an inch.

    Returns
    -------
    bytes

    Examples
    --------
    >>> from spatialhealth.maps.style import new_figure
    >>> png(new_figure(1, 1))[1:4]
    b'PNG'
    """
    buffer = io.BytesIO()
    # matplotlib would write its own version into the file
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def save(figure: Figure, path: Any, dpi: int = DOTS) -> Path:
    """Write a figure as a PNG whose bytes depend on the figure only.

    Parameters
    ----------
    figure : matplotlib Figure
    path : path-like
    dpi : int, default 200
        Dots an inch.

    Returns
    -------
    Path
        Where it was written.
    """
    written = Path(path)
    written.write_bytes(png(figure, dpi))
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
