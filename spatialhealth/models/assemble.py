"""Names, residuals and effects on an estimate: from numbers to the frozen result."""

from __future__ import annotations

import warnings

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import IsolateWarning, TransformationWarning, some
from spatialhealth.models.covariances import Covariance
from spatialhealth.models.design import Design
from spatialhealth.models.result import Estimate, FitResult
from spatialhealth.models.system import System
from spatialhealth.panel.table import PanelTable

__all__ = ["assemble", "warn"]


def warn(system: System) -> None:
    """Warn of isolates, and of time effects that no transformation takes out."""
    for operator in system.distinct:
        if len(operator.isolates):
            whose = "" if operator is system.operator else " in the weights of the errors"
            warnings.warn(
                f"{len(operator.isolates)} of {operator.n:,} units have no neighbour{whose}: "
                f"{some(operator.isolates)}. They get no spillover and give none; their spatial lags are zero.",
                IsolateWarning,
                stacklevel=4,
            )
    if system.within.is_direct:
        causes = [each for each in (system.lag, system.error) if each is not None and not each.has_unit_rows]
        cause = (
            "some units are isolates"
            if all(each.is_row_standardised for each in causes)
            else "the rows of W do not sum to one"
        )
        warnings.warn(
            f"No transformation takes time effects out when {cause}. The direct estimator is used, with Lee "
            "and Yu's (2010) bias correction, whose error is of order 1/n**2. Its log-likelihood is the direct one.",
            TransformationWarning,
            stacklevel=4,
        )


def assemble(
    model: str,
    table: PanelTable,
    design: Design,
    lag: Array | None,
    system: System,
    estimate: Estimate,
    covariance: Covariance,
    before: Array | None,
) -> FitResult:
    """Put names, residuals and effects on an estimate."""
    within, lam = system.within, estimate.spatial.get("lambda", 0.0)
    systematic = design.z @ estimate.delta
    raw = table.y - systematic if lag is None else table.y - estimate.spatial["rho"] * lag - systematic
    entity, time = within.effects_of(raw, system.time_weights(lam))
    if estimate.unit_effects is not None:
        entity = estimate.unit_effects
    for part in (entity, None if time is None else time[:, None]):
        if part is not None:
            systematic, raw = systematic + part, raw - part
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
        within=within,
        operator=system.operator,
        error_operator=system.error,
        cov_type=covariance.name,
        score=estimate.score,
        evaluations=estimate.evaluations,
        source=table.source,
        facts=estimate.facts,
        before=before,
    )
