"""A figure of a report, and the one that most of them are: estimates with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth.maps.style import INK, MUTED, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Drawing", "forest"]

# Okabe and Ito's colours, and marks that differ in grey too
_MARKS = {"direct": ("#0072B2", "o"), "indirect": ("#D55E00", "s"), "total": ("#000000", "D")}
_APART = 12.0  # ratio of sizes above which regressors get scales of their own


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure and what is written about it.

    Parameters
    ----------
    name : str
        Name of its file, without ending.
    figure : matplotlib Figure
    caption : str
    text : str
        What the figure shows, for those who cannot see it.
    """

    name: str
    figure: Figure
    caption: str
    text: str


def forest(table: pd.DataFrame, by: str, series: list[str], level: float, note: str = "") -> Figure:
    """Draw estimates with their intervals, one block a regressor and one mark a series.

    Parameters
    ----------
    table : DataFrame
        Columns variable, estimate, ci_low, ci_high, and the one named `by`.
    by : str
        Column that tells the series apart.
    series : list of str
        Its values, in the order to show them.
    level : float
        Confidence level, for the label of the axis.
    note : str
        Source, under the figure.

    Returns
    -------
    matplotlib Figure
    """
    variables = list(dict.fromkeys(table["variable"]))
    size = table.groupby("variable")[["ci_low", "ci_high"]].apply(lambda part: part.abs().to_numpy().max())
    apart = size.max() > _APART * size.min()
    blocks = [[name] for name in variables] if apart else [variables]
    step = 0.2 * len(series) + 0.22
    left, right, top = 0.3 + 0.078 * max(map(len, variables)), 0.25, 0.36 + 0.2 * ((len(series) - 1) // 3)
    below = 0.42 if apart else 0.3
    bottom = 0.36 + (0.22 if note else 0.0)
    height = top + bottom + sum(step * len(block) + below for block in blocks)
    figure = new_figure(7.2, height)
    edge = height - top
    for block in blocks:
        tall = step * len(block)
        ax = figure.add_axes((left / 7.2, (edge - tall) / height, (7.2 - left - right) / 7.2, tall / height))
        _block(ax, table, block, by, series)
        edge -= tall + below
    figure.text(
        (left + (7.2 - left - right) / 2) / 7.2, (bottom - 0.14) / height, f"Estimate and {level:.0%} interval",
        ha="center", va="top", fontsize=8.5, color=INK,
    )  # fmt: skip
    if note:
        figure.text(0.12 / 7.2, 0.08 / height, note, fontsize=7, color=MUTED)
    _key(figure, series, height)
    return figure


def _look(name: str, place: int) -> tuple[str, str]:
    if name in _MARKS:
        return _MARKS[name]
    colours = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
    return colours[place % len(colours)], "Dosv^<>P"[place % 8]


def _block(ax: Axes, table: pd.DataFrame, variables: list[str], by: str, series: list[str]) -> None:
    width = len(series) + 1.1
    ax.axvline(0, color="#8a8a8a", linewidth=0.8, zorder=0)
    for j, name in enumerate(series):
        colour, mark = _look(name, j)
        part = table[table[by] == name].set_index("variable")
        for i, variable in enumerate(variables):
            if variable not in part.index:
                continue
            y = i * width + j
            row: Any = part.loc[variable]
            ax.plot(
                [row["ci_low"], row["ci_high"]], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt"
            )
            ax.plot(
                [row["estimate"]],
                [y],
                mark,
                color=colour,
                markersize=5,
                markeredgecolor="white",
                markeredgewidth=0.4,
            )
    for i in range(1, len(variables)):
        ax.axhline(i * width - 1.05, color="#dddddd", linewidth=0.6, zorder=0)
    ax.set_ylim(len(variables) * width - 1.05, -1.05)
    ax.set_yticks([i * width + (len(series) - 1) / 2 for i in range(len(variables))], variables)
    ax.margins(x=0.05)
    ax.tick_params(axis="y", length=0, labelsize=8.5, labelcolor=INK)
    ax.tick_params(axis="x", labelsize=7.5, length=3, labelcolor=INK)
    for side in ("top", "left", "right"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color("#8a8a8a")


def _key(figure: Figure, series: list[str], height: float) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for j, name in enumerate(series):
        colour, mark = _look(name, j)
        handles.append(Line2D([], [], color=colour, marker=mark, markersize=4.5, linewidth=1.4, label=name))
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 1 - 0.04 / height), ncols=min(len(series), 3),
        frameon=False, fontsize=8.5, labelcolor=INK, columnspacing=1.6, handlelength=2.0, borderaxespad=0.0,
    )  # fmt: skip
