"""Rings of polygons out of well-known binary, with numpy only, so that it runs in any QGIS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import GeometryError

__all__ = ["rings"]

_EWKB_Z, _EWKB_M, _EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
_POLYGON, _MULTIPOLYGON = 3, 6
_ISO_DIMENSIONS = np.array([2, 3, 3, 4, 2])  # of types from 0, 1000, 2000, 3000, and of any other
_BLOCK = 1 << 18  # rings read at once, so that the offsets of their vertices stay small beside the vertices
_DAMAGED = "the well-known binary is cut short or damaged"


def rings(geometries: Iterable[bytes]) -> tuple[Array, Array, Array]:
    """Read every ring of every polygon.

    Parameters
    ----------
    geometries : iterable of bytes
        Well-known binary (ISO or extended) of Polygons or MultiPolygons, one a unit.

    Returns
    -------
    vertices : ndarray of shape (v, 2)
        Coordinates, ring after ring, each ring closed; third and fourth dimensions are left out.
    unit : ndarray of shape (r,)
        For each ring, the position of its unit.
    length : ndarray of shape (r,)
        For each ring, its number of vertices.

    Raises
    ------
    GeometryError
        If a geometry is empty, no polygon, or cut short.

    Notes
    -----
    All geometries are read at once: first the header of each, then the first ring of each, the second ring of
    those that have one, and so on. Steps of Python are as many as the rings of the unit that has most.
    """
    data, end = _joined(geometries)
    reader = _Reader(data, end)
    found = _found(reader)
    if not found:
        empty = 0
    else:
        unit, start, length, dimensions, little = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.argsort(unit, kind="stable")
        unit, start, length, dimensions, little = (
            part[order] for part in (unit, start, length, dimensions, little)
        )
        has = np.zeros(len(end), dtype=bool)
        has[unit] = True
        empty = -1 if has.all() else int(np.argmin(has))
    if empty >= 0:
        raise GeometryError(f"The geometry at position {empty} is empty. Leave it out or mend it.")
    return _vertices(data, start, length, 8 * dimensions, little), unit, length


def _joined(geometries: Iterable[bytes]) -> tuple[bytes, Array]:
    """Give all geometries in one piece, and where each of them ends."""
    pieces = geometries if isinstance(geometries, (list, np.ndarray)) else list(geometries)
    if not len(pieces):
        raise GeometryError("There are no geometries. Give one polygon a unit.")
    if set(map(type, pieces)) != {bytes}:
        pieces = [
            _as_bytes(position, piece) for position, piece in enumerate(pieces)
        ]  # Qt's own, for example
    return b"".join(pieces), np.cumsum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)))


def _as_bytes(position: int, piece: object) -> bytes:
    try:
        return bytes(piece)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        raise _damage(position, _DAMAGED) from None


def _damage(position: int, what: str) -> GeometryError:
    return GeometryError(f"The geometry at position {position}: {what}. Mend or replace it.")


@dataclass
class _Reader:
    """Where each unit has been read up to, and what is left to read of it."""

    data: bytes
    end: Array

    def __post_init__(self) -> None:
        n = len(self.end)
        self.at = np.concatenate([[0], self.end[:-1]])
        self.parts = np.zeros(n, dtype=np.int64)  # polygons of a multipolygon not yet begun
        self.rings = np.zeros(n, dtype=np.int64)  # of the polygon begun
        self.dimensions = np.zeros(n, dtype=np.int64)
        self.little = np.zeros(n, dtype=bool)

    def need(self, units: Array, size: Array | int) -> None:
        """Raise if a unit ends before so many more bytes."""
        short = self.at[units] + size > self.end[units]
        if short.any():
            raise _damage(int(units[short].min()), _DAMAGED)

    def whole(self, units: Array, offset: Array | int) -> Array:
        """Read a whole number of four bytes at an offset from where each unit stands."""
        where, little = self.at[units] + offset, self.little[units]
        number = np.empty(len(units), dtype=np.int64)
        for dtype, these in (("<u4", little), (">u4", ~little)):
            if these.any():
                number[these] = np.ndarray(len(self.data) - 3, dtype, self.data, strides=(1,))[where[these]]
        return number

    def header(self, units: Array, kinds: tuple[int, ...]) -> None:
        """Read the order of bytes, the type and the number of parts."""
        self.need(units, 9)
        order = np.frombuffer(self.data, np.uint8)[self.at[units]]
        if (order > 1).any():
            raise _damage(int(units[order > 1].min()), _DAMAGED)
        self.little[units] = order == 1
        code = self.whole(units, 1)
        kind = (code & 0xFFFF) % 1000
        wrong = ~np.isin(kind, kinds)
        if wrong.any():
            which = int(np.flatnonzero(wrong)[0])
            raise _damage(
                int(units[which]), f"it is no polygon (well-known binary type {int(code[which]) & 0xFFFF})"
            )
        extended = 2 + ((code & _EWKB_Z) > 0) + ((code & _EWKB_M) > 0)
        iso = _ISO_DIMENSIONS[np.minimum((code & 0xFFFF) // 1000, 4)]
        self.dimensions[units] = np.maximum(extended, iso)
        self.at[units] += np.where(code & _EWKB_SRID, 9, 5)
        self.need(units, 4)
        count = self.whole(units, 0)
        self.at[units] += 4
        several = kind == _MULTIPOLYGON
        self.parts[units] += np.where(several, count, 0)
        self.rings[units] = np.where(several, 0, count)

    def ring(self, units: Array) -> tuple[Array, Array, Array, Array, Array]:
        """Read past one ring: units, where their vertices start, how many, of how many numbers, in what order."""
        self.need(units, 4)
        count, dimensions = self.whole(units, 0), self.dimensions[units]
        size = 4 + 8 * dimensions * count
        self.need(units, size)
        start = self.at[units] + 4
        self.at[units] += size
        self.rings[units] -= 1
        return units, start, count, dimensions, self.little[units]


def _found(reader: _Reader) -> list[tuple[Array, Array, Array, Array, Array]]:
    """Give the rings of all units, those read in one step together."""
    units, found = np.arange(len(reader.end)), []
    reader.header(units, (_POLYGON, _MULTIPOLYGON))
    while len(units):
        begin = units[(reader.rings[units] == 0) & (reader.parts[units] > 0)]
        if len(begin):
            reader.parts[begin] -= 1
            reader.header(begin, (_POLYGON,))
        inside = units[reader.rings[units] > 0]
        if len(inside):
            found.append(reader.ring(inside))
        units = units[(reader.rings[units] > 0) | (reader.parts[units] > 0)]
    return found


def _vertices(data: bytes, start: Array, length: Array, step: Array, little: Array) -> Array:
    """Gather the first two numbers of every vertex, shape (v, 2)."""
    vertices = np.empty((int(length.sum()), 2))
    done = 0
    for first in range(0, len(start), _BLOCK):
        block = slice(first, first + _BLOCK)
        size = length[block]
        before = np.cumsum(size) - size
        at = np.arange(int(size.sum())) - np.repeat(before, size)
        at = at * np.repeat(step[block], size) + np.repeat(start[block], size)
        part = vertices[done : done + len(at)]
        for order, these in (("<", little[block]), (">", ~little[block])):
            if these.any():
                mask = slice(None) if these.all() else np.repeat(these, size)
                pair = np.ndarray(max(len(data) - 15, 0), np.dtype((order + "f8", 2)), data, strides=(1,))
                part[mask] = pair[at[mask]]
        done += len(at)
    vertices += 0.0  # -0.0 becomes 0.0
    return vertices
