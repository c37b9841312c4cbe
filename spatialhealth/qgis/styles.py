"""Colours for a layer of QGIS, those of the package's maps: numbers by quantiles, text by its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spatialhealth._typing import Array

__all__ = ["CLUSTER_COLOURS", "style_layer"]

CLUSTER_COLOURS = {
    "high-high": "#ca0020",
    "low-low": "#0571b0",
    "high-low": "#f4a582",
    "low-high": "#92c5de",
    "not significant": "#f7f7f7",
    "no neighbours": "#999999",
}
# ColorBrewer's RdBu: red is negative, blue is positive
_DIVERGING = ("#b2182b", "#ef8a62", "#fddbc7", "#d1e5f0", "#67a9cf", "#2166ac")


def style_layer(layer: Any, column: str, colours: Mapping[str, str] | None = None, classes: int = 5) -> None:
    """Colour a layer by one of its fields.

    Parameters
    ----------
    layer : QgsVectorLayer
    column : str
    colours : mapping of value to colour, optional
        Of a field of text; by default they are QGIS's own.
    classes : int, default 5
        Quantiles of a field of numbers of one sign, light for low. Those of both signs have six classes, as far from
        zero on both sides, red for negative.
    """
    if not layer.isSpatial():  # a table has nothing to colour
        return
    field = layer.fields().field(column)
    if field.isNumeric():
        _graduated(layer, column, classes)
    else:
        _categorised(layer, column, colours)
    layer.triggerRepaint()


def _graduated(layer: Any, column: str, classes: int) -> None:
    from qgis.core import QgsClassificationQuantile, QgsGraduatedSymbolRenderer, QgsStyle, QgsVectorLayerUtils

    renderer = QgsGraduatedSymbolRenderer(column)
    renderer.setSourceSymbol(_symbol(layer))
    found, _ = QgsVectorLayerUtils.getValues(layer, column)
    values = np.array([value for value in found if isinstance(value, (int, float))], dtype=float)
    values = values[np.isfinite(values)]
    if len(values) and values.min() < 0 < values.max():
        for low, high, colour in _about_zero(values):
            renderer.addClassRange(_range(layer, low, high, colour))
    else:
        renderer.setClassificationMethod(QgsClassificationQuantile())
        renderer.updateClasses(layer, classes)
        ramp = QgsStyle.defaultStyle().colorRamp("Viridis")
        if ramp is not None:
            ramp.invert()
            renderer.updateColorRamp(ramp)
    layer.setRenderer(renderer)


def _about_zero(values: Array) -> list[tuple[float, float, str]]:
    """Give six classes with their colours: thirds of the sizes, on both sides of zero."""
    sizes = np.quantile(np.abs(values), [1 / 3, 2 / 3, 1])
    ends = [*-sizes[::-1], 0.0, *sizes]
    return list(zip(ends[:-1], ends[1:], _DIVERGING, strict=True))


def _range(layer: Any, low: float, high: float, colour: str) -> Any:
    from qgis.core import QgsRendererRange
    from qgis.PyQt.QtGui import QColor

    symbol = _symbol(layer)
    symbol.setColor(QColor(colour))
    return QgsRendererRange(low, high, symbol, f"{low:.3g} - {high:.3g}")


def _categorised(layer: Any, column: str, colours: Mapping[str, str] | None) -> None:
    from qgis.core import QgsCategorizedSymbolRenderer, QgsRendererCategory, QgsStyle
    from qgis.PyQt.QtGui import QColor

    place = layer.fields().indexOf(column)
    there = {str(value) for value in layer.uniqueValues(place)}
    known = [value for value in colours or {} if value in there]
    categories = []
    for value in known + sorted(there.difference(known)):
        symbol = _symbol(layer)
        if colours is not None and value in colours:
            symbol.setColor(QColor(colours[value]))
        categories.append(QgsRendererCategory(value, symbol, value))
    renderer = QgsCategorizedSymbolRenderer(column, categories)
    ramp = QgsStyle.defaultStyle().colorRamp("Spectral")
    if colours is None and ramp is not None:
        renderer.updateColorRamp(ramp)
    layer.setRenderer(renderer)


def _symbol(layer: Any) -> Any:
    from qgis.core import QgsSymbol

    return QgsSymbol.defaultSymbol(layer.geometryType())
