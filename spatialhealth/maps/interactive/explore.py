"""A page with a map to move about in: to open in a browser, to send by mail, to see in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import OptionError
from spatialhealth.imbalance.lisa import Clusters
from spatialhealth.maps.classes import Scheme
from spatialhealth.maps.interactive.fragment import interactive_map
from spatialhealth.maps.interactive.theme import Theme

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["InteractiveMap", "explore"]

_STYLE = (
    "body{margin:16px;background:#fff;color:#1a1a1a;font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,"
    "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif}main{max-width:1200px;margin:0 auto}"
    "h1{font-size:1.35em;line-height:1.25;margin:0 0 .4em}@media print{@page{margin:16mm}body{margin:0}}"
)
_AROUND = 240  # pixels of a notebook's frame above and below the map


@dataclass(frozen=True, eq=False)
class InteractiveMap:
    """A map to move about in.

    Parameters
    ----------
    fragment : str
        The map, to stand on a page of one's own.
    title : str
        Of the page.
    height : int
        Of the map at most, in pixels.
    """

    fragment: str
    title: str
    height: int

    @property
    def html(self) -> str:
        """The whole page, which needs no other file and no network."""
        title = html.escape(self.title)
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n"
            f"<body><main>\n<h1>{title}</h1>\n{self.fragment}</main></body></html>\n"
        )

    def save(self, path: Any) -> Path:
        """Write the page.

        Parameters
        ----------
        path : path-like
            Ends in .html.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        OptionError
            If the path does not end in .html.
        """
        written = Path(path)
        if written.suffix.lower() not in (".html", ".htm"):
            raise OptionError(f"InteractiveMap.save: {written.name!r} must end in .html, for it is a page.")
        written.write_text(self.html, encoding="utf-8", newline="\n")
        return written

    def _repr_html_(self) -> str:
        # a frame of its own: a notebook runs no script that is put into its page
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="{html.escape(self.title)}" '
            f'sandbox="allow-scripts allow-downloads" style="width:100%;height:{self.height + _AROUND}px;border:0">'
            "</iframe>"
        )

    def __repr__(self) -> str:
        return f"<InteractiveMap {self.title!r}, {len(self.html) / 1e6:.2f} MB: .save('map.html')>"


def explore(
    frame: gpd.GeoDataFrame,
    values: Any,
    *,
    label: str | None = None,
    labels: Mapping[str, str] | None = None,
    names: Any = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    diverging: bool | None = None,
    title: str = "",
    note: str | None = None,
    height: int = 520,
) -> InteractiveMap:
    """Make a page with a map to move about in: pan, zoom, hover, search, classes to single out, values as a table.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit.
    values : Series, str, Clusters or Theme; dict of str to these, DataFrame, or list of str or Theme
        Values by unit in any order: numbers, names of LISA clusters or of other kinds of units; or the name of a
        column of `frame`; or several of them, with a menu. A `Theme` says more of one.
    label : str, optional
        What a single column is, with its unit; its name by default.
    labels : dict of str to str, optional
        The same for several columns.
    names : str or Series, optional
        What the units are called; by default their ids.
    scheme, k, diverging
        Classes of each column; see `spatialhealth.maps.classify`.
    title : str, default ""
    note : str, optional
        Source; by default what values and frame say of it.
    height : int, default 520
        Pixels that the map is high at most; it has the proportions of the frame, and fits the width of the window.

    Returns
    -------
    InteractiveMap
        `.save(path)`, `.html`, `.fragment`; a notebook shows it.

    Raises
    ------
    OptionError
        If label is given for several columns; see also `interactive_map`.
    LabelError, AlignmentError, DuplicateError, GeometryError, MissingDataError, NonNumericError, NonFiniteError
        If values and frame do not fit each other, or cannot be mapped.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> page = sh.maps.explore(sh.datasets.load_cities(), "population", title="Chinese cities")
    >>> page.html.count("<script")
    2
    """
    import pandas as pd

    columns = values
    if isinstance(values, pd.Series):
        columns = {str(values.name) if values.name is not None else "value": values}
    elif isinstance(values, Clusters):
        columns = {f"Clusters of {values.name}": values}
    elif isinstance(values, (str, Theme)):
        columns = [values]
    if label is not None:
        if len(columns) != 1 or labels:
            raise OptionError("explore: label= is of one column. Give labels={column: text} for several.")
        only = next(iter(columns))
        labels = {only.label if isinstance(only, Theme) else str(only): label}
    fragment = interactive_map(
        frame, columns, labels, names=names, scheme=scheme, k=k, diverging=diverging, note=note, height=height,
    )  # fmt: skip
    return InteractiveMap(fragment, title or "Map", int(height))
