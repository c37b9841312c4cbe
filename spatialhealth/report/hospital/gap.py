"""Imbalance: the gap in use between the tiers, how unequal the resource is, and the path that leads to the gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spatialhealth import imbalance as measures
from spatialhealth.mediation import mediate
from spatialhealth.report.fitting import Fit, fit_one
from spatialhealth.report.hospital.asked import check_mediator
from spatialhealth.report.hospital.attract import effects_at, means_of, tier_names
from spatialhealth.report.hospital.result import Answer, Attraction, Imbalance
from spatialhealth.report.study_data import StudyData, mean_of
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.terms import known_moderators

__all__ = ["imbalance_of", "seed_of"]

_SAMPLES = 499
_TOTAL = 2


def seed_of(study: StudyFile) -> int:
    """Give the seed of all that is random here."""
    return int(study.part("hospital").get("random_state", 0))


def imbalance_of(
    study: StudyFile, main: Fit, attraction: Attraction, answers: list[Answer], n_jobs: int | None
) -> Imbalance:
    """Give the gap, its model, and the path from the high tier through mobility to the gap.

    Parameters
    ----------
    study : StudyFile
    main : Fit
    attraction : Attraction
    answers : list of Answer
        Added to: the mean gap of the last period, mobility's effect on it, and the indirect path.
    n_jobs : int or None
        Processes for the bootstrap.

    Returns
    -------
    Imbalance
    """
    asked = study.part("hospital")["imbalance"]
    seed, level = seed_of(study), main.effects.level
    data = _with_gap(study, main.data, asked)
    limits = {key: asked[key] for key in ("overburdened", "idle", "unit") if key in asked}
    gap = measures.utilisation_gap(
        data.table[asked["high"]], data.table[asked["primary"]], level=level, random_state=seed, **limits
    )
    found, concentration = _inequality(main.data, asked, level, seed)
    place, built = "weights", {}
    if "weights" in asked:
        place, built = "hospital.imbalance.weights", {"weights": asked["weights"]}
    other = {"formula": asked["formula"], "durbin": asked.get("durbin", True)} | built
    said = f"outcome: gap; formula: {asked['formula']}"
    fit = fit_one(study, "Gap between the tiers", said, data, other, place, "hospital.imbalance.formula")
    whole = len(data.units) == len(main.data.units) and not built
    mobility = main if whole else fit_one(study, "Mobility, the same units", "", data, built, place, "model")
    clusters = measures.lisa(_last(data.table["gap"]), fit.model.result_.operator, random_state=seed)
    mediator = asked.get("mediator", mobility.model.result_.response)
    at = means_of(study, main) | _means(study, fit, data)
    check_mediator(study, mobility.model, fit.model, mediator, at)
    path = mediate(
        mobility.model, fit.model, study.part("hospital")["high"], mediator, at=at or None,
        draws=asked.get("samples", _SAMPLES), level=level, random_state=seed, n_jobs=n_jobs,
    )  # fmt: skip
    _answer(answers, tier_names(study), gap, fit, path, mediator, at, level)
    return Imbalance(gap, found, concentration, clusters, fit, mobility, path, len(data.units))


def _with_gap(study: StudyFile, data: StudyData, asked: Mapping[str, Any]) -> StudyData:
    """Add the gap, on the units that have both utilisations in all periods; the report says how many they are."""
    table = data.table
    gap = table[asked["high"]] - table[asked["primary"]]
    missing = gap.index.get_level_values(0)[gap.isna()].unique()
    kept = table.assign(gap=gap)[~table.index.get_level_values(0).isin(missing)]
    if not len(kept):
        raise study.wrong("hospital.imbalance", "no unit has both utilisations in all periods.")
    return replace(data, table=kept, layer=data.layer[~data.layer.index.isin(missing)])


def _last(values: Any) -> Any:
    """Give the values of the last period, by unit."""
    if values.index.nlevels == 1:
        return values
    return values.xs(values.index.get_level_values(1).max(), level=1)


def _inequality(
    data: StudyData, asked: Mapping[str, Any], level: float, seed: int
) -> tuple[dict[str, Any], Any]:
    """Give Gini, Theil and concentration indices of the resource, per head where the people are known."""
    if "resource" not in asked:
        return {}, None
    table = data.table
    people = table[asked["people"]] if "people" in asked else None
    value = table[asked["resource"]] if people is None else table[asked["resource"]] / people
    value = value.rename(asked["resource"] if people is None else f"{asked['resource']} per head")
    options: dict[str, Any] = {"level": level, "random_state": seed}
    what = f" of {value.name}"
    found = {f"Gini{what}": measures.gini(value, people, **options)}
    if "groups" in asked:
        groups = (
            data.layer[asked["groups"]] if asked["groups"] in data.layer.columns else table[asked["groups"]]
        )
        found[f"Theil{what}"] = measures.theil(value, people, by=groups, **options)
    concentration = None
    if "income" in asked:
        concentration = measures.concentration(value, table[asked["income"]], people, **options)
    return found, concentration


def _means(study: StudyFile, fit: Fit, data: StudyData) -> dict[str, float]:
    """Give the means of what the model of the gap has products with."""
    asked = study.part("hospital")
    columns = [asked["moderator"]["column"]] if "moderator" in asked else []
    known = known_moderators(fit.model, columns)
    return {name: mean_of(study, "hospital.moderator.column", data, name) for name in known}


def _answer(
    answers: list[Answer],
    called: Mapping[str, str],
    gap: Any,
    fit: Fit,
    path: Any,
    mediator: str,
    at: dict[str, float],
    level: float,
) -> None:
    frame = gap.to_frame()
    mean = frame[frame["measure"] == "gap"].iloc[-1]
    when = f" in {mean[gap.summary.period]}" if gap.summary.period else ""
    what = f"mean use of {called['high']} less that of {called['primary']}{when}"
    answers.append(Answer.of_row("gap", what, 1, mean))
    effects = effects_at(fit.model, at, level)
    table = effects.table
    mine = table[(table["variable"] == mediator) & (table["effect"] == "total")].iloc[0]
    answers.append(Answer.of_row("imbalance", f"total effect of {mediator} on the gap", 1, mine))
    total = path.table[path.table["path"] == "indirect path"].iloc[_TOTAL]
    what = f"path from {path.cause} through {path.mediator} to the gap, in all"
    answers.append(Answer.of_row("imbalance", what, 1, total))
