"""How a change of one regressor in one unit travels to every other: the column of the multiplier, and its sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth._validation import check_number, check_positive
from spatialhealth.errors import AlignmentError, LabelError, OptionError, did_you_mean, some
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import Impacts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Spread", "spread"]

_BEYOND = -1


@dataclass(frozen=True, eq=False)
class Spread:
    """What a change of one regressor in one city does everywhere.

    Parameters
    ----------
    city : label
    variable : str
    change : float
        Of the regressor, in its own units.
    cities : DataFrame
        By unit: effect, std_error, ci_low, ci_high, ring (-1 for what no ring reaches).
    rings : DataFrame
        By ring: units, effect (the sum over them), std_error, ci_low, ci_high, share of the total.
    """

    city: Any
    variable: str
    change: float
    cities: pd.DataFrame
    rings: pd.DataFrame


def spread(model: Any, city: Any, variable: str, rings: int = 3, change: float = 1.0) -> Spread:
    """Follow a change of one regressor in one city to every other, exactly.

    Parameters
    ----------
    model : fitted estimator or Impacts
        Effects of a dynamic model are those in the short run; give ``effects.long_run`` for the others.
    city : label
        Where the change is.
    variable : str
        Regressor that changes, as `Impacts.variables` names it.
    rings : int, default 3
        Neighbours of the first order up to this one are counted apart, the others together.
    change : float, default 1.0
        Of the regressor, in its own units.

    Returns
    -------
    Spread

    Raises
    ------
    OptionError
        If there is no such regressor, `rings` is no positive whole number, or `change` no number.
    AlignmentError
        If the model has no such city.
    LabelError
        If the model is of a panel with holes or with weights by period, where a unit has an effect a period.

    Notes
    -----
    The effects are the column of (I - rho W)^-1 (beta I + theta W) that belongs to the city, times the change: two
    solutions, without the inverse. Their standard errors are those of the delta method. A unit is in ring q if W
    leads from the city to it in q steps and no fewer.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)
    >>> spread(model, "Wuhan", "log(tertiary)").rings["units"].to_dict()
    {'0': 1, '1': 6, '2': 16, '3': 25, 'beyond': 259}
    """
    effects = model if isinstance(model, Impacts) else impacts(model)
    check_positive("spread", "rings", rings, integer=True)
    change = check_number("spread", "change", change)
    operator, pairs = effects.result.operator, effects._pairs
    if variable not in effects.variables:
        raise OptionError(
            f"spread: there is no regressor {variable!r}.{did_you_mean(variable, effects.variables)} There are: "
            f"{', '.join(effects.variables)}."
        )
    ids = operator.ids.tolist()
    if isinstance(ids[0], tuple):
        raise LabelError(
            "spread: the panel has holes or weights by period, so that a city has an effect in every period. Fit "
            "a balanced panel, or take effects.local(...) of one period."
        )
    if city not in ids:
        raise AlignmentError(
            f"spread: the model has no unit {city!r}.{did_you_mean(city, ids)} Its units are {some(ids, 5)}."
        )
    value, gradient = _column(operator, pairs, effects.variables.index(variable), ids.index(city))
    ring = _rings(operator.matrix, ids.index(city), int(rings))
    return _tables(effects, city, variable, change, change * value, change * gradient, ring, int(rings))


def _column(operator: Any, pairs: Any, variable: int, place: int) -> tuple[Array, Array]:
    """Give the effect on each unit (n,), and its gradient in the parameters (n, p)."""
    unit = np.zeros(operator.n)
    unit[place] = 1.0
    if pairs.rho is None:
        value = np.column_stack([unit, operator.matrix @ unit])
        slope = np.zeros_like(value)
    else:
        once = operator.solve(pairs.rho, unit)
        value = np.column_stack([once, operator.matrix @ once])
        # A^-1 W A^-1: the derivative in rho, for A^-1 and W commute
        twice = operator.solve(pairs.rho, value[:, 1])
        slope = np.column_stack([twice, operator.matrix @ twice])
    coefficients = pairs.coefficients[variable]
    gradient = value @ pairs.select[variable]
    if pairs.rho_place is not None:
        gradient[:, pairs.rho_place] += slope @ coefficients
    return value @ coefficients, gradient


def _rings(matrix: Any, place: int, rings: int) -> Array:
    """Give in how many steps W leads from a unit to each, -1 beyond the last ring."""
    ring = np.full(matrix.shape[0], _BEYOND)
    ring[place] = 0
    reached = ring == 0
    links = matrix != 0
    for step in range(1, rings + 1):
        reached = reached | (links @ reached.astype(float) > 0)
        ring[reached & (ring == _BEYOND)] = step
    return ring


def _tables(
    effects: Impacts,
    city: Any,
    variable: str,
    change: float,
    value: Array,
    gradient: Array,
    ring: Array,
    last: int,
) -> Spread:
    pd = pandas_for("spread", "spatialhealth.impacts.local.local")
    covariance = effects._pairs.covariance
    error = np.sqrt(np.maximum(np.einsum("np,pq,nq->n", gradient, covariance, gradient), 0.0))
    keep = ("std_error", "ci_low", "ci_high")
    limits = inference(value, error, effects.level)
    index = pd.Index(effects.result.operator.ids, name="unit")
    cities = pd.DataFrame(
        {"effect": value, **{name: limits[name] for name in keep}, "ring": ring}, index=index
    )
    order = [*range(last + 1), _BEYOND]
    member = np.array([ring == step for step in order], dtype=float)
    sums, slopes = member @ value, member @ gradient
    spreads = np.sqrt(np.maximum(np.einsum("np,pq,nq->n", slopes, covariance, slopes), 0.0))
    limits = inference(sums, spreads, effects.level)
    total = value.sum()
    table = pd.DataFrame(
        {
            "units": member.sum(axis=1).astype(int), "effect": sums, **{name: limits[name] for name in keep},
            "share": sums / total if total else np.nan,
        },
        index=pd.Index([*map(str, range(last + 1)), "beyond"], name="ring"),
    )  # fmt: skip
    return Spread(city, variable, change, cities, table[table["units"] > 0])
