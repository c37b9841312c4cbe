"""Weighted means of points, and offsets from them in metres: on a plane, or on the ellipsoid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.weights.metric import GeodesicMetric, Metric, PlanarMetric

__all__ = ["Ground", "ground_of"]

_NOWHERE = 1e-6  # length of a mean direction that points nowhere


class Ground(ABC):
    """Where points lie: how to add them up, and how far and which way it is from one to another.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
    """

    points: Array
    axes: tuple[str, str]

    @abstractmethod
    def summands(self) -> Array:
        """Give what of each point is averaged, (n, d)."""

    def balanced(self, means: Array) -> Array:
        """Tell which (..., d) averages are of points that have no middle."""
        return np.zeros(means.shape[:-1], dtype=bool)

    @abstractmethod
    def places(self, means: Array) -> Array:
        """Give the points that (..., d) averages stand for, (..., 2)."""

    @abstractmethod
    def offsets(self, origin: Array, points: Array) -> Array:
        """Give metres east and north from an origin, (..., 2), in the direction in which one sets out."""

    def apart(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Give metres between points, and the bearing at the first, in degrees clockwise from north."""
        offset = self.offsets(first, second)
        bearing = np.degrees(np.arctan2(offset[..., 0], offset[..., 1])) % 360
        return np.hypot(offset[..., 0], offset[..., 1]), bearing


@dataclass(frozen=True, eq=False)
class _Plane(Ground):
    points: Array
    metres: float
    axes: tuple[str, str] = ("x", "y")

    def summands(self) -> Array:
        return self.points

    def places(self, means: Array) -> Array:
        return np.asarray(means)

    def offsets(self, origin: Array, points: Array) -> Array:
        return np.asarray((points - origin) * self.metres)


@dataclass(frozen=True, eq=False)
class _Ellipsoid(Ground):
    points: Array
    major: float
    minor: float
    axes: tuple[str, str] = ("longitude", "latitude")

    def summands(self) -> Array:
        lon, lat = np.radians(self.points).T
        return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

    def balanced(self, means: Array) -> Array:
        return np.asarray(np.linalg.norm(means, axis=-1) < _NOWHERE)

    def places(self, means: Array) -> Array:
        x, y, z = np.moveaxis(means, -1, 0)
        place = np.stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))], axis=-1)
        return np.asarray(np.degrees(place))

    def offsets(self, origin: Array, points: Array) -> Array:
        from pyproj import Geod

        origin, points = np.broadcast_arrays(origin, points)
        flat = [
            np.ascontiguousarray(part).reshape(-1)
            for part in (*np.moveaxis(origin, -1, 0), *np.moveaxis(points, -1, 0))
        ]
        azimuth, _, distance = Geod(a=self.major, b=self.minor).inv(*flat)
        angle = np.radians(azimuth)
        offset = np.stack([distance * np.sin(angle), distance * np.cos(angle)], axis=-1)
        return np.asarray(offset.reshape(origin.shape))


def ground_of(metric: Metric) -> Ground:
    """Give the ground of a way to measure metres."""
    if isinstance(metric, GeodesicMetric):
        return _Ellipsoid(metric.points, metric.major, metric.minor)
    assert isinstance(metric, PlanarMetric)
    return _Plane(metric.points, metric.metres)
