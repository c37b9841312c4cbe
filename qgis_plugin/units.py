"""Features as units: their labels, those that have all the numbers that are asked for, and what is between them."""

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem

from .translate import tr


def ids_of(layer, field):
    """Give the label of each feature: a field, or the id that QGIS gives it."""
    from spatialhealth.errors import MissingDataError

    if not field:
        return layer.fids
    labels = layer.column(field)
    absent = np.array([label is None or label != label for label in labels.tolist()])
    if absent.any():
        raise MissingDataError(
            f"The field {field!r} is NULL for {int(absent.sum())} features. Fill it in, or filter them out."
        )
    if labels.dtype.kind == "f":
        return labels.astype(np.int64) if (labels == np.floor(labels)).all() else labels.astype(object)
    return labels


def complete_rows(work, layer, fields, geometry=True):
    """Tell which features have geometry and numbers, and warn of the others."""
    from spatialhealth.errors import MissingDataError

    rows = layer.complete(fields) if geometry else np.ones(len(layer), dtype=bool)
    if not geometry:
        for name in fields:
            rows &= np.isfinite(layer.numbers(name))
    lost = int((~rows).sum())
    if lost:
        work.warn(
            tr("{} of {} features are left out: a value is NULL or there is no geometry. They stay in the output, "
               "without results.").format(lost, len(layer))
        )  # fmt: skip
    if not rows.any():
        raise MissingDataError("No feature has a geometry and a number in every field that was chosen.")
    return np.flatnonzero(rows)


def spread_out(values, rows, total):
    """Give values of some features as one of all, NULL for the rest."""
    numeric = values.dtype.kind in "fiu"
    out = np.full(total, np.nan if numeric else None, dtype=float if numeric else object)
    out[rows] = values
    if values.dtype.kind in "iub" and len(rows) == total:
        return out.astype(bool if values.dtype.kind == "b" else np.int64)
    return out


def warn_of_mercator(work, layer):
    """Warn if the distances between features are taken on a plane of Mercator's."""
    crs = QgsCoordinateReferenceSystem()
    # Transverse Mercator, whose distances are right near its meridian, is +proj=tmerc or utm
    if layer.crs and crs.createFromUserInput(layer.crs) and "+proj=merc" in crs.toProj().split():
        work.warn(
            tr("{} stretches distances (by 1/cos of the latitude): reproject the layer, for instance to EPSG:4326, "
               "whose distances are along geodesics.").format(crs.authid() or crs.description() or tr("Mercator"))
        )  # fmt: skip
