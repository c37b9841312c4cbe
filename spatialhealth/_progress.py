"""Progress of long work: a bar where there is a terminal, silence elsewhere, and an end to both by Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["track"]

T = TypeVar("T")
_PATIENCE = 2.0  # seconds before a bar appears


def track(steps: Iterable[T], text: str, total: int | None = None) -> Iterator[T]:
    """Iterate over `steps`, showing a bar once the work has lasted two seconds.

    Parameters
    ----------
    steps : iterable
        What to iterate over.
    text : str
        What is being done, shown before the bar.
    total : int, optional
        How many steps there are, when `steps` has no length.

    Returns
    -------
    iterator
    """
    try:
        from tqdm import tqdm
    except ImportError:  # the core runs where only numpy and scipy are installed
        return iter(steps)
    seen = sys.stderr.isatty() or "ipykernel" in sys.modules
    bar = tqdm(steps, desc=text, total=total, delay=_PATIENCE, leave=False, file=sys.stderr, disable=not seen)
    return iter(bar)
