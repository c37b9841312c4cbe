"""Work shared among threads: sparse products and factorisations let go of Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Any, TypeVar

from spatialhealth._blas import one_thread
from spatialhealth._progress import track

__all__ = ["in_threads", "steps_in_threads", "threads"]

T = TypeVar("T")
_MOST = 8  # beyond, memory traffic is the limit and every thread holds blocks of its own


def threads(jobs: int) -> int:
    """Give how many threads so many jobs are worth."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(jobs, available, _MOST))


def in_threads(function: Callable[[Any], T], items: Sequence[Any], text: str) -> list[T]:
    """Give function(item) for every item, in their order, with a progress bar.

    Parameters
    ----------
    function : callable
    items : sequence
    text : str
        What is being done.

    Returns
    -------
    list
    """
    if len(items) < 2 or threads(len(items)) == 1:
        with one_thread():
            return [function(item) for item in track(items, text)]
    with one_thread(), ThreadPoolExecutor(threads(len(items))) as pool:
        return list(track(pool.map(function, items), text, total=len(items)))


def steps_in_threads(
    jobs: Sequence[Generator[None, None, Any]], steps: int, text: str, together: bool
) -> list[Any]:
    """Run iterations side by side, and give what each of them ends with.

    Parameters
    ----------
    jobs : sequence of generators
        Each yields once a step, and returns its result.
    steps : int
        Of all jobs together, for the progress bar.
    text : str
        What is being done.
    together : bool
        Whether steps take long enough for threads; short ones would wait for Python's lock.

    Returns
    -------
    list
        What the generators return, in their order.
    """
    if not together or threads(len(jobs)) == 1:
        ends: list[Any] = []
        with one_thread():
            for _ in track(_in_turn(jobs, ends), text, total=steps):
                pass
        return ends
    told: SimpleQueue[Any] = SimpleQueue()
    stop = Event()

    def run(job: Iterator[Any]) -> Any:
        try:
            while not stop.is_set():
                try:
                    next(job)
                except StopIteration as end:
                    return end.value
                told.put(1)
        finally:
            told.put(None)
        return None

    with one_thread(), ThreadPoolExecutor(threads(len(jobs))) as pool:
        running = [pool.submit(run, job) for job in jobs]
        try:
            for _ in track(_until(told, len(jobs)), text, total=steps):
                pass
        except BaseException:
            stop.set()  # Ctrl-C ends every thread at its next step
            raise
        return [each.result() for each in running]


def _in_turn(jobs: Sequence[Generator[None, None, Any]], ends: list[Any]) -> Iterator[None]:
    """Go through the steps of all jobs, and keep what they return."""
    for job in jobs:
        ends.append((yield from job))


def _until(told: SimpleQueue[Any], jobs: int) -> Iterator[int]:
    """Give every step that is told, until so many jobs have ended."""
    while jobs:
        step = told.get()
        if step is None:
            jobs -= 1
        else:
            yield step
