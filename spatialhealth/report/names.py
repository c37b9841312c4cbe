"""Names of the files that a study writes."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["free", "slug", "slugs"]


def slug(name: str) -> str:
    """Make a file name of letters and figures.

    Examples
    --------
    >>> slug("log(price / cpi)")
    'log_price_cpi'
    """
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()


def free(name: str, taken: set[str]) -> str:
    """Make a file name that is not taken yet, and take it."""
    plain = slug(name)
    found, j = plain, 2
    while found in taken:
        found, j = f"{plain}_{j}", j + 1
    taken.add(found)
    return found


def slugs(names: Iterable[str]) -> list[str]:
    """Make file names that differ from each other.

    Examples
    --------
    >>> slugs(["North & South", "north, south"])
    ['north_south', 'north_south_2']
    """
    taken: set[str] = set()
    return [free(name, taken) for name in names]
