"""Which units a change is for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spatialhealth.errors import AlignmentError, ScenarioError, did_you_mean, some

__all__ = ["Flagged", "check_flags", "chosen", "places", "units_named"]


class Flagged(tuple[Any, ...]):
    """The labels of which a boolean Series says True; `asked` are all of its labels."""

    asked: tuple[Any, ...] = ()


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
        None stands for all units; of a boolean Series it is a `Flagged`, for `check_flags`.

    Raises
    ------
    ScenarioError
        If no unit is named, one stands twice, or a Series holds zeros and ones.

    Examples
    --------
    >>> units_named("Change", "Guangzhou"), units_named("Change", ["a", "b"]), units_named("Change", None)
    (('Guangzhou',), ('a', 'b'), None)
    """
    if where is None or isinstance(where, Flagged):
        return where
    asked: tuple[Any, ...] | None = None
    if hasattr(where, "dtype") and where.dtype == bool:
        if not hasattr(where, "index"):
            raise ScenarioError(
                f"{owner}: where is an array of True and False without labels. Give a Series by unit."
            )
        asked = tuple(where.index)
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
    if asked is None:
        return labels
    flagged = Flagged(labels)
    flagged.asked = asked
    return flagged


def check_flags(owner: str, where: tuple[Any, ...], units: Any, what: str = "units of the data") -> None:
    """Raise unless a choice by True and False says either of each unit, and of nothing else.

    Parameters
    ----------
    owner : str
    where : tuple of labels
        A choice by labels passes.
    units : Index
    what : str
        What the units are, in words.

    Raises
    ------
    AlignmentError
    """
    if not isinstance(where, Flagged):
        return
    asked = set(where.asked)
    lacking, extra = [label for label in units if label not in asked], list(asked - set(units))
    if lacking or extra:
        found = [f"lacks {some(lacking)}"] * bool(lacking) + [f"has {some(extra)} beside them"] * bool(extra)
        raise AlignmentError(
            f"{owner}: where is a Series of True and False that is not of the {what}: it {' and '.join(found)}. "
            "Say True or False of each, or give a list of labels."
        )


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
    AlignmentError
        If the choice is by True and False, and not of exactly these units.
    """
    if where is None:
        return list(units)
    check_flags(owner, where, units)
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
