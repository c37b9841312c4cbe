"""Attraction: the effects of both tiers, and whether the high tier's are the larger ones."""

from __future__ import annotations

from typing import Any

from spatialhealth.impacts import Impacts
from spatialhealth.report.fitting import Fit
from spatialhealth.report.hospital.result import Answer, Attraction
from spatialhealth.report.study_data import mean_of
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.terms import full_name, known_moderators

__all__ = ["attraction_of", "effects_at", "means_of", "named_effect", "tier_names"]

_MODERATORS = (("moderator", "column"), ("subset", "flag"))


def attraction_of(study: StudyFile, main: Fit, answers: list[Answer]) -> Attraction:
    """Give the effects by tier at the means of what they are multiplied with, and their differences.

    Parameters
    ----------
    study : StudyFile
    main : Fit
    answers : list of Answer
        Added to: high less primary, direct, indirect and total.

    Returns
    -------
    Attraction
    """
    asked = study.part("hospital")
    at = means_of(study, main)
    effects = effects_at(main.model, at, main.effects.level)
    names = {
        tier: named_effect(study, f"hospital.{tier}", effects, asked[tier]) for tier in ("high", "primary")
    }
    called = tier_names(study)
    contrast = effects.contrast(f"{names['high']} - {names['primary']}")
    for _, row in contrast.iterrows():
        what = f"{row['effect']} effect of {called['high']} less that of {called['primary']}"
        answers.append(Answer.of_row("attraction", what, 1, row))
    return Attraction(effects, names, at, contrast)


def tier_names(study: StudyFile) -> dict[str, str]:
    """Give what the two tiers are called."""
    given: dict[str, str] = study.part("hospital").get("names", {})
    return {"high": "the high tier", "primary": "primary care"} | given


def means_of(study: StudyFile, main: Fit) -> dict[str, float]:
    """Give the means of moderator and subset over the rows of the table, where the model has products with them."""
    asked = study.part("hospital")
    columns = {
        f"hospital.{table}.{key}": asked[table][key]
        for table, key in _MODERATORS
        if key in asked.get(table, {})
    }
    places = {name: path for path, name in columns.items()}
    known = known_moderators(main.model, columns.values())
    return {name: mean_of(study, places[name], main.data, name) for name in known}


def effects_at(model: Any, at: dict[str, Any], level: float) -> Impacts:
    """Give the effects in the short run at values of the moderators that the model has."""
    mine = {name: at[name] for name in known_moderators(model, at)}
    found = model.impacts(level=level, at=mine or None)
    short: Impacts = getattr(found, "short_run", found)
    return short


def named_effect(study: StudyFile, path: str, effects: Impacts, name: str) -> str:
    """Give the name of a regressor among the effects, or say which there are."""
    found = full_name(effects, name)
    if found is None:
        known = dict.fromkeys(effects.labels.get("variable", effects.variables))
        raise study.wrong(path, f"no regressor {name!r} with one effect. There are: {', '.join(known)}.")
    return found
