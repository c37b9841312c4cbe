"""From a layer of QGIS to a GeoDataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.errors import MissingLibraryError
from spatialhealth.qgis.arrays import layer_arrays
from spatialhealth.qgis.values import is_whole

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["to_geodataframe"]


def to_geodataframe(
    layer: Any, fields: Iterable[str] | None = None, selected: bool = False
) -> gpd.GeoDataFrame:
    """Read a layer of QGIS into a GeoDataFrame.

    Parameters
    ----------
    layer : QgsVectorLayer or QgsProcessingFeatureSource
        Its filter and its edits that are not saved yet are respected.
    fields : sequence of str, optional
        Which to read; all by default.
    selected : bool, default False
        Whether to read the selected features only.

    Returns
    -------
    GeoDataFrame
        Indexed by the feature ids of QGIS ("fid"), with the layer's coordinate system. Whole numbers with NULL are
        pandas' Int64; of other fields NULL is None, NaN or NaT.

    Raises
    ------
    MissingLibraryError
        If there is no geopandas, as in QGIS on most systems; `layer_arrays` does without.
    DataError, MissingDataError
        If there is no such field, or nothing to read.
    """
    try:
        import geopandas as gpd
        import pandas as pd
        import shapely
    except ModuleNotFoundError:
        raise MissingLibraryError(
            "to_geodataframe needs geopandas, which this Python does not have. Use spatialhealth.qgis.layer_arrays, "
            "which gives the same as arrays; on Debian and Ubuntu: apt install python3-geopandas; in the OSGeo4W "
            "shell of Windows: python -m pip install geopandas."
        ) from None
    read = layer_arrays(layer, fields, selected)
    columns: dict[str, Any] = {}
    for name, values in read.columns.items():
        whole = values.dtype.kind == "f" and is_whole(layer.fields().field(name))
        columns[name] = pd.array(values, dtype="Int64") if whole else values
        if values.dtype == object and any(isinstance(each, (bool, np.bool_)) for each in values):
            columns[name] = pd.array(values, dtype="boolean")
    index = pd.Index(read.fids, name="fid")
    return gpd.GeoDataFrame(columns, index=index, geometry=shapely.from_wkb(read.wkb), crs=read.crs)
