"""One page that needs nothing else: figures and a small script are inside. It is given figures and draws none."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

from spatialhealth.report.regression import RegressionTable
from spatialhealth.report.tables import Table

if TYPE_CHECKING:
    from spatialhealth.report.atlas import Atlas

__all__ = ["Page", "Picture", "Section", "page"]


@dataclass(frozen=True)
class Picture:
    """A figure as it stands on the page.

    Parameters
    ----------
    png : bytes
    caption : str
    text : str
        What it shows, for those who cannot see it.
    name : str
        Name of its file, without ending.
    """

    png: bytes
    caption: str
    text: str
    name: str

    @property
    def address(self) -> str:
        """The figure itself, as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in dots, as the head of a PNG says."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width, height


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Parameters
    ----------
    name : str
        Where links within the page point to.
    title : str
    help : str
        How to read it.
    facts : mapping of str to str
        Names and values.
    sentences, warnings : sequence of str
    paragraphs : sequence of str
        What is too long for a list.
    tables : sequence of Table or RegressionTable
    pictures : sequence of Picture
    listings : mapping of str to str
        Commands and files, by what they are.
    folded : sequence of Table or RegressionTable
        Tables that are shown on request.
    atlas : Atlas, optional
        A map to look around in.
    references : sequence of str
        What is cited.
    """

    name: str
    title: str
    help: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    sentences: Sequence[str] = ()
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table | RegressionTable] = ()
    pictures: Sequence[Picture] = ()
    listings: Mapping[str, str] = field(default_factory=dict)
    folded: Sequence[Table | RegressionTable] = ()
    atlas: Atlas | None = None
    references: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """A page.

    Parameters
    ----------
    title : str
    author, question : str
    simulated : bool
        Whether the data are simulated, which the page says at its head.
    sections : sequence of Section
    """

    title: str
    author: str
    question: str
    simulated: bool
    sections: Sequence[Section]


def page(content: Page) -> str:
    """Write a page.

    Parameters
    ----------
    content : Page

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import BaseLoader, Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=BaseLoader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates = files("spatialhealth.report") / "templates"

    def part(name: str) -> Markup:
        return Markup((templates / name).read_text(encoding="utf-8"))  # the package's own, not the study's

    def shown(table: Table | RegressionTable) -> Markup:
        return Markup(table.to_html())  # a Table escapes its own cells

    written: str = environment.from_string(part("report.html")).render(
        page=content, shown=shown, part=part, plain=Markup
    )
    return written
