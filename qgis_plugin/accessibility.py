"""Accessibility: how much hospital capacity each place has in reach, shared by all who reach it."""

import numpy as np
from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from .places import common_points, read_places
from .tool import Tool, tr
from .units import spread_out
from .work import ANY, source_parameter

METHODS = ("E2SFCA", "2SFCA", "3SFCA")


class AccessibilityTool(Tool):
    """Floating catchments."""

    NAME, TITLE, GROUP = "accessibility", "Hospital accessibility", "Health services"
    SUMMARY = "Two-step floating catchments (2SFCA, E2SFCA, 3SFCA) from two layers"
    HELP = (
        "<p>How much capacity each place has in reach, when those in reach of a hospital share it.</p>"
        "<p><b>2SFCA</b>: all within the distance count the same. <b>E2SFCA</b>: the nearer count more (weights 1, "
        "0.68 and 0.22 of three zones). <b>3SFCA</b>: and hospitals share people with their rivals.</p>"
        "<p>Distances are straight lines (geodesics), in metres, between centroids. Travel times by road come in "
        "through Python: <code>spatialhealth.attraction.SuppliedCost</code>.</p>"
        "<p>Hospitals get their <b>load</b>: people who fall on them over their capacity.</p>"
    )
    TAGS = ("accessibility", "2sfca", "e2sfca", "floating catchment", "hospital", "beds", "provision")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        numeric = QgsProcessingParameterField.DataType.Numeric
        double = QgsProcessingParameterNumber.Type.Double
        self.add(source_parameter("DEMAND", tr("Places with people"), [ANY]))
        self.add(QgsProcessingParameterField("POPULATION", tr("People"), None, "DEMAND", numeric))
        self.add(source_parameter("SUPPLY", tr("Hospitals"), [ANY]))
        self.add(
            QgsProcessingParameterField("CAPACITY", tr("Capacity, such as beds"), None, "SUPPLY", numeric)
        )
        self.add(QgsProcessingParameterEnum("METHOD", tr("Method"), list(METHODS), False, 0))
        self.add(
            QgsProcessingParameterNumber("CUTOFF", tr("Greatest distance (metres)"), double, 50_000, False, 0)
        )
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Accessibility")))
        self.add(QgsProcessingParameterFeatureSink("OUTPUT_SUPPLY", tr("Load of hospitals"), optional=True))
        for name, text in (
            ("MEAN", "Mean accessibility of people"),
            ("UNREACHABLE", "Places without a hospital in reach"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Compute, and write both layers."""
        from spatialhealth.attraction import FloatingCatchment

        people, capacity = work.text("POPULATION"), work.text("CAPACITY")
        work.stage(0, 30, tr("Reading"))
        demand, rows, places = read_places(work, "DEMAND", [people])
        supply, chosen, hospitals = read_places(work, "SUPPLY", [capacity])
        work.stage(30, 70, tr("Computing"))
        here, there = common_points(work, places, hospitals)
        inhabitants = places.numbers(people)
        found = FloatingCatchment(work.choice("METHOD", METHODS), work.number("CUTOFF")).fit_arrays(
            here, there, inhabitants, hospitals.numbers(capacity), places.geographic
        )
        result = found.result_
        access, reachable = result.accessibility[""], result.reachable[""]
        work.stage(70, 90, tr("Writing"))
        columns = {"accessibility": access, "reachable": reachable.astype(object)}
        columns = {name: spread_out(values, rows, len(demand)) for name, values in columns.items()}
        dest, called = work.write("OUTPUT", "DEMAND", columns)
        work.style(dest, called["accessibility"])
        results = {
            "OUTPUT": dest,
            "MEAN": float(np.average(access, weights=inhabitants)) if inhabitants.sum() > 0 else float("nan"),
            "UNREACHABLE": int((~reachable).sum()),
        }
        if work.wants("OUTPUT_SUPPLY"):
            work.stage(90, 100)
            columns = {"demand": result.assigned, "load": result.assigned / result.capacity}
            columns = {name: spread_out(values, chosen, len(supply)) for name, values in columns.items()}
            results["OUTPUT_SUPPLY"], called = work.write("OUTPUT_SUPPLY", "SUPPLY", columns)
            work.style(results["OUTPUT_SUPPLY"], called["load"])
        return results
