"""What a builder reads from a GeoDataFrame, checked: ids, polygons, points, coordinate system."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_finite, numeric_array
from spatialhealth.errors import (
    CoordinateSystemError,
    CoordinateSystemWarning,
    DuplicateError,
    GeometryError,
    LabelError,
    ShapeError,
    some,
)
from spatialhealth.weights.metric import GeodesicMetric, Metric, PlanarMetric

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["ids_of", "metric_of", "metric_of_points", "points_of", "polygons_of"]

_POINT, _POLYGONS = 0, (3, 6)  # shapely's numbers of types
_DEGREES = (180, 90)  # greatest longitude and latitude


def ids_of(frame: gpd.GeoDataFrame) -> Array:
    """Give the ids of a frame's rows: its index, which must not repeat."""
    if not hasattr(frame, "geometry"):
        raise GeometryError(
            f"A GeoDataFrame is needed, with one row a unit; {type(frame).__name__} has no geometry column. "
            "Set one with frame.set_geometry(...)."
        )
    if len(frame) == 0:
        raise GeometryError("The layer has no rows. Read it again, or widen the selection.")
    index = frame.index
    if index.nlevels > 1 or index.hasnans:
        found = f"has {index.nlevels} levels" if index.nlevels > 1 else "misses some labels"
        raise LabelError(
            f"The index of the layer {found}; it must hold one id a unit. Use frame.set_index(id), for a panel "
            "after taking one row a unit."
        )
    if not index.is_unique:
        raise DuplicateError(
            f"Units stand more than once in the index: {some(index[index.duplicated()].unique())}. "
            "Dissolve their geometries or give each its own id."
        )
    geometry = frame.geometry
    for bad, what in (
        (geometry.isna(), "missing"),
        (geometry.is_empty & ~geometry.isna(), "empty"),
    ):
        if bad.any():
            raise GeometryError(
                f"The geometry is {what} for units {some(index[bad.to_numpy()])}. Leave these units out or mend them."
            )
    return np.asarray(index.to_numpy())


def polygons_of(frame: gpd.GeoDataFrame, ids: Array) -> Array:
    """Give the well-known binary of a frame's polygons, after checking that they are valid polygons."""
    import shapely

    shapes = frame.geometry.to_numpy()
    kind = np.isin(shapely.get_type_id(shapes), _POLYGONS)
    if not kind.all():
        found = sorted(set(frame.geom_type[~kind]))
        raise GeometryError(
            f"Contiguity needs polygons; units {some(ids[~kind])} are {', '.join(found)}. "
            "Use knn or distance_band for points."
        )
    _valid(frame, ids)
    return np.asarray(shapely.to_wkb(shapes, output_dimension=2))


def _valid(frame: gpd.GeoDataFrame, ids: Array) -> None:
    valid = frame.is_valid.to_numpy()
    if not valid.all():
        raise GeometryError(
            f"The geometry is invalid for units {some(ids[~valid])}. "
            "Mend it first, for example with frame.geometry.make_valid()."
        )


def points_of(frame: gpd.GeoDataFrame, ids: Array) -> Array:
    """Give the (n, 2) coordinates of a frame's points; a polygon stands by its centroid."""
    import shapely

    shapes = frame.geometry.to_numpy()
    if (shapely.get_type_id(shapes) == _POINT).all():
        points = np.asarray(shapely.get_coordinates(shapes))
        if np.isfinite(points).all():  # all there is to a valid point
            return points
    _valid(frame, ids)
    return np.asarray(shapely.get_coordinates(shapely.centroid(shapes)))


def metric_of(frame: gpd.GeoDataFrame, ids: Array) -> Metric:
    """Give the way to measure metres in a frame's coordinate system; `ids` as of `ids_of`."""
    crs: Any = frame.crs
    if crs is None:
        raise CoordinateSystemError(
            "The layer has no coordinate reference system, so its distances have no unit. "
            "Declare it with frame.set_crs(...), for example EPSG:4326 for longitude and latitude."
        )
    if crs.is_geographic:
        return _geodesic(points_of(frame, ids), ids, crs)
    units = {axis.unit_conversion_factor for axis in crs.axis_info[:2]}
    if not crs.is_projected or len(units) != 1:
        raise CoordinateSystemError(
            f"Distances cannot be measured in {crs.name!r}, which is neither geographic nor projected. "
            "Reproject with frame.to_crs(...)."
        )
    points, unit = points_of(frame, ids), float(units.pop())
    if unit <= 1 and (np.abs(points) <= _DEGREES).all():
        warnings.warn(
            f"The layer says {crs.name!r} ({crs.axis_info[0].unit_name}), but all its coordinates lie within those "
            "of longitude and latitude: they may be degrees under a wrong label, and distances are then wrong. If "
            "so, set the right one with frame.set_crs('EPSG:4326', allow_override=True).",
            CoordinateSystemWarning,
            stacklevel=3,
        )
    return PlanarMetric(points, metres=unit)


def metric_of_points(owner: str, coordinates: Any, geographic: bool) -> GeodesicMetric | PlanarMetric:
    """Give the way to measure metres between points in metres, or in degrees on the WGS 84 ellipsoid."""
    what = f"{owner}: the array of coordinates"
    points = check_finite(what, numeric_array(what, coordinates, 2))
    if points.shape[1] != 2 or len(points) == 0:
        raise ShapeError(
            f"{owner}: coordinates must have shape (n, 2), x and y or longitude and latitude; they have shape "
            f"{points.shape}."
        )
    if not geographic:
        return PlanarMetric(points)
    outside = (np.abs(points[:, 0]) > 360) | (np.abs(points[:, 1]) > 90)
    if outside.any():
        raise CoordinateSystemError(
            f"{owner}: the points at {some(np.flatnonzero(outside).tolist())} lie outside the range of longitude and "
            "latitude. Give degrees, or leave out geographic=True."
        )
    return GeodesicMetric(points)


def _geodesic(points: Array, ids: Array, crs: Any) -> GeodesicMetric:
    outside = (np.abs(points[:, 0]) > 360) | (np.abs(points[:, 1]) > 90)
    if outside.any():
        raise CoordinateSystemError(
            f"The layer says {crs.name!r} (degrees), but units {some(ids[outside])} lie outside "
            "the range of longitude and latitude: the coordinate system is wrong. Set the right one with "
            "frame.set_crs(..., allow_override=True)."
        )
    ellipsoid = crs.ellipsoid
    return GeodesicMetric(points, ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre)
