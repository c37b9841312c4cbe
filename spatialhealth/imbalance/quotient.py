"""Location quotients and agglomeration degrees: a unit's part of the resources beside its part of people or land."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_draws, check_option
from spatialhealth.errors import DataError, some
from spatialhealth.imbalance.measures import Measures
from spatialhealth.imbalance.read import Quantities, check_not_negative, check_positive_values, read
from spatialhealth.imbalance.resample import resample

__all__ = ["QuotientInput", "agglomeration", "location_quotient"]

QuotientInput = Literal["amounts", "shares"]

_NEGATIVE = "A part of a total is meant, which cannot be negative."
_BASE = "What it is related to must be positive in every unit: leave such units out of all that is given."
_ROUNDING = 1e-6


def location_quotient(
    resource: Any,
    base: Any,
    *,
    given: QuotientInput = "amounts",
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Measures:
    """Give the location quotient of each unit: its share of a resource over its share of a base.

    Parameters
    ----------
    resource : Series
        Not negative (beds, hospitals), indexed by unit or by (unit, period).
    base : Series
        Positive (population), indexed as the resource, or by unit.
    given : {"amounts", "shares"}
        Whether both are amounts, or already shares, which must sum to one in every period.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Measures
        One row a unit, or a unit and period, in the order of the resource.

    Raises
    ------
    DataError
        If a resource is negative, all of a period are zero, a base is not positive, or shares do not sum to one.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, or a value is no number.
    OptionError
        If an option is out of range.

    Notes
    -----
    LQ_i = (r_i / sum r) / (b_i / sum b). A unit's own r_i and b_i are counts and not estimates; what is uncertain is
    the ratio of the totals that they are measured against, had the units been drawn from many. The standard error and
    the interval are of that, and so are in proportion to the quotient. Limits are those of its logarithm, turned
    back, so that none is negative.

    References
    ----------
    Isard, W. (1960). Methods of Regional Analysis. MIT Press.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> beds, people = pd.Series({"a": 30, "b": 10}), pd.Series({"a": 100, "b": 100})
    >>> sh.imbalance.location_quotient(beds, people, random_state=1).estimate.tolist()
    [1.5, 0.5]
    """
    check_option("location_quotient", "given", given, QuotientInput)
    level, draws = check_draws("location_quotient", level, draws)
    frame = read("location_quotient", resource=resource, base=base)
    check_not_negative("location_quotient", "resource", frame, _NEGATIVE)
    check_positive_values("location_quotient", "base", frame, _BASE)
    if given == "shares":
        for name in ("resource", "base"):
            _sums_to_one(name, frame)
    called = frame.called
    return _quotients(
        "location_quotient",
        f"Location quotient of {called['resource']} over {called['base']}",
        frame,
        {"LQ": ("resource", "base")},
        level,
        draws,
        random_state,
    )


def agglomeration(
    resource: Any,
    population: Any,
    area: Any,
    *,
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Measures:
    """Give the agglomeration degrees of health resources and of people over land, and their ratio.

    Parameters
    ----------
    resource : Series
        Not negative (beds, hospitals), indexed by unit or by (unit, period).
    population, area : Series
        Positive, area in any one unit, indexed as the resource, or by unit.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Measures
        Three rows a unit (and period): HRAD, PAD, HRAD/PAD.

    Raises
    ------
    DataError
        If a resource is negative, all of a period are zero, or population or area is not positive.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, or a value is no number.
    OptionError
        If level or draws are out of range.

    Notes
    -----
    HRAD_i = (HR_i / sum HR) / (A_i / sum A), the health resource agglomeration degree: one where resources stand as
    densely on the land as in all units together. PAD_i = (P_i / sum P) / (A_i / sum A), the same of people.
    HRAD_i / PAD_i is the location quotient of resources over people: above one, more than the people there would have
    of an even spread by head. On the intervals see `location_quotient`.

    References
    ----------
    Dai, G., Li, R. and Ma, S. (2022). Research on the equity of health resource allocation in TCM hospitals in China
    based on the Gini coefficient and agglomeration degree: 2009-2018. International Journal for Equity in Health 21,
    145.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> beds, people, land = (pd.Series(v, index=["a", "b"]) for v in ([30, 10], [60, 40], [100, 300]))
    >>> sh.imbalance.agglomeration(beds, people, land, random_state=1).estimate.round(4).tolist()
    [3.0, 2.4, 1.25, 0.3333, 0.5333, 0.625]
    """
    level, draws = check_draws("agglomeration", level, draws)
    frame = read("agglomeration", resource=resource, population=population, area=area)
    check_not_negative("agglomeration", "resource", frame, _NEGATIVE)
    for name in ("population", "area"):
        check_positive_values("agglomeration", name, frame, _BASE)
    parts = {
        "HRAD": ("resource", "area"),
        "PAD": ("population", "area"),
        "HRAD/PAD": ("resource", "population"),
    }
    title = f"Agglomeration of {frame.called['resource']}"
    return _quotients("agglomeration", title, frame, parts, level, draws, random_state)


def _sums_to_one(name: str, frame: Quantities) -> None:
    sums = frame.values[name].sum(axis=1)
    wrong = np.abs(sums - 1) > _ROUNDING
    if wrong.any():
        found = [float(f"{total:.6g}") for total in sums[wrong]]
        when = f" in {some(frame.periods[wrong])}" if frame.is_panel else ""
        raise DataError(
            f"location_quotient: the shares of {name} sum to {some(found)}{when}, not to one. Give all units, or "
            "amounts with given='amounts'."
        )


def _quotients(
    owner: str,
    title: str,
    frame: Quantities,
    parts: dict[str, tuple[str, str]],
    level: float,
    draws: int,
    random_state: Any,
) -> Measures:
    """Give quotients of each unit, whose only random part is the ratio of the totals."""
    pairs = [(frame.values[top], frame.values[below]) for top, below in parts.values()]

    def statistic(counts: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = [
                np.where(counts @ top.T > 0, counts @ below.T / (counts @ top.T), np.nan)
                for top, below in pairs
            ]
        return np.concatenate(ratios, axis=1)

    drawn = resample(owner, statistic, frame.n_units, draws, random_state)
    # a ratio of totals is above zero, and so are limits of its logarithm turned back
    logarithms = drawn.mapped(np.log)
    low, high = (np.exp(limit) for limit in logarithms.interval(level))
    periods = len(frame.periods)

    def by_row(ratio: Array) -> Array:
        """Give what a ratio of totals is for each row, the parts fastest."""
        by_part = ratio.reshape(len(pairs), periods, 1)
        rows = [frame.by_row(top / below * by_part[j]) for j, (top, below) in enumerate(pairs)]
        return np.stack(rows, axis=1).reshape(-1)

    repeat = len(pairs)
    labels = {
        frame.names[depth]: tuple(
            label for label in frame.index.get_level_values(depth).tolist() for _ in range(repeat)
        )
        for depth in range(frame.index.nlevels)
    }
    if repeat > 1:
        labels["measure"] = tuple(parts) * len(frame.index)
    note = (
        f"{level:.0%} {logarithms.method} intervals of the totals that units are measured against, {draws:,} "
        f"resamples of {frame.n_units:,} units."
    )
    if drawn.undefined:
        note += f" {drawn.undefined:,} resamples without any resource are left out."
    period = frame.names[1] if frame.is_panel else ""
    return Measures(
        title,
        labels,
        by_row(drawn.estimate),
        by_row(drawn.std_error),
        by_row(low),
        by_row(high),
        level,
        note,
        period,
        frame.source,
    )
