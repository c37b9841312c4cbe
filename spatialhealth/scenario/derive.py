"""Columns of the data that are made of the hospitals, made anew of a changed list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.errors import (
    AlignmentError,
    DuplicateError,
    LabelError,
    OptionError,
    ScenarioError,
    some,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_derive", "derived"]

_SAME = 1e-6  # relative; columns of files are rounded


def check_derive(derive: Any) -> None:
    """Raise unless columns are mapped to functions.

    Parameters
    ----------
    derive : mapping of str to callable

    Raises
    ------
    OptionError
        If it is something else.
    """
    if not isinstance(derive, Mapping) or not all(callable(make) for make in derive.values()):
        raise OptionError(
            "replay: derive must map columns of the data to functions of the hospitals and the units, such as "
            '{"tertiary": Stock("tertiary", of="facilities")}.'
        )


def derived(
    derive: Mapping[str, Callable[[Any, Any], Any]],
    hospitals: pd.DataFrame,
    changed: pd.DataFrame,
    before: pd.DataFrame,
    after: pd.DataFrame,
) -> pd.DataFrame:
    """Add to columns of the data what the change of the hospitals makes of them.

    Parameters
    ----------
    derive : mapping of str to callable
    hospitals, changed : DataFrame
        The list of hospitals, as it is and changed.
    before, after : DataFrame
        The data by unit, as they are and with all other changes.

    Returns
    -------
    DataFrame

    Raises
    ------
    ScenarioError, LabelError, DuplicateError, AlignmentError
        If a column is not there, what is made is no Series of the units, or not what the data hold.
    """
    for name, make in derive.items():
        made = _made(name, make, hospitals, before)
        _check_same(name, made, before)
        difference = _made(name, make, changed, before) - made
        after = after.assign(**{name: after[name] + difference.loc[after.index]})
    return after


def _made(name: str, make: Callable[[Any, Any], Any], hospitals: Any, table: pd.DataFrame) -> pd.Series:
    if name not in table.columns:
        raise ScenarioError(
            f"replay: derive names {name!r}, which the data do not have. They have: "
            f"{some(table.columns, 20)}."
        )
    made: pd.Series = make(hospitals, table.index)
    if not (hasattr(made, "index") and hasattr(made, "loc")) or made.ndim != 1:
        raise LabelError(
            f"replay: derive[{name!r}] must give a Series by unit, and gives a {type(made).__name__}. Take one "
            "column, or wrap the values as pandas.Series(values, index=units)."
        )
    twice = made.index[made.index.duplicated()]
    if len(twice):
        raise DuplicateError(
            f"replay: the derived column {name!r} has units more than once: {some(twice.unique())}. Give one "
            "value each."
        )
    lacking = [unit for unit in table.index if unit not in made.index]
    if lacking:
        raise AlignmentError(
            f"replay: the derived column {name!r} lacks the units {some(lacking)}. Give a value for each."
        )
    return made


def _check_same(name: str, made: pd.Series, table: pd.DataFrame) -> None:
    """Raise unless the hospitals give what the data hold: else the baseline would be of two minds."""
    held = table[name].to_numpy(dtype=float)
    value = made.loc[table.index].to_numpy(dtype=float)
    off = ~np.isclose(value, held, rtol=_SAME, atol=0.0)
    if off.any():
        first = int(np.flatnonzero(off)[0])
        raise AlignmentError(
            f"replay: {name!r} as made of the hospitals is not what the data hold, in {some(table.index[off])}; in "
            f"the first {value[first]:g} and {held[first]:g}. Derive it as the data were made, or put the derived "
            "column there."
        )
