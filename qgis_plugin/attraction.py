"""Attraction: which hospital people choose, by Huff's model with given parameters."""

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
from .units import ids_of, spread_out
from .work import ANY, source_parameter

DECAYS = ("power", "exponential")


class AttractionTool(Tool):
    """Huff's choice shares."""

    NAME, TITLE, GROUP = "attraction", "Hospital attraction (Huff)", "Health services"
    SUMMARY = "Which hospital people choose, from its size and the way there, and the patients it draws"
    HELP = (
        "<p>Of the people of a place the share that chooses a hospital is proportional to size<sup>a</sup> times "
        "distance<sup>-b</sup> (or exp(-b distance)), among the hospitals in reach (Huff 1964).</p>"
        "<p>Places get the hospital chosen most, its share, and the number of rivals; hospitals get the patients "
        "they draw. Distances below one kilometre count as one.</p>"
        "<p>Parameters are given here. To estimate them from flows of patients, and for gravity models, use "
        "Python: <code>spatialhealth.attraction.HuffModel</code> and <code>GravityModel</code>, after "
        '<code>pip install "spatialhealth[flows]"</code> outside QGIS.</p>'
    )
    TAGS = ("huff", "attraction", "market area", "catchment", "gravity", "hospital", "choice")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        numeric = QgsProcessingParameterField.DataType.Numeric
        anything = QgsProcessingParameterField.DataType.Any
        double = QgsProcessingParameterNumber.Type.Double
        self.add(source_parameter("DEMAND", tr("Places with people"), [ANY]))
        self.add(QgsProcessingParameterField("POPULATION", tr("People"), None, "DEMAND", numeric))
        self.add(source_parameter("SUPPLY", tr("Hospitals"), [ANY]))
        self.add(QgsProcessingParameterField("SIZE", tr("Size, such as beds"), None, "SUPPLY", numeric))
        self.add(
            QgsProcessingParameterField(
                "NAME", tr("Name of the hospital"), None, "SUPPLY", anything, False, True
            )
        )
        self.add(QgsProcessingParameterNumber("ALPHA", tr("Exponent of size (a)"), double, 1.0))
        decays = [tr("Power of distance"), tr("Exponential of distance")]
        self.add(QgsProcessingParameterEnum("DECAY", tr("How distance counts"), decays, False, 0))
        self.add(
            QgsProcessingParameterNumber(
                "BETA", tr("Parameter of distance (b); per metre for exponential"), double, 2.0
            )
        )
        self.add(
            QgsProcessingParameterNumber(
                "CUTOFF", tr("Greatest distance (metres)"), double, 200_000, False, 0
            )
        )
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Choices")))
        self.add(
            QgsProcessingParameterFeatureSink("OUTPUT_SUPPLY", tr("Patients of hospitals"), optional=True)
        )
        self.addOutput(QgsProcessingOutputNumber("UNREACHABLE", tr("Places without a hospital in reach")))
        self.addOutput(QgsProcessingOutputNumber("PATIENTS", tr("People who have a hospital in reach")))

    def compute(self, work):
        """Compute, and write both layers."""
        from spatialhealth.attraction import GeodesicCost, HuffModel

        people, size, name = work.text("POPULATION"), work.text("SIZE"), work.text("NAME")
        work.stage(0, 30, tr("Reading"))
        demand, rows, places = read_places(work, "DEMAND", [people])
        supply = work.read("SUPPLY", [size, *([name] if name else [])])
        chosen = np.flatnonzero(supply.complete([size]))
        hospitals = supply.kept(chosen)
        work.stage(30, 70, tr("Computing"))
        here, there = common_points(work, places, hospitals)
        model = HuffModel(
            size=size,
            cost=GeodesicCost(minimum=1_000.0),
            decay=work.choice("DECAY", DECAYS),
            cutoff=work.number("CUTOFF"),
            params={size: work.number("ALPHA"), "decay": work.number("BETA")},
        )
        sizes = hospitals.numbers(size)[:, None]
        pairs = model.predict_arrays(here, there, sizes, places.geographic).pairs
        inhabitants = places.numbers(people)
        at = pairs.demand[pairs.rows]
        patients = np.bincount(pairs.place, pairs.value * inhabitants[at], minlength=len(hospitals))
        columns = self._choices(pairs, ids_of(hospitals, name), len(places))
        work.stage(70, 90, tr("Writing"))
        columns = {column: spread_out(values, rows, len(demand)) for column, values in columns.items()}
        dest, called = work.write("OUTPUT", "DEMAND", columns)
        work.style(dest, called["hospital"])
        results = {
            "OUTPUT": dest,
            "UNREACHABLE": len(places) - len(pairs.demand),
            "PATIENTS": float(patients.sum()),
        }
        if work.wants("OUTPUT_SUPPLY"):
            work.stage(90, 100)
            drawn = {"patients": spread_out(patients, chosen, len(supply))}
            results["OUTPUT_SUPPLY"], called = work.write("OUTPUT_SUPPLY", "SUPPLY", drawn)
            work.style(results["OUTPUT_SUPPLY"], called["patients"])
        return results

    def _choices(self, pairs, names, n):
        """Give the hospital chosen most, its share and the number of rivals, by place."""
        best = np.lexsort((pairs.place, -pairs.value, pairs.rows))[pairs.start[:-1]]
        hospital = np.full(n, None, dtype=object)
        hospital[pairs.demand] = [str(names[place]) for place in pairs.place[best]]
        share, rivals = np.full(n, np.nan), np.full(n, np.nan)
        share[pairs.demand] = pairs.value[best]
        rivals[pairs.demand] = 1 / np.add.reduceat(np.square(pairs.value), pairs.start[:-1])
        return {"hospital": hospital, "share": share, "rivals": rivals}
