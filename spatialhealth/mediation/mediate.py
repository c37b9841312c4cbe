"""Mediation between two fitted spatial models, with a bootstrap of both."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_draws, check_resumable, seed_sequence
from spatialhealth.errors import (
    AlignmentError,
    ComparabilityError,
    ConvergenceError,
    IdentificationError,
    OptionError,
    ReducedFormError,
    did_you_mean,
    some,
)
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.moderation import moderators_of, parts_of
from spatialhealth.impacts.resample import Together, check_resampling, identity_of, resampled
from spatialhealth.mediation.path import Leg, effects_of_leg, path_effects
from spatialhealth.mediation.result import Mediation
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.result import FitResult
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable
from spatialhealth.runs import Shared, Task, run

__all__ = ["mediate", "partners_of"]

_FAILURES = 0.05  # share of samples without a maximum beyond which the rest is no fair picture


def mediate(
    first: SpatialModel,
    second: SpatialModel,
    cause: str,
    mediator: str | None = None,
    *,
    at: Mapping[str, float] | None = None,
    draws: int = 999,
    together: Together = "cell",
    level: float = 0.95,
    n_jobs: int | None = None,
    random_state: Any = None,
    checkpoint: Any = None,
) -> Mediation:
    """Say how much of what a cause does to an outcome goes through a mediator.

    Parameters
    ----------
    first : fitted estimator
        Of the mediator, with the cause among its regressors.
    second : fitted estimator
        Of the outcome, with the mediator among its regressors; and the cause, if it may act past the mediator too.
    cause : str
        A regressor of `first`.
    mediator : str, optional
        The regressor of `second` that is the outcome of `first`; by default the one of that name.
    at : dict of str to number, optional
        Values of what the cause or the mediator is multiplied with in the models: ``{"digital": 0.5}``.
    draws : int, default 999
        Bootstrap samples; at least as many as an interval of that level has quantiles for, 39 of one at 95 %.
    together : {"cell", "unit", "period"}, default "cell"
        Which residuals change sign together; see `spatialhealth.impacts.bootstrap`.
    level : float, default 0.95
        Of the intervals.
    n_jobs : int, optional
        Processes; -1 for all cores. The result does not depend on it.
    random_state : int or numpy.random.Generator, optional
        Seed of the signs.
    checkpoint : path-like, optional
        Folder that keeps every sample as it is done; needs a `random_state`.

    Returns
    -------
    Mediation
        `.table`: both legs, the indirect path, what goes past the mediator, and both together; each direct, indirect
        (spilled over) and total, with standard errors and intervals.

    Raises
    ------
    OptionError
        If a name is not among the regressors, a moderator has no value, the draws are too few for the level, or
        samples of a model cannot be made.
    AlignmentError
        If the models have not the same units, periods and W.
    ComparabilityError
        If the cause or the mediator has other values in one model than in the other.
    ConvergenceError
        If more than one sample in twenty could not be fitted.

    Notes
    -----
    With S = (I - rho W)^-1 (beta I + theta W) of each leg, the indirect path is S_second S_first: a change of the
    cause in one city moves the mediator here and elsewhere, and each of these moves the outcome here and elsewhere.
    Its total effect is the product of the two total effects where the rows of W sum to one; its direct effect is not
    the product of the direct ones, for what the neighbours' mediator does comes back.

    A sample changes the signs of the residuals of both models together (where they have the same cells), so that
    errors that go together stay together. The path is the effect of the cause only if nothing that is left out moves
    the mediator and the outcome at once; the data alone cannot say so (Imai, Keele and Yamamoto 2010).

    References
    ----------
    Baron, R. M. and Kenny, D. A. (1986). The moderator-mediator variable distinction in social psychological
    research. Journal of Personality and Social Psychology 51, 1173-1182.

    Imai, K., Keele, L. and Yamamoto, T. (2010). Identification, inference and sensitivity analysis for causal
    mediation effects. Statistical Science 25, 51-71.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()  # simulated
    >>> panel["gap"] = panel["bed_utilisation_high"] - panel["bed_utilisation_primary"]
    >>> W = sh.SpatialOperator(sh.weights.contiguity(cities))
    >>> options = {"weights": W, "effects": "two-way"}
    >>> moved = sh.SpatialDurbin(**options).fit_formula("log(inflow) ~ log(tertiary) + digital", panel)
    >>> gap = sh.SpatialDurbin(**options).fit_formula("gap ~ log(inflow) + digital", panel)
    >>> found = sh.mediation.mediate(moved, gap, "log(tertiary)", draws=39, random_state=1)
    >>> found.table["path"].unique().tolist()[2]
    'indirect path'
    """
    level, draws = check_draws("mediate", level, draws)
    for model in (first, second):
        check_resampling("mediate", model, together)
    check_resumable("mediate", checkpoint, random_state)
    _check_alike(first.result_, second.result_)
    mediator = first.result_.response if mediator is None else mediator
    given = dict(at or {})
    asked = (cause, mediator, given)
    _check_names(first, second, cause, mediator, given)
    _check_same_data(first, second, cause, mediator)
    estimates = _paths(first, second, *asked)
    allowed = int(np.ceil(_FAILURES * draws))
    root = seed_sequence("mediation", random_state)
    models = Shared((first, second), (identity_of(first), identity_of(second)))
    inputs = {"models": models, "together": together, "asked": asked, "random_state": root}
    seeds = root.spawn(draws + allowed)
    found: list[Array] = []
    failed = 0
    while len(found) < draws:
        if failed > allowed:
            raise ConvergenceError(
                f"The models could not be fitted to {failed} of {draws} bootstrap samples: one is near the edge of "
                "what the data identify. Use a simpler model."
            )
        batch = seeds[len(found) + failed : draws + failed]
        tasks = [Task(f"sample {seed.spawn_key[-1] + 1}", (models, seed, together, *asked)) for seed in batch]
        outcomes = run("mediation", _sample, tasks, "mediation", n_jobs, checkpoint, inputs)
        for outcome in outcomes:
            outcome.warn_of_others()
        fitted = [outcome.value for outcome in outcomes if outcome.value is not None]
        failed += len(batch) - len(fitted)
        found += fitted
    return Mediation(
        cause, mediator, second.result_.response, given, estimates, np.stack(found), level, failed,
        second.result_.source,
    )  # fmt: skip


def _sample(
    models: tuple[SpatialModel, SpatialModel],
    seed: np.random.SeedSequence,
    together: str,
    cause: str,
    mediator: str,
    at: dict[str, float],
) -> Array | None:
    """Give the paths (5, 3) of the models fitted to one sample each, or None if one could not be."""
    try:
        # the same seed for both: where they have the same cells, they have the same signs
        first, second = (m.refit(resampled(m, np.random.default_rng(seed), together)) for m in models)
        return _paths(first, second, cause, mediator, at)
    except (ConvergenceError, IdentificationError, ReducedFormError):
        return None


def _paths(
    first: SpatialModel, second: SpatialModel, cause: str, mediator: str, at: dict[str, float]
) -> Array:
    """Give both legs, the path, what goes past it and the sum, shape (5, 3)."""
    operator = first.result_.operator
    one, two = _leg(first, cause, at), _leg(second, mediator, at)
    path = path_effects(operator, one, two)
    past = np.zeros(3)
    if cause in second.result_.regressors:
        past = effects_of_leg(operator, _leg(second, cause, at))
    return np.stack([effects_of_leg(operator, one), effects_of_leg(operator, two), path, past, path + past])


def _leg(model: SpatialModel, name: str, at: dict[str, float]) -> Leg:
    """Give the coefficients of a regressor at the values of its moderators."""
    mine = {moderator: at[moderator] for moderator in _moderators(model) if moderator in at}
    effects = impacts(model, at=mine or None)
    labels = effects.labels.get("variable", effects.variables)
    place = labels.index(name)
    beta, theta = effects._pairs.coefficients[place]
    return Leg(float(beta), float(theta), model.result_.rho)


def _moderators(model: SpatialModel) -> tuple[str, ...]:
    formula = model.__dict__.get("_formula")
    return moderators_of(model.result_.regressors, {} if formula is None else formula.levels)


def _check_alike(first: FitResult, second: FitResult) -> None:
    """Raise unless both models have the same W on the same units, in the same periods."""
    one, two = first.operator, second.operator
    same = len(one.ids) == len(two.ids) and list(one.ids) == list(two.ids)
    if not same or (one.matrix != two.matrix).nnz:
        raise AlignmentError(
            "mediate: the models have not the same W on the same units in the same order. Fit both with one "
            "SpatialOperator (or the same weights) on the same units and periods."
        )
    only = [
        [period for period in one if period not in set(other)]
        for one, other in itertools.permutations([first.periods.tolist(), second.periods.tolist()])
    ]
    if any(only):
        found = [
            f"{some(periods)} only in that of {result.response}"
            for periods, result in zip(only, (first, second), strict=True)
            if periods
        ]
        raise AlignmentError(
            f"mediate: the models are of different periods: {'; '.join(found)}. Fit both to the same rows."
        )


def _check_same_data(first: SpatialModel, second: SpatialModel, cause: str, mediator: str) -> None:
    """Raise if what stands in both models has other values in one of them."""
    one, two = first._table, second._table
    shared = [(mediator, one.y, _column(two, mediator))] if mediator == one.response else []
    if cause in two.names:
        shared.append((cause, _column(one, cause), _column(two, cause)))
    for name, left, right in shared:
        apart = ~np.isclose(left, right, rtol=1e-9, atol=0.0)
        if apart.any():
            period, unit = np.argwhere(apart)[0]
            raise ComparabilityError(
                f"mediate: {name!r} is not the same in both models: {int(apart.sum())} of {apart.size} values "
                f"differ, first {left[period, unit]:g} and {right[period, unit]:g}. Fit both to one table."
            )


def _column(table: PanelTable | StackedTable, name: str) -> Array:
    """Give the values of a regressor, shape (T, n)."""
    return table.x[..., table.names.index(name)]


def _check_names(
    first: SpatialModel, second: SpatialModel, cause: str, mediator: str, at: Mapping[str, float]
) -> None:
    for model, name, what in ((first, cause, "cause"), (second, mediator, "mediator")):
        known = model.result_.regressors
        if name not in known:
            raise OptionError(
                f"mediate: the {what} {name!r} is no regressor of the model of {model.result_.response}."
                f"{did_you_mean(name, known)} There are: {', '.join(known)}."
            )
    known = (*_moderators(first), *_moderators(second))
    for name in at:
        if name not in known:
            raise OptionError(
                f"mediate: at names {name!r}, which is in no interaction of the models. Those are of: "
                f"{', '.join(dict.fromkeys(known)) or 'none'}."
            )
    for model, name in ((first, cause), (second, mediator), (second, cause)):
        partners = partners_of(model, name)
        lacking = [partner for partner in partners if partner not in at]
        if lacking:
            raise OptionError(
                f"mediate: in the model of {model.result_.response}, {name!r} is multiplied with "
                f"{', '.join(lacking)}. Give values with at=."
            )


def partners_of(model: SpatialModel, name: str) -> tuple[str, ...]:
    """Give what a regressor is multiplied with.

    Parameters
    ----------
    model : fitted estimator
    name : str
        A regressor; of another name there are none.

    Returns
    -------
    tuple of str
    """
    products = [
        each for each in model.result_.regressors if name in parts_of(each) and len(parts_of(each)) > 1
    ]
    formula = model.__dict__.get("_formula")
    inside = moderators_of(products, {} if formula is None else formula.levels)
    return tuple(each for each in inside if each != name)
