"""Gravity: how strongly each city attracts, from flows between cities, by Poisson pseudo-maximum likelihood."""

import numpy as np
from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
)

from .page import page, read_lines, script, table
from .pairs import ends_of, unique_ids
from .tool import Tool
from .translate import tr
from .units import spread_out, warn_of_mercator
from .work import TABLE, source_parameter

DETERRENCE = ("power", "exponential")
ERRORS = ("robust", "origin", "destination", "two-way", "pair", "poisson")
SEPARATED = ("raise", "leave out")
SHOWN = 15  # cities in the report


class GravityTool(Tool):
    """Attraction and push of cities."""

    NAME, TITLE, GROUP = "gravity", "Hospital attraction (gravity)", "Health services"
    SUMMARY = "How strongly each city attracts and sends patients, estimated from flows between cities"
    HELP = (
        "<p>The expected flow between two cities is exp(push of the origin + attraction of the destination + b "
        "log(cost)), or b times the cost itself (exponential). Poisson pseudo-maximum likelihood estimates b, and an "
        "<b>attraction</b> and a <b>push</b> of each city, with standard errors (Santos Silva and Tenreyro 2006). A "
        "city whose attraction is higher by d receives exp(d) times the flow from every origin at the same cost; the "
        "mean is zero.</p>"
        "<p>The <b>table of flows</b> has one row a pair: origin, destination, flow. A flow of zero is written 0; a "
        "pair that is absent is unknown. Flows of a city to itself are left out. The <b>cost</b> of the way is a "
        "field of the table, or else the distance in metres between the cities (geodesics between centroids).</p>"
        "<p><b>Standard errors</b>: robust for flows that are independent, of any variance; clustered by origin, by "
        "destination, by both, or by the two directions of a pair; Poisson where the variance is the mean. Flows to "
        "one city share its attraction, so that clusters by destination tell nothing of it: its errors are robust "
        "then, or, of two-way clusters, clustered by origin. Likewise for push.</p>"
        "<p>A city that sends or receives nothing has no finite estimate. That is an error, or such cities are left "
        "out and named in the report. In the output, attraction and push are NULL for cities without.</p>"
    )
    TAGS = ("gravity", "attraction", "flows", "origin-destination", "ppml", "poisson", "hospital", "patients")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        numeric = QgsProcessingParameterField.DataType.Numeric
        anything = QgsProcessingParameterField.DataType.Any
        self.add(source_parameter("INPUT", tr("Table of flows, one row a pair"), [TABLE]))
        for name, text, kind, optional, several in (
            ("ORIGIN", "Origin", anything, False, False),
            ("DESTINATION", "Destination", anything, False, False),
            ("FLOW", "Flow, such as patients", numeric, False, False),
            ("COST", "Cost of the way (distance between the cities by default)", numeric, True, False),
            ("REGRESSORS", "Further regressors", numeric, True, True),
        ):
            self.add(
                QgsProcessingParameterField(name, tr(text), None, "INPUT", kind, several, optional),
                advanced=name == "REGRESSORS",
            )
        self.add(source_parameter("CITIES", tr("Cities"), [TABLE]))
        self.add(
            QgsProcessingParameterField("ID", tr("Id of the city, as in the flows"), None, "CITIES", anything)
        )
        decays = [tr("Power of cost"), tr("Exponential of cost")]
        self.add(QgsProcessingParameterEnum("DETERRENCE", tr("How distance counts"), decays, False, 0))
        errors = [
            tr("Robust"), tr("Clustered by origin"), tr("Clustered by destination"),
            tr("Clustered by origin and by destination"), tr("Clustered by pair of cities"), tr("Poisson"),
        ]  # fmt: skip
        self.add(QgsProcessingParameterEnum("COVARIANCE", tr("Standard errors"), errors, False, 0))
        ways = [tr("An error that names them"), tr("Leave out their pairs")]
        self.add(QgsProcessingParameterEnum("SEPARATED", tr("Cities without any flow"), ways, False, 0))
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Attraction of cities")))
        self.add(
            QgsProcessingParameterFileDestination(
                "HTML", tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=True
            )
        )
        for name, text in (
            ("DECAY", "Coefficient of cost"),
            ("DECAY_SE", "Its standard error"),
            ("PAIRS", "Pairs of cities"),
            ("CITIES_USED", "Cities with an attraction"),
            ("PSEUDO_R2", "Squared correlation of observed and expected flows"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Fit, and write the cities and a report."""
        from spatialhealth.attraction import GravityModel

        work.stage(0, 30, tr("Reading"))
        cities = work.read("CITIES", [work.text("ID")], geometry=not work.text("COST"))
        ids = unique_ids(cities, work.text("ID"), tr("cities"))
        origin, destination, flows, columns = self._flows(work, cities, ids)
        work.stage(30, 85, tr("Estimating"))
        model = GravityModel(**self._options(work, columns)).fit_arrays(origin, destination, flows, columns)
        result = model.result_
        work.stage(85, 100, tr("Writing"))
        found = {}
        for side, name in (("destination", "attraction"), ("origin", "push")):
            effects = result.effects[side]
            place = {city: row for row, city in enumerate(ids.tolist())}
            rows = np.array([place[city] for city in effects.cities.tolist()])
            found[name] = spread_out(effects.estimates, rows, len(cities))
            found[f"{name}_se"] = spread_out(effects.std_errors, rows, len(cities))
        dest, called = work.write("OUTPUT", "CITIES", found)
        work.style(dest, called["attraction"])
        work.say(str(model.summary()))
        results = {
            "OUTPUT": dest,
            "DECAY": float(result.params[0]),
            "DECAY_SE": float(result.std_errors[0]),
            "PAIRS": len(result.y),
            "CITIES_USED": len(result.effects["destination"].cities),
            "PSEUDO_R2": result.pseudo_r2,
        }
        return results | work.html("HTML", self._page(work, model, ids, found, columns))

    def _flows(self, work, cities, ids):
        """Give origin, destination, flow and the columns of the pairs."""
        from spatialhealth.weights.frames import metric_of_points

        cost, further = work.text("COST"), work.fields("REGRESSORS")
        fields = [work.text(name) for name in ("ORIGIN", "DESTINATION", "FLOW")]
        pairs = work.read("INPUT", [*fields, *([cost] if cost else []), *further], geometry=False)
        (origin, i), (destination, j) = (
            ends_of(pairs, field, ids, tr("flows"), tr("cities")) for field in fields[:2]
        )
        columns = {}
        if cost:
            columns[cost] = pairs.numbers(cost)
        else:
            name = "distance"
            while name in further:
                name += "_"
            used, place = np.unique(np.concatenate([i, j]), return_inverse=True)
            warn_of_mercator(work, cities)
            metric = metric_of_points("gravity", cities.kept(used).places(), cities.geographic)
            columns[name] = metric.measure(place[: len(i)], place[len(i) :])
        columns |= {name: pairs.numbers(name) for name in further}
        return origin, destination, pairs.numbers(fields[2]), columns

    def _options(self, work, columns):
        """Give the options of the model."""
        errors, further = work.choice("COVARIANCE", ERRORS), work.fields("REGRESSORS")
        options = {
            "origin": work.text("ORIGIN"),
            "destination": work.text("DESTINATION"),
            "value": work.text("FLOW"),
            "deterrence": work.choice("DETERRENCE", DETERRENCE),
            "cost": next(iter(columns)),
            "cov_type": errors if errors in ("robust", "poisson") else "cluster",
            "separated": work.choice("SEPARATED", SEPARATED),
        }
        if further:
            options["regressors"] = further
        if options["cov_type"] == "cluster":
            options["cluster"] = errors
        return options

    def _page(self, work, model, ids, found, columns):
        order = np.argsort(-np.where(np.isnan(found["attraction"]), -np.inf, found["attraction"]))
        rows = [(str(ids[row]), *(float(values[row]) for values in found.values())) for row in order[:SHOWN]]
        heading = ("City", "Attraction", "Std. error", "Push", "Std. error")
        note = "<p class='note'>Logarithms; the mean over cities is zero.</p>"
        summary, options = model.summary(), self._options(work, columns)
        measured = "" if work.text("COST") else f".with_distance(cities, {options['cost']!r})"
        costs = [name for name in columns if not measured or name != options["cost"]]
        read = [options[name] for name in ("origin", "destination", "value")]
        ends = ", ".join(map(repr, read))
        rest = ", ".join(f"{name}={value!r}" for name, value in options.items())
        code = [
            *(read_lines(work, "cities", "CITIES", index=work.text("ID")) if measured else []),
            *read_lines(work, "od", "INPUT", [*read, *costs], geometry=False),
            f"flows = sh.attraction.flow_table(od, {ends}, costs={costs!r}){measured}",
            f"model = sh.attraction.GravityModel({rest}).fit(flows)",
            'print(model.summary(), model.attraction_, model.push_, sep="\\n")',
        ]
        sections = [
            (tr("Estimates"), summary._repr_html_()),
            (tr("Cities that attract most"), table(rows, heading) + note),
        ]
        return page(summary.title, sections, script(code))
