"""Regimes as one model whose coefficients differ by group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.errors import OptionError
from spatialhealth.heterogeneity.again import horizon_of, named, no_ratio, operators_of, refit
from spatialhealth.heterogeneity.equality import equality, likelihood_ratio
from spatialhealth.heterogeneity.groups import Groups
from spatialhealth.heterogeneity.result import ByGroup, Regimes
from spatialhealth.impacts import impacts
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import CONSTANT, LAG_PREFIX, SPATIAL
from spatialhealth.panel.table import PanelTable

__all__ = ["pooled"]


def pooled(whole: SpatialModel, table: PanelTable, groups: Groups, level: float) -> Regimes:
    """Fit one model with coefficients by group."""
    result = whole.result_
    options = whole.get_params()
    if options.get("endogenous") is not None or options.get("instruments") is not None:
        raise OptionError(
            "regimes: with endogenous regressors the pooled model would need instruments by group, which it has not. "
            "Use pooled=False."
        )
    has_constant = CONSTANT in result.param_names
    changes: dict[str, Any] = {"constant": False} if "constant" in whole.get_params() else {}
    if result.lagged:
        changes["durbin"] = [f"{name} [{title}]" for name in result.lagged for title in groups.titles]
    with named(f"with coefficients by {groups.name}"):
        interacted = _interacted(table, groups, has_constant)
        if result.error_operator is not None and "error_weights" in operators_of(whole):
            changes["error_weights"] = result.error_operator
        model = refit(whole, interacted, result.operator, **changes)
    names = ((CONSTANT,) if has_constant else ()) + result.regressors
    names += tuple(LAG_PREFIX + name for name in result.lagged)
    fitted, effects = model.result_, impacts(model, level=level)
    places = np.array([[fitted.position[f"{name} [{title}]"] for name in names] for title in groups.titles])
    coefficients = ByGroup(
        names, fitted.params[places], fitted.covariance[np.ix_(places.ravel(), places.ravel())]
    )
    rows = np.array(
        [[effects.variables.index(f"{name} [{t}]") for name in result.regressors] for t in groups.titles]
    )
    flat = (3 * rows[..., None] + np.arange(3)).ravel()
    null = f"all coefficients are the same in all groups of {groups.name}"
    reason = no_ratio(whole)
    df = (len(groups.labels) - 1) * len(names)
    return Regimes(
        groups=groups,
        pooled=True,
        whole=whole,
        models={"pooled": model},
        coefficients=coefficients,
        effects=ByGroup(result.regressors, effects.estimates[rows], effects.covariance[np.ix_(flat, flat)]),
        chow=equality("Chow (Wald)", coefficients.values, coefficients.covariance, null),
        lr=Statistic.not_applicable("Chow (LR)", null, reason)
        if reason
        else likelihood_ratio(result.loglik, fitted.loglik, df, null),
        facts={"Fit": "one model of all units and links; coefficients by group, all else in common"}
        | horizon_of(whole)
        | {name: f"{fitted.spatial(name):.4f}" for name in SPATIAL if name in fitted.position},
        level=level,
    )


def _interacted(table: PanelTable, groups: Groups, constant: bool) -> PanelTable:
    """Give every regressor once for each group, zero in the others, and a constant of each group."""
    member = np.equal.outer(groups.codes, np.arange(len(groups.labels))).astype(float)
    columns: Array = table.x[..., None] * member[:, None, :]
    columns = columns.reshape(*table.y.shape, -1)
    names = table.names
    if constant:
        shared = np.broadcast_to(member, (table.n_periods, *member.shape))
        columns, names = np.concatenate([shared, columns], axis=2), (CONSTANT, *names)
    return replace(table, x=columns, names=tuple(f"{name} [{t}]" for name in names for t in groups.titles))
