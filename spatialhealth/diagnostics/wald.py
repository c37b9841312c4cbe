"""Wald tests of restrictions on a fitted model, with whatever covariance the model has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import check_model
from spatialhealth.diagnostics.nesting import common_factor_problem
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.errors import IdentificationError, OptionError, some
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import LAG_PREFIX
from spatialhealth.models.result import FitResult

__all__ = ["quadratic_form", "wald"]

_NAMED = {
    "SpatialLag": "SAR",
    "SpatialError": "SEM",
    "SpatialDurbinError": "SDEM",
    "SpatialCombined": "SAC",
    "SpatialDurbin": "SDM",
    "SLX": "SLX",
    "OLS": "least squares",
}
_COMMON_FACTOR = "common factor (theta = -rho beta): the spatial error model is enough"


def wald(model: SpatialModel, restriction: str | Sequence[str]) -> Statistic:
    """Test a restriction of a fitted model.

    Parameters
    ----------
    model : fitted model
    restriction : str or list of str
        - the name of the model that would be enough: "SpatialLag" (theta = 0), "SpatialError" (the common
          factor theta = -rho beta, by the delta method; of a model with lambda, that all else is zero), "SLX"
          (no rho), "SpatialDurbin" (no lambda), "OLS", and so on;
        - names of parameters that are all zero, such as ``["W:log(price)", "rho"]``, or one of them.

    Returns
    -------
    Statistic
        Chi-square; its covariance is the model's own (`cov_type`).

    Raises
    ------
    OptionError
        If the model has no such parameter, or the named model is no special case of it.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer, section 8.3.1.

    Elhorst, J. P. (2014). Spatial Econometrics: From Cross-Sectional Data to Spatial Panels. Springer,
    chapter 2.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> formula = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
    >>> durbin = sh.SpatialDurbin(W, effects="two-way").fit_formula(formula, panel)
    >>> sh.diagnostics.wald(durbin, "SpatialError").reject(0.05)
    True
    """
    result = check_model("wald", model).result_
    if isinstance(restriction, str) and restriction in _NAMED and restriction not in result.param_names:
        return _against(result, restriction)
    names = [restriction] if isinstance(restriction, str) else list(restriction)
    unknown = [name for name in names if name not in result.param_names]
    if unknown or not names:
        raise OptionError(
            f"wald: {some(unknown) or 'nothing'} is no parameter of {result.model}, nor a model. The "
            f"parameters are {some(result.param_names, limit=30)}; the models are {', '.join(_NAMED)}."
        )
    if "phi" in names:
        raise OptionError(
            "wald: phi = 0 is the edge of what a variance can be, where a Wald statistic follows no chi-square. "
            "Compare with the model of effects='none' by spatialhealth.diagnostics.lr, which knows the edge."
        )
    places = [result.position[name] for name in dict.fromkeys(names)]
    return _zero(result, places, "Wald", " = ".join(dict.fromkeys(names)) + " = 0")


def _against(result: FitResult, name: str) -> Statistic:
    """Test whether the model of that name is enough."""
    spatial = set(result.spatial_names)
    if name == "SpatialError" and "lambda" not in spatial:
        return _common_factor(result)
    if result.within.is_dynamic and name in ("SLX", "OLS"):
        raise OptionError(
            f"wald: {name} is no special case of a dynamic {result.model}, which keeps the outcome of the period "
            "before. Name the parameters that are zero instead."
        )
    lags = {LAG_PREFIX + lagged for lagged in result.lagged}
    keeps = {
        "SpatialLag": {"rho"},
        "SpatialError": {"lambda"},
        "SpatialDurbinError": {"lambda"} | lags,
        "SpatialCombined": {"rho", "lambda"},
        "SpatialDurbin": {"rho"} | lags,
        "SLX": lags,
        "OLS": set[str](),
    }[name]
    dropped = (spatial | lags) - keeps
    if not dropped or not keeps <= spatial | lags or (name in ("SLX", "SpatialDurbin") and not lags):
        raise OptionError(
            f"wald: {name} is no special case of {result.model}, whose spatial parameters are "
            f"{some(sorted(spatial | lags)) or 'none'}."
        )
    places = [result.position[parameter] for parameter in result.param_names if parameter in dropped]
    null = f"{_restrictions(dropped, name)}: {_NAMED[name]} is enough"
    return _zero(result, places, f"Wald {name} in {result.model}", null)


def _restrictions(dropped: set[str], name: str) -> str:
    """Say which spatial terms are zero."""
    if name == "OLS":
        return "no spatial term at all"
    words = {
        "no spatial lag of the outcome (rho = 0)": "rho" in dropped,
        "no spatial error (lambda = 0)": "lambda" in dropped,
        "no spatial lags of the regressors (theta = 0)": bool(dropped - {"rho", "lambda"}),
    }
    return ", ".join(said for said, holds in words.items() if holds)


def _zero(result: FitResult, places: list[int], name: str, null: str) -> Statistic:
    value = quadratic_form(result.params[places], result.covariance[np.ix_(places, places)])
    return Statistic.chi_square(name, value, len(places), null)


def _common_factor(result: FitResult) -> Statistic:
    problem = common_factor_problem(result)
    if problem:
        raise OptionError(f"wald: SpatialError is no special case of {result.model}: {problem}")
    rho = result.position["rho"]
    own = [result.position[name] for name in result.lagged]
    lags = [result.position[LAG_PREFIX + name] for name in result.lagged]
    value = result.params[lags] + result.params[rho] * result.params[own]
    gradient = np.zeros((len(lags), len(result.params)))
    gradient[np.arange(len(lags)), lags] = 1.0
    gradient[np.arange(len(lags)), own] = result.params[rho]
    gradient[:, rho] = result.params[own]
    statistic = quadratic_form(value, gradient @ result.covariance @ gradient.T)
    return Statistic.chi_square(f"Wald SpatialError in {result.model}", statistic, len(lags), _COMMON_FACTOR)


def quadratic_form(value: Array, covariance: Array) -> float:
    """Give v' C^-1 v, whatever the units of v.

    Parameters
    ----------
    value : ndarray of shape (q,)
    covariance : ndarray of shape (q, q)

    Returns
    -------
    float

    Raises
    ------
    IdentificationError
        If the covariance is singular, so that a restriction repeats another.
    """
    scale = np.sqrt(np.diag(covariance))
    scaled: Any = covariance / np.outer(scale, scale) if (scale > 0).all() else np.zeros_like(covariance)
    if np.linalg.matrix_rank(scaled, hermitian=True, tol=1e-12 * len(scale)) < len(scale):
        raise IdentificationError(
            "The covariance of the restrictions is singular: one of them repeats another, or is not estimated. "
            "Test fewer at once."
        )
    z = value / scale
    return float(z @ np.linalg.solve(scaled, z))
