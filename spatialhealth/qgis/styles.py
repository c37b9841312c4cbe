"""Colours for a layer of QGIS: by quantiles of numbers, by values of text, or as they are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["CLUSTER_COLOURS", "style_layer"]

# of LISA clusters, as GeoDa draws them
CLUSTER_COLOURS = {
    "high-high": "#d7191c",
    "low-low": "#2c7bb6",
    "high-low": "#fdae61",
    "low-high": "#abd9e9",
    "not significant": "#eeeeee",
    "no neighbours": "#999999",
}


def style_layer(layer: Any, column: str, colours: Mapping[str, str] | None = None, classes: int = 5) -> None:
    """Colour a layer by one of its fields.

    Parameters
    ----------
    layer : QgsVectorLayer
    column : str
    colours : mapping of value to colour, optional
        Of a field of text; by default they are QGIS's own.
    classes : int, default 5
        Quantiles of a field of numbers.
    """
    field = layer.fields().field(column)
    if field.isNumeric():
        _graduated(layer, column, classes)
    else:
        _categorised(layer, column, colours)
    layer.triggerRepaint()


def _graduated(layer: Any, column: str, classes: int) -> None:
    from qgis.core import QgsClassificationQuantile, QgsGraduatedSymbolRenderer, QgsStyle

    renderer = QgsGraduatedSymbolRenderer(column)
    renderer.setSourceSymbol(_symbol(layer))
    renderer.setClassificationMethod(QgsClassificationQuantile())
    renderer.updateClasses(layer, classes)
    ramp = QgsStyle.defaultStyle().colorRamp("Viridis")
    if ramp is not None:
        renderer.updateColorRamp(ramp)
    layer.setRenderer(renderer)


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
