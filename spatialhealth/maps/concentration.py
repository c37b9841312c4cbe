"""Concentration curves: which share of something the poorest hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import true_minus
from spatialhealth.errors import OptionError, did_you_mean, some
from spatialhealth.imbalance.concentration import Concentration
from spatialhealth.maps.given import check_given
from spatialhealth.maps.sheet import Sheet, finished, plain
from spatialhealth.maps.style import BAND, BORDER, INK, SEQUENTIAL, source_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["concentration_curve"]

_SHEET = Sheet(3.9, 3.9, left=0.75, right=0.35, below=0.5)
_STYLES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))


def concentration_curve(
    result: Concentration,
    ax: Axes | None = None,
    *,
    periods: Sequence[Any] | None = None,
    title: str | None = None,
    note: str | None = None,
) -> Axes:
    """Draw concentration curves, with the line on which everybody holds the same.

    Parameters
    ----------
    result : Concentration
        What `spatialhealth.imbalance.concentration` gives.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.
    periods : sequence of labels, optional
        Periods to draw; by default the first and the last. A single curve is drawn within its band.
    title : str, optional
        By default, the two variables.
    note : str, optional
        Source, under the curve; by default what the data say of it.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    LabelError
        If the result is none of a concentration.
    OptionError
        If there are no such periods, or the data are of one.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> panel = sh.datasets.load_panel().xs(2021, level="year")
    >>> found = sh.imbalance.concentration(panel["digital"], panel["gdp"], panel["population"], random_state=1)
    >>> ax = sh.maps.concentration_curve(found)
    >>> ax.get_xlabel()
    'Cumulative share of people, by gdp'
    """
    is_right = isinstance(result, Concentration)
    check_given("maps.concentration_curve", result, is_right, "imbalance.concentration gives")
    places = _places(result, periods)
    said = title if title is not None else f"Concentration of {result.value_name} by {result.rank_name}"
    below = source_of(note, result.index.source)
    (axes,) = _SHEET.panels("concentration_curve", ax, said, below)
    axes.plot([0, 1], [0, 1], color=BORDER, linewidth=0.8, linestyle=(0, (4, 3)), label="equality")
    if len(places) == 1:
        band = result.bands[places[0]]
        grid = np.linspace(0, 1, band.shape[1])
        axes.fill_between(grid, *band, color=BAND, linewidth=0, label=f"{result.index.level:.0%} band")
    for number, (place, colour) in enumerate(zip(places, _colours(len(places)), strict=True)):
        axes.plot(
            *result.curves[place],
            color=colour,
            linewidth=1.6,
            linestyle=_STYLES[number % len(_STYLES)],
            label=_legend(result, place),
        )
    _finish(axes, result)
    return finished(axes)  # type: ignore[no-any-return]


def _places(result: Concentration, periods: Sequence[Any] | None) -> list[int]:
    """Give the places of the curves to draw."""
    known = result.periods
    if periods is None:
        return sorted({0, len(result.curves) - 1})
    if not known:
        raise OptionError("maps.concentration_curve: the data are of one period. Leave periods out.")
    if np.ndim(periods) != 1:
        raise OptionError(
            f"maps.concentration_curve: periods={periods!r} must be a list, such as [{known[0]!r}]."
        )
    for period in periods:
        if period not in known:
            raise OptionError(
                f"maps.concentration_curve: there is no period {period!r}.{did_you_mean(period, known)} There are "
                f"{some(known, 40)}."
            )
    if not len(periods):
        raise OptionError("maps.concentration_curve: periods is empty. Name one at least.")
    return [known.index(period) for period in periods]


def _colours(count: int) -> list[Any]:
    from matplotlib import colormaps

    return [INK] if count == 1 else [colormaps[SEQUENTIAL](at) for at in np.linspace(0.45, 0.95, count)]


def _legend(result: Concentration, place: int) -> str:
    """Name a curve, with its index and interval."""
    found = result.index
    limits = f"{found.ci_low[place]:.3f}, {found.ci_high[place]:.3f}"
    name = f"{result.periods[place]}: " if result.periods else ""
    return true_minus(f"{name}{found.estimate[place]:.3f} [{limits}]")


def _finish(axes: Axes, result: Concentration) -> None:
    """Draw axes, labels and legend; the legend stands on the side of equality where no curve is."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xlabel(f"Cumulative share of {result.base_name}, by {result.rank_name}", fontsize=9, color=INK)
    axes.set_ylabel(f"Cumulative share of {result.value_name}", fontsize=9, color=INK)
    plain(axes)
    above = float(np.nanmean(result.index.estimate)) < 0
    shown = axes.legend(
        loc="lower right" if above else "upper left",
        title=f"{result.index.title.split(' of ')[0]} [{result.index.level:.0%} interval]",
        frameon=False,
        fontsize=8,
        title_fontsize=8,
        alignment="left",
        labelcolor=INK,
    )
    shown.get_title().set_color(INK)
