"""The four questions in their order, each with its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spatialhealth.report.fitting import Fit, kept, named
from spatialhealth.report.hospital.asked import check_columns, check_products
from spatialhealth.report.hospital.attract import attraction_of, tier_names
from spatialhealth.report.hospital.differ import subset_of
from spatialhealth.report.hospital.empower import empowerment_of
from spatialhealth.report.hospital.gap import imbalance_of
from spatialhealth.report.hospital.result import Answer, Hospital
from spatialhealth.report.study_file import StudyFile

__all__ = ["hospital_of"]


def hospital_of(
    study: StudyFile, main: Fit, say: Callable[[str], None], n_jobs: int | None = None
) -> Hospital | None:
    """Answer the four questions, if the study asks them.

    Parameters
    ----------
    study : StudyFile
    main : Fit
        Its main model.
    say : callable
        Called with a sentence at every step.
    n_jobs : int, optional
        Processes for the bootstrap.

    Returns
    -------
    Hospital or None
        None for a study without the table [hospital].

    Raises
    ------
    StudyError
        If a key names what the model or the data do not have.
    """
    if "hospital" not in study.content:
        return None
    said: list[str] = []
    with kept(said):
        found = _hospital(study, main, say, n_jobs)
    new = tuple(text for text in dict.fromkeys(said) if text not in main.warnings)
    return replace(found, warnings=new)


def _hospital(study: StudyFile, main: Fit, say: Callable[[str], None], n_jobs: int | None) -> Hospital:
    """Answer the four questions."""
    asked = study.part("hospital")
    check_columns(study, main.data)
    check_products(study, main)
    answers: list[Answer] = []
    say("Hospitals: attraction by tier.")
    with named(study, "hospital"):
        attraction = attraction_of(study, main, answers)
    imbalance = None
    if "imbalance" in asked:
        say("Hospitals: the gap between the tiers, and the path through mobility.")
        with named(study, "hospital.imbalance"):
            imbalance = imbalance_of(study, main, attraction, answers, n_jobs)
    subset = None
    if "subset" in asked:
        say(f"Hospitals: {asked['subset']['name']}.")
        with named(study, "hospital.subset"):
            subset = subset_of(study, main, answers)
    empowerment = None
    if any(key in asked for key in ("moderator", "scenarios", "triage")):
        say("Hospitals: digital empowerment, scenarios and triage.")
        with named(study, "hospital"):
            empowerment = empowerment_of(study, main, attraction, imbalance, answers)
    limits: Any = asked.get("limits", [])
    return Hospital(
        attraction, imbalance, subset, empowerment, tuple(answers), tuple(limits), tier_names(study)
    )
