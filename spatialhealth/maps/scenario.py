"""Maps of scenarios side by side, in one set of classes about zero."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.errors import OptionError, did_you_mean
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.style import INK, MUTED, new_figure, source_of
from spatialhealth.scenario import Replay

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure

__all__ = ["scenario"]

_LEGEND, _WIDE, _GAP = 2.3, 3.6, 0.15  # inches
_HEAD, _LINE, _MOST = 0.35, 0.17, 3  # of maps in a row


def scenario(
    frame: gpd.GeoDataFrame,
    *replays: Replay,
    quantity: str = "change",
    horizon: str | None = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    title: str | None = None,
    note: str | None = None,
) -> Figure:
    """Map what scenarios change, city by city; cities whose interval includes zero are hatched.

    Parameters
    ----------
    frame : GeoDataFrame
        The units of the model, indexed by unit, in any order.
    *replays : Replay
        What `spatialhealth.scenario.replay` gave, of one outcome.
    quantity : str, default "change"
        A column of `Replay.table` that has an interval: "change", "own", "spilled_over", "percent" or "amount".
    horizon : {"short-run", "long-run"}, optional
        Of a dynamic model; the short run by default.
    scheme, k
        Classes, shared by all maps; see `spatialhealth.maps.classify`.
    title, note : str, optional
        By default what is shown, and where the data come from.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError
        If there is no replay, or no such quantity or horizon.
    AlignmentError
        If the units of the frame are not those of the model.
    MissingDataError
        If no city's interval leaves zero out.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()  # simulated
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    >>> found = sh.scenario.replay(model, sh.scenario.Change("tertiary", by=1), panel, random_state=1)
    >>> len(sh.maps.scenario(cities, found, quantity="percent").axes)
    1
    """
    if not replays:
        raise OptionError("maps.scenario: there is no replay to map. Give at least one.")
    columns = [_values(frame, each, quantity, horizon) for each in replays]
    classes = classify(np.concatenate(columns), scheme, k)
    layer = Layer.of(frame)
    across = min(len(replays), _MOST)
    down = -(-len(replays) // across)
    heads = [textwrap.wrap(each.name, int(_WIDE * 15)) for each in replays]
    head = _HEAD + _LINE * max(map(len, heads))
    tall = _WIDE * layer.ratio
    foot = 0.3
    width, height = across * (_WIDE + _GAP) + _LEGEND, 0.5 + down * (tall + head) + foot
    figure = new_figure(width, height)
    for place, (lines, values) in enumerate(zip(heads, columns, strict=True)):
        row, column = divmod(place, across)
        left, top = _GAP + column * (_WIDE + _GAP), height - 0.5 - row * (tall + head)
        figure.text(left / width, (top - 0.05) / height, "\n".join(lines), va="top", fontsize=9.5, color=INK)
        ax = figure.add_axes((left / width, (top - head - tall) / height, _WIDE / width, tall / height))
        layer.draw(ax, values, classes)
    said = _said(replays[0], quantity, horizon)
    layer.legend(
        ax, np.concatenate(columns), classes, said, "interval includes zero",
        loc="upper left", bbox_to_anchor=(1 - (_LEGEND - 0.1) / width, 1 - 0.5 / height),
        bbox_transform=figure.transFigure,
    )  # fmt: skip
    shown = title if title is not None else "What the scenarios change"
    figure.text(_GAP / width, 1 - 0.14 / height, shown, va="top", fontsize=12, weight="bold", color=INK)
    written = source_of(note, replays[0].source, frame)
    if written:
        figure.text(_GAP / width, 0.1 / height, written, va="bottom", fontsize=7.5, color=MUTED)
    return figure


def _values(frame: Any, replay: Replay, quantity: str, horizon: str | None) -> Any:
    """Give one column by unit, NaN where its interval includes zero."""
    table = replay.table
    if "" not in replay.horizons:
        asked = "short-run" if horizon is None else horizon
        if asked not in replay.horizons:
            raise OptionError(
                f"maps.scenario: horizon={asked!r} is not among those of the replay: {', '.join(replay.horizons)}."
            )
        table = table.loc[asked]
    elif horizon is not None:
        raise OptionError(f"maps.scenario: horizon={horizon!r}, and the model has no dynamics.")
    known = [name for name in table.columns if f"{name}_low" in table.columns]
    if quantity not in known:
        raise OptionError(
            f"maps.scenario: there is no quantity {quantity!r}.{did_you_mean(quantity, known)} There are: "
            f"{', '.join(known)}."
        )
    uncertain = (table[f"{quantity}_low"] <= 0) & (table[f"{quantity}_high"] >= 0)
    return aligned(frame, table[quantity].mask(uncertain)).to_numpy()


def _said(replay: Replay, quantity: str, horizon: str | None) -> str:
    outcome = replay.response.removeprefix("log(").removesuffix(")")
    words = {
        "change": f"Change of {replay.response}",
        "own": f"Own change of {replay.response}",
        "spilled_over": f"Spilled over to {replay.response}",
        "percent": f"Change of {outcome}, %",
        "amount": f"Change of {outcome}",
    }[quantity]
    return words + (f", {horizon or 'short-run'}" if "" not in replay.horizons else "")
