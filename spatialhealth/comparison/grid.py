"""specification_grid: every combination of weights, models, subsets and formulas, fitted; failures stay in sight."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from spatialhealth._validation import check_share
from spatialhealth.comparison.alike import likelihood_of
from spatialhealth.comparison.fitting import Shelf, fitted, named_models, pass_on, recipe
from spatialhealth.comparison.specifications import Figures, Specification, SpecificationGrid
from spatialhealth.comparison.subsets import Subset, read_subsets, restricted
from spatialhealth.errors import OptionError, SpecificationWarning, did_you_mean, some
from spatialhealth.impacts.effects import Impacts
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.result import FitResult
from spatialhealth.panel.formula import design_from_formula
from spatialhealth.runs import Outcome, Shared, Task, run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["specification_grid"]

_OWNER = "specification_grid"


@dataclass(frozen=True)
class _Failure:
    """Why a specification has no figures."""

    error: str
    message: str
    lasting: bool

    @classmethod
    def of(cls, error: Exception) -> _Failure:
        # what the package refuses it will refuse again; memory that ran out may be there the next time
        return cls(type(error).__name__, str(error), isinstance(error, ValueError))


def _lasting(found: Figures | _Failure) -> bool:
    return isinstance(found, Figures) or found.lasting


def specification_grid(
    models: Any,
    formulas: Any,
    data: pd.DataFrame,
    weights: Any,
    variable: str,
    subsets: Mapping[str, Any] | None = None,
    restandardise: bool = True,
    level: float = 0.95,
    n_jobs: int | None = None,
    checkpoint: Any = None,
) -> SpecificationGrid:
    """Fit every combination of weights, models, subsets and formulas, and follow one effect through all of them.

    Parameters
    ----------
    models : sequence or mapping of str to estimators
        Not fitted; they are left as they are.
    formulas : str, sequence of str, or mapping of str to str
        As for `fit_formula`.
    data : DataFrame
        Indexed by unit or by (unit, period).
    weights : mapping of str to weights, or weights
        Candidates by label: ``{"queen": W1, "knn": W2}``; or one W.
    variable : str
        The regressor whose effects are shown. Those of the others are kept: `SpecificationGrid.of`.
    subsets : mapping of str to mask, list of units or None, optional
        Parts of the table by name: ``{"all": None, "late": year > 2015, "coast": ["a", "b"]}``. The whole table by
        default.
    restandardise : bool, default True
        Whether rows of W that sum to one do so again among the units that are left in a subset.
    level : float, default 0.95
        Confidence level of the intervals.
    n_jobs : int, optional
        Processes; -1 for all cores. By default what ``joblib.parallel_config`` says, a cluster perhaps, and else none
        but this one.
    checkpoint : path-like, optional
        Folder that keeps every fit as it is done: the same call goes on from there, one with more weights, models,
        subsets or formulas too.

    Returns
    -------
    SpecificationGrid
        `.table` has one row a specification. One that fails has no figures there but the class and the message of its
        error; a `SpecificationWarning` counts them.

    Raises
    ------
    OptionError
        If there is nothing to fit, or no formula has the variable.
    AlignmentError
        If a subset is of other rows or units than the table has.
    CheckpointError
        If the folder is of another run.

    See Also
    --------
    compare : whole models side by side, ranked.

    Notes
    -----
    All models on the same W share its log-determinant, and so do all subsets that keep its units. In a subset that
    lacks units, W is that among the units left.

    The grid shows how far a finding hangs on choices that could have been made otherwise; it does not say which of
    them are right, and its rows are not independent: the share of intervals above zero is no p value.

    References
    ----------
    Simonsohn, U., Simmons, J. P. and Nelson, L. D. (2020). Specification curve analysis. Nature Human Behaviour 4,
    1208-1214.

    Steegen, S., Tuerlinckx, F., Gelman, A. and Vanpaemel, W. (2016). Increasing transparency through a multiverse
    analysis. Perspectives on Psychological Science 11, 702-712.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> panel = sh.datasets.load_cigarettes()
    >>> states = sh.datasets.load_states().loc[panel.index.unique("state")]
    >>> grid = sh.specification_grid(
    ...     {"SAR": sh.SpatialLag(effects="two-way"), "SDM": sh.SpatialDurbin(effects="two-way")},
    ...     ["log(sales) ~ log(price)", "log(sales) ~ log(price) + log(ndi)"],
    ...     panel,
    ...     {"queen": sh.weights.contiguity(states), "knn": sh.weights.knn(states, k=6)},
    ...     variable="log(price)",
    ...     subsets={"all years": None, "from 1980": panel.index.get_level_values("year") >= 80},
    ... )
    >>> len(grid.table), bool((grid.table["total"] < 0).all())
    (16, True)
    """
    chosen = named_models(_OWNER, models)
    wrong = [label for label, model in chosen.items() if isinstance(model, FitResult)]
    if wrong:
        raise OptionError(
            f"{_OWNER}: {wrong[0]!r} is a result, which a formula cannot fit again. Give the estimator."
        )
    check_share(_OWNER, "level", level)
    texts = _formulas(formulas)
    named = {
        str(name): each
        for name, each in (weights if isinstance(weights, Mapping) else {"W": weights}).items()
    }
    if not named:
        raise OptionError(f"{_OWNER}: weights is empty. Give at least one W: {{'queen': W}}.")
    parts = read_subsets(_OWNER, subsets, data)
    _check_variable(variable, texts, data)
    tasks, rows, inputs = _tasks(chosen, texts, data, named, parts, restandardise, level)
    asked = [task for task in tasks if isinstance(task, Task)]
    done = iter(run(_OWNER, specified, asked, "specifications", n_jobs, checkpoint, inputs, keep=_lasting))
    outcomes = [next(done) if isinstance(task, Task) else Outcome(task, ()) for task in tasks]
    found = SpecificationGrid(
        tuple(_specification(row, outcome) for row, outcome in zip(rows, outcomes, strict=True)),
        variable,
        level,
        bool(restandardise),
        tuple(subset.name for subset in parts if subset.lost),
    )
    pass_on(outcomes, [each.label for each in found.specifications], "specifications", stacklevel=3)
    _warn(found)
    return found


def specified(
    kind: type[SpatialModel],
    options: dict[str, Any],
    weights: Any,
    error_weights: Any,
    formula: str,
    data: pd.DataFrame,
    rows: Any,
    level: float,
) -> Figures | _Failure:
    """Fit one specification: the figures of it, or why there are none."""
    try:
        part = data if rows is None else data[rows]
        return _figures(fitted(kind, options, weights, error_weights, formula, part, level), weights)
    except Exception as error:  # whatever it is, it must not end the others
        return _Failure.of(error)


def _figures(effects: Impacts, weights: Any) -> Figures:
    result = effects.result
    spatial = {}
    for name in ("rho", "lambda"):
        place = result.position.get(name)
        if place is not None:
            spatial[name] = (float(result.params[place]), float(result.std_errors[place]))
    return Figures(
        effects.variables,
        effects.estimates,
        effects.std_errors,
        spatial,
        result.loglik,
        result.aic,
        result.n_entities,
        result.n_periods,
        result.n_observations,
        len(weights.isolates),
        likelihood_of(result),
    )


def _formulas(formulas: Any) -> dict[str, str]:
    """Give formulas by label, their own text if they have no other."""
    if isinstance(formulas, str):
        formulas = [formulas]
    if not isinstance(formulas, Mapping):
        formulas = {text: text for text in formulas} if isinstance(formulas, Sequence) else {}
    wrong = [text for text in formulas.values() if not isinstance(text, str)]
    if not formulas or wrong:
        raise OptionError(
            f"{_OWNER}: formulas must be one formula, a list, or a mapping by label: {{'short': 'y ~ x'}}."
        )
    return {str(name): text for name, text in formulas.items()}


def _check_variable(variable: Any, formulas: dict[str, str], data: pd.DataFrame) -> None:
    """Raise before the time is spent if no formula has the variable."""
    known: dict[str, None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fits will say it
        for text in formulas.values():
            try:
                known |= dict.fromkeys(map(str, design_from_formula(text, data).x.columns))
            except Exception:  # a formula that cannot be used has rows that say so
                return
    if variable not in known:
        raise OptionError(
            f"{_OWNER}: variable={variable!r} is no regressor of any formula.{did_you_mean(variable, known)} There "
            f"are: {', '.join(known)}."
        )


Row = tuple[str, str, str, str]


def _tasks(
    models: dict[str, SpatialModel],
    formulas: dict[str, str],
    data: pd.DataFrame,
    weights: dict[str, Any],
    subsets: list[Subset],
    restandardise: bool,
    level: float,
) -> tuple[list[Task | _Failure], list[Row], dict[str, Any]]:
    """Give the tasks of a grid, or why one cannot be; the labels of each; and what a checkpoint is of."""
    shelf, table = Shelf(), Shared(data)
    masks = {subset.name: None if subset.rows is None else Shared(subset.rows) for subset in subsets}
    recipes = {label: recipe(model) for label, model in models.items()}
    inputs: dict[str, Any] = {"data": table, "restandardise": bool(restandardise)}
    inputs |= {f"the model {label}": each for label, each in recipes.items()}
    inputs |= {f"the formula {label}": text for label, text in formulas.items()}
    inputs |= {f"the subset {name}": mask for name, mask in masks.items()}
    inputs |= {
        f"the weights {name}": shelf.operator(name, "auto", partial(weights.get, name)) for name in weights
    }
    tasks: list[Task | _Failure] = []
    rows: list[Row] = []
    for name, subset, label in product(weights, subsets, models):
        model = models[label]
        try:
            own = _part(shelf, name, weights[name], subset, restandardise, model)
            given = getattr(model, "error_weights", None)
            errors = None if given is None else _part(shelf, id(given), given, subset, restandardise, model)
        except ValueError as error:
            made: list[Task | _Failure] = [_Failure.of(error) for _ in formulas]
        else:
            kind, options = recipes[label]
            made = [
                Task(
                    f"the specification {label!r}, {name!r}, {subset.name!r}, {text!r}",
                    (kind, options, own, errors, text, table, masks[subset.name], level),
                    group=id(own),
                )
                for text in formulas.values()
            ]
        tasks += made
        rows += [(name, label, subset.name, formula) for formula in formulas]
    return tasks, rows, inputs


def _part(
    shelf: Shelf, name: Any, weights: Any, subset: Subset, restandardise: bool, model: SpatialModel
) -> Shared:
    """Give the operator of a subset with the engine of a model, the one of all units where none is lost."""
    whole = shelf.operator(name, "auto", lambda: weights).value
    if not subset.lost.intersection(whole.ids.tolist()):
        return shelf.operator(name, model.logdet, lambda: whole)
    part = partial(restricted, whole, subset, restandardise, model.logdet)
    return shelf.operator((name, subset.lost), model.logdet, part)


def _specification(row: Row, outcome: Outcome) -> Specification:
    said = tuple(each.message for each in outcome.warnings)
    if isinstance(outcome.value, _Failure):
        return Specification(*row, None, said, outcome.value.error, outcome.value.message)
    return Specification(*row, outcome.value, said)


def _warn(found: SpecificationGrid) -> None:
    failed = [each for each in found.specifications if each.figures is None]
    if not failed:
        return
    kinds = Counter(each.error for each in failed)
    listed = ", ".join(f"{count} by {kind}" for kind, count in kinds.most_common())
    warnings.warn(
        f"{len(failed)} of {len(found.specifications)} specifications failed ({listed}): "
        f"{some((each.label for each in failed), limit=5)}. Their rows of `.table` have the error and its message, "
        "`.failures` has them alone.",
        SpecificationWarning,
        stacklevel=3,
    )
