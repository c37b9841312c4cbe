"""Coupling coordination: how alike several systems stand, and how high."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_draws, check_number
from spatialhealth.errors import DataError, DuplicateError, OptionError, some
from spatialhealth.imbalance.measures import Measures, measured
from spatialhealth.imbalance.read import Quantities, read
from spatialhealth.imbalance.resample import resample
from spatialhealth.imbalance.shares import share_limits, share_statistic

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVELS", "Coupling", "coupling", "normalise"]

# (0, 0.1], (0.1, 0.2], ... (0.9, 1]
LEVELS = (
    "extreme disorder",
    "severe disorder",
    "moderate disorder",
    "mild disorder",
    "near disorder",
    "bare coordination",
    "primary coordination",
    "intermediate coordination",
    "good coordination",
    "high-quality coordination",
)
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Coupling:
    """Coupling C, development T and coordination D.

    Parameters
    ----------
    summary : Measures
        For each period the means of C, T and D over units, and the share of units at each level of coordination.
    index : pandas Index
        Rows of the units, as they came in.
    C, T, D : ndarray of shape (rows,)
    place : ndarray of int of shape (rows,)
        Level of D, a place in `LEVELS`.
    """

    summary: Measures
    index: pd.Index
    C: Array
    T: Array
    D: Array
    place: Array

    def to_frame(self) -> pd.DataFrame:
        """Give means and shares, one row each, with standard errors and intervals."""
        return self.summary.to_frame()

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    @property
    def units(self) -> pd.DataFrame:
        """One row a unit (and period): C, T, D, level."""
        pd = pandas_for("The table of units", ".C, .T, .D, .place")
        columns = {"C": self.C, "T": self.T, "D": self.D}
        level = pd.Categorical.from_codes(self.place, LEVELS, ordered=True)
        frame = pd.DataFrame({**columns, "level": level}, index=self.index)
        frame.attrs["source"] = self.summary.source
        return frame

    def change(self, first: Any, last: Any) -> Measures:
        """Give the change of means and shares between two periods; see `Measures.change`."""
        return self.summary.change(first, last)

    def __str__(self) -> str:
        return str(self.summary)

    __repr__ = __str__


def normalise(values: Any, low: float, high: float, *, floor: float = 0.0) -> pd.Series:
    """Put values on a scale from `floor` to one by bounds that are stated.

    Parameters
    ----------
    values : Series
    low, high : float
        What becomes the floor, and what becomes one; low is greater than high where less is better. Bounds that
        hold for all periods (a norm, or the least and greatest of all data) keep periods comparable.
    floor : float, default 0.0
        From 0 to less than 1. Coupling needs positive values: 0.01 is usual where some values are at the low bound.

    Returns
    -------
    Series
        floor + (1 - floor) (v - low) / (high - low).

    Raises
    ------
    OptionError
        If the bounds are equal, or the floor is out of range.
    DataError
        If values lie outside the bounds.
    LabelError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError
        If the values are no labelled numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> normalise(pd.Series({"a": 2.0, "b": 5.0}), 0, 10).tolist()
    [0.2, 0.5]
    >>> normalise(pd.Series({"a": 2.0, "b": 5.0}), 10, 0).tolist()
    [0.8, 0.5]
    """
    low, high = check_number("normalise", "low", low), check_number("normalise", "high", high)
    floor = check_number("normalise", "floor", floor)
    if low == high:
        raise OptionError(f"normalise: low and high are both {low:g}: there is nothing between them.")
    if not 0 <= floor < 1:
        raise OptionError(f"normalise: floor={floor:g} must be at least 0 and below 1.")
    frame = read("normalise", 1, values=values)
    scaled = (frame.values["values"] - low) / (high - low)
    outside = (scaled < 0) | (scaled > 1)
    if outside.any():
        raise DataError(
            f"normalise: values lie outside the bounds {low:g} and {high:g} for {some(frame.labels(outside))}. Give "
            "bounds that hold for all data."
        )
    made = values.astype(float).copy()
    made[:] = frame.by_row(floor + (1 - floor) * scaled)
    return made  # type: ignore[no-any-return]


def coupling(
    *systems: Any,
    weights: Any = None,
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Coupling:
    """Give the coupling coordination degree of two or more systems, unit by unit and in the mean.

    Parameters
    ----------
    *systems : Series, or one DataFrame
        The standing of each system, above 0 and at most 1, indexed by unit or by (unit, period); see `normalise`.
    weights : dict of str to float, Series by system, or sequence of float, optional
        Importance of each system in T, by name or in order: positive, and of sum one. Equal by default.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units; they are drawn with their whole history.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Coupling
        `table`, `units`, `change`.

    Raises
    ------
    DataError
        If a value is not above 0 and at most 1.
    OptionError
        If there are fewer than two systems, or the weights are of other systems, not positive or not of sum one.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, or a value is no number.

    Notes
    -----
    For k systems, C = [prod u_j / (mean u)^k]^(1/k), the geometric over the arithmetic mean, from 0 to 1 and 1 where
    all are equal; T = sum a_j u_j; D = sqrt(C T). Other forms are in print. Those without the root, or with the sum
    in place of the mean, do not reach from 0 to 1, so that the levels of D mean something else; the form of two
    systems 2 sqrt(u v) / (u + v) is this one. Wang et al. (2021) review them, and propose another C.

    The levels are ten steps of D: (0, 0.1] extreme disorder ... (0.9, 1] high-quality coordination. C says how alike
    the systems are and not how well they do: two that are equally poor have C = 1.

    References
    ----------
    Wang, S., Kong, W., Ren, L., Zhi, D. and Dai, B. (2021). Research on misuses and modification of coupling
    coordination degree model in China. Journal of Natural Resources 36, 793-810.

    Tian, S., Li, X., Yang, J., Zhang, W. and Guo, J. (2021). Spatio-temporal coupling coordination and driving
    mechanism of urban pseudo and reality human settlements in the three provinces of Northeast China. Acta
    Geographica Sinica 76, 781-798.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> high = pd.Series({"a": 0.9, "b": 0.5}, name="high")
    >>> primary = pd.Series({"a": 0.1, "b": 0.5}, name="primary")
    >>> sh.imbalance.coupling(high, primary, random_state=1).units["D"].round(4).tolist()
    [0.5477, 0.7071]
    """
    columns = _columns(systems)
    level, draws = check_draws("coupling", level, draws)
    alpha = _weights(weights, list(columns))
    frame = read("coupling", **columns)
    u = np.stack([frame.values[name] for name in columns])
    for name in columns:
        wrong = (frame.values[name] <= 0) | (frame.values[name] > 1)
        if wrong.any():
            raise DataError(
                f"coupling: {name} is not above 0 and at most 1 for {some(frame.labels(wrong))}. Scale it first: "
                "spatialhealth.imbalance.normalise(values, low, high, floor=0.01)."
            )
    C = np.minimum(np.exp(np.log(u).mean(axis=0)) / u.mean(axis=0), 1.0)
    T = np.einsum("j,jtn->tn", alpha, u)
    D = np.sqrt(C * T)
    # 0.3 must not fall above its level by rounding
    place = np.clip(np.ceil(10 * D - _ROUNDING).astype(int) - 1, 0, len(LEVELS) - 1)
    summary = _summary(frame, (C, T, D), place, level, draws, random_state, " and ".join(columns))
    rows = [frame.by_row(values) for values in (C, T, D, place)]
    return Coupling(summary, frame.index, *rows)


def _columns(systems: tuple[Any, ...]) -> dict[str, Any]:
    """Give the systems by name."""
    if len(systems) == 1 and hasattr(systems[0], "columns"):
        systems = tuple(systems[0].iloc[:, place] for place in range(systems[0].shape[1]))
    if len(systems) < 2:
        raise OptionError(f"coupling needs two systems at least; it was given {len(systems)}.")
    names = [
        str(getattr(one, "name", None)) if getattr(one, "name", None) is not None else f"system {j}"
        for j, one in enumerate(systems, start=1)
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DuplicateError(
            f"coupling: systems have the same name: {some(twice)}. Rename all but one of each."
        )
    return dict(zip(names, systems, strict=True))


def _weights(weights: Any, names: list[str]) -> Array:
    if weights is None:
        return np.full(len(names), 1 / len(names))
    if hasattr(weights, "index") and hasattr(weights, "to_dict"):
        weights = weights.to_dict()
    if isinstance(weights, Mapping):
        if set(map(str, weights)) != set(names):
            raise OptionError(
                f"coupling: weights are of {some(weights, 20)}, and the systems are {some(names, 20)}. Give one for "
                "each."
            )
        weights = [{str(name): value for name, value in weights.items()}[name] for name in names]
    given = [check_number("coupling", "weights", value) for value in weights]
    if len(given) != len(names):
        raise OptionError(f"coupling: {len(given)} weights for {len(names)} systems. Give one for each.")
    if min(given) <= 0 or abs(sum(given) - 1) > 1e-6:
        raise OptionError(
            f"coupling: the weights {given} must be positive and sum to one; they sum to {sum(given):g}."
        )
    return np.array(given)


def _summary(
    frame: Quantities,
    degrees: tuple[Array, Array, Array],
    place: Array,
    level: float,
    draws: int,
    random_state: Any,
    names: str,
) -> Measures:
    """Give means of the degrees, and shares of the levels, in each period."""
    periods, n, k = len(frame.periods), frame.n_units, len(LEVELS)
    ones, alone = np.ones((periods, n)), np.zeros(n, dtype=int)
    shares = share_statistic(place, k, alone, ones)
    stacked = np.stack(degrees, axis=1).reshape(-1, n).T

    def statistic(counts: Array) -> Array:
        means = (counts @ stacked / counts.sum(axis=1, keepdims=True)).reshape(len(counts), periods, -1)
        parts = shares(counts).reshape(len(counts), periods, k)
        return np.concatenate([means, parts], axis=-1).reshape(len(counts), -1)

    drawn = resample("coupling", statistic, n, draws, random_state)
    block = 3 + k
    columns = frame.period_columns(block)
    columns["measure"] = ("C", "T", "D", *LEVELS) * periods
    columns["quantity"] = (*["mean"] * 3, *["share of units"] * k) * periods
    found = measured(
        f"Coupling coordination of {names}",
        columns,
        drawn,
        level,
        frame,
        "Shares: Wilson's intervals.",
        bounds=(0.0, 1.0),
    )
    is_share = np.arange(len(drawn.estimate)) % block >= 3
    low, high = found.ci_low.copy(), found.ci_high.copy()
    low[is_share], high[is_share] = share_limits(place, k, alone, ones, level)
    return replace(found, ci_low=low, ci_high=high)
