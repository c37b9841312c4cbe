"""Moran's I of residuals, which are not a variable: their moments know the design and the effects."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted, fitted
from spatialhealth.diagnostics.lm_conditional import lm_conditional
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.traces import Traces, symmetric_lag
from spatialhealth.errors import OptionError
from spatialhealth.models.base import SpatialModel
from spatialhealth.panel.within import demean

__all__ = ["moran_of_residuals"]

_NULL = "no spatial autocorrelation of the errors"


def moran_of_residuals(model: SpatialModel) -> StatisticTable:
    """Give Moran's I of the residuals of a fitted model, pooled and by period.

    Parameters
    ----------
    model : SpatialModel

    Returns
    -------
    StatisticTable

    Raises
    ------
    OptionError
        If the model has a spatial error, for whose residuals the moments are not known.

    Notes
    -----
    With e = M u, E I = (n / S0) tr(M W) / d and Var I = (n / S0)^2 (tr MWMW + tr MWMW' + (tr MW)^2) / (d (d +
    2)) - (E I)^2, d = tr M. M takes design and effects out, so these moments are exact for normal errors,
    pooled panels included. The residuals of one period are M's block times u; it is no projection, and the
    ratio is expanded around its mean.

    References
    ----------
    Cliff, A. D. and Ord, J. K. (1981). Spatial Processes: Models and Applications. Pion, section 8.3.

    Kelejian, H. H. and Prucha, I. R. (2001). On the asymptotic distribution of the Moran I test statistic.
    Journal of Econometrics 104, 219-257.
    """
    found = fitted("moran", model, random=False)
    if "lambda" in found.spatial:
        raise OptionError(
            f"{found.result.model} models the autocorrelation of its errors; the moments of Moran's I of "
            "what is left are not known. Compare it with a larger model by spatialhealth.diagnostics.lr."
        )
    tests = [_beside_lag(found)] if found.spatial else _least_squares(found)
    effects = found.within.effects
    note = "" if effects == "none" else f"Residuals with {effects} effects out."
    return StatisticTable(
        f"Moran's I of the residuals of {found.result.model}, {found.outcome}", tuple(tests), note
    )


def _beside_lag(model: Fitted) -> Statistic:
    """Give I with the sign of the score and the size of the LM test for a spatial error beside the lag."""
    e, operator = model.result.residuals, model.operator
    value = _scale(model) * float(np.sum(e * operator.lag(e))) / float(np.sum(e**2))
    traces = Traces.of(operator, model.within.drops_constant)
    mean = _scale(model) * traces.single / traces.n
    z = np.sign(value - mean) * np.sqrt(lm_conditional(model)[0].value)
    name = "Moran's I" if len(e) == 1 else "Moran's I, pooled"
    return Statistic.moment(name, value, mean, ((value - mean) / z) ** 2, _NULL)


def _least_squares(model: Fitted) -> list[Statistic]:
    within, e = model.within, model.result.residuals
    q = model.projection.q.reshape(within.t, within.n, -1)
    # over units the effects of time are out whatever the correction; over time, those of units
    full = Traces.of(model.operator, within.has_time)
    history = within.t - 1 if within.has_entity else within.t
    if within.t == 1:
        return [_of_block(model, "Moran's I", e, q, full, 1.0, 1)]
    whole = _of_block(model, "Moran's I, pooled", e, q, full, 1.0, history)
    share = history / within.t
    periods = [
        _of_block(model, f"Moran's I, {period}", e[t : t + 1], q[t : t + 1], full, share, 1)
        for t, period in enumerate(model.result.periods.tolist())
    ]
    return [whole, *periods]


def _of_block(
    model: Fitted, name: str, e: Array, q: Array, traces: Traces, share: float, history: int
) -> Statistic:
    """Give I of periods whose residuals have the covariance V = share Q - q q', Q the projection off the effects.

    With A the symmetric part of W, r the expected ratio: Var(e'Ae - r e'e) = 2 tr((V (A - r I))^2).
    """
    operator = model.operator
    out = model.within.effects if len(e) > 1 else ("time" if model.within.has_time else "none")
    flat = q.reshape(-1, q.shape[2])
    half = demean(symmetric_lag(operator, q), out).reshape(flat.shape)  # Q A q
    inner, gram = flat.T @ half, flat.T @ flat
    trace = share * history * traces.n - float(np.trace(gram))
    mixed = share * history * traces.single - float(np.trace(inner))
    # traces of V A V A, of V V A and of V V
    vava = (
        share**2 * history * (traces.square + traces.gram) / 2
        - 2 * share * float(np.sum(half**2))
        + float(np.sum(inner * inner.T))
    )
    vva = (
        share**2 * history * traces.single - 2 * share * float(np.trace(inner)) + float(np.sum(inner * gram))
    )
    vv = share**2 * history * traces.n - 2 * share * float(np.trace(gram)) + float(np.sum(gram**2))
    ratio, freedom = mixed / trace, trace**2 / vv
    spread = 2 * (vava - 2 * ratio * vva + ratio**2 * vv) / trace**2 * freedom / (freedom + 2)
    scale = _scale(model)
    value = scale * float(np.sum(e * operator.lag(e))) / float(np.sum(e**2))
    return Statistic.moment(name, value, scale * ratio, scale**2 * spread, _NULL)


def _scale(model: Fitted) -> float:
    return model.operator.n / float(model.operator.row_sums.sum())
