"""Estimates with their intervals: direct, indirect and total effects, or one effect under several models."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from spatialhealth._typing import Array
from spatialhealth.errors import DataError, OptionError, did_you_mean, some
from spatialhealth.impacts.effects import EFFECTS, Impacts
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import INK, OKABE_ITO, in_the, source_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["effects"]

# marks that differ in grey too
_MARKS = {"direct": ("#0072B2", "o"), "indirect": ("#D55E00", "s"), "total": ("#000000", "D")}
_SHAPES = "Dosv^<P"
_APART = 12.0  # ratio of sizes above which regressors get scales of their own
_WIDTH, _SIGN, _LINE = 7.2, 0.078, 30  # inches: all, a sign of a name; signs of a name in a line
_NEEDED = ("variable", "estimate", "ci_low", "ci_high")


def effects(
    found: Impacts | pd.DataFrame,
    by: str = "effect",
    series: Sequence[str] | None = None,
    level: float | None = None,
    note: str | None = None,
    *,
    variables: Sequence[str] | None = None,
    title: str | None = None,
    ax: Any = None,
) -> Array:
    """Draw estimates with their intervals, one block a regressor and one mark a series (a forest plot).

    Parameters
    ----------
    found : Impacts or DataFrame
        What `model.impacts()` gave; or a table with the columns variable, estimate, ci_low, ci_high, and `by`, such
        as those of several models one below the other.
    by : str, default "effect"
        Column that tells the series apart.
    series : sequence of str, optional
        Its values, in the order to show them; by default in that of the table.
    level : float, optional
        Confidence level of the intervals, for the label of the axis; known for Impacts.
    note : str, optional
        Source, under the figure; by default what the data of the model say.
    variables : sequence of str, optional
        Regressors to draw; all by default.
    title : str, optional
        By default of Impacts, the outcome.
    ax : matplotlib Axes or sequence of them, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes
        One for all regressors; where their sizes differ by more than 12 times, one each.

    Raises
    ------
    DataError
        If a column is absent, or there is no row.
    OptionError
        If there is no such regressor or series, or the axes are not as many as the panels.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)
    >>> (ax,) = sh.maps.effects(model.impacts())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['log(tertiary)', 'log(primary)']
    """
    table, said, source = _table(found, by)
    if isinstance(found, Impacts):
        level, series = found.level, series or EFFECTS
    names = _among("variables", variables, table["variable"])
    drawn = _among("series", series, table[by])
    table = table[table["variable"].isin(names) & table[by].isin(drawn)]
    size = table.groupby("variable")[["ci_low", "ci_high"]].apply(lambda part: part.abs().to_numpy().max())
    apart = len(names) > 1 and size.max() > _APART * size.min()
    blocks = [[name] for name in names] if apart else [names]
    step = 0.2 * len(drawn) + 0.22
    longest = max(len(line) for name in names for line in textwrap.wrap(name, _LINE))
    left, across = 0.3 + _SIGN * longest, min(len(drawn), 3)
    sheet = Sheet(
        _WIDTH - left - 0.25, step * len(blocks[0]), len(blocks), left=left, right=0.25,
        below=0.42, crown=0.05 + 0.2 * -(-len(drawn) // across),
    )  # fmt: skip
    panels = sheet.panels("effects", ax, title if title is not None else said, source_of(note, source))
    for panel, block in zip(panels, blocks, strict=True):
        _block(panel, table, block, by, drawn)
    interval = "interval" if level is None else f"{level:.0%} interval"
    panels[-1].set_xlabel(f"Estimate and {interval}", fontsize=8.5, color=INK)
    _key(panels[0], drawn, across)
    return finished(panels)  # type: ignore[no-any-return]


def _table(found: Any, by: str) -> tuple[Any, str | None, str]:
    """Give the table, a title and the source."""
    if isinstance(found, Impacts):
        table = found.table.assign(variable=[name for name in found.variables for _ in EFFECTS])
        return table, f"Effects on {found.result.response}{in_the(found.horizon)}", found.result.source
    absent = [name for name in (*_NEEDED, by) if name not in getattr(found, "columns", ())]
    if absent:
        raise DataError(
            f"maps.effects: the table lacks the columns {some(absent)}. Give what impacts() gave, or a table with "
            f"{some((*_NEEDED, by))}."
        )
    if not len(found):
        raise DataError("maps.effects: the table has no row to draw.")
    return found, None, ""


def _among(what: str, asked: Sequence[str] | None, column: Any) -> list[str]:
    known = list(dict.fromkeys(column))
    if asked is None:
        return known
    for name in asked:
        if name not in known:
            raise OptionError(
                f"maps.effects: {what} has {name!r}, which is not in the table.{did_you_mean(name, known)} There are "
                f"{some(known, 20)}."
            )
    return list(asked)


def _look(name: str, place: int) -> dict[str, Any]:
    """Give colour and mark of a series; no two of 56 have the same, and after eight the marks are hollow."""
    if name in _MARKS:
        colour, mark = _MARKS[name]
        return {"color": colour, "marker": mark, "markeredgecolor": "white", "markeredgewidth": 0.4}
    colour, mark = OKABE_ITO[place % len(OKABE_ITO)], _SHAPES[place % len(_SHAPES)]
    if place < len(OKABE_ITO):
        return {"color": colour, "marker": mark, "markeredgecolor": "white", "markeredgewidth": 0.4}
    return {"color": colour, "marker": mark, "markerfacecolor": "white", "markeredgecolor": colour}


def _block(ax: Axes, table: pd.DataFrame, variables: list[str], by: str, series: list[str]) -> None:
    width = len(series) + 1.1
    ax.axvline(0, color="#8a8a8a", linewidth=0.8, zorder=0)
    for j, name in enumerate(series):
        look = _look(name, j)
        part = table[table[by] == name].set_index("variable")
        for i, variable in enumerate(variables):
            if variable not in part.index:
                continue
            y = i * width + j
            row: Any = part.loc[variable]
            span = [row["ci_low"], row["ci_high"]]
            ax.plot(span, [y, y], color=look["color"], linewidth=1.4, solid_capstyle="butt")
            ax.plot([row["estimate"]], [y], linestyle="", markersize=5, **look)
    for i in range(1, len(variables)):
        ax.axhline(i * width - 1.05, color="#dddddd", linewidth=0.6, zorder=0)
    ax.set_ylim(len(variables) * width - 1.05, -1.05)
    names = ["\n".join(textwrap.wrap(name, _LINE)) for name in variables]
    ax.set_yticks([i * width + (len(series) - 1) / 2 for i in range(len(variables))], names)
    ax.margins(x=0.05)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=INK)
    ax.tick_params(axis="x", labelsize=7.5, length=3, labelcolor=INK)
    for side in ("top", "left", "right"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color("#8a8a8a")


def _key(ax: Axes, series: list[str], across: int) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for j, name in enumerate(series):
        handles.append(Line2D([], [], markersize=4.5, linewidth=1.4, label=name, **_look(name, j)))
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=across, frameon=False, fontsize=8.5,
        labelcolor=INK, columnspacing=1.6, handlelength=2.0, borderaxespad=0.1,
    )  # fmt: skip
