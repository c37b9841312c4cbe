"""What a column of a regression table holds: estimates by panel, and facts, read from a model or from effects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import NotFittedError, OptionError
from spatialhealth.impacts import Impacts
from spatialhealth.models import FitResult, Summary
from spatialhealth.models.covariances import LIKELIHOOD
from spatialhealth.models.design import LAG_PREFIX
from spatialhealth.report.grid import rounded

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FACTS", "PANELS", "REGRESSORS", "Column", "Entry", "column_of", "facts_of", "names_in"]

REGRESSORS = "Regressors"
LAGS = "Spatial lags of regressors"
SPATIAL = "Spatial parameters"
# what follows the regressors among the parameters, by panel
_PANELS = {
    "tau": "Lagged outcome",
    "eta": "Lagged outcome",
    "rho": SPATIAL,
    "lambda": SPATIAL,
    "phi": "Random effects (their variance over sigma2)",
}
PANELS = (REGRESSORS, LAGS, *dict.fromkeys(_PANELS.values()))

FACTS = {
    "model": "Model",
    "outcome": "Outcome",
    "effects": "Effects",
    "correction": "Correction",
    "n": "N",
    "t": "T",
    "observations": "Observations",
    "loglik": "LogL",
    "aic": "AIC",
    "bic": "BIC",
    "pseudo_r2": "Pseudo R2",
    "sigma2": "sigma2",
    "covariance": "Covariance",
}
_SHORT = re.compile(r"\((\w+)\)$")  # the usual abbreviation ends the model's name
_FIXED = ("entity", "time", "two-way")  # effects that a correction is for
_NUMBERS = ("estimate", "std_error", "z", "p_value", "ci_low", "ci_high")
_NO_LABEL = ("variable", "effect", "cumulative", *_NUMBERS)


@dataclass(frozen=True)
class Entry:
    """One estimate with its inference."""

    estimate: float
    std_error: float
    z: float
    p_value: float
    ci_low: float
    ci_high: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Entry:
        """Read a row of a table of estimates."""
        return cls(*(float(row[name]) for name in _NUMBERS))


@dataclass(frozen=True, eq=False)
class Column:
    """A column, or with effects beside the coefficients several.

    Parameters
    ----------
    name : str
    coefficients : dict of str to dict of str to Entry
        By panel and name.
    effects : dict of str to dict of str to Entry
        By panel (``Direct effects`` ...) and regressor.
    result : FitResult or None
        None for a bare table of effects.
    how : str
        Where the standard errors of the effects come from.
    """

    name: str
    coefficients: Mapping[str, Mapping[str, Entry]]
    effects: Mapping[str, Mapping[str, Entry]]
    result: FitResult | None
    how: str = ""


def column_of(name: str, item: Any, with_effects: bool, level: float) -> Column:
    """Read a fitted model, its result, `Impacts`, or a table of effects.

    Parameters
    ----------
    name : str
        Heading.
    item : fitted estimator, FitResult, Impacts or DataFrame
    with_effects : bool
        Whether coefficients and effects are both asked for.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    Column

    Raises
    ------
    OptionError
        If the item is none of these.
    NotFittedError
        If it has not been fitted.
    """
    if isinstance(item, Impacts):
        _same_level(name, item, level)
        coefficients = _coefficients(item.result, level) if with_effects else {}
        return Column(name, coefficients, _effects(item.table), item.result, _how(item))
    if not isinstance(item, FitResult) and not hasattr(type(item), "result_"):
        return Column(name, {}, _effects(_frame(name, item)), None)
    result = _result(name, item)
    if not with_effects:
        return Column(name, _coefficients(result, level), {}, result)
    effects = impacts_of(item, level)
    return Column(name, _coefficients(result, level), _effects(effects.table), result, _how(effects))


def impacts_of(item: Any, level: float) -> Impacts:
    """Give the effects of a model, by its own method if it has one."""
    from spatialhealth.impacts import impacts

    given: Impacts = item.impacts(level=level) if hasattr(item, "impacts") else impacts(item, level=level)
    return given


def _result(name: str, item: Any) -> FitResult:
    try:
        result: FitResult = item if isinstance(item, FitResult) else item.result_
    except NotFittedError as error:
        raise NotFittedError(f"table: {name!r} cannot be shown. {error}") from None
    return result


def _same_level(name: str, effects: Impacts, level: float) -> None:
    if effects.level != level:
        raise OptionError(
            f"table: the intervals of {name!r} are at {effects.level:.0%}, those of the table at {level:.0%}. "
            f"Give table(..., level={effects.level}), or effects at that level."
        )


def _frame(name: str, item: Any) -> Any:
    """Give a table of effects as it is, or say what is no item."""
    columns = getattr(item, "columns", ())
    if all(wanted in columns for wanted in ("variable", "effect", *_NUMBERS)):
        return item
    raise OptionError(
        f"table: {name!r} is a {type(item).__name__}. Give fitted estimators of this package, their result_, "
        "effects (model.impacts()), or tables of effects such as effects.contrast(...)."
    )


def _coefficients(result: FitResult, level: float) -> dict[str, dict[str, Entry]]:
    """Give estimates by panel: regressors (with the constant), their lags, and what follows them."""
    rows = Summary(result, level).to_frame().to_dict("index")
    lags = {LAG_PREFIX + name for name in result.lagged}
    panels: dict[str, dict[str, Entry]] = {title: {} for title in PANELS}
    for name in result.param_names:
        panel = LAGS if name in lags else _PANELS.get(name, REGRESSORS)
        panels[panel][name] = Entry.of(rows[name])
    return panels


def _effects(frame: pd.DataFrame) -> dict[str, dict[str, Entry]]:
    """Give estimates by panel: direct, indirect, total, and whatever else labels a row (horizon, order)."""
    more = [name for name in frame.columns if name not in _NO_LABEL]
    panels: dict[str, dict[str, Entry]] = {}
    for row in frame.to_dict("records"):
        labels = {name: row[name] for name in more if row[name] is not None and row[name] == row[name]}
        words = [value if isinstance(value, str) else f"{name} = {value:g}" for name, value in labels.items()]
        title = ", ".join([f"{str(row['effect']).capitalize()} effects", *words])
        panels.setdefault(title, {})[str(row["variable"])] = Entry.of(row)
    return panels


def _how(effects: Impacts) -> str:
    if effects.draws is None:
        return "by the delta method"
    kind = "bootstrap samples" if effects.method == "bootstrap" else "draws"
    return f"from {len(effects.draws):,} {kind}"


def facts_of(result: FitResult, decimals: int) -> dict[str, str]:
    """Write the facts of a model, by the keys of `FACTS`."""
    return {
        "model": _model(result),
        "outcome": result.response,
        "effects": result.effects,
        "correction": _correction(result),
        "n": f"{result.n_entities:,}",
        "t": f"{result.n_periods:,}",
        "observations": f"{result.n_observations:,}",
        "loglik": rounded(result.loglik, decimals),
        "aic": rounded(result.aic, decimals),
        "bic": rounded(result.bic, decimals),
        "pseudo_r2": rounded(result.pseudo_r2, decimals),
        "sigma2": rounded(result.sigma2, decimals),
        "covariance": _covariance(result),
    }


def _model(result: FitResult) -> str:
    found = _SHORT.search(Summary(result).title.removesuffix(f" of {result.response}"))
    return found[1] if found else result.model


def _correction(result: FitResult) -> str:
    if result.effects not in _FIXED:
        return ""
    if result.within.corrects_lags:
        return "Lee-Yu and Yu-de Jong-Lee" if result.within.drops_constant else "Yu-de Jong-Lee"
    if result.within.is_direct:
        return "Lee-Yu, direct"
    return {"lee-yu": "Lee-Yu", "none": "none"}[result.correction]


def _covariance(result: FitResult) -> str:
    """Name the covariance by its option, which is short; least squares has no information matrix."""
    by_likelihood = any(name in _PANELS for name in result.param_names)
    plain = result.cov_type in LIKELIHOOD and not by_likelihood
    return "least squares" if plain else result.cov_type


def names_in(columns: Sequence[Column]) -> list[str]:
    """Give every name that a row can have, in the order of the columns."""
    return list(
        dict.fromkeys(
            name
            for column in columns
            for panels in (column.coefficients, column.effects)
            for panel in panels.values()
            for name in panel
        )
    )
