"""Progress of long work: a bar where there is a terminal, silence elsewhere, and an end to both by Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["reporting", "track"]

T = TypeVar("T")
_PATIENCE = 2.0  # seconds before a bar appears
_report: ContextVar[Callable[[float], None] | None] = ContextVar("_report", default=None)


@contextmanager
def reporting(report: Callable[[float], None]) -> Iterator[None]:
    """Tell a program of one's own, such as QGIS, how far long work has come, in place of a bar.

    Parameters
    ----------
    report : callable
        Called with the share that is done, between 0 and 1, after each step. What it raises ends the work.
    """
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


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
    report = _report.get()
    if report is not None:
        return _reported(steps, report, total)
    try:
        from tqdm import tqdm
    except ImportError:  # the core runs where only numpy and scipy are installed
        return iter(steps)
    seen = sys.stderr.isatty() or "ipykernel" in sys.modules
    bar = tqdm(steps, desc=text, total=total, delay=_PATIENCE, leave=False, file=sys.stderr, disable=not seen)
    return iter(bar)


def _reported(steps: Iterable[T], report: Callable[[float], None], total: int | None) -> Iterator[T]:
    count = len(steps) if total is None and isinstance(steps, Sized) else total
    for done, step in enumerate(steps):
        report(done / count if count else 0.0)
        yield step
