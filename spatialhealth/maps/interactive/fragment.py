"""A map to move about in, as a piece of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spatialhealth._validation import check_positive
from spatialhealth.errors import DuplicateError, LabelError, OptionError, did_you_mean, some
from spatialhealth.imbalance.lisa import Clusters
from spatialhealth.maps.classes import Scheme
from spatialhealth.maps.interactive.markup import written
from spatialhealth.maps.interactive.outlines import outlines
from spatialhealth.maps.interactive.theme import Theme, paint
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.style import source_of

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
    """Give a map with pan, zoom, hover, search, legend and table as a fragment of HTML.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit.
    columns : dict of str to Series, Clusters or Theme; DataFrame; or list of str or Theme
        What can be shown, by name: numbers, names of LISA clusters or of other kinds of units, by unit in any order;
        or names of columns of `layer`. A `Theme` says more of one: its group in the menu, what it means, what of
        it is uncertain. A menu chooses among several.
    labels : dict of str to str, optional
        What a column is called in menu, legend and table, with its unit.
    names : str or Series, optional
        What the units are called; by default their ids. Hover, search and table show both; a name that opens with the
        id, as "Ankang, Shaanxi" does of "Ankang", stands alone.
    scheme, k, diverging
        Classes of each column of numbers; see `spatialhealth.maps.classify`.
    title : str, default ""
        Above the map.
    note : str, optional
        Source, beside it; by default what columns and layer say of it.
    height : int, default 520
        Pixels that the map is high at most; it has the proportions of the layer, and fits the width of the page.

    Returns
    -------
    str
        A ``<div>`` with its style and script. Several on one page do not disturb each other. The same input gives the
        same text.

    Raises
    ------
    LabelError
        If `columns` is none of these.
    OptionError
        If there is no column, a label is of none of them, a column has too many kinds of units, or height is no
        positive whole number.
    DuplicateError
        If a column stands twice.
    AlignmentError, GeometryError, MissingDataError, NonNumericError, NonFiniteError
        If columns and layer do not fit each other, or cannot be mapped.

    Notes
    -----
    Borders are thinned so far that all units together have no more than 60,000 corners; neighbours share what is left
    of each. Without a script the first column, its legend and the table are there. By keyboard: arrows, plus and
    minus, 0 for the whole map, n and p from unit to unit. Nothing is fetched: the page works offline, in a
    sandboxed frame, and from a file.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> fragment = interactive_map(cities, ["population"], {"population": "Inhabitants"})
    >>> "http" in fragment
    False
    """
    check_positive("interactive_map", "height", height, integer=True)
    given = _given(columns, dict(labels or {}))
    shown = Layer.of(layer)
    options = {"scheme": scheme, "k": k, "diverging": diverging}
    themes = [paint(layer, shown.empty, theme, options) for theme in given]
    said = source_of(note, *map(_source, given), columns, layer) or ""
    return written(outlines(shown), _called(layer, names), themes, title, said, int(height))


def _given(columns: Any, labels: dict[str, str]) -> list[Theme]:
    """Give what can be shown, each with its label."""
    import pandas as pd

    if isinstance(columns, (str, Theme)):
        columns = [columns]
    if isinstance(columns, pd.DataFrame):
        columns = {str(name): columns[name] for name in columns.columns}
    if isinstance(columns, (list, tuple)):
        said = [each.label if isinstance(each, Theme) else str(each) for each in columns]
        twice = [name for name in dict.fromkeys(said) if said.count(name) > 1]
        if twice:
            raise DuplicateError(f"interactive_map: columns stand more than once: {some(twice)}.")
        columns = dict(zip(said, columns, strict=True))
    if not isinstance(columns, Mapping):
        raise LabelError(
            "interactive_map needs a dict of name to Series, a DataFrame, names of columns of the layer, or Themes; "
            f"it is {type(columns).__name__}."
        )
    if not len(columns):
        raise OptionError("interactive_map: there is no column to show. Give one at least.")
    unknown = [name for name in labels if name not in columns]
    if unknown:
        raise OptionError(
            f"interactive_map: labels of {some(unknown)}, which are no columns.{did_you_mean(unknown[0], columns)} "
            f"The columns are: {some(columns)}."
        )
    return [_theme(str(name), values, labels.get(name, "")) for name, values in columns.items()]


def _theme(name: str, values: Any, label: str) -> Theme:
    theme = values if isinstance(values, Theme) else Theme(values)
    return replace(theme, label=label or theme.label or name)


def _source(theme: Theme) -> Any:
    """Give what may say where a theme comes from."""
    if isinstance(theme.values, Clusters):
        return theme.values.source
    return None if isinstance(theme.values, str) else theme.values


def _called(layer: Any, names: Any) -> list[str]:
    """Give what the units are called, with their ids where the names do not open with these."""
    ids = [str(label) for label in layer.index]
    if names is None:
        return ids
    series = aligned(layer, names)
    called = [label if name != name else str(name) for label, name in zip(ids, series, strict=True)]
    return [
        name if name == label or name.startswith(f"{label}, ") else f"{name} ({label})"
        for name, label in zip(called, ids, strict=True)
    ]
