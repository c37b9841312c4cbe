"""How effects fade with the order of neighbourhood."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from spatialhealth._typing import Array
from spatialhealth.errors import OptionError, did_you_mean
from spatialhealth.impacts.effects import EFFECTS, Impacts
from spatialhealth.maps.given import check_given
from spatialhealth.maps.sheet import Sheet, finished, plain
from spatialhealth.maps.style import BORDER, INK, in_the, source_of

__all__ = ["by_order"]

_WIDE, _TALL, _ACROSS = 2.8, 2.1, 3  # inches, panels in a row
_LOOKS = {
    "direct": ("#0072B2", "o", -0.16),
    "indirect": ("#D55E00", "s", 0.0),
    "total": ("#000000", "D", 0.16),
}


def by_order(
    effects: Impacts,
    k: int = 6,
    *,
    variables: Sequence[str] | None = None,
    title: str | None = None,
    note: str | None = None,
    ax: Any = None,
) -> Array:
    """Draw the effects by order of neighbourhood, with their intervals: how fast they fade.

    Parameters
    ----------
    effects : Impacts
        What `model.impacts()` gave.
    k : int, default 6
        Highest order: 0 is the unit itself, 1 its neighbours, 2 theirs, and so on.
    variables : sequence of str, optional
        Regressors to draw, one panel each; all by default.
    title, note : str, optional
        By default the outcome, and what its data say of their source.
    ax : matplotlib Axes or sequence of them, optional
        Where to draw, one a regressor; those of a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes
        One a regressor.

    Raises
    ------
    LabelError
        If `effects` is not what `impacts()` gives.
    OptionError
        If there is no such regressor, or `k` is no positive whole number.

    Notes
    -----
    In brackets, the share of the total effect that the orders up to `k` hold. See `Impacts.by_order`.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)
    >>> len(sh.maps.by_order(model.impacts(), 4))
    2
    """
    check_given("maps.by_order", effects, isinstance(effects, Impacts), "impacts() gives")
    names = list(effects.variables if variables is None else variables)
    for name in names:
        if name not in effects.variables:
            raise OptionError(
                f"maps.by_order: there is no regressor {name!r}.{did_you_mean(name, effects.variables)} There are: "
                f"{', '.join(effects.variables)}."
            )
    if not names:
        raise OptionError("maps.by_order: variables is empty. Name one at least.")
    table = effects.by_order(k)
    per = 3 * (int(k) + 1)
    heads = [textwrap.wrap(name, 34) for name in names]
    sheet = Sheet(
        _WIDE, _TALL, len(names), _ACROSS, left=0.75, gap=0.65, head=0.38 + 0.15 * max(map(len, heads)), below=0.5,
        crown=0.1,
    )  # fmt: skip
    said = f"Effects on {effects.result.response}{in_the(effects.horizon)} by order of neighbourhood"
    source = source_of(note, effects.result.source)
    panels = sheet.panels("by_order", ax, title if title is not None else said, source)
    for panel, name, head in zip(panels, names, heads, strict=True):
        place = effects.variables.index(name)
        rows = table.iloc[per * place : per * (place + 1)]
        _fade(panel, rows)
        total = effects.estimates[place, 2]
        share = rows[rows["effect"] == "total"]["cumulative"].iloc[-1] / total if total else float("nan")
        panel.set_title("\n".join(head), loc="left", fontsize=9.5, weight="bold", color=INK, pad=14)
        panel.annotate(
            f"orders 0 to {k} hold {share:.1%} of the total", (0, 1), (0, 3), xycoords="axes fraction",
            textcoords="offset points", fontsize=7.5, color=INK,
        )  # fmt: skip
    panels[0].set_ylabel(f"Effect, {effects.level:.0%} interval", fontsize=8.5, color=INK)
    panels[0].legend(frameon=False, fontsize=8, labelcolor=INK, loc="upper right")
    return finished(panels)  # type: ignore[no-any-return]


def _fade(ax: Any, rows: Any) -> None:
    """Draw the effects of one regressor, side by side at each order."""
    ax.axhline(0.0, color=BORDER, linewidth=0.8, linestyle=(0, (4, 3)))
    for effect in EFFECTS:
        colour, mark, shift = _LOOKS[effect]
        part = rows[rows["effect"] == effect]
        x, middle = part["order"].to_numpy(float) + shift, part["estimate"].to_numpy()
        ax.vlines(x, part["ci_low"], part["ci_high"], color=colour, linewidth=1.2)
        ax.plot(x, middle, mark, color=colour, markersize=4, label=effect)
    ax.set_xticks(range(int(rows["order"].max()) + 1))
    ax.set_xlabel("Order of neighbourhood", fontsize=8.5, color=INK)
    plain(ax)
