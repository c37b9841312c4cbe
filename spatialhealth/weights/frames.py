"""What a builder reads from a GeoDataFrame, checked: ids, polygons, points, coordinate system."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import (
    CoordinateSystemError,
    CoordinateSystemWarning,
    DuplicateError,
    GeometryError,
    LabelError,
    some,
)
from spatialhealth.weights.metric import GeodesicMetric, Metric, PlanarMetric

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["ids_of", "metric_of", "points_of", "polygons_of"]

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


def polygons_of(frame: gpd.GeoDataFrame) -> list[bytes]:
    """Give the well-known binary of a frame's polygons, after checking that they are valid polygons."""
    ids = ids_of(frame)
    kind = frame.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    if not kind.all():
        found = sorted(set(frame.geom_type[~kind]))
        raise GeometryError(
            f"Contiguity needs polygons; units {some(ids[~kind])} are {', '.join(found)}. "
            "Use knn or distance_band for points."
        )
    _valid(frame, ids)
    return list(frame.geometry.to_wkb())


def _valid(frame: gpd.GeoDataFrame, ids: Array) -> None:
    valid = frame.is_valid.to_numpy()
    if not valid.all():
        raise GeometryError(
            f"The geometry is invalid for units {some(ids[~valid])}. "
            "Mend it first, for example with frame.geometry.make_valid()."
        )


def points_of(frame: gpd.GeoDataFrame) -> Array:
    """Give the (n, 2) coordinates of a frame's points; a polygon stands by its centroid."""
    import shapely

    _valid(frame, ids_of(frame))
    return np.asarray(shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy())))


def metric_of(frame: gpd.GeoDataFrame) -> Metric:
    """Give the way to measure metres in a frame's coordinate system."""
    crs: Any = frame.crs
    if crs is None:
        raise CoordinateSystemError(
            "The layer has no coordinate reference system, so its distances have no unit. "
            "Declare it with frame.set_crs(...), for example EPSG:4326 for longitude and latitude."
        )
    if crs.is_geographic:
        return _geodesic(frame, crs)
    units = {axis.unit_conversion_factor for axis in crs.axis_info[:2]}
    if not crs.is_projected or len(units) != 1:
        raise CoordinateSystemError(
            f"Distances cannot be measured in {crs.name!r}, which is neither geographic nor projected. "
            "Reproject with frame.to_crs(...)."
        )
    points, unit = points_of(frame), float(units.pop())
    if unit <= 1 and (np.abs(points) <= _DEGREES).all():
        warnings.warn(
            f"The layer says {crs.name!r} ({crs.axis_info[0].unit_name}), but all its coordinates lie within those "
            "of longitude and latitude: they may be degrees under a wrong label, and distances are then wrong. If "
            "so, set the right one with frame.set_crs('EPSG:4326', allow_override=True).",
            CoordinateSystemWarning,
            stacklevel=3,
        )
    return PlanarMetric(points, metres=unit)


def _geodesic(frame: gpd.GeoDataFrame, crs: Any) -> GeodesicMetric:
    points = points_of(frame)
    outside = (np.abs(points[:, 0]) > 360) | (np.abs(points[:, 1]) > 90)
    if outside.any():
        raise CoordinateSystemError(
            f"The layer says {crs.name!r} (degrees), but units {some(frame.index[outside])} lie outside "
            "the range of longitude and latitude: the coordinate system is wrong. Set the right one with "
            "frame.set_crs(..., allow_override=True)."
        )
    ellipsoid = crs.ellipsoid
    return GeodesicMetric(points, ellipsoid.semi_major_metre, ellipsoid.semi_minor_metre)
