"""FitResult: everything a fitted model knows, frozen, as arrays and tuples of names."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array, Correction, Effects
from spatialhealth._validation import check_share
from spatialhealth.errors import ReducedFormError
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.chance import Approximation
from spatialhealth.operator.operator import SpatialOperator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Estimate", "FitResult", "Imputed"]


@dataclass(frozen=True, eq=False)
class Estimate:
    """What an estimator gives back before names are put on it.

    Parameters
    ----------
    delta : ndarray of shape (K,)
        Coefficients of the design.
    spatial : dict of str to float
        What follows delta among the parameters, in this order: `rho`, `lambda`, `phi`.
    sigma2 : float
        Variance of the errors, by maximum likelihood.
    covariance : ndarray of shape (p, p)
        Of delta and the parameters in `spatial`.
    loglik : float
    score : float
        Slope of the profile likelihood at the estimate; zero but for rounding.
    evaluations : int
        Calls of the score that the maximum took.
    facts : dict of str to str
        What the summary must say beside the usual.
    unit_effects : ndarray of shape (n,), optional
        Predicted random effects, as they enter the outcome.
    operators : dict of str to SpatialOperator
        Those of `rho` and `lambda`, with engines as sharp as they were asked to be.
    approximations : dict of str to Approximation
        Monte-Carlo errors of `rho` and `lambda`, where a log-determinant is stochastic.
    """

    delta: Array
    spatial: dict[str, float]
    sigma2: float
    covariance: Array
    loglik: float
    score: float = 0.0
    evaluations: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    unit_effects: Array | None = None
    operators: dict[str, SpatialOperator] = field(default_factory=dict)
    approximations: dict[str, Approximation] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Imputed:
    """Outcomes that were missing, predicted from those that were not.

    Parameters
    ----------
    missing : ndarray of bool, shape (T, n)
    std_error : ndarray of shape (m,)
        Of the predictions, the parameters taken as known.
    """

    missing: Array
    std_error: Array


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted model. Nothing in it can be changed, and nothing downstream needs more.

    Parameters
    ----------
    model : str
        Name of the estimator.
    response : str
        Name of the outcome.
    param_names : tuple of p str
        `constant`, regressors, ``W:`` + regressor, then `rho`, `lambda`, `phi` where the model has them.
    params : ndarray of shape (p,)
    covariance : ndarray of shape (p, p)
    sigma2, loglik : float
    regressors, lagged : tuple of str
        Regressors, and those among them with a spatial lag.
    y, residuals : ndarray of shape (T, n)
        Outcome and residuals e: what is left of y - rho W y - Z delta - effects once the spatial process of the
        errors is taken out too.
    systematic : ndarray of shape (T, n)
        Z delta + effects.
    units, periods : ndarray of shape (n,) and (T,)
    entity_effects, time_effects : ndarray of shape (n,) and (T,), or None
    within : Within
        Fixed effects and their cost.
    operator : SpatialOperator
    error_operator : SpatialOperator or None
        The W of the errors.
    cov_type : str
    score : float
    evaluations : int
    source : str
        Where the data come from, if they say so.
    facts : dict of str to str
        What the summary must say beside the usual.
    before : ndarray of shape (n,), optional
        Outcome of the period before the first, in a dynamic model.
    imputed : Imputed, optional
        Which outcomes in `y` were missing and stand at their prediction.
    approximations : dict of str to Approximation
        Monte-Carlo errors of `rho` and `lambda`; empty where the log-determinants are exact.
    """

    model: str
    response: str
    param_names: tuple[str, ...]
    params: Array
    covariance: Array
    sigma2: float
    loglik: float
    regressors: tuple[str, ...]
    lagged: tuple[str, ...]
    y: Array
    residuals: Array
    systematic: Array
    units: Array
    periods: Array
    entity_effects: Array | None
    time_effects: Array | None
    within: Within
    operator: SpatialOperator
    error_operator: SpatialOperator | None
    cov_type: str
    score: float
    evaluations: int
    source: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    before: Array | None = None
    imputed: Imputed | None = None
    approximations: dict[str, Approximation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in self.__dict__.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def effects(self) -> Effects:
        """Fixed effects of the model."""
        return self.within.effects

    @property
    def correction(self) -> Correction:
        """Correction for the fixed effects."""
        return self.within.correction

    @property
    def has_lag(self) -> bool:
        """Whether W y is in the model."""
        return "rho" in self.position

    @property
    def spatial_names(self) -> tuple[str, ...]:
        """Names of the spatial parameters, `rho` and `lambda`, that the model has."""
        return tuple(name for name in ("rho", "lambda") if name in self.position)

    @property
    def has_likelihood(self) -> bool:
        """Whether the model was estimated by a likelihood, not by moments."""
        return bool(np.isfinite(self.loglik))

    @property
    def rho(self) -> float | None:
        """Coefficient of W y."""
        return self.spatial("rho")

    def spatial(self, name: str) -> float | None:
        """Give `rho`, `lambda`, `phi`, `tau` or `eta`, or None if the model has no such parameter."""
        return float(self.params[self.position[name]]) if name in self.position else None

    @property
    def n_entities(self) -> int:
        """N."""
        return self.within.n_units

    @property
    def n_periods(self) -> int:
        """T."""
        return self.within.n_periods

    @property
    def n_observations(self) -> int:
        """Outcomes observed."""
        return self.y.size - (0 if self.imputed is None else int(self.imputed.missing.sum()))

    @property
    def n_parameters(self) -> int:
        """Parameters of the likelihood: coefficients, variance, and effects that were not transformed away."""
        return len(self.params) + 1 + self.within.size - self.within.degrees

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return 2 * self.n_parameters - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the observations of the likelihood."""
        return float(np.log(self.within.size)) * self.n_parameters - 2 * self.loglik

    @property
    def std_errors(self) -> Array:
        """Standard errors of `params`, shape (p,); NaN for a parameter at its bound, where none exists."""
        variances = np.diag(self.covariance)
        return np.sqrt(np.where(variances > 0, variances, np.nan))

    @property
    def fitted_values(self) -> Array:
        """Outcome less residual, shape (T, n)."""
        return np.asarray(self.y - self.residuals)

    @cached_property
    def has_reduced_form(self) -> bool:
        """Whether rho lies in the admissible interval: maximum likelihood holds it there, instruments do not."""
        return self.rho is None or self.operator.admits(self.rho)

    def check_reduced_form(self) -> None:
        """Raise `ReducedFormError` where there is none."""
        if not self.has_reduced_form:
            low, high = self.operator.interval
            raise ReducedFormError(
                f"rho = {self.rho:.4f} lies outside the admissible interval ({low:.4f}, {high:.4f}): I - rho W "
                "has no inverse that sums the rounds of feedback, so there are neither effects nor predictions. Use "
                "other instruments or W, take out trends, or fit SpatialLag or SpatialDurbin, which keep rho inside."
            )

    @cached_property
    def predicted(self) -> Array:
        """Reduced form (I - rho W)^-1 (Z delta + effects), shape (T, n)."""
        if self.rho is None:
            return self.systematic
        self.check_reduced_form()
        return np.ascontiguousarray(self.operator.solve(self.rho, self.systematic.T).T)

    @cached_property
    def pseudo_r2(self) -> float:
        """Squared correlation of outcome and reduced form, effects taken out of both; NaN without a reduced form."""
        if not self.has_reduced_form:
            return float("nan")
        known = np.ones(self.y.shape, dtype=bool) if self.imputed is None else ~self.imputed.missing
        observed, predicted = (self.within.apply(values)[known] for values in (self.y, self.predicted))
        return float(np.corrcoef(observed, predicted)[0, 1] ** 2)

    @property
    def approximation(self) -> dict[str, float]:
        """Monte-Carlo standard errors of `rho` and `lambda`; empty where the log-determinants are exact."""
        return {name: each.std_error for name, each in self.approximations.items()}

    @cached_property
    def position(self) -> dict[str, int]:
        """Place of each name in `params`."""
        return {name: place for place, name in enumerate(self.param_names)}

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Give the table of coefficients.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        DataFrame
            Indexed by parameter: estimate, std_error, z, p_value, ci_low, ci_high.

        Raises
        ------
        OptionError
            If the level does not lie between 0 and 1.
        """
        pd = pandas_for("to_frame", "print(model.summary()), or params and std_errors of result_")
        columns = inference(self.params, self.std_errors, check_share("to_frame", "level", level))
        return pd.DataFrame(columns, index=pd.Index(self.param_names, name="parameter"))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable
