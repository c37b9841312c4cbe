"""Lagrange multiplier tests for random effects and spatial errors in pooled panels (Baltagi, Song and Koh)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc

from spatialhealth._typing import Array
from spatialhealth.diagnostics.bsk_conditional import given_random_effects, given_spatial_error
from spatialhealth.diagnostics.fitted import Fitted, baseline, fitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.traces import Traces, symmetric_lag
from spatialhealth.errors import OptionError
from spatialhealth.operator.operator import INVERSE_LIMIT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bsk"]

_BOTH = "neither random effects nor spatial error"


def bsk(
    formula: Any, data: pd.DataFrame | None = None, weights: Any = None, durbin: Any = False
) -> StatisticTable:
    """Test a pooled panel for random effects and for a spatial error: each alone, both, each given the other.

    Parameters
    ----------
    formula : str or fitted SLX
        A formula, with `data` and `weights`; or a model fitted with effects="none", alone.
    data : DataFrame, optional
        Indexed by (unit, period).
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator, optional
    durbin : bool or list of str, default False
        Which regressors the model has with their spatial lag.

    Returns
    -------
    StatisticTable
        - "LM1": random effects, given no spatial error; "LM2": spatial error, given no random effects;
        - "SLM1", "SLM2": the same, standardised by the moments that residuals have, for small samples;
        - "LMJ": both, two-sided; "LMH": both, against random effects and a positive lambda;
        - "CLMlambda": spatial error, whatever the random effects; "CLMmu": random effects, whatever the
          spatial error.

        A variance cannot be negative, so tests of random effects are one-sided; lambda can, so its are
        two-sided.

    Raises
    ------
    OptionError
        If the model is no pooled panel without spatial parameters.

    References
    ----------
    Baltagi, B. H., Song, S. H. and Koh, W. (2003). Testing panel data regression models with spatial error
    correlation. Journal of Econometrics 117, 123-150.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_production()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> tests = sh.diagnostics.bsk("log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp", panel, W)
    >>> round(tests["LM1"].value, 4), round(tests["CLMlambda"].value, 4)
    (64.3037, 14.4364)
    """
    model = fitted(
        "bsk",
        baseline("bsk", formula, data, weights, "none", durbin) if isinstance(formula, str) else formula,
    )
    if model.spatial or model.within.effects != "none" or model.within.t < 2:
        raise OptionError(
            "bsk tests a pooled panel without spatial parameters: SLX with effects='none' and at least two "
            f"periods. It was given {model.result.model} with effects={model.within.effects!r} and "
            f"{model.within.t} periods."
        )
    one, two = _marginal(model)
    tests = (*_alone(model, one, two), *_joint(one, two), _lambda(model), _mu(model))
    return StatisticTable(f"Baltagi, Song and Koh tests, {model.outcome}", tests)


def _random(name: str, value: float, given: str) -> Statistic:
    return Statistic.normal(name, value, f"no random effects of units, {given}", one_sided=True)


def _spatial(name: str, value: float, given: str) -> Statistic:
    return Statistic.normal(name, value, f"no spatial error (lambda = 0), {given}")


def _marginal(model: Fitted) -> tuple[float, float]:
    """Give LM1 and LM2."""
    e, within = model.result.residuals, model.within
    n, t, squares = within.n, within.t, float(np.sum(model.result.residuals**2))
    traces = Traces.of(model.operator, False)
    persistent = float(np.sum(e.sum(axis=0) ** 2)) / squares - 1
    nearby = float(np.sum(e * model.operator.lag(e))) / squares
    one = np.sqrt(n * t / (2 * (t - 1))) * persistent
    return float(one), float(np.sqrt(n**2 * t / (traces.square + traces.gram)) * nearby)


def _alone(model: Fitted, one: float, two: float) -> list[Statistic]:
    e = model.result.residuals
    n, t = model.within.n, model.within.t
    q = model.projection.q.reshape(t, n, -1)
    over_time = np.broadcast_to(q.sum(axis=0), q.shape)
    nearby = symmetric_lag(model.operator, q)
    traces = Traces.of(model.operator, False)
    sums = float(np.sum(e.sum(axis=0) ** 2))
    standard_one = _standardised(sums, e, q, over_time, n * t, n * t**2)
    square = t * (traces.square + traces.gram) / 2
    standard_two = _standardised(
        float(np.sum(e * model.operator.lag(e))), e, q, nearby, t * traces.single, square
    )
    return [
        _random("LM1", one, "given no spatial error"),
        _spatial("LM2", two, "given no random effects"),
        _random("SLM1", standard_one, "given no spatial error"),
        _spatial("SLM2", standard_two, "given no random effects"),
    ]


def _standardised(form: float, e: Array, q: Array, through: Array, trace: float, square: float) -> float:
    """Give e'De / e'e less its mean, over its standard deviation, for symmetric D with D q = `through`."""
    flat, image = q.reshape(-1, q.shape[2]), through.reshape(-1, q.shape[2])
    inner = flat.T @ image
    single = trace - float(np.trace(inner))
    double = square - 2 * float(np.sum(image**2)) + float(np.sum(inner * inner.T))
    freedom = e.size - flat.shape[1]
    mean = single / freedom
    variance = 2 * (freedom * double - single**2) / (freedom**2 * (freedom + 2))
    return float((form / float(np.sum(e**2)) - mean) / np.sqrt(variance))


def _joint(one: float, two: float) -> list[Statistic]:
    both = Statistic.chi_square("LMJ", one**2 + two**2, 2, _BOTH)
    value = max(one, 0.0) ** 2 + max(two, 0.0) ** 2
    p = 1.0 if value == 0 else float(chdtrc(1, value) / 2 + chdtrc(2, value) / 4)
    law = "mixture 1/4 zero, 1/2 chi-square(1), 1/4 chi-square(2)"
    return [both, Statistic("LMH", value, p, _BOTH + " (alternative: lambda > 0)", law)]


def _lambda(model: Fitted) -> Statistic:
    return _spatial("CLMlambda", given_random_effects(model), "whatever the random effects")


def _mu(model: Fitted) -> Statistic:
    given = "whatever the spatial error"
    if model.operator.n > INVERSE_LIMIT:
        null = f"no random effects of units, {given}"
        return Statistic.not_applicable(
            "CLMmu", null, f"Its information takes an inverse of {model.operator.n:,} units."
        )
    return _random("CLMmu", given_spatial_error(model), given)
