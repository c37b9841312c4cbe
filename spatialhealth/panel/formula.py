"""Formulas: from 'log(y) ~ log(x) + z' and a table to a labelled design."""

from __future__ import annotations

import difflib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import FormulaError, LabelError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FormulaDesign", "design_from_formula"]


@dataclass(frozen=True, eq=False)
class FormulaDesign:
    """What a formula made of a table.

    Parameters
    ----------
    formula : str
    x : DataFrame of shape (N, k)
        Regressors, without the constant.
    y : Series of length N
        Outcome.
    constant : bool
        Whether the formula keeps a constant (no ``- 1`` or ``0 +``).
    spec : formulaic.ModelSpec
        Recipe of the right-hand side, for new data.
    """

    formula: str
    x: pd.DataFrame
    y: pd.Series
    constant: bool
    spec: Any

    def regressors_of(self, data: pd.DataFrame) -> pd.DataFrame:
        """Make the same regressors of new data."""
        return _without_constant(_materialise(self.spec, data, self.formula))[0]


def design_from_formula(formula: str, data: pd.DataFrame) -> FormulaDesign:
    """Make outcome and regressors of a table.

    Parameters
    ----------
    formula : str
        Wilkinson notation as formulaic reads it: transformations such as ``log(x)``, interactions ``a:b``,
        categories ``C(region)``, any expression within ``I(...)`` or braces.
    data : DataFrame
        Indexed by unit, or by (unit, period). The names of the index may be used too.

    Returns
    -------
    FormulaDesign

    Raises
    ------
    FormulaError
        If the formula cannot be read, has no outcome, or names what the data do not have.
    LabelError
        If `data` is no DataFrame.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    if not hasattr(data, "columns"):
        raise LabelError(f"fit_formula needs a DataFrame; it was given {type(data).__name__}.")
    try:
        parsed = Formula(formula)
    except (FormulaicError, SyntaxError, TypeError, ValueError) as error:
        raise FormulaError(f"The formula {formula!r} cannot be read: {_first_line(error)}") from None
    if not (hasattr(parsed, "lhs") and hasattr(parsed, "rhs")) or len(parsed.lhs) != 1:
        raise FormulaError(f"The formula {formula!r} must have one outcome: 'outcome ~ regressors'.")
    matrices = _materialise(parsed, data, formula)
    x, constant = _without_constant(matrices.rhs)
    if matrices.lhs.shape[1] != 1:
        raise FormulaError(f"The outcome of {formula!r} must be one column of numbers, not a category.")
    if x.shape[1] == 0:
        raise FormulaError(f"The formula {formula!r} has no regressor.")
    return FormulaDesign(formula, x, matrices.lhs.iloc[:, 0], constant, matrices.rhs.model_spec)


def _materialise(recipe: Any, data: pd.DataFrame, formula: str) -> Any:
    """Evaluate; rows with missing values are kept, so that the checks that follow can name them."""
    from formulaic.errors import FormulaicError

    named = [name for name in data.index.names if name is not None and name not in data.columns]
    table = data.assign(**{name: data.index.get_level_values(name) for name in named}) if named else data
    try:
        with warnings.catch_warnings():
            # log(0) becomes -inf, which the checks of the columns report with its labels
            warnings.filterwarnings("ignore", category=RuntimeWarning)
            make = recipe.get_model_matrix
            return make(table, na_action="ignore") if not hasattr(recipe, "formula") else make(table)
    except (FormulaicError, KeyError, NameError, ValueError, TypeError) as error:
        raise FormulaError(_say(error, data, formula)) from None


def _without_constant(matrix: Any) -> tuple[pd.DataFrame, bool]:
    import pandas as pd

    frame = pd.DataFrame(matrix)
    constant = "Intercept" in frame.columns
    return (frame.drop(columns="Intercept") if constant else frame), constant


def _say(error: Exception, data: pd.DataFrame, formula: str) -> str:
    """Say which name is absent, and which is near, if that is what went wrong."""
    import re

    known = [str(name) for name in (*data.columns, *(n for n in data.index.names if n))]
    words = set(re.findall(r"[A-Za-z_][A-Za-z_0-9.]*", formula))
    message = _first_line(error)
    for word in sorted(words - set(known)):
        if re.search(rf"\b{re.escape(word)}\b", message):
            near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
            hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
            return (
                f"The formula {formula!r} names {word!r}, which the data do not have.{hint} "
                f"They have: {', '.join(known[:20])}{' ...' if len(known) > 20 else ''}."
            )
    return f"The formula {formula!r} cannot be evaluated: {message}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
