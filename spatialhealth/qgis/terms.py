"""Formulas of fields, such as ``log(inflow) ~ log(beds) * digital + income``, read without any library."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import DataError, FormulaError, some

__all__ = ["Formula", "Product", "Term", "parse_formula", "parse_values", "picked"]

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
        """What Python's estimators call the column."""
        return self.source if self.function else self.field

    @property
    def source(self) -> str:
        """How Python's formulas write it, with quotes around a name that is none."""
        field = self.field if self.field.isidentifier() else f"`{self.field}`"
        return f"{self.function}({field})" if self.function else field

    @property
    def fields(self) -> tuple[str, ...]:
        """The field, as a product has several."""
        return (self.field,)

    @property
    def factors(self) -> tuple[Term, ...]:
        """The term itself, as a product has several."""
        return (self,)

    def read(self, numbers: Callable[[str], Array]) -> Array:
        """Compute it, given what gives the values of a field."""
        return self.of(numbers(self.field))

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
class Product:
    """Terms multiplied with each other.

    Parameters
    ----------
    factors : tuple of Term
        Two or more.
    """

    factors: tuple[Term, ...]

    @property
    def name(self) -> str:
        """What Python's estimators call the column."""
        return ":".join(term.name for term in self.factors)

    @property
    def source(self) -> str:
        """How Python's formulas write it."""
        return ":".join(term.source for term in self.factors)

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of the factors, each once."""
        return tuple(dict.fromkeys(term.field for term in self.factors))

    def read(self, numbers: Callable[[str], Array]) -> Array:
        """Compute it, given what gives the values of a field."""
        return np.asarray(math.prod(term.read(numbers) for term in self.factors))


@dataclass(frozen=True)
class Formula:
    """An outcome and its regressors.

    Parameters
    ----------
    outcome : Term
    regressors : tuple of Term or Product
        Products last, those of fewer factors first, which is the order of Python's formulas.
    """

    outcome: Term
    regressors: tuple[Term | Product, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read, each once."""
        inside = (field for term in self.regressors for field in term.fields)
        return tuple(dict.fromkeys([self.outcome.field, *inside]))

    @property
    def source(self) -> str:
        """The formula as Python's estimators read it."""
        return f"{self.outcome.source} ~ {' + '.join(term.source for term in self.regressors)}"


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text : str
        ``y ~ x1 + log(x2)``: fields, or log, log1p or sqrt of one, joined by ``+``; ``a:b`` is a product, and
        ``a * b`` is ``a + b + a:b``. A name with other signs stands in backticks.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        If it is no such formula, or names a regressor twice.

    Examples
    --------
    >>> parse_formula("log(inflow) ~ log(beds) * digital + `income per head`").source
    'log(inflow) ~ log(beds) + digital + `income per head` + log(beds):digital'
    """
    sides = _split(text, "~")
    if len(sides) != 2:
        raise FormulaError(f"The formula {text!r} needs one '~', such as 'log(y) ~ x1 + log(x2)'.")
    outcome = _term(sides[0])
    written = [_expanded(part) for part in _split(sides[1], "+")]
    keys = [frozenset(frozenset(each.factors) for each in part) for part in written]
    twice = [part[-1].name for place, part in enumerate(written) if keys[place] in keys[:place]]
    if twice:
        raise FormulaError(f"The formula names {some(twice)} more than once.")
    once: dict[frozenset[Term], Term | Product] = {}
    for each in itertools.chain.from_iterable(written):
        once.setdefault(frozenset(each.factors), each)
    return Formula(outcome, tuple(sorted(once.values(), key=lambda each: len(each.factors))))


def parse_values(text: str) -> dict[str, list[float]]:
    """Read values of moderators.

    Parameters
    ----------
    text : str
        ``digital = 0, 0.5, 1; log(gdp) = 10``.

    Returns
    -------
    dict of str to list of float

    Raises
    ------
    FormulaError
        If it is no such text, or names a moderator twice.

    Examples
    --------
    >>> parse_values("digital = 0, 0.5, 1; log(gdp) = 10")
    {'digital': [0.0, 0.5, 1.0], 'log(gdp)': [10.0]}
    """
    found: dict[str, list[float]] = {}
    for part in filter(str.strip, text.split(";")):
        name, _, values = part.rpartition("=")
        try:
            numbers = [float(value) for value in values.split(",")]
        except ValueError:
            numbers = []
        if not name.strip() or not numbers:
            raise FormulaError(
                f"{part.strip()!r} gives no values of a moderator: write 'digital = 0, 0.5, 1', and ';' between "
                "several of them."
            )
        key = _term(name).name
        if key in found:
            raise FormulaError(f"Values of {key!r} are given twice.")
        found[key] = numbers
    return found


def picked(regressors: Iterable[Term | Product], fields: Iterable[str], whole: bool) -> list[str]:
    """Give the names of the regressors that are made of fields.

    Parameters
    ----------
    regressors : iterable of Term or Product
    fields : iterable of str
    whole : bool
        Whether a product is picked if all of its fields are named, or if any is.

    Returns
    -------
    list of str

    Raises
    ------
    FormulaError
        If a field is in no regressor.

    Examples
    --------
    >>> regressors = parse_formula("y ~ log(beds) * digital").regressors
    >>> picked(regressors, ["beds"], whole=True), picked(regressors, ["beds"], whole=False)
    (['log(beds)'], ['log(beds)', 'log(beds):digital'])
    """
    regressors, named = list(regressors), set(fields)
    known = {field for term in regressors for field in term.fields}
    unknown = sorted(named - known)
    if unknown:
        raise FormulaError(
            f"No regressor is made of the field {some(unknown)}. The regressors are made of: {some(sorted(known))}."
        )
    choose = named.issuperset if whole else lambda inside: bool(named & set(inside))
    return [term.name for term in regressors if choose(term.fields)]


def _split(text: str, sign: str) -> list[str]:
    """Split at a sign that stands outside of backticks."""
    return re.split(rf"[{sign}](?=(?:[^`]*`[^`]*`)*[^`]*$)", text)


def _expanded(text: str) -> list[Term | Product]:
    """Give what one part between plus signs stands for: a term, or products of terms."""
    groups = [[_term(factor) for factor in _split(part, ":")] for part in _split(text, "*")]
    found: list[Term | Product] = []
    for count in range(1, len(groups) + 1):
        for chosen in itertools.combinations(groups, count):
            factors = tuple(itertools.chain.from_iterable(chosen))
            if len(set(factors)) < len(factors):
                raise FormulaError(
                    f"{text.strip()!r} multiplies a term with itself. Make its square a field of the layer, or "
                    "leave one of them out."
                )
            found.append(factors[0] if len(factors) == 1 else Product(factors))
    return found


def _term(text: str) -> Term:
    found = _TERM.match(text.strip())
    if found is None or bool(found["function"]) != bool(found["end"]):
        raise FormulaError(
            f"{text.strip()!r} is no term: write a field, or {', '.join(f'{name}(field)' for name in _FUNCTIONS)}; "
            "a:b is a product, a * b a product beside its factors; a name with spaces or other signs stands in "
            "backticks."
        )
    function = found["function"] or ""
    if function and function not in _FUNCTIONS:
        raise FormulaError(f"There is no function {function!r} here. There are: {', '.join(_FUNCTIONS)}.")
    return Term(found["field"].strip("`"), function)
