"""Several maps with one scale, side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import LabelError, OptionError
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.marks import decorate
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import INK, source_of

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["compare"]

_WIDE, _LEGEND, _LINE = 2.6, 1.9, 0.17  # inches


def compare(
    frame: gpd.GeoDataFrame,
    values: Mapping[str, Any],
    *,
    label: str | None = None,
    across: int = 3,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    diverging: bool | None = None,
    title: str | None = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Any = None,
) -> Array:
    """Map several values in the same classes, so that colours can be compared from map to map.

    Parameters
    ----------
    frame : GeoDataFrame
        Polygons or points, one row a unit, indexed by unit, in any order.
    values : dict of str to Series or str
        By heading, what each map shows: values by unit, or the name of a column of `frame`; such as one period or one
        scenario each.
    label : str, optional
        What the values are, with their unit; heads the one legend, which counts the units of all maps.
    across : int, default 3
        Maps in a row at most.
    scheme, k, diverging
        Classes of all values together; see `spatialhealth.maps.classify`.
    title, note : str, optional
        The note is the source, by default what values and frame say of it.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north, on the first map.
    ax : sequence of matplotlib Axes, optional
        Where to draw, one a map; those of a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes
        One a map, in the order of `values`.

    Raises
    ------
    LabelError
        If `values` is no dict.
    OptionError
        If it is empty, or `across` no positive whole number.
    AlignmentError, DuplicateError, GeometryError
        If values and frame do not fit each other.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> years = {str(year): panel["digital"].xs(year, level="year") for year in (2011, 2021)}
    >>> [ax.get_title(loc="left") for ax in sh.maps.compare(cities, years)]
    ['2011', '2021']
    """
    if not isinstance(values, Mapping):
        raise LabelError(
            f"maps.compare needs a dict of heading to values; it is {type(values).__name__}. Of a panel: "
            "{str(period): series.xs(period, level=1) for period in periods}."
        )
    if not values:
        raise OptionError("maps.compare: there is nothing to map: values is empty.")
    if not isinstance(across, int) or isinstance(across, bool) or across < 1:
        raise OptionError(f"maps.compare: across={across!r} must be a positive whole number.")
    columns = [aligned(frame, column).to_numpy(dtype=float) for column in values.values()]
    together = np.concatenate(columns)
    classes = classify(together, scheme, k, diverging)
    layer = Layer.of(frame)
    heads = [textwrap.wrap(str(name), int(_WIDE * 13)) for name in values]
    head = 0.1 + _LINE * max(map(len, heads))
    sheet = Sheet(_WIDE, _WIDE * layer.ratio, len(heads), across, head=head, below=0.05, right=_LEGEND)
    panels = sheet.panels(
        "compare",
        ax,
        title,
        source_of(note, *(one for one in values.values() if not isinstance(one, str)), frame),
    )
    for panel, lines, column in zip(panels, heads, columns, strict=True):
        panel.set_title("\n".join(lines), loc="left", fontsize=9.5, color=INK, pad=3)
        layer.draw(panel, column, classes)
    layer.legend(
        panels[sheet.columns - 1], together, classes, label or "", maps=len(panels), loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    decorate(panels[0], layer, scale_bar, north)
    return finished(panels)  # type: ignore[no-any-return]
