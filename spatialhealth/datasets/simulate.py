"""Simulate a spatial panel, and keep the parameters that made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, Effects
from spatialhealth._validation import (
    check_finite,
    check_number,
    check_option,
    check_positive,
    numeric_array,
    random_generator,
)
from spatialhealth.datasets.evolve import BURN_IN, check_dynamics, evolve
from spatialhealth.datasets.lattice import lattice
from spatialhealth.errors import OptionError
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.weights.convert import as_links, to_graph

if TYPE_CHECKING:
    import pandas as pd
    from libpysal.graph import Graph

__all__ = ["Simulation", "simulate"]

Model = Literal["SLX", "SAR", "SDM", "SEM", "SDEM", "SAC", "GNS"]
Errors = Literal["normal", "skewed", "heavy-tailed", "heteroskedastic"]

# which of theta, rho and lambda_ each model has
_PARTS: dict[str, tuple[str, ...]] = {
    "SLX": ("theta",),
    "SAR": ("rho",),
    "SDM": ("theta", "rho"),
    "SEM": ("lambda_",),
    "SDEM": ("theta", "lambda_"),
    "SAC": ("rho", "lambda_"),
    "GNS": ("theta", "rho", "lambda_"),
}
_RHO, _LAMBDA, _CONSTANT = 0.4, 0.3, 1.0
_WITH_CONSTANT = ("none", "random")


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated panel, its weights and the truth behind it.

    Parameters
    ----------
    data : DataFrame
        Indexed by (`unit`, `period`), sorted, with the columns `y`, `x1`, `x2` and so on.
        ``attrs["source"]`` is "simulated".
    weights : libpysal.graph.Graph
        The weights that made `y`.
    truth : dict
        - `params`: Series of the coefficients: `constant` (without fixed effects), regressors, ``W:`` +
          regressor, `tau`, `eta`, `rho`, `lambda`, `phi`, as far as the model has them;
        - `entity_effects`, `time_effects`: Series, or None;
        - `model`, `effects`, `errors`, `sigma`.
    """

    data: pd.DataFrame
    weights: Graph
    truth: dict[str, Any]
    _links: tuple[Array, sp.csr_matrix]

    def __repr__(self) -> str:
        """Say what is inside, in one line."""
        units, periods = (len(level) for level in self.data.index.levels)
        return f"Simulation({self.truth['model']}, {units} units x {periods} periods, simulated)"

    def arrays(self) -> tuple[Array, Array, Array, sp.csr_matrix]:
        """Give the same numbers without labels on them.

        Returns
        -------
        y : ndarray of shape (T, n)
        x : ndarray of shape (T, n, k)
        ids : ndarray of shape (n,)
            The units, in the order of `w`.
        w : scipy.sparse.csr_matrix of shape (n, n)

        Examples
        --------
        >>> y, x, ids, w = simulate(9, 4, random_state=0).arrays()
        >>> y.shape, x.shape, w.shape
        ((4, 9), (4, 9, 2), (9, 9))
        """
        import pandas as pd

        ids, w = self._links
        periods = self.data.index.levels[1]
        order = pd.MultiIndex.from_product([periods, ids], names=["period", "unit"])
        rows = self.data.swaplevel().reindex(order).to_numpy()
        cube = rows.reshape(len(periods), len(ids), -1)
        return cube[..., 0].copy(), cube[..., 1:].copy(), ids.copy(), w.copy()


def simulate(
    n_units: int | None = None,
    n_periods: int = 10,
    *,
    model: Model = "SDM",
    rho: float | None = None,
    lambda_: float | None = None,
    tau: float | None = None,
    eta: float | None = None,
    beta: Sequence[float] = (1.0, -0.5),
    theta: Sequence[float] | None = None,
    sigma: float = 1.0,
    effects: Effects = "two-way",
    weights: Any = None,
    errors: Errors = "normal",
    random_state: int | np.random.Generator | None = None,
) -> Simulation:
    """Simulate a spatial panel with known parameters.

    Parameters
    ----------
    n_units : int, optional
        Number of units, at least 2; by default 100, or as many as `weights` has.
    n_periods : int, default 10
        Number of periods.
    model : {"SLX", "SAR", "SDM", "SEM", "SDEM", "SAC", "GNS"}, default "SDM"
        Which of the parts of Elhorst's taxonomy there are; see Notes.
    rho : float, optional
        Coefficient of W y, 0.4 by default. SAR, SDM, SAC and GNS have it.
    lambda_ : float, optional
        Coefficient of W u, 0.3 by default. SEM, SDEM, SAC and GNS have it.
    tau, eta : float, optional
        Coefficients of y and of W y of the period before, of SAR, SDM, SAC and GNS; a dynamic panel has at least
        one of them. It has run for 200 periods before the first one given, so that its start does not matter.
    beta : sequence of k floats, default (1.0, -0.5)
        Coefficients of the regressors `x1`, `x2` and so on.
    theta : sequence of k floats, optional
        Coefficients of their spatial lags, half of `beta` by default. SLX, SDM, SDEM and GNS have them.
    sigma : float, default 1.0
        Standard deviation of the errors.
    effects : {"none", "entity", "time", "two-way", "random"}, default "two-way"
        Which effects there are. Fixed ones of the units are correlated with the regressors; "random" ones are
        standard normal and are not. With "none" and "random" the model has a constant, 1.
    weights : Graph or tuple (ids, matrix), optional
        Taken as given. By default queen contiguity of a near-square lattice, row-standardised.
    errors : {"normal", "skewed", "heavy-tailed", "heteroskedastic"}, default "normal"
        - "normal";
        - "skewed": centred chi-squared with 3 degrees of freedom;
        - "heavy-tailed": Student's t with 5 degrees of freedom;
        - "heteroskedastic": normal, with a variance of its own in every unit, `sigma` squared on average.
    random_state : int, Generator or None
        Passed to `numpy.random.default_rng`.

    Returns
    -------
    Simulation

    Raises
    ------
    OptionError
        If an option is not among those listed, a parameter is given that the model does not have, or rho or
        lambda lies outside the admissible interval of the weights; (-1, 1) is inside it when rows sum to one; or if
        a dynamic process is not stable.
    WeightsError, DuplicateError
        If the weights cannot be used; see `spatialhealth.weights.as_links`.

    Notes
    -----
    y_t = rho W y_t + tau y_{t-1} + eta W y_{t-1} + X_t beta + W X_t theta + mu + xi_t 1 + u_t,
    u_t = lambda W u_t + e_t.

    Every regressor is a sum of two standard normals, one of the unit and one of the cell; the unit's effect is
    half the sum of the former and a standard normal; random effects are the latter alone. I - rho W is factored
    once, sparse, for all periods: 100,000 units take seconds.

    References
    ----------
    Elhorst, J. P. (2014). Spatial Econometrics: From Cross-Sectional Data to Spatial Panels. Springer.

    Examples
    --------
    >>> simulation = simulate(49, 8, rho=0.5, random_state=1)
    >>> simulation
    Simulation(SDM, 49 units x 8 periods, simulated)
    >>> simulation.truth["params"].to_dict()
    {'x1': 1.0, 'x2': -0.5, 'W:x1': 0.5, 'W:x2': -0.25, 'rho': 0.5}
    """
    check_option("simulate", "model", model, Model)
    check_option("simulate", "effects", effects, Effects)
    check_option("simulate", "errors", errors, Errors)
    check_positive("simulate", "n_periods", n_periods, integer=True)
    check_positive("simulate", "sigma", sigma)
    slopes = check_finite("beta", numeric_array("beta", beta, 1))
    if not slopes.size:
        raise OptionError("simulate: beta=() has no coefficient. Give one for each regressor wanted.")
    given = {"theta": theta, "rho": rho, "lambda_": lambda_}
    part = _parts(model, given, slopes)
    ids, w = _weights(n_units, weights)
    rng = random_generator("simulate", random_state)
    dynamics = check_dynamics(tau, eta, "rho" in part)
    periods = n_periods + (BURN_IN if dynamics else 0)
    x, mu, xi = _regressors_and_effects(periods, len(ids), len(slopes), effects, rng)
    noise = sigma * _errors(errors, (periods, len(ids)), rng)
    operator = SpatialOperator((ids, w))
    shocks = _spread(operator, part, "lambda_", noise)
    right: Array = x @ slopes + mu + xi[:, None] + shocks
    if "theta" in part:
        right += operator.lag(x @ part["theta"])
    if dynamics is None:
        y = _spread(operator, part, "rho", right)
    else:
        y = evolve(operator, _admitted(operator, part, "rho"), *dynamics, right)
    data = _labelled(y[-n_periods:], x[-n_periods:], ids)
    truth = {
        "params": _params(slopes, part, effects, {"tau": tau, "eta": eta}, sigma),
        **_effect_series(mu, xi[-n_periods:], ids, effects),
        "model": model,
        "effects": effects,
        "errors": errors,
        "sigma": float(sigma),
    }
    return Simulation(data, to_graph(ids, w), truth, (ids, w))


def _parts(model: str, given: dict[str, Any], slopes: Array) -> dict[str, Any]:
    """Settle the spatial parameters; refuse those that the model does not have."""
    extra = [name for name, value in given.items() if value is not None and name not in _PARTS[model]]
    if extra:
        having = [other for other, parts in _PARTS.items() if extra[0] in parts]
        raise OptionError(
            f"simulate: {extra[0]}={given[extra[0]]!r} was given, but model={model!r} has no {extra[0]}. "
            f"Leave it out, or choose one of {', '.join(map(repr, having))}."
        )
    default = {"theta": slopes / 2, "rho": _RHO, "lambda_": _LAMBDA}
    part: dict[str, Any] = {
        name: default[name] if given[name] is None else given[name] for name in _PARTS[model]
    }
    if "theta" in part:
        part["theta"] = check_finite("theta", numeric_array("theta", part["theta"], 1))
        if part["theta"].shape != slopes.shape:
            raise OptionError(
                f"simulate: theta has {len(part['theta'])} coefficients and beta has {len(slopes)}. "
                "Give one for each regressor; 0 leaves its spatial lag out."
            )
    return part


def _spread(operator: SpatialOperator, part: dict[str, Any], name: str, values: Array) -> Array:
    """Give (I - coefficient W)^-1 x for every period, or x where the model has no such coefficient."""
    if name not in part:
        return values
    return operator.solve(_admitted(operator, part, name), values.T).T


def _admitted(operator: SpatialOperator, part: dict[str, Any], name: str) -> float:
    """Give a spatial coefficient, if it lies in the admissible interval."""
    coefficient = check_number("simulate", name, part[name])
    if not operator.admits(coefficient):
        low, high = operator.interval
        raise OptionError(
            f"simulate: {name}={coefficient!r} must lie strictly between {low:.6g} and {high:.6g}, where the process "
            "exists for these weights."
        )
    return coefficient


def _weights(n_units: int | None, weights: Any) -> tuple[Array, sp.csr_matrix]:
    if weights is None:
        n = 100 if n_units is None else check_positive("simulate", "n_units", n_units, integer=True)
        if n < 2:
            raise OptionError("simulate: n_units=1 leaves no neighbour. Give at least 2.")
        return np.arange(n), lattice(n)
    ids, w = as_links(weights)
    if n_units is not None and n_units != len(ids):
        raise OptionError(
            f"simulate: n_units={n_units!r}, but the weights have {len(ids)} units. Leave n_units out."
        )
    return ids, w


def _regressors_and_effects(
    periods: int, n: int, k: int, effects: str, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Draw X (T, n, k), the effects of the units (n,) and those of the periods (T,)."""
    between = rng.standard_normal((n, k))
    x = between + rng.standard_normal((periods, n, k))
    own = rng.standard_normal(n)
    time = rng.standard_normal(periods)
    entity = own if effects == "random" else (between.sum(axis=1) + own) / 2
    mu = entity if effects in ("entity", "two-way", "random") else np.zeros(n)
    constant = _CONSTANT if effects in _WITH_CONSTANT else 0.0
    xi = time if effects in ("time", "two-way") else np.full(periods, constant)
    return x, mu, xi


def _errors(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Draw errors of mean 0 and variance 1."""
    if kind == "skewed":
        return np.asarray((rng.chisquare(3, shape) - 3) / np.sqrt(6))
    if kind == "heavy-tailed":
        return np.asarray(rng.standard_t(5, shape) / np.sqrt(5 / 3))
    normal = rng.standard_normal(shape)
    spread = 1.0 if kind == "normal" else np.sqrt(rng.uniform(0.25, 1.75, shape[1]))
    return np.asarray(normal * spread)


def _labelled(y: Array, x: Array, ids: Array) -> pd.DataFrame:
    import pandas as pd

    periods, n, k = x.shape
    index = pd.MultiIndex.from_product([pd.Index(ids), np.arange(1, periods + 1)], names=["unit", "period"])
    columns = np.concatenate([y[..., None], x], axis=2).transpose(1, 0, 2).reshape(n * periods, k + 1)
    data = pd.DataFrame(columns, index=index, columns=["y", *_names(k)]).sort_index()
    data.attrs["source"] = "simulated"
    return data


def _names(k: int) -> list[str]:
    return [f"x{i}" for i in range(1, k + 1)]


def _params(
    slopes: Array, part: dict[str, Any], effects: str, lags: dict[str, float | None], sigma: float
) -> pd.Series:
    import pandas as pd

    names = _names(len(slopes))
    params = {"constant": _CONSTANT} if effects in _WITH_CONSTANT else {}
    params |= dict(zip(names, slopes, strict=True))
    params |= {f"W:{name}": value for name, value in zip(names, part.get("theta", ()), strict=False)}
    params |= {name: value for name, value in lags.items() if value is not None}
    params |= {name.rstrip("_"): part[name] for name in ("rho", "lambda_") if name in part}
    params |= {"phi": 1 / sigma**2} if effects == "random" else {}
    return pd.Series(params, dtype=float)


def _effect_series(mu: Array, xi: Array, ids: Array, effects: str) -> dict[str, Any]:
    import pandas as pd

    units = pd.Index(ids, name="unit")
    periods = pd.RangeIndex(1, len(xi) + 1, name="period")
    return {
        "entity_effects": pd.Series(mu, index=units) if effects in ("entity", "two-way", "random") else None,
        "time_effects": pd.Series(xi, index=periods) if effects in ("time", "two-way") else None,
    }
