"""GravityModel: flows on origin push, destination pull and deterrence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Deterrence, FlowCovariance, FlowEffects
from spatialhealth._validation import check_option
from spatialhealth.attraction.gravity_design import (
    CONSTANT,
    CityTerms,
    PairColumns,
    check_separation,
    pair_columns,
    without_empty,
)
from spatialhealth.attraction.gravity_fit import PoissonDesign, fit_poisson
from spatialhealth.attraction.gravity_inference import Inference, poisson_design
from spatialhealth.attraction.gravity_result import CityEffects, FlowSummary, GravityResult
from spatialhealth.attraction.gravity_start import by_pyfixest, from_zero
from spatialhealth.attraction.od import flow_arrays, flow_table
from spatialhealth.attraction.table import FlowTable
from spatialhealth.errors import (
    AbsorbedRegressorError,
    NotFittedError,
    OptionError,
    PredictionError,
    some,
)
from spatialhealth.models.estimator import Estimator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GravityModel"]

_Self = TypeVar("_Self", bound="GravityModel")
_CLUSTERS = ("origin", "destination", "two-way", "pair")
_VERBS = {"origin": "sending nothing", "destination": "receiving nothing"}


class GravityModel(Estimator):
    """Flows y_ij with mean exp(push_i + attraction_j + x_ij'b), by Poisson pseudo-maximum likelihood.

    Parameters
    ----------
    origin, destination, value : str
        Columns of the table of flows; see `flow_table`.
    deterrence : {"power", "exponential"} or list of str, default "power"
        - "power": log(cost), so that flows fall with a power of it; every cost must be positive;
        - "exponential": cost itself;
        - names of columns of the pairs, which enter as they are.
    cost : str, default "distance"
        Column of the cost of a way.
    regressors : list of str, optional
        Further columns of the pairs, such as a border that is shared.
    push, pull : str, optional
        Variables of the cities, as the right-hand side of a formula, ``"log(gdp) + C(region)"``, in the place of
        effects of origins (`push`) or of destinations (`pull`). They are taken from the table of cities given to
        `fit`.
    effects : {"both", "origin", "destination", "none"}, default "both"
        Which cities have an effect of their own.
    cov_type : {"poisson", "robust", "cluster"}, default "robust"
        - "poisson": the inverse information, right if the variance is the mean;
        - "robust": for flows that are independent, of any variance;
        - "cluster": for flows that depend on each other within clusters.
    cluster : {"origin", "destination", "two-way", "pair"}, default "origin"
        Flows that depend on each other: of one origin, of one destination, both (Cameron, Gelbach and Miller 2011),
        or the two directions between two cities.
    own : bool, default False
        Whether flows of a city to itself are modelled.
    separated : {"raise", "leave out"}, default "raise"
        What is done with cities that send or receive nothing, whose effect would be minus infinity: an error, or
        their pairs are left out and the summary names them. Pairs without a flow are otherwise data like all others.

    See Also
    --------
    second_stage : relates the attraction to what cities have.
    SpatialGravity : for flows that depend on those of neighbouring cities.

    Notes
    -----
    The estimate is that of pyfixest (`fit_arrays` starts at zero), improved by Newton steps until it is exact to
    rounding. The covariance of the
    effects of one side is the sandwich of the whole likelihood: effects of the other side form a diagonal block of
    the information and are eliminated exactly, so that 300 by 300 cities take a matrix of 300. Residuals
    enter the sandwich divided by one less their leverage (HC3, the jackknife of MacKinnon and White 1985), also
    within clusters, without a further factor: an effect of every city takes up much of the larger flows, and plain
    sandwiches are too small (Weidner and Zylkin 2021). Where a two-way covariance
    of the coefficients has negative eigenvalues, these are set to zero.

    The effect of a destination is estimated from its own flows, whose scores sum to zero. Clustering by destination
    would therefore give it no error at all; the errors of `attraction_` are clustered by the other side then
    ("two-way") or robust ("destination"). What the flows to one city share *is* its attraction. Likewise for `push_`.

    References
    ----------
    Santos Silva, J. M. C. and Tenreyro, S. (2006). The log of gravity. Review of Economics and Statistics 88,
    641-658.

    Correia, S., Guimarães, P. and Zylkin, T. (2020). Fast Poisson estimation with high-dimensional fixed effects.
    Stata Journal 20, 95-115.

    MacKinnon, J. G. and White, H. (1985). Some heteroskedasticity-consistent covariance matrix estimators with
    improved finite sample properties. Journal of Econometrics 29, 305-325.

    Weidner, M. and Zylkin, T. (2021). Bias and consistency in three-way gravity models. Journal of International
    Economics 132, 103513.

    Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2011). Robust inference with multiway clustering. Journal of
    Business and Economic Statistics 29, 238-249.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> od = sh.datasets.load_flows()  # simulated
    >>> model = sh.attraction.GravityModel(cov_type="cluster").fit(od)
    >>> bool(abs(model.params_["log(distance)"] + 1.1) < 2 * model.std_errors_["log(distance)"])
    True
    >>> model.attraction_["estimate"].nlargest(3).index.to_list()
    ['Tianjin', 'Beijing', 'Shanghai']
    """

    def __init__(
        self,
        origin: str = "origin",
        destination: str = "destination",
        value: str = "trips",
        deterrence: Deterrence | list[str] = "power",
        cost: str = "distance",
        regressors: list[str] | None = None,
        push: str | None = None,
        pull: str | None = None,
        effects: FlowEffects = "both",
        cov_type: FlowCovariance = "robust",
        cluster: Literal["origin", "destination", "two-way", "pair"] = "origin",
        own: bool = False,
        separated: Literal["raise", "leave out"] = "raise",
    ) -> None:
        self.origin = origin
        self.destination = destination
        self.value = value
        self.deterrence = deterrence
        self.cost = cost
        self.regressors = regressors
        self.push = push
        self.pull = pull
        self.effects = effects
        self.cov_type = cov_type
        self.cluster = cluster
        self.own = own
        self.separated = separated

    def fit(self: _Self, od: pd.DataFrame | FlowTable, cities: pd.DataFrame | None = None) -> _Self:
        """Fit to a table of flows.

        Parameters
        ----------
        od : DataFrame or FlowTable
            One row a pair, with its cost. Rows that are absent are unknown flows, not zeros.
        cities : DataFrame, optional
            Indexed by city, with the variables of `push` and `pull`.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        DataError, OptionError, FormulaError
            And their kin in `spatialhealth.errors`: what is wrong with the table or an option.
        SeparationError, IdentificationError, CollinearityError, ConvergenceError
            If an effect or coefficient has no finite or no single estimate.
        MissingLibraryError
            If pyfixest is not installed.
        """
        columns = self._check()
        table = flow_table(od, self.origin, self.destination, self.value, columns.needed, own=self.own)
        return self._fitted(columns, table, cities, by_pyfixest)

    def fit_arrays(
        self: _Self, origin: Any, destination: Any, flows: Any, columns: Mapping[str, Any]
    ) -> _Self:
        """Fit to flows that are arrays; needs numpy and scipy only.

        Parameters
        ----------
        origin, destination : sequence of length m
            Cities of each pair.
        flows : array-like of shape (m,)
        columns : mapping of str to array-like of shape (m,)
            The cost and the regressors, by the names that the model gives them.

        Returns
        -------
        The estimator itself.

        Raises
        ------
        DataError, OptionError, SeparationError, IdentificationError, CollinearityError, ConvergenceError
            As `fit`. Variables of the cities (`push`, `pull`) need tables.

        Notes
        -----
        The estimate is that of `fit`. Newton's method starts at zero coefficients, after it has been checked that
        there is one finite maximum.
        """
        if self.push is not None or self.pull is not None:
            raise OptionError(
                "GravityModel.fit_arrays: push and pull need tables. Use fit, or leave them out."
            )
        read, names = self._check(), (self.origin, self.destination, self.value)
        table = flow_arrays(origin, destination, flows, columns, names, own=self.own)
        return self._fitted(read, table, None, from_zero)

    def _fitted(
        self: _Self,
        columns: PairColumns,
        table: FlowTable,
        cities: Any,
        start: Callable[[PoissonDesign], Array],
    ) -> _Self:
        has = {side: self.effects in ("both", side) for side in ("origin", "destination")}
        empty: dict[str, list[Any]] = {}
        if self.separated == "leave out":
            table, empty = without_empty(table, has["origin"], has["destination"])
        check_separation(table, has["origin"], has["destination"])
        terms = tuple(
            CityTerms.read("GravityModel", side, text, cities)
            for side, text in (("origin", self.push), ("destination", self.pull))
            if text is not None
        )
        names = columns.names + tuple(name for term in terms for name in term.names)
        design = poisson_design(table, _columns(columns, terms, table), names, self.effects)
        inference = Inference.of(self.cov_type, self.cluster, table, design)
        facts = table.facts | {
            f"Left out, {_VERBS[side]}": some(left) for side, left in empty.items() if left
        }
        self._result = inference.result(table, design, fit_poisson(design, start), facts)
        self._table, self._columns, self._terms = table, columns, terms
        return self

    def _check(self) -> PairColumns:
        owner = "GravityModel"
        check_option(owner, "effects", self.effects, FlowEffects)
        check_option(owner, "cov_type", self.cov_type, FlowCovariance)
        check_option(owner, "cluster", self.cluster, _CLUSTERS)
        check_option(owner, "separated", self.separated, ("raise", "leave out"))
        for side, text, option in (("origin", self.push, "push"), ("destination", self.pull, "pull")):
            if text is not None and self.effects in ("both", side):
                other = {"both": "destination" if side == "origin" else "origin"}.get(self.effects, "none")
                raise AbsorbedRegressorError(
                    f"{owner}: effects={self.effects!r} has an effect of each {side}, which leaves nothing of "
                    f"{option}={text!r}. Use effects={other!r}, or explain the effects in second_stage."
                )
        return pair_columns(owner, self.deterrence, self.cost, self.regressors)

    @property
    def result_(self) -> GravityResult:
        """The frozen result: everything the model knows, as arrays and names."""
        if "_result" not in self.__dict__:
            raise NotFittedError("This GravityModel has not been fitted yet. Call fit first.")
        return self._result

    @property
    def params_(self) -> pd.Series:
        """Coefficients by name."""
        pd = pandas_for("params_", "result_.params")
        return pd.Series(self.result_.params.copy(), index=list(self.result_.param_names), name="estimate")

    @property
    def std_errors_(self) -> pd.Series:
        """Standard errors by name."""
        pd = pandas_for("std_errors_", "result_.std_errors")
        return pd.Series(self.result_.std_errors, index=list(self.result_.param_names), name="std_error")

    @property
    def cov_(self) -> pd.DataFrame:
        """Covariance of the coefficients."""
        pd = pandas_for("cov_", "result_.covariance")
        names = list(self.result_.param_names)
        return pd.DataFrame(self.result_.covariance.copy(), index=names, columns=names)

    @property
    def attraction_(self) -> pd.DataFrame:
        """Attraction of each destination: the logarithm of its effect, with mean zero, and its standard error.

        A city whose estimate is higher by d receives exp(d) times the flow from every origin at the same cost.
        """
        return self._effects("destination").to_frame()

    @property
    def push_(self) -> pd.DataFrame:
        """Push of each origin: the logarithm of its effect, with mean zero, and its standard error."""
        return self._effects("origin").to_frame()

    def _effects(self, side: str) -> CityEffects:
        if side not in self.result_.effects:
            raise NotFittedError(
                f"This GravityModel has effects={self.effects!r}, so {side}s have none. Use effects='both'."
            )
        return self.result_.effects[side]

    @property
    def fitted_values_(self) -> pd.Series:
        """Expected flows, by origin and destination."""
        return self._labelled(self._result_table, self.result_.mu)

    @property
    def _result_table(self) -> FlowTable:
        self.result_  # noqa: B018 - raises before a fit
        table: FlowTable = self.__dict__["_table"]
        return table

    def _labelled(self, table: FlowTable, values: Array) -> pd.Series:
        pd = pandas_for("predict", "result_.mu")
        pairs = table.pairs
        index = pd.MultiIndex.from_arrays(
            [pairs.ids[pairs.origin], pairs.ids[pairs.destination]], names=list(table.names[:2])
        )
        return pd.Series(values, index=index, name="predicted")

    def predict(
        self, od: pd.DataFrame | FlowTable | None = None, cities: pd.DataFrame | None = None
    ) -> pd.Series:
        """Give expected flows.

        Parameters
        ----------
        od : DataFrame or FlowTable, optional
            Pairs with their costs; flows need not be there. Those of the fit by default.
        cities : DataFrame, optional
            Variables of `push` and `pull`, when others than those of the fit.

        Returns
        -------
        Series
            Indexed by origin and destination, in the order of the rows.

        Raises
        ------
        PredictionError
            If a city has no effect in this fit.
        NotFittedError, DataError, OptionError
        """
        result, table = self.result_, self._result_table
        if od is not None:
            rows: Any = od
            if hasattr(rows, "assign") and self.value not in rows.columns:
                rows = rows.assign(**{self.value: 0.0})
            columns = self._columns.needed
            table = flow_table(rows, self.origin, self.destination, self.value, columns, own=self.own)
        x = _columns(self._columns, self._terms, table, cities)
        if CONSTANT in result.param_names:
            x = np.column_stack([np.ones(len(x)), x])
        eta = x @ result.params
        for side, effects in result.effects.items():
            known = dict(zip(effects.cities.tolist(), effects.estimates + effects.level, strict=True))
            ids = table.cities[getattr(table.pairs, side)].tolist()
            lacking = list(dict.fromkeys(one for one in ids if one not in known))
            if lacking:
                raise PredictionError(
                    f"Cities without an effect as {side} in this fit: {some(lacking)}. Leave their pairs out, or "
                    "fit with push= and pull= in the place of effects."
                )
            eta = eta + np.array([known[one] for one in ids])
        return self._labelled(table, np.exp(eta))

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


def _columns(
    columns: PairColumns, terms: tuple[CityTerms, ...], table: FlowTable, cities: Any = None
) -> Array:
    """Give what deters, pushes and pulls, shape (m, k)."""
    parts = [columns.of(table)]
    for term in terms:
        ends = getattr(table.pairs, term.side)
        used, codes = np.unique(ends, return_inverse=True)
        parts.append(term.of(table.cities[used], cities)[codes])
    return np.column_stack(parts)
