"""Three maps of one regressor's effects: on the unit itself, received from others, emitted to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.errors import LabelError
from spatialhealth.impacts.effects import Impacts
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.layer import Layer, aligned
from spatialhealth.maps.style import INK, MUTED, in_the, new_figure, source_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["impacts"]

_WIDTH = 9.0  # inches: a page on its side
_GAP = 0.15
_TALLEST = 6.0
_HEAD = 0.95
_ROW = 0.19  # of a legend
_PANELS = (
    ("own", "Own", "on the unit itself"),
    ("received", "Received", "from the same change in all other units"),
    ("emitted", "Emitted", "by a change here, to all other units"),
)


def impacts(
    frame: gpd.GeoDataFrame,
    effects: Impacts,
    variable: str,
    *,
    title: str | None = None,
    scheme: Scheme | Any = "quantiles",
    k: int = 5,
    note: str | None = None,
    local: pd.DataFrame | None = None,
) -> Figure:
    """Map the effects of one regressor unit by unit: own, received from the others, emitted to the others.

    Parameters
    ----------
    frame : GeoDataFrame
        The units of the model, indexed by unit, in any order.
    effects : Impacts
        What `model.impacts()` gave. Of a dynamic model these are the effects in the short run; for those in the
        long run give ``effects.long_run``.
    variable : str
        Name of a regressor.
    title : str, optional
        By default, the regressor, the outcome and, of a dynamic model, the horizon.
    scheme, k
        Classes; see `spatialhealth.maps.classify`. Received and emitted share their classes, so that their
        colours can be compared; own has classes of its own, for it is often of another size.
    note : str, optional
        Source, under the maps; by default what the data of the model and the frame say in ``attrs["source"]``.
    local : DataFrame, optional
        What ``effects.local(variable)`` gave, when it is at hand: it takes time on many units.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    OptionError
        If the model has no such regressor.
    LabelError
        If the effects are by unit and period and no `local` with one value a unit is given.
    AlignmentError
        If the units of the frame are not those of the model.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states, panel = sh.datasets.load_states(), sh.datasets.load_cigarettes()
    >>> states = states.loc[panel.index.unique("state")]
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(states), effects="two-way")
    >>> effects = model.fit_formula("log(sales) ~ log(price / cpi)", panel).impacts()
    >>> figure = impacts(states, effects, "log(price / cpi)")
    >>> len(figure.axes)
    3
    """
    local = effects.local(variable) if local is None else local
    if local.index.nlevels > 1:
        raise LabelError(
            "maps.impacts: the panel has holes or weights by period, so that effects are by unit and period, and a "
            f"map shows one value a unit. Give a mean: local=effects.local({variable!r}).groupby(level=0).mean(), or "
            "one period: .xs(period, level=1); .reindex(frame.index) adds units without a value."
        )
    values = {name: aligned(frame, local[name]).to_numpy() for name, _, _ in _PANELS}
    layer = Layer.of(frame)
    shared = classify(np.concatenate([values["received"], values["emitted"]]), scheme, k)
    classes = {"own": classify(values["own"], scheme, k), "received": shared, "emitted": shared}
    rows = max(len(found.labels) for found in classes.values())
    wide = (_WIDTH - 4 * _GAP) / 3
    tall = min(wide * layer.ratio, _TALLEST)
    written = source_of(note, effects.result.source, frame)
    foot = 0.3 + _ROW * rows + (0.25 if written else 0.0)
    total = tall + _HEAD + foot
    figure = new_figure(_WIDTH, total)
    for j, (name, heading, meaning) in enumerate(_PANELS):
        left = (_GAP + j * (wide + _GAP)) / _WIDTH
        ax = figure.add_axes((left, foot / total, wide / _WIDTH, tall / total))
        layer.draw(ax, values[name], classes[name])
        figure.text(left, (foot + tall + 0.3) / total, heading, fontsize=10, weight="bold", color=INK)
        figure.text(left, (foot + tall + 0.12) / total, meaning, fontsize=8, color=MUTED)
        layer.legend(ax, values[name], classes[name], "", loc="upper left", bbox_to_anchor=(0.0, -0.02))
    where = f"{effects.result.response}{in_the(effects.horizon)}, unit by unit"
    said = title if title is not None else f"Effects of {variable} on {where}"
    figure.text(_GAP / _WIDTH, 1 - 0.14 / total, said, va="top", fontsize=12, weight="bold", color=INK)
    if written:
        figure.text(_GAP / _WIDTH, 0.1 / total, written, va="bottom", fontsize=7.5, color=MUTED)
    return figure
