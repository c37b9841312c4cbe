"""One study file in, one folder out: report, tables, figures and numbers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spatialhealth import maps
from spatialhealth._progress import track
from spatialhealth.diagnostics.ladder_words import parts
from spatialhealth.report.check_words import grouped_facts, grouped_words, std_error_words, test_words
from spatialhealth.report.checks import Compared, Grouped, Tested
from spatialhealth.report.figures import Drawing, draw
from spatialhealth.report.html import Page, Picture, Section, page
from spatialhealth.report.names import slugs
from spatialhealth.report.regression import RegressionTable
from spatialhealth.report.results import checksums, results_json, tables_of, versions
from spatialhealth.report.run import Results, run, say_nothing
from spatialhealth.report.study_file import study_of
from spatialhealth.report.tables import Table
from spatialhealth.report.words import (
    contrast_words,
    data_facts,
    effect_words,
    robustness_words,
    warnings_by_text,
    weights_facts,
)

__all__ = ["run_study"]

_DOTS = 160  # an inch; 7.2 inches are then 1,152 dots, sharp on a page of this width


def run_study(
    source: Any,
    out: Any,
    *,
    command: str | None = None,
    say: Callable[[str], None] = say_nothing,
    n_jobs: int | None = None,
    checkpoint: Any = None,
) -> Results:
    """Run a study and write everything it gives.

    Parameters
    ----------
    source : path-like, dict or StudyFile
        A study file, or a dict with the same keys; see `spatialhealth.report.study_file`.
    out : path-like
        Folder to write in; made if it is not there. What an earlier study wrote there is removed. It gets
        ``report.html``, ``tables/*.csv`` and ``*.tex``, ``figures/*.png`` and ``results.json``. The same
        input gives the same bytes.
    command : str, optional
        The command that repeats the study, for the report.
    say : callable, optional
        Called with a sentence at every step.
    n_jobs : int, optional
        Processes for the alternatives; -1 for all cores. By default what ``joblib.parallel_config`` says, and else
        none but this one. The bytes do not depend on it.
    checkpoint : path-like, optional
        Folder that keeps every alternative as it is done; the same study goes on from there.

    Returns
    -------
    Results

    Raises
    ------
    StudyError
        If the study file is wrong, or asks what its data cannot give; the message names key and line.
    AlignmentError, DuplicateError, DataError, DownloadError
        If the data cannot be used.
    CheckpointError
        If the folder of the checkpoint is of another run.
    """
    study = study_of(source)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    results = run(study, say, n_jobs, checkpoint)
    tables = tables_of(results)
    say("Drawing figures.")
    drawings = draw(results)
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
    if command is None and study.name:
        command = f"spatialhealth study {shlex.quote(study.name)}"
    _write(out / "report.html", page(_page(results, tables, pictures, command)))
    return results


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
    return Picture(content, drawing.caption, drawing.text)


def _page(
    results: Results,
    tables: dict[str, Table | RegressionTable],
    pictures: dict[str, Picture],
    command: str | None,
) -> Page:
    content, main = results.study.content, results.main
    sections = [
        Section("data", "Data", "What the model was fitted to.", facts=data_facts(main, results.study)),
        Section(
            "weights",
            "Spatial weights",
            "Who is whose neighbour. A unit's spatial lag is the weighted mean of its neighbours' values when the "
            "rows sum to one.",
            facts=weights_facts(main, content["weights"]),
        ),
        *([] if results.tested is None else [_tests(results, results.tested, tables)]),
        _model(results, tables),
        _effects(results, tables, pictures),
    ]
    if "contrasts" in tables:
        sections.append(
            Section(
                "contrasts",
                "Differences between effects",
                "Whether one effect is larger than another, with the covariance of the two accounted for.",
                sentences=contrast_words(results),
                tables=[tables["contrasts"]],
            )
        )
    if results.comparison is not None:
        sections.append(_std_errors(results.comparison, tables))
    stems = [f"regimes_{stem}" for stem in slugs(groups.name for groups in results.regimes)]
    shown = [picture for name, picture in pictures.items() if name not in ("effects", "alternatives", *stems)]
    if shown:
        sections.append(
            Section(
                "maps",
                "Maps",
                "In brackets, the number of units in each class. A map of effects has three parts: what a unit feels "
                "of its own change, what it receives from all others, and what it emits to all others. These differ "
                "by place only because the places differ in their neighbours.",
                pictures=shown,
            )
        )
    sections += [
        _regimes(groups, stem, tables, pictures[stem])
        for groups, stem in zip(results.regimes, stems, strict=True)
    ]
    if results.alternatives:
        sections.append(_robustness(results, tables, pictures))
    sections.append(_again(results, command))
    return Page(
        content["title"],
        content.get("author", ""),
        content.get("question", ""),
        main.data.simulated,
        sections,
    )


def _effects(
    results: Results, tables: dict[str, Table | RegressionTable], pictures: dict[str, Picture]
) -> Section:
    return Section(
        "effects",
        "Effects",
        "Direct: what a change in a unit does in that unit, feedback through its neighbours included. Indirect: "
        "what the same change in all other units does there. Total: both together. These are associations that "
        "hold the other regressors fixed; the model alone does not make them causes.",
        sentences=effect_words(results.main),
        tables=[tables[name] for name in ("effects", "long_run") if name in tables],
        pictures=[pictures["effects"]],
        folded=[tables["orders"]] if "orders" in tables else [],
    )


def _model(results: Results, tables: dict[str, Table | RegressionTable]) -> Section:
    main = results.main
    summary = main.model.summary(main.effects.level)
    skipped = ("Units (n)", "Periods (T)", "Weights", "Isolates")
    facts = {label: value for label, value in summary.facts.items() if label not in skipped}
    return Section(
        "model",
        "Model",
        "The coefficients are what the effects below are made from. In a model with a spatial lag of the outcome "
        "(rho) they are not effects themselves. A name that starts with W: is the mean of the neighbours."
        + (
            " Lambda is how far the errors of neighbours go together."
            if "lambda" in main.model.result_.spatial_names
            else ""
        ),
        warnings=main.warnings,
        facts={"Model": summary.title, "Formula": results.study.content["model"]["formula"], **facts},
        tables=[tables["coefficients"]],
    )


def _tests(results: Results, tested: Tested, tables: dict[str, Table | RegressionTable]) -> Section:
    rungs = tested.ladder.rungs
    opening, told, closing = parts(tested.ladder)
    steps = enumerate(zip(rungs, told, strict=True), 1)
    return Section(
        "tests",
        "Which model",
        "The usual tests in order, from least squares to the spatial Durbin model (SDM), all with the formula, "
        "weights and fixed effects of this study. A test that does not reject does not show its null hypothesis.",
        warnings=tested.warnings,
        sentences=test_words(tested, results.main),
        paragraphs=[f"{opening} {closing}"],
        facts={f"Step {j}": f"{rung.question} {text}" for j, (rung, text) in steps},
        tables=[tables["tests"]],
    )


def _std_errors(comparison: Compared, tables: dict[str, Table | RegressionTable]) -> Section:
    return Section(
        "std-errors",
        "Other standard errors",
        "The estimates are the same; what is assumed of the errors is not. Observed and expected take them as "
        "independent, normal and of one variance; robust lets variances and distributions differ by unit; cluster "
        "also lets the errors of a unit go together over time; driscoll-kraay lets those of all units of a period "
        "go together, and needs many periods.",
        warnings=comparison.warnings,
        sentences=std_error_words(comparison),
        tables=[tables["std_errors"]],
    )


def _regimes(
    groups: Grouped, stem: str, tables: dict[str, Table | RegressionTable], picture: Picture
) -> Section:
    pooled = groups.regimes.pooled
    return Section(
        stem.replace("_", "-"),
        f"Groups: {groups.name}",
        (
            "One model of all units and links, in which each group has coefficients of its own for the regressors "
            "and their spatial lags. Its effects are those of its coefficients with the feedback of all units."
            if pooled
            else "The model fitted to each group by itself, on the links within it: rho, the variance and the "
            "effects of time may differ too, and what crosses the border between groups is left out."
        )
        + " Groups that differ in the size of an effect may differ in much else that the model does not hold.",
        warnings=groups.warnings,
        sentences=grouped_words(groups),
        facts=grouped_facts(groups),
        tables=[tables[stem]],
        pictures=[picture],
        folded=[tables[f"{stem}_coefficients"], tables[f"{stem}_tests"]],
    )


def _robustness(
    results: Results, tables: dict[str, Table | RegressionTable], pictures: dict[str, Picture]
) -> Section:
    warned = [
        f"{', '.join(names)}: {text}"
        for text, names in warnings_by_text(results.alternatives).items()
        if text not in results.main.warnings
    ]
    return Section(
        "robustness",
        "Robustness",
        "The same question with other weights, other units or another model. An effect that keeps its sign and size "
        "does not hang on one choice.",
        warnings=warned,
        facts={fit.name: fit.change for fit in results.alternatives},
        sentences=robustness_words(results),
        tables=[tables["totals"]],
        pictures=[pictures["alternatives"]],
        folded=[tables["models"], tables["robustness"]],
    )


def _again(results: Results, command: str | None) -> Section:
    listings = {}
    if command:
        listings["Command"] = command
    if results.study.text:
        listings["Study file"] = results.study.text
    facts = {f"Version of {name}": number for name, number in versions().items()}
    facts |= {f"sha256 of {name}": value for name, value in checksums(results).items()}
    return Section(
        "repeat",
        "How to repeat this",
        "The same command on the same data with the same versions gives the same files, byte for byte.",
        facts=facts,
        listings=listings,
    )
