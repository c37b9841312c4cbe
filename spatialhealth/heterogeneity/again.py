"""The same estimator fitted again, to other data or weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from spatialhealth.diagnostics.nesting import no_likelihood_ratio
from spatialhealth.errors import IsolateWarning
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.covariances import LIKELIHOOD
from spatialhealth.models.design import CONSTANT
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.table import PanelTable

__all__ = ["as_given", "horizon_of", "named", "no_ratio", "operators_of", "refit"]


def as_given(table: PanelTable, result: FitResult) -> PanelTable:
    """Give the table that a fit began with: outcomes missing again, and the period that a dynamic model starts from.

    Parameters
    ----------
    table : PanelTable
        What the fit kept.
    result : FitResult

    Returns
    -------
    PanelTable
    """
    if result.imputed is not None:
        table = replace(table, y=np.where(result.imputed.missing, np.nan, table.y))
    if result.before is None:
        return table
    periods = table.periods
    first = "before" if periods.dtype.kind in "OUS" else periods[:1] - (periods[1:2] - periods[:1])
    return replace(
        table,
        y=np.vstack([result.before, table.y]),
        x=np.concatenate([table.x[:1], table.x]),  # regressors of the first period are not used
        periods=np.append(first, periods),
        cell=None if table.cell is None else table.cell + table.n_units,
    )


def refit(whole: SpatialModel, table: PanelTable, operator: SpatialOperator, **changes: Any) -> SpatialModel:
    """Fit the same estimator to other data or weights."""
    model = type(whole)(**{**whole.get_params(), "weights": operator, **changes})
    constant = CONSTANT in whole.result_.param_names and changes.get("constant", True)
    return model._fit(table, operator, constant, None)


def operators_of(whole: SpatialModel) -> dict[str, SpatialOperator]:
    """Give the operators of a model, by the argument of the constructor that holds them."""
    result = whole.result_
    operators = {"weights": result.operator}
    if whole.get_params().get("error_weights") is not None and result.error_operator is not None:
        operators["error_weights"] = result.error_operator
    return operators


@contextmanager
def named(what: str) -> Iterator[None]:
    """Say of which fit an error or a warning speaks; isolates have been spoken of."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            yield
        except ValueError as error:
            raise type(error)(f"regimes, {what}: {error}") from error
    for each in said:
        if not issubclass(each.category, IsolateWarning):
            warnings.warn(f"regimes, {what}: {each.message}", each.category, stacklevel=5)


def no_ratio(whole: SpatialModel) -> str:
    """Say why there is no likelihood ratio; nothing if there is one."""
    result = whole.result_
    problem = no_likelihood_ratio(result)
    if problem:
        return f"{result.model} {problem}"
    if result.cov_type not in LIKELIHOOD:
        return f"cov_type={result.cov_type!r} does not trust the likelihood. The Wald statistic uses it."
    return ""


def horizon_of(whole: SpatialModel) -> dict[str, str]:
    """Say which effects of a dynamic model are compared."""
    if not whole.result_.within.is_dynamic:
        return {}
    return {"Horizon": "effects in the short run; models[...].impacts() has those of the long run"}
