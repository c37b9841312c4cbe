"""Lagrange multiplier tests for a spatial lag, a spatial error and lagged regressors, before either is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array, Correction, Effects
from spatialhealth.diagnostics.fitted import Fitted, baseline, fitted
from spatialhealth.diagnostics.lm_conditional import lm_conditional
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.traces import Traces
from spatialhealth.likelihood.least_squares import LeastSquares

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["lm"]

_NOTHING = 1e-10  # share of a length below which nothing is left but rounding


@dataclass(frozen=True)
class _Scores:
    """Scores and information at rho = lambda = 0.

    Parameters
    ----------
    lag, error : float
        Scores of rho and of lambda.
    spread : float
        Information of lambda, and of rho with lambda.
    signal : float
        What the information of rho has beyond `spread`: the length of W Z delta that Z does not explain.
    """

    lag: float
    error: float
    spread: float
    signal: float


def lm(
    formula: Any,
    data: pd.DataFrame | None = None,
    weights: Any = None,
    effects: Effects = "none",
    durbin: Any = False,
    correction: Correction = "lee-yu",
) -> StatisticTable:
    """Test a model without spatial parameters for a spatial lag and a spatial error.

    Parameters
    ----------
    formula : str or fitted model
        A formula, with `data` and `weights`; or a model that has been fitted, alone. A model with W y is tested
        for a spatial error beside it, one with a spatial error for a lag.
    data : DataFrame, optional
        Indexed by unit or by (unit, period).
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator, optional
    effects : {"none", "entity", "time", "two-way"}, default "none"
        - "none": a cross-section, or a pooled panel (Anselin, Le Gallo and Jayet 2008);
        - the others: fixed effects.
    durbin : bool or list of str, default False
        Which regressors the model has with their spatial lag already.
    correction : {"lee-yu", "none"}, default "lee-yu"
        - "lee-yu": tests on the transformed data, with their degrees of freedom and their traces (Debarsy and
          Ertur 2010; here for time effects too);
        - "none": demeaned data taken for nT observations (Elhorst 2010), as splm's `slmtest` does.

    Returns
    -------
    StatisticTable
        "LM lag", "LM error", "robust LM lag", "robust LM error", "LM SARMA" (both at once) and, as long as no
        regressor is lagged, "LM WX". After a model with one spatial parameter: "LM error given lag" or
        "LM lag given error".

    Raises
    ------
    OptionError
        If data or weights are missing, or a fitted model has a spatial lag and a spatial error already.

    Notes
    -----
    With e the residuals, s2 = e'e / N, m periods and A = J W J the weights with the constant projected off
    where there are time effects, the scores are e'Wy / s2 - m tr A and e'We / s2 - m tr A. With
    row-standardised W, tr A = -1: leaving that out, as for data without effects, pulls both tests off centre.

    References
    ----------
    Anselin, L., Bera, A. K., Florax, R. and Yoon, M. J. (1996). Simple diagnostic tests for spatial dependence.
    Regional Science and Urban Economics 26, 77-104.

    Anselin, L., Le Gallo, J. and Jayet, H. (2008). Spatial panel econometrics. In: The Econometrics of Panel
    Data, Springer, 625-660.

    Debarsy, N. and Ertur, C. (2010). Testing for spatial autocorrelation in a fixed effects panel data model.
    Regional Science and Urban Economics 40, 453-470.

    Elhorst, J. P. (2010). Spatial panel data models. In: Handbook of Applied Spatial Analysis, Springer,
    377-407.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_production()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> tests = sh.diagnostics.lm("log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp", panel, W)
    >>> tests["LM error"]
    LM error = 135.8911, chi-square(1), p < 0.001. Null: no spatial error (lambda = 0), given no spatial lag.
    """
    if isinstance(formula, str):
        formula = baseline("lm", formula, data, weights, effects, durbin, correction)
    found = fitted("lm", formula, random=False)
    return _of(found) if not found.spatial else lm_conditional(found)


def _of(model: Fitted) -> StatisticTable:
    scores = _scores(model)
    total = scores.spread + scores.signal
    error = Statistic.chi_square(
        "LM error", scores.error**2 / scores.spread, 1, "no spatial error (lambda = 0), given no spatial lag"
    )
    lag = Statistic.chi_square(
        "LM lag", scores.lag**2 / total, 1, "no spatial lag (rho = 0), given no spatial error"
    )
    tests = [lag, error, *_robust(scores, total, error)]
    if not model.result.lagged:
        tests.append(_lagged_regressors(model))
    return StatisticTable(_title(model), tuple(tests), _note(model))


def _scores(model: Fitted) -> _Scores:
    within, operator = model.within, model.operator
    e = model.result.residuals
    s2 = float(np.sum(e**2)) / within.size
    traces = Traces.of(operator, within.drops_constant)
    mean = within.periods * traces.single
    signal = model.left(operator.lag(model.result.y - e))
    return _Scores(
        lag=float(np.sum(e * operator.lag(model.result.y))) / s2 - mean,
        error=float(np.sum(e * operator.lag(e))) / s2 - mean,
        spread=within.periods * traces.spread,
        signal=float(signal @ signal) / s2,
    )


def _robust(scores: _Scores, total: float, error: Statistic) -> list[Statistic]:
    """Give the tests that hold whether or not the other parameter is zero, and the joint one."""
    nulls = (
        "no spatial lag (rho = 0), whether or not there is a spatial error nearby",
        "no spatial error (lambda = 0), whether or not there is a spatial lag nearby",
        "neither spatial lag nor spatial error (rho = lambda = 0)",
    )
    names = ("robust LM lag", "robust LM error", "LM SARMA")
    if scores.signal <= _NOTHING * scores.spread:
        reason = "The regressors explain their own lags, so that nothing tells a spatial lag from an error."
        return [Statistic.not_applicable(name, null, reason) for name, null in zip(names, nulls, strict=True)]
    lag = (scores.lag - scores.error) ** 2 / scores.signal
    against = scores.error - scores.spread / total * scores.lag
    values = (lag, against**2 / (scores.spread * scores.signal / total), lag + error.value)
    return [
        Statistic.chi_square(name, value, df, null)
        for name, value, df, null in zip(names, values, (1, 1, 2), nulls, strict=True)
    ]


def _lagged_regressors(model: Fitted) -> Statistic:
    """Give the test for W x among the regressors."""
    name, null = "LM WX", "no spatial lags of the regressors (theta = 0), given no spatial lag or error"
    lags = model.apply(model.operator.lag(model.table.x))
    flat: Array = lags.reshape(-1, lags.shape[2])
    left = flat - model.projection.q @ (model.projection.q.T @ flat)
    kept = np.linalg.norm(left, axis=0) > 1e-9 * np.linalg.norm(flat, axis=0)
    factors = LeastSquares.of(left[:, kept])
    if not kept.all() or factors.dependent():
        return Statistic.not_applicable(
            name, null, "The spatial lags of the regressors are combinations of the regressors."
        )
    e = model.result.residuals.reshape(-1)
    explained = factors.q.T @ e
    s2 = float(e @ e) / model.within.size
    return Statistic.chi_square(name, float(explained @ explained) / s2, int(kept.sum()), null)


def _title(model: Fitted) -> str:
    base = "OLS" if not model.result.lagged else "SLX"
    effects = "" if model.within.effects == "none" else f" with {model.within.effects} effects"
    return f"Lagrange multiplier tests of {base}{effects}, {model.outcome}"


def _note(model: Fitted) -> str:
    within = model.within
    if within.effects == "none":
        return "" if within.t == 1 else f"Pooled over {within.t} periods."
    if within.correction == "none":
        return f"Demeaned data taken for {within.size:,} observations (Elhorst 2010)."
    return f"Transformed data, {within.size:,} observations (Debarsy and Ertur 2010)."
