"""Maps of scenarios side by side, in one set of classes about zero."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import OptionError, did_you_mean
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.given import check_given
from spatialhealth.maps.layer import Layer, aligned, uncertain
from spatialhealth.maps.marks import decorate
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import INK, source_of
from spatialhealth.scenario import Replay

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["scenario"]

_LEGEND, _WIDE = 2.3, 3.6  # inches
_HEAD, _LINE, _MOST = 0.12, 0.17, 3  # above a map; of its name; maps in a row


def scenario(
    frame: gpd.GeoDataFrame,
    *replays: Replay,
    quantity: str = "change",
    horizon: str | None = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    title: str | None = None,
    note: str | None = None,
    scale_bar: bool = False,
    north: bool = False,
    ax: Any = None,
) -> Array:
    """Map what scenarios change, city by city; cities whose interval includes zero are paler and dotted.

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
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north, on the first map.
    ax : sequence of matplotlib Axes, optional
        Where to draw, one a replay; those of a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes
        One a replay.

    Raises
    ------
    OptionError
        If there is no replay, or no such quantity or horizon.
    AlignmentError
        If the units of the frame are not those of the model.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()  # simulated
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    >>> found = sh.scenario.replay(model, sh.scenario.Change("tertiary", by=1), panel, random_state=1)
    >>> len(sh.maps.scenario(cities, found, quantity="percent"))
    1
    """
    if not replays:
        raise OptionError("maps.scenario: there is no replay to map. Give at least one.")
    found = [_values(frame, each, quantity, horizon) for each in replays]
    columns, faint = [values for values, _ in found], [mask for _, mask in found]
    classes = classify(np.concatenate(columns), scheme, k)
    layer = Layer.of(frame)
    heads = [textwrap.wrap(each.name, int(_WIDE * 13)) for each in replays]
    head = _HEAD + _LINE * max(map(len, heads))
    sheet = Sheet(_WIDE, _WIDE * layer.ratio, len(replays), _MOST, head=head, below=0.1, right=_LEGEND)
    written = source_of(note, replays[0].source, frame)
    panels = sheet.panels(
        "scenario", ax, title if title is not None else "What the scenarios change", written
    )
    for panel, lines, values, mask in zip(panels, heads, columns, faint, strict=True):
        panel.set_title("\n".join(lines), loc="left", fontsize=9.5, color=INK, pad=4)
        layer.draw(panel, values, classes, mask)
    corner = panels[sheet.columns - 1]
    layer.legend(
        corner, np.concatenate(columns), classes, _said(replays[0], quantity, horizon),
        faint=np.concatenate(faint), maps=len(replays), loc="upper left", bbox_to_anchor=(1.0, 1.0),
    )  # fmt: skip
    decorate(panels[0], layer, scale_bar, north)
    return finished(panels)  # type: ignore[no-any-return]


def _values(frame: Any, replay: Replay, quantity: str, horizon: str | None) -> tuple[Array, Array]:
    """Give one column by unit, and whether its interval includes zero."""
    check_given("maps.scenario", replay, isinstance(replay, Replay), "scenario.replay gives")
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
    values, low, high = (
        aligned(frame, table[name]).to_numpy() for name in (quantity, f"{quantity}_low", f"{quantity}_high")
    )
    return values, uncertain(low, high)


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
