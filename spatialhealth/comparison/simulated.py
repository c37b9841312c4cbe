"""monte_carlo: bias, error and coverage of estimators on data simulated from known parameters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, check_resumable, check_share, seed_sequence
from spatialhealth.comparison.fitting import Shelf, named_models, recipe
from spatialhealth.comparison.replications import MonteCarlo, Replications
from spatialhealth.datasets.simulate import Simulation, simulate
from spatialhealth.errors import (
    AlignmentError,
    ConvergenceError,
    IdentificationError,
    OptionError,
    ReducedFormError,
    SpatialHealthWarning,
    SpecificationWarning,
)
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import EFFECTS
from spatialhealth.impacts.multipliers import multipliers
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import LAG_PREFIX
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.runs import Outcome, Shared, Task, run

__all__ = ["monte_carlo"]

_OWNER = "monte_carlo"


@dataclass(frozen=True, eq=False)
class _Found:
    """Estimates of one model on one simulated panel: parameters, then effects regressor by regressor."""

    names: tuple[str, ...]
    regressors: tuple[str, ...]
    estimate: Array
    std_error: Array


def monte_carlo(
    models: Any,
    replications: int = 1000,
    level: float = 0.95,
    n_jobs: int | None = None,
    random_state: Any = None,
    checkpoint: Any = None,
    **simulation: Any,
) -> MonteCarlo:
    """Simulate panels from known parameters, fit estimators to each, and report how far they are from the truth.

    Parameters
    ----------
    models : sequence or mapping of str to estimators
        Not fitted. One without weights is given those of the simulation; one with other weights keeps them.
    replications : int, default 1000
        Simulated panels; every estimator is fitted to each.
    level : float, default 0.95
        Confidence level of the intervals whose coverage is reported.
    n_jobs : int, optional
        Processes; -1 for all cores. By default what ``joblib.parallel_config`` says, a cluster perhaps, and else none
        but this one. The result does not depend on it.
    random_state : int or numpy.random.Generator, optional
        Seed; every replication has a child of it.
    checkpoint : path-like, optional
        Folder that keeps every replication as it is done: the same call goes on from there, one with more
        replications too. Needs a `random_state`.
    **simulation
        Arguments of `spatialhealth.datasets.simulate`: n_units, n_periods, model, rho, beta, effects and so on.

    Returns
    -------
    MonteCarlo
        `.table`: truth, bias, root mean squared error and coverage with their Monte-Carlo standard errors.

    Raises
    ------
    OptionError
        If an argument is wrong, here or in the simulation.
    ConvergenceError
        If a model could be fitted to fewer than two panels.
    CheckpointError
        If the folder is of another run.

    Notes
    -----
    The truth of a parameter that the simulation does not have is zero. That of the effects is computed from the true
    parameters and the weights of the simulation. Panels to which a model could not be fitted are left out for that
    model, counted and warned of.

    References
    ----------
    Morris, T. P., White, I. R. and Crowther, M. J. (2019). Using simulation studies to evaluate statistical methods.
    Statistics in Medicine 38, 2074-2102.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> models = {"SAR": sh.SpatialLag(effects="two-way"), "SDM": sh.SpatialDurbin(effects="two-way")}
    >>> found = sh.monte_carlo(models, 50, random_state=1, n_units=36, n_periods=5, model="SDM", rho=0.4)
    >>> table = found.table.set_index(["model", "quantity"])
    >>> table.loc[[("SAR", "rho"), ("SDM", "rho")], "coverage"].tolist()
    [0.64, 0.98]
    """
    chosen = named_models(_OWNER, models)
    wrong = [label for label, model in chosen.items() if isinstance(model, FitResult)]
    if wrong:
        raise OptionError(
            f"{_OWNER}: {wrong[0]!r} is a result; give the estimator, which is fitted to every panel."
        )
    if check_positive(_OWNER, "replications", replications, integer=True) < 2:
        raise OptionError(
            f"{_OWNER}: replications=1 has no spread. Take 100 at least, and for a paper 1,000 or more."
        )
    check_share(_OWNER, "level", level)
    check_resumable(_OWNER, checkpoint, random_state)
    first = _first(simulation)
    root = seed_sequence(_OWNER, random_state)
    design = {name: value for name, value in simulation.items() if name != "weights"} | {"n_units": None}
    recipes = {label: recipe(model) for label, model in chosen.items()}
    links, given = _given(first, chosen)
    inputs = {"the simulation": design, "its weights": links, "random_state": root}
    inputs |= {f"the model {label}": each for label, each in recipes.items()}
    tasks = [
        Task(f"replication {j}", (seed, design, tuple(recipes.values()), links, *given))
        for j, seed in enumerate(root.spawn(int(replications)), 1)
    ]
    outcomes = run(_OWNER, replicated, tasks, "replications", n_jobs, checkpoint, inputs)
    _pass_on(outcomes)
    operator = SpatialOperator(first._links)
    blocks = [
        _block(label, [outcome.value[j] for outcome in outcomes], first, operator)
        for j, label in enumerate(chosen)
    ]
    return MonteCarlo(tuple(blocks), first.truth, int(replications), level)


def _first(simulation: dict[str, Any]) -> Simulation:
    """Simulate once, for the truth and the weights, and so that a wrong argument ends it here."""
    if "random_state" in simulation:
        raise OptionError(f"{_OWNER}: random_state is given twice.")
    try:
        return simulate(**simulation, random_state=0)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise OptionError(
            f"{_OWNER}: {str(error).split(') ')[-1]}; beside its own it takes the arguments of datasets.simulate."
        ) from None


def _given(first: Simulation, models: dict[str, SpatialModel]) -> tuple[Shared, list[Shared | None]]:
    """Give the links of the simulation, and for each model its weights and those of its errors."""
    shelf, links = Shelf(), first._links
    given: list[Shared | None] = []
    for model in models.values():
        own = links if model.weights is None else model.weights
        name = "simulation" if model.weights is None else id(model.weights)
        operator = shelf.operator(name, model.logdet, partial(_itself, own))
        if set(operator.value.ids.tolist()) != set(links[0].tolist()):
            raise AlignmentError(
                f"{_OWNER}: the weights of {type(model).__name__} have other units than the simulation. Give "
                "weights= to both, or to neither."
            )
        given += [operator, shelf.as_given(getattr(model, "error_weights", None))]
    return Shared(links), given


def _itself(value: Any) -> Any:
    return value


def replicated(
    seed: np.random.SeedSequence,
    design: dict[str, Any],
    recipes: Sequence[tuple[type[SpatialModel], dict[str, Any]]],
    links: Any,
    *given: Any,
) -> list[_Found | None]:
    """Simulate one panel and fit every model to it; None for one that has no estimate."""
    panel = simulate(**design, weights=links, random_state=np.random.default_rng(seed))
    y, x, ids, _ = panel.arrays()
    names = list(panel.data.columns[1:])
    found: list[_Found | None] = []
    for (kind, options), weights, errors in zip(recipes, given[::2], given[1::2], strict=True):
        place = {label: j for j, label in enumerate(ids.tolist())}
        order = [place[label] for label in weights.ids.tolist()]
        extra = {} if errors is None else {"error_weights": errors}
        try:
            model = kind(weights=weights, **options, **extra).fit_arrays(y[:, order], x[:, order], names)
            found.append(_found(model))
        except (ConvergenceError, IdentificationError, ReducedFormError):
            found.append(None)
    return found


def _found(model: SpatialModel) -> _Found:
    result, effects = model.result_, impacts(model)
    return _Found(
        result.param_names,
        effects.variables,
        np.concatenate([result.params, effects.estimates.reshape(-1)]),
        np.concatenate([result.std_errors, effects.std_errors.reshape(-1)]),
    )


def _block(
    label: str, found: list[_Found | None], first: Simulation, operator: SpatialOperator
) -> Replications:
    """Put the estimates of one model beside the truth."""
    fitted = [each for each in found if each is not None]
    failed = len(found) - len(fitted)
    if len(fitted) < 2:
        raise ConvergenceError(
            f"{_OWNER}: {label!r} could be fitted to {len(fitted)} of {len(found)} simulated panels. Simulate larger "
            "panels, or take a simpler model."
        )
    if failed:
        warnings.warn(
            f"{label!r} could not be fitted to {failed} of {len(found)} simulated panels, which are left out of its "
            "figures: these are of panels that were kind to it.",
            SpecificationWarning,
            stacklevel=3,
        )
    names, regressors = fitted[0].names, fitted[0].regressors
    params = first.truth["params"].to_dict()
    pairs = np.array([[params.get(name, 0.0), params.get(LAG_PREFIX + name, 0.0)] for name in regressors])
    value = multipliers(operator, params.get("rho")).value
    direct, total = pairs @ value.T[:, 0], pairs @ value.T[:, 1]
    effects = np.column_stack([direct, total - direct, total])
    return Replications(
        label,
        (*names, *(f"{effect}: {name}" for name in regressors for effect in EFFECTS)),
        np.concatenate([[params.get(name, 0.0) for name in names], effects.reshape(-1)]),
        np.stack([each.estimate for each in fitted]),
        np.stack([each.std_error for each in fitted]),
        failed,
    )


def _pass_on(outcomes: Sequence[Outcome]) -> None:
    """Give one warning of each class, for the numbers in their texts differ from panel to panel."""
    heard: dict[type[Warning], list[str]] = {}
    for outcome in outcomes:
        outcome.warn_of_others(stacklevel=4)
        kinds = {each.category: each.message for each in outcome.warnings}
        for category, message in kinds.items():
            if issubclass(category, SpatialHealthWarning):
                heard.setdefault(category, []).append(message)
    for category, messages in heard.items():
        warnings.warn(
            f"In {len(messages):,} of {len(outcomes):,} replications, here the first: {messages[0]}",
            category,
            stacklevel=3,
        )
