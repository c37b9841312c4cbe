"""The figures of the four questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spatialhealth import maps
from spatialhealth.report.drawing import Drawing
from spatialhealth.report.fitting import Fit
from spatialhealth.report.hospital.result import Empowerment, Hospital, Imbalance
from spatialhealth.report.hospital.tables import shown_measures
from spatialhealth.report.terms import named_table

if TYPE_CHECKING:
    from spatialhealth.impacts import Impacts

__all__ = ["hospital_drawings"]


def hospital_drawings(found: Hospital, main: Fit) -> list[Drawing]:
    """Draw the effects by tier, measures and maps of imbalance, effects over the moderator, and scenarios.

    Parameters
    ----------
    found : Hospital
    main : Fit

    Returns
    -------
    list of Drawing
    """
    note, layer = main.data.note, main.data.layer
    drawings = [_tiers(found, main)]
    if found.imbalance is not None:
        drawings += _imbalance(found.imbalance, layer, note)
    if found.empowerment is not None:
        drawings += _empowerment(found.empowerment, found, main, layer, note)
    return drawings


def _tiers(found: Hospital, main: Fit) -> Drawing:
    names, level = found.attraction.names, main.effects.level
    table = named_table(found.attraction.effects)
    table = table[table["variable"].isin(names.values())]
    table = table.assign(variable=table["variable"].str.replace(r" \[.*\]$", "", regex=True))
    response = main.model.result_.response
    return Drawing(
        "hospital_tiers",
        maps.effects(table, "effect", ["direct", "indirect", "total"], level, main.data.note),
        f"Effects of both tiers on {response}, with {level:.0%} intervals.",
        "Dots with intervals. "
        + " ".join(f"{row.variable}, {row.effect}: {row.estimate:.3g}." for row in table.itertuples()),
    )


def _imbalance(found: Imbalance, whole: Any, note: str) -> list[Drawing]:
    drawings = []
    layer, period = found.fit.data.layer, found.gap.summary.period
    ground = whole if len(whole) > len(layer) else None
    if period:
        frame = shown_measures(found)
        drawings.append(
            Drawing(
                "hospital_over_time",
                maps.over_time(frame, period, "measure", title="Imbalance over time", note=note),
                "Measures of imbalance over time, with their intervals.",
                f"{frame['measure'].nunique()} lines over {frame[period].nunique()} periods.",
            )
        )
    clusters = found.clusters
    drawings.append(
        Drawing(
            "hospital_clusters",
            maps.lisa(layer, clusters, title="Clusters of the gap in use", note=note, ground=ground),
            "Clusters of the gap in use between the tiers in the last period (LISA).",
            "Map. " + ", ".join(f"{name}: {count} units" for name, count in clusters.counts.items()) + ".",
        )
    )
    if found.concentration is not None:
        drawings.append(
            Drawing(
                "hospital_concentration",
                maps.concentration_curve(found.concentration, note=note),
                "Concentration of the resource by income.",
                "Curve of the share of the resource over the share of people ranked by income, beside the diagonal.",
            )
        )
    return drawings


def _empowerment(found: Empowerment, whole: Hospital, main: Fit, layer: Any, note: str) -> list[Drawing]:
    drawings = [
        _moderation(found.moderator, effects, fit, variable, whole.attraction.at, name, note)
        for effects, fit, variable, name in _moderated(found, whole, main)
    ]
    for replays, name in ((found.replays, "scenarios"), (found.gap_replays, "scenarios_gap")):
        if replays:
            quantity = "percent" if replays[0].response.startswith("log(") else "change"
            drawings.append(
                Drawing(
                    f"hospital_{name}",
                    maps.scenario(layer, *replays, quantity=quantity, note=note),
                    f"What the scenarios change in {replays[0].response}, by unit.",
                    "Maps. "
                    + " ".join(f"{each.name}: {len(each.touched)} units are changed." for each in replays),
                )
            )
    if found.triage is not None:
        cities = found.triage.cities
        change = (cities["gap_after"] - cities["gap_before"]).rename("change of the gap")
        drawings.append(
            Drawing(
                "hospital_triage",
                maps.choropleth(
                    layer, change.reindex(layer.index), title="What the triage policy does to the gap in use",
                    label="Change of the gap, percentage points", note=note,
                ),
                "Change of the gap in use by the triage policy, by unit.",
                f"Map of {len(change)} units; from {change.min():.3g} to {change.max():.3g}.",
            )
        )  # fmt: skip
    return drawings


def _moderated(found: Empowerment, whole: Hospital, main: Fit) -> list[tuple[Impacts, Fit, str, str]]:
    """Give effects, model and regressor of each curve there is to draw."""
    curves = []
    if found.attraction is not None:
        effects = whole.attraction.effects
        high = effects.variables.index(whole.attraction.names["high"])
        curves.append((found.attraction, main, effects.labels["variable"][high], "attraction"))
    if found.gap is not None and whole.imbalance is not None:
        curves.append((found.gap, whole.imbalance.fit, whole.imbalance.mediation.mediator, "gap"))
    return curves


def _moderation(
    moderator: str, effects: Impacts, fit: Fit, variable: str, at: dict[str, float], name: str, note: str
) -> Drawing:
    others = {key: value for key, value in at.items() if key != moderator and key in effects.labels}
    observed = fit.data.table[moderator]
    figure = maps.moderation(
        fit.model, variable, moderator, at=others or None, level=effects.level, note=note,
        observed=observed.to_numpy(),
    )  # fmt: skip
    return Drawing(
        f"hospital_moderation_{name}",
        figure,
        f"Effects of {variable} on {effects.result.response} by {moderator}.",
        f"Curves with bands; {moderator} from {observed.min():.3g} to {observed.max():.3g}.",
    )
