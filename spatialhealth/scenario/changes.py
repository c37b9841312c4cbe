"""Changes of a column of the table: by so much, to so much, or so many times as much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._validation import check_number
from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    MissingDataError,
    OptionError,
    ScenarioError,
    did_you_mean,
    some,
)
from spatialhealth.scenario.where import chosen, places, units_named

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Change", "DigitalRollout", "TableChange", "column_of"]


class TableChange:
    """A change of the table that a model reads."""

    @property
    def words(self) -> str:
        """The change in words."""
        raise NotImplementedError

    def table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give a changed copy of a table indexed by unit; the table is left as it is."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Change(TableChange):
    """One column of the table, changed.

    Parameters
    ----------
    column : str
    by : float or Series by unit, optional
        What is added.
    to : float or Series by unit, optional
        What it becomes.
    times : float or Series by unit, optional
        What it is multiplied with. Of `by`, `to` and `times` give one.
    where : label, collection of labels or boolean Series by unit, optional
        The units; all by default.

    Raises
    ------
    OptionError
        If not exactly one of the three is given, or it is no number.
    ScenarioError
        If `where` names no unit, or one twice.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"beds": [100.0, 50.0]}, index=["a", "b"])
    >>> Change("beds", by=20, where="b").table(table)["beds"].tolist()
    [100.0, 70.0]
    """

    column: str
    by: Any = None
    to: Any = None
    times: Any = None
    where: Any = None

    def __post_init__(self) -> None:
        given = [name for name in ("by", "to", "times") if getattr(self, name) is not None]
        if len(given) != 1:
            found = f"got {' and '.join(given)}" if given else "got none"
            raise OptionError(f"Change of {self.column!r}: give one of by, to and times; {found}.")
        value = getattr(self, given[0])
        if not hasattr(value, "loc"):
            check_number("Change", given[0], value)
        object.__setattr__(self, "where", units_named(f"Change of {self.column!r}", self.where))

    @property
    def words(self) -> str:
        """The change in words."""
        verb = {"by": "+", "to": "to ", "times": "x "}
        name = next(name for name in verb if getattr(self, name) is not None)
        amount = getattr(self, name)
        size = "amounts by unit" if hasattr(amount, "loc") else f"{amount:g}"
        sign = "" if size.startswith("-") and name == "by" else verb[name]
        return f"{self.column} {sign}{size} in {places(self.where)}"

    def table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give a changed copy of a table indexed by unit.

        Parameters
        ----------
        table : DataFrame

        Returns
        -------
        DataFrame

        Raises
        ------
        ScenarioError
            If the table has no such column or unit.
        AlignmentError, DuplicateError, MissingDataError
            If a Series of amounts lacks a unit, has one twice, or has no finite number for one; or `where` is a
            boolean Series that is not of the units of the table.
        """
        owner = f"Change of {self.column!r}"
        column = column_of(owner, table, self.column)
        units = chosen(owner, self.where, table.index)
        old = column.loc[units].to_numpy(dtype=float)
        if self.by is not None:
            new = old + _amounts(owner, self.by, units)
        elif self.times is not None:
            new = old * _amounts(owner, self.times, units)
        else:
            new = np.broadcast_to(_amounts(owner, self.to, units), old.shape)
        return _with(table, self.column, units, new)


@dataclass(frozen=True, eq=False)
class DigitalRollout(TableChange):
    """Digital diagnosis brought to primary care: a column between 0 and 1 raised to what it is worth.

    Parameters
    ----------
    where : label, collection of labels or boolean Series by unit, optional
        The units; all by default.
    coverage : float
        Share of primary care that has it afterwards, in [0, 1]. Units that are beyond it stay where they are.
    sensitivity, specificity : float, default 1.0
        Of the new diagnosis, in [0, 1]: the shares of the severe and of the mild cases that it tells right. The two
        must sum to more than one: a test below that is worse than none.
    column : str, default "digital"
        How far digital diagnosis has reached primary care, from 0 to 1.

    Raises
    ------
    OptionError
        If a share is outside [0, 1], or the two do not sum to more than one.
    ScenarioError
        If `where` names no unit, or one twice.

    Notes
    -----
    The column rises from d to d + max(coverage - d, 0) J with Youden's J = sensitivity + specificity - 1, the share
    of decisions that the new diagnosis makes better than chance does. What was there before counts as it is.

    References
    ----------
    Youden, W. J. (1950). Index for rating diagnostic tests. Cancer 3, 32-35.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"digital": [0.2, 0.9]}, index=["a", "b"])
    >>> DigitalRollout(coverage=0.8, sensitivity=0.9, specificity=0.85).table(table)["digital"].round(3).tolist()
    [0.65, 0.9]
    """

    where: Any = None
    coverage: float = 1.0
    sensitivity: float = 1.0
    specificity: float = 1.0
    column: str = "digital"

    def __post_init__(self) -> None:
        for name in ("coverage", "sensitivity", "specificity"):
            check_unit_share("DigitalRollout", name, getattr(self, name))
        if self.youden <= 0:
            raise OptionError(
                f"DigitalRollout: sensitivity {self.sensitivity:g} and specificity {self.specificity:g} sum to no "
                "more than one: this diagnosis decides no better than chance."
            )
        object.__setattr__(self, "where", units_named("DigitalRollout", self.where))

    @property
    def words(self) -> str:
        """The change in words."""
        quality = (
            ""
            if self.youden == 1
            else f" (sensitivity {self.sensitivity:g}, specificity {self.specificity:g})"
        )
        return f"digital diagnosis in {self.coverage:.0%} of primary care{quality} in {places(self.where)}"

    @property
    def youden(self) -> float:
        """Youden's J, the share of decisions that are better than chance."""
        return self.sensitivity + self.specificity - 1

    def table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give a changed copy of a table indexed by unit.

        Parameters
        ----------
        table : DataFrame

        Returns
        -------
        DataFrame

        Raises
        ------
        ScenarioError
            If the table has no such column or unit, or the column is not between 0 and 1.
        AlignmentError
            If `where` is a boolean Series that is not of the units of the table.
        """
        column = column_of("DigitalRollout", table, self.column)
        units = chosen("DigitalRollout", self.where, table.index)
        old = column.loc[units].to_numpy(dtype=float)
        outside = [unit for unit, value in zip(units, old, strict=True) if not 0 <= value <= 1]
        if outside:
            raise ScenarioError(
                f"DigitalRollout: {self.column!r} is not between 0 and 1 in {some(outside)}. "
                "Give the reach as a share."
            )
        return _with(table, self.column, units, old + np.maximum(self.coverage - old, 0.0) * self.youden)


def check_unit_share(owner: str, name: str, value: Any) -> float:
    """Give back `value` if it lies in [0, 1]."""
    number = check_number(owner, name, value)
    if not 0 <= number <= 1:
        raise OptionError(f"{owner}: {name}={value!r} must lie between 0 and 1.")
    return number


def column_of(owner: str, table: pd.DataFrame, name: str) -> pd.Series:
    """Give a column of numbers of a table.

    Parameters
    ----------
    owner : str
        What asks, for the message.
    table : DataFrame
    name : str

    Returns
    -------
    Series

    Raises
    ------
    ScenarioError
        If there is none of that name, or it does not hold numbers.
    """
    if name not in table.columns:
        raise ScenarioError(
            f"{owner}: the data have no column {name!r}.{did_you_mean(name, table.columns)} "
            f"They have: {some(table.columns, 20)}."
        )
    column = table[name]
    if column.dtype.kind not in "iufb":
        raise ScenarioError(f"{owner}: the column {name!r} does not hold numbers.")
    return column


def _amounts(owner: str, amount: Any, units: list[Any]) -> Any:
    """Give an amount for every unit, in their order."""
    if not hasattr(amount, "loc"):
        return float(amount)
    lacking = [unit for unit in units if unit not in amount.index]
    if lacking:
        raise AlignmentError(
            f"{owner}: the amounts lack the units {some(lacking)}. Give one for each, or name the units with where=."
        )
    twice = amount.index[amount.index.duplicated()]
    if len(twice):
        raise DuplicateError(
            f"{owner}: the amounts have units more than once: {some(twice.unique())}. Give one each."
        )
    if amount.dtype.kind not in "iufb":
        raise ScenarioError(f"{owner}: the amounts do not hold numbers. Convert them with pandas.to_numeric.")
    values = amount.loc[units].to_numpy(dtype=float)
    odd = [unit for unit, finite in zip(units, np.isfinite(values), strict=True) if not finite]
    if odd:
        raise MissingDataError(
            f"{owner}: the amounts are missing or infinite for {some(odd)}. Give a number for each unit "
            "that is changed."
        )
    return values


def _with(table: pd.DataFrame, name: str, units: list[Any], values: Any) -> pd.DataFrame:
    column = table[name].astype(float).copy()
    column.loc[units] = values
    return table.assign(**{name: column})
