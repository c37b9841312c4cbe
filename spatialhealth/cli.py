"""The command line: run the demonstration, or a study of one's own."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spatialhealth import __version__, errors

__all__ = ["main"]

_REFUSED = 2
_STOPPED = 130  # what a shell expects after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0 when all went well, 2 when the study or its data are wrong, 130 when it was stopped.
    """
    asked = _parser().parse_args(argv)
    refusals = tuple(
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ValueError)
    )
    try:
        return int(asked.run(asked))
    except refusals as error:
        print(f"spatialhealth: {error}", file=sys.stderr)
    except OSError as error:
        print(f"spatialhealth: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
    except KeyboardInterrupt as stop:
        print("\n".join(["spatialhealth: stopped.", *getattr(stop, "__notes__", ())]), file=sys.stderr)
        return _STOPPED
    return _REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spatialhealth",
        description="Spatial weights and spatial Durbin models of how hospitals attract people.",
    )
    parser.add_argument("--version", action="version", version=f"spatialhealth {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser("demo", help="run the demonstration on the embedded, simulated data")
    demo.add_argument("--out", default="report", help="folder to write in (default: report)")
    demo.set_defaults(run=_demo)
    study = commands.add_parser("study", help="run a study file")
    study.add_argument("file", help="the study, a TOML file; docs/studies.md explains its keys")
    study.add_argument("--out", default="report", help="folder to write in (default: report)")
    study.add_argument(
        "--jobs", type=int, help="processes for the alternatives, -1 for all cores (default: one)"
    )
    study.add_argument(
        "--checkpoint", metavar="DIR", help="folder that keeps what is done, to go on from there"
    )
    study.set_defaults(run=_study)
    return parser


def _demo(asked: Any) -> int:
    from importlib.resources import as_file, files

    with as_file(files("spatialhealth.report") / "templates" / "demo.toml") as path:
        return _run(path, asked.out, "spatialhealth demo")


def _study(asked: Any) -> int:
    return _run(Path(asked.file), asked.out, None, asked.jobs, asked.checkpoint)


def _run(
    path: Path, out: str, command: str | None, jobs: int | None = None, checkpoint: str | None = None
) -> int:
    from spatialhealth.report import Study
    from spatialhealth.report.words import warnings_by_text

    start = time.perf_counter()
    results = Study(path).run(
        out,
        command=command,
        say=lambda text: print(text, flush=True),
        n_jobs=jobs,
        checkpoint=checkpoint,
    )
    for text, names in warnings_by_text(results.fits).items():
        print(f"Mind ({', '.join(names)}): {text}", file=sys.stderr)
    if results.main.data.simulated:
        print("The data of this study are simulated.")
    print(f"Done in {time.perf_counter() - start:.1f} s. The report is {Path(out) / 'report.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
