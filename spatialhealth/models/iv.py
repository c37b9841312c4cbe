"""SpatialIV: spatial two-stage least squares and generalised moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Effects, SpatialErrorMoments
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth._validation import check_option, check_positive
from spatialhealth.errors import IdentificationError, LikelihoodError, OptionError, some
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.assemble import assemble
from spatialhealth.models.covariances import Covariance, Sandwich, as_covariance
from spatialhealth.models.hac import Classical
from spatialhealth.models.instruments import Roles, instrument_columns, names_of
from spatialhealth.models.iv_estimate import by_instruments, warn_of_weakness, warn_without_reduced_form
from spatialhealth.models.iv_summary import InstrumentTests, IVSummary
from spatialhealth.models.options import CombinedDurbinModel
from spatialhealth.models.reading import read_weights, table_for
from spatialhealth.models.system import System
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.periods import PeriodWeights
from spatialhealth.panel.formula import FormulaDesign, design_from_formula
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SpatialIV"]

_COVARIANCES = ("classical", "robust", "cluster", "driscoll-kraay")

Self = TypeVar("Self", bound="SpatialIV")


class SpatialIV(CombinedDurbinModel):
    """Spatial two-stage least squares: y = rho W y + X beta + W X theta + Y2 gamma + effects + e, Y2 endogenous.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator
        Spatial weights; see `spatialhealth.weights.as_links`.
    effects : {"none", "entity", "time", "two-way"}, default "none"
        Fixed effects, taken out of every column, W y and the instruments after their lags.
    durbin : bool or list of str, default False
        Which regressors enter with their spatial lag too. The lag of an endogenous regressor is endogenous.
    endogenous : list of str, optional
        Regressors that are correlated with the error, by name (after `fit_formula`: by term).
    instruments : list of str, optional
        What explains them and has no place in the model: columns of X; in `fit_formula` terms such as
        ``"log(distance)"``, evaluated on the data. At least one for each endogenous regressor.
    w_lags : int, default 2
        Spatial lags of the exogenous regressors that are instruments: W x and W^2 x; where W x is in the model, W^2 x
        and W^3 x.
    lag_instruments : bool, default True
        Whether as many spatial lags of `instruments` are instruments too.
    spatial_errors : {"none", "gmm", "kelejian-prucha"}, default "none"
        Errors e = lambda W e + v.

        - "none": two-stage least squares;
        - "gmm": weighted moments, with a standard error of lambda: of Drukker, Egger and Prucha (2013) with
          ``cov_type="classical"``, of Arraiz and others (2010) with ``"robust"``;
        - "kelejian-prucha": the moments of 1999, unweighted, which give lambda no standard error.
    error_weights : weights, optional
        W of the errors, if it is not `weights`; on the same units.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Engine of ln|I - rho W|, which the effects need and the estimate does not.
    cov_type : {"classical", "robust", "cluster", "driscoll-kraay"} or Covariance, default "classical"
        - "classical": errors alike and independent;
        - "robust": each with its own variance (White);
        - "cluster": correlated over the periods of a unit;
        - "driscoll-kraay": correlated between all units, and over some periods;
        - `SpatialHAC(kernel)` or `Conley(points, cutoff)`: correlated within a period, by a kernel of distance.
    constant : bool, default True
        Whether to add a constant when `effects` is "none".

    See Also
    --------
    SpatialLag, SpatialDurbin : by maximum likelihood, more precise where every regressor is exogenous.

    Notes
    -----
    Fixed effects need no correction here: instruments and errors stay uncorrelated. With time effects lambda has a
    bias of order 1/n. Nothing keeps rho inside the admissible interval; where it is not, a `ReducedFormWarning` says
    so, and there are neither effects nor predictions.

    Degrees of freedom: classical, robust and HAC variances are divided by N - K, where K counts coefficients and
    fixed effects; "cluster" and "driscoll-kraay" are as in `spatialhealth.models.covariances`. With spatial errors
    there is no correction.

    References
    ----------
    Kelejian, H. H. and Prucha, I. R. (1998). A generalized spatial two-stage least squares procedure. Journal of Real
    Estate Finance and Economics 17, 99-121.

    Kelejian, H. H. and Prucha, I. R. (2007). HAC estimation in a spatial framework. Journal of Econometrics 140,
    131-154.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SpatialIV(weights=W, effects="two-way", cov_type="cluster")
    >>> model = model.fit_formula("log(sales) ~ log(price / cpi) + log(ndi / cpi)", panel)
    >>> round(model.rho_, 4)
    0.0947
    >>> model.instrument_tests_.loc[["Kleibergen-Paap F", "Hansen J"], "statistic"].round(2).to_dict()
    {'Kleibergen-Paap F': 85.82, 'Hansen J': 2.04}
    """

    _has_lag = True
    correction = "none"
    missing = "raise"
    restandardise = True

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        durbin: Any = False,
        endogenous: Any = None,
        instruments: Any = None,
        w_lags: int = 2,
        lag_instruments: bool = True,
        spatial_errors: SpatialErrorMoments = "none",
        error_weights: Any = None,
        logdet: LogDetName = "auto",
        cov_type: Any = "classical",
        constant: bool = True,
    ) -> None:
        self.weights = weights
        self.effects = effects
        self.durbin = durbin
        self.endogenous = endogenous
        self.instruments = instruments
        self.w_lags = w_lags
        self.lag_instruments = lag_instruments
        self.spatial_errors = spatial_errors
        self.error_weights = error_weights
        self.logdet = logdet
        self.cov_type = cov_type
        self.constant = constant

    def fit_formula(self: Self, formula: str, data: pd.DataFrame) -> Self:
        """Fit to a table by a formula, with the terms in `instruments` beside it.

        Parameters
        ----------
        formula : str
            Of the model, endogenous regressors included, instruments not.
        data : DataFrame
            Indexed by unit (cross-section) or by (unit, period), in any order.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        FormulaError
            If the formula or an instrument cannot be read or names what the data do not have.
        DataError, WeightsError, OptionError, IdentificationError
            As in `fit`.
        """
        operator = read_weights(self)
        design = design_from_formula(formula, data)
        terms, x = names_of("instruments", self.instruments), design.x
        if terms:
            columns = instrument_columns(formula, terms, x, data)
            x = x.assign(**{str(name): columns[name] for name in columns})
            x.attrs = dict(design.x.attrs)
        table = table_for(operator).from_frames(x, design.y, operator.ids)
        return self._fit(table, operator, bool(self.constant and design.constant), design)

    def refit(self: Self, outcome: Array) -> Self:
        """Fit a copy of the model, as it was fitted, to another outcome.

        Parameters
        ----------
        outcome : ndarray of shape (T, n)
            Units in the order of W, periods ascending.

        Returns
        -------
        An estimator of the same class and options.

        Raises
        ------
        OptionError
            If regressors are endogenous: they would have to change with the outcome.
        """
        if names_of("endogenous", self.endogenous):
            raise OptionError(
                f"SpatialIV: {some(self.endogenous)} are endogenous, and another outcome (of a bootstrap, say) "
                "would leave them as they are, uncorrelated with its errors. Use impacts(method='delta')."
            )
        return super().refit(outcome)

    @property
    def sigma2_(self) -> float:
        """Variance of the errors, e'e / (N - K); with lambda, of the innovations, e'e / N."""
        return self._fitted.sigma2

    @property
    def loglik_(self) -> float:
        """There is none: `LikelihoodError`."""
        return self._no_likelihood("log-likelihood")

    @property
    def aic_(self) -> float:
        """There is none: `LikelihoodError`."""
        return self._no_likelihood("AIC")

    @property
    def bic_(self) -> float:
        """There is none: `LikelihoodError`."""
        return self._no_likelihood("BIC")

    @property
    def instrument_tests_(self) -> pd.DataFrame:
        """Tests of the instruments: statistic, df, p_value and the null in words."""
        self._fitted  # noqa: B018 - says that nothing is fitted
        pd = pandas_for("instrument_tests_", "result_.facts")
        tests: InstrumentTests = self.__dict__["_tests"]
        rows = tests.rows()
        return pd.DataFrame(rows, columns=["test", "statistic", "df", "p_value", "null"]).set_index("test")

    def summary(self, level: float = 0.95) -> IVSummary:
        """Give a summary that prints, shows itself in a notebook, and has `.to_latex()`.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        IVSummary
        """
        return IVSummary(self._fitted, level)

    def _no_likelihood(self, what: str) -> float:
        self._fitted  # noqa: B018 - says that nothing is fitted
        raise LikelihoodError(
            f"SpatialIV estimates by moments, not by maximum likelihood, so it has no {what}. Compare models by "
            "instrument_tests_ and the standard errors, or fit SpatialLag or SpatialDurbin."
        )

    def _check_options(self) -> None:
        """Check the options that only this estimator has, or has fewer of."""
        check_option("SpatialIV", "effects", self.effects, ("none", "entity", "time", "two-way"))
        check_option("SpatialIV", "spatial_errors", self.spatial_errors, SpatialErrorMoments)
        check_positive("SpatialIV", "w_lags", self.w_lags, integer=True)
        if not isinstance(self.lag_instruments, (bool, np.bool_)):
            raise OptionError(f"SpatialIV: lag_instruments={self.lag_instruments!r} must be True or False.")
        if self.spatial_errors == "none" and self.error_weights is not None:
            raise OptionError(
                "SpatialIV: error_weights are given, but spatial_errors='none'. Choose spatial_errors='gmm', or "
                "leave error_weights out."
            )

    def _covariance(self, system: System) -> Covariance:
        """Resolve the option `cov_type`."""
        asked: Any = self.cov_type
        if isinstance(asked, str) and asked == "hac":
            raise OptionError(
                "SpatialIV: cov_type='hac' needs to know how far errors reach. Give "
                "cov_type=spatialhealth.SpatialHAC(kernel), with kernel = spatialhealth.weights.kernel(layer, "
                "bandwidth=..., function='triangular', standardise=None); or Conley(points, cutoff)."
            )
        if not isinstance(asked, Sandwich) and asked != "conley":
            check_option("SpatialIV", "cov_type", asked, _COVARIANCES)
        covariance = Classical() if asked == "classical" else as_covariance("SpatialIV", asked)
        allowed = {"gmm": ("classical", "robust"), "kelejian-prucha": ("classical",)}.get(self.spatial_errors)
        if allowed is not None and covariance.name not in allowed:
            raise OptionError(
                f"SpatialIV: spatial_errors={self.spatial_errors!r} is a model of the errors' correlation, so "
                f"cov_type must be {' or '.join(map(repr, allowed))}; it is {covariance.name!r}. For an unknown "
                "correlation use spatial_errors='none'."
            )
        return system.prepared("SpatialIV", covariance)

    def _system(self, operator: SpatialOperator | PeriodWeights, table: PanelTable) -> System:
        if isinstance(operator, PeriodWeights):
            raise OptionError(
                "SpatialIV needs one W for all periods. Fit SpatialLag or SpatialDurbin, which take a W for each."
            )
        error = None if self.spatial_errors == "none" else self._error_operator(operator)
        units = all(each.has_unit_rows for each in (operator, error) if each is not None)
        within = Within(self.effects, "none", table.n_units, table.n_periods, units)
        return System(operator, operator, error, within)

    def _roles(
        self, table: PanelTable, system: System, constant: bool, formula: FormulaDesign | None
    ) -> Roles:
        """Sort the columns of the table into exogenous ones, endogenous ones and instruments."""
        if formula is None:
            own = names_of("instruments", self.instruments, table.names)
        else:
            own = tuple(name for name in table.names if name not in set(map(str, formula.x.columns)))
        regressors = tuple(name for name in table.names if name not in own)
        endogenous = names_of("endogenous", self.endogenous)
        _check_roles(endogenous, own, regressors)
        return Roles.of(
            table, system.operator, system.within, self.durbin, constant and self.effects == "none",
            endogenous, own, int(self.w_lags), bool(self.lag_instruments),
        )  # fmt: skip

    def _fit(
        self: Self,
        table: PanelTable,
        operator: SpatialOperator | PeriodWeights,
        constant: bool,
        formula: FormulaDesign | None,
    ) -> Self:
        self._check_options()
        system = self._system(operator, table)
        covariance = self._covariance(system)
        roles = self._roles(table, system, constant, formula)
        system.warn(stacklevel=4)
        lag = system.operator.lag(table.y)
        estimate, tests = by_instruments(roles, table.y, lag, system, covariance, self.spatial_errors)
        result = assemble(type(self).__name__, table, roles.design, lag, system, estimate, covariance)
        self._rows, self._formula, self._tests, self._result = table, formula, tests, result
        warn_of_weakness(tests)
        warn_without_reduced_form(result)
        return self


def _check_roles(endogenous: tuple[str, ...], own: tuple[str, ...], regressors: tuple[str, ...]) -> None:
    """Endogenous regressors need instruments of their own, and are none."""
    unknown = [name for name in endogenous if name not in (*regressors, *own)]
    if unknown:
        raise OptionError(
            f"SpatialIV: endogenous names {some(unknown)}, but the regressors are {some(regressors)}. Name some of "
            "these."
        )
    both = [name for name in endogenous if name in own]
    if both:
        raise OptionError(
            f"SpatialIV: {some(both)} stand in endogenous and in instruments. An instrument must have no part in "
            "the error."
        )
    if not regressors:
        raise OptionError(
            "SpatialIV: every column is an instrument, so the model has no regressor. Name fewer instruments."
        )
    if len(own) < len(endogenous):
        raise IdentificationError(
            f"{len(endogenous)} endogenous regressors ({some(endogenous)}) need at least as many instruments of "
            f"their own; there are {len(own)}. Name columns that explain them and have no place in the model."
        )
