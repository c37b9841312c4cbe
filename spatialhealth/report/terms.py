"""Formulas taken apart: without the products with a flag; names of effects at values of moderators."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.impacts.moderation import moderators_of

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth.impacts import Impacts

__all__ = ["full_name", "known_moderators", "named_table", "with_full_names", "without"]


def without(formula: str, variable: str) -> str:
    """Leave out every term of the right-hand side that a variable stands in.

    Parameters
    ----------
    formula : str
    variable : str

    Returns
    -------
    str

    Examples
    --------
    >>> without("log(y) ~ log(x) + d + log(x):d + log(x):flag", "flag")
    'log(y) ~ log(x) + d + log(x):d'
    """
    from formulaic import Formula

    parsed = Formula(formula)
    terms: list[str] = []
    constant = False
    for term in parsed.rhs:
        constant = constant or str(term) == "1"
        used = set(map(str, Formula(f"~ {term}").required_variables)) if str(term) != "1" else set()
        if variable not in used and str(term) != "1":
            terms.append(str(term))
    return f"{formula.split('~')[0].strip()} ~ {' + '.join(terms)}{'' if constant else ' - 1'}"


def known_moderators(model: Any, names: Iterable[str]) -> tuple[str, ...]:
    """Give those of the names that stand in a product of the model's regressors."""
    formula = model.__dict__.get("_formula")
    inside = moderators_of(model.result_.regressors, {} if formula is None else formula.levels)
    return tuple(name for name in names if name in inside)


def full_name(effects: Impacts, name: str) -> str | None:
    """Give the name that a regressor has among effects at one value of each moderator; None if it is not there.

    Parameters
    ----------
    effects : Impacts
    name : str

    Returns
    -------
    str or None
    """
    if name in effects.variables:
        return name
    labels = effects.labels.get("variable", ())
    found = (
        [full for full, label in zip(effects.variables, labels, strict=True) if label == name]
        if labels
        else []
    )
    return found[0] if len(found) == 1 else None


def with_full_names(effects: Impacts, expression: str) -> str:
    """Write a combination of effects with the names they have at values of moderators.

    Parameters
    ----------
    effects : Impacts
    expression : str
        Such as ``"log(a) - log(b)"``.

    Returns
    -------
    str
        Such as ``"log(a) [digital=0.4] - log(b)"``.
    """
    for label in sorted(set(effects.labels.get("variable", ())), key=len, reverse=True):
        full = full_name(effects, label)
        if full is not None and full != label:
            alone = re.compile(rf"(?<![\w:]){re.escape(label)}(?![\w:]|\s*\[)")
            expression = full.join(alone.split(expression))
    return expression


def named_table(effects: Impacts) -> pd.DataFrame:
    """Give the table of effects with the values of moderators in the names of the variables, as they are printed.

    Parameters
    ----------
    effects : Impacts

    Returns
    -------
    DataFrame
        variable, effect, estimate, std_error, z, p_value, ci_low, ci_high.
    """
    table = effects.table
    others = [name for name in effects.labels if name != "variable"]
    return table.drop(columns=others).assign(variable=np.repeat(effects.variables, 3)) if others else table
