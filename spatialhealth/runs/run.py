"""run: the one way in which this package does something many times."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialhealth._blas import one_thread
from spatialhealth._progress import track
from spatialhealth.errors import SpatialHealthWarning
from spatialhealth.runs.checkpoint import Checkpoint
from spatialhealth.runs.digest import digest
from spatialhealth.runs.hearing import Said, heard
from spatialhealth.runs.shared import Shared, pack, unpack
from spatialhealth.runs.workers import Done, Unit, Workers, workers

__all__ = ["Outcome", "Task", "run"]

_TOGETHER = 16  # tasks sent at once, at the most: they come back at once, too


@dataclass(frozen=True)
class Task:
    """One call of the function of a run.

    Parameters
    ----------
    name : str
        For people: "SDM, queen".
    arguments : tuple
        Of the function, small ones as they are and large ones as `Shared`. Random steps take a seed of their own.
    group : hashable, optional
        Tasks of a group go to the same worker where there are enough groups for all, so that what is remembered of
        their common input (the log-determinant of a W) is computed once.
    identity : object, optional
        What tells the task from others of the run in a checkpoint; its arguments by default.
    """

    name: str
    arguments: tuple[Any, ...]
    group: Hashable = None
    identity: Any = None

    def key(self, function: Callable[..., Any]) -> str:
        """Give the key under which its outcome is kept: a digest of what it is computed from."""
        parts = self.arguments if self.identity is None else self.identity
        if isinstance(parts, tuple):
            parts = [part.digest if isinstance(part, Shared) else part for part in parts]
        return digest([function.__module__, function.__qualname__, parts])

    @property
    def inputs(self) -> list[Any]:
        """Values of its shared inputs, in their order."""
        return [one.value for one in self.arguments if isinstance(one, Shared)]


@dataclass(frozen=True)
class Outcome:
    """What a task gave.

    Parameters
    ----------
    value : object
    warnings : tuple of Said
        What it warned of, once each.
    """

    value: Any
    warnings: tuple[Said, ...]

    def warn_of_others(self, stacklevel: int = 3) -> None:
        """Pass on what is not of this package."""
        for each in self.warnings:
            if not issubclass(each.category, SpatialHealthWarning):
                warnings.warn(each.message, each.category, stacklevel=stacklevel)


def run(
    owner: str,
    function: Callable[..., Any],
    tasks: Sequence[Task],
    text: str,
    n_jobs: int | None = None,
    checkpoint: Any = None,
    inputs: Mapping[str, Any] | None = None,
    finished: Callable[[Task], None] | None = None,
    keep: Callable[[Any], bool] | None = None,
) -> list[Outcome]:
    """Do tasks, in this thread or by workers, and give their outcomes in the order of the tasks.

    Parameters
    ----------
    owner : str
        Public function that runs them, for messages.
    function : callable
        Of a module, so that workers find it.
    tasks : sequence of Task
    text : str
        What is being done, for the bar of progress.
    n_jobs : int, optional
        Processes, -1 for all cores; 1 for this thread. By default what ``joblib.parallel_config`` says, which may be
        a cluster, and else this thread.
    checkpoint : path-like, optional
        Folder that keeps every task as it finishes. Tasks found there are not done again.
    inputs : mapping of str to object, optional
        What the run is of; see `spatialhealth.runs.checkpoint.Checkpoint`.
    finished : callable, optional
        Called with every task that is done or found.
    keep : callable, optional
        Whether a value is to be kept; all are by default.

    Returns
    -------
    list of Outcome

    Raises
    ------
    CheckpointError
        If the folder is of another run.
    WorkerError
        If worker processes ended by themselves again and again.
    KeyboardInterrupt
        On Ctrl-C, with a note that says how much is kept.

    Notes
    -----
    Linear algebra uses one thread in every task, so that the numbers do not depend on where it ran. Workers write no
    files: outcomes are kept by the process that asked for them, and a cluster needs no common disk.

    Examples
    --------
    >>> import operator
    >>> tasks = [Task(f"{n} squared", (n, 2)) for n in range(4)]
    >>> [outcome.value for outcome in run("example", operator.pow, tasks, "squares")]
    [0, 1, 4, 9]
    """
    team = workers(owner, n_jobs)
    kept = None if checkpoint is None else Checkpoint(checkpoint, owner, inputs or {})
    keys = [task.key(function) for task in tasks] if kept is not None else []
    found = {} if kept is None else _read(kept, tasks, keys)
    for place in found:
        if finished is not None:
            finished(tasks[place])
    left = [place for place in range(len(tasks)) if place not in found]
    label = f"{text}, {len(found):,} kept" if found else text
    work = _here(function, tasks, left, kept) if team is None else _there(team, function, tasks, left)
    try:
        with one_thread():
            for place, outcome, content in track(work, label, len(left)):
                if kept is not None and (keep is None or keep(outcome.value)):
                    kept.write(keys[place], content)
                found[place] = outcome
                if finished is not None:
                    finished(tasks[place])
    except KeyboardInterrupt as stop:
        stop.add_note(_stopped(owner, len(found), len(tasks), kept))
        raise
    finally:
        work.close()
    return [found[place] for place in range(len(tasks))]


def _read(kept: Checkpoint, tasks: Sequence[Task], keys: list[str]) -> dict[int, Outcome]:
    """Give what a folder has of the tasks."""
    found = {}
    for place, (task, key) in enumerate(zip(tasks, keys, strict=True)):
        content = kept.read(key)
        if content is None:
            continue
        try:
            found[place] = Outcome(*unpack(content, task.inputs))
        except Exception as error:  # a spoilt pickle can raise anything
            kept.spoilt(key, error)
    return found


Step = tuple[int, Outcome, bytes]


def _here(
    function: Callable[..., Any], tasks: Sequence[Task], left: list[int], kept: Checkpoint | None
) -> Generator[Step]:
    """Do tasks one after the other in this thread."""
    for place in left:
        task = tasks[place]
        try:
            with heard() as said:
                value = function(*(one.value if isinstance(one, Shared) else one for one in task.arguments))
        except Exception as error:
            error.add_note(f"in {task.name}")
            raise
        outcome = Outcome(value, tuple(dict.fromkeys(said)))
        content = b"" if kept is None else pack((value, outcome.warnings), task.inputs)
        yield place, outcome, content


def _there(
    team: Workers, function: Callable[..., Any], tasks: Sequence[Task], left: list[int]
) -> Generator[Step]:
    """Have tasks done by workers, and give them as they finish."""
    # threads of this process may leave each other's filters behind
    with warnings.catch_warnings():
        work = team.work(function, _units(tasks, left, team.jobs))
        try:
            for done in work:
                if done.error is not None:
                    raise _told(done, tasks[done.place])
                value, said = unpack(done.content, tasks[done.place].inputs)
                yield done.place, Outcome(value, said), done.content
        finally:
            work.close()


def _told(done: Done, task: Task) -> Exception:
    assert done.error is not None
    done.error.add_note(f"in {task.name}")
    if not isinstance(done.error, ValueError):  # a fault, not a refusal: say where
        done.error.add_note(done.trace)
    return done.error


def _units(tasks: Sequence[Task], left: list[int], jobs: int) -> list[Unit]:
    """Put tasks of a group together where there are as many groups as workers."""
    groups: dict[Hashable, list[int]] = {}
    for place in left:
        groups.setdefault(tasks[place].group, []).append(place)
    size = _TOGETHER if len(groups) >= jobs else 1
    return [
        [(place, tasks[place].arguments) for place in group[start : start + size]]
        for group in groups.values()
        for start in range(0, len(group), size)
    ]


def _stopped(owner: str, done: int, total: int, kept: Checkpoint | None) -> str:
    said = f"{owner}: stopped with {done:,} of {total:,} tasks done."
    if kept is None:
        return (
            f"{said} None is kept. With checkpoint='folder' they are, and the same call goes on from there."
        )
    return f"{said} They are kept in {str(kept.folder)!r}; the same call goes on from there."
