"""Structural imbalance: the gap in use between tiers, its classes, and how unequally something is spread."""

from dataclasses import replace

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
from .units import complete_rows, spread_out
from .work import TABLE, source_parameter

UNITS = ("percent", "share")
KINDS = ("difference", "ratio")


class ImbalanceTool(Tool):
    """The utilisation gap, its classes, Gini and Theil."""

    NAME, TITLE, GROUP = "imbalance", "Structural imbalance", "Health services"
    SUMMARY = "Where high-tier hospitals are overburdened while primary care is idle; Gini and Theil"
    HELP = (
        "<p>Compares how far <b>high-tier hospitals</b> and <b>primary care</b> are used, unit by unit: the gap, "
        "and one of nine classes. 'Overburdened high, idle primary' is structural imbalance (Fu and Lu 2025).</p>"
        "<p>A third field, such as beds per head, gives <b>Gini</b> and <b>Theil</b>, with what of Theil lies "
        "between groups if there is a field of groups. Standard errors come from resamples of the units.</p>"
    )
    TAGS = ("imbalance", "utilisation", "gap", "gini", "theil", "inequality", "primary care", "hospital")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        integer, double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double
        numeric = QgsProcessingParameterField.DataType.Numeric
        anything = QgsProcessingParameterField.DataType.Any
        self.add(source_parameter("INPUT", tr("Layer or table, one feature a unit"), [TABLE]))
        self.add(
            QgsProcessingParameterField("HIGH", tr("Use of high-tier hospitals"), None, "INPUT", numeric)
        )
        self.add(QgsProcessingParameterField("PRIMARY", tr("Use of primary care"), None, "INPUT", numeric))
        names = [tr("Per cent"), tr("Share")]
        self.add(QgsProcessingParameterEnum("UNIT_OF_USE", tr("Use is in"), names, False, 0))
        self.add(
            QgsProcessingParameterField(
                "PEOPLE", tr("People of each unit"), None, "INPUT", numeric, False, True
            )
        )
        self.add(
            QgsProcessingParameterField(
                "VALUE", tr("What Gini and Theil are of"), None, "INPUT", numeric, False, True
            )
        )
        self.add(
            QgsProcessingParameterField(
                "GROUP", tr("Groups, such as provinces"), None, "INPUT", anything, False, True
            )
        )
        for name, text in (("OVERBURDENED", "Overburdened from"), ("IDLE", "Idle up to")):
            self.add(
                QgsProcessingParameterNumber(
                    name, tr(text + " (90 and 60 per cent by default)"), double, None, True, 0
                ),
                advanced=True,
            )
        kinds = [tr("High less primary"), tr("High over primary")]
        self.add(QgsProcessingParameterEnum("KIND", tr("Gap"), kinds, False, 0), advanced=True)
        self.add(
            QgsProcessingParameterNumber("DRAWS", tr("Resamples"), integer, 999, False, 99), advanced=True
        )
        self.add(QgsProcessingParameterNumber("SEED", tr("Random seed"), integer, 1, False, 0), advanced=True)
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Gap and classes")))
        self.add(
            QgsProcessingParameterFileDestination(
                "HTML", tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=True
            )
        )
        for name, text in (
            ("MEAN_GAP", "Mean gap"),
            ("SHARE_STRUCTURAL", "Share that is structurally imbalanced"),
            ("GINI", "Gini"),
            ("THEIL", "Theil's T"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Compute the measures, and write a layer and a report."""
        from spatialhealth.errors import OptionError
        from spatialhealth.imbalance.gap import CLASSES, STRUCTURAL

        high, primary, people, value, group = (
            work.text(name) for name in ("HIGH", "PRIMARY", "PEOPLE", "VALUE", "GROUP")
        )
        if group and not value:
            raise OptionError(
                "Groups part Theil's index, and no field is chosen for it: choose what Gini and Theil are of, or no "
                "field of groups."
            )
        numbers = [name for name in (high, primary, people, value) if name]
        work.stage(0, 30, tr("Reading"))
        layer = work.read("INPUT", [*numbers, *([group] if group else [])], geometry=False)
        rows = complete_rows(work, layer, numbers, geometry=False)
        used = layer.kept(rows)
        work.stage(30, 80, tr("Computing"))
        gap, measures = self._measures(work, used, high, primary, people, value, group)
        work.stage(80, 100, tr("Writing"))
        # units are written in the order of their ids, rows in that of the features
        columns = {
            "gap": spread_out(gap.gap, rows, len(layer)),
            "class": spread_out(np.array(CLASSES, dtype=object)[gap.place], rows, len(layer)),
        }
        dest, called = work.write("OUTPUT", "INPUT", columns)
        work.style(dest, called["class"])
        for each in measures:
            work.say(str(each))
        estimate = dict(zip(gap.summary.labels["measure"], gap.summary.estimate.tolist(), strict=True))
        nan = float("nan")
        results = {
            "OUTPUT": dest,
            "MEAN_GAP": estimate["gap"],
            "SHARE_STRUCTURAL": estimate[STRUCTURAL],
            "GINI": float(measures[1].estimate[0]) if value else nan,
            "THEIL": float(measures[2].estimate[0]) if value else nan,
        }
        return results | work.html(
            "HTML", self._page(work, measures, numbers, numbers if len(used) < len(layer) else None)
        )

    def _options(self, work):
        """Give the options of the gap."""
        chosen = {"kind": work.choice("KIND", KINDS), "unit": work.choice("UNIT_OF_USE", UNITS)}
        for name in ("OVERBURDENED", "IDLE"):
            if work.number(name) is not None:
                chosen[name.lower()] = work.number(name)
        return chosen

    def _measures(self, work, used, high, primary, people, value, group):
        from spatialhealth.imbalance import gini, theil, utilisation_gap

        ids = used.fids
        pair = {name: (ids, used.numbers(name)) for name in (high, primary, people, value) if name}
        weights, by = pair.get(people), (ids, used.column(group)) if group else None
        draw = {"draws": work.whole("DRAWS"), "random_state": work.whole("SEED")}
        gap = utilisation_gap(pair[high], pair[primary], weights, **self._options(work), **draw)
        # arrays have no names, and those of the fields say more
        weighted = f", weighted by {people}" if people else ""
        measures = [replace(gap.summary, title=f"Utilisation gap, {high} and {primary}{weighted}")]
        if value:
            work.report(0.4)
            inequality = gini(pair[value], weights, **draw)
            measures.append(replace(inequality, title=f"Gini coefficient of {value}{weighted}"))
            work.report(0.7)
            inequality = theil(pair[value], weights, by, **draw)
            measures.append(replace(inequality, title=f"Theil's T of {value}{weighted}"))
        return gap, measures

    def _page(self, work, measures, numbers, lost):
        sections = []
        for each in measures:
            labels = list(zip(*each.labels.values(), strict=True))
            columns = (each.estimate, each.std_error, each.ci_low, each.ci_high)
            lines = [(*label, *(float(column[j]) for column in columns)) for j, label in enumerate(labels)]
            heading = (*each.labels, "Estimate", "Std. error", "CI low", "CI high")
            sections.append((each.title, table(lines, heading) + f"<p class='note'>{each.note}</p>"))
        options = ", ".join(f"{name}={value!r}" for name, value in self._options(work).items())
        draw = f"draws={work.whole('DRAWS')}, random_state={work.whole('SEED')}"
        people, group = work.text("PEOPLE"), work.text("GROUP")
        weights = f", (ids, layer[{people!r}])" if people else ""
        code = [
            *read_lines(
                work, "layer", "INPUT", [*numbers, *filter(None, [group])], geometry=False, lost=lost
            ),
            "ids = layer.index.to_numpy()",
            f"print(sh.imbalance.utilisation_gap((ids, layer[{work.text('HIGH')!r}]), "
            f"(ids, layer[{work.text('PRIMARY')!r}]){weights}, {options}, {draw}))",
        ]
        if work.text("VALUE"):
            value = f"(ids, layer[{work.text('VALUE')!r}]){weights}"
            by = f", by=(ids, layer[{group!r}])" if group else ""
            code.append(f"print(sh.imbalance.gini({value}, {draw}))")
            code.append(f"print(sh.imbalance.theil({value}{by}, {draw}))")
        return page("Structural imbalance", sections, script(code))
