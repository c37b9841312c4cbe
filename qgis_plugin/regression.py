"""Spatial regression: coefficients, effects, residuals, and a report."""

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from .model_form import add_model, fit_model, local_effects, variable_of
from .page import page
from .tool import Tool, tr
from .weights_form import isolates_of

NUMBERS = (
    ("RHO", "Coefficient of the outcome's spatial lag"),
    ("LAMBDA", "Coefficient of the errors' spatial lag"),
    ("DIRECT", "Direct effect of the regressor that is mapped"),
    ("INDIRECT", "Its indirect effect"),
    ("TOTAL", "Its total effect"),
    ("LOGLIK", "Log-likelihood"),
    ("AIC", "AIC"),
    ("BIC", "BIC"),
    ("PSEUDO_R2", "Pseudo R squared"),
    ("N", "Units"),
    ("PERIODS", "Periods"),
    ("ISOLATES", "Units without neighbours"),
)


class RegressionTool(Tool):
    """Fits a spatial regression."""

    NAME, TITLE, GROUP = "regression", "Spatial regression", "Spatial regression"
    SUMMARY = (
        "SDM, SAR, SLX, SEM, SDEM, SAC and GNS of cross-sections and panels, with direct and indirect effects"
    )
    HELP = (
        "<p>Fits a spatial regression by maximum likelihood (SLX by least squares), and gives the direct, indirect "
        "(spilled over) and total effects of every regressor with their standard errors.</p>"
        "<p><b>Choose</b> an outcome and regressors, or write a <b>formula</b> with log, log1p or sqrt: "
        "<code>log(inflow) ~ log(beds) + income</code>.</p>"
        "<p>For a <b>panel</b> give one feature (or row of a table) for each unit and period, the fields of both, "
        "and fixed effects. Every unit is needed in every period. If the table has no geometry, give the layer of "
        "the units under Advanced.</p>"
        "<p>The <b>output</b> has, beside the fields of the input, fitted values and residuals, and of one "
        "the effects by unit: on itself (own), on it from all others (received), from it on all others (emitted). "
        "The <b>report</b> holds the tables, and the lines of Python that give the same.</p>"
    )
    TAGS = (
        "spatial regression",
        "durbin",
        "sdm",
        "sar",
        "slx",
        "sem",
        "sac",
        "gns",
        "panel",
        "spillover",
        "impacts",
    )

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        add_model(self)
        self.add(
            QgsProcessingParameterString(
                "VARIABLE", tr("Regressor to map (the first by default)"), "", False, True
            )
        )
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Fitted, residuals and effects")))
        self.add(
            QgsProcessingParameterFileDestination(
                "HTML", tr("Report"), tr("HTML files (*.html)"), optional=True, createByDefault=True
            )
        )
        for name, text in NUMBERS:
            self.addOutput(QgsProcessingOutputNumber(name, tr(text)))

    def compute(self, work):
        """Fit, and write a layer and a report."""
        fit = fit_model(work)
        result = fit.result
        place = variable_of(fit, work.text("VARIABLE"))
        work.stage(75, 85, tr("Computing effects"))
        effects = fit.model.impacts()
        by_unit = local_effects(fit, place)
        work.stage(85, 100, tr("Writing"))
        columns = {"fitted": result.fitted_values, "residual": result.residuals}
        columns |= {name: by_unit[name] for name in ("own", "received", "emitted")}
        columns = {name: fit.by_row(values) for name, values in columns.items()}
        crs = work.source("UNITS").sourceCrs() if fit.shapes is not None else None
        dest, called = work.write("OUTPUT", "INPUT", columns, fit.geometries(), crs)
        work.style(dest, called["residual"])
        work.say(str(fit.model.summary()))
        work.say(str(effects))
        direct, indirect, total = (float(each) for each in effects.estimates[place])
        nan = float("nan")
        results = {
            "OUTPUT": dest,
            "RHO": nan if result.rho is None else float(result.rho),
            "LAMBDA": nan if result.spatial("lambda") is None else float(result.spatial("lambda")),
            "DIRECT": direct,
            "INDIRECT": indirect,
            "TOTAL": total,
            "LOGLIK": float(result.loglik),
            "AIC": float(result.aic),
            "BIC": float(result.bic),
            "PSEUDO_R2": float(result.pseudo_r2),
            "N": int(result.n_entities),
            "PERIODS": int(result.n_periods),
            "ISOLATES": len(isolates_of(*fit.weights)),
        }
        sections = [
            (fit.model.summary().title, fit.model.summary()._repr_html_()),
            ("Direct, indirect and total effects", effects._repr_html_()),
        ]
        title = f"{result.model} of {result.response}"
        return results | work.html("HTML", page(title, sections, fit.code))
