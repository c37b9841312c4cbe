"""Linear algebra on one core, so that sums are taken in the same order wherever a task runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let linear algebra run on one core, where that can be asked for.

    Sums are then taken in the same order on every machine, so that the same task gives the same bytes; and many
    small solves are faster, for threads that share a busy machine wait for each other.

    Yields
    ------
    None
    """
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        yield
        return
    with threadpool_limits(limits=1, user_api="blas"):
        yield
