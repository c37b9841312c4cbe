"""A layer ready to be drawn: aligned with its values, projected, as paths; and its legend."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, DuplicateError, GeometryError, LabelError, OptionError, some
from spatialhealth.maps.classes import Classes
from spatialhealth.maps.style import BORDER, INK, MISSING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Layer", "aligned"]

_WIDEST = 170.0  # degrees of longitude that a conic projection still shows well
_POLAR = 80.0


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
    stretch : float
        How much taller a unit of y is drawn than a unit of x.
    """

    paths: Any
    bounds: tuple[float, float, float, float]
    stretch: float

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> Layer:
        """Prepare the geometries of a frame."""
        import shapely

        geometry, stretch = _displayed(frame)
        shapes = geometry.to_numpy()
        kinds = set(shapely.get_type_id(shapes).tolist())
        empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        if empty.any():
            raise GeometryError(f"The geometry is missing or empty for units {some(frame.index[empty])}.")
        if kinds <= {0}:
            paths: Any = shapely.get_coordinates(shapes)
        elif kinds <= {3, 6}:
            paths = _outlines(shapes)
        else:
            raise GeometryError(
                f"A map needs polygons or points; the frame has {some(set(frame.geom_type))}."
            )
        low_x, low_y, high_x, high_y = (float(edge) for edge in shapely.total_bounds(shapes))
        pad = 0.01 * max(high_x - low_x, (high_y - low_y) * stretch, 1e-9)
        return cls(paths, (low_x - pad, low_y - pad / stretch, high_x + pad, high_y + pad / stretch), stretch)

    @property
    def ratio(self) -> float:
        """Height of the map over its width."""
        low_x, low_y, high_x, high_y = self.bounds
        return float(np.clip((high_y - low_y) * self.stretch / (high_x - low_x), 0.25, 4.0))

    def draw(self, ax: Axes, values: Array, classes: Classes) -> None:
        """Draw the units in the colours of their classes."""
        ax.set_axis_off()
        ax.set_xlim(self.bounds[0], self.bounds[2])
        ax.set_ylim(self.bounds[1], self.bounds[3])
        ax.set_aspect(self.stretch, anchor="C")
        place = classes.place(values)
        missing = place < 0
        colours = np.array(classes.colours, dtype=object)
        self._units(ax, ~missing, [*colours[place[~missing]]], None)
        if missing.any():
            self._units(ax, missing, MISSING, "/////")

    def _units(self, ax: Axes, which: Array, colours: Any, hatch: str | None) -> None:
        from matplotlib.collections import PathCollection

        if not which.any():
            return
        thin = float(np.clip(3.5 / np.sqrt(len(which)), 0.1, 0.45))
        if isinstance(self.paths, np.ndarray):
            size = float(np.clip(4000 / len(which), 4, 60))
            points = self.paths[which]
            ax.scatter(
                points[:, 0],
                points[:, 1],
                s=size,
                c=colours,
                edgecolors=BORDER,
                linewidths=0.3,
                hatch=hatch,
                clip_on=False,
            )
            return
        paths = [path for path, drawn in zip(self.paths, which, strict=True) if drawn]
        edge = "#9a9a9a" if hatch else BORDER
        ax.add_collection(
            PathCollection(
                paths, facecolors=colours, edgecolors=edge, linewidths=thin, hatch=hatch, joinstyle="round"
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
        **where: Any,
    ) -> None:
        """Write classes, their numbers of units, and the number of missing values."""
        from matplotlib.patches import Patch

        place = classes.place(values)
        handles = [
            Patch(
                facecolor=classes.colours[j],
                edgecolor=BORDER,
                linewidth=0.3,
                label=f"{classes.labels[j]}  ({int((place == j).sum()):,})",
            )
            for j in reversed(range(len(classes.labels)))  # high on top, as on a thermometer
        ]
        if (place < 0).any():
            count = int((place < 0).sum())
            handles.append(
                Patch(
                    facecolor=MISSING,
                    edgecolor="#9a9a9a",
                    linewidth=0.3,
                    hatch="/////",
                    label=f"{missing}  ({count:,})",
                )
            )
        shown = ax.legend(
            handles=handles,
            title=textwrap.fill(label, 30) or None,
            frameon=False,
            fontsize=8,
            title_fontsize=8.5,
            alignment="left",
            labelcolor=INK,
            handlelength=1.5,
            handleheight=1.1,
            borderaxespad=0.4,
            **where,
        )
        shown.get_title().set_color(INK)


def _displayed(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoSeries, float]:
    """Give the geometry as it is drawn, and the stretch that goes with it."""
    geometry, crs = frame.geometry, frame.crs
    if crs is None or not crs.is_geographic or not len(frame):
        return geometry, 1.0
    west, south, east, north = geometry.total_bounds
    if east - west > _WIDEST or max(abs(south), abs(north)) > _POLAR:
        middle = np.deg2rad(np.clip((south + north) / 2, -_POLAR, _POLAR))
        return geometry, float(1 / np.cos(middle))
    longitude, latitude, sixth = (west + east) / 2, (south + north) / 2, (north - south) / 6
    if south < 0 < north:
        # a cone about the equator is a cylinder
        return geometry.to_crs(f"+proj=cea +lon_0={longitude} +lat_ts={abs(latitude)} +datum=WGS84"), 1.0
    albers = f"+proj=aea +lat_1={south + sixth} +lat_2={north - sixth} +lat_0={latitude} +lon_0={longitude}"
    return geometry.to_crs(f"{albers} +datum=WGS84"), 1.0


def _outlines(shapes: Array) -> list[Any]:
    """Give one path a unit; rings of holes run the other way round, so that they stay empty."""
    import shapely
    from matplotlib.path import Path

    paths = []
    for shape in shapely.normalize(shapes):
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
        codes = []
        for ring in rings:
            code = np.full(len(ring), Path.LINETO, dtype=np.uint8)
            code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
            codes.append(code)
        paths.append(Path(np.concatenate(rings), np.concatenate(codes)))
    return paths
