"""Distances in metres: on the plane of a projection, or along geodesics of the ellipsoid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from spatialhealth._typing import Array
from spatialhealth.errors import MissingLibraryError, SizeError

__all__ = ["MOST_PAIRS", "GeodesicMetric", "Metric", "PlanarMetric"]

MOST_PAIRS = 100_000_000  # both ways
_ROUNDING = 1e-12  # relative; a straight line of the tree is right to a few units in the last place
_UNDERFLOW = 1e-140  # squares of shorter lengths are lost
_GEODESIC_ERROR = 1e-6  # metres; of points in space and of PROJ together it is about a hundredth of that
_HALFWAY = 0.9  # of the circle's diameter; longer chords may belong to more than half a circle


class Metric(ABC):
    """A way to measure metres between n points.

    A k-d tree finds candidates by straight lines in `embedded()`; `bounds` says between which distances the true
    one then lies. They are so close to each other that few pairs need `measure`, which gives the true distance.
    """

    @abstractmethod
    def embedded(self) -> Array:
        """Give points whose straight-line distances come close to the true ones."""

    @abstractmethod
    def reach(self, metres: float) -> float:
        """Give a straight-line length in `embedded()` that no pair at most so many metres apart exceeds."""

    @abstractmethod
    def bounds(self, straight: Array) -> tuple[Array, Array]:
        """Give the least and the greatest distance in metres that a straight-line length may stand for."""

    @abstractmethod
    def measure(self, i: Array, j: Array) -> Array:
        """Give the true distances in metres between points i and j."""

    def linked(self, threshold: float) -> tuple[Array, Array]:
        """Give every pair (i, j), i < j, at most `threshold` metres apart."""
        points, i, j = self._candidates(threshold)
        least, greatest = self.bounds(np.sqrt(np.square(points[i] - points[j]).sum(axis=1)))
        near = greatest <= threshold
        unsure = np.flatnonzero(~near & (least <= threshold))
        if len(unsure):
            near[unsure] = self.measure(i[unsure], j[unsure]) <= threshold
        return i[near], j[near]

    def within(self, threshold: float) -> tuple[Array, Array, Array]:
        """Give every pair (i, j), i < j, at most `threshold` metres apart, and the distances."""
        _, i, j = self._candidates(threshold)
        distance = self.measure(i, j)
        near = distance <= threshold
        return (i, j, distance) if near.all() else (i[near], j[near], distance[near])

    def everything(self) -> tuple[Array, Array, Array]:
        """Give every pair (i, j), i < j, and the distances."""
        n = len(self.embedded())
        if n * n > MOST_PAIRS:
            raise SizeError(
                f"All pairs of {n:,} units would be a dense matrix. Give a cutoff in metres, or use knn."
            )
        i, j = np.triu_indices(n, k=1)
        return i, j, self.measure(i, j)

    def _candidates(self, threshold: float) -> tuple[Array, Array, Array]:
        """Give the embedded points and every pair (i, j), i < j, that may be at most `threshold` metres apart."""
        points = self.embedded()
        tree = cKDTree(points)
        reach = self.reach(threshold)
        count = int(tree.count_neighbors(tree, reach)) - tree.n
        if count > MOST_PAIRS:
            raise SizeError(
                f"{count:,} pairs of units lie within {threshold:,.0f} m: too many to hold. Use a smaller distance."
            )
        pairs = tree.query_pairs(reach, output_type="ndarray")
        index = np.int32 if tree.n <= np.iinfo(np.int32).max else np.int64
        return points, pairs[:, 0].astype(index), pairs[:, 1].astype(index)


@dataclass(frozen=True, eq=False)
class PlanarMetric(Metric):
    """Distances on a projection.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Coordinates in the units of the projection.
    metres : float, default 1.0
        Length of one unit in metres.
    """

    points: Array
    metres: float = 1.0

    def embedded(self) -> Array:
        """Give the points, in the units of the projection."""
        return self.points

    def reach(self, metres: float) -> float:
        """Give the length in the units of the projection, and a little more."""
        return metres / self.metres * (1 + _ROUNDING) + _UNDERFLOW

    def bounds(self, straight: Array) -> tuple[Array, Array]:
        """Give the length in metres, less and more the errors of rounding."""
        least = np.maximum(straight * (1 - _ROUNDING) - _UNDERFLOW, 0.0)
        return least * self.metres, (straight * (1 + _ROUNDING) + _UNDERFLOW) * self.metres

    def measure(self, i: Array, j: Array) -> Array:
        """Give Euclidean distances in metres."""
        difference = (self.points[i] - self.points[j]) * self.metres
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

    Notes
    -----
    Points are embedded where they lie in space, on the ellipsoid. A geodesic is no shorter than the chord c between
    its ends, and bends no more than a circle of the ellipsoid's least radius of curvature R: it is then no longer
    than the circle's arc over that chord, 2 R arcsin(c / 2R) (Schur's comparison of arcs). Over 10 km the two
    bounds differ by a millimetre.
    """

    points: Array
    major: float = 6_378_137.0
    minor: float = 6_356_752.314245

    def embedded(self) -> Array:
        """Give the points in space, in metres from the centre of the ellipsoid, shape (n, 3)."""
        lon, lat = np.radians(self.points).T
        flat = (self.minor / self.major) ** 2
        normal = self.major / np.sqrt(np.cos(lat) ** 2 + flat * np.sin(lat) ** 2)
        across = normal * np.cos(lat)
        return np.column_stack([across * np.cos(lon), across * np.sin(lon), flat * normal * np.sin(lat)])

    def reach(self, metres: float) -> float:
        """Give the length itself, and a little more: a chord is no longer than the geodesic."""
        return metres * (1 + _ROUNDING) + _GEODESIC_ERROR

    def bounds(self, straight: Array) -> tuple[Array, Array]:
        """Give the chord, and the arc over it of the circle that bends as the ellipsoid does where it bends most."""
        twice = 2 * min(self.minor**2 / self.major, self.major**2 / self.minor)
        share = straight / twice
        arc = np.where(share < _HALFWAY, twice * np.arcsin(np.minimum(share, 1.0)), np.inf)
        least = np.maximum(straight * (1 - _ROUNDING) - _GEODESIC_ERROR, 0.0)
        return least, arc * (1 + _ROUNDING) + _GEODESIC_ERROR

    def measure(self, i: Array, j: Array) -> Array:
        """Give geodesic distances in metres (Karney's algorithm, by PROJ)."""
        try:
            from pyproj import Geod
        except ModuleNotFoundError:
            raise MissingLibraryError(
                "Geodesic distances this close to each other need pyproj, which is not installed here. Install it "
                "(pip install pyproj), or project the coordinates to metres."
            ) from None
        geod = Geod(a=self.major, b=self.minor)
        (lon1, lat1), (lon2, lat2) = self.points[i].T, self.points[j].T
        return np.asarray(geod.inv(lon1, lat1, lon2, lat2)[2])
