"""The figures of a study: effects with their intervals, alternatives side by side, and maps."""

from __future__ import annotations

from spatialhealth import maps
from spatialhealth.impacts.effects import EFFECTS
from spatialhealth.report.checks import Grouped
from spatialhealth.report.drawing import Drawing
from spatialhealth.report.hospital.figures import hospital_drawings
from spatialhealth.report.names import free, slugs
from spatialhealth.report.run import Results
from spatialhealth.report.specifications import specification_drawing
from spatialhealth.report.terms import named_table

__all__ = ["draw"]


def draw(results: Results) -> list[Drawing]:
    """Draw every figure of a study.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of Drawing
        Effects, alternatives and groups (if any), then the maps.
    """
    main, part = results.main, results.study.part("maps")
    note, response = main.data.note, main.model.result_.response
    options = {"scheme": part.get("scheme", "quantiles"), "k": part.get("classes", 5)}
    table = named_table(main.effects)
    drawings = [
        Drawing(
            "effects",
            maps.effects(table, "effect", list(EFFECTS), main.effects.level, note),
            f"Direct, indirect and total effects on {response}, with {main.effects.level:.0%} intervals.",
            "Dots with intervals. "
            + " ".join(f"{row.variable}, {row.effect}: {row.estimate:.3g}." for row in table.itertuples()),
        )
    ]
    if results.alternatives:
        drawings.append(_alternatives(results, note))
        if results.hospital is not None:
            drawings.append(specification_drawing(results, results.study.part("hospital")["high"]))
    stems = slugs(groups.name for groups in results.regimes)
    drawings += [
        _grouped(groups, f"regimes_{stem}", results, note)
        for groups, stem in zip(results.regimes, stems, strict=True)
    ]
    if results.hospital is not None:
        drawings += hospital_drawings(results.hospital, main)
    names = {drawing.name for drawing in drawings}
    periods = len(main.model.result_.periods)
    for variable, values in results.mapped.items():
        label = part.get("labels", {}).get(variable, variable)
        what = f"{label}, mean of {periods} periods" if periods > 1 else label
        drawings.append(
            Drawing(
                free(f"map_{variable}", names),
                maps.choropleth(main.data.layer, values, title=what, label=label, note=note, **options),
                f"{what} by unit.",
                f"Map of {len(values)} units; values from {values.min():.4g} to {values.max():.4g}.",
            )
        )
    for variable, local in results.local.items():
        size = "; ".join(
            f"{name} from {local[name].min():.3g} to {local[name].max():.3g}" for name in local.columns[:3]
        )
        drawings.append(
            Drawing(
                free(f"effects_{variable}", names),
                maps.impacts(main.data.layer, main.effects, variable, note=note, local=local, **options),
                f"Effects of {variable} on {response}: own, received from the other units, emitted to them.",
                f"Three maps: {size}.",
            )
        )
    return drawings


def _alternatives(results: Results, note: str) -> Drawing:
    import pandas as pd

    frames = []
    for fit in results.fits:
        table = named_table(fit.effects)
        frames.append(table[table["effect"] == "total"].assign(alternative=fit.name))
    totals = pd.concat(frames, ignore_index=True)
    level = results.main.effects.level
    return Drawing(
        "alternatives",
        maps.effects(totals, "alternative", [fit.name for fit in results.fits], level, note),
        f"Total effect of each regressor in the main model and under each alternative, with {level:.0%} intervals.",
        "Dots with intervals. "
        + " ".join(f"{row.variable}, {row.alternative}: {row.estimate:.3g}." for row in totals.itertuples()),
    )


def _grouped(groups: Grouped, stem: str, results: Results, note: str) -> Drawing:
    """Draw the total effects of all units, and those of each group."""
    import pandas as pd

    level, named = (
        results.main.effects.level,
        dict(zip(groups.regimes.groups.labels, groups.titles, strict=True)),
    )
    frame = groups.regimes.to_frame()
    everywhere = named_table(results.main.effects).assign(group="All units")
    totals = pd.concat([everywhere, frame.assign(group=[named[label] for label in frame["group"]])])
    totals = totals[totals["effect"] == "total"]
    return Drawing(
        stem,
        maps.effects(totals, "group", ["All units", *groups.titles], level, note),
        f"Total effect of each regressor in all units and by group, with {level:.0%} intervals.",
        "Dots with intervals. "
        + " ".join(f"{row.variable}, {row.group}: {row.estimate:.3g}." for row in totals.itertuples()),
    )
