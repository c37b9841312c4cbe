"""Moran's I of all features together, and by feature: clusters and outliers."""

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
from .tool import Tool
from .translate import tr
from .units import complete_rows, ids_of, spread_out
from .weights_form import KINDS, add_weights, build_weights, isolates_of, words_of_weights
from .work import ANY, source_parameter

CORRECTIONS = ("fdr", "bonferroni", "none")


class MoranTool(Tool):
    """Global and local Moran statistics."""

    NAME, TITLE, GROUP = "moran", "Moran's I and clusters (LISA)", "Weights and clusters"
    SUMMARY = "Whether values stand in space at random, and where high or low ones cluster"
    HELP = (
        "<p><b>Moran's I</b> says whether neighbours have values alike; <b>local Moran statistics</b> say where: "
        "high among high, low among low, and outliers.</p>"
        "<p>p values are two-sided, from permutations of the values; with 0 permutations, Moran's I is compared "
        "with the normal distribution that has the moments of all permutations, and local statistics have no p "
        "value. Local p values are corrected for their number: by default so that a twentieth of the clusters found "
        "is by chance.</p>"
    )
    TAGS = ("moran", "lisa", "cluster", "hot spot", "autocorrelation", "outlier")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        integer, double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double
        self.add(source_parameter("INPUT", tr("Layer"), [ANY]))
        numeric = QgsProcessingParameterField.DataType.Numeric
        self.add(QgsProcessingParameterField("FIELD", tr("Variable"), None, "INPUT", numeric))
        add_weights(self)
        self.add(
            QgsProcessingParameterField(
                "UNIT", tr("Weights: field of ids, as in the file of links"), None, "INPUT", optional=True
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "PERMUTATIONS", tr("Permutations"), integer, 9_999, False, 0, 999_999
            )
        )
        names = [tr("False discovery rate"), tr("Bonferroni"), tr("None")]
        self.add(
            QgsProcessingParameterEnum("CORRECTION", tr("Correction for many tests"), names, False, 0),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber("LEVEL", tr("Significance level"), double, 0.05, False, 0.0001, 0.5),
            advanced=True,
        )
        self.add(QgsProcessingParameterNumber("SEED", tr("Random seed"), integer, 1, False, 0), advanced=True)
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Clusters")))
        self.add(
            QgsProcessingParameterFileDestination(
                "HTML", tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=True
            )
        )
        for name, text in (
            ("MORAN_I", tr("Moran's I")),
            ("EXPECTED", tr("Its expectation")),
            ("Z", tr("z")),
            ("P_VALUE", tr("p value")),
            ("N", tr("Units")),
            ("ISOLATES", tr("Units without neighbours")),
            ("CLUSTERS", tr("Units in clusters or outliers")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, text))

    def compute(self, work):
        """Compute the statistics, and write a layer and a report."""
        from spatialhealth.weights.ids import check_once, id_array

        field = work.text("FIELD")
        work.stage(0, 20, tr("Reading the layer"))
        unit = _unit(work)
        layer = work.read("INPUT", [field, *([unit] if unit else [])])
        rows = complete_rows(work, layer, [field])
        used = layer.kept(rows)
        work.stage(20, 40, tr("Finding neighbours"))
        ids = id_array(ids_of(used, unit))
        check_once(ids)
        _, matrix = build_weights(work, used, ids)
        work.stage(40, 80, tr("Computing"))
        overall, columns, counts = self._statistics(work, used.numbers(field), ids, matrix)
        work.stage(80, 100, tr("Writing"))
        spread = {name: spread_out(values, rows, len(layer)) for name, values in columns.items()}
        dest, called = work.write("OUTPUT", "INPUT", spread)
        from spatialhealth.qgis.styles import CLUSTER_COLOURS

        work.style(dest, called["cluster"], CLUSTER_COLOURS)
        results = {
            "OUTPUT": dest,
            "MORAN_I": float(overall.value),
            "EXPECTED": float(overall.estimates["expected"]),
            "Z": float(overall.estimates["z"]),
            "P_VALUE": float(overall.p_value),
            "N": len(ids),
            "ISOLATES": len(isolates_of(ids, matrix)),
            "CLUSTERS": sum(count for name, count in counts.items() if "-" in name),
        }
        work.say(f"Moran's I = {overall.value:.6f}, p = {overall.p_value:.4g}")
        return results | work.html("HTML", self._page(work, field, overall, counts, results, len(layer)))

    def _statistics(self, work, values, ids, matrix):
        """Give the overall test, columns by feature, and the number of features in each cluster."""
        from spatialhealth.diagnostics import moran
        from spatialhealth.imbalance import lisa
        from spatialhealth.imbalance.local_moran import local_moran

        permutations, seed = work.whole("PERMUTATIONS"), work.whole("SEED")
        weights = (ids, matrix)
        if not permutations:
            overall = moran((ids, values), weights, permutations=0)[0]
            local, *_ = local_moran(values, matrix, 0, np.random.default_rng(seed))
            nothing = np.full(len(values), np.nan)
            none = np.full(len(values), None, dtype=object)
            columns = {"lag": matrix @ values, "local_i": local, "p_value": nothing, "cluster": none}
            return overall, columns, {}
        found = lisa(
            (ids, values),
            weights,
            permutations=permutations,
            random_state=seed,
            level=work.number("LEVEL"),
            correction=work.choice("CORRECTION", CORRECTIONS),
        )
        from spatialhealth.imbalance.lisa import CLUSTERS

        columns = {
            "lag": found.lag,
            "local_i": found.local,
            "p_value": found.p_value,
            "p_adjusted": found.p_adjusted,
            "cluster": np.array(CLUSTERS, dtype=object)[found.place],
        }
        return found.overall[0], columns, found.counts

    def _page(self, work, field, overall, counts, results, total):
        facts = [
            ("Moran's I", results["MORAN_I"]),
            ("Expected", results["EXPECTED"]),
            ("z", results["Z"]),
            ("p", results["P_VALUE"]),
            ("Distribution", overall.distribution),
            ("Units", f"{results['N']:,}"),
            ("Without neighbours", f"{results['ISOLATES']:,}"),
        ]
        sections = [("All units together", table(facts))]
        if counts:
            sections.append(("Clusters", table([(name, f"{count:,}") for name, count in counts.items()])))
        options = (
            f"permutations={work.whole('PERMUTATIONS')}, random_state={work.whole('SEED')}, "
            f"level={work.number('LEVEL'):g}, correction={work.choice('CORRECTION', CORRECTIONS)!r}"
        )
        call = f"found = sh.imbalance.lisa((ids, layer[{field!r}].to_numpy()), W, {options})"
        if not counts:
            call = f"found = sh.diagnostics.moran((ids, layer[{field!r}].to_numpy()), W, permutations=0)"
        unit, lost = _unit(work), [field] if results["N"] < total else None
        code = [
            *read_lines(work, "layer", "INPUT", [field], unit, lost=lost, fids=not unit),
            words_of_weights(work),
            "ids = layer.index.to_numpy()",
            call,
            "print(found)",
        ]
        return page(f"Moran's I of {field}", sections, script(code))


def _unit(work):
    """Give the field of ids, which only a file of links asks for."""
    return work.text("UNIT") if work.choice("WEIGHTS", KINDS) == "file" else ""
