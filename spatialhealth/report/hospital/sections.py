"""The sections of the page that answer the four questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spatialhealth.report.hospital.result import Hospital
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


def answers_section(found: Hospital, tables: Mapping[str, Any]) -> Section:
    """Give the first section: the answers, and what the data cannot support."""
    return Section(
        "answers",
        "What the data say",
        "Each question has numbers with intervals. An interval that includes zero does not show that there "
        "is nothing.",
        warnings=[f"What these data cannot support: {text}" for text in found.limits],
        sentences=answer_words(found),
        tables=[tables["hospital_answers"]],
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

    def some(*names: str) -> list[Any]:
        return [tables[name] for name in names if name in tables]

    def seen(*names: str) -> list[Picture]:
        return [pictures[name] for name in names if name in pictures]

    at = ", ".join(f"{name} = {value:g}" for name, value in found.attraction.at.items())
    sections = [
        Section(
            "attraction",
            "1. Attraction by tier",
            "Whether the high tier's direct, indirect and total effects exceed those of primary care: "
            "differences, with "
            "the covariance of the two accounted for.",
            facts={"Effects at": at} if at else {},
            tables=some("hospital_attraction"),
            pictures=seen("hospital_tiers"),
        )
    ]
    if found.imbalance is not None:
        sections.append(
            Section(
                "imbalance",
                "2. Structural imbalance",
                "The gap is the use of the high tier less that of primary care. Intervals of the measures are of a "
                "bootstrap of the units; those of the path of a bootstrap of both models.",
                warnings=[*found.imbalance.fit.warnings, *found.warnings],
                sentences=[*gap_words(found.imbalance, units), *mediation_words(found.imbalance)],
                tables=some("hospital_imbalance", "hospital_mediation", "hospital_gap_model"),
                pictures=seen("hospital_over_time", "hospital_clusters", "hospital_concentration"),
                folded=some("hospital_clusters"),
            )
        )
    if found.subset is not None:
        sections.append(
            Section(
                "heterogeneity",
                f"3. {found.subset.titles[1][0].upper()}{found.subset.titles[1][1:]}",
                "One model of all units and links, in which each group has coefficients of its own, with "
                "the effects of "
                "all units beside them.",
                facts={"Formula": found.subset.formula},
                sentences=subset_words(found),
                tables=some("hospital_subset"),
                folded=some("hospital_subset_coefficients", "hospital_subset_tests"),
            )
        )
    if found.empowerment is not None:
        sections.append(
            Section(
                "empowerment",
                "4. Digital empowerment, scenarios and triage",
                "Effects at values of the moderator; what the fitted models expect if something changes, "
                "with intervals "
                "from draws of the parameters; and what a triage policy does to loads.",
                sentences=[*scenario_words(found), *triage_words(found)],
                tables=some(
                    "hospital_moderation", "hospital_scenarios", "hospital_triage", "hospital_triage_imbalance"
                ),
                pictures=seen(
                    "hospital_moderation_attraction", "hospital_moderation_gap", "hospital_scenarios",
                    "hospital_scenarios_gap", "hospital_triage",
                ),
                folded=some("hospital_comparison"),
            )
        )  # fmt: skip
    return sections
