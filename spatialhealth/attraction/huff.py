"""HuffModel: which hospital people choose, from its size and the way to it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_number, check_option, check_positive
from spatialhealth.attraction.cost_arrays import reach_of_points
from spatialhealth.attraction.costs import check_cost
from spatialhealth.attraction.decay import Decay, check_decay
from spatialhealth.attraction.huff_calibrate import calibrate
from spatialhealth.attraction.huff_fit import Choices, check_above_zero
from spatialhealth.attraction.huff_flows import Flows, flow_counts, read_flow_arrays, read_flows
from spatialhealth.attraction.huff_result import ChoiceShares, HuffResult
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import (
    DataError,
    NotFittedError,
    OptionError,
    UnreachableWarning,
    some,
)
from spatialhealth.models.estimator import Estimator
from spatialhealth.weights.tables import column_of, index_of, labels_of, numbers_of, numbers_of_array

__all__ = ["HuffModel"]

_OWNER = "HuffModel"
_KINDS = ("power", "exponential", "gaussian")


class HuffModel(Estimator):
    """Huff's model of choice shares, calibrated to flows by maximum likelihood, or with given parameters.

    Parameters
    ----------
    size : str or list of str, default "beds"
        Columns of supply that attract, above zero; each has an exponent.
    cost : GeodesicCost or SuppliedCost, optional
        Geodesic distance by default.
    decay : {"power", "exponential", "gaussian"} or Decay, default "power"
        - "power": c ** -b; "exponential": exp(-b c); "gaussian": exp(-b c**2 / 2). b is estimated as `decay`;
        - a Decay: taken as it is, so that only the exponents of size are estimated. Supply at which it is zero is no
          choice.
    cutoff : float, optional
        Greatest cost of supply that is a choice.
    params : mapping of str to float, optional
        Parameters that are known: the exponent of each column of size, and `decay` if a word names it. The model then
        predicts without a fit.
    cov_type : {"cluster", "observed"}, default "cluster"
        - "cluster": by place of demand, for people of one place choose alike and flows are overdispersed;
        - "observed": the inverse of the observed information, right if all people choose independently.
    tier : str, optional
        Column of supply by which patients can be added up.

    Raises
    ------
    OptionError
        From `fit` and `predict`: an option is unknown, or does not fit another.
    DataError, MissingDataError, NonNumericError, NonFiniteError, DuplicateError, LabelError
        From `fit` and `predict`: a column, or the flows, are absent or hold what they must not.
    AlignmentError, GeometryError, CoordinateSystemError, SizeError
        From `fit` and `predict`: flows or costs are not of the units of the layers, or no cost can be found.
    IdentificationError, ConvergenceError
        From `fit`: the flows cannot tell the parameters.

    See Also
    --------
    FloatingCatchment : what people have in reach, whether they go or not.

    Notes
    -----
    Of the people of place i the share

        p_ij = prod_k s_kj ** a_k f(c_ij; b) / sum_l prod_k s_kl ** a_k f(c_il; b)

    chooses hospital j. The likelihood of flows n_ij is that of a conditional logit, sum n_ij ln p_ij: concave in
    (a, b), so that Newton's method finds its only maximum. Pairs that the flows do not list count as zero. With a
    power neither a nor b depends on the unit of costs. The number of hospitals in reach makes a choice set: with
    another cutoff the model is another.

    References
    ----------
    Huff, D. L. (1964). Defining and estimating a trading area. Journal of Marketing 28(3), 34-38.

    McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior. In P. Zarembka (ed.), Frontiers in
    Econometrics, 105-142. Academic Press.

    Examples
    --------
    >>> import pandas as pd
    >>> from spatialhealth.attraction import HuffModel, SuppliedCost
    >>> places, beds = pd.DataFrame(index=["a", "b"]), pd.DataFrame({"beds": [400, 100]}, index=["h", "k"])
    >>> minutes = SuppliedCost(pd.DataFrame({"h": [20.0, 20.0], "k": [10.0, 20.0]}, index=["a", "b"]))
    >>> model = HuffModel(cost=minutes, params={"beds": 1, "decay": 2})
    >>> model.predict(places, beds).table["share"].round(6).to_list()
    [0.5, 0.5, 0.8, 0.2]
    """

    _result: HuffResult
    _layers: tuple[Any, Any]

    def __init__(
        self,
        size: Any = "beds",
        cost: Any = None,
        decay: Any = "power",
        cutoff: float | None = None,
        params: Mapping[str, float] | None = None,
        cov_type: str = "cluster",
        tier: str | None = None,
    ) -> None:
        self.size = size
        self.cost = cost
        self.decay = decay
        self.cutoff = cutoff
        self.params = params
        self.cov_type = cov_type
        self.tier = tier

    def fit(
        self,
        flows: Any,
        demand: Any,
        supply: Any,
        origin: str = "origin",
        destination: str = "destination",
        value: str = "value",
    ) -> HuffModel:
        """Calibrate the model to flows.

        Parameters
        ----------
        flows : DataFrame or Series
            People from each place to each hospital: a table with three columns, or a Series indexed by (place,
            hospital). Pairs not listed are zero.
        demand, supply : GeoDataFrame, or DataFrame if costs are supplied
            Layers with the ids in their indexes; supply has the columns of `size`.
        origin, destination, value : str
            Columns of the table of flows.

        Returns
        -------
        HuffModel
            Itself, with `result_`.

        Raises
        ------
        OptionError, DataError, AlignmentError, IdentificationError, ConvergenceError, GeometryError, SizeError
            See the class.
        """
        self._check_fit()
        choices = self._choices(demand, supply)
        self._calibrated(choices, demand.index, read_flows(flows, origin, destination, value))
        self._layers = (demand, supply)
        return self

    def fit_arrays(
        self,
        demand: Any,
        supply: Any,
        sizes: Any,
        flows: tuple[Any, Any, Any],
        geographic: bool = False,
        ids: Any = None,
    ) -> HuffModel:
        """Calibrate the model to flows between arrays; needs numpy and scipy only, on a plane.

        Parameters
        ----------
        demand, supply : array of shape (n, 2) and (m, 2)
        sizes : array of shape (m, k)
            As for `predict_arrays`.
        flows : tuple of three sequences
            Place, hospital (both by their ids) and people of each pair. Pairs not listed are zero.
        geographic : bool, default False
        ids : tuple of two sequences, of lengths n and m, optional
            As for `predict_arrays`.

        Returns
        -------
        HuffModel
            Itself, with `result_`.

        Raises
        ------
        OptionError, DataError, AlignmentError, IdentificationError, ConvergenceError, SizeError
            See the class.
        """
        self._check_fit()
        choices, places = self._choices_of(demand, supply, sizes, geographic, ids)
        self._calibrated(choices, places, read_flow_arrays(*flows))
        self.__dict__.pop("_layers", None)  # of a fit before
        return self

    def _calibrated(self, choices: Choices, demand: Any, flows: Flows) -> None:
        counts = flow_counts(choices.pairs, demand, flows)
        self._result = calibrate(choices, counts, self._names(), self.cov_type, self.decay)

    def _check_fit(self) -> None:
        if self.params is not None:
            raise OptionError(
                f"{_OWNER}: params are given, so there is nothing to fit. Leave out one of the two."
            )
        check_option(_OWNER, "cov_type", self.cov_type, ("cluster", "observed"))
        if not self._names():
            raise OptionError(f"{_OWNER}: size is empty and the decay is given. There is nothing to fit.")

    def predict(self, demand: Any = None, supply: Any = None) -> ChoiceShares:
        """Give the choice shares.

        Parameters
        ----------
        demand, supply : GeoDataFrame or DataFrame, optional
            By default those of the fit. Others, with a hospital more for instance, make a scenario.

        Returns
        -------
        ChoiceShares

        Raises
        ------
        NotFittedError
            If there are neither a fit nor params.
        OptionError, DataError, AlignmentError, GeometryError, CoordinateSystemError, SizeError
            See the class.
        """
        params, covariance = self._parameters()
        if demand is None or supply is None:
            if "_layers" not in self.__dict__:
                raise OptionError(
                    f"{_OWNER}.predict: give demand and supply; there was no fit to take them from."
                )
            demand = self._layers[0] if demand is None else demand
            supply = self._layers[1] if supply is None else supply
        choices = self._choices(demand, supply)
        absent = demand.index[~demand.index.isin(choices.pairs.demand)]
        if len(absent):
            warnings.warn(
                f"{len(absent)} places of demand have no supply in reach, and choose none: {some(absent)}.",
                UnreachableWarning,
                stacklevel=2,
            )
        return ChoiceShares(choices, params, covariance, demand.index, self._tiers(supply))

    def predict_arrays(
        self, demand: Any, supply: Any, sizes: Any, geographic: bool = False, ids: Any = None
    ) -> ChoiceShares:
        """Give the choice shares of arrays, by a fit or given parameters; needs numpy and scipy only, on a plane.

        Parameters
        ----------
        demand, supply : array of shape (n, 2) and (m, 2)
            x and y in metres; or longitude and latitude in degrees, if `geographic`. Not read if costs are supplied.
        sizes : array of shape (m, k)
            A column for each name in `size`, positive.
        geographic : bool, default False
            Whether costs are geodesics of the WGS 84 ellipsoid, which pyproj measures.
        ids : tuple of two sequences, of lengths n and m, optional
            Labels of the places and of the hospitals; needed to find costs that are supplied. Positions by default.

        Returns
        -------
        ChoiceShares
            Whose labels are `ids`: `pairs` holds the shares.

        Raises
        ------
        NotFittedError, OptionError, DataError, SizeError, CoordinateSystemError, MissingLibraryError
            See the class.
        """
        params, covariance = self._parameters()
        choices, places = self._choices_of(demand, supply, sizes, geographic, ids)
        return ChoiceShares(choices, params, covariance, places, None)

    def _choices_of(
        self, demand: Any, supply: Any, sizes: Any, geographic: bool, ids: Any
    ) -> tuple[Choices, Any]:
        """Give what the places with supply in reach choose from, and the labels of all."""
        given, within = self._given()
        costs = reach_of_points(_OWNER, self.cost, demand, supply, geographic, within, ids)
        sizes = np.asarray(sizes, dtype=float)
        sizes = sizes[:, None] if sizes.ndim == 1 else sizes
        if sizes.shape[1] != len(self._sizes()):
            raise OptionError(f"{_OWNER}: sizes must have the columns {', '.join(self._sizes())}.")
        logs = [
            np.log(numbers_of_array(f"{_OWNER}: {name!r}", values, len(costs.supply), "positive"))
            for name, values in zip(self._sizes(), sizes.T, strict=True)
        ]
        return self._chosen(costs, logs, given), costs.demand

    @property
    def result_(self) -> HuffResult:
        """What `fit` found."""
        try:
            return self.__dict__["_result"]  # type: ignore[no-any-return]
        except KeyError:
            raise NotFittedError(
                f"{_OWNER} has not been fitted yet. Call fit(flows, demand, supply), or give params."
            ) from None

    @property
    def params_(self) -> Any:
        """Parameters, a Series by name."""
        import pandas as pd

        return pd.Series(self.result_.params, index=self.result_.names)

    @property
    def std_errors_(self) -> Any:
        """Standard errors, a Series by name."""
        import pandas as pd

        return pd.Series(self.result_.std_errors, index=self.result_.names)

    def summary(self) -> str:
        """Give the summary of the result."""
        return self.result_.summary()

    def _sizes(self) -> tuple[str, ...]:
        listed = isinstance(self.size, (list, tuple))
        sizes = tuple(self.size) if listed else (self.size,)
        if (
            not all(isinstance(name, str) for name in sizes)
            or len(set(sizes)) < len(sizes)
            or "decay" in sizes
        ):
            raise OptionError(f"{_OWNER}: size={self.size!r} must name each column once, and none 'decay'.")
        return sizes

    def _names(self) -> tuple[str, ...]:
        if isinstance(self.decay, str):
            check_option(_OWNER, "decay", self.decay, _KINDS)
            return (*self._sizes(), "decay")
        check_decay(_OWNER, self.decay)
        return self._sizes()

    def _parameters(self) -> tuple[Array, Array | None]:
        if self.params is None:
            return self.result_.params, self.result_.covariance
        names = self._names()
        if set(self.params) != set(names):
            raise OptionError(
                f"{_OWNER}: params={dict(self.params)!r} must have these names: {', '.join(names)}."
            )
        return np.array([check_number(_OWNER, f"params[{n!r}]", self.params[n]) for n in names]), None

    def _tiers(self, supply: Any) -> Array | None:
        if self.tier is None:
            return None
        tiers = column_of(f"{_OWNER}: the layer of supply", supply, self.tier)
        return labels_of(f"{_OWNER}: {self.tier!r} of supply", tiers)

    def _choices(self, demand: Any, supply: Any) -> Choices:
        """Give what the places with supply in reach choose from."""
        for what, layer in (("The layer of demand", demand), ("The layer of supply", supply)):
            index_of(what, layer)
        columns = [column_of(f"{_OWNER}: the layer of supply", supply, name) for name in self._sizes()]
        logs = [
            np.log(numbers_of(f"{_OWNER}: {name!r} of supply", values, sign="positive"))
            for name, values in zip(self._sizes(), columns, strict=True)
        ]
        given, within = self._given()
        return self._chosen(check_cost(_OWNER, self.cost).reach(demand, supply, within), logs, given)

    def _given(self) -> tuple[Decay | None, float]:
        """Give the decay, if it is not estimated, and the greatest cost in reach."""
        names = self._names()
        within = np.inf if self.cutoff is None else float(check_positive(_OWNER, "cutoff", self.cutoff))
        if len(names) > len(self._sizes()):
            return None, within
        decay = check_decay(_OWNER, self.decay)
        return decay, min(within, decay.reach)

    def _chosen(self, costs: Reach, logs: list[Array], given: Decay | None) -> Choices:
        offset = None
        if given is not None:
            weights = costs.weighted(_OWNER, given)
            offset = np.log(weights.value)
            costs = costs.kept(given(costs.value) > 0)
        elif self.decay == "power":
            check_above_zero(_OWNER, costs)
        inside = np.flatnonzero(np.diff(costs.start) > 0)
        if not len(inside):
            raise DataError(f"{_OWNER}: no place of demand has supply in reach. Give a larger cutoff.")
        start = np.append(costs.start[inside], costs.start[-1])
        pairs = Reach(costs.demand[inside], costs.supply, start, costs.place, costs.value)
        size = np.column_stack(logs) if logs else np.empty((len(costs.supply), 0))
        return Choices(pairs, size, self.decay if given is None else None, offset)
