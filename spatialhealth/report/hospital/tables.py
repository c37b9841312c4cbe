"""The tables of the four questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spatialhealth.imbalance.gap import STRUCTURAL
from spatialhealth.report.check_tables import grouped_tables
from spatialhealth.report.checks import Grouped
from spatialhealth.report.hospital.result import Empowerment, Hospital, Imbalance, Subset
from spatialhealth.report.names import slug
from spatialhealth.report.tables import Table
from spatialhealth.report.terms import named_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["as_grouped", "hospital_tables", "shown_measures"]

_NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]


def hospital_tables(found: Hospital, outcome: str, level: float) -> list[Table]:
    """Give every table of the four questions.

    Parameters
    ----------
    found : Hospital
    outcome : str
        The outcome of the main model.
    level : float
        Of the intervals.

    Returns
    -------
    list of Table
    """
    interval = f"{level:.0%} intervals"
    answers = found.to_frame()
    shown = answers.drop(columns=["p_value", "std_error"])
    shown["holds"] = answers["holds"].map({True: "yes", False: "no"})
    tables = [
        Table("hospital_answers", f"The four questions, each in numbers, with {interval}.", answers, shown),
        Table("hospital_attraction", f"Effects of both tiers on {outcome}, with {interval}.", _tiers(found)),
    ]
    if found.imbalance is not None:
        tables += _imbalance(found.imbalance, interval)
    if found.subset is not None:
        tables += grouped_tables(as_grouped(found.subset), "hospital_subset", outcome)
    if found.empowerment is not None:
        tables += _empowerment(found.empowerment, interval)
    return tables


def as_grouped(subset: Subset) -> Grouped:
    """Give the subset as any other grouping of units."""
    return Grouped(subset.titles[1], subset.flag, subset.regimes, subset.titles, ())


def _tiers(found: Hospital) -> pd.DataFrame:
    import pandas as pd

    names = found.attraction.names
    effects = named_table(found.attraction.effects)
    kept = effects[effects["variable"].isin(names.values())]
    kept = kept.assign(
        variable=kept["variable"].map({full: full.partition(" [")[0] for full in names.values()})
    )
    high, primary = (names[tier].partition(" [")[0] for tier in ("high", "primary"))
    contrast = found.attraction.contrast.assign(variable=f"{high} - {primary}")
    return pd.concat([kept, contrast], ignore_index=True)[["variable", "effect", *_NUMBERS, "p_value"]]


def shown_measures(imbalance: Imbalance) -> pd.DataFrame:
    """Give the measures of imbalance in one table: period (if there are any), measure, numbers."""
    import pandas as pd

    gap = imbalance.gap.to_frame()
    gap = gap[gap["measure"].isin(["gap", STRUCTURAL])]
    named = {"gap": "Mean gap in use", STRUCTURAL: "Share overburdened beside idle"}
    frames = [gap.assign(measure=gap["measure"].map(named))]
    for name, measures in imbalance.measures.items():
        frame = measures.to_frame()
        if "component" not in frame.columns:
            frames.append(frame.assign(measure=name))
            continue
        frame = frame[frame["quantity"] == "index"]
        frames.append(frame.assign(measure=[f"{name}, {part}" for part in frame["component"]]))
    if imbalance.concentration is not None:
        frames.append(imbalance.concentration.to_frame().assign(measure="Concentration index"))
    period = imbalance.gap.summary.period
    columns = [*([period] if period else []), "measure", *_NUMBERS]
    return pd.concat([frame[columns] for frame in frames], ignore_index=True)


def _imbalance(found: Imbalance, interval: str) -> list[Table]:
    import pandas as pd

    frame = shown_measures(found)
    period = found.gap.summary.period
    last = frame
    if period:
        last = frame[frame[period] == frame[period].max()].rename(columns={period: "period"})
        last = last.assign(period=last["period"].astype(str))
    units = found.gap.units
    if units.index.nlevels > 1:
        units = units.xs(units.index.get_level_values(1).max(), level=1)
    clusters = found.clusters.to_frame()
    local = pd.DataFrame({**units, "cluster": clusters["cluster"], "p_value": clusters["p_value"]})
    counts = pd.DataFrame(
        {"cluster": list(found.clusters.counts), "units": list(found.clusters.counts.values())}
    )
    return [
        Table("hospital_imbalance", f"Measures of imbalance, with {interval}; all periods are in the "
        "csv.", frame, last),
        Table("hospital_clusters", "Clusters of the gap in the last period: numbers of units.", counts),
        Table("hospital_gap_model", f"Effects on the gap in use, with {interval}.", named_table(found.fit.effects)),
        Table(
            "hospital_mediation",
            f"From {found.mediation.cause} through {found.mediation.mediator} to the gap, with {interval} from "
            f"{len(found.mediation.draws):,} bootstrap samples.",
            found.mediation.table,
        ),
        Table(
            "local_hospital_gap", "Use, gap, class and cluster by unit in the last period.",
            local.rename_axis("unit").reset_index(),
        ),
    ]  # fmt: skip


def _empowerment(found: Empowerment, interval: str) -> list[Table]:
    import pandas as pd

    tables: list[Table] = []
    moderated: list[Any] = [each.table for each in (found.attraction, found.gap) if each is not None]
    if moderated:
        outcomes = [each.result.response for each in (found.attraction, found.gap) if each is not None]
        frame = pd.concat(
            [table.assign(outcome=outcome) for table, outcome in zip(moderated, outcomes, strict=True)],
            ignore_index=True,
        )
        frame = frame[frame[found.moderator].notna()]
        columns = ["outcome", "variable", found.moderator, "effect", *_NUMBERS, "p_value"]
        tables.append(
            Table(
                "hospital_moderation",
                f"Effects at values of {found.moderator}, with {interval}.",
                frame[columns],
            )
        )
    replays = [*found.replays, *found.gap_replays]
    if replays:
        frame = pd.concat(
            [each.totals.assign(scenario=each.name, outcome=each.response) for each in replays],
            ignore_index=True,
        )
        columns = ["scenario", "outcome", *frame.columns.drop(["scenario", "outcome"])]
        tables.append(
            Table("hospital_scenarios", f"What the scenarios change, with {interval}.", frame[columns])
        )
    if found.comparison is not None:
        caption = f"Scenarios side by side, and each against the first, with {interval}."
        tables.append(Table("hospital_comparison", caption, found.comparison))
    for each in replays:
        caption = f"What {each.name} changes in {each.response}, by unit."
        name = f"local_{slug(each.response)}_{slug(each.name)}"
        tables.append(Table(name, caption, each.table.reset_index()))
    if found.triage is not None:
        tables += _triage(found.triage)
    return tables


def _triage(triage: Any) -> list[Table]:
    by_city = triage.cities.rename_axis("unit").reset_index()
    imbalance = triage.imbalance[["when", "measure", *_NUMBERS]]
    return [
        Table(
            "hospital_triage",
            "The triage policy: cases by what becomes of them, all units together.",
            triage.totals,
        ),
        Table("hospital_triage_imbalance", "Imbalance before and after the triage policy.", imbalance),
        Table("local_hospital_triage", "The triage policy by unit.", by_city),
    ]
