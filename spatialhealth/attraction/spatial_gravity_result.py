"""What a fitted spatial gravity model knows, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array, FlowDependence, Intraregional
from spatialhealth._validation import check_share
from spatialhealth.attraction.gravity_result import FlowSummary
from spatialhealth.attraction.spatial_gravity_design import OWN
from spatialhealth.attraction.spatial_gravity_effects import FlowEffectsTable, Multipliers
from spatialhealth.attraction.spatial_gravity_likelihood import FREE, solve_flows
from spatialhealth.operator.operator import SpatialOperator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RHOS", "SpatialGravityResult"]

RHOS = ("rho_destination", "rho_origin", "rho_network")
_WORDS: dict[FlowDependence, str] = {
    "full": "destination, origin and network",
    "separable": "destination and origin, rho_network = -rho_destination rho_origin",
    "additive": "destination and origin",
    "destination": "destination",
    "origin": "origin",
    "network": "network",
    "none": "none",
}


@dataclass(frozen=True, eq=False)
class SpatialGravityResult:
    """A fitted spatial gravity model.

    Parameters
    ----------
    response : str
    dependence : FlowDependence
    intra : {"constant", "regressors", "none"}
    names : tuple of k str
        Coefficients.
    variables : tuple of str
        Variables of the cities, without their sides.
    coefficients : ndarray of shape (k,)
    rho : ndarray of shape (3,)
        Of destinations, origins and both; zero where the model has none.
    full_covariance : ndarray of shape (k + 3, k + 3)
    sigma2, loglik : float
    y, systematic, residuals : ndarray of shape (n, n)
        Outcome, Z b, and what is left; origins in rows.
    operator : SpatialOperator
    others : tuple of float
        How much lower other local maxima of the likelihood are.
    facts : dict of str to str
        Of the table of flows.
    """

    response: str
    dependence: FlowDependence
    intra: Intraregional
    names: tuple[str, ...]
    variables: tuple[str, ...]
    coefficients: Array
    rho: Array
    full_covariance: Array
    sigma2: float
    loglik: float
    y: Array
    systematic: Array
    residuals: Array
    operator: SpatialOperator
    others: tuple[float, ...]
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for value in self.__dict__.values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable

    @property
    def _shown(self) -> list[int]:
        """Positions among coefficients and rho of what the model has."""
        k = len(self.names)
        which = (0, 1, 2) if self.dependence == "separable" else FREE[self.dependence]
        return [*range(k), *(k + r for r in which)]

    @property
    def param_names(self) -> tuple[str, ...]:
        """Coefficients, then those rho that the model has."""
        every = (*self.names, *RHOS)
        return tuple(every[k] for k in self._shown)

    @property
    def params(self) -> Array:
        """Estimates, shape (p,)."""
        return np.concatenate([self.coefficients, self.rho])[self._shown]

    @property
    def covariance(self) -> Array:
        """Covariance of `params`, shape (p, p)."""
        return self.full_covariance[np.ix_(self._shown, self._shown)]

    @property
    def std_errors(self) -> Array:
        """Standard errors of `params`, shape (p,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def n_parameters(self) -> int:
        """Free parameters of the likelihood: coefficients, dependence, variance."""
        return len(self.names) + len(FREE[self.dependence]) + 1

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return 2 * self.n_parameters - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with all flows as observations."""
        return float(np.log(self.y.size)) * self.n_parameters - 2 * self.loglik

    def reduced_form(self, systematic: Array) -> Array:
        """Give the expected outcome of a systematic part Z b, both of shape (n, n)."""
        if not self.rho.any():
            return systematic.copy()
        return solve_flows(self.operator.matrix.toarray(), self.rho, systematic)

    @cached_property
    def predicted(self) -> Array:
        """Expected outcome, shape (n, n)."""
        return self.reduced_form(self.systematic)

    @property
    def pseudo_r2(self) -> float:
        """Squared correlation of the outcome and its expectation."""
        return float(np.corrcoef(self.y.ravel(), self.predicted.ravel())[0, 1] ** 2)

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
        """
        pd = pandas_for("to_frame", "params and std_errors of result_")
        columns = inference(self.params, self.std_errors, check_share("to_frame", "level", level))
        return pd.DataFrame(columns, index=pd.Index(self.param_names, name="parameter"))

    def effects(self, level: float = 0.95) -> FlowEffectsTable:
        """Give origin, destination, intra, network and total effects of the variables of cities.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        FlowEffectsTable
        """
        own = self.intra == "regressors"
        multipliers = Multipliers.of(self.operator, own)
        at_origin, by_origin = multipliers.origin.at(self.rho)
        at_destination, by_destination = multipliers.destination.at(self.rho)
        at_own, by_own = multipliers.own.at(self.rho) if multipliers.own is not None and own else (0.0, 0.0)
        stimuli = {
            "origin:": (at_origin - at_own, by_origin - by_own),
            "destination:": (at_destination - at_own, by_destination - by_own),
            f"{OWN}:": (at_own, by_own),
        }
        k, rows, slopes = len(self.names), [], []
        for variable in self.variables:
            row, slope = np.zeros(5), np.zeros((5, k + 3))
            for prefix, (value, change) in stimuli.items():
                if prefix + variable in self.names:
                    place = self.names.index(prefix + variable)
                    row = row + self.coefficients[place] * value
                    slope[:, place] = value
                    slope[:, k:] += self.coefficients[place] * change
            rows.append(row)
            slopes.append(slope)
        gradient = np.concatenate(slopes)
        covariance = gradient @ self.full_covariance @ gradient.T
        return FlowEffectsTable(
            self.response, self.variables, np.array(rows), covariance, self.operator.n, level
        )

    def summary(self, level: float = 0.95) -> FlowSummary:
        """Give a summary that prints."""
        operator = self.operator
        standard = "row-standardised" if operator.is_row_standardised else "not row-standardised"
        facts = self.facts | {
            "Dependence": _WORDS[self.dependence],
            "Flows within cities": {
                "constant": "a constant of their own",
                "regressors": "a constant and coefficients of their own",
                "none": "like all others",
            }[self.intra],
            "Weights": f"{operator.matrix.nnz:,} links, {standard}, {len(operator.isolates)} isolates",
            "Log-determinant": "eigenvalues of W, in all pairs (exact)",
            "Covariance": "observed information",
            "Log-likelihood": f"{self.loglik:,.4f}",
            "AIC": f"{self.aic:,.3f}",
            "BIC": f"{self.bic:,.3f}",
            "sigma2": f"{self.sigma2:.6g}",
            "Pseudo R2": f"{self.pseudo_r2:.4f} (squared correlation of outcome and reduced form)",
        }
        if self.others:
            facts["Other maxima"] = "lower by " + ", ".join(f"{gap:.2f}" for gap in self.others)
        columns = inference(self.params, self.std_errors, check_share("summary", "level", level))
        note = f"Intervals at {level:.0%}. Coefficients of a model with lags are not effects: see effects()."
        return FlowSummary(
            f"Spatial gravity model of {self.response}", self.param_names, columns, facts, note
        )
