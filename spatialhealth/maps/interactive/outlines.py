"""Outlines of units, small enough for a page: shared borders are thinned once, so that neighbours still touch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.maps.layer import Layer

__all__ = ["Outlines", "outlines"]

_GRID = 4096  # of the longer side: a screen's width, enlarged three times
_MOST = 60_000  # corners of all units together, beyond which borders are thinned further
_FIRST, _FACTOR = 0.75, 1.5  # by how much a thinned border may be off, in steps of the grid
_SPECK = 6.0  # area, in squares of the grid, below which an island is left out beside a larger one
_SPARE = 2  # half the side of the square that stands for a unit smaller than the grid


@dataclass(frozen=True)
class Outlines:
    """What a page draws.

    Parameters
    ----------
    paths : tuple of str
        One a unit, as SVG writes them; "x y" for a point; nothing for a unit without geometry.
    width, height : int
        Of the drawing, in steps of the grid.
    off : float
        By how much a border may be off, in steps of the grid; 0 for points.
    radius : int, default 0
        Of the circles that stand for points, in steps of the grid; 0 for polygons.
    """

    paths: tuple[str, ...]
    width: int
    height: int
    off: float
    radius: int = 0


def outlines(layer: Layer, most: int = _MOST) -> Outlines:
    """Put a layer on a grid and thin its borders until it has no more than so many corners.

    A border between two units is one line, cut where a third comes in. Each line is thinned by itself (Douglas and
    Peucker's way) and both units get what is left of it, so that there is neither gap nor overlap that was not there.

    Parameters
    ----------
    layer : Layer
        Polygons or points.
    most : int, default 60,000
        Corners of all units together. Units keep at least a triangle.

    Returns
    -------
    Outlines
    """
    low_x, low_y, high_x, high_y = layer.bounds
    wide, tall = high_x - low_x, (high_y - low_y) * layer.stretch
    scale = _GRID / max(wide, tall)
    size = round(wide * scale), round(tall * scale)

    def on_grid(points: Array) -> Array:
        shifted = np.column_stack([points[:, 0] - low_x, (high_y - points[:, 1]) * layer.stretch])
        return np.rint(shifted * scale).astype(np.int64)

    if isinstance(layer.paths, np.ndarray):
        points = on_grid(np.where(layer.empty[:, None], (low_x, low_y), layer.paths))
        radius = round(float(np.clip(0.35 * _GRID / np.sqrt(len(points)), 12, 60)))
        places = zip(points.tolist(), layer.empty.tolist(), strict=True)
        return Outlines(tuple("" if none else f"{x} {y}" for (x, y), none in places), *size, 0.0, radius)
    units = [[_without_repeats(on_grid(ring)) for ring in _rings(path)] for path in layer.paths]
    borders = _Borders(units)
    off = _FIRST
    rings = borders.thinned(off)
    while sum(len(ring) for unit in rings for ring in unit) > most and off < _GRID / 16:
        off *= _FACTOR
        rings = borders.thinned(off)
    return Outlines(tuple(map(_written, rings)), *size, off)


class _Borders:
    """Lines between the places where three units meet, and which of them make up each ring."""

    def __init__(self, units: list[list[Array]]) -> None:
        self.lines: list[Array] = []
        self.uses: list[int] = []
        self._known: dict[bytes, int] = {}
        meets = _meeting_places([ring for unit in units for ring in unit if len(ring) > 2])
        # of each ring: places of its lines, and whether it runs along them backwards
        self.units = [
            [(ring, self._cut(ring, meets) if len(ring) > 2 else []) for ring in unit] for unit in units
        ]

    def _cut(self, ring: Array, meets: set[int]) -> list[tuple[int, bool]]:
        """Cut a ring where others meet it; one that none meets starts at its lowest corner, whoever draws it."""
        keys = _key(ring)
        starts = np.array([j for j, key in enumerate(keys.tolist()) if key in meets])
        if not len(starts):
            starts = np.array([np.argmin(keys)])
        turned = np.roll(ring, -starts[0], axis=0)
        ends = [*(starts - starts[0]), len(ring)]
        closed = np.vstack([turned, turned[:1]])
        return [self._line(closed[a : b + 1]) for a, b in pairwise(ends)]

    def _line(self, points: Array) -> tuple[int, bool]:
        back = points[::-1].tolist() < points.tolist()
        line = np.ascontiguousarray(points[::-1] if back else points)
        place = self._known.setdefault(line.tobytes(), len(self.lines))
        if place == len(self.lines):
            self.lines.append(line)
            self.uses.append(0)
        self.uses[place] += 1
        return place, back

    def thinned(self, off: float) -> list[list[Array]]:
        """Give the rings of every unit, thinned by so much."""
        import shapely

        thin = shapely.simplify(
            [shapely.LineString(line) for line in self.lines], off, preserve_topology=False
        )
        lines = [shapely.get_coordinates(line).astype(np.int64) for line in thin]
        return [self._unit(rings, lines) for rings in self.units]

    def _unit(self, rings: list[tuple[Array, list[tuple[int, bool]]]], lines: list[Array]) -> list[Array]:
        if not rings:
            return []
        areas = [_area(ring) for ring, _ in rings]
        largest = int(np.argmax(areas))
        kept = []
        for j, (ring, parts) in enumerate(rings):
            alone = len(parts) == 1 and self.uses[parts[0][0]] == 1
            if j != largest and (not parts or (alone and areas[j] < _SPECK)):
                continue
            joined = [lines[place][::-1][:-1] if back else lines[place][:-1] for place, back in parts]
            found = np.vstack(joined) if joined else ring
            if len(found) > 2 and _area(found) > 0:
                kept.append(found)
            elif j == largest:
                kept.append(ring if areas[j] > 0 else _square(ring))
        return kept


def _rings(path: Any) -> list[Array]:
    """Give the rings of an outline, each without its closing point."""
    if not len(path.vertices):
        return []
    starts = np.flatnonzero(path.codes == path.MOVETO)
    return [ring[:-1] for ring in np.split(np.asarray(path.vertices, dtype=float), starts[1:])]


def _key(points: Array) -> Array:
    return np.asarray(points[:, 0] * (4 * _GRID) + points[:, 1])


def _meeting_places(rings: list[Array]) -> set[int]:
    """Give the corners from which other than two borders go out."""
    if not rings:
        return set()
    here = np.concatenate([_key(ring) for ring in rings])
    there = np.concatenate([np.roll(_key(ring), -1) for ring in rings])
    edges = np.unique(np.sort(np.column_stack([here, there]), axis=1), axis=0)
    corners, ways = np.unique(edges, return_counts=True)
    return set(corners[ways != 2].tolist())


def _without_repeats(ring: Array) -> Array:
    """Leave out corners that fell on the one before them."""
    return np.asarray(ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]) if len(ring) > 1 else ring


def _area(ring: Array) -> float:
    if len(ring) < 3:
        return 0.0
    x, y = ring[:, 0], ring[:, 1]
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def _square(ring: Array) -> Array:
    """Give what stands for a unit that the grid has swallowed."""
    centre = ring[0] if len(ring) else np.zeros(2, dtype=np.int64)
    return np.asarray(centre + _SPARE * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]))


def _written(rings: list[Array]) -> str:
    """Write rings as steps from corner to corner; a minus sign is separation enough."""
    said = []
    for ring in rings:
        steps = np.diff(ring, axis=0).ravel().tolist()
        text = " ".join(map(str, steps)).replace(" -", "-")
        said.append(f"M{ring[0][0]} {ring[0][1]}l{text}z")
    return "".join(said)
