"""Regimes as separate models, each on its own block of W."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.errors import ConvergenceError, IsolateWarning, OptionError, some
from spatialhealth.heterogeneity.again import horizon_of, named, no_ratio, operators_of, refit
from spatialhealth.heterogeneity.blocks import Cut, cut, part_of
from spatialhealth.heterogeneity.equality import equality, joint_covariance, likelihood_ratio
from spatialhealth.heterogeneity.groups import Groups
from spatialhealth.heterogeneity.result import ByGroup, Regimes
from spatialhealth.impacts import impacts
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import SPATIAL
from spatialhealth.panel.table import PanelTable

__all__ = ["separate"]

_ACROSS_UNITS = ("driscoll-kraay", "conley", "hac")  # covariances that see dependence between units


def separate(
    whole: SpatialModel, table: PanelTable, groups: Groups, restandardise: bool, level: float
) -> Regimes:
    """Fit one model a group."""
    if whole.result_.cov_type in _ACROSS_UNITS:
        raise OptionError(
            f"regimes: cov_type={whole.result_.cov_type!r} allows for dependence between units, which separate "
            "models cannot see between groups, so that their variances do not add. Use pooled=True."
        )
    logdet = whole.logdet
    cuts = {
        name: cut(operator, groups, restandardise, logdet) for name, operator in operators_of(whole).items()
    }
    _warn_of_isolates(cuts["weights"])
    models = {}
    for code, (label, title) in enumerate(zip(groups.labels, groups.titles, strict=True)):
        members = groups.members(code)
        blocks = {name: each.block(members, logdet) for name, each in cuts.items()}
        with named(f"in the group {title}"):
            models[label] = refit(whole, part_of(table, members), blocks.pop("weights"), **blocks)
    results = [model.result_ for model in models.values()]
    effects = [impacts(model, level=level) for model in models.values()]
    coefficients = ByGroup(
        results[0].param_names,
        np.stack([result.params for result in results]),
        joint_covariance([result.covariance for result in results]),
    )
    null = f"{_all_parameters(whole)} are the same in all groups of {groups.name}"
    return Regimes(
        groups=groups,
        pooled=False,
        whole=whole,
        models=models,
        coefficients=coefficients,
        effects=ByGroup(
            effects[0].variables,
            np.stack([each.estimates for each in effects]),
            joint_covariance([each.covariance for each in effects]),
        ),
        chow=equality("Chow (Wald)", coefficients.values, coefficients.covariance, null),
        lr=_ratio(whole, table, groups, cuts, models, null),
        facts=_facts(cuts["weights"]) | horizon_of(whole),
        level=level,
    )


def _all_parameters(whole: SpatialModel) -> str:
    """Say what may differ between separate models: the coefficients, and the spatial parameters there are."""
    spatial = [name for name in SPATIAL if whole.result_.spatial(name) is not None]
    *first, last = ["all coefficients", *spatial]
    return f"{', '.join(first)} and {last}" if first else last


def _warn_of_isolates(weights: Cut) -> None:
    if len(weights.stranded):
        warnings.warn(
            f"{len(weights.stranded)} of {weights.operator.n:,} units have neighbours in other groups only, so that "
            f"none are left within their own: {some(weights.stranded)}. Their spatial lags are zero. With "
            "pooled=True these links are kept.",
            IsolateWarning,
            stacklevel=4,
        )


def _facts(weights: Cut) -> dict[str, str]:
    share = weights.across / weights.links
    rows = "rows sum to one again" if weights.restandardised else "the links left keep their weights"
    return {
        "Fit": "one model a group, on its own block of W",
        "Links across groups": f"{weights.across:,} of {weights.links:,} ({share:.1%}), left out; {rows}",
        "Isolates made": str(len(weights.stranded)),
    }


def _ratio(
    whole: SpatialModel,
    table: PanelTable,
    groups: Groups,
    cuts: dict[str, Cut],
    models: dict[Any, SpatialModel],
    null: str,
) -> Statistic:
    """Compare separate models with one model of all groups on the same links."""
    null, result = f"{null}, and so is the variance", whole.result_
    reason = no_ratio(whole)
    if not reason and result.within.has_time:
        reason = (
            "Separate models have effects of time of their own, one model of all groups has not, so that their "
            "likelihoods are of different observations. Use pooled=True for a likelihood ratio."
        )
    if reason:
        return Statistic.not_applicable("Chow (LR)", null, reason)
    operators = {name: each.operator for name, each in cuts.items()}
    try:
        with named("with all groups on the same links"):
            restricted = refit(whole, table, operators.pop("weights"), **operators)
    except ConvergenceError as error:
        return Statistic.not_applicable("Chow (LR)", null, f"One model of all groups has no maximum: {error}")
    df = (len(groups.labels) - 1) * (len(result.params) + 1)
    free = sum(model.result_.loglik for model in models.values())
    return likelihood_ratio(restricted.result_.loglik, free, df, null)
