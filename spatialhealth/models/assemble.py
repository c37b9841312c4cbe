"""Names, residuals and effects on an estimate: from numbers to the frozen result."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.models.covariances import Covariance
from spatialhealth.models.design import Design
from spatialhealth.models.result import Estimate, FitResult
from spatialhealth.models.system import System
from spatialhealth.panel.table import PanelTable

__all__ = ["assemble"]


def assemble(
    model: str,
    table: PanelTable,
    design: Design,
    lag: Array | None,
    system: System,
    estimate: Estimate,
    covariance: Covariance,
) -> FitResult:
    """Put names, residuals and effects on an estimate."""
    lam = estimate.spatial.get("lambda", 0.0)
    systematic = design.z @ estimate.delta
    raw = table.y - systematic if lag is None else table.y - estimate.spatial["rho"] * lag - systematic
    entity, time, both = system.effects_of(raw, lam)
    if estimate.unit_effects is not None:
        entity, both = estimate.unit_effects, np.broadcast_to(estimate.unit_effects, raw.shape)
    systematic, raw = systematic + both, raw - both
    return FitResult(
        model=model,
        response=table.response,
        param_names=design.names + tuple(estimate.spatial),
        params=np.append(estimate.delta, list(estimate.spatial.values())),
        covariance=estimate.covariance,
        sigma2=estimate.sigma2,
        loglik=estimate.loglik,
        regressors=design.regressors,
        lagged=design.lagged,
        y=table.y,
        residuals=raw if system.error is None else raw - lam * system.error.lag(raw),
        systematic=systematic,
        units=table.units,
        periods=table.periods,
        entity_effects=entity,
        time_effects=time,
        within=system.within,
        operator=system.operator,
        error_operator=system.error,
        cov_type=covariance.name,
        score=estimate.score,
        evaluations=estimate.evaluations,
        source=table.source,
        approximations=estimate.approximations,
        facts=system.facts | ({"Balanced": table.balance} if table.balance else {}) | estimate.facts,
    )
