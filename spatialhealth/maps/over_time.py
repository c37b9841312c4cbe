"""Measures over time, with their intervals."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from spatialhealth._typing import Array
from spatialhealth.errors import DataError, some
from spatialhealth.maps.given import check_given
from spatialhealth.maps.sheet import Sheet, finished, plain
from spatialhealth.maps.style import BAND, INK

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["over_time"]

_WIDE, _TALL, _ACROSS = 2.7, 1.9, 3  # inches, panels in a row
_NEEDED = ("estimate", "ci_low", "ci_high")


def over_time(
    table: pd.DataFrame,
    period: str,
    panel: str,
    *,
    title: str | None = None,
    note: str | None = None,
    ax: Any = None,
) -> Array:
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
    ax : sequence of matplotlib Axes, optional
        Where to draw, one a measure; those of a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes
        One a measure.

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
    >>> len(over_time(table, "year", "measure"))
    1
    """
    check_given("over_time", table, hasattr(table, "columns"), "a measure's table, a DataFrame, gives")
    absent = [name for name in (period, panel, *_NEEDED) if name not in table.columns]
    if absent:
        raise DataError(
            f"over_time: the table lacks the columns {some(absent)}. It has: {some(table.columns, 20)}."
        )
    if table[period].nunique() < 2:
        raise DataError("over_time: the table is of one period, and a line needs two.")
    names = list(dict.fromkeys(table[panel]))
    heads = {name: textwrap.wrap(str(name), 38) for name in names}
    head = 0.18 + 0.16 * max(map(len, heads.values()))
    sheet = Sheet(_WIDE, _TALL, len(names), _ACROSS, left=0.6, gap=0.6, head=head, below=0.35)
    panels = sheet.panels("over_time", ax, title, note)
    for axes, (name, lines) in zip(panels, heads.items(), strict=True):
        _line(axes, table[table[panel] == name].sort_values(period), period, "\n".join(lines))
    return finished(panels)  # type: ignore[no-any-return]


def _line(ax: Any, rows: Any, period: str, name: str) -> None:
    x = rows[period].to_numpy()
    ax.fill_between(
        x, rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float), color=BAND, linewidth=0
    )
    ax.plot(x, rows["estimate"].to_numpy(float), color=INK, linewidth=1.5, marker="o", markersize=3)
    ax.set_title(name, loc="left", fontsize=9, color=INK)
    whole = x.dtype.kind in "iu"
    few = [0, len(x) // 2, len(x) - 1]
    if whole:
        ax.set_xticks([int(x[place]) for place in few])
    elif x.dtype.kind == "O":
        ax.set_xticks(few, [str(x[place]) for place in few])
    plain(ax)
