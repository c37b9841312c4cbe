"""The map of a page: every variable that a study has by unit, for a map to move about in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.maps.classes import classify
from spatialhealth.maps.interactive import Theme, interactive_map
from spatialhealth.maps.layer import uncertain
from spatialhealth.maps.style import in_the
from spatialhealth.report.hospital import Hospital
from spatialhealth.report.run import Results
from spatialhealth.report.summary import interval_words
from spatialhealth.report.terms import full_name, named_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Atlas", "atlas_of"]

_PARTS = (
    ("own", "own", "what a unit feels of its own change"),
    ("received", "received", "what a unit feels of the same change in all other units"),
    ("emitted", "emitted", "what all other units feel of a change here"),
)
# columns of a layer, the first that there is: what a unit is called, and what it lies in
_NAMES = (("name", "city", "county"), ("province", "state"))
_USE, _SCENARIOS = "Use and its gap", "Scenarios"
_HEIGHT = 640  # pixels, at most


@dataclass(frozen=True, eq=False)
class Atlas:
    """A map of several variables.

    Parameters
    ----------
    layer : GeoDataFrame
        Indexed by unit.
    names : Series
        What each unit is called.
    themes : tuple of Theme
        The first is shown where there is no script.
    options : dict
        Scheme and number of classes.
    source : str
        What stands beside the map.
    """

    layer: Any
    names: pd.Series
    themes: tuple[Theme, ...]
    options: dict[str, Any]
    source: str = ""

    def to_html(self) -> str:
        """Give the map as a piece of a page."""
        return interactive_map(
            self.layer, self.themes, names=self.names, note=self.source, height=_HEIGHT, **self.options
        )


def atlas_of(results: Results) -> Atlas | None:
    """Gather what a study maps.

    Parameters
    ----------
    results : Results

    Returns
    -------
    Atlas or None
        None where the study maps nothing.
    """
    layer = results.main.data.layer
    part = results.study.part("maps")
    options = {"scheme": part.get("scheme", "quantiles"), "k": part.get("classes", 5)}
    themes = [*_values(results), *_effects(results, options)]
    if results.hospital is not None:
        themes += _hospital(results.hospital, layer.index)
    if not themes:
        return None
    return Atlas(layer, _called(layer), tuple(_apart(themes)), options, results.main.data.note)


def _values(results: Results) -> Iterator[Theme]:
    labels = results.study.part("maps").get("labels", {})
    periods = len(results.main.model.result_.periods)
    note = f"Mean of {periods} periods." if periods > 1 else ""
    index = results.main.data.layer.index
    for name, values in results.mapped.items():
        yield from _known(Theme(values.reindex(index), labels.get(name, name), "Values", note))


def _effects(results: Results, options: dict[str, Any]) -> Iterator[Theme]:
    result, index = results.main.model.result_, results.main.data.layer.index
    for variable, local in results.local.items():
        local = local.reindex(index)
        average = _averages(results, variable)
        spilled = classify(np.concatenate([local["received"], local["emitted"]]), **options)
        for name, called, meaning in _PARTS:
            yield from _known(
                Theme(
                    local[name],
                    f"{variable}: {called}",
                    f"Effects on {result.response}",
                    f"Effect of {variable} on {result.response}, by unit: {meaning}. {average[name]}",
                    classes=None if name == "own" else spilled,
                )
            )


def _averages(results: Results, variable: str) -> dict[str, str]:
    """Say what the effects come to on average, for the map alone does not show how sure they are."""
    table = named_table(results.main.effects).set_index(["variable", "effect"])
    said = {}
    for name, effect in (("own", "direct"), ("received", "indirect"), ("emitted", "indirect")):
        row = table.loc[(full_name(results.main.effects, variable) or variable, effect)]
        said[name] = f"On average {interval_words(row)}."
    return said


def _hospital(found: Hospital, index: pd.Index) -> Iterator[Theme]:
    if found.imbalance is not None:
        gap = found.imbalance.gap
        units, when = gap.units, ""
        if units.index.nlevels > 1:
            last = units.index.get_level_values(1).max()
            units, when = units.xs(last, level=1), f" in {last}"
        units = units.reindex(index)
        called = {"high": found.called["high"], "primary": found.called["primary"]}
        for tier, name in called.items():
            yield from _known(Theme(units[tier], f"Use: {name}", _USE, f"Use of {name}{when}."))
        note = f"Use of {called['high']} less that of {called['primary']}{when}."
        yield from _known(Theme(units["gap"], "Gap in use", _USE, note))
        yield from _known(_clusters(found.imbalance.clusters, index, when))
    if found.empowerment is not None:
        for each in (*found.empowerment.replays, *found.empowerment.gap_replays):
            yield from _known(_scenario(each, index))
        if found.empowerment.triage is not None:
            cities = found.empowerment.triage.cities.reindex(index)
            change = cities["gap_after"] - cities["gap_before"]
            note = "What the triage policy does to the gap in use."
            yield from _known(Theme(change, "Triage: change of the gap", _SCENARIOS, note))


def _scenario(replay: Any, index: pd.Index) -> Theme:
    table = replay.table
    horizon = "" if "" in replay.horizons else "short-run"
    table = (table.loc[horizon] if horizon else table).reindex(index)
    quantity = "percent" if "percent" in table.columns else "change"
    outcome = (
        replay.response.removeprefix("log(").removesuffix(")") if quantity == "percent" else replay.response
    )
    mask = uncertain(table[f"{quantity}_low"], table[f"{quantity}_high"])
    return Theme(
        table[quantity],
        f"{replay.name}: change of {outcome}{', %' if quantity == 'percent' else ''}",
        _SCENARIOS,
        f"What the model expects of “{replay.name}”{in_the(horizon)}; "
        "pale and dotted where the interval includes zero.",
        uncertain=table[quantity].notna() & mask,
    )


def _known(theme: Theme) -> Iterator[Theme]:
    """Leave out a variable of which nothing is known."""
    if theme.values.notna().any():
        yield theme


def _clusters(clusters: Any, index: pd.Index, when: str) -> Theme:
    series = clusters.cluster
    if series.index.nlevels > 1:
        series = series.xs(series.index.get_level_values(1).max(), level=1)
    return Theme(
        series.reindex(index),
        "Clusters of the gap",
        _USE,
        f"LISA at {clusters.level:g}{when}: high values among high ones, low among low, and those that differ from "
        "their neighbours.",
    )


def _called(layer: Any) -> pd.Series:
    """Give the name of each unit, before that of what it lies in, where the layer has these; else its label."""
    known = [next((name for name in names if name in layer.columns), None) for names in _NAMES]
    if known[0] is None:
        return layer.index.to_series().astype(str)
    parts = [layer[name].astype(str) for name in known if name is not None]
    return parts[0].str.cat(parts[1:], sep=", ") if len(parts) > 1 else parts[0]


def _apart(themes: Sequence[Theme]) -> list[Theme]:
    """Tell variables of one label apart, as columns of a table must be."""
    seen: dict[str, int] = {}
    found = []
    for theme in themes:
        seen[theme.label] = seen.get(theme.label, 0) + 1
        again = seen[theme.label]
        found.append(theme if again == 1 else replace(theme, label=f"{theme.label} ({again})"))
    return found
