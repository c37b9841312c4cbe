"""The group of each unit, from whatever names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import is_missing
from spatialhealth.errors import AlignmentError, DataError, LabelError, MissingDataError, OptionError, some
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Groups", "groups_of"]


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of units.

    Parameters
    ----------
    name : str
        What the units are grouped by.
    labels : tuple of G labels
        In ascending order, where they have one.
    codes : ndarray of shape (n,)
        Place in `labels` of the group of each unit.
    """

    name: str
    labels: tuple[Any, ...]
    codes: Array

    def members(self, group: int) -> Array:
        """Give the places of the units of a group, ascending."""
        return np.flatnonzero(self.codes == group)

    @property
    def titles(self) -> tuple[str, ...]:
        """Each group in words, such as ``port_developed=1``."""
        return tuple(f"{self.name}={label}" for label in self.labels)

    def described(self, limit: int = 4) -> str:
        """Give the groups and their sizes; beyond the limit only how many and of what size."""
        if len(self.labels) > limit:
            return f"{len(self.labels)} groups of {min(self.sizes):,} to {max(self.sizes):,} units"
        return ", ".join(f"{t} ({s:,} units)" for t, s in zip(self.titles, self.sizes, strict=True))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units in each group."""
        return tuple(np.bincount(self.codes, minlength=len(self.labels)).tolist())


def groups_of(by: Any, table: PanelTable, data: pd.DataFrame | None) -> Groups:
    """Give the group of each unit of a table.

    Parameters
    ----------
    by : str, Series, dict, or sequence of length n
        Name of a column or index level of `data`; labels by unit, or by (unit, period); or labels
        in the order of the units of W.
    table : PanelTable
        Data of the fit.
    data : DataFrame, optional
        The table that the fit was made from.

    Returns
    -------
    Groups

    Raises
    ------
    OptionError
        If `by` names nothing there is, or there is only one group.
    DataError
        If a unit has no group, or several over time.
    """
    name, found = _named(by, table, data)
    labels = np.empty(len(table.units), dtype=object)
    labels[:] = [_plain(label) for label in found]
    missing = [unit for unit, label in zip(table.units, labels, strict=True) if is_missing(label)]
    if missing:
        raise MissingDataError(
            f"regimes: {len(missing)} units have no group in {name!r}: {some(missing)}. Give each of them one."
        )
    known = _ordered(labels)
    if len(known) < 2:
        raise OptionError(
            f"regimes: all units are in one group of {name!r} ({known[0]!r}): there is nothing to compare."
        )
    if 2 * len(known) > len(labels) > 4:
        raise OptionError(
            f"regimes: {name!r} has {len(known):,} values for {len(labels):,} units, so that most units are a group "
            f"by themselves. Group the units by classes of it, such as by=pandas.qcut({name}, 3)."
        )
    place = {label: code for code, label in enumerate(known)}
    return Groups(name, tuple(known), np.array([place[label] for label in labels]))


def _named(by: Any, table: PanelTable, data: pd.DataFrame | None) -> tuple[str, list[Any]]:
    """Give the name of the grouping, and the label of every unit."""
    if isinstance(by, str):
        return by, _column(by, table, data)
    if isinstance(by, Mapping):
        return "group", _looked_up(by, table)
    if hasattr(by, "index") and hasattr(by, "to_numpy") and not hasattr(by, "columns"):
        return str(by.name if by.name is not None else "group"), _of_series(by, table)
    values = by.tolist() if isinstance(by, np.ndarray) else by
    if not isinstance(values, (list, tuple)) or len(values) != len(table.units):
        raise OptionError(
            f"regimes: by must be the name of a column, a Series or dict of labels by unit, or {len(table.units)} "
            f"labels in the order of the units of W; it is {type(by).__name__}"
            + (f" of length {len(by)}." if hasattr(by, "__len__") else ".")
        )
    return "group", list(values)


def _column(name: str, table: PanelTable, data: pd.DataFrame | None) -> list[Any]:
    if name in table.names:
        _steady(name, table)
        raise OptionError(
            f"regimes: by={name!r} is a regressor of the model too, and cannot have a coefficient within a group, "
            "where it does not vary. Leave it out of the model."
        )
    if data is not None and name in data.columns:
        return _of_series(data[name], table)
    if data is not None and name in data.index.names:
        return _of_series(data.index.get_level_values(name).to_series(index=data.index), table)
    if data is not None:
        raise OptionError(
            f"regimes: by={name!r} is no column of the data. There are: {some(data.columns, limit=20)}."
        )
    raise OptionError(
        f"regimes: the model no longer knows the table it was fitted on, so {name!r} cannot be looked up there. "
        f"Give the table, data=panel, or the labels themselves, by=panel[{name!r}]."
    )


def _steady(name: str, table: PanelTable) -> None:
    """Raise for a regressor that changes over time: a moderator, not a group."""
    values = table.x[..., table.names.index(name)]
    changing = (values != values[0]).any(axis=0)
    if changing.any():
        raise DataError(
            f"regimes: by={name!r} is a regressor that changes over time in {changing.sum():,} units, with "
            f"{len(np.unique(values)):,} values in all. A group is of units, for good. How effects change with "
            f"{name} is a matter of an interaction, 'x * {name}' and impacts(at={{{name!r}: [...]}}); or group the "
            "units by a class of its mean over time, given as labels by unit."
        )


def _of_series(labels: pd.Series, table: PanelTable) -> list[Any]:
    """Give one label a unit from labels by unit, or by (unit, period) and the same in all periods."""
    if labels.index.nlevels > 2:
        raise LabelError(
            f"regimes: the labels in {labels.name!r} are indexed by {labels.index.nlevels} levels; index them by "
            "unit, or by (unit, period)."
        )
    unit = labels.index.get_level_values(0)
    kinds = labels.groupby(unit).nunique(dropna=False)
    own = kinds.index.isin(table.units)
    _constant(str(labels.name), kinds.index[(kinds > 1).to_numpy() & own].tolist())
    return _looked_up(labels[~unit.duplicated()].set_axis(unit[~unit.duplicated()]).to_dict(), table)


def _looked_up(labels: Mapping[Any, Any], table: PanelTable) -> list[Any]:
    absent = [unit for unit in table.units.tolist() if unit not in labels]
    if absent:
        raise AlignmentError(
            f"regimes: {len(absent)} units of the model have no label in by: {some(absent)}. Label every unit of W."
        )
    return [labels[unit] for unit in table.units.tolist()]


def _constant(name: str, units: list[Any]) -> None:
    if units:
        raise DataError(
            f"regimes: {name!r} changes over time in {len(units)} units: {some(units)}. A group is of units, for "
            "good: take the label of one period. What changes over time can enter as an interaction: 'x * m'."
        )


def _plain(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label


def _ordered(labels: Array) -> list[Any]:
    known = list(dict.fromkeys(labels.tolist()))
    try:
        return sorted(known)
    except TypeError:
        return sorted(known, key=str)
