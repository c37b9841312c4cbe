"""What every benchmark shares: cases in fresh processes, with time and memory limits, and one form of results.

A case is a function of `benchmarks/cases.py`, or a command of its own (R). Each run of it is a fresh process, whose
peak of resident memory the kernel reports when it ends; the process says itself how long the timed part took. Cases
that are compared take turns, run by run. One that takes too long or too much memory is stopped and reported as such.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import importlib.metadata
import json
import os
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ROOT", "Bench", "Case", "Result", "machine", "options", "r_versions", "versions"]

ROOT = Path(__file__).resolve().parent.parent
GB = 1024**3
# of this process and of those it starts, unless the environment says otherwise; the Makefile has the same
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
_MACHINE_GB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Parameters
    ----------
    what : str
        Its name in the table.
    name : str
        Function of `benchmarks/cases.py`; or "" with a command.
    arguments : dict
        Of that function.
    command : tuple of str
        Another program, whose last line of output is JSON with "seconds".
    limit : float
        Seconds after which it is stopped.
    memory : float
        GB of address space; by default nine tenths of the machine's memory.
    runs : int or None
        Fewer runs than the others, for what takes long.
    """

    what: str
    name: str = ""
    arguments: dict = field(default_factory=dict)
    command: tuple[str, ...] = ()
    limit: float = 3600.0
    memory: float = 0.9 * _MACHINE_GB
    runs: int | None = None


@dataclass
class Result:
    """What the runs of one case gave."""

    case: Case
    seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    values: dict = field(default_factory=dict)
    failure: str = ""

    @property
    def ok(self):
        """Whether every run ended."""
        return bool(self.seconds) and not self.failure

    @property
    def median(self):
        """Median of the seconds, None if it did not end."""
        return statistics.median(self.seconds) if self.ok else None


def options(doc, runs=3, sizes=()):
    """Read the options that every script has."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, prog=sys.argv[0]
    )
    parser.add_argument("--json", metavar="FILE", help="write the results here too")
    parser.add_argument("--runs", type=int, default=runs, help=f"fresh processes a case (default {runs})")
    parser.add_argument(
        "--peer-runs", type=int, default=1, help="the same of peers that take long (default 1)"
    )
    parser.add_argument("--sizes", type=whole, nargs="+", help=f"units (default {' '.join(map(str, sizes))})")
    parser.add_argument("--smoke", action="store_true", help="small sizes; assert correctness, not time")
    parser.add_argument("--quick", action="store_true", help="one run, the least size")
    parser.add_argument("--no-peers", action="store_true", help="our own package only")
    given = parser.parse_args()
    given.partial = given.sizes is not None or given.quick or given.no_peers
    if given.smoke or given.quick:
        given.runs = 1
    given.sizes = given.sizes or (list(sizes)[:1] if given.quick else list(sizes))
    return given


def whole(text):
    """Read 100000, 100_000 and 1e5 alike."""
    return int(float(text))


class Bench:
    """Runs cases, keeps rows, targets and checks, and writes them.

    Parameters
    ----------
    title : str
    given : argparse.Namespace
        From `options`.
    """

    def __init__(self, title, given):
        self.title, self.given = title, given
        self.prepared = False
        self.notes, self.rows, self.targets, self.checks, self.skipped = [], [], [], [], []
        print(f"{title}\n{'=' * len(title)}", flush=True)

    @property
    def smoke(self):
        """Whether sizes are small and only correctness counts."""
        return self.given.smoke

    @property
    def peers(self):
        """Whether peers are to be run."""
        return not self.given.no_peers

    def prepare(self, kind, n, periods=0):
        """Simulate the data of a case unless they are there, in a process of its own."""
        case = Case("data", "prepare", {"kind": kind, "n": n, "periods": periods})
        # in a smoke run the first one stands for all that run in processes of their own
        made = here(case) if self.smoke and self.prepared else attempt(case)
        self.prepared = True
        if not made.ok:
            raise RuntimeError(f"no data for {kind}, n = {n}: {made.failure}")

    def measure(self, cases):
        """Run cases in turns, and give their results in the same order."""
        results = [Result(case) for case in cases]
        for turn in range(self.given.runs):
            for result in results:
                most = result.case.runs or self.given.runs
                if turn >= most or result.failure:
                    continue
                one = here(result.case) if self.smoke and result.case.name else attempt(result.case)
                result.seconds += one.seconds
                result.peak_mb = max(result.peak_mb, one.peak_mb)
                result.values, result.failure = one.values or result.values, one.failure
                said = one.failure or f"{one.seconds[0]:.3f} s, {one.peak_mb:,.0f} MB"
                print(f"  {result.case.what}: {said}", flush=True)
        return results

    def row(self, result, n, against=None, note=""):
        """Keep a line of the table; `against` is the result whose median the ratio is taken of."""
        both = result.ok and against is not None and against.ok
        self.add(
            result.case.what,
            n,
            result.seconds if result.ok else [],
            result.peak_mb,
            result.median / against.median if both else None,
            "; ".join(part for part in (result.failure, note) if part),
        )

    def add(self, what, n, seconds, peak_mb=None, ratio=None, note=""):
        """Keep a line of the table from times in seconds; none for what did not end."""
        self.rows.append(
            {
                "what": what,
                "n": n,
                "median_s": statistics.median(seconds) if seconds else None,
                "min_s": min(seconds) if seconds else None,
                "max_s": max(seconds) if seconds else None,
                "peak_mb": peak_mb,
                "ratio": ratio,
                "note": note,
            }
        )

    def target(self, target, measured, met):
        """State a target and what was measured; small sizes have none."""
        if not self.smoke:
            self.targets.append({"target": target, "measured": measured, "met": bool(met)})
            print(f"  {'met    ' if met else 'NOT MET'} {target}: {measured}", flush=True)

    def check(self, what, ok, detail=""):
        """Assert something that does not depend on the machine."""
        self.checks.append(bool(ok))
        print(f"  {'ok  ' if ok else 'FAIL'} {what}{f': {detail}' if detail else ''}", flush=True)

    def done(self, result):
        """Check that a case of ours ended, and say whether it did."""
        self.check(f"{result.case.what} ends", result.ok, result.failure)
        return result.ok

    def skip(self, what, reason):
        """Say that something was not run, and why."""
        self.skipped.append(f"{what}: {reason}")
        print(f"  skipped {what}: {reason}", flush=True)

    def note(self, text):
        """Keep a sentence for the page."""
        self.notes.append(text)

    def finish(self):
        """Print the table, write the results, and leave: with an error if a check failed."""
        for row in self.rows:
            print(line(row))
        if self.given.json:
            Path(self.given.json).write_text(json.dumps(self.results(), indent=1) + "\n", encoding="utf-8")
        failed = self.checks.count(False)
        print(f"{self.checks.count(True)} passed, {failed} failed", flush=True)
        sys.exit(1 if failed else 0)

    def results(self):
        """Everything that the page needs."""
        return {
            "title": self.title,
            "notes": self.notes + [f"Not run: {text}" for text in self.skipped],
            "rows": self.rows,
            "targets": self.targets,
            "partial": self.given.partial,
            "date": datetime.date.today().isoformat(),
            "machine": machine(),
            "versions": versions(),
        }


def line(row):
    """One line of the printed table."""
    if row["median_s"] is None:
        return f"{row['what']:<58} {row['n']:>11,}   {row['note']}"
    peak = f"{row['peak_mb']:9,.0f} MB" if row["peak_mb"] else " " * 12
    ratio = f"{row['ratio']:8.2f}x" if row["ratio"] else " " * 9
    times = f"{row['median_s']:10.3f} s ({row['min_s']:.3f} to {row['max_s']:.3f})"
    return f"{row['what']:<58} {row['n']:>11,} {times:<32} {peak} {ratio}  {row['note']}"


def attempt(case):
    """Run a case once, in a fresh process."""
    command = list(case.command) or [
        sys.executable, "-m", "benchmarks.cases", case.name, json.dumps(case.arguments),
    ]  # fmt: skip
    top = int(case.memory * GB)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (top, top)),
    )
    late = threading.Event()

    def stop():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(case.limit, stop)
    timer.start()
    said, ended = {}, threading.Thread(target=lambda: said.update(errors=process.stderr.read()))
    ended.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    ended.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    result = Result(case, peak_mb=usage.ru_maxrss / 1024)
    result.failure = failure(case, process.returncode, said["errors"], late.is_set())
    if not result.failure:
        lines = [each for each in output.splitlines() if each.startswith("{")]
        result.values = json.loads(lines[-1]) if lines else {}
        result.seconds = [result.values["seconds"]]
        result.peak_mb = result.values.get("peak_mb", result.peak_mb)
    return result


def here(case):
    """Run a case in this process: no limits and no peak of its own, but no start of an interpreter."""
    from benchmarks.cases import CASES

    result = Result(case)
    try:
        result.values = json.loads(json.dumps(CASES[case.name](**json.loads(json.dumps(case.arguments)))))
    except Exception as error:
        result.failure = f"failed: {type(error).__name__}: {error}"
    else:
        result.seconds = [result.values["seconds"]]
    return result


def failure(case, code, errors, late):
    """Say in a few words why a case gave nothing; empty if it did."""
    if late:
        return f"not finished in {case.limit:,.0f} s"
    if code == 0:
        return ""
    short = (
        "MemoryError",
        "cannot allocate",
        "bad_alloc",
        "out of memory",
        "Unable to allocate",
        "Cannot allocate",
    )
    if code == -signal.SIGKILL or any(word in errors for word in short):
        return f"out of memory (limit {case.memory:.0f} GB)"
    lines = [each.strip() for each in errors.splitlines() if each.strip()]
    return f"failed: {lines[-1][:160] if lines else f'exit code {code}'}"


@functools.cache
def r_versions():
    """Versions of R and spatialreg; empty where they are not installed."""
    if shutil.which("Rscript") is None:
        return {}
    packages = ("spatialreg", "Matrix")
    asked = "".join(f', as.character(packageVersion("{name}"))' for name in packages)
    ask = f"cat(as.character(getRversion()){asked})"
    done = subprocess.run(["Rscript", "-e", ask], capture_output=True, text=True)
    if done.returncode:
        return {}
    return dict(zip(("R", *packages), done.stdout.split(), strict=True))


def versions():
    """Versions of everything that is measured."""
    found = {"Python": platform.python_version()}
    for name in ("numpy", "scipy", "pandas", "libpysal", "spreg", "numba", "sksparse-minimal"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found | r_versions()


def machine():
    """Describe the machine."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = [
            each.split(":", 1)[1] for each in information.read_text().splitlines() if "model name" in each
        ]
        cpu = named[0].strip() if named else cpu
    return {
        "CPU": cpu,
        "cores": str(os.cpu_count()),
        "memory": f"{_MACHINE_GB:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "BLAS threads": os.environ["OPENBLAS_NUM_THREADS"],
    }
