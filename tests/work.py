"""Work for the runs of the tests, in a module of its own so that workers find it; and scripts that are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

from spatialhealth.runs import Task, run

ROOT = Path(__file__).resolve().parents[1]


class Counted:
    """An input that leaves a file in a folder every time it is made anew."""

    def __init__(self, folder, size=1000):
        self.folder, self.content = str(folder), b"x" * size

    def __setstate__(self, state):
        self.__dict__ |= state
        mark(self.folder, f"made-{os.getpid()}")


def mark(folder, name):
    """Leave a file of a new name."""
    handle = os.open(Path(folder) / f"{name}-{time.monotonic_ns()}", os.O_CREAT | os.O_EXCL)
    os.close(handle)


def square(number):
    """The least of tasks."""
    return number * number


def with_process(number, shared):
    """Square, and who did it."""
    time.sleep(0.02)
    return number * number, os.getpid(), len(shared.content)


def sizes(number, *shared):
    """Add up what many inputs hold."""
    return number + sum(len(each.content) for each in shared)


def marked(number, folder, seconds=0.0):
    """Square, with a mark once it is done."""
    time.sleep(seconds)
    mark(folder, f"task-{number}")
    return number * number


def warned(number):
    """Square, with a warning that says which."""
    time.sleep(0.01)
    warnings.warn(f"of {number}", UserWarning, stacklevel=1)
    return number * number


def fails(number):
    """Square, but for three."""
    if number == 3:
        raise ValueError("three cannot be squared")
    return number * number


def breaks(number):
    """Fail as a program does."""
    return number / 0


def deadly(number, folder, whom=3, again=False):
    """Square; the process that meets `whom` for the first time ends by itself."""
    flag = Path(folder) / "killed"
    if number == whom and (again or not flag.exists()):
        flag.touch()
        if again:
            time.sleep(0.5)  # for the others to be done, however busy the machine is
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return number * number


def deadly_with_input(number, folder, shared):
    """Square; the third and the ninth task each end their process once."""
    flag = Path(folder) / f"killed-{number}"
    if number in (3, 9) and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    assert shared.content
    return number * number


def tasks(count, *arguments, group=None):
    """Tasks 0 ... count - 1 with the same further arguments."""
    return [Task(f"task {n}", (n, *arguments), group) for n in range(count)]


def done(folder):
    """How many tasks of `marked` were done."""
    return len(list(Path(folder).glob("task-*")))


def values(outcomes):
    """The values of outcomes."""
    return [outcome.value for outcome in outcomes]


def long_run(count, folder, seconds, **options):
    """A run that can be stopped."""
    work = [Task(f"task {n}", (n, folder, seconds), identity=n) for n in range(count)]
    return values(run("squares", marked, work, "squares", inputs={"count": 1}, **options))


def start(code, **options):
    """Start a script of its own, as a terminal would: with a process group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        start_new_session=True,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
    )


def wait_for(condition, seconds=60):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def alive(group):
    """Processes of a group that still run, those that have ended and wait to be collected left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found
