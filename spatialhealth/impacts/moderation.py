"""Effects of a regressor at values of what it is multiplied with."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import OptionError, did_you_mean, some
from spatialhealth.impacts.inputs import Pairs

__all__ = [
    "Moderated",
    "column_of",
    "factor_names",
    "moderate",
    "moderators_of",
    "note_on_interactions",
    "parts_of",
    "written_value",
]

_OPEN, _CLOSE = "([{", ")]}"
_LEVEL = re.compile(r"^(?P<factor>.+?)\[(?P<coding>T\.)?(?P<level>.*)\]$")
_OTHER_CODING = re.compile(r"^[A-Z]\.")
# of a table of effects, which a moderator must not replace
_COLUMNS = (
    *("horizon", "variable", "effect", "order", "estimate", "std_error", "z", "p_value", "ci_low", "ci_high"),
    "cumulative",
)
_BEYOND = 0.05  # of the range observed: nearer values are read as its ends
_CATEGORY = re.compile(r"^(?:C\((?P<variable>.+)\)|[^\W\d]\w*)$", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Moderated:
    """Coefficient pairs at values of the moderators.

    Parameters
    ----------
    pairs : Pairs
        One row a regressor and combination of values, under names such as ``x [m=0.5]``.
    labels : dict of str to sequence
        For each row its regressor (`variable`) and the values of the moderators, None where a moderator has
        no part in it. A moderator called as another column of the effects is under ``at[name]``.
    note : str
        What is left out, and why.
    """

    pairs: Pairs
    labels: dict[str, tuple[Any, ...]]
    note: str


@dataclass(frozen=True)
class _Part:
    """One factor of a product of regressors: a number, or a level of a category."""

    name: str
    factor: str
    level: str | None = None
    is_treatment: bool = True

    @classmethod
    def of(cls, name: str, levels: Mapping[str, Sequence[Any]]) -> _Part:
        found = _LEVEL.match(name)
        if found is None:
            return cls(name, name)
        factor = found["factor"]
        if factor not in levels and not _CATEGORY.match(factor):
            return cls(name, name)  # a column of a transformation such as poly(x, 2)
        return cls(name, factor, found["level"], found["coding"] is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """What a user may call it: the factor, or the variable within C(...)."""
        return (self.factor,) if self.level is None else factor_names(self.factor)


@dataclass(frozen=True)
class _Terms:
    """The regressors as products of parts."""

    products: tuple[tuple[_Part, ...], ...]
    levels: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Iterable[str], levels: Mapping[str, Sequence[Any]]) -> _Terms:
        return cls(tuple(tuple(_Part.of(p, levels) for p in parts_of(name)) for name in names), levels)

    @property
    def parts(self) -> tuple[_Part, ...]:
        """Every part once, in the order of the regressors."""
        return tuple(dict.fromkeys(part for product in self.products for part in product))

    @property
    def moderators(self) -> tuple[str, ...]:
        """What stands in a product, by the name to use in `at`."""
        inside = (part.names[-1] for product in self.products if len(product) > 1 for part in product)
        return tuple(dict.fromkeys(inside))

    def partners(self, part: _Part) -> tuple[_Part, ...]:
        """Give what a part is multiplied with."""
        others = (p for product in self.products if part in product for p in _without(product, part))
        return tuple(dict.fromkeys(others))


def parts_of(name: str) -> tuple[str, ...]:
    """Split the name of a regressor at the colons outside of brackets and quotes.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of str
        One part for a regressor that is no product.

    Examples
    --------
    >>> parts_of("log(a):C(region)[T.x:y]:b")
    ('log(a)', 'C(region)[T.x:y]', 'b')
    """
    parts, depth, quote = [""], 0, ""
    for sign in name:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"" and depth:
            quote = sign
        depth += 0 if quote else (sign in _OPEN) - (sign in _CLOSE)
        if sign == ":" and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return tuple(parts) if all(parts) else (name,)


def moderate(
    pairs: Pairs,
    at: Any,
    levels: Mapping[str, Sequence[Any]],
    observed: Mapping[str, tuple[float, float]],
) -> Moderated:
    """Give the coefficient pairs of the regressors at values of their moderators.

    Parameters
    ----------
    pairs : Pairs
        Of the model.
    at : dict of str to number, str, or a sequence of them
        Values of the moderators, by name.
    levels : dict of str to sequence
        Levels of the categories of the formula, if known.
    observed : dict of str to (lowest, highest)
        Range of each regressor, if known.

    Returns
    -------
    Moderated

    Raises
    ------
    OptionError
        If a moderator is in no product, a value cannot be used, or no effect is left.
    """
    terms = _Terms.of(pairs.variables, levels)
    values = _checked(at, terms)
    rows: list[Array] = []
    regressors: list[str] = []
    labels: dict[str, list[Any]] = {name: [] for name in values}
    left_out: dict[str, tuple[str, ...]] = {}
    for part in terms.parts:
        lacking = _lacking(part, terms, values)
        if lacking:
            left_out[part.name] = lacking
            continue
        mine = [name for name in values if any(name in other.names for other in terms.partners(part))]
        for point in itertools.product(*(values[name] for name in mine)):
            given = dict(zip(mine, point, strict=True))
            weights = _weights(part, terms, given)
            rows.append(np.einsum("j,jcp->cp", weights, pairs.select))
            regressors.append(part.name)
            for name in values:
                labels[name].append(given.get(name))
    if not any(given is not None for name in values for given in labels[name]):
        raise OptionError(
            f"impacts: with values of {', '.join(values)} alone no effect is determined: "
            f"{_why(left_out)}. Give values of what they change with in at too."
        )
    names = tuple(_name(regressor, labels, row) for row, regressor in enumerate(regressors))
    return Moderated(
        replace(pairs, variables=names, select=np.stack(rows)),
        {"variable": tuple(regressors)} | {column_of(name): tuple(column) for name, column in labels.items()},
        " ".join(filter(None, [_note(left_out), _beyond(values, observed)])),
    )


def note_on_interactions(variables: Sequence[str]) -> str:
    """Say how to read the effects of a model with products of regressors; nothing without them.

    Parameters
    ----------
    variables : sequence of str
        Names of the regressors.

    Returns
    -------
    str
    """
    products = [
        name for name in variables if len(parts_of(name)) > 1 and set(parts_of(name)) & set(variables)
    ]
    if not products:
        return ""
    terms = _Terms.of(products, {})
    last = terms.moderators[-1]
    return (
        f"The model has interactions ({some(products, limit=3)}). An effect above of a variable in them holds where "
        f"the variables it is multiplied with are zero, and the rows of the products are no effects of their own. "
        f"Ask for the effects at values of a moderator: impacts(at={{{last!r}: [...]}})."
    )


def moderators_of(variables: Iterable[str], levels: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """Give what stands in a product of regressors, by the name to use in `at`."""
    return _Terms.of(variables, levels).moderators


def factor_names(factor: str) -> tuple[str, ...]:
    """Give what a user may call a category: as the formula has it, or the variable within C(...)."""
    found = _CATEGORY.match(factor)
    variable = found["variable"] if found is not None else None
    return (factor,) if variable is None else (factor, variable.split(",")[0].strip())


def _without(product: tuple[_Part, ...], part: _Part) -> tuple[_Part, ...]:
    """Give the product without one part."""
    place = product.index(part)
    return product[:place] + product[place + 1 :]


def _weights(part: _Part, terms: _Terms, given: Mapping[str, Any]) -> Array:
    """Give the derivative of every regressor in one part, at values of the others."""

    def value(other: _Part) -> float:
        asked = next(given[name] for name in other.names if name in given)
        return float(asked) if other.level is None else float(written_value(asked) == other.level)

    return np.array(
        [
            math.prod(value(other) for other in _without(product, part)) if part in product else 0.0
            for product in terms.products
        ]
    )


def _lacking(part: _Part, terms: _Terms, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the partners of a part that have no value; a level that has no level to be compared with lacks one."""
    if part.level is not None and not part.is_treatment:
        return ("the level it is compared with",)
    partners = terms.partners(part)
    return tuple(
        dict.fromkeys(
            other.names[-1] for other in partners if not any(name in values for name in other.names)
        )
    )


def _checked(at: Any, terms: _Terms) -> dict[str, tuple[Any, ...]]:
    """Give the values of each moderator, or say what is wrong with them."""
    if not isinstance(at, Mapping) or not at:
        raise OptionError(
            f"impacts: at={at!r} must be a dict of moderators and values, such as at={{'digital': [0, 0.5, 1]}}."
        )
    moderators = terms.moderators
    if not moderators:
        raise OptionError(
            "impacts: at needs a model with interactions, and no regressor of this one is a product. Write them in "
            "the formula as 'x * m' (with both main effects) or 'x:m'."
        )
    checked = {}
    for name, asked in at.items():
        inside = [
            part for product in terms.products if len(product) > 1 for part in product if name in part.names
        ]
        if not inside:
            raise OptionError(
                f"impacts: {name!r} is in no interaction of the model.{did_you_mean(name, moderators)} "
                f"Those are of: {', '.join(moderators)}."
            )
        values = tuple(asked) if _is_list(asked) else (asked,)
        if not values or len({written_value(value) for value in values}) < len(values):
            raise OptionError(f"impacts: at[{name!r}]={asked!r} must hold values, each of them once.")
        checked[str(name)] = tuple(_value(str(name), value, inside, terms.levels) for value in values)
    return checked


def _is_list(asked: Any) -> bool:
    return hasattr(asked, "__iter__") and not isinstance(asked, str) and getattr(asked, "ndim", 1) > 0


def _value(name: str, value: Any, parts: Sequence[_Part], levels: Mapping[str, Sequence[Any]]) -> Any:
    """Check one value of a moderator: a finite number, or a level of a category."""
    value = value.item() if hasattr(value, "item") else value
    for part in parts:
        if part.level is None:
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                raise OptionError(f"impacts: at[{name!r}] must hold finite numbers; it holds {value!r}.")
            continue
        if _OTHER_CODING.match(part.level) and not part.is_treatment:
            raise OptionError(
                f"impacts: {part.name!r} is no indicator of a level, so that values of {name!r} do not tell what "
                f"it is. Use treatment coding: C({part.names[-1]})."
            )
        coded = dict.fromkeys(str(other.level) for other in parts if other.factor == part.factor)
        known = [written_value(level) for level in levels.get(part.factor, ())] or list(coded)
        if written_value(value) not in known:
            unseen = "" if part.factor in levels else (
                " A reference level is known only to a model fitted by fit_formula: use model.impacts(at=...)."
            )  # fmt: skip
            raise OptionError(
                f"impacts: {value!r} is no level of {part.factor!r}. There are: {some(known)}.{unseen}"
            )
    return float(value) if isinstance(value, (int, float)) and all(p.level is None for p in parts) else value


def written_value(value: Any) -> str:
    """Write a value of a moderator as it stands in a name: no more digits than it needs."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _name(regressor: str, labels: Mapping[str, Sequence[Any]], row: int) -> str:
    given = [
        f"{name}={written_value(column[row])}" for name, column in labels.items() if column[row] is not None
    ]
    return regressor + (f" [{', '.join(given)}]" if given else "")


def column_of(name: str) -> str:
    """Give the column of a moderator in a table of effects, where its name may be taken.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> column_of("digital"), column_of("z")
    ('digital', 'at[z]')
    """
    return f"at[{name}]" if name in _COLUMNS else name


def _why(left_out: Mapping[str, tuple[str, ...]]) -> str:
    return "; ".join(
        f"the effects of {name} change with {' and '.join(needs)}" for name, needs in left_out.items()
    )


def _note(left_out: Mapping[str, tuple[str, ...]]) -> str:
    why = f"Not shown, because at gives no value of what they change with: {_why(left_out)}."
    return why if left_out else ""


def _beyond(values: Mapping[str, Sequence[Any]], observed: Mapping[str, tuple[float, float]]) -> str:
    """Say which values lie outside of what was observed."""
    said = []
    for name, asked in values.items():
        low, high = observed.get(name, (-math.inf, math.inf))
        near = _BEYOND * (high - low) if high < math.inf else 0.0
        outside = [
            written_value(value)
            for value in asked
            if isinstance(value, float) and not low - near <= value <= high + near
        ]
        if outside:
            said.append(f"{name} = {', '.join(outside)} lies beyond the data ({low:.4g} to {high:.4g}).")
    return " ".join(said)
