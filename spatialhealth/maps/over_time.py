"""Measures over time, with their intervals."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import DataError, some
from spatialhealth.maps.style import BAND, INK, MUTED, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["over_time"]

_WIDE, _TALL, _GAP, _LEFT = 2.7, 1.9, 0.55, 0.55  # inches
_ACROSS = 3
_NEEDED = ("estimate", "ci_low", "ci_high")


def over_time(
    table: pd.DataFrame, period: str, panel: str, *, title: str | None = None, note: str | None = None
) -> Figure:
    """Draw measures over the periods, one panel each, with the band of their intervals.

    Parameters
    ----------
    table : DataFrame
        One row a measure and period: estimate, ci_low, ci_high.
    period : str
        Column of the periods.
    panel : str
        Column that names the measure.
    title, note : str, optional

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    DataError
        If a column is absent, or there is one period only.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({
    ...     "year": [2011, 2012], "measure": ["Gini"] * 2, "estimate": [0.3, 0.4], "ci_low": [0.2, 0.3],
    ...     "ci_high": [0.4, 0.5],
    ... })
    >>> len(over_time(table, "year", "measure").axes)
    1
    """
    absent = [name for name in (period, panel, *_NEEDED) if name not in table.columns]
    if absent:
        raise DataError(
            f"over_time: the table lacks the columns {some(absent)}. It has: {some(table.columns, 20)}."
        )
    if table[period].nunique() < 2:
        raise DataError("over_time: the table is of one period, and a line needs two.")
    names = list(dict.fromkeys(table[panel]))
    across = min(len(names), _ACROSS)
    down = -(-len(names) // across)
    top, bottom, head = (0.5 if title else 0.15), (0.35 if note else 0.1), 0.45
    width, height = _LEFT + across * (_WIDE + _GAP), top + down * (_TALL + head + 0.3) + bottom
    figure = new_figure(width, height)
    for place, name in enumerate(names):
        row, column = divmod(place, across)
        left = _LEFT + column * (_WIDE + _GAP)
        low = height - top - (row + 1) * (_TALL + head + 0.3) + 0.3
        ax = figure.add_axes((left / width, low / height, _WIDE / width, _TALL / height))
        _line(ax, table[table[panel] == name].sort_values(period), period, str(name))
    if title:
        figure.text(0.15 / width, 1 - 0.14 / height, title, va="top", fontsize=12, weight="bold", color=INK)
    if note:
        figure.text(0.15 / width, 0.1 / height, note, va="bottom", fontsize=7.5, color=MUTED)
    return figure


def _line(ax: Any, rows: Any, period: str, name: str) -> None:
    x = rows[period].to_numpy()
    ax.fill_between(
        x, rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float), color=BAND, linewidth=0
    )
    ax.plot(x, rows["estimate"].to_numpy(float), color=INK, linewidth=1.5, marker="o", markersize=3)
    ax.set_title("\n".join(textwrap.wrap(name, 38)), loc="left", fontsize=9, color=INK)
    whole = x.dtype.kind in "iu"
    if whole:
        ax.set_xticks([int(x[0]), int(x[len(x) // 2]), int(x[-1])])
    ax.tick_params(labelsize=8, colors=INK)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
