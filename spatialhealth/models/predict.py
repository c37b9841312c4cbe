"""Prediction for new regressors by the reduced form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import PredictionError, some
from spatialhealth.models.design import CONSTANT, Design
from spatialhealth.models.dynamic import lag_columns
from spatialhealth.models.result import FitResult
from spatialhealth.operator.blocks import BlockOperator
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.columns import check_columns, check_frame
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["aligned", "predict"]


def predict(result: FitResult, x: pd.DataFrame) -> pd.Series:
    """Give (I - rho W)^-1 (Z delta + effects) for new regressors.

    For a dynamic model this is one step ahead: Z holds the outcome observed in the period before.

    Parameters
    ----------
    result : FitResult
    x : DataFrame of shape (N, k)
        The regressors of the fit, for every unit of W.

    Returns
    -------
    Series

    Raises
    ------
    PredictionError
        If a regressor is absent, or a period has no estimated effect.
    ReducedFormError
        If rho lies outside the admissible interval.
    DataError
        If the new data cannot be aligned with the units of W; see `spatialhealth.panel.PanelTable`.
    """
    result.check_reduced_form()
    check_frame(x)
    absent = [name for name in result.regressors if name not in [str(column) for column in x.columns]]
    if absent:
        raise PredictionError(
            f"The new data lack the regressors {some(absent)} of the fit. "
            f"They need all of: {some(result.regressors)}."
        )
    if result.time_effects is not None and result.n_periods > 1 and x.index.nlevels == 1:
        raise PredictionError(
            "The new data have no periods, and the fit has time effects. Index the data by (unit, period), with "
            f"periods of the fit ({some(result.periods)})."
        )
    x = x.set_axis([str(column) for column in x.columns], axis=1)[list(result.regressors)]
    if result.within.is_dynamic and x.index.nlevels == 1:
        raise PredictionError(
            "The new data have no periods, and a dynamic model predicts from the outcome of the period before. Index "
            "the data by (unit, period)."
        )
    table, operator = aligned(result, x)
    design = Design.of(table, operator, list(result.lagged) or False, CONSTANT in result.param_names)
    systematic = design.z @ result.params[: len(design.names)] + _effects(result, table)
    if result.within.is_dynamic:
        systematic = systematic + _from_before(result, table)
    if result.rho is None:
        return table.labelled(systematic, "predicted")
    return table.labelled(operator.solve(result.rho, systematic.T).T, "predicted")


def aligned(result: FitResult, x: pd.DataFrame) -> tuple[PanelTable, SpatialOperator]:
    """Give the new data in the order of W, and W; for a panel with holes, among the units given in each period."""
    if not isinstance(result.operator, BlockOperator):
        return PanelTable.from_frames(x, None, result.units), result.operator
    check_columns(x, x.iloc[:, 0])  # nothing of new data is left out
    table = StackedTable.from_frames(x, None, result.units)
    rows = table.rows
    return table, result.operator.weights.over(rows.unit, rows.period, rows.periods)


def _from_before(result: FitResult, table: PanelTable) -> Array:
    """Give what the observed outcome of the period before adds, shape (T, n)."""
    assert result.before is not None
    known = dict(zip(result.periods.tolist(), [result.before, *result.y[:-1]], strict=True))
    if result.periods.dtype.kind in "iuf":
        known[(2 * result.periods[-1] - result.periods[-2]).item()] = result.y[-1]
    new = [period for period in table.periods.tolist() if period not in known]
    if new:
        raise PredictionError(
            f"A dynamic model predicts one step ahead, from the outcome observed in the period before, which is not "
            f"known for the periods {some(new)}. Predict for {some(known)}."
        )
    past = np.array([known[period] for period in table.periods.tolist()])
    lags = result.within.lags
    weights = [result.params[result.position[name]] for name in lags]
    return np.asarray(lag_columns(past, result.operator, lags) @ weights)


def _effects(result: FitResult, table: PanelTable) -> Array:
    """Give the fixed effects of the cells of a table, shape (T, n)."""
    rows = table.rows if isinstance(table, StackedTable) else None
    effects = np.zeros(table.y.shape)
    if result.entity_effects is not None:
        effects += result.entity_effects if rows is None else result.entity_effects[rows.unit]
        if rows is not None and np.isnan(effects).any():
            never = np.unique(rows.unit[np.isnan(effects[0])])
            raise PredictionError(
                f"The units {some(rows.units[never])} were never observed in the fit, so their effects are unknown. "
                "Leave them out of the new data."
            )
    if result.time_effects is not None:
        given = zip(result.periods.tolist(), result.time_effects, strict=True)
        known = {period: effect for period, effect in given if not np.isnan(effect)}
        new = [period for period in table.periods.tolist() if period not in known]
        if new:
            raise PredictionError(
                f"The periods {some(new)} were not in the fit, so their time effects are unknown. Predict for "
                f"periods of the fit ({some(result.periods)}), or fit with effects='entity'."
            )
        by_period = np.array([known[period] for period in table.periods.tolist()])
        effects += by_period[:, None] if rows is None else by_period[rows.period]
    return effects
