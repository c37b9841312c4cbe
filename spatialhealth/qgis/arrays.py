"""From a layer of QGIS to arrays: ids, well-known binary, one column a field; numpy only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import (
    CoordinateSystemError,
    DataError,
    GeometryError,
    MissingDataError,
    did_you_mean,
    some,
)
from spatialhealth.qgis.values import column_array, is_null

__all__ = ["LayerArrays", "crs_text", "layer_arrays"]

_EVERY = 1_000  # features between two reports


@dataclass(frozen=True, eq=False)
class LayerArrays:
    """What a layer holds.

    Parameters
    ----------
    fids : ndarray of int64 of shape (n,)
        Feature ids of QGIS.
    wkb : list of n bytes or None
        Well-known binary of the geometries, curves made of straight segments; None where there is none.
    columns : dict of str to ndarray of shape (n,)
        One a field. Whole numbers are int64, or float64 with NaN where some are NULL; decimals float64 with NaN;
        truth values bool, or objects with None; dates datetime64; all else objects with None.
    crs : str or None
        Code of an authority such as "EPSG:4326", else well-known text; None if it is not set.
    geographic : bool
        Whether coordinates are longitude and latitude.
    metres : float
        Length of one unit of the coordinates in metres; 1 for a layer without a coordinate system.
    points : ndarray of shape (n, 2)
        Centroids; NaN where there is no geometry.
    """

    fids: Array
    wkb: list[bytes | None]
    columns: dict[str, Array]
    crs: str | None
    geographic: bool
    metres: float
    points: Array

    def __len__(self) -> int:
        return len(self.fids)

    def column(self, name: str) -> Array:
        """Give a column, or say which there are."""
        if name not in self.columns:
            raise DataError(
                f"The layer has no field {name!r}.{did_you_mean(name, self.columns)} It has: {some(self.columns)}."
            )
        return self.columns[name]

    def numbers(self, name: str) -> Array:
        """Give a column as float64, NaN where it is NULL.

        Raises
        ------
        DataError
            If it does not hold numbers.
        """
        values = self.column(name)
        if values.dtype == object and all(each is None or isinstance(each, bool) for each in values):
            return np.array([np.nan if each is None else float(each) for each in values])
        if values.dtype.kind not in "fiub":
            raise DataError(
                f"The field {name!r} must hold numbers, and holds others. Fields of a CSV file are text unless it is "
                "added as Delimited Text Layer; the tool 'Refactor fields' converts them."
            )
        return values.astype(float)

    def polygons(self) -> list[bytes]:
        """Give the well-known binary, after checking that every feature has a geometry."""
        absent = [fid for fid, each in zip(self.fids.tolist(), self.wkb, strict=True) if each is None]
        if absent:
            raise GeometryError(f"The features {some(absent)} have no geometry. Leave them out or draw them.")
        return [each for each in self.wkb if each is not None]

    def places(self) -> Array:
        """Give the points in metres, or in degrees if the layer is geographic, for the array builders of weights.

        Raises
        ------
        CoordinateSystemError
            If the layer has no coordinate system.
        GeometryError
            If a feature has no geometry.
        """
        if self.crs is None:
            raise CoordinateSystemError(
                "The layer has no coordinate reference system, so its distances have no unit. Set one in the layer's "
                "properties, for example EPSG:4326 for longitude and latitude."
            )
        self.polygons()
        return self.points if self.geographic else self.points * self.metres

    def kept(self, which: Array) -> LayerArrays:
        """Give some of the features, by positions or by a mask."""
        rows = np.arange(len(self))[which]
        return LayerArrays(
            self.fids[rows],
            [self.wkb[row] for row in rows],
            {name: values[rows] for name, values in self.columns.items()},
            self.crs,
            self.geographic,
            self.metres,
            self.points[rows],
        )

    def complete(self, names: Iterable[str]) -> Array:
        """Tell which features have a geometry and numbers in all of the fields named."""
        found = np.array([each is not None for each in self.wkb], dtype=bool)
        for name in names:
            found &= np.isfinite(self.numbers(name))
        return found


def layer_arrays(
    layer: Any,
    fields: Iterable[str] | None = None,
    selected: bool = False,
    geometry: bool = True,
    report: Callable[[float], None] | None = None,
) -> LayerArrays:
    """Read a layer of QGIS into arrays.

    Parameters
    ----------
    layer : QgsVectorLayer or QgsProcessingFeatureSource
        Its filter and its edits that are not saved yet are respected.
    fields : sequence of str, optional
        Which to read; all by default.
    selected : bool, default False
        Whether to read the selected features only. A source of a Processing algorithm knows that itself.
    geometry : bool, default True
        Whether to read geometries.
    report : callable, optional
        Called with the share that is done; what it raises ends the reading.

    Returns
    -------
    LayerArrays
        In the order of the layer; selected features by their ids.

    Raises
    ------
    DataError
        If there is no such field.
    MissingDataError
        If there is nothing to read.

    Notes
    -----
    100,000 polygons of 65 vertices take some seconds.
    """
    from qgis.core import QgsFeatureRequest

    known = {field.name(): place for place, field in enumerate(layer.fields())}
    names = list(known) if fields is None else list(dict.fromkeys(fields))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DataError(
            f"The layer has no field {some(unknown)}.{did_you_mean(unknown[0], known)} It has: {some(known)}."
        )
    place = [known[name] for name in names]
    request = QgsFeatureRequest().setSubsetOfAttributes(place)
    if not geometry:
        request.setFlags(QgsFeatureRequest.Flag.NoGeometry)
    if selected:  # QGIS gives them in no order
        features = sorted(layer.getSelectedFeatures(request), key=lambda feature: feature.id())
    else:
        features = layer.getFeatures(request)
    total = layer.selectedFeatureCount() if selected else layer.featureCount()
    fids, wkb, rows, points = [], [], [], []
    for done, feature in enumerate(features):
        if report is not None and done % _EVERY == 0:
            report(done / total if total > 0 else 0.0)
        fids.append(feature.id())
        attributes = feature.attributes()
        rows.append([attributes[j] for j in place])
        binary, point = _geometry(feature.geometry()) if geometry else (None, _NOWHERE)
        wkb.append(binary)
        points.append(point)
    if not fids:
        raise MissingDataError(
            "The layer has no features to read. Widen its filter" + (" or select some." if selected else ".")
        )
    kinds = [layer.fields()[j] for j in place]
    columns = {name: column_array([row[j] for row in rows], kinds[j]) for j, name in enumerate(names)}
    crs = layer.sourceCrs() if hasattr(layer, "sourceCrs") else layer.crs()
    metres = _metres(crs)
    return LayerArrays(
        np.array(fids, dtype=np.int64),
        wkb,
        columns,
        crs_text(crs),
        bool(crs.isValid() and crs.isGeographic()),
        metres,
        np.array(points, dtype=float).reshape(-1, 2),
    )


_NOWHERE = (np.nan, np.nan)


def _geometry(geometry: Any) -> tuple[bytes | None, tuple[float, float]]:
    """Give the well-known binary of a geometry, straight, and its centroid."""
    if is_null(geometry) or geometry.isNull() or geometry.isEmpty():
        return None, _NOWHERE
    from qgis.core import QgsGeometry, QgsWkbTypes

    if QgsWkbTypes.isCurvedType(geometry.wkbType()):
        geometry = QgsGeometry(geometry.constGet().segmentize())
    centre = geometry.centroid().asPoint()
    return geometry.asWkb().data(), (centre.x(), centre.y())


def crs_text(crs: Any) -> str | None:
    """Write a coordinate system of QGIS as text that QGIS and pyproj read; None if it is not set."""
    if not crs.isValid():
        return None
    code = str(crs.authid())
    if code and not code.startswith("USER:"):
        return code
    from qgis.core import QgsCoordinateReferenceSystem

    return str(crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT2_2019))


def _metres(crs: Any) -> float:
    if not crs.isValid() or crs.isGeographic():
        return 1.0
    from qgis.core import QgsUnitTypes

    metre = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), _distance_unit("Meters", "DistanceMeters"))
    return float(metre)


def _distance_unit(new: str, old: str) -> Any:
    """Give a unit of length by the name of QGIS 3.30 and later, or of those before."""
    from qgis.core import Qgis, QgsUnitTypes

    units = getattr(Qgis, "DistanceUnit", None)
    return getattr(units, new) if units is not None else getattr(QgsUnitTypes, old)
