"""The gap in use between high-tier hospitals and primary care; where one is overburdened and the other idle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_draws, check_number, check_option
from spatialhealth.errors import DataError, OptionError, some
from spatialhealth.imbalance.measures import Measures, measured
from spatialhealth.imbalance.read import Quantities, check_positive_values, grouping, read
from spatialhealth.imbalance.resample import Resampled, resample
from spatialhealth.imbalance.shares import share_limits, share_statistic

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLASSES", "STRUCTURAL", "GapKind", "UtilisationGap", "UtilisationUnit", "utilisation_gap"]

GapKind = Literal["difference", "ratio"]
UtilisationUnit = Literal["percent", "share"]

STRUCTURAL = "overburdened high, idle primary"
# by how primary care (rows) and the high tier (columns) stand: idle, between, overburdened
CLASSES = (
    "both idle",
    "idle primary only",
    STRUCTURAL,
    "idle high only",
    "balanced",
    "overburdened high only",
    "idle high, overburdened primary",
    "overburdened primary only",
    "both overburdened",
)
_OVERBURDENED, _IDLE = 90.0, 60.0  # per cent
_LEAST_PERCENT = 1.5  # a largest value up to here is a share, in all likelihood
_MOST_SHARE = 3.0
_WEIGHTS = (
    "A weight says how many people a unit stands for: leave units without any out of all that is given."
)


@dataclass(frozen=True, eq=False)
class UtilisationGap:
    """The gap, the classes, and how many units or people are in each.

    Parameters
    ----------
    summary : Measures
        For each (group and) period the mean gap and the share of each class.
    index : pandas Index
        Rows of the units, as they came in.
    high, primary, gap : ndarray of shape (rows,)
    place : ndarray of int of shape (rows,)
        Class of each row, a place in `CLASSES`.
    overburdened, idle : float
        Thresholds, in the unit of the data.
    kind : str
    """

    summary: Measures
    index: pd.Index
    high: Array
    primary: Array
    gap: Array
    place: Array
    overburdened: float
    idle: float
    kind: str

    def to_frame(self) -> pd.DataFrame:
        """Give the mean gap and the shares of the classes, one row each, with standard errors and intervals."""
        return self.summary.to_frame()

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    @property
    def units(self) -> pd.DataFrame:
        """One row a unit (and period): high, primary, gap, class."""
        pd = pandas_for("The table of units", ".high, .primary, .gap, .place")
        frame = pd.DataFrame(
            {
                "high": self.high,
                "primary": self.primary,
                "gap": self.gap,
                "class": pd.Categorical.from_codes(self.place, CLASSES),
            },
            index=self.index,
        )
        frame.attrs["source"] = self.summary.source
        return frame

    @property
    def since(self) -> pd.Series:
        """Period since which each unit has been structurally imbalanced; missing if it is not so in the last."""
        pd = pandas_for("The periods of onset", ".place")
        if not self.summary.period:
            raise OptionError("There is no since: the data are of one period. Give data by (unit, period).")
        structural = pd.Series(self.place == CLASSES.index(STRUCTURAL), index=self.index).unstack()
        structural = structural[sorted(structural.columns)]
        unbroken = structural.iloc[:, ::-1].cummin(axis=1).iloc[:, ::-1]
        first = unbroken.idxmax(axis=1).where(unbroken.iloc[:, -1])
        return first.convert_dtypes().rename("since")

    def change(self, first: Any, last: Any) -> Measures:
        """Give the change of gap and shares between two periods; see `Measures.change`."""
        return self.summary.change(first, last)

    def __str__(self) -> str:
        return str(self.summary)

    __repr__ = __str__


def utilisation_gap(
    high: Any,
    primary: Any,
    weights: Any = None,
    by: Any = None,
    *,
    overburdened: float | None = None,
    idle: float | None = None,
    kind: GapKind = "difference",
    unit: UtilisationUnit = "percent",
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> UtilisationGap:
    """Compare how far high-tier hospitals and primary care are used, unit by unit and in all.

    Parameters
    ----------
    high, primary : Series or tuple (ids, values)
        Utilisation (of beds, of staff) of the two tiers, not negative, indexed by unit or by (unit, period). More
        than 100 per cent is possible.
    weights : Series or tuple (ids, values), optional
        Positive: people of each unit, so that means and shares are of people; indexed as `high`, or by unit.
    by : Series or tuple (ids, labels), optional
        Group of each unit, such as its province: means and shares within each.
    overburdened, idle : float, optional
        Use at or above which a tier is overburdened, and at or below which it is idle, in the unit of the data;
        90 and 60 per cent by default.
    kind : {"difference", "ratio"}
        Whether the gap is high - primary, or high / primary.
    unit : {"percent", "share"}
        What the data are in. Data that look like the other are refused.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units; they are drawn with their whole history.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    UtilisationGap
        `table`, `units`, `since`, `change`.

    Raises
    ------
    DataError
        If a utilisation is negative, primary care is not used at all somewhere (kind "ratio"), the data look like
        the other unit, a weight is not positive, or there is one group only.
    OptionError
        If a threshold is out of range or idle is not below overburdened, or an option is out of range.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, or a value is no number.

    Notes
    -----
    Fu and Lu (2025) call it structural imbalance when overburdened high-tier hospitals and under-used primary care
    stand side by side. The thresholds are not theirs: at 90 per cent hospitals meet regular shortages of beds (Bagust
    et al. 1999); 60 per cent is a convention: about what beds of township health centres in China were used in the
    2010s. See what other thresholds give. The nine classes are all combinations of idle, between and overburdened.

    The mean gap of kind "ratio" is the ratio of the mean utilisations. Intervals of shares are Wilson's, with the
    effective number of units, at most Kish's (sum w)^2 / sum w^2, for a bootstrap of a share of zero has no width;
    all others, those of changes too, and all standard errors are the bootstrap's.

    References
    ----------
    Fu, H. and Lu, J. (2025). Structural imbalance of medical resources amid population mobility and digital
    empowerment. Frontiers in Public Health 13, 1613293.

    Bagust, A., Place, M. and Posnett, J. W. (1999). Dynamics of bed use in accommodating emergency admissions:
    stochastic simulation model. BMJ 319, 155-158.

    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22, 209-212.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> high = pd.Series({"a": 97.0, "b": 95.0, "c": 80.0})
    >>> primary = pd.Series({"a": 45.0, "b": 92.0, "c": 70.0})
    >>> sh.imbalance.utilisation_gap(high, primary, random_state=1).units["class"].tolist()
    ['overburdened high, idle primary', 'both overburdened', 'balanced']
    """
    check_option("utilisation_gap", "kind", kind, GapKind)
    check_option("utilisation_gap", "unit", unit, UtilisationUnit)
    level, draws = check_draws("utilisation_gap", level, draws)
    limits = _thresholds(overburdened, idle, unit)
    frame = read("utilisation_gap", high=high, primary=primary, weights=weights)
    _check(frame, unit, kind)
    w = check_positive_values("utilisation_gap", "weights", frame, _WEIGHTS)
    by_name, groups, labels = _groups(by, frame)
    top, base = frame.values["high"], frame.values["primary"]
    # on the scale of the high tier and of primary care: 0 idle, 1 between, 2 overburdened
    standing = [(use > limits[1]).astype(int) + (use >= limits[0]) for use in (top, base)]
    classes = standing[0] + 3 * standing[1]
    summary = _summary(frame, classes, groups, labels, by_name, w, kind, level, draws, random_state)
    gap = top - base if kind == "difference" else top / base
    said = f"Overburdened: at least {limits[0]:g}, idle: at most {limits[1]:g} ({unit})."
    rows = [frame.by_row(values) for values in (top, base, gap, classes)]
    summary = replace(summary, note=f"{summary.note} {said}")
    return UtilisationGap(summary, frame.index, rows[0], rows[1], rows[2], rows[3], *limits, kind)


def _thresholds(overburdened: Any, idle: Any, unit: str) -> tuple[float, float]:
    scale = 1.0 if unit == "percent" else 0.01
    chosen = []
    for name, value, default in (("overburdened", overburdened, _OVERBURDENED), ("idle", idle, _IDLE)):
        limit = default * scale if value is None else check_number("utilisation_gap", name, value)
        if not 0 < limit <= 200 * scale:
            raise OptionError(
                f"utilisation_gap: {name}={limit:g} is no threshold of a utilisation in {unit}: it must be above 0 "
                f"and at most {200 * scale:g}."
            )
        if unit == "percent" and limit <= _LEAST_PERCENT:
            raise OptionError(
                f"utilisation_gap: {name}={limit:g} looks like a share, and the unit is percent. Give "
                f"{name}={100 * limit:g}, or say that the data are shares (unit='share')."
            )
        chosen.append(limit)
    if not chosen[1] < chosen[0]:
        raise OptionError(
            f"utilisation_gap: idle={chosen[1]:g} must be below overburdened={chosen[0]:g}, or a tier is both."
        )
    return chosen[0], chosen[1]


def _check(frame: Quantities, unit: str, kind: str) -> None:
    for name in ("high", "primary"):
        values = frame.values[name]
        if (values < 0).any():
            raise DataError(
                f"utilisation_gap: {name} is negative for {some(frame.labels(values < 0))}. Use is at least zero."
            )
        greatest = float(values.max())
        if unit == "percent" and 0 < greatest <= _LEAST_PERCENT:
            raise DataError(
                f"utilisation_gap: no value of {name} is above {greatest:g}, so they look like shares and not like "
                "per cent. Say that they are shares (unit='share'), or multiply by 100."
            )
        if unit == "share" and greatest > _MOST_SHARE:
            raise DataError(
                f"utilisation_gap: values of {name} go up to {greatest:g}, so they look like per cent and not like "
                "shares. Say that they are per cent (unit='percent'), or divide by 100."
            )
    unused = frame.values["primary"] == 0
    if kind == "ratio" and unused.any():
        raise DataError(
            f"utilisation_gap: primary is zero for {some(frame.labels(unused))}, and nothing can be divided by it. "
            "Take the difference (kind='difference')."
        )


def _groups(by: Any, frame: Quantities) -> tuple[str, Array, list[Any]]:
    if by is None:
        return "", np.zeros(frame.n_units, dtype=int), [None]
    names, codes, labels = grouping("utilisation_gap", by, frame)
    if len(names) > 1:
        raise OptionError(
            f"utilisation_gap: by has {len(names)} columns ({some(names)}); one grouping is possible. Take "
            "one of them."
        )
    return names[0], codes[0], labels[0]


def _summary(
    frame: Quantities,
    classes: Array,
    groups: Array,
    labels: list[Any],
    by_name: str,
    w: Array,
    kind: str,
    level: float,
    draws: int,
    random_state: Any,
) -> Measures:
    """Give the mean gap and the shares, of each group in each period."""
    periods, n_groups, k = len(frame.periods), len(labels), len(CLASSES)
    shares = share_statistic(classes, k, groups, w)
    member = (groups[:, None] == np.arange(n_groups)).astype(float)

    def statistic(counts: Array) -> Array:
        m = len(counts)
        gaps = np.empty((m, periods, n_groups, 1))
        for t in range(periods):
            weighted = counts * w[t]
            top, base = ((weighted * frame.values[name][t]) @ member for name in ("high", "primary"))
            with np.errstate(divide="ignore", invalid="ignore"):
                gaps[:, t, :, 0] = (top - base) / (weighted @ member) if kind == "difference" else top / base
        parts = shares(counts).reshape(m, periods, n_groups, k)
        return np.concatenate([gaps, parts], axis=-1).reshape(m, -1)

    drawn = resample("utilisation_gap", statistic, frame.n_units, draws, random_state)
    # of one unit there is no spread, and a bootstrap of it would say that its mean is certain
    lone = np.tile(np.repeat(member.sum(axis=0) == 1, 1 + k), periods)
    lone &= np.arange(len(lone)) % (1 + k) == 0
    known = drawn.mapped(lambda values: np.where(lone, np.nan, values))
    drawn = replace(known, estimate=drawn.estimate)
    quantity = "share of people" if "weights" in frame.values else "share of units"
    columns = frame.period_columns(n_groups * (1 + k))
    if by_name:
        columns[by_name] = tuple(label for label in labels for _ in range(1 + k)) * periods
    columns["measure"] = ("gap", *CLASSES) * (periods * n_groups)
    columns["quantity"] = (f"mean {kind}", *[quantity] * k) * (periods * n_groups)
    title = f"Utilisation gap, {frame.called['high']} and {frame.called['primary']}"
    note = "Shares: Wilson's intervals."
    if lone.any():
        note += " The mean of a group of one unit has no standard error."
    found = measured(title, columns, drawn, level, frame, note)
    return _with_wilson(found, drawn, share_limits(classes, k, groups, w, level), 1 + k)


def _with_wilson(found: Measures, drawn: Resampled, limits: tuple[Array, Array], block: int) -> Measures:
    """Put Wilson's limits in place of those of the shares, which follow one other row in each block."""
    is_share = np.arange(len(drawn.estimate)) % block > 0
    low, high = found.ci_low.copy(), found.ci_high.copy()
    low[is_share], high[is_share] = limits
    return replace(found, ci_low=low, ci_high=high)
