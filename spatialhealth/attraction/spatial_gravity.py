"""SpatialGravity: flows that depend on the flows of neighbouring origins and destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Deterrence, FlowDependence, Intraregional
from spatialhealth._validation import check_option
from spatialhealth.attraction.gravity_design import CityTerms, PairColumns, pair_columns
from spatialhealth.attraction.gravity_result import FlowSummary
from spatialhealth.attraction.od import flow_table
from spatialhealth.attraction.spatial_gravity_design import FlowDesign, outcome_of, square
from spatialhealth.attraction.spatial_gravity_effects import FlowEffectsTable
from spatialhealth.attraction.spatial_gravity_likelihood import FlowLikelihood
from spatialhealth.attraction.spatial_gravity_result import SpatialGravityResult
from spatialhealth.attraction.table import FlowTable
from spatialhealth.errors import IdentificationError, NotFittedError, OptionError, SizeError
from spatialhealth.models.estimator import Estimator
from spatialhealth.operator.operator import SpatialOperator, as_operator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SpatialGravity"]

_Self = TypeVar("_Self", bound="SpatialGravity")
_MOST = 3_000  # cities: nine million flows


class SpatialGravity(Estimator):
    """Spatial econometric flow model of LeSage and Pace (2008), by maximum likelihood.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator
        Who is whose neighbour among the cities; see `spatialhealth.weights.as_links`.
    push, pull : str, optional
        Variables of the cities at the origin and at the destination, as right-hand sides of formulas:
        ``"log(population)"``. At least one of them.
    outcome : str, default "log(1 + trips)"
        What is modelled, as a formula of the columns of the table.
    deterrence : {"power", "exponential"} or list of str, default "power"
        As in `GravityModel`.
    cost : str, default "distance"
        Column of the cost of a way.
    regressors : list of str, optional
        Further columns of the pairs.
    dependence : str, default "full"
        Which flows y_ij depends on: those from i to neighbours of j (destination), from neighbours of i to j
        (origin), and from neighbours of i to neighbours of j (network).

        - "full": all three;
        - "separable": all, with rho_network = -rho_destination rho_origin;
        - "additive": destination and origin;
        - "destination", "origin", "network": one;
        - "none": least squares.
    intra : {"constant", "regressors", "none"}, default "constant"
        What is particular to the flow of a city to itself, whose deterrence is zero in the first two:

        - "constant": a constant;
        - "regressors": a constant, and coefficients of the variables of the city in the place of those of push and
          pull;
        - "none": nothing; the city's cost to itself must be given.
    origin, destination, value : str
        Columns of the table of flows.

    See Also
    --------
    GravityModel : for counts, with an effect of each city.

    Notes
    -----
    With flows as a matrix Y, origins in rows,

        Y = rho_d Y W' + rho_o W Y + rho_w W Y W' + Z b + E,    E independent, of one variance.

    Nothing larger than n x n is formed: the log-determinant is a sum over all pairs of eigenvalues of W, and the
    sum of squares a quadratic form of four columns. The parameters are held where all eigenvalues of the system
    have a positive real part, which is a convex region; Newton's method climbs from the best points of a grid over
    it, and other local maxima are reported. Standard errors are from the observed information of the full likelihood.

    Outcomes must be complete. The logarithm of one plus a count is a choice, not a law: where many flows are small,
    it bends them, and elasticities are not those of `GravityModel`.

    References
    ----------
    LeSage, J. P. and Pace, R. K. (2008). Spatial econometric modeling of origin-destination flows. Journal of
    Regional Science 48, 941-967.

    LeSage, J. P. and Thomas-Agnan, C. (2015). Interpreting spatial econometric origin-destination flow models.
    Journal of Regional Science 55, 188-208.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, od = sh.datasets.load_cities(), sh.datasets.load_flows()  # simulated
    >>> hospitals = sh.datasets.load_panel().xs(2021, level="year")
    >>> few = cities.index[cities["province"] == "Guangdong"]
    >>> flows = od[od["origin"].isin(few) & od["destination"].isin(few)]
    >>> table = sh.attraction.flow_table(flows, costs=[]).complete(own=True).with_distance(cities)
    >>> W = sh.weights.knn(cities.loc[few], k=4)
    >>> model = SpatialGravity(W, push="log(population)", pull="log(tertiary)", dependence="separable")
    >>> list(model.fit(table, hospitals).params_.index[-3:])
    ['rho_destination', 'rho_origin', 'rho_network']
    """

    def __init__(
        self,
        weights: Any = None,
        push: str | None = None,
        pull: str | None = None,
        outcome: str = "log(1 + trips)",
        deterrence: Deterrence | list[str] = "power",
        cost: str = "distance",
        regressors: list[str] | None = None,
        dependence: FlowDependence = "full",
        intra: Intraregional = "constant",
        origin: str = "origin",
        destination: str = "destination",
        value: str = "trips",
    ) -> None:
        self.weights = weights
        self.push = push
        self.pull = pull
        self.outcome = outcome
        self.deterrence = deterrence
        self.cost = cost
        self.regressors = regressors
        self.dependence = dependence
        self.intra = intra
        self.origin = origin
        self.destination = destination
        self.value = value

    def fit(self: _Self, od: pd.DataFrame | FlowTable, cities: pd.DataFrame) -> _Self:
        """Fit to a complete square of flows.

        Parameters
        ----------
        od : DataFrame or FlowTable
            One row for every pair of cities, a city with itself included; see `FlowTable.complete`.
        cities : DataFrame
            Indexed by city, with the variables of `push` and `pull`.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        CoverageError, AlignmentError
            If pairs are absent, or flows, weights and cities are not of the same cities.
        DataError, OptionError, FormulaError, WeightsError, ConvergenceError
            And their kin in `spatialhealth.errors`.
        SizeError
            If there are more than 3,000 cities.
        """
        columns, operator = self._check()
        n = operator.n
        table = flow_table(od, self.origin, self.destination, self.value, columns.needed, own=True)
        table = square(table, operator.ids)
        terms = tuple(
            CityTerms.read("SpatialGravity", side, text, cities)
            for side, text in (("origin", self.push), ("destination", self.pull))
            if text is not None
        )
        design = FlowDesign.of(table, operator.ids, columns, terms, self.intra).checked()
        if n * n <= len(design.names) + 4:
            raise IdentificationError(
                f"{n * n} flows cannot tell {len(design.names) + 4} parameters. Add cities."
            )
        response, values = outcome_of(table, self.outcome)
        y, w = values.reshape(n, n), operator.matrix
        before = np.asarray(w @ y)
        lags = np.stack([y, np.asarray(w @ y.T).T, before, np.asarray(w @ before.T).T], axis=2)
        likelihood = FlowLikelihood(lags, design.z, operator.spectrum.eigenvalues, self.dependence)
        found = likelihood.maximise()
        systematic = design.z @ found.coefficients
        residuals = lags @ np.concatenate([[1.0], -found.rho]) - systematic
        variables = tuple(dict.fromkeys(str(name) for term in terms for name in term.design.x.columns))
        self._result = SpatialGravityResult(
            response, self.dependence, self.intra, design.names, variables, found.coefficients, found.rho,
            found.covariance, found.sigma2, found.loglik, y, systematic, residuals, operator, found.others,
            table.facts,
        )  # fmt: skip
        self._table, self._columns, self._terms = table, columns, terms
        return self

    def _check(self) -> tuple[PairColumns, SpatialOperator]:
        owner = "SpatialGravity"
        if self.weights is None:
            raise OptionError(f"{owner} needs weights. Build them with spatialhealth.weights.")
        check_option(owner, "dependence", self.dependence, FlowDependence)
        check_option(owner, "intra", self.intra, Intraregional)
        if self.push is None and self.pull is None:
            raise OptionError(
                f"{owner}: give variables of the cities: push= at the origin, pull= at the destination."
            )
        operator = as_operator(self.weights)
        if operator.n > _MOST:
            raise SizeError(
                f"{owner}: {operator.n:,} cities are {operator.n**2:,} flows; {_MOST:,} cities are the most. Take "
                "regions."
            )
        return pair_columns(owner, self.deterrence, self.cost, self.regressors), operator

    @property
    def result_(self) -> SpatialGravityResult:
        """The frozen result: everything the model knows, as arrays and names."""
        if "_result" not in self.__dict__:
            raise NotFittedError("This SpatialGravity has not been fitted yet. Call fit first.")
        return self._result

    @property
    def params_(self) -> pd.Series:
        """Estimates by name: coefficients, then rho_destination, rho_origin, rho_network where the model has them."""
        pd = pandas_for("params_", "result_.params")
        return pd.Series(self.result_.params, index=list(self.result_.param_names), name="estimate")

    @property
    def std_errors_(self) -> pd.Series:
        """Standard errors by name."""
        pd = pandas_for("std_errors_", "result_.std_errors")
        return pd.Series(self.result_.std_errors, index=list(self.result_.param_names), name="std_error")

    @property
    def cov_(self) -> pd.DataFrame:
        """Covariance of the estimates."""
        pd = pandas_for("cov_", "result_.covariance")
        names = list(self.result_.param_names)
        return pd.DataFrame(self.result_.covariance, index=names, columns=names)

    @property
    def loglik_(self) -> float:
        """Log-likelihood of the outcome as it was transformed, all constants included."""
        return self.result_.loglik

    @property
    def residuals_(self) -> pd.Series:
        """Residuals E by origin and destination, in the order of W."""
        return self._labelled(self.result_.residuals, "residual")

    def predict(self, cities: pd.DataFrame | None = None) -> pd.Series:
        """Give the expected outcome, by the reduced form.

        Parameters
        ----------
        cities : DataFrame, optional
            Variables of the cities, when others than those of the fit: what would flow if they were so.

        Returns
        -------
        Series
            Of the outcome as it was transformed, indexed by origin and destination, in the order of W.

        Raises
        ------
        NotFittedError, AlignmentError, DataError, FormulaError
        """
        result = self.result_
        if cities is None:
            return self._labelled(result.predicted, "predicted")
        design = FlowDesign.of(
            self._table, result.operator.ids, self._columns, self._terms, result.intra, cities
        )
        return self._labelled(result.reduced_form(design.z @ result.coefficients), "predicted")

    def effects(self, level: float = 0.95) -> FlowEffectsTable:
        """Give the effects of the variables of cities on flows from, to, within and between cities.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        FlowEffectsTable
            For each variable, one unit more of it at a city changes the flows from the city to others (origin), from
            others to it (destination), within it (intra), and between others (network). Effects are summed over the
            flows of a kind and over cities, and divided by the number of flows, n squared (LeSage and Thomas-Agnan
            2015): n times an effect is the mean change of the sum of these flows for one city. Standard errors by
            the delta method.
        """
        return self.result_.effects(level)

    def summary(self, level: float = 0.95) -> FlowSummary:
        """Give a summary that prints, shows itself in a notebook, and has `.to_latex()`.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        FlowSummary
        """
        return self.result_.summary(level)

    def _labelled(self, values: Array, name: str) -> pd.Series:
        pd = pandas_for(name, f"result_.{name}")
        ids = self.result_.operator.ids
        index = pd.MultiIndex.from_product([ids, ids], names=[self.origin, self.destination])
        return pd.Series(values.ravel(), index=index, name=name)
