"""compare: estimators, weights and effects side by side, from fitted models or from a grid of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from spatialhealth.comparison.fitting import Shelf, fitted, named_models, pass_on, recipe
from spatialhealth.comparison.table import Column, Comparison
from spatialhealth.errors import NotFittedError, OptionError
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import Impacts
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.runs import Shared, Task, run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare"]


def compare(
    models: Any,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    weights: Mapping[str, Any] | None = None,
    level: float = 0.95,
    n_jobs: int | None = None,
    checkpoint: Any = None,
) -> Comparison:
    """Set models side by side: likelihood, criteria, spatial parameters and effects.

    Parameters
    ----------
    models : sequence or mapping of str to estimators
        Fitted models (or their `result_`); or, with `formula` and `data`, estimators to fit.
    formula : str, optional
        Fit every estimator by this formula first; the estimators given are left as they are.
    data : DataFrame, optional
        The table for `formula`.
    weights : mapping of str to weights, optional
        Names of the weights, ``{"queen": W1, "knn": W2}``. With `formula`, every estimator is fitted with each of
        them, and all that share one share its log-determinant.
    level : float, default 0.95
        Confidence level of the intervals in `.effects`.
    n_jobs : int, optional
        Processes for the fits; -1 for all cores. By default what ``joblib.parallel_config`` says, and else none but
        this one.
    checkpoint : path-like, optional
        Folder that keeps every fit as it is done; the same call goes on from there.

    Returns
    -------
    Comparison
        `.table`, `.effects`, `.rank()`, `.to_latex()`; it prints, and shows itself in a notebook.

    Raises
    ------
    OptionError
        If there is nothing to compare, or something is no model.
    NotFittedError
        If a model is not fitted and there is no formula.
    CheckpointError
        If the folder is of another run.

    See Also
    --------
    specification_grid : many weights, models, subsets and formulas, of which some may fail.
    model_probabilities : posterior probabilities of models and weights.

    Notes
    -----
    Likelihoods are compared only if they are of the same outcome, sample and transformation of the fixed effects: a
    likelihood after Lee and Yu's transformation is of fewer observations. Where they are not, AIC, BIC and Akaike
    weights are blank and a note says why. Akaike weights are exp(-delta / 2), divided by their sum.

    References
    ----------
    Burnham, K. P. and Anderson, D. R. (2002). Model Selection and Multimodel Inference. Springer, section 2.9.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> panel = sh.datasets.load_cigarettes()
    >>> states = sh.datasets.load_states().loc[panel.index.unique("state")]
    >>> W = {"queen": sh.weights.contiguity(states), "knn": sh.weights.knn(states, k=6)}
    >>> models = {"SAR": sh.SpatialLag(effects="two-way"), "SDM": sh.SpatialDurbin(effects="two-way")}
    >>> found = sh.compare(models, "log(sales) ~ log(price / cpi) + log(ndi / cpi)", panel, W)
    >>> found.rank()
    ('SDM, knn', 'SAR, knn', 'SDM, queen', 'SAR, queen')
    >>> found.table.loc["SDM, queen", ["rho", "rho_se"]].astype(float).round(4).tolist()
    [0.2712, 0.034]
    """
    chosen = named_models("compare", models)
    if weights is not None and (not isinstance(weights, Mapping) or not weights):
        raise OptionError("compare: weights must name at least one W: {'queen': W1, 'knn': W2}.")
    if (formula is None) != (data is None):
        raise OptionError("compare: formula and data go together; give both to fit the models, or neither.")
    operators = {str(name): as_operator(w) for name, w in (weights or {}).items()}
    if formula is not None:
        effects = _fitted(chosen, formula, data, operators, level, n_jobs, checkpoint)
    elif n_jobs is None and checkpoint is None:
        effects = {label: _effects(label, model, level) for label, model in chosen.items()}
    else:
        raise OptionError(
            "compare: n_jobs and checkpoint are for fits; give formula and data, or neither of them."
        )
    known = dict(operators)
    return Comparison(
        tuple(Column(label, _weights(found.result, known), found) for label, found in effects.items())
    )


def _effects(label: str, model: Any, level: float) -> Impacts:
    try:
        return impacts(model, level=level)
    except NotFittedError as error:
        raise NotFittedError(
            f"compare: {label!r} cannot be shown. {error} Or give formula and data."
        ) from None


def _fitted(
    models: dict[str, Any],
    formula: str,
    data: Any,
    operators: dict[str, SpatialOperator],
    level: float,
    n_jobs: int | None,
    checkpoint: Any,
) -> dict[str, Impacts]:
    """Fit a copy of every estimator with every W, or with its own where none is given."""
    shelf, table = Shelf(), Shared(data)
    inputs: dict[str, Any] = {"data": table, "formula": formula}
    tasks: list[Task] = []
    labels: list[str] = []
    for label, model in models.items():
        if isinstance(model, FitResult):
            raise OptionError(
                f"compare: {label!r} is a result, which a formula cannot fit again. Give the estimator."
            )
        kind, options = recipe(model)
        errors = shelf.as_given(getattr(model, "error_weights", None))
        own = {"": shelf.as_given(model.weights)}
        given = {name: shelf.operator(name, model.logdet, partial(operators.get, name)) for name in operators}
        inputs[f"the model {label}"] = (kind, options)
        for name, weights in (given or own).items():
            whole = f"{label}, {name}" if len(operators) > 1 else label
            inputs[f"the weights {name}" if given else f"the weights of {label}"] = weights
            arguments = (kind, options, weights, errors, formula, table, level)
            tasks.append(Task(f"the model {whole!r}", arguments, group=id(weights)))
            labels.append(whole)
    outcomes = run("compare", fitted, tasks, "models", n_jobs, checkpoint, inputs)
    pass_on(outcomes, labels)
    return {label: outcome.value for label, outcome in zip(labels, outcomes, strict=True)}


def _weights(result: FitResult, known: dict[str, SpatialOperator]) -> str:
    """Give the label of the W of a model, and of that of its errors where it is another."""
    label = _label(result.operator, known)
    if result.error_operator is None:
        return label
    errors = _label(result.error_operator, known)
    return label if errors == label else f"{label}; errors {errors}"


def _label(operator: SpatialOperator, known: dict[str, SpatialOperator]) -> str:
    """Give the label of a W, a new one if it is not known yet."""
    for label, other in known.items():
        if other is operator or _same(other, operator):
            return label
    fresh = f"W{sum(label.startswith('W') and label[1:].isdigit() for label in known) + 1}"
    known[fresh] = operator
    return fresh


def _same(one: SpatialOperator, other: SpatialOperator) -> bool:
    if one.ids.tolist() != other.ids.tolist() or one.matrix.nnz != other.matrix.nnz:
        return False
    return bool(abs(one.matrix - other.matrix).max() == 0)
