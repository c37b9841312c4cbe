"""Formulas: from 'log(y) ~ log(x) + z' and a table to a labelled design."""

from __future__ import annotations

import difflib
import re
import warnings
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.errors import (
    DuplicateError,
    FormulaError,
    LabelError,
    MissingDataError,
    NonNumericError,
    PredictionError,
    some,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FormulaDesign", "design_from_formula"]


# what other systems call a function
_FUNCTIONS = {"ln": "log(x)", "sq": "I(x ** 2)", "pow": "I(x ** 2)"}
# beside those of formulaic
_MORE = {"log1p": np.log1p, "sqrt": np.sqrt}


class Borrowed:
    """A table that someone else keeps: neither copied, nor held in memory, nor pickled with what borrows it.

    Parameters
    ----------
    table : DataFrame, optional
    """

    def __init__(self, table: pd.DataFrame | None = None) -> None:
        self._find = None if table is None else weakref.ref(table)

    def get(self) -> pd.DataFrame | None:
        """Give the table, or None if it is gone."""
        return None if self._find is None else self._find()

    def __reduce__(self) -> tuple[type[Borrowed], tuple[()]]:
        return Borrowed, ()


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
    table : Borrowed
        What the formula was evaluated on, while it is there.
    """

    formula: str
    x: pd.DataFrame
    y: pd.Series
    constant: bool
    spec: Any
    table: Borrowed = field(default_factory=Borrowed)

    @property
    def levels(self) -> dict[str, tuple[Any, ...]]:
        """Levels of each category of the right-hand side, by the name it has there."""
        states = {str(name): state for name, (_, state) in self.spec.encoder_state.items()}
        return {name: tuple(state["categories"]) for name, state in states.items() if "categories" in state}

    def regressors_of(self, data: pd.DataFrame) -> pd.DataFrame:
        """Make the same regressors of new data.

        Parameters
        ----------
        data : DataFrame
            With the variables of the formula's right-hand side.

        Returns
        -------
        DataFrame of shape (N, k)

        Raises
        ------
        FormulaError, PredictionError
            If the data lack a variable, or hold a category that the fit did not see.
        """
        if not hasattr(data, "columns"):
            raise LabelError(
                f"After fit_formula, predict needs a DataFrame; it was given {type(data).__name__}."
            )
        return _without_constant(_materialise(self.spec, data, self.formula))[0]


def design_from_formula(formula: str, data: pd.DataFrame) -> FormulaDesign:
    """Make outcome and regressors of a table.

    Parameters
    ----------
    formula : str
        Wilkinson notation as formulaic reads it: transformations such as ``log(x)``, ``log1p(x)``, ``sqrt(x)``,
        interactions ``a:b``, categories ``C(region)``, any expression within ``I(...)`` or braces.
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
    MissingDataError, NonNumericError, DuplicateError
        If a category is missing, a column of text holds numbers, or a column stands twice.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    if not hasattr(data, "columns"):
        raise LabelError(
            "fit_formula needs a DataFrame, indexed by unit or by (unit, period); it was given "
            f"{type(data).__name__}."
        )
    try:
        parsed = Formula(formula)
    except (FormulaicError, SyntaxError, TypeError, ValueError) as error:
        raise FormulaError(
            f"The formula {formula!r} cannot be read: {_first_line(error)} "
            "Write it as 'outcome ~ regressor + regressor'."
        ) from None
    if not (hasattr(parsed, "lhs") and hasattr(parsed, "rhs")) or len(parsed.lhs) != 1:
        raise FormulaError(f"The formula {formula!r} must have one outcome: 'outcome ~ regressors'.")
    if not hasattr(parsed.rhs, "required_variables"):
        raise FormulaError(
            f"The formula {formula!r} has several right-hand sides; join the regressors with '+', not '|'."
        )
    matrices = _materialise(parsed, data, formula)
    x, constant = _without_constant(matrices.rhs)
    if matrices.lhs.shape[1] != 1:
        raise FormulaError(
            f"The outcome of {formula!r} must be one column of numbers, not a category. Convert it with "
            "pandas.to_numeric, or choose another outcome."
        )
    if x.shape[1] == 0:
        raise FormulaError(f"The formula {formula!r} has no regressor. Name at least one after '~'.")
    x.attrs = dict(data.attrs)  # formulaic does not hand on where the data come from
    return FormulaDesign(
        formula, x, matrices.lhs.iloc[:, 0], constant, matrices.rhs.model_spec, Borrowed(data)
    )


def _materialise(recipe: Any, data: pd.DataFrame, formula: str) -> Any:
    """Evaluate; rows with missing values are kept, so that the checks that follow can name them."""
    import pandas as pd
    from formulaic.errors import DataMismatchWarning, FormulaicError

    named = [name for name in data.index.names if name is not None and name not in data.columns]
    table = data.assign(**{name: data.index.get_level_values(name) for name in named}) if named else data
    # formulaic drops the index of any other kind, such as a GeoDataFrame
    table = table if type(table) is pd.DataFrame else pd.DataFrame(table)
    _check_variables(table, sorted(map(str, recipe.required_variables)), formula)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataMismatchWarning)
            # log(0) becomes -inf, which the checks of the columns report with its labels
            warnings.filterwarnings("ignore", category=RuntimeWarning)
            make = recipe.get_model_matrix
            options = {} if hasattr(recipe, "formula") else {"na_action": "ignore"}
            return make(table, context=_MORE, **options)
    except DataMismatchWarning as warning:
        raise PredictionError(
            f"The new data hold categories that the fit did not see: {_first_line(warning)} "
            "Leave these rows out, or fit with these categories."
        ) from None
    except (FormulaicError, KeyError, NameError, ValueError, TypeError) as error:
        raise FormulaError(_say(error, data, formula)) from None


def _check_variables(table: pd.DataFrame, variables: Iterable[str], formula: str) -> None:
    """Raise for what formulaic would let pass in silence: see the messages."""
    import pandas as pd

    for name in variables:
        if name not in table.columns:
            continue  # evaluation says so, and which name is near
        column = table[name]
        if column.ndim > 1:
            raise DuplicateError(
                f"The formula {formula!r} names {name!r}, which {column.shape[1]} columns are called. Rename "
                "or leave out all but one."
            )
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            continue
        missing = column.index[column.isna()]
        if len(missing):
            raise MissingDataError(
                f"{name!r} is missing in {len(missing)} rows: {some(missing)}. Give the missing ones a category "
                "of their own, or leave out these units (from W too) or periods."
            )
        numbers = column[pd.to_numeric(column, errors="coerce").notna()] if _is_text(column) else column[:0]
        if len(numbers) and _stands_bare(name, formula):
            text = column.drop(numbers.index)
            found = f", but {some(text.head(3))} at {some(text.head(3).index)}" if len(text) else ""
            raise NonNumericError(
                f"{name!r} is a column of text that holds numbers{found}. Convert it with pandas.to_numeric, or "
                f"write C({name}) if it is a category."
            )


def _is_text(column: pd.Series) -> bool:
    return str(column.dtype) in ("object", "str", "string")


def _stands_bare(name: str, formula: str) -> bool:
    """Whether a variable stands in the formula outside of any function."""
    from formulaic import Formula

    terms = Formula(formula.split("~")[-1])
    return any(str(factor) == name for term in terms for factor in term.factors)


def _without_constant(matrix: Any) -> tuple[pd.DataFrame, bool]:
    import pandas as pd

    frame = pd.DataFrame(matrix)
    constant = "Intercept" in frame.columns
    return (frame.drop(columns="Intercept") if constant else frame), constant


def _say(error: Exception, data: pd.DataFrame, formula: str) -> str:
    """Say which name is absent, and which is near, if that is what went wrong."""
    known = [str(name) for name in (*data.columns, *(n for n in data.index.names if n))]
    message = _first_line(error)
    absent = re.search(r"NameError: (?:name )?['`](.+?)['`]", message)
    if absent is None:
        return f"The formula {formula!r} cannot be evaluated: {message}. Try it on the data by itself."
    word = absent.group(1)
    if word in _FUNCTIONS:
        return f"The formula {formula!r} uses {word!r}, which is not known here. Write {_FUNCTIONS[word]}."
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    return (
        f"The formula {formula!r} names {word!r}, which the data do not have.{hint} "
        f"They have: {', '.join(known[:20])}{' ...' if len(known) > 20 else ''}."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
