"""From a fitted model to its effects: estimates, gradients, draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array, ImpactMethod
from spatialhealth._validation import check_option, check_positive, check_share, random_generator
from spatialhealth.errors import OptionError
from spatialhealth.impacts.draws import draw
from spatialhealth.impacts.effects import Impacts
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.impacts.moderation import Moderated, moderate, note_on_interactions
from spatialhealth.impacts.multipliers import draws_of_multipliers, multipliers
from spatialhealth.models.result import FitResult

__all__ = ["effects_of", "impacts"]

# direct, indirect and total from (direct, total)
_SPLIT = np.array([[1.0, 0.0], [-1.0, 1.0], [0.0, 1.0]])


def impacts(
    model: Any,
    level: float = 0.95,
    method: ImpactMethod = "delta",
    draws: int = 1000,
    random_state: Any = None,
    at: Any = None,
) -> Impacts:
    """Give direct, indirect and total effects of a fitted model.

    Parameters
    ----------
    model : fitted estimator or FitResult
    level : float, default 0.95
        Confidence level of the intervals.
    method : {"delta", "simulate"}, default "delta"
        - "delta": closed-form gradients and the covariance of the parameters;
        - "simulate": draws of the parameters from their normal distribution; the standard error is that of
          the draws, the interval is between their quantiles, the estimate stays the exact one.
    draws : int, default 1000
        Number of draws when simulating.
    random_state : int or numpy.random.Generator, optional
        Seed of the draws.
    at : dict of str to number, level, or a sequence of them, optional
        Values of moderators, for a model with interactions: ``{"digital": [0, 0.5, 1]}``. Each regressor then
        has a row for every combination of the values of what it is multiplied with; the products have none of
        their own. What depends on a variable without a value is left out, and `note` says so: the moderator
        itself, unless the variables it moderates have values too. Values are on the scale of the data: centre
        or standardise a moderator before the fit, if at all.

    Returns
    -------
    Impacts
        Of a dynamic model, `spatialhealth.impacts.horizon.DynamicImpacts`: in the short run and in the long run.

    Raises
    ------
    OptionError
        If an option is unknown or out of range, or `at` does not fit the interactions of the model.
    ReducedFormError
        If rho lies outside the admissible interval.

    Notes
    -----
    With a product x m among the regressors, beta is beta_x + m beta_xm and theta is theta_x + m theta_xm: the
    effects of x if the moderator were m in every unit.

    S = (I - rho W)^-1 (beta I + theta W); the mean direct effect is tr(S) / n, the mean total effect 1'S 1 / n,
    and the indirect effect their difference. The direct effect contains theta: what a unit's neighbours feel
    comes back to it.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press, section 2.7.
    """
    result = _result_of(model)
    result.check_reduced_form()
    check_share("impacts", "level", level)
    check_option("impacts", "method", method, ImpactMethod)
    check_positive("impacts", "draws", draws, integer=True)
    if draws < 2:
        raise OptionError("impacts: draws=1 has no spread. Take at least 2, and for a paper 1,000 or more.")
    moderated = _moderated(model, Pairs.of(result), at)
    rng = random_generator("impacts", random_state) if method == "simulate" else None
    if result.within.is_dynamic:
        from spatialhealth.impacts.horizon import both_horizons  # which is made of the effects below

        return both_horizons(result, level, int(draws), rng, moderated)
    drawn, rejected = (None, 0) if rng is None else draw(result, Pairs.of(result), int(draws), rng)
    return effects_of(result, level, moderated, drawn, rejected)


def effects_of(
    result: FitResult, level: float, moderated: Moderated, drawn: Array | None = None, rejected: int = 0
) -> Impacts:
    """Give the effects of a result, by the delta method or from drawn parameters.

    Parameters
    ----------
    result : FitResult
    level : float
    moderated : Moderated
        Which pairs of coefficients make the rows.
    drawn : ndarray of shape (r, p), optional
        Draws of the parameters.
    rejected : int, default 0
        How many more were drawn.

    Returns
    -------
    Impacts
    """
    pairs = moderated.pairs.at(result)
    more = (moderated.labels, pairs, moderated.note)
    at = multipliers(result.operator, pairs.rho)
    estimates = pairs.coefficients @ (_SPLIT @ at.value).T
    if drawn is None:
        gradient = pairs.gradient(_SPLIT @ at.value, _SPLIT @ at.slope).reshape(-1, len(pairs.params))
        covariance = gradient @ pairs.covariance @ gradient.T + _chance(result, pairs, gradient)
        return Impacts(result, pairs.variables, estimates, covariance, level, "delta", None, 0, *more)
    simulated = _simulated(result, pairs, drawn)
    covariance = np.atleast_2d(np.cov(simulated.reshape(len(simulated), -1), rowvar=False))
    return Impacts(
        result, pairs.variables, estimates, covariance, level, "simulate", simulated, rejected, *more
    )


def _chance(result: FitResult, pairs: Pairs, gradient: Array) -> Array:
    """Give what chance in L'(rho) adds to the covariance of the effects, beyond that of the parameters.

    The direct effect is made of L'(rho) itself, beta (1 - rho L' / n) - theta L' / n, and the parameters were
    moved by the same error of L'.
    """
    found = result.approximations.get("rho")
    if found is None or pairs.rho is None:
        return np.zeros((len(gradient),) * 2)
    direct = -(pairs.coefficients @ np.array([pairs.rho, 1.0])) * found.slope / result.operator.n
    own = (direct[:, None] * np.array([1.0, -1.0, 0.0])).reshape(-1)
    moved = gradient @ found.shift
    return np.outer(moved + own, moved + own) - np.outer(moved, moved)


def _moderated(model: Any, pairs: Pairs, at: Any) -> Moderated:
    """Put the moderators at their values, if there are any."""
    if at is None:
        return Moderated(pairs, {}, note_on_interactions(pairs.variables))
    formula, table = getattr(model, "_formula", None), getattr(model, "_rows", None)
    return moderate(
        pairs,
        at,
        levels={} if formula is None else formula.levels,
        observed={} if table is None else table.ranges,
    )


def _result_of(model: Any) -> FitResult:
    if isinstance(model, FitResult):
        return model
    if not hasattr(type(model), "result_"):
        raise OptionError(
            f"impacts: model is a {type(model).__name__}. Give a fitted estimator of this package, or its result_."
        )
    result: FitResult = model.result_
    return result


def _simulated(result: FitResult, pairs: Pairs, drawn: Array) -> Array:
    """Give simulated effects of shape (draws, k, 3)."""
    if pairs.rho_place is None:
        at = np.broadcast_to(multipliers(result.operator, None).value, (len(drawn), 2, 2))
    else:
        at = draws_of_multipliers(result.operator, drawn[:, pairs.rho_place])
    coefficients = np.einsum("kcp,rp->rkc", pairs.select, drawn)
    return np.asarray(np.einsum("ed,rdc,rkc->rke", _SPLIT, at, coefficients))
