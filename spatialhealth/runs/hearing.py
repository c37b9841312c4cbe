"""What a task warned of, kept apart from what other tasks warn of, threads included."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

__all__ = ["Said", "heard"]


class Said(NamedTuple):
    """One warning, as it can be sent and kept.

    Parameters
    ----------
    category : type of Warning
    message : str
    """

    category: type[Warning]
    message: str


_lock = threading.Lock()
_mine = threading.local()
# how many tasks of this process are listened to, and what the last of them puts back
_listening: list[Any] = []


@contextmanager
def heard() -> Iterator[list[Said]]:
    """Keep the warnings that this thread gives.

    `warnings.catch_warnings` is of the whole process: in threads, one task would hear what another says, and the
    last to leave would put back the filters of the first.

    Yields
    ------
    list of Said
    """
    said: list[Said] = []
    before = getattr(_mine, "said", None)
    _begin()
    _mine.said = said
    try:
        yield said
    finally:
        _mine.said = before
        _end()


def _begin() -> None:
    with _lock:
        state: Any = None
        if not _listening:
            state = warnings.catch_warnings()
            state.__enter__()
            warnings.simplefilter("always")
            usual = warnings.showwarning

            def show(
                message: Any, category: Any, filename: Any, lineno: Any, file: Any = None, line: Any = None
            ) -> None:
                said = getattr(_mine, "said", None)
                if said is None:
                    usual(message, category, filename, lineno, file, line)
                else:
                    said.append(Said(category, str(message)))

            warnings.showwarning = show
        _listening.append(state)


def _end() -> None:
    with _lock:
        if len(_listening) == 1:
            _listening[0].__exit__(None, None, None)
            _listening.clear()
        else:
            _listening.pop()
