"""How a change in one city travels: the column of the multiplier on the map, and its sums ring by ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, true_minus
from spatialhealth._typing import Array
from spatialhealth.impacts import Spread, impacts, spread
from spatialhealth.impacts.effects import Impacts
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.layer import Layer, aligned, uncertain
from spatialhealth.maps.marks import decorate, names_of, write_names
from spatialhealth.maps.sheet import Sheet, finished, plain
from spatialhealth.maps.style import BORDER, FOCUS, INK, MUTED, in_the, source_of

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["spillover"]

_WIDE, _TALLEST = 4.1, 4.6  # inches


def spillover(
    model: Any,
    frame: gpd.GeoDataFrame,
    city: Any,
    *,
    variable: str,
    rings: int = 3,
    change: float = 1.0,
    names: Any = None,
    scheme: Scheme | Any = "decades",
    k: int = 5,
    title: str | None = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Any = None,
) -> Array:
    """Map what a change in one city does in all others, with its sum over the first, second, ... neighbours.

    Parameters
    ----------
    model : fitted estimator or Impacts
        See `spatialhealth.impacts.spread`, which gives the numbers behind the picture.
    frame : GeoDataFrame
        The units of the model, indexed by unit, in any order.
    city : label
        Where the change is.
    variable : str
        Regressor that changes.
    rings : int, default 3
        Orders of neighbours that are counted apart; the outlines of the rings are drawn for polygons.
    change : float, default 1.0
        Of the regressor, in its own units.
    names : bool, str, Series or list of labels, optional
        What to write at the units; see `choropleth`. The city is named anyway.
    scheme, k
        Classes of the effects outside of the city, whose own effect is of another size; by default powers of ten, as
        effects fade by a factor from ring to ring.
    title, note : str, optional
        By default what is drawn, and what the data say of their source.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north.
    ax : sequence of two matplotlib Axes, optional
        Where to draw map and sums; those of a new figure by default.

    Returns
    -------
    ndarray of two matplotlib Axes
        The map, and the sum of the effects by ring with its interval.

    Raises
    ------
    AlignmentError
        If the model has no such city, or the units of the frame are not those of the model.
    OptionError, LabelError
        As `spatialhealth.impacts.spread` and `classify` do.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)
    >>> area, sums = sh.maps.spillover(model, cities, "Wuhan", variable="log(tertiary)")
    >>> [label.get_text().splitlines()[0] for label in sums.get_yticklabels()]
    ['Wuhan', 'ring 1', 'ring 2', 'ring 3', 'beyond']
    """
    effects = model if isinstance(model, Impacts) else impacts(model)
    found = spread(effects, city, variable, rings, change)
    values, low, high = (
        aligned(frame, found.cities[name]).to_numpy() for name in ("effect", "ci_low", "ci_high")
    )
    ring = found.cities["ring"].reindex(frame.index).to_numpy()
    layer = Layer.of(frame)
    others = np.where(ring == 0, np.nan, values)
    classes = classify(others, scheme, k)
    tall = min(_WIDE * layer.ratio, _TALLEST)
    where = f"{effects.result.response}{in_the(effects.horizon)}"
    asked = f"A change of {variable} by {change:g} in {city}: effects on {where}"
    said = title if title is not None else asked
    sheet = Sheet(_WIDE, tall, 2, 2, right=0.2, gap=1.0, below=0.3)
    panels = sheet.panels("spillover", ax, said, source_of(note, effects.result.source, frame))
    faint = uncertain(low, high)
    layer.draw(panels[0], others, classes, faint)
    _outlines(panels[0], frame, layer, ring)
    own = layer.centres[ring == 0]
    panels[0].scatter(
        own[:, 0], own[:, 1], s=90, marker="*", color=FOCUS, edgecolors="white", linewidths=0.6, zorder=6
    )
    layer.legend(
        panels[0], others, classes, f"Effect on {where}", f"{city}: {number(float(values[ring == 0][0]))}",
        faint=faint & (ring != 0), loc="upper left", bbox_to_anchor=(0.0, -0.01),
    )  # fmt: skip
    decorate(panels[0], layer, scale_bar, north)
    written = names_of(frame, [city] if names in (None, False) else names, frame.index)
    at = frame.index.get_indexer(written.index)
    write_names(
        panels[0], layer.centres[at], list(written), np.where(ring[at] == 0, np.inf, np.abs(values[at]))
    )
    _sums(panels[1], found, effects.level)
    return finished(panels)  # type: ignore[no-any-return]


def _outlines(ax: Any, frame: Any, layer: Layer, ring: Array) -> None:
    """Draw a line around all that each ring and those within it hold, if the units are polygons."""
    import shapely
    from matplotlib import patheffects
    from matplotlib.collections import LineCollection

    if isinstance(layer.paths, np.ndarray):
        return
    shapes = layer.display.shown(frame.geometry)
    for step in range(1, int(ring.max()) + 1):
        inside = shapes[(ring >= 0) & (ring <= step) & ~layer.empty]
        line = shapely.boundary(shapely.union_all(shapely.make_valid(inside)))
        parts = [shapely.get_coordinates(part) for part in shapely.get_parts(line)]
        wide = 1.5 - 0.25 * min(step, 4)
        halo = [patheffects.withStroke(linewidth=wide + 1.4, foreground="white")]
        lines = LineCollection(
            parts, colors=INK, linewidths=wide, zorder=4, gid=f"ring {step}", path_effects=halo
        )
        ax.add_collection(lines, autolim=False)


def _sums(ax: Any, found: Spread, level: float) -> None:
    """Draw the sum over each ring as a bar, with its interval."""
    table = found.rings
    y = np.arange(len(table))
    ax.barh(y, table["effect"], color=[FOCUS, *["#56B4E9"] * (len(table) - 1)], height=0.62, linewidth=0)
    ax.hlines(y, table["ci_low"], table["ci_high"], color=INK, linewidth=1.2)
    ax.axvline(0.0, color=BORDER, linewidth=0.8)
    heads = [str(found.city), *(f"ring {name}" if name != "beyond" else name for name in table.index[1:])]
    units = [f"{count:,} unit{'s' if count > 1 else ''}" for count in table["units"]]
    ax.set_yticks(y, [f"{head}\n{count}" for head, count in zip(heads, units, strict=True)])
    ax.invert_yaxis()
    plain(ax)
    ax.tick_params(axis="y", length=0)
    for place, (high, effect, share) in enumerate(
        zip(table["ci_high"], table["effect"], table["share"], strict=True)
    ):
        ax.annotate(
            f"{share:.0%}" if np.isfinite(share) else "", (max(high, effect, 0.0), place), (4, 0),
            textcoords="offset points", va="center",
            fontsize=7.5, color=MUTED,
        )  # fmt: skip
    ax.margins(x=0.14)
    total = true_minus(number(float(table["effect"].sum())))
    ax.set_xlabel(
        f"Sum of the effects, {level:.0%} interval\nand share of all, {total}", fontsize=8.5, color=INK
    )
