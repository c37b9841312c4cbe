"""One page that needs nothing else: no network, no script, figures inside. It is given figures and draws none."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from spatialhealth.report.regression import RegressionTable
from spatialhealth.report.tables import Table

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
    """

    png: bytes
    caption: str
    text: str

    @property
    def address(self) -> str:
        """The figure itself, as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


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
    template = (files("spatialhealth.report") / "templates" / "report.html").read_text(encoding="utf-8")

    def shown(table: Table | RegressionTable) -> Markup:
        return Markup(table.to_html())  # a Table escapes its own cells

    written: str = environment.from_string(template).render(page=content, shown=shown)
    return written
