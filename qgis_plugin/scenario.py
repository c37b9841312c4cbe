"""Scenario: what a fitted model expects if a field changes in some units."""

import numpy as np
from qgis.core import (
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExpression,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
)

from .model_form import add_model, fit_model
from .model_options import HORIZONS
from .tool import Tool
from .translate import tr
from .work import Unchecked

HOW = ("by", "to", "times")


class ScenarioTool(Tool):
    """Replays a change of one field."""

    NAME, TITLE, GROUP = "scenario", "Scenario", "Spatial regression"
    SUMMARY = "What a model expects if a field changes in some units: own change, and what spills over"
    HELP = (
        "<p>Fits the same models as <i>Spatial regression</i>, changes a field in the features that are selected, "
        "or that an expression names (all, if there is neither), <b>by</b> an amount, <b>to</b> a value, or "
        "<b>times</b> a factor, and gives the change of the outcome by unit with its interval: <b>change</b>, of it "
        "<b>own</b>, and <b>spilled_over</b> from the others.</p>"
        "<p>Of a panel the last period is changed. Intervals hold the uncertainty of the parameters, not that of "
        "the model. If the outcome is a logarithm, the change is one of logarithms. Products of a formula, such as "
        "<code>log(beds) * digital</code>, are computed anew from the changed field. With dynamics the change is "
        "that within the period (short run), or what becomes of it if it lasts (long run), as chosen under "
        "Advanced.</p>"
    )
    TAGS = ("scenario", "policy", "what if", "simulation", "spillover")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        integer, double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double
        add_model(self)
        numeric = QgsProcessingParameterField.DataType.Numeric
        self.add(QgsProcessingParameterField("CHANGED", tr("Field that changes"), None, "INPUT", numeric))
        names = [tr("By an amount"), tr("To a value"), tr("Times a factor")]
        self.add(QgsProcessingParameterEnum("HOW", tr("How it changes"), names, False, 0))
        self.add(QgsProcessingParameterNumber("AMOUNT", tr("Amount, value or factor"), double, 1.0))
        self.add(
            QgsProcessingParameterExpression(
                "WHERE", tr("In which features (all by default)"), "", "INPUT", True
            )
        )
        self.add(
            QgsProcessingParameterBoolean(
                "SELECTED", tr("Only where features of the layer are selected"), False
            )
        )
        self.add(
            QgsProcessingParameterNumber(
                "DRAWS", tr("Intervals: draws of the parameters"), integer, 1000, False, 10
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber(
                "LEVEL", tr("Intervals: confidence level"), double, 0.95, False, 0.5, 0.999
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterNumber("SEED", tr("Intervals: random seed"), integer, 1, False, 0),
            advanced=True,
        )
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Change of the outcome")))
        for name, text in (
            ("CHANGED_UNITS", "Units that change"),
            ("MEAN_CHANGE", "Mean change of the outcome"),
            ("MEAN_OWN", "Of it own"),
            ("MEAN_SPILLED_OVER", "Of it spilled over"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def prepareAlgorithm(self, parameters, context, feedback):
        """Note what is selected, in the thread that the layer lives in."""
        layer = self.parameterAsVectorLayer(parameters, "INPUT", context)
        self.selected = [] if layer is None else list(layer.selectedFeatureIds())
        return True

    def compute(self, work):
        """Fit, change, and write the difference."""
        from spatialhealth.scenario.replay import outlooks

        fit = fit_model(work)
        work.stage(75, 85, tr("Computing the change"))
        difference = self._difference(work, fit)
        present, operator = _present(fit, difference)
        difference = difference[present]
        name = f"{work.text('CHANGED')} {work.choice('HOW', HOW)} {work.number('AMOUNT'):g}"
        horizons = outlooks(
            fit.result,
            operator,
            difference,
            name,
            level=work.number("LEVEL"),
            draws=work.whole("DRAWS"),
            random_state=work.whole("SEED"),
        )
        seen = _chosen(work, fit, horizons)
        work.stage(85, 100, tr("Writing"))
        columns = {}
        for j, part in enumerate(("change", "own", "spilled_over")):
            found = {part: seen.estimate[j], f"{part}_low": seen.low[j], f"{part}_high": seen.high[j]}
            for name, values in found.items():
                columns[name] = np.full(len(present), np.nan)
                columns[name][present] = values
        columns = {column: fit.by_row(values) for column, values in columns.items()}
        crs = work.source("UNITS").sourceCrs() if fit.shapes is not None else None
        dest, called = work.write("OUTPUT", "INPUT", columns, fit.geometries(), crs, fit.mapped)
        work.style(dest, called["change"])
        return {
            "OUTPUT": dest,
            "CHANGED_UNITS": int((np.abs(difference).max(axis=1) > 0).sum()),
            "MEAN_CHANGE": float(seen.estimate[0].mean()),
            "MEAN_OWN": float(seen.estimate[1].mean()),
            "MEAN_SPILLED_OVER": float(seen.estimate[2].mean()),
        }

    def _difference(self, work, fit):
        """Give the change of each regressor (n, k) in the last period."""
        from spatialhealth.errors import ScenarioError

        field, how, amount = work.text("CHANGED"), work.choice("HOW", HOW), work.number("AMOUNT")
        if not any(field in term.fields for term in fit.formula.regressors):
            raise ScenarioError(
                f"The model has no regressor of the field {field!r}, so that nothing would change."
            )
        named = self._named(work, fit)
        before = fit.used.numbers(field)
        after = {"by": before + amount, "to": np.full(len(before), amount), "times": before * amount}[how]
        after = np.where(named & fit.last, after, before)
        parts = []
        for term in fit.formula.regressors:
            changed = term.read(lambda name: after if name == field else fit.used.numbers(name))
            parts.append(changed - term.read(fit.used.numbers))
        return fit.cells.spread(np.column_stack(parts))[-1]

    def _named(self, work, fit):
        """Tell which of the features used the expression names."""
        from spatialhealth.errors import ScenarioError, some

        text = work.text("WHERE")
        here = np.ones(len(fit.used), dtype=bool)
        if work.truth("SELECTED"):
            here = np.isin(fit.used.fids, self.selected)
            if not here.any():
                raise ScenarioError("No feature that the model uses is selected. Select some, or change all.")
        if not text:
            return here
        expression = QgsExpression(text)
        if expression.hasParserError():
            raise ScenarioError(f"The expression {text!r} cannot be read: {expression.parserErrorString()}")
        source = Unchecked(work.source("INPUT"))
        names = {field.name() for field in source.fields()}
        unknown = sorted(expression.referencedColumns() - names - {QgsFeatureRequest.ALL_ATTRIBUTES})
        if unknown:
            raise ScenarioError(
                f"The expression {text!r} names fields that the layer does not have: {some(unknown)}."
            )
        scope = QgsExpressionContext()
        scope.appendScope(QgsExpressionContextUtils.globalScope())
        scope.setFields(source.fields())
        expression.prepare(scope)
        found = set()
        for feature in source.getFeatures(QgsFeatureRequest()):
            scope.setFeature(feature)
            value = expression.evaluate(scope)
            if expression.hasEvalError():
                raise ScenarioError(
                    f"The expression {text!r} cannot be computed: {expression.evalErrorString()}"
                )
            if value is True or (isinstance(value, (int, float)) and value):
                found.add(feature.id())
        named = np.isin(fit.used.fids, list(found)) & here
        if not named.any():
            raise ScenarioError(f"No feature is named by the expression {text!r}.")
        return named


def _present(fit, difference):
    """Tell which units are there in the last period, and give their weights."""
    operator = fit.result.operator
    if fit.observed is None:
        return np.ones(len(difference), dtype=bool), operator
    present = np.isfinite(difference).all(axis=1)
    place = np.flatnonzero(present)
    return present, operator.weights.over(place, np.zeros(len(place), dtype=int), fit.cells.periods[-1:])


def _chosen(work, fit, horizons):
    """Give what becomes of the change in the horizon that was chosen."""
    from spatialhealth.errors import StabilityError

    if not fit.result.within.is_dynamic:
        return horizons[""]
    wanted = work.choice("HORIZON", HORIZONS)
    if wanted not in horizons:
        raise StabilityError(
            tr(
                "The estimate is not stable, so that a lasting change never works itself out. Choose the short run."
            )
        )
    return horizons[wanted]
