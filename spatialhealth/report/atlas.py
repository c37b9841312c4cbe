"""The map of a page: outlines, and every variable that a study maps, in classes; a reader switches between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import MissingDataError
from spatialhealth.imbalance.lisa import CLUSTERS
from spatialhealth.maps.classes import Classes, classify
from spatialhealth.maps.layer import Layer
from spatialhealth.report.hospital import Hospital
from spatialhealth.report.outlines import Outlines, outlines
from spatialhealth.report.run import Results
from spatialhealth.report.summary import interval_words
from spatialhealth.report.tables import Table
from spatialhealth.report.terms import full_name, named_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Atlas", "Theme", "atlas_of"]

_PARTS = (
    ("own", "own", "what a unit feels of its own change"),
    ("received", "received", "what a unit feels of the same change in all other units"),
    ("emitted", "emitted", "what all other units feel of a change here"),
)
# as maps.lisa draws them
_CLUSTER_COLOURS = dict(zip(CLUSTERS, ("#ca0020", "#0571b0", "#f4a582", "#92c5de", "#f7f7f7"), strict=False))
# columns of a layer, the first that there is: what a unit is called, and what it lies in
_NAMES = (("name", "city", "county"), ("province", "state"))
_UNCERTAIN = "interval includes zero"
_MISSING = "no value"


@dataclass(frozen=True, eq=False)
class Theme:
    """A variable of the map.

    Parameters
    ----------
    group : str
        Under which it stands in the list.
    label : str
    note : str
        What it means, and of which period it is.
    values : Series
        By unit, numbers or names of clusters, in the order of the outlines.
    place : ndarray of int of shape (n,)
        Class of each unit; -1 where it is drawn as missing.
    colours, names : tuple of str
        Of the classes, low to high.
    missing : str
        What a unit drawn as missing is.
    """

    group: str
    label: str
    note: str
    values: pd.Series
    place: Array
    colours: tuple[str, ...]
    names: tuple[str, ...]
    missing: str = _MISSING

    @property
    def legend(self) -> list[tuple[str, str, int]]:
        """Class, as the drawing calls it, its name and how many units it has; high ones first, missing ones last."""
        rows = [
            (f"k{j}", self.names[j], int((self.place == j).sum())) for j in reversed(range(len(self.names)))
        ]
        lacking = int((self.place < 0).sum())
        return [*rows, *([("km", self.missing, lacking)] if lacking else [])]

    @property
    def kinds(self) -> list[str]:
        """Class of each unit, as the drawing calls it."""
        return [f"k{j}" if j >= 0 else "km" for j in self.place.tolist()]


@dataclass(frozen=True, eq=False)
class Atlas:
    """A map of several variables.

    Parameters
    ----------
    outlines : Outlines
    units : tuple of str
        What each unit is called.
    themes : tuple of Theme
        The first is shown where there is no script.
    source : str
        What stands under the map.
    """

    outlines: Outlines
    units: tuple[str, ...]
    themes: tuple[Theme, ...]
    source: str = ""
    groups: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(dict.fromkeys(theme.group for theme in self.themes)))

    @property
    def table(self) -> Table:
        """The values behind the map: one row a unit, one column a variable."""
        import pandas as pd

        columns: dict[str, Any] = {"Unit": list(self.units)}
        for theme in self.themes:
            columns[theme.label] = theme.values.to_list()
        return Table("map_values", "The values of the map, one row a unit.", pd.DataFrame(columns))

    @property
    def most(self) -> int:
        """Number of classes of the variable that has most."""
        return max(len(theme.names) for theme in self.themes)

    @property
    def script(self) -> str:
        """What the page's script reads; the values themselves it takes from the table."""
        themes = [
            {
                "label": theme.label,
                "note": theme.note,
                "colours": theme.colours,
                "places": theme.place.tolist(),
                "legend": theme.legend,
                "missing": theme.missing,
            }
            for theme in self.themes
        ]
        return json.dumps(themes, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


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
    themes = [*_values(results, options), *_effects(results, options)]
    if results.hospital is not None:
        themes += _hospital(results.hospital, layer.index, options)
    if not themes:
        return None
    drawn = outlines(Layer.of(layer))
    return Atlas(drawn, _called(layer), tuple(_apart(themes)), results.main.data.note)


def _values(results: Results, options: dict[str, Any]) -> Iterator[Theme]:
    labels = results.study.part("maps").get("labels", {})
    periods = len(results.main.model.result_.periods)
    note = f"Mean of {periods} periods." if periods > 1 else ""
    index = results.main.data.layer.index
    for name, values in results.mapped.items():
        yield from _numbers("Values", labels.get(name, name), note, values.reindex(index), options)


def _effects(results: Results, options: dict[str, Any]) -> Iterator[Theme]:
    result, index = results.main.model.result_, results.main.data.layer.index
    for variable, local in results.local.items():
        local = local.reindex(index)
        average = _averages(results, variable)
        spilled = classify(np.concatenate([local["received"], local["emitted"]]), **options)
        for name, called, meaning in _PARTS:
            yield from _numbers(
                f"Effects on {result.response}",
                f"{variable}: {called}",
                f"Effect of {variable} on {result.response}, by unit: {meaning}. {average[name]}",
                local[name],
                options,
                None if name == "own" else spilled,
            )


def _averages(results: Results, variable: str) -> dict[str, str]:
    """Say what the effects come to on average, for the map alone does not show how sure they are."""
    table = named_table(results.main.effects).set_index(["variable", "effect"])
    said = {}
    for name, effect in (("own", "direct"), ("received", "indirect"), ("emitted", "indirect")):
        row = table.loc[(full_name(results.main.effects, variable) or variable, effect)]
        said[name] = f"On average {interval_words(row)}."
    return said


def _hospital(found: Hospital, index: pd.Index, options: dict[str, Any]) -> Iterator[Theme]:
    if found.imbalance is not None:
        gap = found.imbalance.gap
        units, when = gap.units, ""
        if units.index.nlevels > 1:
            last = units.index.get_level_values(1).max()
            units, when = units.xs(last, level=1), f" in {last}"
        units = units.reindex(index)
        called = {"high": found.called["high"], "primary": found.called["primary"]}
        for tier, name in called.items():
            yield from _numbers(
                "Use and its gap", f"Use: {name}", f"Use of {name}{when}.", units[tier], options
            )
        note = f"Use of {called['high']} less that of {called['primary']}{when}."
        yield from _numbers("Use and its gap", "Gap in use", note, units["gap"], options)
        yield _clusters(found.imbalance.clusters, index, when)
    if found.empowerment is not None:
        for each in (*found.empowerment.replays, *found.empowerment.gap_replays):
            yield from _scenario(each, index, options)
        if found.empowerment.triage is not None:
            cities = found.empowerment.triage.cities.reindex(index)
            yield from _numbers(
                "Scenarios",
                "Triage: change of the gap",
                "What the triage policy does to the gap in use.",
                cities["gap_after"] - cities["gap_before"],
                options,
            )


def _scenario(replay: Any, index: pd.Index, options: dict[str, Any]) -> Iterator[Theme]:
    table = replay.table
    horizon = "" if "" in replay.horizons else "short-run"
    table = (table.loc[horizon] if horizon else table).reindex(index)
    quantity = "percent" if "percent" in table.columns else "change"
    outcome = (
        replay.response.removeprefix("log(").removesuffix(")") if quantity == "percent" else replay.response
    )
    unit = ", %" if quantity == "percent" else ""
    uncertain = (table[f"{quantity}_low"] <= 0) & (table[f"{quantity}_high"] >= 0)
    yield from _numbers(
        "Scenarios",
        f"{replay.name}: change of {outcome}{unit}",
        f"What the model expects of “{replay.name}”" + (f" in the {horizon.replace('-', ' ')}" if horizon else "")
        + "; hatched where the interval includes zero.",
        table[quantity],
        options,
        hidden=uncertain.to_numpy(dtype=bool),
    )  # fmt: skip


def _numbers(
    group: str,
    label: str,
    note: str,
    values: pd.Series,
    options: dict[str, Any],
    classes: Classes | None = None,
    hidden: Array | None = None,
) -> Iterator[Theme]:
    """Put numbers into classes; a variable of which nothing is known, or nothing certain, is left out."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    shown = numbers if hidden is None else np.where(hidden, np.nan, numbers)
    try:
        classes = classify(shown, **options) if classes is None else classes
    except MissingDataError:
        return
    missing = _MISSING if hidden is None else _UNCERTAIN
    yield Theme(
        group,
        label,
        note,
        values.astype(float),
        classes.place(shown),
        classes.colours,
        classes.labels,
        missing,
    )


def _clusters(clusters: Any, index: pd.Index, when: str) -> Theme:
    series = clusters.to_frame()["cluster"].astype(object)
    if series.index.nlevels > 1:
        series = series.xs(series.index.get_level_values(1).max(), level=1)
    series = series.reindex(index)
    names = tuple(reversed(_CLUSTER_COLOURS))
    place = np.array([names.index(name) if name in names else -1 for name in series])
    return Theme(
        "Use and its gap",
        "Clusters of the gap",
        f"LISA at {clusters.level:g}{when}: high values among high ones, low among low, and those that differ from "
        "their neighbours.",
        series.where(series.notna(), ""),
        place,
        tuple(_CLUSTER_COLOURS[name] for name in names),
        names,
        "no value or no neighbours",
    )


def _called(layer: Any) -> tuple[str, ...]:
    """Give the label of each unit, behind its name and that of what it lies in where the layer has these."""
    labels = [str(unit) for unit in layer.index]
    known = [next((name for name in names if name in layer.columns), None) for names in _NAMES]
    if known[0] is None:
        return tuple(labels)
    parts = [layer[name].astype(str) for name in known if name is not None]
    names = [", ".join(row) for row in zip(*parts, strict=True)]
    alike = [str(name) == label for name, label in zip(parts[0], labels, strict=True)]
    return tuple(
        name if same else f"{name} ({label})" for name, label, same in zip(names, labels, alike, strict=True)
    )


def _apart(themes: Sequence[Theme]) -> list[Theme]:
    """Tell variables of one label apart, as columns of a table must be."""
    from dataclasses import replace

    seen: dict[str, int] = {}
    found = []
    for theme in themes:
        seen[theme.label] = seen.get(theme.label, 0) + 1
        again = seen[theme.label]
        found.append(theme if again == 1 else replace(theme, label=f"{theme.label} ({again})"))
    return found
