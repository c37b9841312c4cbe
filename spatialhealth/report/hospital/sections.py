"""The sections of the page that answer the four questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spatialhealth.report.hospital.result import Hospital, Imbalance, Subset
from spatialhealth.report.hospital.words import (
    answer_words,
    gap_words,
    mediation_words,
    scenario_words,
    subset_words,
    triage_words,
)
from spatialhealth.report.html import Picture, Section

__all__ = ["answers_section", "hospital_sections"]


@dataclass(frozen=True)
class _Shown:
    """What there is to show."""

    tables: Mapping[str, Any]
    pictures: Mapping[str, Picture]

    def some(self, *names: str) -> list[Any]:
        return [self.tables[name] for name in names if name in self.tables]

    def seen(self, *names: str) -> list[Picture]:
        return [self.pictures[name] for name in names if name in self.pictures]


def answers_section(found: Hospital, tables: Mapping[str, Any]) -> Section:
    """Give the first section: the answers, and what the data cannot support."""
    return Section(
        "answers",
        "What the data say",
        "Each question has numbers with intervals. An interval that includes zero does not show that there is "
        "nothing.",
        warnings=[f"What these data cannot support: {text}" for text in found.limits],
        sentences=answer_words(found),
        folded=[tables["hospital_answers"]],
    )


def hospital_sections(
    found: Hospital, tables: Mapping[str, Any], pictures: Mapping[str, Picture], units: int
) -> list[Section]:
    """Give the sections behind the answers.

    Parameters
    ----------
    found : Hospital
    tables : mapping of str to Table
    pictures : mapping of str to Picture
    units : int
        Units of the main model.

    Returns
    -------
    list of Section
    """
    shown = _Shown(tables, pictures)
    sections = [_attraction(found, shown)]
    if found.imbalance is not None:
        sections.append(_imbalance(found, found.imbalance, shown, units))
    if found.subset is not None:
        sections.append(_subset(found, found.subset, shown))
    if found.empowerment is not None:
        sections.append(_empowerment(found, shown))
    return sections


def _attraction(found: Hospital, shown: _Shown) -> Section:
    at = ", ".join(f"{name} = {value:g}" for name, value in found.attraction.at.items())
    return Section(
        "attraction",
        "1. Attraction by tier",
        "Whether the high tier's direct, indirect and total effects exceed those of primary care: differences, with "
        "the covariance of the two accounted for.",
        facts={"Effects at": at} if at else {},
        tables=shown.some("hospital_attraction"),
        pictures=shown.seen("hospital_tiers"),
    )


def _imbalance(found: Hospital, imbalance: Imbalance, shown: _Shown, units: int) -> Section:
    return Section(
        "imbalance",
        "2. Structural imbalance",
        "The gap is the use of the high tier less that of primary care. Intervals of the measures are of a bootstrap "
        "of the units; those of the path of a bootstrap of both models.",
        warnings=[*imbalance.fit.warnings, *found.warnings],
        sentences=[*gap_words(imbalance, units), *mediation_words(imbalance)],
        tables=shown.some("hospital_imbalance", "hospital_mediation", "hospital_gap_model"),
        pictures=shown.seen("hospital_over_time", "hospital_clusters", "hospital_concentration"),
        folded=shown.some("hospital_clusters"),
    )


def _subset(found: Hospital, subset: Subset, shown: _Shown) -> Section:
    name = subset.titles[1]
    return Section(
        "heterogeneity",
        f"3. {name[0].upper()}{name[1:]}",
        "One model of all units and links, in which each group has coefficients of its own, with the effects of all "
        "units beside them.",
        facts={"Formula": subset.formula},
        sentences=subset_words(found),
        tables=shown.some("hospital_subset"),
        folded=shown.some("hospital_subset_coefficients", "hospital_subset_tests"),
    )


def _empowerment(found: Hospital, shown: _Shown) -> Section:
    moderated = found.empowerment is not None and found.empowerment.moderator
    return Section(
        "empowerment",
        "4. Digital empowerment, scenarios and triage" if moderated else "4. Scenarios and triage",
        ("Effects at values of the moderator; what" if moderated else "What")
        + " the fitted models expect if something changes, with intervals from draws of the parameters; and what a "
        "triage policy does to loads.",
        sentences=[*scenario_words(found), *triage_words(found)],
        tables=shown.some(
            "hospital_moderation", "hospital_scenarios", "hospital_triage", "hospital_triage_imbalance"
        ),
        pictures=shown.seen(
            "hospital_moderation_attraction", "hospital_moderation_gap", "hospital_scenarios",
            "hospital_scenarios_gap", "hospital_triage",
        ),
        folded=shown.some("hospital_comparison"),
    )  # fmt: skip
