"""Study: one file in, one folder out: report, tables, figures and numbers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialhealth import maps
from spatialhealth._progress import track
from spatialhealth.report.drawing import Drawing
from spatialhealth.report.figures import draw
from spatialhealth.report.html import Picture, page
from spatialhealth.report.page import page_of
from spatialhealth.report.results import results_json, tables_of
from spatialhealth.report.run import Results, run, say_nothing
from spatialhealth.report.study_file import StudyFile, study_of

__all__ = ["Study"]

_DOTS = 160  # an inch; 7.2 inches are then 1,152 dots, sharp on a page of this width


@dataclass(frozen=True, eq=False)
class Study:
    """A study: data, weights, model and questions in one file.

    Parameters
    ----------
    source : path-like, dict or StudyFile
        A study file, or a dict with the same keys; see `spatialhealth.report.study_file`. It is read and checked at
        once.

    Raises
    ------
    StudyError
        If the study file is wrong; the message names key and line.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> formula = "log(sales) ~ log(price / cpi)"
    >>> study = sh.Study({
    ...     "title": "Prices and sales of cigarettes",
    ...     "data": {"dataset": "us_cigarettes"},
    ...     "weights": {"kind": "contiguity"},
    ...     "model": {"estimator": "SpatialDurbin", "formula": formula, "effects": "two-way"},
    ... })
    >>> results = study.run()
    >>> results.main.effects.table["estimate"].round(3).to_list()
    [-1.055, -0.323, -1.378]
    """

    source: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", study_of(self.source))

    @property
    def file(self) -> StudyFile:
        """The study as it was read."""
        read: StudyFile = self.source
        return read

    def run(
        self,
        out: Any = None,
        *,
        command: str | None = None,
        say: Callable[[str], None] = say_nothing,
        n_jobs: int | None = None,
        checkpoint: Any = None,
    ) -> Results:
        """Compute the study and, if a folder is named, write everything it gives.

        Parameters
        ----------
        out : path-like, optional
            Folder to write in; made if it is not there. What an earlier study wrote there is removed. It gets
            ``report.html``, ``tables/*.csv`` and ``*.tex``, ``figures/*.png`` and ``results.json``. The same
            input gives the same bytes.
        command : str, optional
            The command that repeats the study, for the report.
        say : callable, optional
            Called with a sentence at every step.
        n_jobs : int, optional
            Processes for the alternatives; -1 for all cores. By default what ``joblib.parallel_config`` says, and
            else none but this one. The bytes do not depend on it.
        checkpoint : path-like, optional
            Folder that keeps every alternative as it is done; the same study goes on from there.

        Returns
        -------
        Results

        Raises
        ------
        StudyError
            If the study asks what its data cannot give; the message names key and line.
        AlignmentError, DuplicateError, DataError, DownloadError
            If the data cannot be used.
        CheckpointError
            If the folder of the checkpoint is of another run.
        """
        if out is not None:
            Path(out).mkdir(parents=True, exist_ok=True)
        results = run(self.file, say, n_jobs, checkpoint)
        if out is not None:
            if command is None and self.file.name:
                command = f"spatialhealth study {shlex.quote(self.file.name)}"
            say("Drawing figures.")
            _write_all(results, Path(out), command)
        return results


def _write_all(results: Results, out: Path, command: str | None) -> None:
    """Write report, tables, figures and numbers."""
    tables, drawings = tables_of(results), draw(results)
    pictures: dict[str, Picture] = {}
    _clear(out)
    for folder in ("tables", "figures"):
        (out / folder).mkdir(exist_ok=True)
    files = ["report.html", "results.json"]
    for drawing in track(drawings, "figures"):
        pictures[drawing.name] = _written(drawing, out / "figures")
        files.append(f"figures/{drawing.name}.png")
    for name, table in tables.items():
        texts = {"csv": table.to_csv()} | (
            {} if name.startswith("local_") else {"tex": table.to_latex().rstrip("\n") + "\n"}
        )
        for ending, text in texts.items():
            _write(out / "tables" / f"{name}.{ending}", text)
            files.append(f"tables/{name}.{ending}")
    _write(out / "results.json", results_json(results, files))
    _write(out / "report.html", page(page_of(results, tables, pictures, command)))


def _clear(out: Path) -> None:
    """Remove what an earlier study wrote here, by its own list, so that nothing of it stands beside this one's."""
    try:
        files = json.loads((out / "results.json").read_text(encoding="utf-8"))["files"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return
    for name in files:
        path = (out / str(name)).resolve()
        if path.is_relative_to(out.resolve()) and path.is_file():
            path.unlink()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _written(drawing: Drawing, folder: Path) -> Picture:
    content = maps.png(drawing.figure, _DOTS)
    (folder / f"{drawing.name}.png").write_bytes(content)
    return Picture(content, drawing.caption, drawing.text, drawing.name)
