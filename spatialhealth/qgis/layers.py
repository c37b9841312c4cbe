"""From arrays or a GeoDataFrame to a layer of QGIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import CoordinateSystemError, DataError, GeometryError, ShapeError, some
from spatialhealth.qgis.arrays import LayerArrays
from spatialhealth.qgis.styles import style_layer
from spatialhealth.qgis.values import attribute, qgis_field

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["add_layer", "memory_layer"]

_BLOCK = 5_000  # features handed over at once
_KINDS = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}


def add_layer(data: gpd.GeoDataFrame | LayerArrays, name: str, style: str | None = None) -> Any:
    """Add a layer to the project that is open in QGIS.

    Parameters
    ----------
    data : GeoDataFrame or LayerArrays
        The index of a GeoDataFrame becomes the first field, unless it is a plain range.
    name : str
        Of the layer.
    style : str, optional
        - the name of a column: colours by quantiles for numbers, about zero where they have both signs; one colour
          for each value of text;
        - the path of a style file (.qml).

    Returns
    -------
    QgsVectorLayer
        A layer in memory; export it to keep it.

    Raises
    ------
    DataError, GeometryError, CoordinateSystemError
        If the data have no geometry, their coordinate system is unknown to QGIS, or there is no such style.
    """
    from qgis.core import QgsProject

    read = data if isinstance(data, LayerArrays) else _from_frame(data)
    layer = memory_layer(read.wkb, read.columns, name, read.crs)
    if style is not None:
        if style in read.columns:
            style_layer(layer, style)
        elif Path(style).suffix == ".qml" and Path(style).exists():
            layer.loadNamedStyle(str(style))
        else:
            raise DataError(
                f"add_layer: style={style!r} is neither a column ({some(read.columns)}) nor a .qml file."
            )
    QgsProject.instance().addMapLayer(layer)
    return layer


def memory_layer(
    wkb: Sequence[bytes | None], columns: Mapping[str, Array], name: str, crs: str | None = None
) -> Any:
    """Make a layer in memory from arrays.

    Parameters
    ----------
    wkb : sequence of n bytes or None
        Well-known binary of the geometries; single and multiple ones of one kind may be mixed.
    columns : mapping of str to array of shape (n,)
        NaN, NaT and None become NULL.
    name : str
    crs : str, optional
        Code of an authority, or well-known text.

    Returns
    -------
    QgsVectorLayer
        Not in the project yet.

    Raises
    ------
    ShapeError, GeometryError, CoordinateSystemError
        If a column has another length, geometries are of several kinds, or QGIS does not know the coordinate system.
    """
    from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(_kind(wkb), name, "memory")
    layer.setCrs(QgsCoordinateReferenceSystem() if crs is None else _crs(crs))
    arrays = {column: np.asarray(values) for column, values in columns.items()}
    odd = [column for column, values in arrays.items() if len(values) != len(wkb)]
    if odd:
        raise ShapeError(f"The columns {some(odd)} have not one value for each of {len(wkb)} geometries.")
    provider = layer.dataProvider()
    provider.addAttributes([qgis_field(column, values) for column, values in arrays.items()])
    layer.updateFields()
    values = [column.tolist() for column in arrays.values()]
    for start in range(0, len(wkb), _BLOCK):
        block = []
        for row in range(start, min(start + _BLOCK, len(wkb))):
            feature = QgsFeature(layer.fields())
            binary = wkb[row]
            if binary is not None:
                geometry = QgsGeometry()
                geometry.fromWkb(binary)
                feature.setGeometry(geometry)
            feature.setAttributes([attribute(column[row]) for column in values])
            block.append(feature)
        provider.addFeatures(block)
    layer.updateExtents()
    return layer


def _kind(wkb: Sequence[bytes | None]) -> str:
    """Give the name of the geometries' kind, multiple if one is."""
    from qgis.core import QgsGeometry, QgsWkbTypes

    found: set[int] = set()
    for head in {each[:5] for each in wkb if each is not None}:
        number = int.from_bytes(head[1:5], "little" if head[0] else "big")
        found.add((number & 0xFFFF) % 1000)
    if not found:
        return "None"
    flat = {kind - 3 if kind > 3 else kind for kind in found}
    if len(flat) > 1 or not found <= set(_KINDS):
        first = QgsGeometry()
        first.fromWkb(next(each for each in wkb if each is not None))
        raise GeometryError(
            "A layer holds geometries of one kind, points, lines or polygons; these are of several, the first "
            f"{QgsWkbTypes.displayString(first.wkbType())}. Split them into a layer each."
        )
    return _KINDS[max(found)]


def _crs(text: str) -> Any:
    from qgis.core import QgsCoordinateReferenceSystem

    crs = QgsCoordinateReferenceSystem()
    if not crs.createFromUserInput(text):
        raise CoordinateSystemError(f"QGIS does not know the coordinate reference system {text[:80]!r}.")
    return crs


def _from_frame(frame: gpd.GeoDataFrame) -> LayerArrays:
    import pandas as pd
    import shapely

    if not hasattr(frame, "geometry"):
        raise GeometryError(
            f"add_layer needs a GeoDataFrame or LayerArrays; it was given {type(frame).__name__}."
        )
    table = frame.drop(columns=frame.geometry.name)
    if not isinstance(frame.index, pd.RangeIndex):
        names = [
            str(level) if level is not None else f"index_{j}" for j, level in enumerate(frame.index.names)
        ]
        clear = [name for name in names if name not in table.columns]
        table = (
            frame.index.to_frame(index=False)
            .set_axis(names, axis=1)[clear]
            .join(table.reset_index(drop=True))
        )
    shapes = frame.geometry.to_numpy()
    binary = [None if each is None else shapely.to_wkb(each) for each in shapes]
    columns = {str(column): _column(table[column]) for column in table.columns}
    points = shapely.get_coordinates(shapely.centroid(shapes)) if len(shapes) else np.empty((0, 2))
    crs = frame.crs
    code = None if crs is None else (":".join(crs.to_authority()) if crs.to_authority() else crs.to_wkt())
    geographic = bool(crs is not None and crs.is_geographic)
    return LayerArrays(np.arange(len(frame)), binary, columns, code, geographic, 1.0, points)


def _column(values: Any) -> Array:
    """Give a column of pandas as an array that numpy knows, with NaN or None for what is missing."""
    if values.dtype.kind in "iufb" and not hasattr(values.dtype, "na_value"):
        return np.asarray(values.to_numpy())
    if values.dtype.kind == "M":
        return np.asarray(values.to_numpy(dtype="datetime64[ms]"))
    if str(values.dtype).lower().startswith(("int", "uint", "float")):
        if values.isna().any():
            return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(values.to_numpy(dtype=str(values.dtype).lower()))
    return np.asarray(
        [None if missing else each for each, missing in zip(values, values.isna(), strict=True)], object
    )
