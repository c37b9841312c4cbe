"""The effects of one regressor over the values of its moderator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_option
from spatialhealth.errors import OptionError, did_you_mean
from spatialhealth.impacts import impacts
from spatialhealth.impacts.effects import EFFECTS, Impacts
from spatialhealth.impacts.moderation import column_of, factor_names, moderators_of, written_value
from spatialhealth.maps.given import check_given
from spatialhealth.maps.sheet import Sheet, finished, plain
from spatialhealth.maps.style import BAND, BORDER, INK, NEUTRAL_BARS, in_the, source_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["moderation"]

_POINTS = 101
_BINS = 30
_MARGIN = 0.06
_STRIP = 0.14  # of a panel's height, for the values observed
_ROW, _TALL = 7.6, 2.6  # inches: width of a row of panels without what is around, height of one


def moderation(
    model: Any,
    variable: str,
    moderator: str,
    values: Any = None,
    *,
    effects: Sequence[str] = EFFECTS,
    at: Mapping[str, Any] | None = None,
    level: float = 0.95,
    observed: Any = None,
    title: str | None = None,
    note: str | None = None,
    ax: Any = None,
) -> Array:
    """Draw the effects of a regressor over the values of its moderator, with their confidence band.

    Parameters
    ----------
    model : fitted estimator
        With an interaction of the two, such as ``log(tertiary) * digital``; a dynamic one is drawn in the short
        run.
    variable : str
        Regressor whose effects are drawn.
    moderator : str
        What they depend on: a number, or a category, which gives a point with its interval for each level. So does
        a number that was observed at two values only, such as 0 and 1.
    values : sequence, optional
        Values of the moderator; by default its range in the data of the fit (which must be in memory still if it
        is no regressor of its own), or all its levels.
    effects : sequence of {"direct", "indirect", "total"}
        Which effects, one panel each; all by default. They share their vertical axis.
    at : dict of str to number or level, optional
        One value of each other moderator, where there are several; the figure says it.
    level : float, default 0.95
        Confidence level of the band, at each value by itself.
    observed : sequence of numbers, optional
        Observed values of the moderator, drawn as bars at the bottom; by default those of the fit.
    title : str, optional
        By default, the regressor, the outcome and the moderator.
    note : str, optional
        Source, under the panels, behind the values in `at`; by default what the data of the model say in
        ``attrs["source"]``.
    ax : matplotlib Axes or sequence of them, optional
        Where to draw, one an effect; those of a new figure by default.

    Returns
    -------
    ndarray of matplotlib Axes
        One an effect.

    Raises
    ------
    OptionError
        If the model has no such interaction, or a value is wanting.
    NotFittedError
        If the model has not been fitted.

    References
    ----------
    Brambor, T., Clark, W. R. and Golder, M. (2006). Understanding interaction models: improving empirical
    analyses. Political Analysis 14, 63-82.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) * digital", panel)
    >>> panels = moderation(model, "log(tertiary)", "digital")
    >>> [axes.get_title(loc="left") for axes in panels]
    ['Direct', 'Indirect', 'Total']
    """
    drawn = _asked(effects)
    check_given("maps.moderation", model, hasattr(model, "get_params"), "fit gives, a model")
    seen = _observed(model, moderator, observed)
    levels = _levels(model, moderator)
    points = _points(model, moderator, values, levels, seen)
    found = impacts(model, level=level, at={**(at or {}), moderator: points})
    rows = _rows(found, variable, moderator, len(points))
    columns = {name: column[3 * rows[:, None] + np.arange(3)] for name, column in found._columns().items()}
    where = found.result.response + in_the(found.horizon)
    said = title if title is not None else f"Effects of {variable} on {where} by {moderator}"
    held = _held(found, moderator, rows[0])
    below = " ".join(filter(None, [held and f"At {held}.", source_of(note, found.result.source)]))
    wide = (_ROW if len(drawn) > 1 else _ROW / 2) / len(drawn)
    sheet = Sheet(wide, _TALL, len(drawn), 3, left=0.75, gap=0.25, head=0.3, below=0.5, sharey=True)
    panels = sheet.panels("moderation", ax, None if ax is not None else said, below)
    apart = bool(levels) or len(points) == 1 or (seen is not None and len(np.unique(seen)) <= 2)
    for axes, effect in zip(panels, drawn, strict=True):
        which = {name: column[:, EFFECTS.index(effect)] for name, column in columns.items()}
        _draw(axes, points, which, None if apart else seen, apart)
        axes.set_title(effect.capitalize(), loc="left", fontsize=10, weight="bold", color=INK)
        by = f"{moderator}\n(at {held})" if held and ax is not None else moderator
        axes.set_xlabel(by, fontsize=9, color=INK)
        axes.set_ylim(
            *_limits(columns, [EFFECTS.index(name) for name in drawn], seen is not None and not apart)
        )
    panels[0].set_ylabel(f"Effect, {level:.0%} interval", fontsize=9, color=INK)
    return finished(panels)  # type: ignore[no-any-return]


def _asked(effects: Sequence[str]) -> tuple[str, ...]:
    drawn = (effects,) if isinstance(effects, str) else tuple(effects)
    for effect in drawn:
        check_option("moderation", "effects", effect, EFFECTS)
    if not drawn:
        raise OptionError("moderation: effects is empty. Name at least one, such as effects=['total'].")
    return drawn


def _observed(model: Any, moderator: str, observed: Any) -> Array | None:
    """Give the values of the moderator in the data, if they are known and numbers."""
    if observed is not None:
        return np.asarray(observed, dtype=float).reshape(-1)
    table, formula = getattr(model, "_rows", None), getattr(model, "_formula", None)
    if table is not None and moderator in table.names:
        return np.asarray(table.x[..., table.names.index(moderator)].reshape(-1))
    data = None if formula is None else formula.table.get()
    if data is None or moderator not in data.columns or data[moderator].dtype.kind not in "biuf":
        return None
    values = data[moderator].to_numpy(dtype=float)
    return np.asarray(values[np.isfinite(values)])


def _levels(model: Any, moderator: str) -> list[Any]:
    """Give the levels of a category; nothing for a number."""
    formula = getattr(model, "_formula", None)
    known = {} if formula is None else formula.levels
    return next((list(known[factor]) for factor in known if moderator in factor_names(factor)), [])


def _points(
    model: Any, moderator: str, values: Any, levels: Sequence[Any], seen: Array | None
) -> Sequence[Any]:
    """Give the values of the moderator to draw."""
    if values is not None:
        return list(values)
    if levels:
        return levels
    formula = getattr(model, "_formula", None)
    known = moderators_of(model.result_.regressors, {} if formula is None else formula.levels)
    if moderator not in known:
        listed = f" Those are of: {', '.join(known)}." if known else " Write it as 'x * m' in the formula."
        raise OptionError(
            f"moderation: {moderator!r} is in no interaction of the model.{did_you_mean(moderator, known)}{listed}"
        )
    if seen is None:
        raise OptionError(
            f"moderation: the range of {moderator!r} is not known, for it is no regressor of its own in the model, "
            "and no column of numbers of a table that is still in memory. Give values, such as "
            "values=numpy.linspace(0, 1, 50)."
        )
    different = np.unique(seen)
    if len(different) <= 2:
        return [float(value) for value in different]
    return [float(value) for value in np.linspace(seen.min(), seen.max(), _POINTS)]


def _held(found: Impacts, moderator: str, row: int) -> str:
    """Say the values of the other moderators of a row."""
    others = {name: column[row] for name, column in found.labels.items() if name != "variable"}
    others.pop(column_of(moderator))
    return ", ".join(
        f"{name} = {written_value(value)}" for name, value in others.items() if value is not None
    )


def _rows(found: Impacts, variable: str, moderator: str, points: int) -> Array:
    """Give the rows of one regressor, one for each value of the moderator."""
    given = found.labels[column_of(moderator)]
    rows = [
        row
        for row, name in enumerate(found.labels["variable"])
        if name == variable and given[row] is not None
    ]
    if len(rows) != points:
        others = dict.fromkeys(
            name for row, name in enumerate(found.labels["variable"]) if given[row] is not None
        )
        known = f"It moderates {', '.join(others)}. " if others else ""
        near = "" if rows else did_you_mean(variable, others)
        raise OptionError(
            f"moderation: {len(rows)} effects of {variable!r} for {points} values of {moderator!r}.{near} {known}"
            f"{found.note} Name a regressor that is multiplied with it, and one value of every other moderator in at."
        )
    return np.array(rows)


def _draw(
    axes: Axes, points: Sequence[Any], columns: Mapping[str, Array], seen: Array | None, apart: bool
) -> None:
    """Draw one effect: a line in its band, or points in their intervals where nothing lies between the values."""
    middle, low, high = columns["estimate"], columns["ci_low"], columns["ci_high"]
    axes.axhline(0.0, color=BORDER, linewidth=0.8, linestyle=(0, (4, 3)))
    if not apart and all(isinstance(point, (int, float, np.number)) for point in points):
        order = np.argsort(np.array(points, dtype=float))
        x = np.array(points, dtype=float)[order]
        axes.fill_between(x, low[order], high[order], color=BAND, linewidth=0)
        axes.plot(x, middle[order], color=INK, linewidth=1.6)
        if seen is not None:
            _bars(axes, seen)
    else:
        axes.errorbar(
            range(len(points)),
            middle,
            [middle - low, high - middle],
            fmt="o",
            color=INK,
            capsize=3,
            linewidth=1.2,
        )
        axes.set_xticks(range(len(points)), [written_value(point) for point in points])
        axes.margins(x=0.25)
    plain(axes)


def _bars(axes: Axes, seen: Array) -> None:
    """Draw how often values were observed, in a strip at the bottom that the band does not enter."""
    counts, edges = np.histogram(seen, bins=_BINS)
    axes.bar(
        edges[:-1],
        _STRIP * counts / counts.max(),
        np.diff(edges),
        align="edge",
        color=NEUTRAL_BARS,
        linewidth=0,
        transform=axes.get_xaxis_transform(),
        zorder=0,
    )


def _limits(columns: Mapping[str, Array], which: Sequence[int], strip: bool) -> tuple[float, float]:
    """Give a vertical range that holds zero and every interval, and the strip at the bottom if there is one."""
    low = min(0.0, float(columns["ci_low"][:, which].min()))
    high = max(0.0, float(columns["ci_high"][:, which].max()))
    span = (high - low) or 1.0
    return low - (_MARGIN + (_STRIP if strip else 0.0)) * span, high + _MARGIN * span
