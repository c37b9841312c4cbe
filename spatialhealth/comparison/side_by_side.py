"""compare: estimators, weights and effects side by side, from fitted models or from a grid of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spatialhealth._progress import track
from spatialhealth.comparison.table import Column, Comparison
from spatialhealth.errors import NotFittedError, OptionError, some
from spatialhealth.impacts.compute import impacts
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import SpatialOperator, as_operator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare"]


def compare(
    models: Any,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    weights: Mapping[str, Any] | None = None,
    level: float = 0.95,
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

    See Also
    --------
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
    chosen = _named(models)
    if weights is not None and (not isinstance(weights, Mapping) or not weights):
        raise OptionError("compare: weights must name at least one W: {'queen': W1, 'knn': W2}.")
    if (formula is None) != (data is None):
        raise OptionError("compare: formula and data go together; give both to fit the models, or neither.")
    operators = {str(name): as_operator(w) for name, w in (weights or {}).items()}
    if formula is not None:
        chosen = _fitted(chosen, formula, data, operators)
    columns: list[Column] = []
    known = dict(operators)
    for label, model in chosen.items():
        try:
            effects = impacts(model, level=level)
        except NotFittedError as error:
            raise NotFittedError(
                f"compare: {label!r} cannot be shown. {error} Or give formula and data."
            ) from None
        columns.append(Column(label, _weights(effects.result, known), effects))
    return Comparison(tuple(columns))


def _named(models: Any) -> dict[str, Any]:
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
            f"compare: models is a {type(models).__name__}. Give a list, or a mapping by label, of models."
        )
    if not named:
        raise OptionError("compare: models is empty. Give at least one model.")
    wrong = {
        label: model for label, model in named.items() if not isinstance(model, (FitResult, SpatialModel))
    }
    if wrong:
        label, model = next(iter(wrong.items()))
        what = model.__name__ if isinstance(model, type) else type(model).__name__
        raise OptionError(
            f"compare: {label!r} is {what}, not a model of this package. Give estimators, such as "
            "SpatialDurbin(...), or their result_."
        )
    return named


def _fitted(
    models: dict[str, Any], formula: str, data: Any, operators: dict[str, SpatialOperator]
) -> dict[str, SpatialModel]:
    """Fit a copy of every estimator with every W, or with its own where none is given."""
    grid: list[tuple[str, SpatialModel]] = []
    for label, model in models.items():
        if isinstance(model, FitResult):
            raise OptionError(
                f"compare: {label!r} is a result, which a formula cannot fit again. Give the estimator."
            )
        arguments = model.get_params()
        if not operators:
            grid.append((label, type(model)(**arguments)))
        for name, operator in operators.items():
            whole = f"{label}, {name}" if len(operators) > 1 else label
            grid.append((whole, type(model)(**(arguments | {"weights": operator}))))
    done: dict[str, SpatialModel] = {}
    heard: dict[tuple[type[Warning], str], list[str]] = {}
    for label, model in track(grid, "models"):
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                done[label] = model.fit_formula(formula, data)
        except ValueError as error:
            error.add_note(f"in the model {label!r}")
            raise
        for each in caught:
            heard.setdefault((each.category, str(each.message)), []).append(label)
    for (category, message), labels in heard.items():
        models_named = f"In {some(labels)}" if len(labels) < len(grid) else "In all models"
        warnings.warn(f"{models_named}: {message}", category, stacklevel=3)
    return done


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
