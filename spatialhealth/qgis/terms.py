"""Formulas of fields, such as ``log(inflow) ~ log(beds) + income``, read without any library."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import DataError, FormulaError, some

__all__ = ["Formula", "Term", "parse_formula"]

_TERM = re.compile(
    r"^(?:(?P<function>[A-Za-z_]\w*)\s*\(\s*)?(?P<field>`[^`]+`|[^\W\d][\w.]*)\s*(?P<end>\)?)$"
)
_FUNCTIONS: dict[str, tuple[Callable[[Array], Array], float]] = {
    # with the greatest value for which there is none
    "log": (np.log, 0.0),
    "log1p": (np.log1p, -1.0),
    "sqrt": (np.sqrt, -np.finfo(float).tiny),
}


@dataclass(frozen=True)
class Term:
    """A field, or a function of it.

    Parameters
    ----------
    field : str
    function : str
        "log", "log1p", "sqrt", or "" for the field as it is.
    """

    field: str
    function: str = ""

    @property
    def name(self) -> str:
        """How it is written, as formulas write it."""
        return f"{self.function}({self.field})" if self.function else self.field

    @property
    def source(self) -> str:
        """The same as Python's formulas read it, with quotes around a name that is none."""
        field = self.field if self.field.isidentifier() else f"`{self.field}`"
        return f"{self.function}({field})" if self.function else field

    def of(self, values: Array) -> Array:
        """Compute it from the values of the field; NaN stays."""
        if not self.function:
            return values
        compute, bound = _FUNCTIONS[self.function]
        below = values <= bound
        if below.any():
            raise DataError(
                f"{self.name} does not exist for {int(below.sum())} features, the first with the value "
                f"{float(values[below][0]):g}. Use the field as it is, or log1p for counts with zeros."
            )
        return np.asarray(compute(values))


@dataclass(frozen=True)
class Formula:
    """An outcome and its regressors.

    Parameters
    ----------
    outcome : Term
    regressors : tuple of Term
    """

    outcome: Term
    regressors: tuple[Term, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read, each once."""
        return tuple(dict.fromkeys([self.outcome.field, *(term.field for term in self.regressors)]))

    @property
    def source(self) -> str:
        """The formula as Python's estimators read it."""
        return f"{self.outcome.source} ~ {' + '.join(term.source for term in self.regressors)}"


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text : str
        ``y ~ x1 + log(x2)``: fields, or log, log1p or sqrt of one. A name with other signs stands in backticks.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        If it is no such formula, or names a regressor twice.

    Examples
    --------
    >>> parse_formula("log(inflow) ~ log(beds) + `income per head`").source
    'log(inflow) ~ log(beds) + `income per head`'
    """
    sides = text.split("~")
    if len(sides) != 2:
        raise FormulaError(f"The formula {text!r} needs one '~', such as 'log(y) ~ x1 + log(x2)'.")
    outcome = _term(sides[0])
    regressors = tuple(_term(part) for part in sides[1].split("+"))
    names = [term.name for term in regressors]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise FormulaError(f"The formula names {some(twice)} more than once.")
    return Formula(outcome, regressors)


def _term(text: str) -> Term:
    found = _TERM.match(text.strip())
    if found is None or bool(found["function"]) != bool(found["end"]):
        raise FormulaError(
            f"{text.strip()!r} is no term: write a field, or {', '.join(f'{name}(field)' for name in _FUNCTIONS)}; a "
            "name with spaces or other signs stands in backticks."
        )
    function = found["function"] or ""
    if function and function not in _FUNCTIONS:
        raise FormulaError(f"There is no function {function!r} here. There are: {', '.join(_FUNCTIONS)}.")
    return Term(found["field"].strip("`"), function)
