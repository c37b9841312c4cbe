"""Spatial regression: coefficients, effects, residuals, and a report."""

import numpy as np
from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from .model_form import add_model, effects_of, fit_model, local_effects, variable_of
from .model_options import add_moderators
from .model_tests import TESTS, tests_of
from .page import below, page
from .tool import Tool
from .translate import tr
from .weights_form import isolates_of

NUMBERS = (
    ("RHO", "Coefficient of the outcome's spatial lag"),
    ("LAMBDA", "Coefficient of the errors' spatial lag"),
    ("TAU", "Coefficient of the outcome of the period before"),
    ("ETA", "Coefficient of its spatial lag"),
    ("PHI", "Variance of random effects over that of the errors"),
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
        "SDM, SAR, SLX, SEM, SDEM, SAC, GNS and instrumental variables, of cross-sections and panels, with direct "
        "and indirect effects"
    )
    HELP = (
        "<p>Fits a spatial regression by maximum likelihood (SLX by least squares, instrumental variables by two "
        "stages), and gives the direct, indirect (spilled over) and total effects of every regressor with their "
        "standard errors.</p>"
        "<p><b>Choose</b> an outcome and regressors, or write a <b>formula</b> with log, log1p or sqrt: "
        "<code>log(inflow) ~ log(beds) + income</code>. <code>a:b</code> is a product, <code>a * b</code> stands for "
        "<code>a + b + a:b</code>. The effect of a regressor in a product depends on what it is multiplied with: "
        "give values of that under Advanced; without values the effect is that at zero.</p>"
        "<p>For a <b>panel</b> give one feature (or row of a table) for each unit and period, the fields of both, "
        "and fixed or random effects. If the table has no geometry, give the layer of the units under Advanced. A "
        "unit that is absent from a period is an error, unless Advanced says what that means.</p>"
        "<p>The <b>output</b> has, beside the fields of the input, fitted values and residuals, and of one regressor "
        "the effects by unit: on itself (own), on it from all others (received), from it on all others (emitted). "
        "The <b>report</b> holds the tables, tests, and the lines of Python that give the same.</p>"
        "<p><b>Under Advanced</b> there are also<br><i>partial Durbin</i>: regressors whose neighbours count too;<br>"
        "<i>dynamics</i>: the outcome of the period before, with effects of the short and of the long run;<br>"
        "<i>instrumental variables</i>: what is endogenous, and instruments for it;<br>"
        "<i>holes</i>: units that did not exist in a period, or whose outcome is unknown.</p>"
        "<p>Rest the mouse on a parameter to read what it does.</p>"
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
        "instrumental variables",
        "dynamic",
        "random effects",
    )

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        add_model(self)
        self.add(
            QgsProcessingParameterString(
                "VARIABLE", tr("Regressor to map (the first by default)"), "", False, True
            )
        )
        add_moderators(self)
        tests = [
            tr("None"),
            tr("Moran's I and LM tests of least squares (with random effects Hausman's)"),
            tr("The sequence from least squares to SDM, five models (with random effects Hausman's)"),
        ]
        self.add(QgsProcessingParameterEnum("TESTS", tr("Report: tests"), tests, False, 1), advanced=True)
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
        result, summary = fit.result, fit.model.summary()
        work.stage(75, 85, tr("Computing effects"))
        work.say(str(summary))
        columns = {"fitted": result.fitted_values, "residual": result.residuals}
        columns |= _predicted(result)
        sections, code, means = (
            [(tr("Model"), below(summary._repr_html_()))],
            list(fit.code),
            [float("nan")] * 3,
        )
        if result.has_reduced_form:
            effects, shown, line = effects_of(work, fit)
            place = variable_of(fit, shown, work.text("VARIABLE"))
            by_unit = local_effects(fit, shown, place)
            columns |= {name: by_unit[name] for name in ("own", "received", "emitted")}
            means = [float(each) for each in shown.estimates[place]]
            work.say(str(effects))
            sections.append((tr("Direct, indirect and total effects"), effects._repr_html_()))
            code.append(line)
        work.stage(85, 90, tr("Testing"))
        if work.file("HTML"):
            tests, lines = tests_of(fit, work.choice("TESTS", TESTS))
            sections += tests
            code += lines
        work.stage(90, 100, tr("Writing"))
        columns = {name: fit.by_row(values) for name, values in columns.items()}
        crs = work.source("UNITS").sourceCrs() if fit.shapes is not None else None
        dest, called = work.write("OUTPUT", "INPUT", columns, fit.geometries(), crs)
        work.style(dest, called["residual"])
        results = {
            "OUTPUT": dest,
            **_numbers(fit),
            **dict(zip(("DIRECT", "INDIRECT", "TOTAL"), means, strict=True)),
        }
        return results | work.html("HTML", page(summary.title, sections, code))


def _predicted(result):
    """Give the outcomes that were missing, predicted from the others, and their standard errors."""
    if result.imputed is None:
        return {}
    missing = result.imputed.missing
    error = np.full(missing.shape, np.nan)
    error[missing] = result.imputed.std_error
    return {"predicted": np.where(missing, result.y, np.nan), "predicted_std_error": error}


def _numbers(fit):
    """Give the numbers of a result, NaN for those that the model does not have."""
    result = fit.result
    known = {name: result.spatial(name) for name in ("rho", "lambda", "tau", "eta", "phi")}
    return {
        **{name.upper(): float("nan") if value is None else value for name, value in known.items()},
        "LOGLIK": float(result.loglik),
        "AIC": float(result.aic),
        "BIC": float(result.bic),
        "PSEUDO_R2": float(result.pseudo_r2),
        "N": int(result.n_entities),
        "PERIODS": int(result.n_periods),
        "ISOLATES": len(isolates_of(*fit.weights)),
    }
