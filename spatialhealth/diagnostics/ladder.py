"""The usual sequence of tests, from least squares to the spatial Durbin model, and the model it leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from spatialhealth._typing import Correction, Effects
from spatialhealth._validation import check_option, check_share
from spatialhealth.diagnostics.bsk import bsk
from spatialhealth.diagnostics.fitted import fitted, refitted
from spatialhealth.diagnostics.hausman import hausman
from spatialhealth.diagnostics.ladder_result import Ladder, Rung
from spatialhealth.diagnostics.ladder_words import paragraph, suggestion
from spatialhealth.diagnostics.lm import lm
from spatialhealth.diagnostics.lr import lr
from spatialhealth.diagnostics.moran import moran
from spatialhealth.diagnostics.redundant import redundant_effects
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.wald import wald
from spatialhealth.errors import ConvergenceError, IdentificationError, OptionError, SizeError
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.covariances import LIKELIHOOD
from spatialhealth.models.durbin import SpatialDurbin
from spatialhealth.models.error import SpatialError
from spatialhealth.models.lag import SpatialLag
from spatialhealth.models.slx import SLX
from spatialhealth.operator.operator import as_operator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ladder"]

_FIXED = ("none", "entity", "time", "two-way")
_EXPECTED_UP_TO = 2_000  # units, whose whole inverse the expected information needs


def ladder(
    formula: Any,
    data: pd.DataFrame | None = None,
    weights: Any = None,
    effects: Effects = "none",
    level: float = 0.05,
    correction: Correction = "lee-yu",
    cov_type: Any = "observed",
) -> Ladder:
    """Run the tests that lead from least squares to a spatial model, in order, and say which model they lead to.

    Parameters
    ----------
    formula : str or fitted model
        Outcome and regressors, without spatial lags, with `data` and `weights`; or a model that has been fitted,
        alone, whose data, weights, effects, correction and covariance are taken.
    data : DataFrame, optional
        Indexed by unit or by (unit, period).
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator, optional
    effects : {"none", "entity", "time", "two-way"}, default "none"
        Fixed effects of all the models.
    level : float, default 0.05
        Significance level of every test.
    correction : {"lee-yu", "none"}, default "lee-yu"
        Correction for the fixed effects.
    cov_type : str, default "observed"
        Covariance of the models. With a robust one the Wald tests decide, as likelihood ratios trust the
        likelihood.

    Returns
    -------
    Ladder
        `.table` (one row a test), `.decisions` (one a rung), `.suggested` (a fitted model),
        `.words` (a paragraph), `.models` (all that were fitted).

    Raises
    ------
    OptionError, DataError, WeightsError
        As the models do; OptionError also for a formula without data or weights, and for a fitted model with random
        effects, dynamics or instruments.

    Notes
    -----
    1. Least squares: Moran's I of the residuals; in a panel, whether fixed effects are needed.
    2. Lagrange multiplier tests for lag, error and lagged regressors, and the robust ones.
    3. SAR, SEM, SLX and SDM are fitted; SDM is tested against the other three.
    4. In a panel, random effects: Baltagi, Song and Koh when pooled, Hausman with entity effects.

    SDM stays unless the tests against it and the LM tests agree on SAR or SEM (Elhorst 2010): leaving out
    lagged regressors that matter biases the rest, keeping those that do not only costs precision (LeSage and
    Pace 2009). A test that does not apply is listed with its reason, and decides nothing.

    References
    ----------
    Elhorst, J. P. (2010). Applied spatial econometrics: raising the bar. Spatial Economic Analysis 5, 9-28.

    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press, section 6.1.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> formula = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
    >>> steps = sh.diagnostics.ladder(formula, panel, W, effects="two-way")
    >>> type(steps.suggested).__name__
    'SpatialDurbin'
    """
    check_share("ladder", "level", level)
    given = None if isinstance(formula, str) else fitted("ladder", formula)
    if given is not None:
        effects, correction, cov_type = given.model.effects, given.model.correction, given.model.cov_type
    elif data is None or weights is None:
        raise OptionError(
            "ladder needs formula, data and weights, or a fitted model alone; "
            f"{'data' if data is None else 'weights'} is missing."
        )
    check_option("ladder", "effects", effects, _FIXED)
    options: dict[str, Any] = {"effects": effects, "correction": correction, "cov_type": cov_type}
    operator = as_operator(weights) if given is None else given.operator

    def fit(estimator: type[SpatialModel], **more: Any) -> SpatialModel:
        chosen = {**options, **more}
        if given is not None:
            return refitted(given, estimator, **chosen)
        return estimator(weights=operator, **chosen).fit_formula(formula, data)

    models = {"OLS": fit(SLX, durbin=False)}
    panel = models["OLS"].result_.n_periods > 1
    rungs = [
        Rung("space", "Are residuals of least squares autocorrelated in space?", (moran(models["OLS"])[0],))
    ]
    if panel:
        found = _attempt("F two-way", lambda: redundant_effects(models["OLS"]))
        rungs.append(Rung("effects", "Are fixed effects needed?", found))
    rungs.append(Rung("lm", "Lag, error or lagged regressors?", tuple(lm(models["OLS"]))))
    models |= {"SLX": fit(SLX), "SAR": fit(SpatialLag), "SEM": fit(SpatialError), "SDM": fit(SpatialDurbin)}
    decide = "LR" if cov_type in LIKELIHOOD else "Wald"
    rungs += [_reduction(models, name, words) for name, words in _REDUCTIONS.items()]
    if panel and effects == "none":
        rungs.append(Rung("random", "Are there random effects?", _attempt("LM1", lambda: bsk(models["OLS"]))))
    if panel and effects == "entity":
        rungs.append(Rung("hausman", "Fixed or random effects?", _hausman(fit, cov_type, operator.n)))
    chosen, why = suggestion(tuple(rungs), level, decide)
    steps = Ladder(tuple(rungs), models, chosen, why, level, "")
    return Ladder(tuple(rungs), models, chosen, why, level, paragraph(steps))


_REDUCTIONS = {
    "SAR": "Is SAR enough, without lagged regressors?",
    "SEM": "Is SEM enough, with a common factor?",
    "SLX": "Is SLX enough, without a lag of the outcome?",
}


def _reduction(models: dict[str, SpatialModel], name: str, question: str) -> Rung:
    """Test SDM against a model that it contains, by likelihood ratio and by Wald."""
    small, large = models[name], models["SDM"]
    full = type(small).__name__
    tests = (
        *_attempt(f"LR {full} in SpatialDurbin", lambda: lr(small, large)),
        *_attempt(f"Wald {full} in SpatialDurbin", lambda: wald(large, full)),
    )
    return Rung(name, question, tests)


def _hausman(fit: Callable[..., SpatialModel], cov_type: Any, n: int) -> tuple[Statistic, ...]:
    """Compare fixed and random effects; by the expected information where it can be had, which keeps the size."""
    kind = "expected" if cov_type in LIKELIHOOD and n <= _EXPECTED_UP_TO else cov_type

    def compare() -> StatisticTable:
        both = (fit(SpatialDurbin, effects=effects, cov_type=kind) for effects in ("entity", "random"))
        return hausman(*both)

    return _attempt("Hausman", compare)


def _attempt(name: str, test: Callable[[], Statistic | StatisticTable]) -> tuple[Statistic, ...]:
    """Give the tests, or one entry that says why they do not apply."""
    try:
        found = test()
    except (OptionError, IdentificationError, SizeError, ConvergenceError) as error:
        # who refuses is the name of the test already
        reason = str(error).removeprefix("wald: ").removeprefix("lr: ").removeprefix("hausman: ")
        return (Statistic.not_applicable(name, "not tested", reason),)
    return (found,) if isinstance(found, Statistic) else found.statistics
