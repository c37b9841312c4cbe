"""Which units a change is for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spatialhealth.errors import ScenarioError, did_you_mean, some

__all__ = ["chosen", "places", "units_named"]


def units_named(owner: str, where: Any) -> tuple[Any, ...] | None:
    """Read a choice of units.

    Parameters
    ----------
    owner : str
        What asks, for the message.
    where : label, collection of labels, boolean Series by unit, or None

    Returns
    -------
    tuple of labels, or None
        None stands for all units.

    Raises
    ------
    ScenarioError
        If no unit is named, one stands twice, or a Series holds zeros and ones.

    Examples
    --------
    >>> units_named("Change", "Guangzhou"), units_named("Change", ["a", "b"]), units_named("Change", None)
    (('Guangzhou',), ('a', 'b'), None)
    """
    if where is None:
        return None
    if hasattr(where, "dtype") and where.dtype == bool:
        if not hasattr(where, "index"):
            raise ScenarioError(
                f"{owner}: where is an array of True and False without labels. Give a Series by unit."
            )
        where = where.index[where]
    elif hasattr(where, "loc") and where.dtype.kind in "iufb" and set(where) <= {0, 1}:
        raise ScenarioError(
            f"{owner}: where is a Series of {where.dtype}, whose zeros and ones may be flags or labels. For flags "
            "give where == 1; for labels a list."
        )
    labels = (where,) if isinstance(where, str) or not isinstance(where, Iterable) else tuple(where)
    if not labels:
        raise ScenarioError(f"{owner}: where names no unit. Name one, or leave it out for all units.")
    twice = [label for label in dict.fromkeys(labels) if labels.count(label) > 1]
    if twice:
        raise ScenarioError(f"{owner}: where names {some(twice)} more than once.")
    return labels


def chosen(owner: str, where: tuple[Any, ...] | None, units: Any) -> list[Any]:
    """Give the units of a choice among those there are.

    Parameters
    ----------
    owner : str
    where : tuple of labels, or None
    units : Index
        The units of the table.

    Returns
    -------
    list

    Raises
    ------
    ScenarioError
        If one is not among them.
    """
    if where is None:
        return list(units)
    unknown = [label for label in where if label not in units]
    if unknown:
        raise ScenarioError(
            f"{owner}: where names units that the data do not have: {some(unknown)}."
            f"{did_you_mean(unknown[0], units)} They are of the data's index."
        )
    return list(where)


def places(where: tuple[Any, ...] | None, most: int = 3) -> str:
    """Write a choice of units.

    Examples
    --------
    >>> places(None), places(("a", "b"))
    ('all units', 'a, b')
    """
    if where is None:
        return "all units"
    more = len(where) - most
    return ", ".join(map(str, where[:most])) + (f" and {more} more" if more > 0 else "")
