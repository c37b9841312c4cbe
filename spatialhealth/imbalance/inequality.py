"""Gini and Theil: how unequally something is spread over units, in all and between and within groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from scipy.special import xlogy

from spatialhealth._typing import Array
from spatialhealth._validation import check_draws, check_option
from spatialhealth.errors import DataError, some
from spatialhealth.imbalance.measures import Measures, measured
from spatialhealth.imbalance.ranks import Ranks
from spatialhealth.imbalance.read import (
    Quantities,
    check_not_negative,
    check_positive_values,
    grouping,
    read,
)
from spatialhealth.imbalance.resample import resample

__all__ = ["TheilKind", "gini", "theil"]

TheilKind = Literal["T", "L"]

_NEGATIVE = (
    "Shares of a total are meant, and a measure of inequality has no bounds with negative parts. Measure what is "
    "positive, or the spread in absolute terms."
)
_NOTHING = 1e-13
_WEIGHTS = (
    "A weight says how many people a unit stands for: leave units without any out of all that is given."
)


def gini(
    values: Any,
    weights: Any = None,
    *,
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Measures:
    """Give the Gini coefficient of values by unit, by period if there are periods.

    Parameters
    ----------
    values : Series or tuple (ids, values)
        Not negative, indexed by unit or by (unit, period). With weights, an amount for each of the people (beds per
        head); without, anything whose equality means the same for every unit.
    weights : Series or tuple (ids, values), optional
        Positive: how many people each unit stands for; indexed as the values, or by unit.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units; they are drawn with their whole history.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Measures
        One row a period.

    Raises
    ------
    DataError
        If a value is negative, all of a period are zero, or a weight is not positive.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, or a value is no number.
    OptionError
        If level or draws are out of range.

    Notes
    -----
    G = sum_i sum_j w_i w_j abs(y_i - y_j) / (2 W^2 mu), with W the sum of weights and mu the weighted mean: the form
    for a population, between 0 and 1 - w_min / W. It is computed as 2 cov(y, R) / mu with R the fractional rank. Many
    programs multiply by n / (n - 1), which is meant for samples without weights.

    Intervals are bootstrap-t of up to 100 units, and bias-corrected and accelerated of more. Where the units are all
    there are, they say how much the measure would vary if the same circumstances had produced other units like these.

    References
    ----------
    Lerman, R. I. and Yitzhaki, S. (1989). Improving the accuracy of estimates of Gini coefficients. Journal of
    Econometrics 42, 43-47.

    Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical Association 82,
    171-185.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> beds = pd.Series([1, 2, 3, 4], index=["a", "b", "c", "d"])
    >>> float(sh.imbalance.gini(beds, random_state=1).estimate[0])
    0.25
    """
    level, draws = check_draws("gini", level, draws)
    frame = read("gini", values=values, weights=weights)
    y = check_not_negative("gini", "values", frame, _NEGATIVE)
    w = check_positive_values("gini", "weights", frame, _WEIGHTS)
    ranks = [Ranks.of(row) for row in y]

    def statistic(counts: Array) -> Array:
        return np.column_stack(
            [ranks[t].concentration(counts * w[t], y[t])[0] for t in range(len(y))],
        )

    drawn = resample("gini", statistic, frame.n_units, draws, random_state)
    labels = frame.period_columns() or {"measure": ("Gini",)}
    return measured(
        f"Gini coefficient of {frame.called['values']}{_weighted(frame)}",
        labels,
        drawn,
        level,
        frame,
        bounds=(0.0, 1.0),
    )


@dataclass(frozen=True, eq=False)
class _Levels:
    """Groups of units, as matrices that sum over them, coarse to fine."""

    sums: list[sp.csr_matrix]

    @classmethod
    def of(cls, codes: list[Array]) -> _Levels:
        return cls(
            [sp.csr_matrix((np.ones(len(c)), (np.arange(len(c)), c)), (len(c), c.max() + 1)) for c in codes]
        )

    def between(self, kind: str, w: Array, y: Array) -> list[Array]:
        """Give inequality between the groups of each level, each of shape (m,)."""
        return [_between(kind, w @ one, (w * y) @ one) for one in self.sums]


def _between(kind: str, people: Array, held: Array) -> Array:
    """Give inequality between groups that hold `held` among so many people, each (m, g)."""
    share_people = people / people.sum(axis=1, keepdims=True)
    total = held.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        share_held = np.where(total > 0, held / total, np.nan)
        # a group that no unit was drawn of has no part in anything
        relative = np.where(people > 0, share_held / share_people, 1.0)
        terms = (
            xlogy(share_held, relative)
            if kind == "T"
            else np.where(people > 0, -np.log(relative), 0.0) * share_people
        )
    return np.asarray(terms.sum(axis=1))


def _overall(kind: str, w: Array, y: Array) -> Array:
    """Give Theil's T or L of each sample."""
    held, people = w @ y, w.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "T":
            return np.asarray((w @ xlogy(y, y)) / held - np.log(held / people))
        return np.asarray(np.log(held / people) - (w @ np.log(y)) / people)


def theil(
    values: Any,
    weights: Any = None,
    by: Any = None,
    *,
    kind: TheilKind = "T",
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Measures:
    """Give Theil's index of values by unit, and what of it lies between and within groups.

    Parameters
    ----------
    values : Series or tuple (ids, values)
        Indexed by unit or by (unit, period); not negative, and for kind "L" positive.
    weights : Series or tuple (ids, values), optional
        Positive: how many people each unit stands for; indexed as the values, or by unit.
    by : Series, DataFrame or tuple (ids, labels), optional
        Group of each unit. The columns of a frame go from coarse to fine, and each is taken within those before it:
        province, then tier within province.
    kind : {"T", "L"}
        - "T": Theil's first index, which weighs by shares of the total and looks most at the top;
        - "L": the second, the mean logarithmic deviation, which weighs by people and looks most at the bottom.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units; they are drawn with their whole history.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Measures
        For each period: the index of all units, and with groups the part between them (for each further level
        between its groups within those before) and the part within the finest, with each part's share of the whole.

    Raises
    ------
    DataError
        If a value is negative (or zero, for "L"), all of a period are zero or all are equal so that there is no
        whole to share, a weight is not positive, there is one group only, or each unit is a group by itself.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, a value is no number, or a unit has no group.
    OptionError
        If an option is out of range.

    Notes
    -----
    With f_i = w_i / W and r_i = y_i / mu, T = sum f_i r_i ln r_i and L = -sum f_i ln r_i; zero values add nothing to
    T. Between groups the same formulas hold with the groups' people and means, and the rest is within them,
    sum_g (share of g) T_g with shares of the total for T and of the people for L. The parts add up to the whole
    exactly; each further level adds what lies between its groups within those of the level before.

    Means of small groups differ by chance even where groups do not: the part between them is too large by about
    (groups - 1) / (2 n) times the squared coefficient of variation within groups. The interval corrects for much of
    it, the estimate does not: with many small groups the whole interval may lie below it.

    References
    ----------
    Theil, H. (1967). Economics and Information Theory. North-Holland.

    Shorrocks, A. F. (1980). The class of additively decomposable inequality measures. Econometrica 48, 613-625.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> beds = pd.Series([1, 1, 3, 3], index=["a", "b", "c", "d"])
    >>> province = pd.Series(["P", "P", "Q", "Q"], index=["a", "b", "c", "d"], name="province")
    >>> sh.imbalance.theil(beds, by=province, random_state=1).table["estimate"].round(4).tolist()
    [0.1308, 0.1308, 0.0, 1.0, 0.0]
    """
    check_option("theil", "kind", kind, TheilKind)
    level, draws = check_draws("theil", level, draws)
    frame = read("theil", values=values, weights=weights)
    y = check_not_negative("theil", "values", frame, _NEGATIVE)
    if kind == "L" and (y == 0).any():
        raise DataError(
            f"theil: values are zero for {some(frame.labels(y == 0))}, and L has the logarithm of each. Use "
            "kind='T', which zeros add nothing to."
        )
    w = check_positive_values("theil", "weights", frame, _WEIGHTS)
    names, codes = _groups(by, frame)
    if names and (y == y[:, :1]).all(axis=1).any():
        raise DataError(
            "theil: all values of a period are equal, so that there is no inequality to decompose."
        )
    levels = _Levels.of(codes)

    def statistic(counts: Array) -> Array:
        found = []
        for t in range(len(y)):
            weighted = counts * w[t]
            total = _overall(kind, weighted, y[t])
            steps = [np.zeros(len(total)), *levels.between(kind, weighted, y[t]), total]
            parts = [after - before for before, after in pairwise(steps)] if names else []
            # nothing is to be shared in a resample of equal values, but for rounding
            whole = np.where(total > _NOTHING, total, np.nan)
            found += [total, *parts, *(part / whole for part in parts)]
        return np.column_stack(found)

    labels = _rows(names, frame)
    is_share = np.array(labels["quantity"]) == "share"
    biased = is_share | np.char.startswith(labels["component"], "between")
    drawn = resample("theil", statistic, frame.n_units, draws, random_state, biased)
    title = f"Theil's {kind} of {frame.called['values']}{_weighted(frame)}"
    return measured(title, labels, drawn, level, frame, bounds=(0.0, np.where(is_share, 1.0, np.inf)))


def _groups(by: Any, frame: Quantities) -> tuple[list[str], list[Array]]:
    """Read groups; none is a decomposition without levels."""
    if by is None:
        return [], []
    names, codes, labels = grouping("theil", by, frame)
    for name, groups in zip(names, labels, strict=True):
        if len(groups) == frame.n_units:
            raise DataError(
                f"theil: every unit is a group of {name!r} by itself, so that nothing is within groups. Give a "
                "coarser grouping."
            )
    return names, codes


def _rows(names: list[str], frame: Quantities) -> dict[str, tuple[Any, ...]]:
    """Label the rows of one period, for all periods."""
    parts = []
    for depth, name in enumerate(names):
        parts.append(f"between {name}" + (f" within {names[depth - 1]}" if depth else ""))
    if names:
        parts.append(f"within {names[-1]}")
    component = ["total", *parts, *parts]
    quantity = ["index"] * (1 + len(parts)) + ["share"] * len(parts)
    periods = len(frame.periods)
    return {
        **frame.period_columns(len(component)),
        "component": tuple(component) * periods,
        "quantity": tuple(quantity) * periods,
    }


def _weighted(frame: Quantities) -> str:
    return f", weighted by {frame.called['weights']}" if "weights" in frame.called else ""
