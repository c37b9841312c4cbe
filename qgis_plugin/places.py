"""Places of demand and hospitals, in one coordinate system."""

import numpy as np
from qgis.core import QgsCoordinateTransform

from .units import complete_rows


def read_places(work, name, fields):
    """Give the layer, the rows that can be used, and these."""
    layer = work.read(name, fields)
    rows = complete_rows(work, layer, fields)
    return layer, rows, layer.kept(rows)


def common_points(work, demand, supply):
    """Give the points of both layers in metres or degrees: those of supply in the system of demand."""
    from spatialhealth.errors import CoordinateSystemError

    here, there = (work.source(name).sourceCrs() for name in ("DEMAND", "SUPPLY"))
    if not here.isValid() or not there.isValid():
        raise CoordinateSystemError(
            "Both layers need a coordinate reference system: set it in their properties."
        )
    points = supply.points
    if here != there:
        move = QgsCoordinateTransform(there, here, work.context.transformContext())
        moved = [move.transform(x, y) for x, y in points.tolist()]
        points = np.array([(point.x(), point.y()) for point in moved])
    return demand.places(), points if demand.geographic else points * demand.metres
