"""Whether fixed effects of units, of periods, or both are needed at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.diagnostics.fitted import baseline, fitted, outcome_of, refitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.errors import AbsorbedRegressorError, OptionError
from spatialhealth.models.result import FitResult
from spatialhealth.models.slx import SLX
from spatialhealth.operator.operator import as_operator

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth._typing import Effects

__all__ = ["redundant_effects"]


def redundant_effects(
    formula: Any, data: pd.DataFrame | None = None, weights: Any = None, durbin: Any = False
) -> StatisticTable:
    """Test the fixed effects of a panel by F tests of the models without spatial parameters.

    Parameters
    ----------
    formula : str or fitted model
        A formula, with `data` and `weights`; or a model that has been fitted, alone, whose data are taken.
    data : DataFrame, optional
        Indexed by (unit, period).
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator, optional
    durbin : bool or list of str, default False
        Which regressors the model has with their spatial lag.

    Returns
    -------
    StatisticTable
        "F entity", "F time" (each against the model with the other effects alone) and "F two-way" (both "
        "against none).

    Raises
    ------
    OptionError
        If the data have one period, or a formula comes without data or weights.

    References
    ----------
    Baltagi, B. H. (2021). Econometric Analysis of Panel Data. Springer, section 3.2.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> sh.diagnostics.redundant_effects("log(sales) ~ log(price / cpi)", panel, W)["F time"].df
    (29, 1304)
    """
    if isinstance(formula, str):
        operator = None if weights is None else as_operator(weights)

    def result(effects: Effects) -> FitResult:
        if isinstance(formula, str):
            return baseline("redundant_effects", formula, data, operator, effects, durbin).result_
        return refitted(fitted("redundant_effects", formula), SLX, effects=effects, durbin=durbin).result_

    pooled = result("none")
    if pooled.n_periods < 2:
        raise OptionError(
            "redundant_effects needs at least two periods; a cross-section has no such effects."
        )
    names = {"F entity": "entity", "F time": "time", "F two-way": "entity and time"}
    nulls = [f"no {name} effects" for name in names.values()]
    nulls[0] += ", given those of time"
    nulls[1] += ", given those of units"
    try:
        two_way = result("two-way")
        restricted = (result("time"), result("entity"), pooled)
    except AbsorbedRegressorError as error:
        tests = tuple(
            Statistic.not_applicable(name, null, str(error)) for name, null in zip(names, nulls, strict=True)
        )
    else:
        tests = tuple(
            _f(name, null, small, two_way) for name, null, small in zip(names, nulls, restricted, strict=True)
        )
    return StatisticTable(f"Redundant fixed effects, {outcome_of(pooled)}", tests)


def _f(name: str, null: str, small: FitResult, large: FitResult) -> Statistic:
    squares = [float(np.sum(result.residuals**2)) for result in (small, large)]
    freedom = [result.within.degrees - len(result.params) for result in (small, large)]
    df = (freedom[0] - freedom[1], freedom[1])
    value = (squares[0] - squares[1]) / df[0] / (squares[1] / df[1])
    return Statistic.f(name, value, df, null)
