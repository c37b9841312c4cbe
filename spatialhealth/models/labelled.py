"""Labels on the numbers of a fitted model, made when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth.errors import NotFittedError
from spatialhealth.models.maketables import ReadByMaketables
from spatialhealth.models.result import FitResult
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LabelledResult"]


class LabelledResult(ReadByMaketables):
    """The underscored attributes of an estimator, read from its frozen `result_`."""

    @property
    def result_(self) -> FitResult:
        """The frozen result: everything the model knows, as arrays and names."""
        return self._fitted

    @property
    def _fitted(self) -> FitResult:
        if "_result" not in self.__dict__:
            raise NotFittedError(
                f"This {type(self).__name__} has not been fitted yet. Call fit, fit_formula or fit_arrays first."
            )
        result: FitResult = self.__dict__["_result"]
        return result

    @property
    def _table(self) -> PanelTable:
        table: PanelTable = self.__dict__["_rows"]
        return table

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
        NotFittedError, OptionError
        """
        return self._fitted.to_frame(level)

    @property
    def params_(self) -> pd.Series:
        """Estimates by name: `constant`, regressors, ``W:`` + regressor, `rho`, `lambda`."""
        pd = pandas_for("params_", "result_.params and result_.param_names")

        return pd.Series(self._fitted.params.copy(), index=list(self._fitted.param_names), name="estimate")

    @property
    def std_errors_(self) -> pd.Series:
        """Standard errors by name."""
        pd = pandas_for("std_errors_", "result_.std_errors")

        return pd.Series(self._fitted.std_errors, index=list(self._fitted.param_names), name="std_error")

    @property
    def cov_(self) -> pd.DataFrame:
        """Covariance of the estimates."""
        pd = pandas_for("cov_", "result_.covariance")

        names = list(self._fitted.param_names)
        return pd.DataFrame(self._fitted.covariance.copy(), index=names, columns=names)

    @property
    def rho_(self) -> float:
        """Coefficient of W y (0 in a model without it)."""
        return self._fitted.rho or 0.0

    @property
    def lambda_(self) -> float:
        """Coefficient of the spatial lag of the errors (0 in a model without it)."""
        return self._fitted.spatial("lambda") or 0.0

    @property
    def sigma2_(self) -> float:
        """Variance of the errors, by maximum likelihood."""
        return self._fitted.sigma2

    @property
    def loglik_(self) -> float:
        """Log-likelihood at the estimate, all constants included."""
        return self._fitted.loglik

    @property
    def aic_(self) -> float:
        """Akaike's information criterion."""
        return self._fitted.aic

    @property
    def bic_(self) -> float:
        """Schwarz's information criterion."""
        return self._fitted.bic

    @property
    def pseudo_r2_(self) -> float:
        """Squared correlation of outcome and reduced form, effects taken out of both."""
        return self._fitted.pseudo_r2

    @property
    def residuals_(self) -> pd.Series:
        """Residuals e, any spatial process of the errors taken out, in the order of the rows given."""
        values = self._fitted.residuals
        return self._table.labelled(values, "residual")

    @property
    def fitted_values_(self) -> pd.Series:
        """Outcome less residual (W y as observed), in the order of the rows given."""
        values = self._fitted.fitted_values
        return self._table.labelled(values, "fitted")

    @property
    def missing_outcomes_(self) -> pd.DataFrame:
        """Outcomes that were missing: `predicted` from the others, and its `std_error`, parameters taken as known.

        After a fit with ``missing="likelihood"``; without a row where nothing was missing.
        """
        pd = pandas_for("missing_outcomes_", "result_.imputed and result_.y")

        result, table = self._fitted, self._table
        gone = np.zeros(result.y.shape, dtype=bool) if result.imputed is None else result.imputed.missing
        std_error = np.zeros(result.y.shape)
        std_error[gone] = [] if result.imputed is None else result.imputed.std_error
        columns = {"predicted": result.y, "std_error": std_error, "gone": gone}
        frame = pd.concat([table.labelled(values, name) for name, values in columns.items()], axis=1)
        return frame[frame.pop("gone").astype(bool)]

    @property
    def entity_effects_(self) -> pd.Series:
        """Effect of each unit, the general level included; random effects: a prediction, drawn towards zero."""
        return self._effects("entity_effects", "units")

    @property
    def time_effects_(self) -> pd.Series:
        """Effect of each period; beside entity effects they sum to zero."""
        return self._effects("time_effects", "periods")

    def _effects(self, kind: str, labels: str) -> pd.Series:
        pd = pandas_for(f"{kind}_", f"result_.{kind}")

        values = getattr(self._fitted, kind)
        if values is None:
            raise NotFittedError(
                f"This model has effects={self._fitted.effects!r}, so it has no {kind.replace('_', ' ')}."
            )
        return pd.Series(values, index=pd.Index(getattr(self._fitted, labels)), name=kind)

    @property
    def n_entities_(self) -> int:
        """Number of units."""
        return self._fitted.n_entities

    @property
    def n_periods_(self) -> int:
        """Number of periods."""
        return self._fitted.n_periods

    @property
    def logdet_method_(self) -> str:
        """Engine of the log-determinant in use."""
        return self._fitted.operator.logdet_method
