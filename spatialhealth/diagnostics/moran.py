"""Moran's I: of a variable by permutation, of residuals by their exact or asymptotic moments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, random_generator
from spatialhealth.diagnostics.moran_residuals import moran_of_residuals
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.errors import ConstantRegressorError, LabelError, OptionError, SizeError, some
from spatialhealth.models.base import SpatialModel
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.panel.table import PanelTable
from spatialhealth.weights.values import values_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["moran", "table_of"]

_NULL = "values stand in space at random"
_ROUNDING = 1e-12  # of a variance, beside what it is the difference of
_TIE = 1e-9  # standard deviations within which two indices are one


def moran(
    values: pd.Series | tuple[Any, Any] | SpatialModel,
    weights: Any = None,
    permutations: int = 999,
    random_state: Any = None,
) -> StatisticTable:
    """Give Moran's I of a variable, or of the residuals of a fitted model.

    Parameters
    ----------
    values : Series, tuple (ids, values) or fitted model
        - a Series indexed by unit, or by (unit, period), in any order: I by period, and pooled;
        - a tuple (ids, values) of arrays, where there is no pandas;
        - a fitted SLX (with or without lagged regressors): I of its residuals, with the moments that residuals
          have (Cliff and Ord 1981), pooled and by period;
        - a fitted SpatialLag or SpatialDurbin: I of its residuals, pooled, with the variance that the estimated
          rho leaves (Anselin 1988; Kelejian and Prucha 2001).
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator, optional
        Needed for a variable, taken as they are; a model brings its own.
    permutations : int, default 999
        Random permutations of the units; 0 for the normal distribution with the moments of all permutations.
        In a panel the units change places with their whole history, so that persistence over time does no harm.
    random_state : int or numpy.random.Generator, optional
        Seed of the permutations.

    Returns
    -------
    StatisticTable
        The first entry is I over everything; in a panel those of the periods follow. `value` is I; `estimates`
        hold its expectation, its variance and z. All p values are two-sided.

    Raises
    ------
    OptionError
        If weights are missing, or the model has a spatial error.
    ConstantRegressorError
        If the variable does not vary in some period.
    DataError
        If variable and weights do not fit each other.

    Notes
    -----
    The pooled I takes each period's own mean out, so that a common trend does not pass for clustering. Units
    without neighbours count among the n units.

    Where I is -1 / (n - 1) however the units change places, its variance is zero and p is 1: all are neighbours of
    all with one weight, or one value stands out from equal ones and the weights of each unit, in and out, have one
    sum.

    References
    ----------
    Cliff, A. D. and Ord, J. K. (1981). Spatial Processes: Models and Applications. Pion.

    Mantel, N. (1967). The detection of disease clustering and a generalized regression approach. Cancer
    Research 27, 209-220.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> W = sh.weights.knn(cities, k=8)
    >>> panel = sh.datasets.load_panel()
    >>> test = sh.diagnostics.moran(panel["inflow"].xs(2015, level="year"), W, random_state=1)[0]
    >>> test.reject(0.05)
    True
    """
    if isinstance(values, SpatialModel):
        return moran_of_residuals(values)
    if weights is None:
        raise OptionError("moran needs the weights beside a variable: moran(values, weights).")
    is_series = hasattr(values, "to_frame") and hasattr(values, "index")
    if not is_series and not isinstance(values, tuple):
        raise LabelError(
            "moran needs a Series indexed by unit or by (unit, period), or a fitted model; it was given "
            f"{type(values).__name__}."
        )
    if permutations != 0:
        check_positive("moran", "permutations", permutations, integer=True)
    operator = as_operator(weights)
    return _of_variable(table_of("moran", values, operator.ids), operator, int(permutations), random_state)


def table_of(owner: str, values: Any, units: Array) -> PanelTable:
    """Align one variable, a Series or a tuple (ids, values), with the units of W by label."""
    if isinstance(values, tuple):
        ordered = values_of(owner, values, units)
        return PanelTable.from_arrays(np.zeros(len(units)), ordered[:, None], units, ("values",))
    name = str(values.name) if values.name is not None else "values"
    return PanelTable.from_frames(values.rename(name).to_frame(), None, units)


def _of_variable(
    table: PanelTable, operator: SpatialOperator, permutations: int, random_state: Any
) -> StatisticTable:
    z = table.x[..., 0] - table.x[..., 0].mean(axis=1, keepdims=True)
    _check(z, table, operator)
    index, moments = _index(z, operator), _moments(z, table, operator)
    drawn = _permuted(z, operator, permutations, random_state) if permutations else None
    names = ["Moran's I"]
    if table.n_periods > 1:
        names = ["Moran's I, pooled", *(f"Moran's I, {period}" for period in table.periods.tolist())]
    tests = tuple(
        _statistic(name, index[j], *moments[j], None if drawn is None else drawn[:, j])
        for j, name in enumerate(names)
    )
    note = f"{permutations:,} permutations of the units." if permutations else "Moments of all permutations."
    source = f" ({table.source})" if table.source else ""
    return StatisticTable(f"Moran's I of {table.names[0]}{source}", tests, note)


def _check(z: Array, table: PanelTable, operator: SpatialOperator) -> None:
    size = np.sqrt(np.sum(z**2, axis=1))
    flat = size <= 1e-12 * np.maximum(np.sqrt(np.sum(table.x[..., 0] ** 2, axis=1)), 1e-300)
    if flat.any():
        where = "" if table.n_periods == 1 else f" in {some(table.periods[flat])}"
        raise ConstantRegressorError(f"{table.names[0]!r} does not vary{where}: there is no pattern to find.")
    if operator.n < 4:
        raise SizeError(f"Moran's I needs at least four units for its moments; there are {operator.n}.")


def _index(z: Array, operator: SpatialOperator) -> Array:
    """Give I of all periods together, and of each if there are several, from deviations of shape (T, n)."""
    pairs, squares = np.sum(z * operator.lag(z), axis=1), np.sum(z**2, axis=1)
    scale = operator.n / float(operator.row_sums.sum())
    together = scale * pairs.sum() / squares.sum()
    return np.array([together]) if len(z) == 1 else np.concatenate([[together], scale * pairs / squares])


def _moments(z: Array, table: PanelTable, operator: SpatialOperator) -> list[tuple[float, float]]:
    """Give expectation and variance of I over all permutations of the units: pooled, and of each period."""
    samples = [z] if table.n_periods == 1 else [z, *(row[None] for row in z)]
    return [(-1 / (operator.n - 1), _variance(sample, operator)) for sample in samples]


def _variance(z: Array, operator: SpatialOperator) -> float:
    """Give the variance of the pooled I when units change places with their whole history (Mantel 1967)."""
    n, W = operator.n, operator.matrix
    links = (W + W.T) / 2
    sums = np.asarray(links.sum(axis=1)).ravel()
    own = np.sum(z**2, axis=0)
    # products of histories between units: their sums, and sums of squares, without the n x n matrix
    a0, a2, a3 = float(sums.sum()) ** 2, float(links.multiply(links).sum()), float(sums @ sums)
    b0, b2, b3 = float(own.sum()) ** 2, float(np.sum((z @ z.T) ** 2) - own @ own), float(own @ own)
    same = 2 * a2 * b2 / (n * (n - 1))
    one = 4 * (a3 - a2) * (b3 - b2) / (n * (n - 1) * (n - 2))
    none = (a0 + 2 * a2 - 4 * a3) * (b0 + 2 * b2 - 4 * b3) / (n * (n - 1) * (n - 2) * (n - 3))
    scale = n / (float(operator.row_sums.sum()) * float(own.sum()))
    parts = np.array([*(scale**2 * np.array([same, one, none])), -1 / (n - 1) ** 2])
    variance = float(parts.sum())
    return variance if variance > _ROUNDING * np.abs(parts).sum() else 0.0


def _permuted(z: Array, operator: SpatialOperator, permutations: int, random_state: Any) -> Array:
    rng = random_generator("moran", random_state)
    return np.array(
        [
            _index(np.ascontiguousarray(z[:, rng.permutation(operator.n)]), operator)
            for _ in track(range(permutations), "permutations")
        ]
    )


def _statistic(name: str, value: float, mean: float, variance: float, drawn: Array | None) -> Statistic:
    if variance == 0:
        found = {"expected": mean, "variance": 0.0, "z": 0.0}
        return Statistic(name, float(value), 1.0, _NULL, "the same however the units lie", None, found)
    test = Statistic.moment(name, value, mean, variance, _NULL)
    if drawn is None:
        return test
    # what ties with the value but for rounding counts as at least as far out
    far = np.abs(drawn - mean) >= abs(value - mean) - _TIE * np.sqrt(variance)
    p = (1 + int(far.sum())) / (1 + len(drawn))
    return replace(test, p_value=p, distribution=f"{len(drawn):,} permutations")
