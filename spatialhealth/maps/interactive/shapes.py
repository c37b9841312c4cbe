"""Outlines as short texts: on a grid of whole numbers, on which neighbours keep a common border."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.maps.layer import Layer

__all__ = ["Drawn", "drawn"]

_GRIDS = (4000, 2800, 2000, 1400, 1000, 700, 500)  # cells of the longer side
_BUDGET = 1_600_000  # bytes that all outlines together may take


class Drawn:
    """What the script draws: paths or points on a grid.

    Parameters
    ----------
    paths : list of str
        One an unit: an SVG path, or nothing for a unit without geometry.
    size : tuple of int
        Width and height of the grid.
    points : bool
        Whether the units are points, whose path is "x y".
    """

    def __init__(self, paths: list[str], size: tuple[int, int], points: bool) -> None:
        self.paths, self.size, self.points = paths, size, points


def drawn(layer: Layer, budget: int = _BUDGET) -> Drawn:
    """Give the outlines of a layer on the finest grid on which they are within a budget.

    Parameters
    ----------
    layer : Layer
    budget : int
        Bytes that the paths may take together; the coarsest grid is taken if none is within it.

    Returns
    -------
    Drawn

    Notes
    -----
    Every vertex is moved to the nearest point of the grid, and vertices that fall together or stand on a line between
    their neighbours are left out. Two units that share a border share its vertices and get the same line: no gaps,
    no overlaps. A part smaller than a cell is drawn as one cell, so that no unit disappears.
    """
    for grid in _GRIDS:
        found = _on(layer, grid)
        if sum(map(len, found.paths)) <= budget:
            break
    return found


def _on(layer: Layer, grid: int) -> Drawn:
    low_x, low_y, high_x, high_y = layer.bounds
    wide, tall = high_x - low_x, (high_y - low_y) * layer.stretch
    cell = max(wide, tall) / grid
    size = (int(np.ceil(wide / cell)), int(np.ceil(tall / cell)))

    def place(points: Array) -> Array:
        x, y = (points[:, 0] - low_x) / cell, (high_y - points[:, 1]) * layer.stretch / cell
        return np.rint(np.column_stack([x, y])).astype(np.int64)

    if isinstance(layer.paths, np.ndarray):
        at = place(np.where(layer.empty[:, None], 0.0, layer.paths))
        paths = ["" if none else f"{x} {y}" for none, (x, y) in zip(layer.empty, at, strict=True)]
        return Drawn(paths, size, True)
    return Drawn([_path(path, place) for path in layer.paths], size, False)


def _path(path: Any, place: Any) -> str:
    """Give an SVG path with whole, relative coordinates."""
    if not len(path.vertices):
        return ""
    at = place(path.vertices)
    starts = np.flatnonzero(path.codes == path.MOVETO)
    rings = [_thin(ring) for ring in np.split(at, starts[1:])]
    rings = [ring for ring in rings if len(ring) > 2] or [_cell(at[0])]
    return "".join(_ring(ring) for ring in rings)


def _thin(ring: Array) -> Array:
    """Give a ring without its last vertex (the first again), repeated ones, and those on a straight line."""
    ring = ring[:-1] if len(ring) > 1 and (ring[0] == ring[-1]).all() else ring
    for _ in range(2):
        if len(ring) < 3:
            return ring
        ring = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
        if len(ring) < 3:
            return ring
        before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
        turn = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
        ring = ring[turn]
    return ring


def _cell(corner: Array) -> Array:
    return np.asarray(corner + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]))


def _ring(ring: Array) -> str:
    steps = np.diff(ring, axis=0).ravel().tolist()
    # a minus sign parts numbers as well as a blank does
    tail = "".join(f"{'' if j and n < 0 else (' ' if j else '')}{n}" for j, n in enumerate(steps))
    return f"M{ring[0, 0]} {ring[0, 1]}l{tail}z"
