"""The part of a dialog that asks for a regression, and the fit of what it asks for."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterString,
)

from .model_options import HORIZONS, add_options, code_of, moderators_of, options_of
from .page import read_lines, script
from .pairs import unique_ids
from .translate import tr
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
    ("SpatialIV", "Instrumental variables: spatial lag of the outcome, and endogenous regressors"),
)


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
    kind: str
    options: dict
    data: tuple
    code: list
    shapes: Any

    @property
    def result(self):
        """Give the result of the model."""
        return self.model.result_

    @property
    def observed(self):
        """Tell which units in which periods a model of a panel with holes was fitted to; None of any other."""
        if self.options.get("missing") != "unbalanced":
            return None
        y, x = self.data[:2]
        return np.isfinite(y) & np.isfinite(x).all(axis=-1)

    def by_row(self, values):
        """Give values of units and periods for every feature of the input, NULL for those left out."""
        out, values = np.full(self.total, np.nan), np.asarray(values, dtype=float)
        if self.observed is not None and values.size == self.observed.sum():
            placed = np.full(self.observed.shape, np.nan)
            placed[self.observed] = values.reshape(-1)  # both are sorted by period, then by unit
            values = placed
        if values.ndim == 2 and len(values) < len(self.cells.periods):
            # a dynamic model is conditional on the first period, and says nothing of it
            values = np.vstack([np.full((1, values.shape[1]), np.nan), values])
        out[self.rows] = self.cells.by_row(values)
        return out

    @property
    def last(self):
        """Tell which of the rows used are of the last period."""
        return self.cells.cell >= (len(self.cells.periods) - 1) * len(self.cells.units)

    @property
    def mapped(self):
        """Tell which features of the input a map has: those of the last period, and of a cross-section all."""
        kept = np.full(self.total, len(self.cells.periods) == 1)
        kept[self.rows[self.last]] = True
        return kept

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
    """Add the parameters, those that most models need first."""
    numeric = QgsProcessingParameterField.DataType.Numeric
    anything = QgsProcessingParameterField.DataType.Any
    tool.add(source_parameter("INPUT", tr("Layer or table with the variables"), [TABLE]))
    tool.add(
        QgsProcessingParameterField(
            "Y", tr("Outcome, unless there is a formula"), None, "INPUT", numeric, False, True
        )
    )
    tool.add(
        QgsProcessingParameterField(
            "X", tr("Regressors, unless there is a formula"), None, "INPUT", numeric, True, True
        )
    )
    text = tr("Formula in place of outcome and regressors, such as log(y) ~ log(x1) * x2 + x3")
    tool.add(QgsProcessingParameterString("FORMULA", text, "", False, True))
    models = [tr(text) for _, text in MODELS]
    tool.add(QgsProcessingParameterEnum("MODEL", tr("Model"), options=models, defaultValue=0))
    add_weights(tool)
    for name, text in (("UNIT", tr("Panel: field of units")), ("PERIOD", tr("Panel: field of periods"))):
        tool.add(QgsProcessingParameterField(name, text, None, "INPUT", anything, False, True))
    effects = [
        tr("None"),
        tr("Fixed effects of units"),
        tr("Fixed effects of periods"),
        tr("Fixed effects of both"),
        tr("Random effects of units"),
    ]
    tool.add(QgsProcessingParameterEnum("EFFECTS", tr("Panel: effects"), options=effects, defaultValue=0))
    units = tr("Panel: layer of the units, if the table has no geometry")
    tool.add(source_parameter("UNITS", units, [ANY], True), advanced=True)
    place = QgsProcessingParameterField(
        "UNITS_ID", tr("Panel: field of units in that layer"), None, "UNITS", anything, False, True
    )
    tool.add(place, advanced=True)
    add_options(tool)


def formula_of(work):
    """Give the formula that was written, or the one that the fields make."""
    from spatialhealth.errors import OptionError
    from spatialhealth.qgis.terms import Formula, Term, parse_formula

    outcome, regressors = work.text("Y"), work.fields("X")
    if work.text("FORMULA") and (outcome or regressors):
        raise OptionError(
            "Give a formula, or an outcome and regressors; both are given. Empty the one or the other."
        )
    if work.text("FORMULA"):
        return parse_formula(work.text("FORMULA"))
    if not outcome or not regressors:
        raise OptionError("Choose an outcome and at least one regressor, or write a formula.")
    return Formula(Term(outcome), tuple(Term(name) for name in regressors))


def fit_model(work):
    """Read, build the weights and fit."""
    from spatialhealth import models
    from spatialhealth.qgis.cells import cells_of

    formula, unit, period = formula_of(work), work.text("UNIT"), work.text("PERIOD")
    kind = work.choice("MODEL", [name for name, _ in MODELS])
    options, instruments = options_of(work, kind, formula)
    moderators_of(work)  # what cannot be read is said before the fit
    fields = list(dict.fromkeys([*formula.fields, *(term.field for term in instruments)]))
    apart = work.given("UNITS")
    work.stage(0, 25, tr("Reading"))
    layer = work.read("INPUT", [*fields, *filter(None, (unit, period))], geometry=not apart)
    holes = "missing" in options
    rows = complete_rows(work, layer, () if holes else fields, geometry=not apart)
    used = layer.kept(rows)
    cells = cells_of(ids_of(used, unit), ids_of(used, period) if period else None, holes)
    shapes = _units(work, cells) if apart else used.kept(cells.first)
    work.stage(25, 45, tr("Finding neighbours"))
    weights = build_weights(work, shapes, cells.units)
    work.stage(45, 75, tr("Fitting"))
    columns = [*formula.regressors, *instruments]
    y = cells.spread(formula.outcome.read(used.numbers))
    x = cells.spread(np.column_stack([term.read(used.numbers) for term in columns]))
    _check_regressors(x, options)
    model = getattr(models, kind)(weights, **options)
    names = [term.name for term in columns]
    data = (y, x, names, cells.periods if period else None, formula.outcome.name)
    model.fit_arrays(*data)
    written = dict(options)
    if instruments:
        written["instruments"] = [term.source for term in instruments]
    lost = [] if holes else fields
    code = _code(work, formula, fields, lost if len(rows) < len(layer) else None, kind, written)
    return Fit(
        model=model,
        formula=formula,
        cells=cells,
        rows=rows,
        total=len(layer),
        used=used,
        weights=weights,
        kind=kind,
        options=options,
        data=data,
        code=code,
        shapes=shapes if apart else None,
    )


def _check_regressors(x, options):
    """Refuse absent regressors where outcomes alone may be absent."""
    from spatialhealth.errors import MissingDataError

    lacking = int(np.isnan(x).any(axis=-1).sum())
    if options.get("missing") == "likelihood" and lacking:
        raise MissingDataError(
            tr("{} units in periods have no row, or lack a regressor, while the outcome alone may be unknown. "
               "Complete them, or choose that these units did not exist then.").format(lacking)
        )  # fmt: skip


def _units(work, cells):
    """Give the features of the layer of units in the order of the table's units."""
    from spatialhealth.errors import AlignmentError, some

    key = work.text("UNITS_ID")
    layer = work.read("UNITS", [key])
    place = {str(label): row for row, label in enumerate(unique_ids(layer, key, tr("units")).tolist())}
    absent = [label for label in cells.units.tolist() if str(label) not in place]
    if absent:
        raise AlignmentError(
            f"{len(absent)} units of the table are not in the layer of units: {some(absent)}. Both must call "
            "them alike."
        )
    return layer.kept(np.array([place[str(label)] for label in cells.units.tolist()]))


def _code(work, formula, fields, lost, kind, options):
    """Give the lines of Python that fit the same model."""
    unit, period = work.text("UNIT"), work.text("PERIOD")
    used = [*fields, *filter(None, (unit, period))]
    if work.given("UNITS"):
        index = [unit, period] if period else unit
        lines = [
            *read_lines(work, "layer", "UNITS", index=work.text("UNITS_ID")),
            *read_lines(work, "table", "INPUT", used, index, geometry=False, lost=lost),
            f"layer = layer.loc[table.index.unique({unit!r})]",
        ]
    elif period:
        lines = [
            *read_lines(work, "layer", "INPUT", used, lost=lost),
            f"table = layer.set_index([{unit!r}, {period!r}])",
            f"layer = layer.drop_duplicates({unit!r}).set_index({unit!r})",
        ]
    else:
        lines = [*read_lines(work, "layer", "INPUT", used, unit, lost=lost, fids=not unit), "table = layer"]
    lines += [
        words_of_weights(work),
        f"formula = {formula.source!r}",
        f"model = {code_of(kind, options)}",
        "print(model.summary())",
    ]
    return script(lines)


def effects_of(work, fit):
    """Give the effects of a model, those that are mapped, and the line of Python that gives them."""
    at = moderators_of(work)
    effects = fit.model.impacts(at=at)
    shown = effects
    if fit.result.within.is_dynamic:
        long = work.choice("HORIZON", HORIZONS) == "long-run"
        shown = effects.long_run if long else effects.short_run
    return effects, shown, f"print(model.impacts({'' if at is None else f'at={at!r}'}))"


def variable_of(fit, shown, text):
    """Give the place among the effects of the regressor that is asked for; the first if none is."""
    from spatialhealth.errors import OptionError, did_you_mean

    names = list(shown.variables)
    regressors = list(shown.labels.get("variable", names))
    if not text:
        return 0
    fields = {}
    for term in reversed(fit.formula.regressors):
        if len(term.fields) == 1:
            fields[term.fields[0]] = term.name
    for known in (names, regressors):
        for wanted in (text, fields.get(text)):
            if wanted in known:
                return known.index(wanted)
    raise OptionError(
        f"There is no regressor {text!r}.{did_you_mean(text, names)} There are: {', '.join(names)}."
    )


def local_effects(fit, shown, place, seed=1):
    """Give own, received and emitted effects by unit, with their standard errors."""
    from spatialhealth.impacts.local import local

    return local(fit.result.operator, shown.pairs, place, seed)
