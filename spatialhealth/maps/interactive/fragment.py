"""A map to move about in, as a piece of HTML that needs nothing else."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, true_minus
from spatialhealth._validation import check_positive
from spatialhealth.errors import DuplicateError, LabelError, OptionError, did_you_mean, some
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.interactive.shapes import drawn
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.style import MISSING, source_of

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["interactive_map"]


def interactive_map(
    layer: gpd.GeoDataFrame,
    columns: Any,
    labels: Mapping[str, str] | None = None,
    *,
    names: Any = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    diverging: bool | None = None,
    title: str = "",
    note: str | None = None,
    height: int = 520,
) -> str:
    """Give a map with pan, zoom, hover, search and legend as a fragment of HTML.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit.
    columns : dict of str to Series, DataFrame, or list of str
        What can be shown, by name: values by unit in any order; or names of columns of `layer`. A menu chooses among
        several.
    labels : dict of str to str, optional
        What a column is called in menu, legend and hover, with its unit.
    names : str or Series, optional
        What the units are called; by default their ids. Hover and search show both.
    scheme, k, diverging
        Classes of each column; see `spatialhealth.maps.classify`.
    title : str, default ""
        Above the map.
    note : str, optional
        Source, below it; by default what columns and layer say of it.
    height : int, default 520
        Of the map, in pixels.

    Returns
    -------
    str
        ``<style>``, a ``<div>`` and a ``<script>``. Several on one page do not disturb each other. The same input
        gives the same text.

    Raises
    ------
    LabelError
        If `columns` is none of these.
    OptionError
        If there is no column, a label is of none of them, or height is no positive whole number.
    DuplicateError
        If a column stands twice.
    AlignmentError, GeometryError, MissingDataError, NonNumericError, NonFiniteError
        If columns and layer do not fit each other, or cannot be mapped.

    Notes
    -----
    Outlines are on a grid as fine as 1.6 MB allow, so that some 3,000 counties with a handful of columns stay under
    3 MB. Nothing is fetched: the page works offline, in a sandboxed frame, and from a file.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> fragment = interactive_map(cities, ["population"], {"population": "Inhabitants"})
    >>> "http" in fragment.replace("http://www.w3.org/2000/svg", "")
    False
    """
    check_positive("interactive_map", "height", height, integer=True)
    given = _given(layer, columns)
    labels = dict(labels or {})
    unknown = [name for name in labels if name not in given]
    if unknown:
        raise OptionError(
            f"interactive_map: labels of {some(unknown)}, which are no columns.{did_you_mean(unknown[0], given)} The "
            f"columns are: {some(given)}."
        )
    shown = Layer.of(layer)
    shapes = drawn(shown)
    content = {
        "size": shapes.size,
        "points": shapes.points,
        "paths": shapes.paths,
        "ids": [str(label) for label in layer.index],
        "names": _names(layer, names),
        "missing": MISSING,
        "columns": [
            _column(column, labels.get(name, name), shown, scheme, k, diverging)
            for name, column in given.items()
        ],
    }
    said = source_of(note, *(column for column in _sources(columns)), layer) or ""
    data = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    data = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    mark = "shmap" + hashlib.sha256((data + title + said + str(height)).encode()).hexdigest()[:12]
    return _assembled(mark, data, title, said, int(height))


def _given(layer: Any, columns: Any) -> dict[str, Any]:
    """Give the columns by name, each aligned with the layer."""
    import pandas as pd

    if isinstance(columns, str):
        columns = [columns]
    if isinstance(columns, pd.DataFrame):
        columns = {str(name): columns[name] for name in columns.columns}
    if isinstance(columns, (list, tuple)):
        twice = [name for name in dict.fromkeys(columns) if columns.count(name) > 1]
        if twice:
            raise DuplicateError(f"interactive_map: columns stand more than once: {some(twice)}.")
        columns = {str(name): name for name in columns}
    if not isinstance(columns, Mapping):
        raise LabelError(
            "interactive_map needs a dict of name to Series, a DataFrame, or names of columns of the layer; it is "
            f"{type(columns).__name__}."
        )
    if not len(columns):
        raise OptionError("interactive_map: there is no column to show. Give one at least.")
    return {str(name): aligned(layer, values) for name, values in columns.items()}


def _sources(columns: Any) -> list[Any]:
    """Give what may say where the data come from."""
    if isinstance(columns, Mapping):
        return [column for column in columns.values() if not isinstance(column, str)]
    return [columns] if hasattr(columns, "attrs") else []


def _names(layer: Any, names: Any) -> list[str] | None:
    """Give what the units are called; nothing if it is their ids."""
    if names is None:
        return None
    series = aligned(layer, names)
    return [str(label) if value != value else str(value) for label, value in series.items()]


def _column(
    series: Any, label: str, layer: Layer, scheme: Any, k: int, diverging: bool | None
) -> dict[str, Any]:
    """Give what the script needs of a column: the class and the text of each value, and the legend."""
    values = series.to_numpy(dtype=float)
    classes = classify(series, scheme, k, diverging)
    place = classes.place(values)
    counted = place[~layer.empty]
    return {
        "label": label,
        "classes": place.tolist(),
        "texts": [
            ""
            if np.isnan(value)
            else true_minus(f"{value:,.0f}" if value == round(value) else number(float(value)))
            for value in values
        ],
        "colours": list(classes.colours),
        "legend": list(classes.labels),
        "counts": [int((counted == j).sum()) for j in range(len(classes.labels))],
        "absent": int((counted == -1).sum()),
    }


def _assembled(mark: str, data: str, title: str, note: str, height: int) -> str:
    """Put style, elements, data and script together."""
    folder = files("spatialhealth.maps.interactive")
    style = folder.joinpath("map.css").read_text(encoding="utf-8").replace(".shmap", f"#{mark}")
    script = folder.joinpath("map.js").read_text(encoding="utf-8")
    head = f"<h2>{html.escape(title)}</h2>" if title else ""
    foot = f'<p class="note">{html.escape(note)}</p>' if note else ""
    return (
        f'<div id="{mark}" class="shmap"><style>{style}</style>{head}<div class="bar"></div>'
        f'<div class="stage" style="height:{height}px"></div>{foot}'
        f'<script type="application/json">{data}</script>'
        f"<script>({script.strip()})(document.getElementById({json.dumps(mark)}));</script></div>\n"
    )
