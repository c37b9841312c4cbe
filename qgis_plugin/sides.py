"""Places with people and hospitals: the features that can be used, their ids, and what it costs to get there."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from .pairs import ends_of, unique_ids
from .translate import tr
from .units import complete_rows, spread_out, warn_of_mercator
from .work import TABLE, source_parameter

SIDES = ("DEMAND", "SUPPLY")
ENDS = {"DEMAND": ("places", "Place"), "SUPPLY": ("hospitals", "Hospital")}
TABLES = {"COSTS": "costs", "FLOWS": "flows"}


@dataclass(frozen=True)
class Side:
    """A layer, the rows of it that can be used, these alone, and the ids of all, if tables of pairs need them."""

    layer: Any
    rows: np.ndarray
    used: Any
    ids: Any

    def numbers(self, field):
        """Give a field of the features that are used."""
        return self.used.numbers(field)

    def spread(self, columns):
        """Give columns of the features that are used as columns of all, NULL for the rest."""
        return {name: spread_out(values, self.rows, len(self.layer)) for name, values in columns.items()}


@dataclass(frozen=True)
class Sides:
    """Both layers of one run, as the array builders of the package take them."""

    work: Any
    demand: Side
    supply: Side
    here: Any
    there: Any
    geographic: bool

    @property
    def ids(self):
        """Give the labels of both, or nothing where positions do."""
        if self.demand.ids is None:
            return None
        return self.demand.ids[self.demand.rows], self.supply.ids[self.supply.rows]

    def cost(self, minimum=0.0):
        """Give the cost: that of the table, or else the distance."""
        from spatialhealth.attraction import GeodesicCost, SuppliedCost

        if not self.work.given("COSTS"):
            return GeodesicCost(minimum=minimum)
        return SuppliedCost(dict(zip(("demand", "supply", "cost"), self.pairs("COSTS"), strict=True)))

    def cutoff(self):
        """Give the greatest cost in reach."""
        return self.work.number("COSTS_CUTOFF" if self.work.given("COSTS") else "CUTOFF")

    def pairs(self, table):
        """Give the labels of both ends, and the numbers, of a table of pairs between features that are used."""
        fields = chosen_fields(self.work, table)
        rows = self.work.read(table, fields, geometry=False)
        inside, labels = np.ones(len(rows), dtype=bool), []
        for end, field, side in zip(SIDES, fields, (self.demand, self.supply), strict=False):
            label, place = ends_of(rows, field, side.ids, tr(TABLES[table]), tr(ENDS[end][0]))
            inside &= np.isin(place, side.rows)
            labels.append(label)
        if not inside.all():
            self.work.warn(
                tr("{} rows of the table of {} are left out, for their place or hospital is.").format(
                    int((~inside).sum()), tr(TABLES[table])
                )
            )
        return labels[0][inside], labels[1][inside], rows.numbers(fields[2])[inside]


def add_ids(tool):
    """Add the parameters of the ids that tables of pairs name."""
    anything = QgsProcessingParameterField.DataType.Any
    for side in SIDES:
        what = tr(ENDS[side][0])
        text = tr("Id of the {}, as in the tables").format(what)
        tool.add(
            QgsProcessingParameterField(f"{side}_ID", text, None, side, anything, False, True), advanced=True
        )


def add_pairs(tool, table, text, value, advanced=False):
    """Add the parameters of an optional table of pairs."""
    numeric = QgsProcessingParameterField.DataType.Numeric
    anything = QgsProcessingParameterField.DataType.Any
    tool.add(source_parameter(table, text, [TABLE], optional=True), advanced)
    for side in SIDES:
        field = tr("{} in the table of {}").format(tr(ENDS[side][1]), tr(TABLES[table]))
        tool.add(
            QgsProcessingParameterField(f"{table}_{side}", field, None, table, anything, False, True),
            advanced,
        )
    tool.add(
        QgsProcessingParameterField(f"{table}_VALUE", value, None, table, numeric, False, True), advanced
    )


def add_costs(tool):
    """Add the parameters of an optional table of costs."""
    add_pairs(
        tool, "COSTS", tr("Table of costs, one row a way, in place of distances"), tr("Cost of the way"), True
    )
    double = QgsProcessingParameterNumber.Type.Double
    tool.add(
        QgsProcessingParameterNumber(
            "COSTS_CUTOFF", tr("Greatest cost (units of the table of costs)"), double, None, True, 0
        ),
        advanced=True,
    )


def chosen_fields(work, table):
    """Give the fields of a table of pairs, after checking that all are chosen."""
    from spatialhealth.errors import OptionError

    names = [*(f"{table}_{part}" for part in (*SIDES, "VALUE")), *(f"{side}_ID" for side in SIDES)]
    absent = [work.tool.parameterDefinition(name).description() for name in names if not work.text(name)]
    if absent:
        raise OptionError(
            f"The table of {TABLES[table]} needs these fields, which are not chosen: {'; '.join(absent)}."
        )
    return [work.text(name) for name in names[:3]]


def read_sides(work, people, attributes, name=""):
    """Read both layers: the places with their people, the hospitals with attributes and names."""
    tables = [name for name in TABLES if work.given(name)]
    for table in tables:
        chosen_fields(work, table)
    measured = "COSTS" not in tables
    sides = []
    for side, fields, label in (("DEMAND", [people], ""), ("SUPPLY", attributes, name)):
        field = work.text(f"{side}_ID") if tables else ""
        layer = work.read(side, [*fields, *filter(None, (field, label))], geometry=measured)
        ids = unique_ids(layer, field, tr(ENDS[side][0])) if field else None
        rows = complete_rows(work, layer, fields, geometry=measured)
        sides.append(Side(layer, rows, layer.kept(rows), ids))
    demand, supply = sides
    if not measured:
        return Sides(work, demand, supply, None, None, False)
    here, there = _common_points(work, demand.used, supply.used)
    return Sides(work, demand, supply, here, there, demand.used.geographic)


def _common_points(work, demand, supply):
    """Give the points of both layers in metres or degrees: those of supply in the system of demand."""
    from spatialhealth.errors import CoordinateSystemError

    here, there = (work.source(name).sourceCrs() for name in SIDES)
    if not here.isValid() or not there.isValid():
        raise CoordinateSystemError(
            "Both layers need a coordinate reference system: set it in their properties."
        )
    warn_of_mercator(work, demand)
    points = supply.points
    if here != there:
        points = _moved(supply, QgsCoordinateTransform(there, here, work.context.transformContext()))
    return demand.places(), points if demand.geographic else points * demand.metres


def _moved(supply, move):
    """Give the points of hospitals in another system."""
    from spatialhealth.errors import CoordinateSystemError, some

    points, outside = np.full(supply.points.shape, np.nan), []
    for row, (x, y) in enumerate(supply.points.tolist()):
        try:
            point = move.transform(x, y)
        except QgsCsException:
            outside.append(row)
            continue
        points[row] = point.x(), point.y()
        if not np.isfinite(points[row]).all():
            outside.append(row)
    if outside:
        raise CoordinateSystemError(
            f"The layer of hospitals lies outside of its coordinate system {supply.crs} in {len(outside)} of "
            f"{len(points)} features: are x and y swapped? Their ids are {some(supply.fids[outside].tolist())}."
        )
    return points
