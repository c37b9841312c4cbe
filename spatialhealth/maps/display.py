"""Where things stand on the paper: an equal-area projection, on the side of the earth where the units are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import CoordinateSystemError

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["Display"]

_WIDEST = 170.0  # degrees of longitude that a conic projection still shows well
_POLAR = 80.0
_STEP = 1e-4  # of the width of the map: short enough to be straight


@dataclass(frozen=True, eq=False)
class Display:
    """How coordinates of a layer become those of its map.

    Parameters
    ----------
    crs : pyproj CRS or None
        Of the coordinates as they are drawn; None if the layer has none.
    west : float, optional
        Longitude where the map is cut, if it is drawn in degrees: the map goes once around from there.
    stretch : float
        How much taller a unit of y is drawn than a unit of x.
    """

    crs: Any
    west: float | None
    stretch: float

    @classmethod
    def of(cls, geometry: gpd.GeoSeries) -> Display:
        """Choose the display of a layer.

        Longitudes and latitudes are drawn in an equal-area projection about the middle of the units; a layer that
        spans most of the earth in degrees. Units on both sides of the antimeridian stand side by side: the map is
        cut where the widest gap between them is.
        """
        crs = geometry.crs
        bounds = geometry.total_bounds
        if crs is None or not crs.is_geographic or not np.isfinite(bounds).all():
            return cls(crs, None, 1.0)
        if bounds[0] < -361 or bounds[2] > 541 or bounds[1] < -90.01 or bounds[3] > 90.01:
            raise CoordinateSystemError(
                f"The layer says {crs.name!r} (degrees), but its coordinates reach from {bounds[0]:,.0f}, "
                f"{bounds[1]:,.0f} to {bounds[2]:,.0f}, {bounds[3]:,.0f}: not its system. Set the right one with "
                "frame.set_crs(..., allow_override=True)."
            )
        from pyproj import CRS

        south, north = bounds[1], bounds[3]
        west, east = _span(geometry)
        if east - west > _WIDEST or max(abs(south), abs(north)) > _POLAR:
            middle = np.deg2rad(np.clip((south + north) / 2, -_POLAR, _POLAR))
            return cls(crs, west, float(1 / np.cos(middle)))
        longitude, latitude, sixth = (west + east) / 2, (south + north) / 2, (north - south) / 6
        longitude = (longitude + 180) % 360 - 180
        if south < 0 < north:
            # a cone about the equator is a cylinder
            said = f"+proj=cea +lon_0={longitude} +lat_ts={abs(latitude)} +datum=WGS84"
        else:
            said = (
                f"+proj=aea +lat_1={south + sixth} +lat_2={north - sixth} +lat_0={latitude} +lon_0={longitude} "
                "+datum=WGS84"
            )
        return cls(CRS.from_user_input(said), None, 1.0)

    def shown(self, geometry: gpd.GeoSeries) -> Array:
        """Give geometries in the coordinates of the map, as an array of shapely's."""
        import shapely

        shapes = geometry.to_numpy()
        if self.crs is None or geometry.crs is None:
            return np.asarray(shapes)
        if geometry.crs.is_geographic:
            shapes = _whole(shapes)
            geometry = type(geometry)(shapes, index=geometry.index, crs=geometry.crs)
        if self.west is None:
            return np.asarray(geometry.to_crs(self.crs).to_numpy())
        shapes = geometry.to_crs(self.crs).to_numpy()
        return np.asarray([_moved(shape, self.west, shapely) for shape in shapes], dtype=object)

    def metres(self, x: float, y: float, width: float) -> float:
        """Give the length on the ground of a unit of x, at a place of the map."""
        (first, second) = self._degrees(np.array([[x, y], [x + _STEP * width, y]]), "scale_bar")
        from pyproj import Geod

        length = Geod(ellps="WGS84").inv(*first, *second)[2]
        return float(length / (_STEP * width))

    def north(self, x: float, y: float, width: float) -> Array:
        """Give the direction of north at a place of the map, as a unit vector in inches of the paper."""
        from pyproj import Transformer

        ((longitude, latitude),) = self._degrees(np.array([[x, y]]), "north")
        step = min(0.01, 90 - latitude - 1e-9) if latitude < 89.9 else -0.01
        there = Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)
        a, b = (np.array(there.transform(longitude, at)) for at in (latitude, latitude + step))
        way = (b - a) * np.array([1.0, self.stretch]) * np.sign(step)
        return np.asarray(way / np.hypot(*way))

    def _degrees(self, points: Array, what: str) -> Array:
        if self.crs is None:
            raise CoordinateSystemError(
                f"{what}=True needs to know where on earth the layer is, and it has no coordinate reference system. "
                "Set it with frame.set_crs(...)."
            )
        from pyproj import Transformer

        there = Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        return np.column_stack(there.transform(points[:, 0], points[:, 1]))


def _span(geometry: gpd.GeoSeries) -> tuple[float, float]:
    """Give the longitudes between which all parts lie, counted eastwards; the end may be beyond 180."""
    import shapely

    parts = shapely.get_parts(_whole(geometry.to_numpy()))
    parts = parts[~shapely.is_empty(parts)]
    bounds = shapely.bounds(parts)
    low, wide = np.mod(bounds[:, 0] + 180, 360), bounds[:, 2] - bounds[:, 0]
    order = np.argsort(low, kind="stable")
    low, high = low[order], np.maximum.accumulate((low + wide)[order])
    # the gap before the first part counts from the end of the last, once around
    gaps = np.concatenate([[low[0] + 360 - high[-1]], low[1:] - high[:-1]])
    if gaps.max() <= 1e-9:
        return -180.0, 180.0
    cut = int(np.argmax(gaps))
    first = low[cut]
    end = high[-1] if cut == 0 else high[cut - 1] + 360
    return float(first - 180), float(end - 180)


def _whole(shapes: Array) -> Array:
    """Give shapes whose rings jump from one side of the antimeridian to the other in one piece."""
    import shapely

    bounds = shapely.bounds(shapes)
    wide = np.flatnonzero((bounds[:, 2] - bounds[:, 0] > 180) & ~shapely.is_missing(shapes))
    if not len(wide):
        return shapes
    mended = shapes.copy()
    for place in wide:
        parts = [_unwrapped(part, shapely) for part in shapely.get_parts(shapes[place])]
        mended[place] = shapely.multipolygons(parts) if len(parts) > 1 else parts[0]
    return np.asarray(mended)


def _unwrapped(part: Any, shapely: Any) -> Any:
    """Give a polygon without jumps of more than 180 degrees; one around a pole is left as it is."""
    if part.geom_type != "Polygon" or part.bounds[2] - part.bounds[0] <= 180:
        return part
    rings = []
    for ring in shapely.get_rings(part):
        points = shapely.get_coordinates(ring)
        points[:, 0] = np.unwrap(points[:, 0], period=360)
        if abs(points[0, 0] - points[-1, 0]) > 180:
            return part
        rings.append(points)
    # a hole stands on the side of the ring that it belongs to
    middle = rings[0][:, 0].mean()
    rings = [ring + np.array([360 * round((middle - ring[:, 0].mean()) / 360), 0]) for ring in rings]
    return shapely.Polygon(rings[0], rings[1:])


def _moved(shape: Any, west: float, shapely: Any) -> Any:
    """Give a shape whose parts each stand east of the cut."""
    if shape is None or shape.is_empty:
        return shape
    parts = []
    for part in shapely.get_parts(shape):
        middle = (part.bounds[0] + part.bounds[2]) / 2
        turns = np.floor((middle - west) / 360)
        parts.append(
            shapely.transform(part, lambda points, t=turns: points - [360 * t, 0]) if turns else part
        )
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
