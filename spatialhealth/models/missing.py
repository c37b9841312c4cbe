"""Maximum likelihood where some outcomes are missing: from a table with holes to an estimate and a whole outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import MissingDataError, OptionError, some
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.missing import MissingProfile, MissingWithin
from spatialhealth.models.chance import Asked, approximations, covariance_of, sharpened, shifts
from spatialhealth.models.covariances import Covariance
from spatialhealth.models.design import Design, Sample
from spatialhealth.models.result import Estimate, Imputed
from spatialhealth.models.system import System
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    from spatialhealth.models.base import SpatialModel

__all__ = ["MissingFit", "fit_missing"]


@dataclass(frozen=True, eq=False)
class MissingFit:
    """What was estimated, and the outcome with its holes filled.

    Parameters
    ----------
    table : PanelTable
    system : System
    estimate : Estimate
    imputed : Imputed
    """

    table: PanelTable
    system: System
    estimate: Estimate
    imputed: Imputed


def fit_missing(
    model: SpatialModel, table: PanelTable, design: Design, system: System, covariance: Covariance
) -> MissingFit:
    """Estimate y = rho W y + Z delta + effects + e from the outcomes that were observed.

    Parameters
    ----------
    model : SpatialModel
    table : PanelTable
        With NaN where the outcome is missing.
    design : Design
    system : System
    covariance : Covariance

    Returns
    -------
    MissingFit

    Raises
    ------
    OptionError
        If the model has no such likelihood.
    MissingDataError
        If no outcome is known, or none of a unit with an effect of its own.
    """
    _exists(model, system, covariance)
    gone = np.isnan(table.y)
    _tells(table, gone, system.within.has_entity)
    within = MissingWithin(**{**system.within.__dict__, "lost": int(gone.sum())})
    started = replace(table, y=_started(table.y, gone, within.has_entity))
    sample = Sample.of(started, design, within, extra=2)
    profile = MissingProfile(started.y, gone, sample.projection.q, within, system.operator)
    best = profile.maximise()
    rho = best.at[0]
    whole = profile.at(rho)
    information, h = profile.observed_information(rho)
    back, k = sample.projection.back, len(h)
    turn = np.eye(k + 1)
    turn[:k, :k], turn[:k, k] = back, -back @ h
    inverse = invert_information(information)
    found, asked = (
        turn @ inverse[:-1, :-1] @ turn.T,
        {"rho": Asked(system.operator, rho, k, within.periods)},
    )
    moved = shifts(asked, {"rho": turn @ inverse[:-1, k]})
    engines = sharpened(asked, moved, found)
    if engines["rho"] is not system.operator:
        return fit_missing(model, table, design, system.sharpened(engines), covariance)
    found = found + covariance_of(moved)
    sigma2 = float(whole.residual @ whole.residual) / within.size
    estimate = Estimate(
        delta=back @ whole.coefficients,
        spatial={"rho": rho},
        sigma2=sigma2,
        covariance=found,
        loglik=best.loglik,
        score=best.score,
        evaluations=best.evaluations,
        facts={"Missing outcomes": f"{gone.sum():,} of {gone.size:,} ({gone.mean():.1%}), in the likelihood"},
        operators=engines,
        approximations=approximations(asked, moved, found),
    )
    return MissingFit(
        replace(table, y=whole.outcome),
        replace(system, within=within),
        estimate,
        Imputed(gone, profile.prediction_errors(rho, sigma2)),
    )


def _exists(model: SpatialModel, system: System, covariance: Covariance) -> None:
    name = type(model).__name__
    if system.lag is None or system.error is not None:
        raise OptionError(
            f"{name}: missing='likelihood' exists for SpatialLag and SpatialDurbin. Use missing='unbalanced', or "
            "fill or leave out these outcomes."
        )
    if model.effects not in ("none", "entity"):
        raise OptionError(
            f"{name}: missing='likelihood' exists with effects='none' and 'entity', not with {model.effects!r}: the "
            "means of a period are not taken out of outcomes that are missing. Add period dummies as regressors "
            "(C(year) in a formula), with effects='entity'; a Durbin model must not lag them: name in durbin the "
            "other regressors, durbin=['x1', 'x2']."
        )
    if covariance.name != "observed":
        raise OptionError(
            f"{name}: missing='likelihood' has cov_type='observed' only; {covariance.name!r} needs the residuals of "
            "all observations."
        )


def _tells(table: PanelTable, gone: Array, has_entity: bool) -> None:
    """Raise where nothing is known of the outcome."""
    if gone.all():
        raise MissingDataError(f"The outcome {table.response!r} is missing everywhere.")
    never = table.units[gone.all(axis=0) & has_entity]
    if len(never):
        raise MissingDataError(
            f"The outcome {table.response!r} of {len(never)} units is missing in every period: {some(never)}. "
            "Nothing tells their entity effects: leave them out of the data and of W, or use effects='none'."
        )


def _started(y: Array, gone: Array, has_entity: bool) -> Array:
    """Put means in the place of what is missing: a start that the likelihood does not depend on."""
    known = np.where(gone, 0.0, y)
    means = known.sum(axis=0) / (~gone).sum(axis=0) if has_entity else known.sum() / (~gone).sum()
    return np.where(gone, means, y)
