"""A figure of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Drawing"]


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure and what is written about it.

    Parameters
    ----------
    name : str
        Name of its file, without ending.
    figure : matplotlib Axes, array of Axes, or Figure
    caption : str
    text : str
        What the figure shows, for those who cannot see it.
    """

    name: str
    figure: Any
    caption: str
    text: str
