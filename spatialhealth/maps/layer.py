"""A layer ready to be drawn: aligned with its values, projected, as paths; and its legend."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, DuplicateError, GeometryError, LabelError, OptionError, some
from spatialhealth.maps.classes import Classes
from spatialhealth.maps.display import Display
from spatialhealth.maps.style import BORDER, EDGE, INK, MISSING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["FADED", "UNCERTAIN", "Layer", "aligned", "key", "uncertain"]

UNCERTAIN = "interval includes zero"
FADED = 0.35  # of its colour that an uncertain unit keeps
_NO_GEOMETRY = -2
_STRIPES = "\\\\\\\\"  # of classes below zero, in white


def aligned(frame: gpd.GeoDataFrame, values: Any) -> pd.Series:
    """Give the values in the order of the frame's units, after checking that the units are the same."""
    import pandas as pd

    if not hasattr(frame, "geometry"):
        raise GeometryError(
            f"A GeoDataFrame is needed to draw a map; {type(frame).__name__} has no geometry."
        )
    if isinstance(values, str):
        if values not in frame.columns:
            raise OptionError(f"The frame has no column {values!r}. It has: {some(frame.columns, 20)}.")
        values = pd.Series(frame[values])
    if not isinstance(values, pd.Series):
        raise LabelError(
            f"Values are matched with the map by label: give a Series indexed by unit, not {type(values).__name__}."
        )
    if isinstance(values.index, pd.MultiIndex):
        raise LabelError(
            "A map shows one value a unit, and these are indexed by "
            f"{some(values.index.names)}. Take one period, or a mean: values.groupby(level=0).mean()."
        )
    for what, index in (("frame", frame.index), ("values", values.index)):
        if not index.is_unique:
            raise DuplicateError(
                f"Units stand more than once in the {what}: {some(index[index.duplicated()].unique())}."
            )
    without_value = frame.index.difference(values.index, sort=False)
    without_place = values.index.difference(frame.index, sort=False)
    if len(without_value) or len(without_place):
        parts = []
        if len(without_place):
            parts.append(f"{len(without_place)} units have a value and no geometry: {some(without_place)}")
        if len(without_value):
            parts.append(f"{len(without_value)} units have a geometry and no value: {some(without_value)}")
        raise AlignmentError(
            "; ".join(parts)
            + ". Cut the frame to the units with frame.loc[...], or give the others a missing "
            "value with values.reindex(frame.index), which the map shows as such."
        )
    return values.reindex(frame.index)


@dataclass(frozen=True, eq=False)
class Layer:
    """Units as they are drawn.

    Parameters
    ----------
    paths : list of matplotlib Path, or ndarray of shape (n, 2)
        Outlines of polygons, or points.
    bounds : tuple of float
        Least x, least y, greatest x, greatest y.
    display : Display
        How coordinates become those of the map.
    centres : ndarray of shape (n, 2)
        A point in each unit, NaN for a unit without geometry.
    empty : ndarray of bool, shape (n,)
        Units without geometry, which are not drawn.
    """

    paths: Any
    bounds: tuple[float, float, float, float]
    display: Display
    centres: Array
    empty: Array

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> Layer:
        """Prepare the geometries of a frame.

        A missing or empty geometry is drawn as nothing and counted in the legend.
        """
        import shapely

        if not hasattr(frame, "geometry"):
            raise GeometryError(
                f"A GeoDataFrame is needed to draw a map; {type(frame).__name__} has no geometry."
            )
        shapes = frame.geometry.to_numpy()
        empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        if empty.all():
            raise GeometryError(
                f"There is nothing to draw: the geometry is missing or empty for all units, {some(frame.index)}."
            )
        kinds = set(shapely.get_type_id(shapes[~empty]).tolist())
        if not (kinds <= {0} or kinds <= {3, 6}):
            raise GeometryError(
                f"A map needs polygons or points; the frame has {some(dict.fromkeys(frame.geom_type[~empty]))}."
            )
        display = Display.of(frame.geometry[~empty])
        shapes = display.shown(frame.geometry)
        centres = np.full((len(shapes), 2), np.nan)
        centres[~empty] = shapely.get_coordinates(shapely.point_on_surface(shapes[~empty]))
        paths: Any = centres if kinds <= {0} else _outlines(shapes, empty)
        low_x, low_y, high_x, high_y = (float(edge) for edge in shapely.total_bounds(shapes[~empty]))
        stretch = display.stretch
        pad = 0.01 * max(high_x - low_x, (high_y - low_y) * stretch, 1e-9)
        bounds = (low_x - pad, low_y - pad / stretch, high_x + pad, high_y + pad / stretch)
        return cls(paths, bounds, display, centres, empty)

    @property
    def stretch(self) -> float:
        """How much taller a unit of y is drawn than a unit of x."""
        return self.display.stretch

    @property
    def ratio(self) -> float:
        """Height of the map over its width."""
        low_x, low_y, high_x, high_y = self.bounds
        return float(np.clip((high_y - low_y) * self.stretch / (high_x - low_x), 0.25, 4.0))

    def frame(self, ax: Axes) -> None:
        """Make axes fit the map."""
        ax.set_axis_off()
        ax.set_xlim(self.bounds[0], self.bounds[2])
        ax.set_ylim(self.bounds[1], self.bounds[3])
        ax.set_aspect(self.stretch, anchor="C")

    def draw(self, ax: Axes, values: Array, classes: Classes, faint: Array | None = None) -> None:
        """Draw the units in the colours of their classes, those that are faint paler and dotted."""
        self.frame(ax)
        place = self._place(values, classes)
        faint = np.zeros(len(place), dtype=bool) if faint is None else faint
        colours = np.array(classes.colours, dtype=object)
        for which, hatch, gid in ((~faint, None, "units"), (faint, "....", "uncertain")):
            drawn = (place >= 0) & which
            shown = [_paler(colour) if hatch else colour for colour in colours[place[drawn]]]
            self.units(ax, drawn, shown, hatch, gid=gid)
        if any(classes.striped):
            striped = np.array([*classes.striped, False, False])[place] & ~faint
            self.units(ax, striped, "none", _STRIPES, "white", gid="stripes")
        self.units(ax, place == -1, MISSING, "/////", gid="missing")

    def plain(self, ax: Axes, colour: str = "#f2f2f2", edge: str = "#c8c8c8") -> None:
        """Draw all units alike, as the ground for what stands on it."""
        self.frame(ax)
        self.units(ax, ~self.empty, colour, None, edge, gid="units")

    def _place(self, values: Array, classes: Classes) -> Array:
        return np.where(self.empty, _NO_GEOMETRY, classes.place(values))

    def units(
        self,
        ax: Axes,
        which: Array,
        colours: Any,
        hatch: str | None,
        edge: str | None = None,
        *,
        gid: str = "",
    ) -> None:
        """Draw some units in one colour, or in one each."""
        from matplotlib.collections import PathCollection

        if not which.any():
            return
        edge = edge if edge is not None else (EDGE if hatch else BORDER)
        thin = 0.0 if gid == "stripes" else float(np.clip(3.5 / np.sqrt(len(which)), 0.1, 0.45))
        if isinstance(self.paths, np.ndarray):
            size = float(np.clip(4000 / len(which), 4, 60))
            points = self.paths[which]
            ax.scatter(
                points[:, 0], points[:, 1], s=size, c=colours, edgecolors=edge, linewidths=min(thin, 0.3),
                hatch=hatch, clip_on=False, gid=gid,
            )  # fmt: skip
            return
        paths = [path for path, drawn in zip(self.paths, which, strict=True) if drawn]
        ax.add_collection(
            PathCollection(
                paths,
                facecolors=colours,
                edgecolors=edge,
                linewidths=thin,
                hatch=hatch,
                joinstyle="round",
                gid=gid,
            ),
            autolim=False,
        )

    def legend(
        self,
        ax: Axes,
        values: Array,
        classes: Classes,
        label: str,
        missing: str = "no value",
        faint: Array | None = None,
        maps: int = 1,
        **where: Any,
    ) -> None:
        """Write classes, their numbers of units, and those of missing, uncertain and shapeless ones.

        Of several maps with one legend give the values of all, one map after the other.
        """
        place = np.where(np.tile(self.empty, maps), _NO_GEOMETRY, classes.place(values))
        striped = classes.striped or (False,) * len(classes.labels)
        entries = [
            (classes.colours[j], _STRIPES if striped[j] else None, classes.labels[j], int((place == j).sum()))
            for j in reversed(range(len(classes.labels)))  # high on top, as on a thermometer
        ]
        entries += [
            (MISSING, "/////", missing, int((place == -1).sum())),
            ("#ffffff", "....", UNCERTAIN, 0 if faint is None else int((faint & (place >= 0)).sum())),
            ("none", None, "no geometry", int((place == _NO_GEOMETRY).sum())),
        ]
        always = len(classes.labels)
        rows = [entry for j, entry in enumerate(entries) if j < always or entry[3]]
        units = f"n = {len(self.empty):,} units" + (f" on each of {maps} maps" if maps > 1 else "")
        key(
            ax,
            rows,
            "\n".join(filter(None, [*(textwrap.fill(line, 30) for line in label.splitlines()), units])),
            **where,
        )


def key(ax: Axes, entries: Any, title: str, **where: Any) -> None:
    """Write a legend of patches: (colour, hatch, label, count) each; a count of None is not written."""
    from matplotlib.patches import Patch

    handles = [
        Patch(
            facecolor=colour, edgecolor=_edge(colour, hatch), linewidth=0.3, hatch=hatch,
            label=said if count is None else f"{said}  ({count:,})",
        )
        for colour, hatch, said, count in entries
    ]  # fmt: skip
    shown = ax.legend(
        handles=handles, title=title or None, frameon=False, fontsize=8, title_fontsize=8.5, alignment="left",
        labelcolor=INK, handlelength=1.5, handleheight=1.1, borderaxespad=0.4, **where,
    )  # fmt: skip
    shown.get_title().set_color(INK)


def _edge(colour: str, hatch: str | None) -> str:
    if colour == "none":
        return "none"
    return {None: BORDER, _STRIPES: "white"}.get(hatch, EDGE)


def uncertain(low: Any, high: Any) -> Array:
    """Give whether an interval includes zero."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    return np.asarray((low <= 0) & (high >= 0))


def _paler(colour: str) -> str:
    from matplotlib.colors import to_hex, to_rgb

    return str(to_hex(1 - FADED * (1 - np.array(to_rgb(colour)))))


def _outlines(shapes: Array, empty: Array) -> list[Any]:
    """Give one path a unit; rings of holes run the other way round, so that they stay empty."""
    import shapely
    from matplotlib.path import Path

    paths = []
    for shape, nothing in zip(shapely.normalize(shapes), empty, strict=True):
        if nothing:
            paths.append(Path(np.zeros((0, 2))))
            continue
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
        codes = []
        for ring in rings:
            code = np.full(len(ring), Path.LINETO, dtype=np.uint8)
            code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
            codes.append(code)
        paths.append(Path(np.concatenate(rings), np.concatenate(codes)))
    return paths
