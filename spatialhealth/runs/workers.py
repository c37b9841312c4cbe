"""Who does the work: this thread, processes of this machine, or the cluster that joblib was told to use."""

from __future__ import annotations

import asyncio
import sys
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._blas import one_thread
from spatialhealth.errors import MissingLibraryError, OptionError, RerunWarning, WorkerError
from spatialhealth.runs.hearing import Said, heard
from spatialhealth.runs.shared import Shared, pack, received

__all__ = ["Done", "Unit", "Workers", "workers"]

_ATTEMPTS = 3  # how often in a row a pool may lose a process before a task is done
_OWN = "joblib._parallel_backends"  # where joblib keeps the backends of one machine


@dataclass(frozen=True)
class Done:
    """What a worker gives back of one task: packed value and warnings, or the error.

    Parameters
    ----------
    place : int
        Of the task in the list.
    content : bytes
    error : Exception, optional
    trace : str
        Where the error was raised, in words.
    """

    place: int
    content: bytes = b""
    error: Exception | None = None
    trace: str = ""


# places of tasks, and their arguments
Unit = Sequence[tuple[int, tuple[Any, ...]]]


@dataclass(frozen=True)
class Workers:
    """Workers that joblib has at hand.

    Parameters
    ----------
    jobs : int
        How many tasks run at a time.
    asked : int or None
        What joblib is asked for.
    client : object, optional
        Of Dask, where the work goes to its cluster.
    """

    jobs: int
    asked: int | None
    client: Any = None

    def work(self, function: Callable[..., Any], units: list[Unit]) -> Generator[Done]:
        """Give what is done, as it is done; begin again what was lost with a process that died."""
        left = {place for unit in units for place, _ in unit}
        failures = 0
        while left:
            try:
                for done in self._once(function, units):
                    left.remove(done.place)
                    failures = 0
                    yield done
            except _broken() as error:
                failures += 1
                what = f"A worker process has ended by itself ({type(error).__name__})"
                if failures == _ATTEMPTS:
                    raise WorkerError(
                        f"{what}, {_ATTEMPTS} times in a row: {len(left):,} tasks are not done. Most often memory "
                        "ran out: use fewer processes, or n_jobs=1 to see the task that does it."
                    ) from error
                warnings.warn(
                    f"{what}. The {len(left):,} tasks that were not done are run again.",
                    RerunWarning,
                    stacklevel=4,
                )
                units = [rest for unit in units if (rest := [one for one in unit if one[0] in left])]

    def _once(self, function: Callable[..., Any], units: list[Unit]) -> Generator[Done]:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=self.asked, return_as="generator_unordered")
        with self._carried(units) as carried:
            calls = [delayed(_unit)(function, *_addressed(unit, carried)) for unit in units]
            stream = parallel(calls)
            try:
                for unit in stream:
                    yield from unit
            except BaseException:
                self._stop(stream, parallel)
                raise

    @contextmanager
    def _carried(self, units: list[Unit]) -> Iterator[dict[int, tuple[str, Any]]]:
        """Pack every shared input once; on a cluster, put it where every worker gets it from."""
        shared = {
            id(one): one for unit in units for _, arguments in unit for one in arguments if _is_shared(one)
        }
        packed = {place: one.packed for place, one in shared.items()}
        if self.client is None:
            yield packed
            return
        sent = {name: _sent(self.client, name, content) for name, content in packed.values()}
        try:
            yield {place: (name, sent[name]) for place, (name, _) in packed.items()}
        finally:
            for future in sent.values():
                future.release()

    def _stop(self, stream: Any, parallel: Any) -> None:
        """Leave nothing running: pending tasks are cancelled, processes ended."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of joblib, that the tasks it was told to stop are stopped
            stream.close()
        if self.client is not None:
            self.client.sync(_turn)
            # joblib forgets what it has submitted, and Dask would go on with it
            futures = list(getattr(parallel._backend, "_results", ()))
            self.client.cancel(futures, force=True)


def workers(owner: str, n_jobs: Any) -> Workers | None:
    """Give the workers of a run; None for this thread.

    Parameters
    ----------
    owner : str
    n_jobs : int or None
        None for what `joblib.parallel_config` says, and else this thread.

    Returns
    -------
    Workers or None

    Raises
    ------
    OptionError
        If `n_jobs` is no whole number other than 0.
    MissingLibraryError
        If joblib is not installed.
    """
    if n_jobs is not None and (
        not isinstance(n_jobs, (int, np.integer)) or isinstance(n_jobs, bool) or n_jobs == 0
    ):
        raise OptionError(
            f"{owner}: n_jobs={n_jobs!r} must be a whole number other than 0; -1 takes all cores. None takes what "
            "joblib.parallel_config says, and one if it says nothing."
        )
    # nobody can have configured what nobody has imported
    if n_jobs == 1 or (n_jobs is None and "joblib" not in sys.modules):
        return None
    try:
        from joblib.parallel import get_active_backend
    except ImportError:
        raise MissingLibraryError("n_jobs needs joblib: pip install joblib, or use n_jobs=1.") from None
    backend, configured = get_active_backend()
    asked = None if n_jobs is None else int(n_jobs)
    jobs = int(backend.effective_n_jobs(configured if asked is None else asked))
    # a cluster with one worker is still elsewhere
    if jobs == 1 and type(backend).__module__ == _OWN:
        return None
    client = getattr(backend, "client", None)
    return Workers(jobs, asked, client if hasattr(client, "scheduler_info") else None)


def _broken() -> type[Exception]:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    return BrokenProcessPool  # type: ignore[no-any-return]


def _is_shared(value: Any) -> bool:
    return isinstance(value, Shared)


@dataclass(frozen=True)
class _Address:
    """Stands among the arguments for a shared input."""

    name: str


def _addressed(unit: Unit, carried: dict[int, tuple[str, Any]]) -> tuple[list[Any], list[str], Any]:
    """Give the calls of a unit, with addresses in place of inputs, and the inputs beside them."""
    needed: dict[str, Any] = {}
    calls = []
    for place, arguments in unit:
        written = []
        for one in arguments:
            if _is_shared(one):
                name, content = carried[id(one)]
                needed[name] = content
                written.append(_Address(name))
            else:
                written.append(one)
        calls.append((place, tuple(written)))
    return calls, list(needed), *needed.values()


def _unit(function: Callable[..., Any], calls: Any, names: list[str], *contents: Any) -> list[Done]:
    """Do the tasks of a unit, in a worker; an error ends the unit, and what was done before is not lost."""
    known = received(dict(zip(names, contents, strict=True)))
    done: list[Done] = []
    with one_thread():
        for place, written in calls:
            arguments = [known[one.name] if isinstance(one, _Address) else one for one in written]
            inputs = [known[one.name] for one in written if isinstance(one, _Address)]
            try:
                with heard() as said:
                    value = function(*arguments)
                done.append(Done(place, pack((value, _plain(said)), inputs)))
            except Exception as error:
                done.append(_failed(place, error))
                break
    return done


def _plain(said: list[Said]) -> tuple[Said, ...]:
    return tuple(dict.fromkeys(said))


def _failed(place: int, error: Exception) -> Done:
    trace = traceback.format_exc()
    try:
        pack(error)
    except Exception:  # an error that cannot be sent is told in words
        error = WorkerError(f"{type(error).__name__}: {error}")
    return Done(place, error=error, trace=trace)


def _sent(client: Any, name: str, content: Any) -> Any:
    """Give a future of bytes on a cluster.

    Not scattered: what is scattered is lost with the worker that holds it. The result of a task is made again.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
        return client.submit(_same, content, key=f"spatialhealth-input-{name}", pure=False)


async def _turn() -> None:
    """Let what is on its way to the scheduler arrive there."""
    await asyncio.sleep(0.05)


def _same(content: Any) -> Any:
    return content
