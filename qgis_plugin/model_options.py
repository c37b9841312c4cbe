"""What a regression can have beyond the usual: partial lags, dynamics, instruments, values of moderators."""

from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterString,
    QgsWkbTypes,
)

from .translate import tr

EFFECTS = ("none", "entity", "time", "two-way", "random")
COVARIANCES = ("observed", "expected", "robust", "cluster", "driscoll-kraay")
DYNAMICS = (None, "time", "space-time", "both")
HORIZONS = ("short-run", "long-run")
CORRECTIONS = ("lee-yu", "none")
MISSING = ("raise", "unbalanced", "likelihood")
INSTRUMENTAL = "SpatialIV"
LAGGING = ("SpatialDurbin", "SLX", "SpatialDurbinError", "GeneralNesting", INSTRUMENTAL)
DYNAMIC = ("SpatialDurbin", "SpatialLag")


def add_options(tool):
    """Add the parameters, all of them advanced."""
    holes = [
        tr("Error in a panel, left out of a cross-section"),
        tr("The unit did not exist then"),
        tr("Only the outcome is unknown: predict it (SAR and SDM)"),
    ]
    corrections = [tr("Lee and Yu's"), tr("None, as with dummy variables")]
    covariances = [
        tr("Observed information (with instruments: classical)"),
        tr("Expected information"),
        tr("Robust"),
        tr("Clustered by unit"),
        "Driscoll-Kraay",
    ]
    lags = [tr("None"), tr("The outcome of the period before"), tr("Its spatial lag"), tr("Both")]
    horizons = [tr("Short run: within the period of the change"), tr("Long run: of a lasting change")]
    _add_enum(tool, "MISSING", tr("Panel: absent rows and NULL"), holes)
    _add_enum(tool, "CORRECTION", tr("Panel: correction for fixed effects"), corrections)
    _add_enum(tool, "COVARIANCE", tr("Model: standard errors"), covariances)
    lagged = tr("Model: regressors whose neighbours count too (all by default; none with instruments)")
    _add_fields(tool, "LAGGED", lagged)
    _add_enum(tool, "DYNAMIC", tr("Dynamics (SDM and SAR): regressors from the period before"), lags)
    _add_enum(tool, "HORIZON", tr("Dynamics: effects in the output layer"), horizons)
    _add_fields(tool, "ENDOGENOUS", tr("Instrumental variables: endogenous regressors"))
    _add_fields(tool, "INSTRUMENTS", tr("Instrumental variables: instruments from outside of the model"))


def _add_enum(tool, name, text, options):
    """Add a choice, by default of the first."""
    tool.add(QgsProcessingParameterEnum(name, text, options, False, 0), advanced=True)


def _add_fields(tool, name, text):
    """Add a choice of fields, by default of none."""
    numeric = QgsProcessingParameterField.DataType.Numeric
    tool.add(QgsProcessingParameterField(name, text, None, "INPUT", numeric, True, True), advanced=True)


def add_moderators(tool):
    """Add the parameter for values of moderators."""
    text = tr("Products: effects at values of the other factor, such as digital = 0, 0.5, 1")
    tool.add(QgsProcessingParameterString("AT", text, "", False, True), advanced=True)


def moderators_of(work):
    """Give the values of moderators that are asked for, None for none."""
    from spatialhealth.qgis.terms import parse_values

    text = work.text("AT") if work.tool.parameterDefinition("AT") else ""
    return parse_values(text) or None


def options_of(work, kind, formula):
    """Give the options of an estimator, and the names of the instruments among its columns."""
    from spatialhealth.qgis.terms import Term, picked

    effects, instruments = (
        work.choice("EFFECTS", EFFECTS),
        [Term(name) for name in work.fields("INSTRUMENTS")],
    )
    _check_panel(work)
    _check(work, kind, formula, instruments)
    options = {"effects": effects, "cov_type": _covariance(work, kind)}
    lagged = work.fields("LAGGED")
    if lagged:
        options["durbin"] = picked(formula.regressors, lagged, whole=True)
        if not options["durbin"]:
            _refuse(
                tr(
                    "Every regressor made of {} is a product with other fields too. Name these as well."
                ).format(", ".join(lagged))
            )
    if kind == INSTRUMENTAL:
        endogenous = picked(formula.regressors, work.fields("ENDOGENOUS"), whole=False)
        if endogenous:
            options["endogenous"] = endogenous
        if instruments:
            options["instruments"] = [term.name for term in instruments]
    for name, values in (("MISSING", MISSING), ("CORRECTION", CORRECTIONS)):
        if work.choice(name, values) != values[0]:
            options[name.lower()] = work.choice(name, values)
    if work.choice("DYNAMIC", DYNAMICS) is not None:
        options["dynamic"] = work.choice("DYNAMIC", DYNAMICS)
    return options, instruments


def _check_panel(work):
    """Refuse a panel, or a table, that lacks a field or a layer."""
    if work.given("UNITS") and not (work.text("UNITS_ID") and work.text("UNIT")):
        _refuse(tr("Give the field of units of the table, and that of the layer of units."))
    if not work.given("UNITS") and work.source("INPUT").wkbType() == QgsWkbTypes.Type.NoGeometry:
        _refuse(
            tr("The table has no geometry to find neighbours in. Give the layer of its units, and the field of units "
               "there, under Advanced.")
        )  # fmt: skip
    if work.text("PERIOD") and not work.text("UNIT"):
        _refuse(tr("A panel needs the field of units beside that of periods."))
    if not work.text("PERIOD") and work.choice("EFFECTS", EFFECTS) != "none":
        _refuse(tr("Effects need a panel. Give the fields of units and of periods, or choose no effects."))


def _check(work, kind, formula, instruments):
    """Refuse what the model does not have."""
    if work.fields("LAGGED") and kind not in LAGGING:
        _refuse(
            tr("{} has no spatial lags of regressors. Choose SDM, SLX, SDEM or GNS, or name no regressors whose "
               "neighbours count.").format(kind)
        )  # fmt: skip
    if work.choice("DYNAMIC", DYNAMICS) is not None and kind not in DYNAMIC:
        _refuse(
            tr(
                "Dynamics exist for SDM and SAR only, and the model is {}. Choose one of these, or no dynamics."
            ).format(kind)
        )
    if work.choice("DYNAMIC", DYNAMICS) is not None and not work.text("PERIOD"):
        _refuse(tr("Dynamics need a panel. Give the field of periods, and that of units."))
    if work.choice("DYNAMIC", DYNAMICS) is None and work.choice("HORIZON", HORIZONS) == "long-run":
        _refuse(tr("A long run exists with dynamics only. Choose the short run, or dynamics."))
    if kind != INSTRUMENTAL and (work.fields("ENDOGENOUS") or instruments):
        _refuse(
            tr("{} takes every regressor for exogenous. Choose the model 'Instrumental variables', or name neither "
               "endogenous regressors nor instruments.").format(kind)
        )  # fmt: skip
    special = work.choice("MISSING", MISSING) != "raise" or work.choice("CORRECTION", CORRECTIONS) == "none"
    if kind == INSTRUMENTAL and special:
        _refuse(
            tr("Instrumental variables need a panel without holes, and no correction for fixed effects. Leave both "
               "as they are by default.")
        )  # fmt: skip
    inside = [term.field for term in instruments if term.field in formula.fields]
    if inside:
        _refuse(
            tr("The instruments {} are in the model already. An instrument stands outside of it.").format(
                ", ".join(inside)
            )
        )


def _covariance(work, kind):
    """Give the name of the covariance; estimates by moments have no information."""
    asked = work.choice("COVARIANCE", COVARIANCES)
    if kind != INSTRUMENTAL:
        return asked
    if asked == "expected":
        _refuse(
            tr("Instrumental variables have no likelihood, and no expected information. Choose the first kind of "
               "standard errors (for errors alike and independent), robust, clustered, or Driscoll-Kraay.")
        )  # fmt: skip
    return "classical" if asked == "observed" else asked


def _refuse(sentence):
    from spatialhealth.errors import OptionError

    raise OptionError(sentence)


def code_of(kind, options, formula="formula", table="table"):
    """Give the Python that fits a model."""
    said = ", ".join(["W", *(f"{name}={value!r}" for name, value in options.items())])
    return f"sh.{kind}({said}).fit_formula({formula}, {table})"
