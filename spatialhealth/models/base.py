"""SpatialModel: what every estimator does, from labelled data to a frozen result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from spatialhealth._typing import (
    Array,
    Correction,
    CovType,
    Dynamic,
    Effects,
    ErrorComponents,
    ImpactMethod,
    Missing,
)
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth.likelihood.random import RandomSample
from spatialhealth.likelihood.transform import LAGS, Within
from spatialhealth.models.assemble import assemble
from spatialhealth.models.chance import warn_of_chance
from spatialhealth.models.covariances import Covariance, as_covariance
from spatialhealth.models.design import CONSTANT, Design, Sample
from spatialhealth.models.dynamic import after_first, check_dynamic, check_refit, stability, with_lags
from spatialhealth.models.estimate import maximum_likelihood
from spatialhealth.models.estimator import Estimator
from spatialhealth.models.labelled import LabelledResult
from spatialhealth.models.missing import fit_missing
from spatialhealth.models.predict import predict
from spatialhealth.models.random_effects import random_effects
from spatialhealth.models.reading import read_weights, table_for
from spatialhealth.models.result import Estimate
from spatialhealth.models.stacked import stacked_system
from spatialhealth.models.summary import Summary
from spatialhealth.models.system import System
from spatialhealth.operator.blocks import BlockOperator
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.periods import PeriodWeights
from spatialhealth.panel.columns import check_outcome, same_rows
from spatialhealth.panel.formula import FormulaDesign, design_from_formula
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth.impacts import Impacts

__all__ = ["SpatialModel"]

Self = TypeVar("Self", bound="SpatialModel")


class SpatialModel(LabelledResult, Estimator):
    """Base of the estimators; each of them says only whether it has W y, which W x, and whether W u."""

    _has_lag: ClassVar[bool]
    _has_error: ClassVar[bool] = False
    error_components: ErrorComponents = (
        "kkp"  # without a spatial process of the errors there is one form only
    )
    dynamic: Dynamic | None = None

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        correction: Correction = "lee-yu",
        logdet: LogDetName = "auto",
        cov_type: CovType | Covariance = "observed",
        constant: bool = True,
        missing: Missing = "raise",
        restandardise: bool = True,
    ) -> None:
        self.weights = weights
        self.effects = effects
        self.correction = correction
        self.logdet = logdet
        self.cov_type = cov_type
        self.constant = constant
        self.missing = missing
        self.restandardise = restandardise

    def _durbin(self) -> Any:
        """Give which regressors to lag: True, False or names."""
        return False

    def _estimate(
        self, sample: Sample, lag: Array | None, system: System, covariance: Covariance
    ) -> Estimate:
        """Estimate the parameters from the transformed sample."""
        return maximum_likelihood(sample, lag, system.within, system.lag, system.error, covariance)

    def fit(self: Self, X: pd.DataFrame, y: pd.Series) -> Self:
        """Fit to a table of regressors and an outcome, aligned with each other and with W by label.

        Parameters
        ----------
        X : DataFrame of shape (N, k)
            Regressors, indexed by unit (cross-section) or by (unit, period), in any order.
        y : Series of length N
            Outcome, with the same labels.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        DataError, WeightsError, OptionError, ConvergenceError
            And their kin in `spatialhealth.errors`, each saying what was found, where, and what to do.
        """
        operator = read_weights(self)
        table = table_for(operator).from_frames(X, check_outcome(y), operator.ids, self.missing)
        return self._fit(table, operator, self.constant, None)

    def fit_formula(self: Self, formula: str, data: pd.DataFrame) -> Self:
        """Fit to a table by a formula.

        Parameters
        ----------
        formula : str
            For example ``"log(inflow) ~ log(tertiary) + log(primary) + C(region)"``; see
            `spatialhealth.panel.design_from_formula`.
        data : DataFrame
            Indexed by unit (cross-section) or by (unit, period), in any order.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        FormulaError
            If the formula cannot be read or names what the data do not have.
        DataError, WeightsError, OptionError, ConvergenceError
            As in `fit`.
        """
        operator = read_weights(self)
        design = design_from_formula(formula, data)
        table = table_for(operator).from_frames(design.x, design.y, operator.ids, self.missing)
        return self._fit(table, operator, bool(self.constant and design.constant), design)

    def fit_arrays(
        self: Self, Y: Array, X: Array, names: Any = None, periods: Any = None, response: str = "y"
    ) -> Self:
        """Fit to arrays that are already in the order of W; needs numpy and scipy only.

        With weights by period the order is that of the first of them.

        Parameters
        ----------
        Y : ndarray of shape (T, n) or (n,)
            Outcome.
        X : ndarray of shape (T, n, k) or (n, k)
            Regressors.
        names : sequence of k str, optional
            Names of the regressors; x1, x2 ... by default.
        periods : sequence of length T, optional
            Labels of the periods; 0, 1 ... by default.
        response : str, default "y"
            Name of the outcome.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        DataError, WeightsError, OptionError, ConvergenceError
            As in `fit`.
        """
        operator = read_weights(self)
        table = table_for(operator).from_arrays(Y, X, operator.ids, names, periods, response, self.missing)
        return self._fit(table, operator, self.constant, None)

    def refit(self: Self, outcome: Array) -> Self:
        """Fit a copy of the model, as it was fitted, to another outcome.

        Parameters
        ----------
        outcome : ndarray of shape (T, n)
            Units in the order of W, periods ascending; like `result_.y` for a panel with holes.

        Returns
        -------
        An estimator of the same class and options.

        Raises
        ------
        NotFittedError, DataError, ConvergenceError
            As in `fit`.
        OptionError
            Of a dynamic model, whose outcome is among its regressors.
        """
        check_refit(type(self).__name__, self.dynamic)
        fitted, copy = self._fitted, type(self)(**self.get_params(deep=False))
        # stacked rows are given their weights period by period again
        operator = fitted.operator.weights if isinstance(fitted.operator, BlockOperator) else fitted.operator
        table, constant = replace(self._table, y=outcome), CONSTANT in fitted.param_names
        return copy._fit(table, operator, constant, self.__dict__["_formula"])

    def predict(self, X: pd.DataFrame | None = None) -> pd.Series:
        """Predict the outcome by the reduced form (I - rho W)^-1 (Z delta + effects).

        Parameters
        ----------
        X : DataFrame, optional
            New regressors (after `fit_formula`: the variables of the formula) for all units of W, in periods
            of the fit when there are time effects. The data of the fit by default.

        Returns
        -------
        Series
            With the labels, and in the order, of X.

        Raises
        ------
        NotFittedError, PredictionError, DataError
        """
        result = self._fitted
        if X is None:
            return self._table.labelled(result.predicted, "predicted")
        formula: FormulaDesign | None = self.__dict__["_formula"]
        return predict(result, X if formula is None else formula.regressors_of(X))

    def score(self, X: pd.DataFrame, y: pd.Series) -> float:
        """Give the share of the variance of y that `predict(X)` explains (R squared).

        Parameters
        ----------
        X : DataFrame
        y : Series

        Returns
        -------
        float

        Raises
        ------
        NotFittedError, PredictionError, DataError
        """
        predicted = self.predict(X)
        y = same_rows(X, check_outcome(y))
        error = y - predicted
        return float(1 - (error**2).sum() / ((y - y.mean()) ** 2).sum())

    def impacts(
        self,
        level: float = 0.95,
        method: ImpactMethod = "delta",
        draws: int = 1000,
        random_state: Any = None,
        at: Any = None,
    ) -> Impacts:
        """Give direct, indirect and total effects with their uncertainty.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.
        method : {"delta", "simulate"}, default "delta"
            - "delta": closed-form gradients and the covariance of the parameters;
            - "simulate": draws of the parameters, quantiles for the intervals.
        draws : int, default 1000
            Number of draws when simulating.
        random_state : int or numpy.random.Generator, optional
            Seed of the draws.
        at : dict of str to number, level, or a sequence of them, optional
            Values of moderators, for a model with interactions: ``{"digital": [0, 0.5, 1]}``; see
            `spatialhealth.impacts.impacts`.

        Returns
        -------
        Impacts
            `.table`, `.contrast()`, `.local()`, `.by_order()`.

        Raises
        ------
        NotFittedError, OptionError
        """
        from spatialhealth.impacts import impacts

        return impacts(self, level, method, draws, random_state, at)

    def summary(self, level: float = 0.95) -> Summary:
        """Give a summary that prints, shows itself in a notebook, and has `.to_latex()`.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        Summary
        """
        return Summary(self._fitted, level)

    def _error_operator(self, operator: SpatialOperator) -> SpatialOperator:
        """Give the W of the errors."""
        return operator

    def _system(self, operator: SpatialOperator | PeriodWeights, table: PanelTable) -> System:
        if isinstance(operator, PeriodWeights):
            assert isinstance(table, StackedTable)
            own = self._has_error and self._error_operator(operator.operators[0]) is not operator.operators[0]
            return stacked_system(self, table, operator, own)
        lag = operator if self._has_lag else None
        error = self._error_operator(operator) if self._has_error else None
        within = Within(
            effects=self.effects,
            correction=self.correction,
            n=table.n_units,
            t=table.n_periods,
            keeps_constant=all(each is None or each.has_unit_rows for each in (lag, error)),
            lags=LAGS[self.dynamic],
        )
        return System(operator, lag, error, within)

    def _estimated(
        self, table: PanelTable, design: Design, lag: Array | None, system: System, covariance: Covariance
    ) -> Estimate:
        sample = Sample.of(table, design, system.within, extra=1 + self._has_lag + self._has_error)
        if self.effects == "random":
            parts = RandomSample(
                table.y, lag, design.z, system.within, system.operator, system.error, self.error_components
            )
            return random_effects(type(self).__name__, sample, parts, covariance)
        flat = None if lag is None else system.within.apply(lag).reshape(-1)
        return self._estimate(sample, flat, system, covariance)

    def _fit(
        self: Self,
        table: PanelTable,
        operator: SpatialOperator | PeriodWeights,
        constant: bool,
        formula: FormulaDesign | None,
    ) -> Self:
        before, first = None, table.periods[0]
        if self.dynamic is not None:
            check_dynamic(type(self).__name__, self.effects, table)
            table, before = after_first(table)
        system = self._system(operator, table)
        covariance = system.prepared(type(self).__name__, as_covariance(type(self).__name__, self.cov_type))
        has_constant = constant and self.effects in ("none", "random")
        design = Design.of(table, system.operator, self._durbin(), has_constant)
        if before is not None:
            design = with_lags(design, table, before, system.operator, system.within.lags)
        system.warn(stacklevel=4)
        imputed, lag = None, None
        if np.isnan(table.y).any():
            fitted = fit_missing(self, table, design, system, covariance)
            table, system, estimate, imputed = fitted.table, fitted.system, fitted.estimate, fitted.imputed
            lag = system.operator.lag(table.y)
        else:
            if self._has_lag:
                lag = system.operator.lag(table.y)
            estimate = self._estimated(table, design, lag, system, covariance)
        system = system.sharpened(estimate.operators)
        warn_of_chance(estimate.approximations, estimate.operators, stacklevel=4)
        if before is not None:
            facts = stability(estimate, system.operator, system.within, first)
            estimate = replace(estimate, facts=estimate.facts | facts)
        self._rows = table
        self._formula = formula
        result = assemble(type(self).__name__, table, design, lag, system, estimate, covariance)
        self._result = replace(result, imputed=imputed, before=before)
        return self
