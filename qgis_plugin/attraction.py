"""Attraction: which hospital people choose, by Huff's model with given parameters or those that flows tell."""

import html

import numpy as np
from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
)

from .page import page, read_lines, script, table
from .sides import SIDES, TABLES, add_costs, add_ids, add_pairs, chosen_fields, read_sides
from .tool import Tool
from .translate import tr
from .units import ids_of
from .work import TABLE, source_parameter

DECAYS = ("power", "exponential", "gaussian")
ERRORS = ("cluster", "observed")
MINIMUM = 1_000.0  # metres: whoever lives beside a hospital is no infinity nearer
SHOWN = 15  # hospitals in the report
TYPICAL = {
    "exponential": "about 1 / typical distance (exponential)",
    "gaussian": "about 1 / typical distance^2 (Gaussian)",
}


class AttractionTool(Tool):
    """Huff's choice shares."""

    NAME, TITLE, GROUP = "attraction", "Hospital attraction (Huff)", "Health services"
    SUMMARY = "Which hospital people choose, from its size and the way there, and the patients it draws"
    HELP = (
        "<p>Of the people of a place the share that chooses a hospital is proportional to size<sup>a</sup> times "
        "distance<sup>-b</sup>, exp(-b distance) or exp(-b distance<sup>2</sup> / 2), among the hospitals in reach "
        "(Huff 1964).</p>"
        "<p>Places get the hospital chosen most, its share, and the number of rivals; hospitals get the patients "
        "they draw. Distances below one kilometre count as one.</p>"
        "<p><b>b</b> has no unit for a power, and is 2 unless it is given. For exp(-b distance) it is about 1 / "
        "typical distance, for exp(-b distance<sup>2</sup> / 2) about 1 / distance<sup>2</sup>, in metres or in the "
        "unit of the table of costs: 0.00002 and 0.0000000004 for 50 km.</p>"
        "<p><b>Parameters</b> are given, or estimated from a <b>table of flows</b>, one row a pair: place, hospital, "
        "patients. Pairs that it does not list are zero. Maximum likelihood then finds b and an exponent of each "
        "attribute chosen under Size (a conditional logit), with standard errors; the numbers given for a and b are "
        "not used, and patients get the standard error that comes from those of the parameters. The tables name "
        "places and hospitals by the fields of ids under <i>Advanced</i>.</p>"
        "<p>A <b>table of costs</b>, such as minutes by road, takes the place of distances (<i>Advanced</i>); what "
        "it does not list is out of reach.</p>"
    )
    TAGS = ("huff", "attraction", "market area", "catchment", "flows", "hospital", "choice", "travel time")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        numeric = QgsProcessingParameterField.DataType.Numeric
        anything = QgsProcessingParameterField.DataType.Any
        double = QgsProcessingParameterNumber.Type.Double
        self.add(source_parameter("DEMAND", tr("Places with people"), [TABLE]))
        self.add(QgsProcessingParameterField("POPULATION", tr("People"), None, "DEMAND", numeric))
        self.add(source_parameter("SUPPLY", tr("Hospitals"), [TABLE]))
        self.add(QgsProcessingParameterField("SIZE", tr("Size, such as beds"), None, "SUPPLY", numeric, True))
        self.add(
            QgsProcessingParameterField(
                "NAME", tr("Name of the hospital"), None, "SUPPLY", anything, False, True
            )
        )
        decays = [tr("Power of distance"), tr("Exponential of distance"), tr("Gaussian of distance")]
        self.add(QgsProcessingParameterEnum("DECAY", tr("How distance counts"), decays, False, 0))
        add_pairs(self, "FLOWS", tr("Table of flows, to estimate a and b from"), tr("Patients"))
        self.add(QgsProcessingParameterNumber("ALPHA", tr("Exponent of size (a)"), double, 1.0))
        self.add(
            QgsProcessingParameterNumber(
                "BETA",
                tr("Parameter of distance (b); empty: 2 for the power, others need it"),
                double,
                None,
                True,
            )
        )
        self.add(
            QgsProcessingParameterNumber(
                "CUTOFF", tr("Greatest distance (metres)"), double, 200_000, False, 0
            )
        )
        errors = [tr("Clustered by place"), tr("Observed information")]
        self.add(
            QgsProcessingParameterEnum("COVARIANCE", tr("Standard errors"), errors, False, 0), advanced=True
        )
        add_costs(self)
        add_ids(self)
        self._outputs()

    def _outputs(self):
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Choices")))
        self.add(
            QgsProcessingParameterFeatureSink("OUTPUT_SUPPLY", tr("Patients of hospitals"), optional=True)
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "HTML", tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=True
            )
        )
        for name, text in (
            ("UNREACHABLE", "Places without a hospital in reach"),
            ("PATIENTS", "People who have a hospital in reach"),
            ("EXPONENT", "Exponent of the first attribute"),
            ("EXPONENT_SE", "Its standard error, from flows"),
            ("DISTANCE_PARAMETER", "Parameter of distance"),
            ("DISTANCE_PARAMETER_SE", "Its standard error, from flows"),
            ("MCFADDEN", "McFadden's pseudo R-squared, from flows"),
            ("OVERLAP", "Share of people whom observed and fitted flows have in common"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Compute, and write both layers and a report."""
        from spatialhealth.attraction import HuffModel

        people, sizes, name = work.text("POPULATION"), work.fields("SIZE"), work.text("NAME")
        options = self._options(work, sizes)
        work.stage(0, 30, tr("Reading"))
        sides = read_sides(work, people, sizes, name)
        model = HuffModel(**options, cost=sides.cost(MINIMUM), cutoff=sides.cutoff())
        attributes = np.column_stack([sides.supply.numbers(size) for size in sizes])
        between = (sides.here, sides.there, attributes)
        where = {"geographic": sides.geographic, "ids": sides.ids}
        if work.given("FLOWS"):
            flows = sides.pairs("FLOWS")
            work.stage(30, 60, tr("Estimating"))
            model.fit_arrays(*between, flows, **where)
            work.say(model.summary())
        work.stage(60, 75, tr("Computing"))
        shares = model.predict_arrays(*between, **where)
        patients, errors = shares.expected(sides.demand.numbers(people))
        unnamed = sides.supply.used.fids if sides.ids is None else sides.ids[1]
        names = ids_of(sides.supply.used, name) if name else unnamed
        columns = self._choices(shares, names)
        work.stage(75, 90, tr("Writing"))
        dest, called = work.write("OUTPUT", "DEMAND", sides.demand.spread(columns))
        work.style(dest, called["hospital"])
        results = {
            "OUTPUT": dest,
            "UNREACHABLE": len(shares.demand) - len(shares.pairs.demand),
            "PATIENTS": float(patients.sum()),
            **self._parameters(work, model, shares),
        }
        drawn = {"patients": patients} | ({} if errors is None else {"patients_se": errors})
        if work.wants("OUTPUT_SUPPLY"):
            work.stage(90, 100)
            results["OUTPUT_SUPPLY"], called = work.write(
                "OUTPUT_SUPPLY", "SUPPLY", sides.supply.spread(drawn)
            )
            work.style(results["OUTPUT_SUPPLY"], called["patients"])
        return results | work.html("HTML", self._page(work, model, sides, names, drawn))

    def _options(self, work, sizes):
        """Give the options of the model, but for costs."""
        from spatialhealth.errors import OptionError

        options = {"size": sizes if len(sizes) > 1 else sizes[0], "decay": work.choice("DECAY", DECAYS)}
        if work.given("FLOWS"):
            return {**options, "cov_type": work.choice("COVARIANCE", ERRORS)}
        if len(sizes) > 1:
            raise OptionError(
                f"{len(sizes)} attributes of hospitals are chosen and one exponent: choose one under Size, or give a "
                "table of flows that tells an exponent of each."
            )
        beta = _beta(options["decay"], work.number("BETA"))
        return {**options, "params": {sizes[0]: work.number("ALPHA"), "decay": beta}}

    def _choices(self, shares, names):
        """Give the hospital chosen most, its share and the number of rivals, by place."""
        from spatialhealth.weights.ids import id_array, places

        pairs, n = shares.pairs, len(shares.demand)
        at = places(id_array(shares.demand), id_array(pairs.demand))
        best = np.lexsort((pairs.place, -pairs.value, pairs.rows))[pairs.start[:-1]]
        hospital = np.full(n, None, dtype=object)
        hospital[at] = [str(names[place]) for place in pairs.place[best]]
        share, rivals = np.full(n, np.nan), np.full(n, np.nan)
        share[at] = pairs.value[best]
        rivals[at] = 1 / np.add.reduceat(np.square(pairs.value), pairs.start[:-1])
        return {"hospital": hospital, "share": share, "rivals": rivals}

    def _parameters(self, work, model, shares):
        """Give the parameters, those from flows with errors and the goodness of fit."""
        found = {"EXPONENT": float(shares.params[0]), "DISTANCE_PARAMETER": float(shares.params[-1])}
        if work.given("FLOWS"):
            result = model.result_
            found |= {"EXPONENT_SE": float(result.std_errors[0]), "MCFADDEN": result.mcfadden}
            found |= {"DISTANCE_PARAMETER_SE": float(result.std_errors[-1]), "OVERLAP": result.overlap}
        return found

    def _page(self, work, model, sides, names, drawn):
        """Give the report."""
        order = np.argsort(-drawn["patients"], kind="stable")[:SHOWN]
        rows = [(str(names[row]), *(float(values[row]) for values in drawn.values())) for row in order]
        heading = ("Hospital", "Patients", *(["Std. error"] if "patients_se" in drawn else []))
        sections = [(tr("Hospitals that draw most"), table(rows, heading))]
        if work.given("FLOWS"):
            text = f"<pre>{html.escape(model.summary())}</pre>"
            sections.insert(0, (tr("Estimates"), text))
        return page(tr("Huff's model of choice shares"), sections, script(self._code(work, model, sides)))

    def _code(self, work, model, sides):
        """Give the lines of Python that repeat it."""
        measured = not work.given("COSTS")
        ids = [work.text(f"{side}_ID") for side in SIDES]
        layers, fields = [], ([work.text("POPULATION")], work.fields("SIZE"))
        both = ((sides.demand, "places"), (sides.supply, "hospitals"))
        for (side, name), source, field, index in zip(both, SIDES, fields, ids, strict=True):
            lost = field if len(side.rows) < len(side.layer) else None
            layers += read_lines(work, name, source, field, index, geometry=measured, lost=lost)
        if measured and work.source("DEMAND").sourceCrs() != work.source("SUPPLY").sourceCrs():
            layers.append("hospitals = hospitals.to_crs(places.crs)")
        ends = {name: ", ".join(map(repr, chosen_fields(work, name))) for name in TABLES if work.given(name)}
        for name in ends:
            layers += read_lines(work, name.lower(), name, chosen_fields(work, name), geometry=False)
            for (side, what), field in zip(both, chosen_fields(work, name), strict=False):
                if len(side.rows) < len(side.layer):
                    layers.append(
                        f"{name.lower()} = {name.lower()}[{name.lower()}[{field!r}].isin({what}.index)]"
                    )
        cost = f"GeodesicCost(minimum={MINIMUM:g})" if measured else f"SuppliedCost(costs, {ends['COSTS']})"
        options = {name: value for name, value in model.get_params().items() if name != "cost"}
        chosen = ", ".join(f"{name}={value!r}" for name, value in options.items() if value is not None)
        given = f".fit(flows, places, hospitals, {ends['FLOWS']})" if "FLOWS" in ends else ""
        return [
            *layers,
            f"model = sh.attraction.HuffModel({chosen}, cost=sh.attraction.{cost}){given}",
            "shares = model.predict(places, hospitals)",
            f"print(shares.market_areas(), shares.patients(places[{work.text('POPULATION')!r}]))",
        ]


def _beta(decay, given):
    """Give the parameter of distance, which has a usual value only where it has no unit."""
    from spatialhealth.errors import OptionError

    if given is None and decay != "power":
        raise OptionError(
            f"Give b: {TYPICAL[decay]}, in the unit of the cost (metres, unless there is a table of costs)."
        )
    if given is not None and given < 0:
        raise OptionError(
            f"b is {given:g}, so that the farthest hospitals would win: give a positive number."
        )
    return 2.0 if given is None else given
