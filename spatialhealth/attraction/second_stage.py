"""The second stage: attraction, estimated from flows, explained by what cities have."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.attraction.estimated_instruments import EstimatedInstruments
from spatialhealth.attraction.estimated_outcome import EstimatedOutcome, Point
from spatialhealth.attraction.gravity import GravityModel
from spatialhealth.attraction.gravity_result import CityEffects
from spatialhealth.errors import (
    AlignmentError,
    BoundaryWarning,
    DuplicateError,
    FormulaError,
    IdentificationError,
    LabelError,
    OptionError,
    SizeError,
    some,
)
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import CONSTANT, Design
from spatialhealth.models.iv import SpatialIV
from spatialhealth.models.iv_estimate import warn_of_weakness, warn_without_reduced_form
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import SpatialOperator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SecondStage", "second_stage"]

_OUTCOME = "attraction"
_MOST = 3_000  # cities, whose covariance is dense
_ZERO = 1e-6  # share of the outcome's variance below which the model's error is none


@dataclass(frozen=True, eq=False)
class SecondStage:
    """Attraction explained, with the error of the first stage accounted for.

    Parameters
    ----------
    model : SpatialModel
        The estimator, fitted: its `params_`, `std_errors_`, `summary()`, `impacts()` and maps allow for the error.
    unweighted : SpatialModel
        The same estimator fitted to the attraction as if it were data.
    sigma2 : float
        Variance of the model's error e, that of the first stage not in it.
    first_stage : float
        Mean variance of the first stage's error.
    """

    model: SpatialModel
    unweighted: SpatialModel
    sigma2: float
    first_stage: float

    @property
    def table(self) -> pd.DataFrame:
        """Coefficients with and without the error of the first stage.

        Indexed by parameter: estimate, std_error, unweighted, unweighted_std_error.
        """
        pd = pandas_for("table", "model.result_ and unweighted.result_")
        columns: dict[str, Array] = {}
        for prefix, each in (("", self.model.result_), ("unweighted", self.unweighted.result_)):
            columns[prefix or "estimate"] = each.params
            columns[f"{prefix}_std_error".lstrip("_")] = each.std_errors
        return pd.DataFrame(columns, index=pd.Index(self.model.result_.param_names, name="parameter"))

    def __str__(self) -> str:
        return str(self.model.summary())

    def __repr__(self) -> str:
        return str(self)


def second_stage(
    gravity: GravityModel, model: SpatialModel, formula: str, cities: pd.DataFrame
) -> SecondStage:
    """Explain the attraction of cities, weighted for the error with which it was estimated.

    Parameters
    ----------
    gravity : GravityModel
        Fitted, with effects of destinations.
    model : SpatialModel
        Any estimator of the package, for a cross-section: with its weights, which have the cities of `cities`, and
        with ``effects="none"``. ``SLX(weights, durbin=False)`` is weighted least squares. `SpatialIV` is weighted
        two-stage least squares, with ``cov_type="classical"`` and ``spatial_errors="none"``.
    formula : str
        ``"attraction ~ log(tertiary) + log(primary)"``: the outcome has this name.
    cities : DataFrame
        Variables of the cities, indexed by city, in any order.

    Returns
    -------
    SecondStage
        ``.model`` is the estimator, fitted, for all that follows a fit.

    Raises
    ------
    AlignmentError
        If table and attraction have not the same cities.
    DuplicateError
        If a city stands twice in the table.
    OptionError
        If the estimator has effects or dynamics, or asks for a covariance without a place for the error.
    IdentificationError
        If the level of the attraction, which is arbitrary, would matter.
    FormulaError
        If the outcome is not `attraction`.
    SizeError
        If there are more than 3,000 cities.

    Notes
    -----
    The first stage gives the attraction a with an error u, whose covariance V it knows. The model is about a itself:

        a = rho W a + Z b + (I - lambda M)^-1 e,    e ~ N(0, sigma2 I)

    so that what was estimated has mean (I - rho W)^-1 Z b and covariance sigma2 B B' + V, with B = (I - rho W)^-1
    (I - lambda M)^-1. The likelihood of this is maximised over b, rho, lambda and sigma2 at once. A city whose
    attraction is known badly counts less, errors that cities share are allowed for, and sigma2 is the variance of e
    alone. Without lags and with V diagonal this is the estimator for estimated dependent variables of Lewis and
    Linzer (2005) with sigma2 by maximum likelihood. Plain least squares on the attraction is unbiased too, but its
    weights are not the best and its errors are those of homoskedastic data; a plain spatial lag is biased towards
    zero, for u does not spread as a does.

    Instruments need no likelihood. The error of the outcome leaves them valid, and gives the equation errors e +
    (I - rho W) u with covariance S = sigma2 I + (I - rho W) V (I - rho W)'. `SpatialIV` is two-stage least squares
    after every column and every instrument is multiplied by S^-1/2; rho in S is the estimate, and sigma2 makes the
    weighted residuals' variance one (Paule and Mandel 1982), both to a fixed point. What is estimated in S does not
    change the large-sample distribution of the coefficients.

    Only differences of attraction are known, so that the likelihood is that of differences (n - 1 of them). The
    constant is that of an attraction with mean zero. With a lag, W must make a constant of a constant. Standard
    errors are from the expected information, or those of two-stage least squares; V is taken as known. A sandwich
    (robust, clustered, HAC) is refused: errors that are correlated through V have no independent rows to sum over.

    References
    ----------
    Lewis, J. B. and Linzer, D. A. (2005). Estimating regression models in which the dependent variable is based on
    estimates. Political Analysis 13, 345-364.

    Paule, R. C. and Mandel, J. (1982). Consensus values and weighting factors. Journal of Research of the National
    Bureau of Standards 87, 377-385.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, od = sh.datasets.load_cities(), sh.datasets.load_flows()  # simulated
    >>> hospitals = sh.datasets.load_panel().xs(2021, level="year")
    >>> gravity = sh.attraction.GravityModel(cov_type="cluster").fit(od)
    >>> model = sh.SLX(sh.weights.contiguity(cities), durbin=False)
    >>> found = second_stage(gravity, model, "attraction ~ log(tertiary) + log(primary) + log(gdp)", hospitals)
    >>> found.model.params_[["log(tertiary)", "log(gdp)"]].round(2).to_dict()  # the truth is 0.6 and 0.3
    {'log(tertiary)': 0.62, 'log(gdp)': 0.32}
    """
    if not isinstance(gravity, GravityModel):
        raise OptionError(
            f"second_stage: the first stage must be a GravityModel, fitted; it is {type(gravity).__name__}."
        )
    effects = gravity._effects("destination")
    _check(model, formula, effects, cities)
    index = list(effects.cities)
    rows = cities.loc[index].assign(**{_OUTCOME: effects.estimates})
    rows.attrs = dict(cities.attrs)
    unweighted = type(model)(**model.get_params(deep=False)).fit_formula(formula, rows)
    _check_level(unweighted.result_)
    noise = float(np.trace(effects.covariance)) / len(index)
    if isinstance(unweighted, SpatialIV):
        return _by_instruments(unweighted, effects, noise)
    outcome = _outcome(unweighted, effects)
    naive = unweighted.result_
    start = np.array([naive.spatial(name) for name in naive.spatial_names])
    point = outcome.maximise(start, naive.sigma2)
    _warn_of_nothing(point.sigma2, effects, stacklevel=3)
    fitted = copy(unweighted)
    fitted._result = _result(naive, point, outcome, effects, noise)
    return SecondStage(fitted, unweighted, point.sigma2, noise)


def _by_instruments(unweighted: SpatialIV, effects: CityEffects, noise: float) -> SecondStage:
    naive, table = unweighted.result_, unweighted._table
    system = unweighted._system(naive.operator, table)
    roles = unweighted._roles(table, system, True, unweighted.__dict__["_formula"])
    constant = naive.param_names.index(CONSTANT)
    equation = EstimatedInstruments(naive.y[0], _in_order(effects, naive.units), roles, system, constant)
    weighted = equation.solve(naive.rho or 0.0)
    _warn_of_nothing(weighted.sigma2, effects, stacklevel=4)
    estimate = weighted.estimate
    systematic = roles.design.z @ estimate.delta
    rho = estimate.spatial["rho"]
    fitted = copy(unweighted)
    fitted._tests = weighted.tests
    fitted._result = replace(
        naive, params=np.append(estimate.delta, rho), covariance=estimate.covariance, sigma2=estimate.sigma2,
        residuals=naive.y - rho * system.operator.lag(naive.y) - systematic, systematic=systematic,
        facts=naive.facts | estimate.facts | _said(effects, noise, "in the weights"),
    )  # fmt: skip
    # the unweighted fit has said so of itself
    if not unweighted._tests.weak:
        warn_of_weakness(weighted.tests)
    if naive.has_reduced_form:
        warn_without_reduced_form(fitted._result)
    return SecondStage(fitted, unweighted, weighted.sigma2, noise)


def _warn_of_nothing(sigma2: float, effects: CityEffects, stacklevel: int) -> None:
    if sigma2 < _ZERO * float(np.var(effects.estimates)):
        warnings.warn(
            "The variance of the second stage's error is estimated as zero: the error of the first stage accounts "
            "for all that the regressors leave. Standard errors assume that it is positive.",
            BoundaryWarning,
            stacklevel=stacklevel,
        )


def _said(effects: CityEffects, noise: float, where: str) -> dict[str, str]:
    """Give the line of the summary about the first stage."""
    return {
        "Error of outcome": f"variance {noise:.4g} on average, {where}; reliability of the attraction "
        f"{effects.reliability:.3f}",
    }


def _check(model: SpatialModel, formula: str, effects: CityEffects, cities: Any) -> None:
    owner = "second_stage"
    if not isinstance(model, SpatialModel):
        raise OptionError(
            f"{owner}: the model must be an estimator of the package, such as SLX(weights); it is "
            f"{type(model).__name__}."
        )
    if not hasattr(cities, "columns"):
        raise LabelError(
            f"{owner}: cities must be a DataFrame indexed by city; they are {type(cities).__name__}. Of a panel, "
            "take one year with .xs(year, level='year')."
        )
    if getattr(model, "effects", "none") != "none" or model.dynamic is not None or model.missing != "raise":
        raise OptionError(
            f"{owner}: {model!r} is for a panel. The attraction is one number a city: use effects='none', no "
            "dynamics and missing='raise'."
        )
    cov_type: Any = model.cov_type
    if isinstance(model, SpatialIV) and model.spatial_errors != "none":
        raise OptionError(
            f"{owner}: the moments of lambda with spatial_errors={model.spatial_errors!r} have no place for the "
            "error of the first stage. Use spatial_errors='none', or SpatialCombined."
        )
    allowed = ("classical",) if isinstance(model, SpatialIV) else ("observed", "expected")
    if not isinstance(cov_type, str) or cov_type not in allowed:
        raise OptionError(
            f"{owner}: cov_type={cov_type!r} has no place for the error of the first stage. Use {allowed[-1]!r}."
        )
    if formula.split("~")[0].strip() != _OUTCOME:
        raise FormulaError(
            f"{owner}: the outcome of {formula!r} must be {_OUTCOME!r}: '{_OUTCOME} ~ regressors'."
        )
    if not cities.index.is_unique:
        twice = some(cities.index[cities.index.duplicated()].unique())
        raise DuplicateError(
            f"{owner}: cities stand more than once in their table: {twice}. Keep one row a city."
        )
    known, given = list(effects.cities), list(cities.index)
    only = [[c for c in known if c not in set(given)], [c for c in given if c not in set(known)]]
    if only[0] or only[1]:
        where = ("with an attraction", "in the table of cities")
        said = "; ".join(f"only {w}: {some(o)}" for w, o in zip(where, only, strict=True) if o)
        raise AlignmentError(
            f"{owner}: cities are not the same, {said}. Use the same ones, also in the weights."
        )
    if len(known) > _MOST:
        raise SizeError(
            f"{owner}: the covariance of {len(known):,} attractions is dense; {_MOST:,} are the most. Take regions."
        )


def _dense(operator: SpatialOperator) -> Array:
    # V is dense, and so is all that W multiplies with it; _check has refused more cities than _MOST
    return np.asarray(operator.matrix.toarray())


def _check_level(result: FitResult) -> None:
    """Raise unless the level of the outcome is taken up by the constant alone."""
    if CONSTANT not in result.param_names:
        raise IdentificationError(
            "The level of the attraction is arbitrary, so the second stage needs a constant. Leave constant=True, "
            "and '- 1' out of the formula."
        )
    if result.has_lag and not result.operator.has_equal_rows:
        raise IdentificationError(
            "The level of the attraction is arbitrary, and with a lag it would matter: rows of W do not have one "
            f"sum. Use row-standardised weights without isolates (there are {len(result.operator.isolates)}), or a "
            "model without a lag of the outcome."
        )


def _in_order(effects: CityEffects, units: Array) -> Array:
    """Give the covariance of the attraction in the order of W."""
    place = {city: k for k, city in enumerate(effects.cities.tolist())}
    order = [place[city] for city in np.asarray(units).tolist()]
    return effects.covariance[np.ix_(order, order)]


def _outcome(model: SpatialModel, effects: CityEffects) -> EstimatedOutcome:
    """Give the likelihood in the order of W."""
    result = model.result_
    design = Design.of(model._table, result.operator, model._durbin(), True)
    operators = {"rho": result.operator, "lambda": result.error_operator or result.operator}
    found = {name: operators[name] for name in result.spatial_names}
    return EstimatedOutcome(
        result.y[0],
        _in_order(effects, result.units),
        design.z[0],
        _dense(found["rho"]) if "rho" in found else None,
        _dense(found["lambda"]) if "lambda" in found else None,
        tuple(each.interval for each in found.values()),
    )


def _result(
    naive: FitResult, point: Point, outcome: EstimatedOutcome, effects: CityEffects, noise: float
) -> FitResult:
    """Give the result of the estimator with the estimates that allow for the error."""
    spatial = [value for value in (point.rho, point.lam) if value is not None]
    params = np.concatenate([point.coefficients, spatial])
    p = len(params)
    systematic = outcome.z @ point.coefficients
    residual = outcome.y - systematic
    if point.rho is not None:
        residual = residual - point.rho * naive.operator.lag(outcome.y)
    if point.lam is not None:
        residual = residual - point.lam * (naive.error_operator or naive.operator).lag(residual)
    return replace(
        naive, params=params, covariance=point.covariance[:p, :p].copy(), sigma2=point.sigma2, loglik=point.loglik,
        residuals=residual[None], systematic=systematic[None], cov_type="expected",
        score=float(np.abs(point.score).max()), approximations={},
        facts=naive.facts | _said(effects, noise, "in the likelihood"),
    )  # fmt: skip
