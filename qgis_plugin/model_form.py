"""The part of a dialog that asks for a regression, and the fit of what it asks for."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterString,
)

from .page import read_code
from .tool import tr
from .units import complete_rows, ids_of
from .weights_form import add_weights, build_weights, words_of_weights
from .work import ANY, TABLE, source_parameter

MODELS = (
    ("SpatialDurbin", "Spatial Durbin (SDM): own and neighbours' regressors, spatial lag of the outcome"),
    ("SpatialLag", "Spatial lag (SAR)"),
    ("SLX", "Neighbours' regressors only (SLX)"),
    ("SpatialError", "Spatial errors (SEM)"),
    ("SpatialDurbinError", "Neighbours' regressors and spatial errors (SDEM)"),
    ("SpatialCombined", "Spatial lag and spatial errors (SAC)"),
    ("GeneralNesting", "All of them (GNS)"),
)
EFFECTS = ("none", "entity", "time", "two-way")
COVARIANCES = ("observed", "expected", "robust", "cluster", "driscoll-kraay")


@dataclass(frozen=True)
class Fit:
    """A fitted model with what it was fitted to."""

    model: Any
    formula: Any
    cells: Any
    rows: np.ndarray
    total: int
    used: Any
    weights: Any
    code: list
    shapes: Any

    @property
    def result(self):
        """Give the result of the model."""
        return self.model.result_

    def by_row(self, values):
        """Give values of units and periods for every feature of the input, NULL for those left out."""
        out = np.full(self.total, np.nan)
        out[self.rows] = self.cells.by_row(np.asarray(values, dtype=float))
        return out

    def geometries(self):
        """Give the geometry of every feature of the input, where it has none of its own."""
        if self.shapes is None:
            return None
        out = [None] * self.total
        place = self.cells.cell % len(self.cells.units)
        for row, unit in zip(self.rows, place, strict=True):
            out[row] = self.shapes.wkb[unit]
        return out


def add_model(tool):
    """Add the parameters."""
    numeric = QgsProcessingParameterField.DataType.Numeric
    anything = QgsProcessingParameterField.DataType.Any
    tool.add(source_parameter("INPUT", tr("Layer or table with the variables"), [TABLE]))
    models = [tr(text) for _, text in MODELS]
    tool.add(QgsProcessingParameterEnum("MODEL", tr("Model"), options=models, defaultValue=0))
    tool.add(QgsProcessingParameterField("Y", tr("Outcome"), None, "INPUT", numeric, optional=True))
    tool.add(QgsProcessingParameterField("X", tr("Regressors"), None, "INPUT", numeric, True, True))
    tool.add(
        QgsProcessingParameterString(
            "FORMULA",
            tr("Formula in place of outcome and regressors, such as log(y) ~ log(x1) + x2"),
            "",
            False,
            True,
        )
    )
    tool.add(
        QgsProcessingParameterField(
            "UNIT", tr("Field of units (for a panel)"), None, "INPUT", anything, False, True
        )
    )
    tool.add(
        QgsProcessingParameterField(
            "PERIOD", tr("Field of periods (for a panel)"), None, "INPUT", anything, False, True
        )
    )
    effects = [tr("None"), tr("Entity (units)"), tr("Time (periods)"), tr("Both")]
    tool.add(
        QgsProcessingParameterEnum("EFFECTS", tr("Fixed effects of a panel"), options=effects, defaultValue=0)
    )
    tool.add(
        source_parameter("UNITS", tr("Layer of the units, if the table above has no geometry"), [ANY], True),
        advanced=True,
    )
    tool.add(
        QgsProcessingParameterField(
            "UNITS_ID", tr("Its field of units"), None, "UNITS", anything, False, True
        ),
        advanced=True,
    )
    add_weights(tool)
    covariances = [
        tr("Observed information"),
        tr("Expected information"),
        tr("Robust"),
        tr("Clustered by unit"),
        "Driscoll-Kraay",
    ]
    tool.add(
        QgsProcessingParameterEnum("COVARIANCE", tr("Standard errors"), options=covariances, defaultValue=0),
        advanced=True,
    )


def formula_of(work):
    """Give the formula that was written, or the one that the fields make."""
    from spatialhealth.errors import OptionError
    from spatialhealth.qgis.terms import Formula, Term, parse_formula

    if work.text("FORMULA"):
        return parse_formula(work.text("FORMULA"))
    outcome, regressors = work.text("Y"), work.fields("X")
    if not outcome or not regressors:
        raise OptionError("Choose an outcome and at least one regressor, or write a formula.")
    return Formula(Term(outcome), tuple(Term(name) for name in regressors))


def fit_model(work):
    """Read, build the weights and fit."""
    from spatialhealth import models
    from spatialhealth.qgis.cells import cells_of

    formula, unit, period = formula_of(work), work.text("UNIT"), work.text("PERIOD")
    apart = work.given("UNITS")
    work.stage(0, 25, tr("Reading"))
    layer = work.read("INPUT", [*formula.fields, *filter(None, (unit, period))], geometry=not apart)
    rows = complete_rows(work, layer, formula.fields, geometry=not apart)
    used = layer.kept(rows)
    cells = cells_of(ids_of(used, unit), used.column(period) if period else None)
    shapes = _units(work, cells) if apart else used.kept(cells.first)
    work.stage(25, 45, tr("Finding neighbours"))
    weights = build_weights(work, shapes, cells.units)
    work.stage(45, 75, tr("Fitting"))
    y = cells.spread(formula.outcome.of(used.numbers(formula.outcome.field)))
    x = cells.spread(np.column_stack([term.of(used.numbers(term.field)) for term in formula.regressors]))
    kind = MODELS[work.tool.parameterAsEnum(work.parameters, "MODEL", work.context)][0]
    effects, cov_type = work.choice("EFFECTS", EFFECTS), work.choice("COVARIANCE", COVARIANCES)
    names = [term.name for term in formula.regressors]
    model = getattr(models, kind)(weights, effects=effects, cov_type=cov_type)
    model.fit_arrays(y, x, names, cells.periods if period else None, formula.outcome.name)
    code = _code(work, formula, unit, period, kind, effects, cov_type)
    return Fit(model, formula, cells, rows, len(layer), used, weights, code, shapes if apart else None)


def _units(work, cells):
    """Give the features of the layer of units in the order of the table's units."""
    from spatialhealth.errors import AlignmentError, OptionError, some

    key = work.text("UNITS_ID")
    if not key or not work.text("UNIT"):
        raise OptionError("Give the field of units of the table, and that of the layer of units.")
    layer = work.read("UNITS", [key])
    place = {str(label): row for row, label in enumerate(ids_of(layer, key).tolist())}
    absent = [label for label in cells.units.tolist() if str(label) not in place]
    if absent:
        raise AlignmentError(
            f"{len(absent)} units of the table are not in the layer of units: {some(absent)}. Both must call "
            "them alike."
        )
    return layer.kept(np.array([place[str(label)] for label in cells.units.tolist()]))


def _code(work, formula, unit, period, kind, effects, cov_type):
    """Give the lines of Python that fit the same model."""
    options = f"W, effects={effects!r}, cov_type={cov_type!r}"
    fit = f"model = sh.{kind}({options}).fit_formula({formula.source!r}, table)"
    if work.given("UNITS"):
        lines = [*read_code(work.label("UNITS"), work.text("UNITS_ID")), "import pandas as pd"]
        index = [unit, period] if period else unit
        lines += [f"table = pd.read_csv({work.label('INPUT')!r}).set_index({index!r})"]
        lines += [f"layer = layer.loc[table.index.unique({unit!r})]"]
    elif period:
        lines = read_code(work.label("INPUT"), "")
        lines += [
            f"table = layer.set_index([{unit!r}, {period!r}])",
            f"layer = layer.drop_duplicates({unit!r}).set_index({unit!r})",
        ]
    else:
        lines = [*read_code(work.label("INPUT"), unit), "table = layer"]
    return [*lines, words_of_weights(work), fit, "print(model.summary())", "print(model.impacts())"]


def variable_of(fit, text):
    """Give the place of the regressor that is asked for; the first if none is."""
    from spatialhealth.errors import OptionError, did_you_mean

    names = list(fit.result.regressors)
    if not text:
        return 0
    fields = [term.field for term in fit.formula.regressors]
    if text in names:
        return names.index(text)
    if text in fields:
        return fields.index(text)
    raise OptionError(
        f"There is no regressor {text!r}.{did_you_mean(text, names)} There are: {', '.join(names)}."
    )


def local_effects(fit, place, seed=1):
    """Give own, received and emitted effects by unit, with their standard errors."""
    from spatialhealth.impacts.inputs import Pairs
    from spatialhealth.impacts.local import local

    fit.result.check_reduced_form()
    return local(fit.result.operator, Pairs.of(fit.result), place, seed)
