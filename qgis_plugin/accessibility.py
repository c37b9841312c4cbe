"""Accessibility: how much hospital capacity each place has in reach, shared by all who reach it."""

import numpy as np
from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from .sides import add_costs, add_ids, read_sides
from .tool import Tool
from .translate import tr
from .work import TABLE, source_parameter

METHODS = ("E2SFCA", "2SFCA", "3SFCA", "RAAM")


class AccessibilityTool(Tool):
    """Floating catchments, and the equilibrium of travel and congestion."""

    NAME, TITLE, GROUP = "accessibility", "Hospital accessibility", "Health services"
    SUMMARY = "Floating catchments (2SFCA, E2SFCA, 3SFCA) and RAAM from two layers"
    HELP = (
        "<p>How much capacity each place has in reach, when those in reach of a hospital share it.</p>"
        "<p><b>2SFCA</b>: all within the distance count the same. <b>E2SFCA</b>: the nearer count more (weights 1, "
        "0.68 and 0.22 of three zones). <b>3SFCA</b>: and hospitals share people with their rivals.</p>"
        "<p><b>RAAM</b>: people go where travel and congestion together cost least, so that nobody gains by going "
        "elsewhere (Saxon and Snow 2020). It needs <b>tau</b>, the cost that a person accepts to avoid mean "
        "congestion. What it gives is a cost: less is better; places without a hospital in reach are NULL.</p>"
        "<p>Distances are straight lines (geodesics), in metres, between centroids. A <b>table of costs</b>, such as "
        "minutes by road, takes their place (<i>Advanced</i>): one row a way from a place to a hospital, by their "
        "ids; what it does not list is out of reach.</p>"
        "<p>Hospitals get their <b>load</b>: people who fall on them over their capacity.</p>"
    )
    TAGS = (
        "accessibility", "2sfca", "e2sfca", "raam", "floating catchment", "hospital", "beds", "provision",
        "travel time",
    )  # fmt: skip

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        numeric = QgsProcessingParameterField.DataType.Numeric
        double = QgsProcessingParameterNumber.Type.Double
        self.add(source_parameter("DEMAND", tr("Places with people"), [TABLE]))
        self.add(QgsProcessingParameterField("POPULATION", tr("People"), None, "DEMAND", numeric))
        self.add(source_parameter("SUPPLY", tr("Hospitals"), [TABLE]))
        self.add(
            QgsProcessingParameterField("CAPACITY", tr("Capacity, such as beds"), None, "SUPPLY", numeric)
        )
        self.add(QgsProcessingParameterEnum("METHOD", tr("Method"), list(METHODS), False, 0))
        self.add(
            QgsProcessingParameterNumber("CUTOFF", tr("Greatest distance (metres)"), double, 50_000, False, 0)
        )
        self.add(
            QgsProcessingParameterNumber(
                "TAU", tr("RAAM: cost accepted to avoid mean congestion (tau)"), double, None, True, 0
            )
        )
        add_costs(self)
        add_ids(self)
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Accessibility")))
        self.add(QgsProcessingParameterFeatureSink("OUTPUT_SUPPLY", tr("Load of hospitals"), optional=True))
        for name, text in (
            ("MEAN", "Mean accessibility of people"),
            ("UNREACHABLE", "Places without a hospital in reach"),
            ("GAP", "RAAM: what people could still save, as a share of the cost of all"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Compute, and write both layers."""
        from spatialhealth.attraction import FloatingCatchment

        people, capacity = work.text("POPULATION"), work.text("CAPACITY")
        work.stage(0, 30, tr("Reading"))
        sides = read_sides(work, people, [capacity])
        model = FloatingCatchment(
            work.choice("METHOD", METHODS), sides.cutoff(), cost=sides.cost(), tau=work.number("TAU")
        )
        work.stage(30, 70, tr("Computing"))
        inhabitants, beds = sides.demand.numbers(people), sides.supply.numbers(capacity)
        model.fit_arrays(sides.here, sides.there, inhabitants, beds, sides.geographic, sides.ids)
        result = model.result_
        reachable = result.reachable[""]
        access = np.where(np.isfinite(result.accessibility[""]), result.accessibility[""], np.nan)
        work.stage(70, 90, tr("Writing"))
        columns = {"accessibility": access, "reachable": reachable}
        dest, called = work.write("OUTPUT", "DEMAND", sides.demand.spread(columns))
        work.style(dest, called["accessibility"])
        known = np.isfinite(access)
        some = inhabitants[known].sum() > 0
        results = {
            "OUTPUT": dest,
            "MEAN": float(np.average(access[known], weights=inhabitants[known])) if some else float("nan"),
            "UNREACHABLE": int((~reachable).sum()),
        }
        if result.gap is not None:
            results["GAP"] = result.gap
        if work.wants("OUTPUT_SUPPLY"):
            work.stage(90, 100)
            columns = {"demand": result.assigned, "load": result.assigned / result.capacity}
            results["OUTPUT_SUPPLY"], called = work.write(
                "OUTPUT_SUPPLY", "SUPPLY", sides.supply.spread(columns)
            )
            work.style(results["OUTPUT_SUPPLY"], called["load"])
        return results
