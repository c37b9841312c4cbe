"""A map of the effects of one regressor, unit by unit."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterString,
)

from .model_form import add_model, effects_of, fit_model, local_effects, variable_of
from .model_options import add_moderators
from .tool import Tool
from .translate import tr

SHOWN = ("emitted", "received", "own")


class EffectsMapTool(Tool):
    """Maps own, received and emitted effects."""

    NAME, TITLE, GROUP = "effects_map", "Map of effects", "Spatial regression"
    SUMMARY = "The effects of one regressor by unit: own, received from the others, emitted to them"
    HELP = (
        "<p>Fits the same models as <i>Spatial regression</i>, and gives of one regressor, unit by unit, with "
        "errors: <b>own</b>, the effect of a unit's regressor on its own outcome; <b>received</b>, that of the "
        "same change in all other units; <b>emitted</b>, that of its regressor on all others' outcomes.</p>"
        "<p>The mean of own is the direct effect, the means of received and of emitted are the indirect one. Of a "
        "panel there is one feature for each unit: that of the last period. With dynamics they are those of the "
        "short run or of the long run, as chosen under Advanced. Where the formula has a product such as "
        "<code>log(beds) * digital</code>, the effect of a regressor depends on what it is multiplied with: give "
        "values of that under Advanced, and map for example <code>log(beds) [digital=1]</code>; without values the "
        "effect is that at zero.</p>"
    )
    TAGS = ("impacts", "spillover", "direct", "indirect", "effects", "map")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        add_model(self)
        self.add(
            QgsProcessingParameterString("VARIABLE", tr("Regressor (the first by default)"), "", False, True)
        )
        add_moderators(self)
        shown = [tr("Emitted"), tr("Received"), tr("Own")]
        self.add(QgsProcessingParameterEnum("SHOW", tr("Effect that colours the map"), shown, False, 0))
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Effects by unit")))
        for name, text in (
            ("DIRECT", "Direct effect"),
            ("INDIRECT", "Indirect effect"),
            ("TOTAL", "Total effect"),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Fit, and write the effects."""
        fit = fit_model(work)
        work.stage(75, 85, tr("Computing effects"))
        effects, shown, _ = effects_of(work, fit)
        place = variable_of(fit, shown, work.text("VARIABLE"))
        found = local_effects(fit, shown, place)
        work.say(str(effects))
        work.stage(85, 100, tr("Writing"))
        columns = {name: fit.by_row(values) for name, values in found.items()}
        crs = work.source("UNITS").sourceCrs() if fit.shapes is not None else None
        dest, called = work.write("OUTPUT", "INPUT", columns, fit.geometries(), crs, fit.mapped)
        work.style(dest, called[work.choice("SHOW", SHOWN)])
        direct, indirect = float(found["own"].mean()), float(found["received"].mean())
        return {"OUTPUT": dest, "DIRECT": direct, "INDIRECT": indirect, "TOTAL": direct + indirect}
