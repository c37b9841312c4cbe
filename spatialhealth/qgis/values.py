"""Values of fields: NULL, numbers, dates and text, from QGIS to numpy and back."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from spatialhealth._typing import Array

__all__ = ["attribute", "column_array", "is_null", "is_whole", "kind_of", "qgis_field"]

# numbers of Qt's types, the same in Qt 5 and 6, whose names QGIS takes from two places
_BOOL, _WHOLE, _DOUBLE, _DATE, _MOMENT = 1, (2, 3, 4, 5), 6, 14, 16


def is_null(value: Any) -> bool:
    """Tell whether a value of QGIS is NULL: None, or of PyQt5 an empty QVariant."""
    if value is None:
        return True
    null = getattr(value, "isNull", None)
    return type(value).__name__ == "QVariant" and null is not None and bool(null())


def kind_of(field: Any) -> int:
    """Give the number of the type of a field."""
    kind = field.type()
    return int(getattr(kind, "value", kind))


def is_whole(field: Any) -> bool:
    """Tell whether a field holds whole numbers."""
    return kind_of(field) in _WHOLE


def column_array(values: list[Any], field: Any) -> Array:
    """Give the values of a field as an array; see `spatialhealth.qgis.LayerArrays`."""
    known = [not is_null(value) for value in values]
    kind = kind_of(field)
    if is_whole(field) and all(known):
        return np.array(values, dtype=np.int64)
    if is_whole(field) or kind == _DOUBLE:
        numbers = [value if there else np.nan for value, there in zip(values, known, strict=True)]
        return np.array(numbers, dtype=float)
    if kind == _BOOL and all(known):
        return np.array(values, dtype=bool)
    if kind in (_DATE, _MOMENT):
        text = [_written(value) if there else "NaT" for value, there in zip(values, known, strict=True)]
        return np.array(text, dtype="datetime64[D]" if kind == _DATE else "datetime64[ms]")
    array = np.empty(len(values), dtype=object)
    array[:] = [value if there else None for value, there in zip(values, known, strict=True)]
    return array


def _written(moment: Any) -> str:
    """Write a date of Qt as ISO 8601, a moment with a zone in UTC."""
    from qgis.PyQt.QtCore import Qt

    form = Qt.DateFormat.ISODateWithMs
    if hasattr(moment, "toUTC") and moment.timeSpec() != Qt.TimeSpec.LocalTime:
        moment = moment.toUTC()
    return str(moment.toString(form)).rstrip("Z")


def qgis_field(name: str, values: Any) -> Any:
    """Give the field of QGIS that holds an array."""
    from qgis.core import Qgis, QgsField
    from qgis.PyQt.QtCore import QMetaType

    array = np.asarray(values)
    kind = {"b": "Bool", "i": "LongLong", "u": "LongLong", "f": "Double", "M": "DateTime"}.get(
        array.dtype.kind, "String"
    )
    if kind == "String" and {type(value) for value in array.tolist()} - {type(None)} == {bool}:
        kind = "Bool"  # some of which are not known
    if Qgis.QGIS_VERSION_INT < 33800:
        from qgis.PyQt.QtCore import QVariant

        return QgsField(name, getattr(QVariant, kind))
    return QgsField(
        name, getattr(QMetaType.Type, {"DateTime": "QDateTime", "String": "QString"}.get(kind, kind))
    )


def attribute(value: Any) -> Any:
    """Give a value of an array as QGIS takes it, None for what is missing."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if value == value else None
    if isinstance(value, (int, str)):
        return value
    if isinstance(value, datetime.datetime):
        from qgis.PyQt.QtCore import QDateTime, Qt

        return QDateTime.fromString(value.isoformat(timespec="milliseconds"), Qt.DateFormat.ISODateWithMs)
    if isinstance(value, datetime.date):
        return attribute(datetime.datetime(value.year, value.month, value.day))
    missing = str(value) in ("NaT", "<NA>", "nan")
    return None if missing else str(value)
