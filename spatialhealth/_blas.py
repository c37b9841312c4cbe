"""Linear algebra on one core, so that sums are taken in the same order wherever they are, and threads do not wait."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

__all__ = ["one_thread"]


def one_thread() -> AbstractContextManager[Any]:
    """Let linear algebra run on one core, where that can be asked for.

    Sums are then taken in the same order on every machine, so that the same task gives the same bytes; and many
    small solves are faster, for threads that share a busy machine wait for each other.

    Returns
    -------
    context manager
    """
    found = _controller()
    return nullcontext() if found is None else found.limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _controller() -> Any:
    """Give what knows the BLAS of this process, or None; looking for it takes as long as a small factorisation."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
    except ImportError:
        return None
    import scipy.linalg  # noqa: F401  brings a BLAS of its own, which is to be found too

    return ThreadpoolController()
