"""Many fits: estimators by name, operators that they share, and what the package said of each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from spatialhealth.errors import OptionError, some
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import Impacts
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import as_operator
from spatialhealth.runs import Outcome, Shared

__all__ = ["Shelf", "fitted", "named_models", "pass_on", "recipe"]

_WEIGHTS = ("weights", "error_weights")


class Shelf:
    """Operators, each made once and shared by all fits that ask for it."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Shared] = {}

    def operator(self, name: Hashable, logdet: Any, make: Callable[[], Any]) -> Shared:
        """Give the operator of named weights with an engine; `make` gives the weights if they are not known yet."""
        key = (name, logdet)
        if key not in self._made:
            made = as_operator(make(), logdet)
            self._made[key] = Shared(made, (made.ids, made.matrix, logdet))
        return self._made[key]

    def as_given(self, weights: Any) -> Shared | None:
        """Give weights of an estimator's own, which may be of any form; None where it has none."""
        if weights is None:
            return None
        return self._made.setdefault(("given", id(weights)), Shared(weights))


def recipe(model: SpatialModel) -> tuple[type[SpatialModel], dict[str, Any]]:
    """Give the class of an estimator and its arguments, but for weights."""
    options = {name: value for name, value in model.get_params().items() if name not in _WEIGHTS}
    return type(model), options


def fitted(
    kind: type[SpatialModel],
    options: dict[str, Any],
    weights: Any,
    error_weights: Any,
    formula: str,
    data: Any,
    level: float,
) -> Impacts:
    """Fit an estimator by a formula, and give its effects, which hold the result."""
    given = dict(zip(_WEIGHTS, (weights, error_weights), strict=True))
    known = {name: value for name, value in given.items() if value is not None}
    return impacts(kind(**options, **known).fit_formula(formula, data), level=level)


def named_models(owner: str, models: Any) -> dict[str, Any]:
    """Give models by label: their own, or the estimator's name, numbered where it repeats."""
    if isinstance(models, Mapping):
        named = {str(label): model for label, model in models.items()}
    elif isinstance(models, Sequence) and not isinstance(models, str):
        named = {}
        for model in models:
            name = model.model if isinstance(model, FitResult) else type(model).__name__
            same = sum(label.split(" (")[0] == name for label in named)
            named[f"{name} ({same + 1})" if same else name] = model
    else:
        raise OptionError(
            f"{owner}: models is a {type(models).__name__}. Give a list, or a mapping by label, of models."
        )
    if not named:
        raise OptionError(f"{owner}: models is empty. Give at least one model.")
    wrong = {
        label: model for label, model in named.items() if not isinstance(model, (FitResult, SpatialModel))
    }
    if wrong:
        label, model = next(iter(wrong.items()))
        what = model.__name__ if isinstance(model, type) else type(model).__name__
        raise OptionError(
            f"{owner}: {label!r} is {what}, not a model of this package. Give estimators, such as "
            "SpatialDurbin(...), or their result_."
        )
    return named


def pass_on(
    outcomes: Sequence[Outcome], labels: Sequence[str], what: str = "models", stacklevel: int = 4
) -> None:
    """Give the warnings of many fits, each once, with the labels of those that gave it."""
    heard: dict[tuple[type[Warning], str], list[str]] = {}
    for label, outcome in zip(labels, outcomes, strict=True):
        for each in outcome.warnings:
            heard.setdefault((each.category, each.message), []).append(label)
    for (category, message), said_by in heard.items():
        named = f"In {some(said_by)}" if len(said_by) < len(outcomes) else f"In all {what}"
        warnings.warn(f"{named}: {message}", category, stacklevel=stacklevel)
