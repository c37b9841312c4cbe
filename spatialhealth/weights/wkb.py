"""Rings of polygons out of well-known binary, with numpy only, so that it runs in any QGIS."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import GeometryError

__all__ = ["rings"]

_UINT = {1: struct.Struct("<I"), 0: struct.Struct(">I")}
_DOUBLE = {1: np.dtype("<f8"), 0: np.dtype(">f8")}
_EWKB_Z, _EWKB_M, _EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
_POLYGON, _MULTIPOLYGON = 3, 6


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
    """
    pieces: list[Array] = []
    unit: list[int] = []
    for position, data in enumerate(geometries):
        found = len(pieces)
        try:
            _read(bytes(data), 0, pieces)
        except (struct.error, TypeError, ValueError, IndexError, KeyError) as error:
            reason = (
                error if isinstance(error, GeometryError) else "the well-known binary is cut short or damaged"
            )
            raise GeometryError(
                f"The geometry at position {position}: {reason}. Mend or replace it."
            ) from None
        unit.extend([position] * (len(pieces) - found))
        if len(pieces) == found:
            raise GeometryError(f"The geometry at position {position} is empty. Leave it out or mend it.")
    if not pieces:
        raise GeometryError("There are no geometries. Give one polygon a unit.")
    length = np.array([len(piece) for piece in pieces])
    return np.concatenate(pieces).astype(float) + 0.0, np.array(unit), length  # -0.0 becomes 0.0


def _read(data: bytes, offset: int, pieces: list[Array]) -> int:
    """Append the rings of the geometry at `offset`; give the offset of its end."""
    order = data[offset]
    read = _UINT[order].unpack_from
    (code,) = read(data, offset + 1)
    offset += 9 if code & _EWKB_SRID else 5
    kind, dimensions = (code & 0xFFFF) % 1000, _dimensions(code)
    if kind not in (_POLYGON, _MULTIPOLYGON):
        raise GeometryError(f"it is no polygon (well-known binary type {code & 0xFFFF})")
    (parts,) = read(data, offset)
    offset += 4
    for _ in range(parts):
        if kind == _MULTIPOLYGON:
            offset = _read(data, offset, pieces)
            continue
        (count,) = read(data, offset)
        offset += 4
        values = np.frombuffer(data, _DOUBLE[order], count * dimensions, offset)
        pieces.append(values.reshape(count, dimensions)[:, :2])
        offset += 8 * count * dimensions
    return offset


def _dimensions(code: int) -> int:
    extended = 2 + bool(code & _EWKB_Z) + bool(code & _EWKB_M)
    return max(extended, {0: 2, 1: 3, 2: 3, 3: 4}.get((code & 0xFFFF) // 1000, 2))
