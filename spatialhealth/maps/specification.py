"""The specification curve: one effect under every choice, from the least to the greatest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import true_minus
from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, DataError, some
from spatialhealth.maps.given import check_given
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import BORDER, FOCUS, INK, NEUTRAL_BARS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["specification_curve"]

_WIDTH, _CURVE, _ROW, _LEFT = 5.7, 2.7, 0.185, 0.8  # inches
_NEEDED = ("estimate", "ci_low", "ci_high")
_WIDE = 10.0  # times the median length: an interval that would leave the others no room
_WRITTEN = 8  # beyond the axis, at most: more numbers would overlap


def specification_curve(
    estimates: pd.DataFrame,
    choices: pd.DataFrame,
    *,
    main: Any = None,
    label: str = "Estimate",
    title: str | None = None,
    note: str | None = None,
    ax: Any = None,
) -> Array:
    """Draw an estimate under every specification, and below it which choices each is made of.

    Intervals more than ten times as long as the median one do not stretch the axis: they end in arrows at its edge,
    beside their numbers, and the note counts them.

    Parameters
    ----------
    estimates : DataFrame
        Indexed by specification: estimate, ci_low, ci_high.
    choices : DataFrame
        Indexed by specification: one column a choice, such as weights, model and sample, holding texts.
    main : label, optional
        The specification to mark.
    label : str, default "Estimate"
        What is estimated.
    title, note : str, optional
    ax : sequence of two matplotlib Axes, optional
        Where to draw the curve and the choices below it; those of a new figure by default.

    Returns
    -------
    ndarray of two matplotlib Axes

    Raises
    ------
    AlignmentError
        If the two have not the same specifications, or `main` is none of them.
    DataError
        If a column is absent, or there is no specification.

    References
    ----------
    Simonsohn, U., Simmons, J. P. and Nelson, L. D. (2020). Specification curve analysis. Nature Human Behaviour 4,
    1208-1214.

    Examples
    --------
    >>> import pandas as pd
    >>> names = ["main", "other weights"]
    >>> estimates = pd.DataFrame(
    ...     {"estimate": [0.5, 0.4], "ci_low": [0.3, 0.1], "ci_high": [0.7, 0.7]}, index=names
    ... )
    >>> choices = pd.DataFrame({"Weights": ["contiguity", "6 nearest"]}, index=names)
    >>> curve, matrix = specification_curve(estimates, choices, main="main")
    >>> curve.get_ylabel()
    'Estimate'
    """
    _check(estimates, choices, main)
    order = np.argsort(estimates["estimate"].to_numpy(), kind="stable")
    sorted_names = [estimates.index[place] for place in order]
    rows = _rows(choices.loc[sorted_names])
    below = sum(len(levels) + 1 for levels in rows.values()) * _ROW + 0.1
    sheet = Sheet(_WIDTH, _CURVE, 2, left=_LEFT, right=0.2)
    if ax is None:
        sheet = replace(sheet, count=1, below=0.15 + below)
    frame = _frame(estimates, main)
    panels = sheet.panels("specification_curve", ax, title, _noted(note, estimates, frame))
    if ax is None:
        place = panels[0].get_position()
        inch = place.height / _CURVE
        lower = (place.x0, place.y0 - (0.15 + below) * inch, place.width, below * inch)
        panels = np.array([panels[0], panels[0].figure.add_axes(lower, sharex=panels[0])], dtype=object)
    marked = [name == main for name in sorted_names]
    _curve(panels[0], estimates.loc[sorted_names], marked, label)
    if frame is not None:
        _cut(panels[0], estimates.loc[sorted_names], frame)
    _matrix(panels[1], rows, choices.loc[sorted_names], marked)
    for panel in panels:
        panel.set_xlim(-0.7, len(sorted_names) - 0.3)
    return finished(panels)  # type: ignore[no-any-return]


def _check(estimates: Any, choices: Any, main: Any) -> None:
    for table in (estimates, choices):
        check_given(
            "specification_curve", table, hasattr(table, "columns"), "specification_grid gives, two tables"
        )
    absent = [name for name in _NEEDED if name not in estimates.columns]
    if absent:
        raise DataError(f"specification_curve: the estimates lack the columns {some(absent)}.")
    if not len(estimates):
        raise DataError("specification_curve: there is no specification to draw.")
    apart = estimates.index.symmetric_difference(choices.index)
    if len(apart):
        raise AlignmentError(
            f"specification_curve: estimates and choices are not of the same specifications; one lacks {some(apart)}."
        )
    if main is not None and main not in estimates.index:
        raise AlignmentError(f"specification_curve: main={main!r} is none of them: {some(estimates.index)}.")


def _rows(choices: Any) -> dict[str, list[str]]:
    """Give the levels of each choice that is not the same everywhere."""
    return {
        str(name): list(dict.fromkeys(choices[name]))
        for name in choices.columns
        if choices[name].nunique() > 1
    }


def _frame(table: Any, main: Any) -> tuple[float, float] | None:
    """Give the ends of the axis where intervals are too long for it, or None."""
    length = (table["ci_high"] - table["ci_low"]).to_numpy()
    kept = table[(length <= _WIDE * np.median(length)) | (table.index == main)]
    if len(kept) == len(table):
        return None
    low, high = min(0.0, kept["ci_low"].min()), max(0.0, kept["ci_high"].max())
    edge = 0.08 * (high - low)
    return low - edge, high + edge


def _beyond(table: Any, frame: tuple[float, float]) -> Any:
    return table[(table["ci_low"] < frame[0]) | (table["ci_high"] > frame[1])]


def _noted(note: str | None, table: Any, frame: tuple[float, float] | None) -> str | None:
    if frame is None:
        return note
    count = len(_beyond(table, frame))
    cut = f"{count} interval{'s go' if count > 1 else ' goes'} beyond the axis (arrows)."
    return f"{note} {cut}" if note else cut


def _cut(ax: Axes, table: Any, frame: tuple[float, float]) -> None:
    """End the axis at the frame; mark and write what goes beyond it."""
    ax.set_ylim(*frame)
    cut = _beyond(table, frame)
    for name, row in cut.iterrows():
        place = table.index.get_loc(name)
        for end, beyond, mark in (
            (frame[0], row["ci_low"] < frame[0], "v"),
            (frame[1], row["ci_high"] > frame[1], "^"),
        ):
            if beyond:
                ax.plot([place], [end], mark, color=INK, markersize=6, clip_on=False)
        if len(cut) > _WRITTEN:
            continue
        low, high, value = (true_minus(f"{row[key]:.3g}") for key in ("ci_low", "ci_high", "estimate"))
        ax.text(place - 0.18, frame[1], f"{value} [{low}, {high}]", ha="right", va="top", fontsize=7, color=INK,
                rotation=90)  # fmt: skip


def _curve(ax: Axes, table: Any, marked: list[bool], label: str) -> None:
    ax.axhline(0.0, color=BORDER, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, (row, is_main) in enumerate(zip(table.itertuples(), marked, strict=True)):
        colour = FOCUS if is_main else INK
        ax.plot([place, place], [row.ci_low, row.ci_high], color=colour, linewidth=2.2 if is_main else 1.2)
        ax.plot(
            [place], [row.estimate], "D" if is_main else "o", color=colour, markersize=6 if is_main else 4
        )
    ax.set_ylabel(label, fontsize=9, color=INK)
    ax.tick_params(labelsize=8, colors=INK, labelbottom=False, bottom=False)
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)


def _matrix(ax: Axes, rows: dict[str, list[str]], choices: Any, marked: list[bool]) -> None:
    """Draw a dot for each choice that a specification is made of."""
    ticks: list[float] = []
    texts: list[str] = []
    y = 0.0
    for name, levels in rows.items():
        ax.text(-0.02, y, name, transform=ax.get_yaxis_transform(), ha="right", va="center", fontsize=8.5,
                weight="bold", color=INK)  # fmt: skip
        for level in levels:
            y += 1
            ticks.append(y)
            texts.append(level if len(str(level)) <= 46 else str(level)[:43] + "...")
            for place, (value, is_main) in enumerate(zip(choices[name], marked, strict=True)):
                taken = value == level
                colour = (FOCUS if is_main else INK) if taken else NEUTRAL_BARS
                ax.plot([place], [y], "s" if taken else ".", color=colour, markersize=4.5 if taken else 2)
        y += 1
    ax.set_ylim(y - 0.3, -0.7)
    ax.set_yticks(ticks, texts)
    ax.tick_params(labelsize=8, colors=INK, length=0, labelbottom=False, bottom=False)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
