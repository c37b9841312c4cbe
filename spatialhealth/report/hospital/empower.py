"""Digital empowerment: effects at values of the moderator, scenarios replayed, and the triage policy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from spatialhealth.errors import UnaffectedError
from spatialhealth.impacts import Impacts
from spatialhealth.report.fitting import Fit, named
from spatialhealth.report.hospital.attract import effects_at, tier_names
from spatialhealth.report.hospital.gap import seed_of
from spatialhealth.report.hospital.result import Answer, Attraction, Empowerment, Imbalance
from spatialhealth.report.study_data import rows_where, units_where
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.terms import known_moderators
from spatialhealth.scenario import (
    Change,
    DigitalRollout,
    Replay,
    Scenario,
    Triage,
    TriagePolicy,
    compare,
    replay,
)

__all__ = ["empowerment_of"]

_DRAWS = 1000


def empowerment_of(
    study: StudyFile, main: Fit, attraction: Attraction, imbalance: Imbalance | None, answers: list[Answer]
) -> Empowerment:
    """Give what changes with the moderator, what the scenarios bring, and what the triage policy does.

    Parameters
    ----------
    study : StudyFile
    main : Fit
    attraction : Attraction
    imbalance : Imbalance or None
    answers : list of Answer
        Added to: how much weaker the pull of the high tier, and the effect of mobility on the gap, are at the highest
        value of the moderator than at the lowest.

    Returns
    -------
    Empowerment
    """
    asked = study.part("hospital")
    moderator = asked.get("moderator", {}).get("column", "")
    pull: tuple[Impacts | None, Any] = (None, None)
    widening: tuple[Impacts | None, Any] = (None, None)
    if moderator:
        high = f"total effect of {tier_names(study)['high']}"
        pull = _moderated(study, main, asked["high"], attraction.at, answers, high)
        if imbalance is not None:
            what = f"total effect of {imbalance.mediation.mediator} on the gap"
            widening = _moderated(
                study, imbalance.fit, imbalance.mediation.mediator, attraction.at, answers, what
            )
        if pull[0] is None and widening[0] is None:
            raise study.wrong("hospital.moderator.column", f"no model has a product with {moderator!r}.")
    replays, gap_replays = _replays(study, main, imbalance)
    comparison = compare(*replays) if len(replays) > 1 else None
    triage = _triage(study, main) if "triage" in asked else None
    return Empowerment(moderator, *pull, *widening, replays, gap_replays, comparison, triage)


def _moderated(
    study: StudyFile, fit: Fit, name: str, at: Mapping[str, float], answers: list[Answer], what: str
) -> tuple[Impacts | None, Any]:
    """Give the effects at the values of the moderator, and the highest less the lowest."""
    asked = study.part("hospital")["moderator"]
    column, values = asked["column"], sorted(asked["at"])
    if not known_moderators(fit.model, [column]):
        return None, None
    effects = effects_at(fit.model, {**at, column: values}, fit.effects.level)
    rows = [
        full
        for full, label in zip(effects.variables, effects.labels["variable"], strict=True)
        if label == name
    ]
    if len(rows) != len(values):
        raise study.wrong("hospital.moderator", f"{name!r} has no product with {column!r} in the model.")
    contrast = effects.contrast(f"{rows[-1]} - {rows[0]}")
    said = f"{what} where {column} is {values[-1]:g} less that where it is {values[0]:g}"
    answers.append(Answer.of_row("empowerment", said, -1, contrast.iloc[2]))
    return effects, contrast


def _replays(
    study: StudyFile, main: Fit, imbalance: Imbalance | None
) -> tuple[tuple[Replay, ...], tuple[Replay, ...]]:
    """Replay every scenario on the outcome, and on the gap where its model reads what changes."""
    found: list[Replay] = []
    gaps: list[Replay] = []
    options: dict[str, Any] = {"level": main.effects.level, "draws": _DRAWS, "random_state": seed_of(study)}
    for j, asked in enumerate(study.part("hospital").get("scenarios", []), 1):
        path = f"hospital.scenarios[{j}]"
        scenario = _scenario(study, path, asked, main)
        with named(study, path):
            found.append(replay(main.model, scenario, main.data.table, **options))
        if imbalance is None or len(imbalance.fit.data.units) < len(main.data.units):
            continue
        with named(study, path), suppress(UnaffectedError):  # of what the model of the gap does not read
            gaps.append(replay(imbalance.fit.model, scenario, imbalance.fit.data.table, **options))
    return tuple(found), tuple(gaps)


def _scenario(study: StudyFile, path: str, asked: Mapping[str, Any], main: Fit) -> Scenario:
    """Make one scenario of a table of the study."""
    where = None
    if "where_units" in asked:
        where = units_where(study, f"{path}.where_units", main.data, asked["where_units"])
    if "where" in asked:
        rows = rows_where(study, f"{path}.where", main.data, asked["where"])
        where = [unit for unit in (rows if where is None else where) if unit in set(rows)]
    amounts = {key: asked[key] for key in ("by", "to", "times") if key in asked}
    with named(study, path):
        if "rollout" in asked:
            moderator = study.part("hospital").get("moderator", {}).get("column", "digital")
            return Scenario(asked["name"], DigitalRollout(where, **asked["rollout"], column=moderator))
        if "column" not in asked:
            raise study.wrong(path, "name a column with by, to or times, or a rollout.")
        return Scenario(asked["name"], Change(asked["column"], where=where, **amounts))


def _triage(study: StudyFile, main: Fit) -> Triage:
    """Apply the triage policy to the loads of the last period."""
    import pandas as pd

    part = study.part("hospital")
    if "imbalance" not in part:
        raise study.wrong("hospital.triage", "it needs the utilisation of both tiers: [hospital.imbalance].")
    asked, use = part["triage"], part["imbalance"]
    table, layer = main.data.table, main.data.layer
    if table.index.nlevels > 1:
        table = table.xs(table.index.get_level_values(1).max(), level=1)
    capacity = {}
    for tier in ("high", "primary"):
        column = asked[f"capacity_{tier}"]
        if column not in table.columns and column not in layer.columns:
            raise study.wrong(f"hospital.triage.capacity_{tier}", f"no column {column!r} in table or layer.")
        capacity[tier] = (table if column in table.columns else layer)[column].astype(float)
    beds = pd.DataFrame(capacity)
    scale = 1.0 if use.get("unit") == "share" else 100.0
    load = pd.DataFrame(
        {tier: table[use[tier]] / scale * beds[tier] for tier in ("high", "primary")}
    ).dropna()
    limits = {key: use[key] * 100 / scale for key in ("overburdened", "idle") if key in use}
    policy = TriagePolicy(
        **{key: asked[key] for key in ("coverage", "sensitivity", "specificity", "share_mild")}
    )
    with named(study, "hospital.triage"):
        return policy.apply(
            load, beds.loc[load.index], **limits, std_errors=asked.get("std_errors"),
            level=main.effects.level, random_state=seed_of(study),
        )  # fmt: skip
