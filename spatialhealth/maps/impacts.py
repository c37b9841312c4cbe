"""Three maps of one regressor's effects: on the unit itself, received from others, emitted to others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth.errors import LabelError
from spatialhealth.impacts.effects import Impacts
from spatialhealth.maps.classes import Scheme, classify
from spatialhealth.maps.given import check_given
from spatialhealth.maps.layer import Layer, aligned, uncertain
from spatialhealth.maps.marks import decorate
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import INK, MUTED, in_the, source_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["impacts"]

_WIDE, _TALLEST = 2.8, 6.0  # inches: three maps on a page on its side
_HEAD = 0.45  # above a map
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
    scale_bar: bool = False,
    north: bool = False,
    ax: Any = None,
) -> Array:
    """Map the effects of one regressor unit by unit: own, received from the others, emitted to the others.

    Units whose interval includes zero are paler and dotted. Where signs differ, colours part at zero.

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
        What ``effects.local(variable)`` gave, when it is at hand: it takes time on many units. Intervals are at
        ``effects.level``, from its standard errors, if it has them.
    scale_bar, north : bool, default False
        Draw a scale bar, an arrow to the north, on the first map.
    ax : sequence of three matplotlib Axes, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    ndarray of three matplotlib Axes

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
    >>> axes = impacts(states, effects, "log(price / cpi)")
    >>> [ax.get_title(loc="left") for ax in axes]
    ['Own', 'Received', 'Emitted']
    """
    check_given("maps.impacts", effects, isinstance(effects, Impacts), "impacts() gives")
    local = effects.local(variable) if local is None else local
    if local.index.nlevels > 1:
        raise LabelError(
            "maps.impacts: the panel has holes or weights by period, so that effects are by unit and period, and a "
            f"map shows one value a unit. Give a mean: local=effects.local({variable!r}).groupby(level=0).mean(), or "
            "one period: .xs(period, level=1); .reindex(frame.index) adds units without a value."
        )
    values = {name: aligned(frame, local[name]).to_numpy() for name, _, _ in _PANELS}
    faint = {name: _uncertain(frame, local, name, values[name], effects.level) for name, _, _ in _PANELS}
    layer = Layer.of(frame)
    shared = classify(np.concatenate([values["received"], values["emitted"]]), scheme, k)
    classes = {"own": classify(values["own"], scheme, k), "received": shared, "emitted": shared}
    tall = min(_WIDE * layer.ratio, _TALLEST)
    written = source_of(note, effects.result.source, frame)
    where = f"{effects.result.response}{in_the(effects.horizon)}, unit by unit"
    said = title if title is not None else f"Effects of {variable} on {where}"
    sheet = Sheet(_WIDE, tall, 3, 3, head=_HEAD, below=0.3)
    panels = sheet.panels("impacts", ax, said, written)
    for panel, (name, heading, meaning) in zip(panels, _PANELS, strict=True):
        layer.draw(panel, values[name], classes[name], faint[name])
        panel.set_title(heading, loc="left", fontsize=10, weight="bold", color=INK, pad=16)
        panel.annotate(
            meaning, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8,
            color=MUTED,
        )  # fmt: skip
        layer.legend(
            panel,
            values[name],
            classes[name],
            "",
            faint=faint[name],
            loc="upper left",
            bbox_to_anchor=(0.0, -0.02),
        )
    decorate(panels[0], layer, scale_bar, north)
    return finished(panels)  # type: ignore[no-any-return]


def _uncertain(frame: Any, local: pd.DataFrame, name: str, values: Array, level: float) -> Array:
    """Give whether the interval of each unit includes zero; nowhere if no standard errors are known."""
    if f"{name}_std_error" not in local.columns:
        return np.zeros(len(values), dtype=bool)
    error = aligned(frame, local[f"{name}_std_error"]).to_numpy()
    found = inference(values, error, level)
    return uncertain(found["ci_low"], found["ci_high"])
