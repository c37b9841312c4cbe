"""What is in reach of each place, and whose market it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.catchment_result import CatchmentResult
from spatialhealth.attraction.huff_result import ChoiceShares
from spatialhealth.errors import (
    AlignmentError,
    CoordinateSystemError,
    LabelError,
    OptionError,
    did_you_mean,
    some,
)
from spatialhealth.maps.choropleth import BESIDE, map_axes
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.marks import decorate, names_of, write_names
from spatialhealth.maps.sheet import finished
from spatialhealth.maps.style import FOCUS, INK, source_of

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = ["catchment"]

_NOBODY = "no supply in reach"


def catchment(
    frame: gpd.GeoDataFrame,
    result: CatchmentResult | ChoiceShares | Any,
    supply: gpd.GeoDataFrame | None = None,
    *,
    tier: str | None = None,
    label: str | None = None,
    names: Any = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    title: str | None = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Map accessibility (floating catchments), or market areas and how firmly they are held (Huff's model).

    Parameters
    ----------
    frame : GeoDataFrame
        The places of demand, polygons or points, indexed by place, in any order.
    result : CatchmentResult, ChoiceShares or fitted estimator
        - what `FloatingCatchment.fit` found (the estimator, or its `result_`): the map shows accessibility;
        - what `HuffModel.predict` gave: the map shows the share of the hospital that each place chooses most, and
          heavy lines part the market areas of different hospitals (between points: a line from each to its hospital).
    supply : GeoDataFrame, optional
        The hospitals, drawn as points. Of market areas, those that lead somewhere, and it is needed if the places are
        points.
    tier : str, optional
        Of floating catchments with tiers: the tier whose supply counts.
    label : str, optional
        Heads the legend.
    names : bool, str, Series or list of labels, optional
        What to write at the hospitals drawn; see `choropleth`.
    scheme, k
        Classes; see `spatialhealth.maps.classify`.
    title, note : str, optional
        The note is the source, by default what frame and supply say of it.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    LabelError
        If `result` is neither.
    AlignmentError
        If places or hospitals are not those of the result.
    OptionError
        If there is no such tier, or supply is needed.
    CoordinateSystemError
        If one of frame and supply has a coordinate reference system and the other none.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, hospitals = sh.datasets.load_cities(), sh.datasets.load_hospitals()
    >>> tertiary = hospitals[hospitals["tier"] == "tertiary"].groupby("city").head(1)
    >>> cost = sh.attraction.GeodesicCost(minimum=1_000)
    >>> model = sh.attraction.HuffModel(cost=cost, cutoff=900_000, params={"beds": 0.9, "decay": 1.7})
    >>> shares = model.predict(cities, tertiary)
    >>> ax = sh.maps.catchment(cities, shares, tertiary)
    >>> print(ax.get_legend().get_title().get_text().splitlines()[0])
    Share of the first choice
    """
    found = result.result_ if not isinstance(result, ChoiceShares) and hasattr(result, "result_") else result
    if isinstance(found, CatchmentResult):
        values, missing, leaders = _accessibility(found, tier), _NOBODY, None
        head = (
            label if label is not None else f"Accessibility ({found.method}" + (f", {tier})" if tier else ")")
        )
    elif isinstance(found, ChoiceShares):
        if tier is not None:
            raise OptionError(
                "maps.catchment: tier= is for floating catchments. Predict with the supply of one tier."
            )
        areas = found.market_areas()
        values, missing, leaders = areas["share"].where(areas["reachable"]), _NOBODY, areas["supply"]
        head = label if label is not None else "Share of the first choice"
    else:
        raise LabelError(
            "maps.catchment needs what FloatingCatchment.fit or HuffModel.predict gives; it is "
            f"{type(result).__name__}."
        )
    series = aligned(frame, values)
    layer = Layer.of(frame)
    classes = classify(series, scheme, k)
    ax = map_axes("catchment", ax, layer, title, source_of(note, supply, frame))
    layer.draw(ax, series.to_numpy(), classes)
    led = None if leaders is None else leaders.reindex(frame.index).to_numpy()
    hospitals = _hospitals(found, supply, led)
    if led is not None:
        count = len({one for one in led if one is not None})
        head = f"{head}\n{count:,} market areas"
        _areas(ax, frame, layer, led, hospitals)
    layer.legend(ax, series.to_numpy(), classes, head, missing, **BESIDE)
    decorate(ax, layer, scale_bar, north)
    if hospitals is not None:
        _points(ax, layer, hospitals, names, led)
    return finished(ax)  # type: ignore[no-any-return]


def _accessibility(found: CatchmentResult, tier: str | None) -> Any:
    """Give accessibility by place, missing where no supply is in reach."""
    import pandas as pd

    known = [name for name in found.accessibility if name]
    if tier is not None and tier not in known:
        there = (
            f"There are: {some(known)}." if known else "Fit with FloatingCatchment(tier=...) to have some."
        )
        raise OptionError(f"maps.catchment: there is no tier {tier!r}.{did_you_mean(tier, known)} {there}")
    values = pd.Series(found.accessibility[tier or ""], index=found.demand)
    return values.where(found.reachable[tier or ""])


def _hospitals(found: Any, supply: Any, led: Array | None) -> Any:
    """Give the hospitals to draw: all, or those that lead somewhere."""
    if supply is None:
        return None
    known = found.supply if isinstance(found, CatchmentResult) else found.pairs.supply
    absent = known.difference(supply.index, sort=False)
    if len(absent):
        raise AlignmentError(
            f"maps.catchment: the supply lacks {len(absent)} hospitals of the result: {some(absent)}. Give the layer "
            "that the result was made from."
        )
    kept = list(known) if led is None else sorted({one for one in led if one is not None}, key=str)
    return supply.loc[kept]


def _areas(ax: Axes, frame: Any, layer: Layer, led: Array, hospitals: Any) -> None:
    """Part market areas by heavy lines; join points to their hospital."""
    import shapely
    from matplotlib.collections import LineCollection

    labels = sorted({one for one in led if one is not None}, key=str)
    if isinstance(layer.paths, np.ndarray):
        if hospitals is None:
            raise OptionError(
                "maps.catchment: the places are points, between which no line can part market areas. Give supply=, "
                "the layer of the hospitals, and each place is joined to its own."
            )
        place = dict(zip(hospitals.index, _placed(layer, hospitals), strict=True))
        ways = [(at, place[one]) for at, one in zip(layer.centres, led, strict=True) if one is not None]
        ax.add_collection(
            LineCollection(ways, colors=INK, linewidths=0.5, zorder=2, gid="ways"), autolim=False
        )
        return
    shapes = layer.display.shown(frame.geometry)
    lines: list[Array] = []
    for one in labels:
        mine = np.array([leader == one for leader in led]) & ~layer.empty
        if mine.any():
            border = shapely.boundary(shapely.union_all(shapely.make_valid(shapes[mine])))
            lines += [shapely.get_coordinates(part) for part in shapely.get_parts(border)]
    ax.add_collection(LineCollection(lines, colors=INK, linewidths=1.3, zorder=3, gid="areas"), autolim=False)


def _placed(layer: Layer, points: Any) -> Array:
    """Give points of another layer in the coordinates of the map."""
    import shapely

    if (points.crs is None) != (layer.display.crs is None):
        raise CoordinateSystemError(
            "maps.catchment: one of frame and supply has a coordinate reference system and the other has none. Set "
            "it with set_crs(...)."
        )
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(layer.display.shown(points.geometry))))


def _points(ax: Axes, layer: Layer, hospitals: Any, names: Any, led: Array | None) -> None:
    points = _placed(layer, hospitals)
    size = float(np.clip(2500 / max(len(points), 1), 3, 26))
    ax.scatter(
        points[:, 0],
        points[:, 1],
        s=size,
        color=FOCUS,
        edgecolors="white",
        linewidths=0.4,
        zorder=4,
        gid="supply",
    )
    if names is None or names is False:
        return
    written = names_of(hospitals, names, hospitals.index)
    at = hospitals.index.get_indexer(written.index)
    rank = np.zeros(len(hospitals))
    if led is not None:
        rank = np.array([sum(one == leader for leader in led) for one in hospitals.index], dtype=float)
    write_names(ax, points[at], list(written), rank[at], marks=points)
