"""model_probabilities: how probable each model and each W is, given the data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth._typing import CoefficientPrior, Correction, Effects, ParameterPrior
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth._validation import check_option, check_positive
from spatialhealth.comparison.evidence import Evidence, ModelProbabilities
from spatialhealth.errors import OptionError, PriorWarning, some
from spatialhealth.likelihood.marginal import Regression, SpatialPrior, log_marginal, spatial_mass
from spatialhealth.likelihood.transform import Jacobian, Within
from spatialhealth.models.design import Design, Sample
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.panel.formula import design_from_formula
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["model_probabilities"]

# the spatial parameter of each model, and whether it has W x
_MODELS = {
    "OLS": ("", False),
    "SLX": ("", True),
    "SAR": ("rho", False),
    "SDM": ("rho", True),
    "SEM": ("lambda", False),
    "SDEM": ("lambda", True),
}
_OWNER = "model_probabilities"


@dataclass(frozen=True)
class _Options:
    models: tuple[str, ...]
    effects: Effects
    durbin: Any
    coefficients: CoefficientPrior
    prior: ParameterPrior
    shape: float
    interval: tuple[float, float] | None
    correction: Correction
    constant: bool


def model_probabilities(
    formula: str,
    data: pd.DataFrame,
    weights: Any,
    models: Iterable[str] = ("SAR", "SDM", "SEM", "SDEM"),
    effects: Effects = "none",
    durbin: Any = True,
    coefficients: CoefficientPrior = "g-prior",
    prior: ParameterPrior = "uniform",
    shape: float = 1.01,
    interval: tuple[float, float] | None = None,
    correction: Correction = "lee-yu",
    logdet: LogDetName = "auto",
    constant: bool = True,
) -> ModelProbabilities:
    """Give the posterior probabilities of models and of weights.

    Parameters
    ----------
    formula : str
        As for `fit_formula`.
    data : DataFrame
        Indexed by unit (cross-section) or by (unit, period).
    weights : mapping of str to weights, or weights
        Candidates by label: ``{"queen": W1, "knn": W2}``; or one W.
    models : sequence of {"OLS", "SLX", "SAR", "SDM", "SEM", "SDEM"}, default ("SAR", "SDM", "SEM", "SDEM")
        Each is combined with each W, but for "OLS", which has none.
    effects : {"none", "entity", "time", "two-way"}, default "none"
        Fixed effects.
    durbin : True or list of str, default True
        Which regressors have a spatial lag in SLX, SDM and SDEM.
    coefficients : {"g-prior", "diffuse"}, default "g-prior"
        - "g-prior": Zellner's, with g the larger of N and K squared (Fernández, Ley and Steel 2001; LeSage and Parent
          2007). Probabilities do not depend on units of measurement.
        - "diffuse": flat (LeSage 2014), as SDPDmod's ``blmpSDPD`` has it. Models with the same number of
          coefficients can be compared (SDM with SDEM, SAR with SEM, one W with another); between others the
          probabilities depend on the units of the data, and a warning says so.
    prior : {"uniform", "beta"}, default "uniform"
        Prior of rho and lambda.
    shape : float, default 1.01
        d of the Beta(d, d) prior.
    interval : tuple of float, optional
        Where rho and lambda may lie; the admissible interval of each W by default.
    correction : {"lee-yu", "none"}, default "lee-yu"
        - "lee-yu": the likelihood of the data with the effects transformed away;
        - "none": effects have a flat prior, so that all T log-determinants stay.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Engine of the log-determinant.
    constant : bool, default True
        Whether to add a constant when `effects` is "none".

    Returns
    -------
    ModelProbabilities
        `.table`, `.by_model`, `.by_weights`, `.best`.

    Raises
    ------
    OptionError
        If an option is unknown, or the combination does not exist.
    DataError, WeightsError, FormulaError, IdentificationError
        As in `fit_formula`.

    See Also
    --------
    compare : estimates, criteria and effects of fitted models.

    Notes
    -----
    Coefficients and variance are integrated out in closed form, rho or lambda numerically, to about twelve digits;
    see `spatialhealth.likelihood.marginal.spatial_mass` for the formulas. Every row of the table is equally probable
    beforehand. With other prior probabilities p, posterior ones are proportional to p exp(log_marginal).

    References
    ----------
    LeSage, J. P. and Parent, O. (2007). Bayesian model averaging for spatial econometric models. Geographical
    Analysis 39, 241-267.

    LeSage, J. P. (2014). Spatial econometric panel data model specification: A Bayesian approach. Spatial Statistics
    9, 122-145.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> panel = sh.datasets.load_cigarettes()
    >>> states = sh.datasets.load_states().loc[panel.index.unique("state")]
    >>> W = {"queen": sh.weights.contiguity(states), "knn": sh.weights.knn(states, k=6)}
    >>> formula = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
    >>> found = sh.model_probabilities(formula, panel, W, effects="two-way")
    >>> found.best.weights, found.best.model
    ('knn', 'SEM')
    >>> {model: round(share, 4) for model, share in found.by_model.items()}
    {'SAR': 0.0, 'SDM': 0.0175, 'SEM': 0.9747, 'SDEM': 0.0078}
    """
    options = _checked(
        _Options(
            tuple([models] if isinstance(models, str) else models),
            effects,
            durbin,
            coefficients,
            prior,
            shape,
            interval,
            correction,
            constant,
        )
    )
    candidates = weights if isinstance(weights, Mapping) else {"W": weights}
    if not candidates:
        raise OptionError(f"{_OWNER}: weights is empty. Give at least one W: {{'queen': W}}.")
    design = design_from_formula(formula, data)
    rows: list[Evidence] = []
    isolates: list[str] = []
    for label, candidate in candidates.items():
        try:
            operator = as_operator(candidate, logdet)
            table = PanelTable.from_frames(design.x, design.y, operator.ids)
            rows += _evidence(str(label), table, operator, options, design.constant, bool(rows))
            if len(operator.isolates):
                isolates.append(f"{label} {len(operator.isolates)} ({some(operator.isolates, limit=3)})")
        except ValueError as error:
            error.add_note(f"with the weights {label!r}")
            raise
    _warn(rows, options)
    return ModelProbabilities(tuple(rows), table.response, _facts(options, table, isolates))


def _checked(options: _Options) -> _Options:
    for model in options.models:
        check_option(_OWNER, "models", model, tuple(_MODELS))
    if not options.models or len(set(options.models)) < len(options.models):
        raise OptionError(
            f"{_OWNER}: models={list(options.models)} must name each model once, and at least one."
        )
    check_option(_OWNER, "effects", options.effects, Effects)
    if options.effects == "random":
        raise OptionError(
            f"{_OWNER}: effects='random' has no marginal likelihood here. Use fixed effects, or set models with "
            "random effects side by side with compare."
        )
    check_option(_OWNER, "coefficients", options.coefficients, CoefficientPrior)
    check_option(_OWNER, "prior", options.prior, ParameterPrior)
    check_option(_OWNER, "correction", options.correction, Correction)
    check_positive(_OWNER, "shape", options.shape)
    if options.durbin is False:
        raise OptionError(
            f"{_OWNER}: durbin=False leaves no W x. Leave SLX, SDM and SDEM out of models instead."
        )
    return options


def _evidence(
    label: str, table: PanelTable, operator: SpatialOperator, options: _Options, constant: bool, later: bool
) -> list[Evidence]:
    """Give the rows of one W; OLS, which has none, only with the first."""
    within = Within(
        options.effects, options.correction, table.n_units, table.n_periods, operator.has_unit_rows
    )
    _exists(label, operator, within, options)
    constant = constant and options.constant and options.effects == "none"
    models = [model for model in options.models if model != "OLS" or not later]
    return [_one(label, model, table, operator, within, options, constant) for model in models]


def _one(
    label: str,
    model: str,
    table: PanelTable,
    operator: SpatialOperator,
    within: Within,
    options: _Options,
    constant: bool,
) -> Evidence:
    parameter, has_lags = _MODELS[model]
    design = Design.of(table, operator, options.durbin if has_lags else False, constant)
    sample = Sample.of(table, design, within, extra=2 if parameter else 1)
    width = sample.z.shape[1]

    def lagged(values: Any) -> Any:
        return within.apply(operator.lag(values)).reshape(within.n * within.t, *values.shape[2:])

    regression = Regression.of(
        sample.z,
        sample.y,
        lagged(design.z) if parameter == "lambda" else None,
        lagged(table.y),
        constants=int(constant),
        degrees=within.degrees,
    )
    if not parameter:
        value = log_marginal(regression, options.coefficients)
        return Evidence(label if has_lags else "", model, value, width)
    prior = SpatialPrior(options.prior, options.shape, _interval(operator, options))
    mass = spatial_mass(regression, Jacobian(operator.logdet, within), prior, options.coefficients)
    return Evidence(label, model, mass.log_total, width, parameter, mass.mean, mass.std)


def _interval(operator: SpatialOperator, options: _Options) -> tuple[float, float]:
    """Give where the spatial parameter may lie."""
    admissible = operator.interval
    if options.interval is None:
        return admissible
    try:
        low, high = (float(end) for end in options.interval)
    except (TypeError, ValueError):
        raise OptionError(
            f"{_OWNER}: interval={options.interval!r} must be two numbers, (-1, 1) say."
        ) from None
    hair = 1e-9 * (admissible[1] - admissible[0])
    if not admissible[0] - hair <= low < high <= admissible[1] + hair:
        raise OptionError(
            f"{_OWNER}: interval=({low:g}, {high:g}) must lie within the admissible interval of W, "
            f"({admissible[0]:.4f}, {admissible[1]:.4f}), its lower end first."
        )
    return max(low, admissible[0]), min(high, admissible[1])


def _exists(label: str, operator: SpatialOperator, within: Within, options: _Options) -> None:
    """Time effects and weights that change a constant do not go together in every way."""
    kinds = {_MODELS[model][0] for model in options.models} - {""}
    if not kinds or not within.has_time or operator.has_unit_rows:
        return
    cause = (
        f"{len(operator.isolates)} units have no neighbour in the W {label!r} ({some(operator.isolates, limit=3)})"
        if operator.is_row_standardised
        else f"the rows of the W {label!r} do not sum to one"
    )
    ways = "Use row-standardised weights in which every unit has a neighbour (weights.knn, say), or leave this W out"
    without = [model for model in options.models if _MODELS[model][0] != "lambda"]
    if "lambda" in kinds:
        ways += ", or leave SEM and SDEM out"
        ways += f" with models={without!r}" if without else ""
        ways += " and correction='none', in which effects have a flat prior" if within.is_direct else ""
    else:
        ways += ", or correction='none', in which effects have a flat prior"
    if within.is_direct:
        raise OptionError(
            f"{_OWNER}: no transformation takes time effects out when {cause}, so that correction='lee-yu' does not "
            f"exist. {ways}."
        )
    if "lambda" in kinds:
        raise OptionError(
            f"{_OWNER}: time effects cannot be taken out of SEM and SDEM by demeaning when {cause}. {ways}."
        )


def _warn(rows: list[Evidence], options: _Options) -> None:
    counts = sorted({row.coefficients for row in rows})
    if options.coefficients == "diffuse" and len(counts) > 1:
        warnings.warn(
            f"With coefficients='diffuse', models with {', '.join(map(str, counts))} coefficients are compared: "
            "their relative probabilities depend on the units in which outcome and regressors are measured. Use "
            "coefficients='g-prior', or compare models with the same number of coefficients.",
            PriorWarning,
            stacklevel=3,
        )


def _facts(options: _Options, table: PanelTable, isolates: list[str]) -> tuple[tuple[str, str], ...]:
    how = (
        ""
        if options.effects == "none"
        else {"lee-yu": ", transformed away", "none": ", flat prior"}[options.correction]
    )
    where = (
        "the admissible interval"
        if options.interval is None
        else f"({options.interval[0]:g}, {options.interval[1]:g})"
    )
    spatial = "uniform" if options.prior == "uniform" else f"Beta({options.shape:g}, {options.shape:g})"
    facts = {"Data": table.source} if table.source else {}
    facts |= {
        "Units (n)": f"{table.n_units:,}",
        "Periods (T)": f"{table.n_periods:,}",
        "Effects": options.effects + how,
        "Coefficients": {"g-prior": "g prior, g = max(N, K^2)", "diffuse": "diffuse prior"}[
            options.coefficients
        ],
        "rho, lambda": f"{spatial} prior on {where}",
    }
    if isolates:
        facts["Isolates"] = "; ".join(isolates)
    return tuple(facts.items())
