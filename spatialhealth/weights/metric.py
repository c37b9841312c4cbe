"""Distances in metres: on the plane of a projection, or along geodesics of the ellipsoid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from spatialhealth._typing import Array
from spatialhealth.errors import SizeError

__all__ = ["GeodesicMetric", "Metric", "PlanarMetric"]

_MOST_PAIRS = 100_000_000


class Metric(ABC):
    """A way to measure metres between n points.

    A k-d tree finds candidates by straight lines in `embedded()`; `measure` then gives the true distance.
    Straight and true lengths differ by at most the share `slack`, so no true neighbour is missed.
    """

    slack: float

    @abstractmethod
    def embedded(self) -> Array:
        """Give points whose straight-line distances order the true ones, up to `slack`."""

    @abstractmethod
    def straight(self, metres: float) -> float:
        """Give the straight-line length in `embedded()` that stands for a distance in metres."""

    @abstractmethod
    def metres(self, straight: Array) -> Array:
        """Give the distance in metres that a straight-line length in `embedded()` stands for."""

    @abstractmethod
    def measure(self, i: Array, j: Array) -> Array:
        """Give the true distances in metres between points i and j."""

    def within(self, threshold: float) -> tuple[Array, Array, Array]:
        """Give every ordered pair (i, j), i != j, at most `threshold` metres apart, and the distances."""
        tree = cKDTree(self.embedded())
        reach = self.straight(threshold * (1 + self.slack))
        count = int(tree.count_neighbors(tree, reach)) - tree.n
        if count > _MOST_PAIRS:
            raise SizeError(
                f"{count:,} pairs of units lie within {threshold:,.0f} m: too many to hold. Use a smaller distance."
            )
        pairs = tree.query_pairs(reach, output_type="ndarray")
        return self._both_ways(pairs[:, 0], pairs[:, 1], threshold)

    def everything(self) -> tuple[Array, Array, Array]:
        """Give every ordered pair (i, j), i != j, and the distances."""
        n = len(self.embedded())
        if n * n > _MOST_PAIRS:
            raise SizeError(
                f"All pairs of {n:,} units would be a dense matrix. Give a cutoff in metres, or use knn."
            )
        i, j = np.triu_indices(n, k=1)
        return self._both_ways(i, j, np.inf)

    def _both_ways(self, i: Array, j: Array, threshold: float) -> tuple[Array, Array, Array]:
        distance = self.measure(i, j)
        near = distance <= threshold
        i, j, distance = i[near], j[near], distance[near]
        return np.concatenate([i, j]), np.concatenate([j, i]), np.concatenate([distance, distance])


@dataclass(frozen=True, eq=False)
class PlanarMetric(Metric):
    """Distances on a projection.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Coordinates in the units of the projection.
    metres_per_unit : float
        Length of one unit.
    """

    points: Array
    metres_per_unit: float

    def __init__(self, points: Array, metres: float = 1.0) -> None:
        object.__setattr__(self, "points", np.asarray(points, dtype=float))
        object.__setattr__(self, "metres_per_unit", float(metres))
        object.__setattr__(self, "slack", 1e-12)

    def embedded(self) -> Array:
        """Give the points in metres."""
        return self.points * self.metres_per_unit

    def straight(self, metres: float) -> float:
        """Give the length itself."""
        return metres

    def metres(self, straight: Array) -> Array:
        """Give the length itself."""
        return straight

    def measure(self, i: Array, j: Array) -> Array:
        """Give Euclidean distances in metres."""
        difference = (self.points[i] - self.points[j]) * self.metres_per_unit
        return np.asarray(np.hypot(difference[:, 0], difference[:, 1]))


@dataclass(frozen=True, eq=False)
class GeodesicMetric(Metric):
    """Distances along geodesics of an ellipsoid.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Longitude and latitude in degrees.
    major, minor : float
        Semi-axes of the ellipsoid in metres.
    """

    points: Array
    major: float = 6_378_137.0
    minor: float = 6_356_752.314245
    # the geodesic differs from the great circle of the mean sphere by at most about 0.6 per cent
    slack: float = 0.01

    @property
    def radius(self) -> float:
        """Mean radius of the ellipsoid in metres."""
        return (2 * self.major + self.minor) / 3

    def embedded(self) -> Array:
        """Give the points on the unit sphere."""
        lon, lat = np.radians(self.points).T
        return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

    def straight(self, metres: float) -> float:
        """Give the chord of the unit sphere under an arc of so many metres."""
        return float(2 * np.sin(min(metres / self.radius, np.pi) / 2))

    def metres(self, straight: Array) -> Array:
        """Give the arc in metres over a chord of the unit sphere."""
        return np.asarray(2 * np.arcsin(np.minimum(straight / 2, 1.0)) * self.radius)

    def measure(self, i: Array, j: Array) -> Array:
        """Give geodesic distances in metres (Karney's algorithm, by PROJ)."""
        from pyproj import Geod

        geod = Geod(a=self.major, b=self.minor)
        (lon1, lat1), (lon2, lat2) = self.points[i].T, self.points[j].T
        return np.asarray(geod.inv(lon1, lat1, lon2, lat2)[2])
