"""Random unit effects: from the likelihood's maximum to an estimate with its covariance and predicted effects."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import BoundaryWarning, IdentificationError, OptionError
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.least_squares import vanished
from spatialhealth.likelihood.random import RandomLikelihood, RandomSample
from spatialhealth.likelihood.random_expected import expected_random_information
from spatialhealth.likelihood.random_sandwich import random_score_variance
from spatialhealth.likelihood.random_search import RandomOptimum, maximise_random
from spatialhealth.models.chance import Approximation, Asked, approximations, covariance_of, sharpened, shifts
from spatialhealth.models.covariances import Covariance
from spatialhealth.models.design import Sample
from spatialhealth.models.estimate import rivals, tells_lambda, tells_rho
from spatialhealth.models.result import Estimate
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.within import demean

__all__ = ["random_effects"]


def random_effects(model: str, sample: Sample, parts: RandomSample, covariance: Covariance) -> Estimate:
    """Estimate a model with random unit effects by maximum likelihood.

    Parameters
    ----------
    model : str
        Name of the estimator, for messages.
    sample : Sample
        Checked data.
    parts : RandomSample
        The same data by period and unit, and what the likelihood is made of.
    covariance : Covariance

    Returns
    -------
    Estimate
        Its `unit_effects` are predictions (BLUP).

    Raises
    ------
    IdentificationError
        If the regressors leave nothing of the outcome that changes over time, or nothing tells rho or lambda.
    ConvergenceError
        If the likelihood has no maximum inside the admissible region.
    OptionError
        If the covariance does not exist under random effects.
    """
    _check(model, parts, covariance)
    _identified(sample, parts)
    likelihood = RandomLikelihood(parts)
    best = maximise_random(likelihood)
    point = best.point
    found, asked = _covariance(parts, best, covariance), _asked(parts, best)
    response = _response(parts, best)
    moved = shifts(asked, {name: response[:, len(point.delta) + (name == "lambda")] for name in asked})
    engines = sharpened(asked, moved, found)
    if any(engines[name] is not each.operator for name, each in asked.items()):
        return random_effects(model, sample, _with(parts, engines), covariance)
    others = [response[:, -2:] @ error for error in likelihood.between.score_errors(best.lam, best.c)]
    found = found + covariance_of(moved) + sum(np.outer(shift, shift) for shift in others)
    if best.at_bound:
        warnings.warn(
            "The likelihood is highest at phi = 0, the bound of the variance of the random effects: the estimate is "
            "that of the pooled model (effects='none'). phi has no standard error there; those of the other "
            "parameters take phi = 0 as given.",
            BoundaryWarning,
            stacklevel=5,
        )
    spatial = ({} if parts.lag is None else {"rho": best.rho}) | (
        {} if parts.error_operator is None else {"lambda": best.lam}
    )
    residual = parts.y - parts.z @ point.delta - (0.0 if parts.lag is None else best.rho * parts.lag)
    free = [parts.lag is not None, parts.error_operator is not None, not best.at_bound]
    return Estimate(
        delta=point.delta,
        spatial=spatial | {"phi": best.c / parts.within.t},
        sigma2=point.sigma2,
        covariance=found,
        loglik=point.loglik,
        score=float(np.abs(point.score[free]).max(initial=0.0)),
        evaluations=best.evaluations,
        facts=_facts(parts, best),
        unit_effects=likelihood.between.predict(best.lam, best.c, residual.mean(axis=0)),
        operators=engines,
        approximations=_with_effects(
            approximations(asked, moved, found),
            others,
            found,
            likelihood.between.log_term_error(best.lam, best.c),
        ),
    )


def _asked(parts: RandomSample, best: RandomOptimum) -> dict[str, Asked]:
    """Give the log-determinants of a fit, with where they were asked."""
    k, times = len(best.point.delta), parts.within.periods
    asked = {} if parts.lag is None else {"rho": Asked(parts.operator, best.rho, k, times)}
    if parts.error_operator is not None:
        asked["lambda"] = Asked(parts.error_operator, best.lam, k + len(asked), times)
    return asked


def _response(parts: RandomSample, best: RandomOptimum) -> Array:
    """Give what the parameters move by with the score of (gamma, rho, lambda, c), shape (p, K + 3)."""
    k = len(best.point.delta)
    kept = [*range(k), *([] if parts.lag is None else [k])]
    kept += [] if parts.error_operator is None else [k + 1]
    response = (best.point.turn @ _observed(parts, best))[[*kept, k + 2], :-1]
    response[-1] /= parts.within.t  # of phi, not of T phi
    return np.asarray(response)


def _with_effects(
    known: dict[str, Approximation], others: list[Array], covariance: Array, loglik: float
) -> dict[str, Approximation]:
    """Add the errors that come from the unit effects, of lambda and phi, the last two parameters."""
    if not any(shift.any() for shift in others):
        return known
    own = np.linalg.norm(others, axis=0)
    for name, place, height in (("lambda", -2, 0.0), ("phi", -1, loglik)):
        before = known.get(name, Approximation(0.0, 0.0, 0.0, 0.0, np.zeros(len(covariance))))
        error = float(np.hypot(before.std_error, own[place]))
        share = error / float(np.sqrt(covariance[place, place])) if covariance[place, place] > 0 else 0.0
        known[name] = replace(
            before, std_error=error, share=share, loglik=float(np.hypot(before.loglik, height))
        )
    return known


def _with(parts: RandomSample, engines: dict[str, SpatialOperator]) -> RandomSample:
    """Give the same sample with other engines."""
    error = engines.get("lambda", parts.error_operator)
    return replace(parts, operator=engines.get("rho", parts.operator), error_operator=error)


def _observed(parts: RandomSample, best: RandomOptimum) -> Array:
    """Give the inverse of the observed information in turned parameters, zero for those that do not move."""
    k, size = len(best.point.delta), len(best.point.information)
    has = [parts.lag is not None, parts.error_operator is not None, not best.at_bound]
    inside = [*range(k), *(k + place for place, free in enumerate(has) if free), k + 3]
    inverse = np.zeros((size, size))
    inverse[np.ix_(inside, inside)] = invert_information(best.point.information[np.ix_(inside, inside)])
    return inverse


def _check(model: str, parts: RandomSample, covariance: Covariance) -> None:
    """Raise if the covariance does not exist under random effects."""
    if covariance.name == "cluster" and parts.own_filter:
        raise OptionError(
            f"{model}: cov_type='cluster' with effects='random' needs the scores of independent units, and with "
            "error_components='baltagi' effects and errors mix over space in different ways, so that there are "
            "none. Use error_components='kkp', or cov_type='observed'."
        )
    if covariance.name not in ("observed", "expected", "cluster"):
        raise OptionError(
            f"{model}: cov_type={covariance.name!r} does not exist with effects='random': a unit's random effect "
            "ties its periods together. Use 'cluster', which allows for that, 'observed' or 'expected'; or "
            "effects='entity'."
        )


def _identified(sample: Sample, parts: RandomSample) -> None:
    """Raise if nothing is left of the outcome over time, or if nothing tells rho or lambda."""
    y = demean(parts.y, "entity").reshape(-1)
    z = demean(parts.z, "entity").reshape(len(y), -1)
    left = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    if vanished(left, parts.y - parts.y.mean()):
        raise IdentificationError(
            "The regressors leave nothing of the outcome that changes over time, so errors cannot be told from unit "
            "effects. Use effects='none' on one period."
        )
    residual = sample.projection.fit(sample.y)[1]
    if parts.lag is not None:
        whole = parts.lag.reshape(-1)
        tells_rho(residual, sample.projection.fit(whole)[1], whole)
    if parts.error_operator is not None:
        tells_lambda(residual, parts.error_operator, parts.within)


def _covariance(parts: RandomSample, best: RandomOptimum, covariance: Covariance) -> Array:
    """Give the covariance of delta, rho, lambda and phi; that of phi at its bound is zero."""
    information, turn = best.point.information, best.point.turn
    if covariance.name == "expected":
        information, turn = expected_random_information(parts, best)
    k = len(best.point.delta)
    has = [parts.lag is not None, parts.error_operator is not None, not best.at_bound]
    moving = [*range(k), *(k + place for place, free in enumerate(has) if free)]
    inside = [*moving, k + 3]
    inverse = invert_information(information[np.ix_(inside, inside)])
    if covariance.name == "cluster":
        inverse = inverse @ random_score_variance(parts, best)[np.ix_(inside, inside)] @ inverse
    turn = turn[np.ix_(moving, moving)]
    size = k + sum(has[:2]) + 1
    found = np.zeros((size, size))
    found[: len(moving), : len(moving)] = turn @ inverse[:-1, :-1] @ turn.T
    found[-1] /= parts.within.t  # of phi, not of T phi
    found[:, -1] /= parts.within.t
    return found


def _facts(parts: RandomSample, best: RandomOptimum) -> dict[str, str]:
    phi = best.c / parts.within.t
    facts = {}
    if parts.error_operator is not None:
        inverse = f"(I - lambda {'W' if parts.error_operator is parts.operator else 'M'})^-1"
        facts["Error components"] = {
            "kkp": f"kkp, u = {inverse} (mu + e)",
            "baltagi": f"baltagi, u = mu + {inverse} e",
        }[parts.form]
    facts["Variance of effects"] = f"{phi * best.point.sigma2:.6g} (phi sigma2)"
    facts["theta"] = f"{1 - 1 / np.sqrt(1 + best.c):.4f} (1 - 1 / sqrt(1 + T phi))"
    if best.at_bound:
        facts["phi"] = "at its bound 0: the pooled model; no standard error exists"
    others = [(_where(parts, rival), rival.point.loglik) for rival in best.rivals]
    return facts | rivals(best.point.loglik, others)


def _where(parts: RandomSample, optimum: RandomOptimum) -> str:
    words = [] if parts.lag is None else [f"rho {optimum.rho:.4f}"]
    words += [] if parts.error_operator is None else [f"lambda {optimum.lam:.4f}"]
    return ", ".join([*words, f"phi {optimum.c / parts.within.t:.4g}"])
