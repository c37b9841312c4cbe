"""The page of a study: its sections, in the order in which they are read."""

from __future__ import annotations

from spatialhealth.diagnostics.ladder_words import parts
from spatialhealth.report.atlas import Atlas, atlas_of
from spatialhealth.report.check_words import grouped_facts, grouped_words, std_error_words, test_words
from spatialhealth.report.checks import Compared, Grouped, Tested
from spatialhealth.report.hospital.sections import answers_section, hospital_sections
from spatialhealth.report.html import Page, Picture, Section
from spatialhealth.report.methods import methods_of
from spatialhealth.report.names import slugs
from spatialhealth.report.regression import RegressionTable
from spatialhealth.report.results import checksums, models_in_parts, versions
from spatialhealth.report.run import Results
from spatialhealth.report.summary import summary_words
from spatialhealth.report.tables import Table
from spatialhealth.report.words import (
    contrast_words,
    data_facts,
    effect_words,
    robustness_words,
    warnings_by_text,
    weights_facts,
)

__all__ = ["page_of"]


def page_of(
    results: Results,
    tables: dict[str, Table | RegressionTable],
    pictures: dict[str, Picture],
    command: str | None,
) -> Page:
    """Lay out the page of a study.

    Parameters
    ----------
    results : Results
    tables : dict of str to Table or RegressionTable
    pictures : dict of str to Picture
        By the names of their files.
    command : str or None
        The command that repeats the study.

    Returns
    -------
    Page
    """
    content, main = results.study.content, results.main
    found, atlas = results.hospital, atlas_of(results)
    sections = [
        _answers(results) if found is None else answers_section(found, tables),
        *([] if atlas is None else [_map(atlas)]),
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
        sections.append(_contrasts(results, tables))
    if found is not None:
        sections += hospital_sections(found, tables, pictures, main.model.result_.n_entities)
    if results.comparison is not None:
        sections.append(_std_errors(results.comparison, tables))
    stems = [f"regimes_{stem}" for stem in slugs(groups.name for groups in results.regimes)]
    shown = [
        picture
        for name, picture in pictures.items()
        if not name.startswith("hospital_")
        and name not in ("effects", "alternatives", "specifications", *stems)
    ]
    if shown:
        sections.append(
            Section(
                "maps",
                "Maps for print",
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
    sections += [_methods(results), _again(results, command)]
    return Page(
        content["title"],
        content.get("author", ""),
        content.get("question", ""),
        main.data.simulated,
        sections,
    )


def _answers(results: Results) -> Section:
    level = results.main.effects.level
    return Section(
        "answers",
        "What the data say",
        f"From the effects below, with {level:.0%} intervals in brackets. An interval that includes zero does not "
        "show that there is nothing; one that leaves it out does not show a cause.",
        sentences=summary_words(results),
    )


def _map(atlas: Atlas) -> Section:
    return Section("map", "Map", "Everything that this study has by unit, on one map.", atlas=atlas)


def _methods(results: Results) -> Section:
    said = methods_of(results)
    return Section(
        "methods",
        "Methods and references",
        "Written from what this study used; to be taken over into a paper and cut.",
        paragraphs=said.paragraphs,
        references=said.references,
        listings={"BibTeX": said.bibtex},
    )


def _contrasts(results: Results, tables: dict[str, Table | RegressionTable]) -> Section:
    return Section(
        "contrasts",
        "Differences between effects",
        "Whether one effect is larger than another, with the covariance of the two accounted for.",
        sentences=contrast_words(results),
        tables=[tables["contrasts"]],
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
        pictures=[pictures[name] for name in ("specifications", "alternatives") if name in pictures],
        folded=[*models_in_parts(results), tables["robustness"]],
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
