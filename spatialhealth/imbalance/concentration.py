"""Concentration: whether something is held by the poor or by the rich, as an index and as a curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_draws, check_number, check_option, random_generator
from spatialhealth.errors import DataError, OptionError, some
from spatialhealth.imbalance.measures import Measures, measured
from spatialhealth.imbalance.ranks import Ranks
from spatialhealth.imbalance.read import Quantities, check_not_negative, check_positive_values, read
from spatialhealth.imbalance.resample import draw, resample

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Concentration", "ConcentrationKind", "concentration"]

ConcentrationKind = Literal["standard", "erreygers", "wagstaff"]

_GRID = np.linspace(0.0, 1.0, 101)
_NAMES = {
    "standard": "Concentration index",
    "erreygers": "Erreygers's concentration index",
    "wagstaff": "Wagstaff's concentration index",
}


@dataclass(frozen=True, eq=False)
class Concentration:
    """Concentration indices and curves.

    Parameters
    ----------
    index : Measures
        Index by period, with bootstrap standard errors and intervals.
    formula_errors : ndarray of shape (T,)
        Standard errors by the formula of Kakwani, Wagstaff and van Doorslaer (1997).
    curves : tuple of (ndarray, ndarray)
        Cumulative shares of people and of the variable, for each period.
    bands : ndarray of shape (T, 2, 101)
        Limits of the curve at each hundredth of the people, at the level of the index.
    value_name, rank_name, base_name : str
        What is held, what ranks, and what the horizontal axis counts: people, or units.
    periods : tuple
        Empty for one cross-section.
    """

    index: Measures
    formula_errors: Array
    curves: tuple[tuple[Array, Array], ...]
    bands: Array
    value_name: str
    rank_name: str
    base_name: str
    periods: tuple[Any, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a period: estimate, bootstrap standard error and interval, and the formula's standard error."""
        return self.to_frame()

    def to_frame(self) -> pd.DataFrame:
        """Give the same as `table`."""
        return self.index.to_frame().assign(formula_std_error=self.formula_errors)

    @property
    def curve(self) -> pd.DataFrame:
        """The curve, point by point: (period,) population_share, value_share."""
        pd = pandas_for("A concentration curve", ".curves")
        parts = [
            pd.DataFrame({**self._period(t), "population_share": people, "value_share": held})
            for t, (people, held) in enumerate(self.curves)
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def band(self) -> pd.DataFrame:
        """Pointwise limits of the curve: (period,) population_share, ci_low, ci_high."""
        pd = pandas_for("A concentration curve's band", ".bands")
        parts = [
            pd.DataFrame({**self._period(t), "population_share": _GRID, "ci_low": low, "ci_high": high})
            for t, (low, high) in enumerate(self.bands)
        ]
        return pd.concat(parts, ignore_index=True)

    def change(self, first: Any, last: Any) -> Measures:
        """Give the change of the index between two periods; see `Measures.change`."""
        return self.index.change(first, last)

    def _period(self, t: int) -> dict[str, Any]:
        return {self.index.period: self.periods[t]} if self.periods else {}

    def __str__(self) -> str:
        return str(self.index)

    __repr__ = __str__


def concentration(
    value: Any,
    rank_by: Any,
    weights: Any = None,
    *,
    kind: ConcentrationKind = "standard",
    bounds: tuple[float, float] | None = None,
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Concentration:
    """Give the concentration index and curve of a variable along the ranks of another.

    Parameters
    ----------
    value : Series
        What is held, for each of the people (beds per head), indexed by unit or by (unit, period).
    rank_by : Series
        What ranks the units from poor to rich; ties share their middle rank. Indexed as the value, or by unit.
    weights : Series, optional
        Positive: how many people each unit stands for.
    kind : {"standard", "erreygers", "wagstaff"}
        - "standard": 2 cov(h, R) / mean, for what has a zero and no upper bound;
        - "erreygers": 8 cov(h, R) / (b - a), for what lies between a and b: it is the same, but for its sign,
          whether one measures the value or what is wanting to b;
        - "wagstaff": 2 cov(h, R) (b - a) / ((b - mean) (mean - a)), which has that property too and takes the most
          unequal spread that the mean allows as one.
    bounds : tuple of (float, float), optional
        a and b, needed for "erreygers" and "wagstaff", whose curve is of what lies above a.
    level : float, default 0.95
        Confidence level.
    draws : int, default 999
        Resamples of the units; they are drawn with their whole history, and ranked anew.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Concentration
        `table`, `curve`, `band`. A positive index: held by the rich; a negative one: by the poor.

    Raises
    ------
    DataError
        If values are negative (standard) or outside the bounds, all are zero, or a weight is not positive.
    OptionError
        If bounds are wanting, needless or do not rise, or an option is out of range.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError
        If the labels do not fit, or a value is no number.

    Notes
    -----
    R is the share of people below, and half of those at, a unit's value of `rank_by`. The index is the slope of the
    "convenient regression" of 2 var(R) h / mean on R, and one less twice the area under the curve.

    The formula's standard error is that of Kakwani et al., with a_i = h_i / mean (2 R_i - 1 - C) + 2 - q_(i-1) - q_i
    and q the curve: the square root of sum f_i^2 (a_i - 1 - C)^2, f_i = w_i / W, which without weights is their
    formula. For the bounded kinds it is multiplied by the same factor as the index, whose mean is then held; the
    bootstrap's lets it vary.

    References
    ----------
    Kakwani, N., Wagstaff, A. and van Doorslaer, E. (1997). Socioeconomic inequalities in health: measurement,
    computation, and statistical inference. Journal of Econometrics 77, 87-103.

    O'Donnell, O., van Doorslaer, E., Wagstaff, A. and Lindelow, M. (2008). Analyzing Health Equity Using Household
    Survey Data. World Bank.

    Erreygers, G. (2009). Correcting the concentration index. Journal of Health Economics 28, 504-515.

    Wagstaff, A. (2005). The bounds of the concentration index when the variable of interest is binary. Health
    Economics 14, 429-432.

    Examples
    --------
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> units = ["a", "b", "c", "d"]
    >>> beds, income = pd.Series([1, 2, 3, 4], index=units), pd.Series([10, 20, 30, 40], index=units)
    >>> float(sh.imbalance.concentration(beds, income, random_state=1).index.estimate[0])
    0.25
    """
    check_option("concentration", "kind", kind, ConcentrationKind)
    low, high = _bounds(kind, bounds)
    level, draws = check_draws("concentration", level, draws)
    frame = read("concentration", value=value, rank_by=rank_by, weights=weights)
    h = _checked(frame, kind, low, high)
    w = check_positive_values("concentration", "weights", frame, "Leave units without people out.")
    ranks = [Ranks.of(row) for row in frame.values["rank_by"]]
    periods = len(h)

    def indices(counts: Array) -> Array:
        found = []
        for t in range(periods):
            index, mean = ranks[t].concentration(counts * w[t], h[t])
            with np.errstate(divide="ignore", invalid="ignore"):
                found.append(index * _factor(kind, mean, low, high))
        return np.column_stack(found)

    def curves_on_grid(counts: Array) -> Array:
        return np.column_stack([_on_grid(*ranks[t].curve(counts * w[t], h[t])) for t in range(periods)])

    rng = random_generator("concentration", random_state)
    drawn = resample("concentration", indices, frame.n_units, draws, rng)
    means = [float(np.average(h[t], weights=w[t])) for t in range(periods)]
    errors = np.array(
        [_formula_error(ranks[t], w[t], h[t]) * _factor(kind, means[t], low, high) for t in range(periods)]
    )
    tail = (1 - level) / 2
    lines, _ = draw(curves_on_grid, frame.n_units, draws, rng)
    limits = np.nanquantile(lines, [tail, 1 - tail], axis=0)
    value_name, rank_name = frame.called["value"], frame.called["rank_by"]
    index = measured(
        f"{_NAMES[kind]} of {value_name} by {rank_name}",
        frame.period_columns() or {"measure": (_NAMES[kind],)},
        drawn,
        level,
        frame,
        bounds=(-1.0, 1.0),
    )
    curves = tuple(
        (people[0], held[0]) for people, held in (ranks[t].curve(w[t][None], h[t]) for t in range(periods))
    )
    base_name = "people" if "weights" in frame.values else "units"
    bands = limits.reshape(2, periods, len(_GRID)).transpose(1, 0, 2)
    own = frame.period_labels if frame.is_panel else ()
    return Concentration(index, errors, curves, bands, value_name, rank_name, base_name, own)


def _bounds(kind: str, bounds: Any) -> tuple[float, float]:
    """Give the bounds of the variable; zero and infinity for a standard index."""
    if kind == "standard":
        if bounds is not None:
            raise OptionError(
                "concentration: a standard index has no bounds. Leave bounds out, or choose kind='erreygers' or "
                "'wagstaff'."
            )
        return 0.0, np.inf
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise OptionError(
            f"concentration: kind={kind!r} needs the least and the greatest value that there can be, such as "
            "bounds=(0, 100)."
        )
    low, high = (check_number("concentration", "bounds", bound) for bound in bounds)
    if not low < high:
        raise OptionError(f"concentration: bounds={bounds!r} must rise.")
    return low, high


def _checked(frame: Quantities, kind: str, low: float, high: float) -> Array:
    """Give the values if they lie where the index needs them."""
    if kind == "standard":
        return check_not_negative(
            "concentration", "value", frame, "A standard index has no bounds then; use kind='erreygers'."
        )
    values = frame.values["value"]
    outside = (values < low) | (values > high)
    if outside.any():
        raise DataError(
            f"concentration: values lie outside the bounds {low:g} and {high:g} for {some(frame.labels(outside))}. "
            "Give the bounds that the variable has by its nature."
        )
    least, greatest = (values == low).all(axis=1), (values == high).all(axis=1)
    if least.any() or (kind == "wagstaff" and greatest.any()):
        raise DataError(
            "concentration: every value of a period is at one bound, so that nothing is concentrated. Leave the "
            "period out."
        )
    # the covariance with the rank is the same, and a mean of zero no harm
    return np.asarray(values - low)


def _factor(kind: str, mean: Any, low: float, high: float) -> Any:
    """Give what a standard index of values above `low` is multiplied with; `mean` is theirs."""
    if kind == "erreygers":
        return 4 * mean / (high - low)
    if kind == "wagstaff":
        return (high - low) / (high - low - mean)
    return 1.0 + 0.0 * mean


def _on_grid(people: Array, held: Array) -> Array:
    """Read curves at each hundredth of the people."""
    return np.array([np.interp(_GRID, p, q) for p, q in zip(people, held, strict=True)])


def _formula_error(ranks: Ranks, w: Array, h: Array) -> float:
    """Give the standard error of a standard index by Kakwani et al. (1997)."""
    people, held = ranks.curve(w[None], h)
    rank = ranks.back((people[0, 1:] + people[0, :-1]) / 2)
    on_curve = ranks.back(held[0, 1:] + held[0, :-1])
    share = w / w.sum()
    mean = float(share @ h)
    index = float(2 * (share * h) @ rank / mean - 1)
    a = h / mean * (2 * rank - 1 - index) + 2 - on_curve
    return float(np.sqrt(np.sum(share**2 * (a - 1 - index) ** 2)))
