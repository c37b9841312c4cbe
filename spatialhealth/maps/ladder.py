"""The ladder of tests as a diagram: each question, what its tests found, and the model they lead to."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from spatialhealth._format import number, p_value, true_minus
from spatialhealth.diagnostics.ladder_result import Ladder, Rung
from spatialhealth.maps.given import check_given
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import BORDER, FOCUS, INK, MISSING, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ladder"]

_WIDE, _QUESTION = 7.4, 2.6  # inches: the whole, the column of questions
_ROW, _PAD, _GAP = 0.23, 0.1, 0.24  # inches: a test, around those of a rung, between rungs
# of a decision: face, edge, word
_LOOKS = {
    "rejected": ("#0072B2", "white", "rejected"),
    "not rejected": ("white", INK, "not rejected"),
    "none": (MISSING, MUTED, "does not apply"),
}


def ladder(
    steps: Ladder, *, title: str | None = None, note: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the ladder of tests: one box a question, with its tests and decisions, down to the model suggested.

    Parameters
    ----------
    steps : Ladder
        What `spatialhealth.diagnostics.ladder` gave.
    title, note : str, optional
        By default, the level of the tests, and what the data say of their source.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default, tall enough for the tests there are.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    LabelError
        If `steps` is not what `diagnostics.ladder` gives.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> W = sh.weights.contiguity(cities)
    >>> steps = sh.diagnostics.ladder("log(inflow) ~ log(tertiary)", panel, W, effects="two-way")
    >>> ax = sh.maps.ladder(steps)
    >>> ax.texts[-1].get_text().split(",")[0]
    'Suggested: SDM'
    """
    check_given("maps.ladder", steps, isinstance(steps, Ladder), "diagnostics.ladder gives")
    end = textwrap.wrap(f"Suggested: {steps.choice}, {steps.why}", 84)
    heights = [2 * _PAD + max(len(_asked(rung)) * 0.17, len(rung.statistics) * _ROW) for rung in steps.rungs]
    last = 2 * _PAD + 0.18 * len(end)
    tall = sum(heights) + _GAP * len(heights) + last
    source = next(iter(steps.models.values())).result_.source
    below = note if note is not None else ("Simulated data." if source == "simulated" else None)
    said = title if title is not None else f"Tests at the {steps.level:.0%} level, and the model they lead to"
    (ax,) = Sheet(_WIDE, tall).panels("ladder", ax, said, below)
    ax.set_axis_off()
    ax.set_xlim(0, _WIDE)
    ax.set_ylim(0, tall)
    top = tall
    for step, (rung, height) in enumerate(zip(steps.rungs, heights, strict=True), start=1):
        _box(ax, top, height, BORDER, 0.8)
        ax.text(0.12, top - height / 2, f"{step}", va="center", fontsize=11, weight="bold", color=INK)
        ax.text(0.38, top - height / 2, "\n".join(_asked(rung)), va="center", fontsize=8.5, color=INK)
        _tests(ax, rung, top - height / 2, steps.level)
        ax.annotate(
            "", (_WIDE / 2, top - height - _GAP), (_WIDE / 2, top - height),
            arrowprops={"arrowstyle": "-|>", "color": BORDER, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.0},
        )  # fmt: skip
        top -= height + _GAP
    _box(ax, top, last, FOCUS, 1.8)
    ax.text(0.16, top - last / 2, "\n".join(end), va="center", fontsize=9, weight="bold", color=INK)
    return finished(ax)  # type: ignore[no-any-return]


def _asked(rung: Rung) -> list[str]:
    return textwrap.wrap(rung.question, 34)


def _box(ax: Any, top: float, height: float, edge: str, line: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    ax.add_patch(
        FancyBboxPatch(
            (0.04, top - height), _WIDE - 0.08, height, boxstyle="round,pad=0,rounding_size=0.06", facecolor="white",
            edgecolor=edge, linewidth=line, clip_on=False,
        )
    )  # fmt: skip


def _tests(ax: Any, rung: Rung, middle: float, level: float) -> None:
    """Write the tests of a rung below each other, each with its p value and its decision."""
    first = middle + _ROW * (len(rung.statistics) - 1) / 2
    for place, test in enumerate(rung.statistics):
        y = first - _ROW * place
        decision = "none" if not test.applies else ("rejected" if test.reject(level) else "not rejected")
        face, ink, word = _LOOKS[decision]
        name = test.name if len(test.name) <= 38 else test.name[:36] + "…"
        ax.text(_QUESTION, y, name, va="center", fontsize=8, color=INK)
        if test.applies:
            found = p_value(test.p_value)
            p = f"p < {found[1:]}" if found.startswith("<") else f"p = {found}"
            ax.text(5.22, y, true_minus(number(test.value)), va="center", ha="right", fontsize=8, color=INK)
            ax.text(5.32, y, p, va="center", fontsize=8, color=INK)
        ax.text(
            _WIDE - 0.66, y, word, va="center", ha="center", fontsize=7.5, color=ink,
            bbox={"boxstyle": "round,pad=0.25", "facecolor": face, "edgecolor": BORDER, "linewidth": 0.6},
        )  # fmt: skip
