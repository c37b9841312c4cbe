"""QGIS: layers to arrays and tables, and back. A translator, without statistics of its own.

**Takes** a vector layer (or a source of a Processing algorithm) of QGIS; arrays, or a GeoDataFrame.
**Gives** `LayerArrays` with numpy and well-known binary, or a GeoDataFrame; a layer in the project.
**Next** `spatialhealth.weights` and the models' `fit_arrays`; the plug-in's tools do no more than that.
"""

from spatialhealth.qgis.arrays import LayerArrays, layer_arrays
from spatialhealth.qgis.frames import to_geodataframe
from spatialhealth.qgis.layers import add_layer, memory_layer

__all__ = ["LayerArrays", "add_layer", "layer_arrays", "memory_layer", "to_geodataframe"]
