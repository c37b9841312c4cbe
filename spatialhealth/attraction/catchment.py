"""FloatingCatchment: how much supply each place has in reach, when those in reach of a hospital share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_option, check_positive
from spatialhealth.attraction.catchment_raam import equilibrium
from spatialhealth.attraction.catchment_result import CatchmentResult, CatchmentSensitivity
from spatialhealth.attraction.catchment_seen import check_catchment, lived_by, reaching, warn_of_catchment
from spatialhealth.attraction.catchment_steps import floating_catchment, selection_weights
from spatialhealth.attraction.cost_arrays import reach_of_points
from spatialhealth.attraction.costs import check_cost
from spatialhealth.attraction.decay import BinaryDecay, Decay, StepDecay, check_decay
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import NotFittedError, OptionError
from spatialhealth.models.estimator import Estimator
from spatialhealth.weights.tables import column_of, index_of, labels_of, numbers_of, numbers_of_array

__all__ = ["FloatingCatchment"]

_METHODS = ("2SFCA", "E2SFCA", "3SFCA", "RAAM")
_OWNER = "FloatingCatchment"
# weights of zones, as shares of the cutoff: Luo and Qi (2009); Wan, Zou and Sternberg (2012)
_ZONES = {
    "E2SFCA": ((1 / 3, 1.0), (2 / 3, 0.68), (1.0, 0.22)),
    "3SFCA": ((1 / 6, 0.962), (1 / 3, 0.704), (1 / 2, 0.377), (1.0, 0.042)),
}


class FloatingCatchment(Estimator):
    """Accessibility by floating catchments, or by an equilibrium of travel and congestion.

    Parameters
    ----------
    method : {"2SFCA", "E2SFCA", "3SFCA", "RAAM"}, default "E2SFCA"
        - "2SFCA": all supply within the cutoff counts the same (Luo and Wang 2003); another decay may be given;
        - "E2SFCA": the nearer counts more (Luo and Qi 2009);
        - "3SFCA": and a hospital's demand is shared with its rivals (Wan, Zou and Sternberg 2012);
        - "RAAM": people go where travel and congestion together cost least (Saxon and Snow 2020); what it gives is a
          cost, so that less is better.
    cutoff : float, optional
        Greatest cost of supply in reach: metres, or the units of the table of costs. Needed unless a decay is given;
        RAAM takes it or not.
    decay : Decay, optional
        Weight of supply by its cost. By default 1 for "2SFCA"; 1, 0.68 and 0.22 in thirds of the cutoff for "E2SFCA";
        0.962, 0.704, 0.377 and 0.042 up to a sixth, a third, half and the whole of it for "3SFCA". RAAM has none.
    cost : GeodesicCost or SuppliedCost, optional
        Geodesic distance by default.
    population : str, default "population"
        Column of demand: at least zero.
    capacity : str, default "beds"
        Column of supply: above zero.
    tier : str, optional
        Column of supply. The method is also run with the hospitals of each tier alone.
    tau : float, optional
        Of RAAM, and needed by it: cost that a person accepts to avoid a congestion equal to the mean of all places.
    tolerance : float, default 1e-4
        Of RAAM: what people may still save by going elsewhere, as a share of the cost of all, when the search ends.

    Raises
    ------
    OptionError
        From `fit`: an option is unknown, one that the method needs is missing, or no place at all has supply in
        reach.
    DataError, MissingDataError, NonNumericError, NonFiniteError, DuplicateError, LabelError
        From `fit`: a column is absent or holds what it must not, or there are no people at all.
    AlignmentError, GeometryError, CoordinateSystemError, SizeError
        From `fit`: no cost can be found, or too many.
    MissingLibraryError
        From `fit`: PySAL's access is not installed.

    See Also
    --------
    index : one score a city, from beds, tiers and decay.

    Notes
    -----
    With weights f(c_ij), P_i people and S_j beds, a bed of j is shared by sum_k P_k f(c_kj), and

        A_i = sum_j f(c_ij) S_j / sum_k P_k f(c_kj).

    With three stages f is multiplied by the selection weight G_ij = f(c_ij) / sum_l f(c_il) in both sums. In all
    three, sum_i P_i A_i is the capacity of all hospitals that have people in reach (`result_.balance`).

    RAAM's cost is c_ij / tau + L_j / (rho S_j), L_j the people at j and rho the people per bed of all. Its
    equilibrium is found to a stated `gap`.

    The sums are those of PySAL's `access`, on the pairs in reach, a million at a time. `docs/access.md` says where
    this departs from calling `access` itself. Nothing here is estimated from a sample, so there are no standard
    errors; `sensitivity` shows what hangs on decay and cutoff.

    References
    ----------
    Luo, W. and Wang, F. (2003). Measures of spatial accessibility to health care in a GIS environment. Environment
    and Planning B 30, 865-884.

    Luo, W. and Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
    accessibility to primary care physicians. Health & Place 15, 1100-1107.

    Wan, N., Zou, B. and Sternberg, T. (2012). A three-step floating catchment area method for analyzing spatial
    access to health services. International Journal of Geographical Information Science 26, 1073-1089.

    Saxon, J. and Snow, D. (2020). A rational agent model for the spatial accessibility of primary health care. Annals
    of the American Association of Geographers 110, 205-222.

    Examples
    --------
    >>> import pandas as pd
    >>> from spatialhealth.attraction import FloatingCatchment, SuppliedCost
    >>> minutes = pd.DataFrame({"h": [10.0, 20.0], "k": [40.0, 10.0]}, index=["a", "b"])
    >>> people = pd.DataFrame({"population": [100, 300]}, index=["a", "b"])
    >>> beds = pd.DataFrame({"beds": [8, 6]}, index=["h", "k"])
    >>> found = FloatingCatchment("2SFCA", cutoff=30, cost=SuppliedCost(minutes)).fit(people, beds)
    >>> found.accessibility_.to_dict()
    {'a': 0.02, 'b': 0.04}
    """

    _result: CatchmentResult

    def __init__(
        self,
        method: str = "E2SFCA",
        cutoff: float | None = None,
        decay: Any = None,
        cost: Any = None,
        population: str = "population",
        capacity: str = "beds",
        tier: str | None = None,
        tau: float | None = None,
        tolerance: float = 1e-4,
    ) -> None:
        self.method = method
        self.cutoff = cutoff
        self.decay = decay
        self.cost = cost
        self.population = population
        self.capacity = capacity
        self.tier = tier
        self.tau = tau
        self.tolerance = tolerance

    def fit(self, demand: Any, supply: Any) -> FloatingCatchment:
        """Compute the accessibility of demand to supply.

        Parameters
        ----------
        demand : GeoDataFrame, or DataFrame if costs are supplied
            Places with people; its index holds their ids.
        supply : GeoDataFrame, or DataFrame if costs are supplied
            Hospitals with their capacity; its index holds their ids.

        Returns
        -------
        FloatingCatchment
            Itself, with `result_`.

        Raises
        ------
        OptionError, DataError, AlignmentError, GeometryError, CoordinateSystemError, SizeError, MissingLibraryError
            See the class.
        """
        decay, within = self._settings()
        for what, layer in (("The layer of demand", demand), ("The layer of supply", supply)):
            index_of(what, layer)
        people = self._numbers("demand", demand, self.population, "not negative")
        beds = self._numbers("supply", supply, self.capacity, "positive")
        cost = check_cost(_OWNER, self.cost)
        costs = cost.reach(demand, supply, within)
        return self._found(costs, decay, people, beds, self._tiers(supply))

    def fit_arrays(
        self, demand: Any, supply: Any, people: Any, capacity: Any, geographic: bool = False, ids: Any = None
    ) -> FloatingCatchment:
        """Compute the accessibility from arrays; needs numpy and scipy only, on a plane.

        Parameters
        ----------
        demand : array of shape (n, 2)
            Places with people: x and y in metres; or longitude and latitude in degrees, if `geographic`. Not read
            if costs are supplied.
        supply : array of shape (m, 2)
            Hospitals, likewise.
        people : array of shape (n,)
        capacity : array of shape (m,)
        geographic : bool, default False
            Whether costs are geodesics of the WGS 84 ellipsoid, which pyproj measures.
        ids : tuple of two sequences, of lengths n and m, optional
            Labels of the places and of the hospitals; needed to find costs that are supplied. Positions by default.

        Returns
        -------
        FloatingCatchment
            Itself, with `result_`, whose labels are `ids`: `result_.accessibility[""]`, shape (n,), and
            `result_.assigned`, shape (m,).

        Raises
        ------
        OptionError, DataError, SizeError, CoordinateSystemError, MissingLibraryError
            See the class. Tiers need tables.
        """
        if self.tier is not None:
            raise OptionError(f"{_OWNER}.fit_arrays: tiers need tables. Use fit, or leave tier out.")
        decay, within = self._settings()
        costs = reach_of_points(_OWNER, self.cost, demand, supply, geographic, within, ids)
        inhabitants = numbers_of_array(f"{_OWNER}: people", people, len(costs.demand), "not negative")
        beds = numbers_of_array(f"{_OWNER}: capacity", capacity, len(costs.supply), "positive")
        return self._found(costs, decay, inhabitants, beds, None)

    def _found(
        self, costs: Reach, decay: Decay | None, people: Array, beds: Array, tiers: Array | None
    ) -> FloatingCatchment:
        check_catchment(costs, people, self.cutoff)
        cost = check_cost(_OWNER, self.cost)
        names = () if tiers is None else sorted(set(tiers.tolist()), key=str)
        found: dict[str, Array] = {}
        reachable: dict[str, Array] = {}
        found[""], assigned, gap, reachable[""] = self._one(costs, decay, people, beds)
        for name in names:
            of = tiers == name
            key = str(name)
            found[key], _, one, reachable[key] = self._one(costs.of_supply(of), decay, people, beds[of])
            gap = one if gap is None or one is None else max(gap, one)
        self._result = CatchmentResult(
            method=self.method,
            settings={
                "Decay": "none" if decay is None else repr(decay),
                "Cutoff": "none" if self.cutoff is None else f"{self.cutoff:,g}",
                "Cost": repr(cost),
                **({} if self.tau is None else {"tau": f"{self.tau:,g}"}),
            },
            demand=costs.demand,
            supply=costs.supply,
            population=people,
            capacity=beds,
            tiers=tiers,
            accessibility=found,
            reachable=reachable,
            assigned=assigned,
            reached=lived_by(costs, people),
            pairs=len(costs.value),
            gap=gap,
        )
        warn_of_catchment(self._result, costs, self.tolerance)
        return self

    def sensitivity(
        self,
        demand: Any,
        supply: Any,
        decays: Mapping[str, Decay] | Iterable[Decay] = (),
        cutoffs: Iterable[float] = (),
    ) -> CatchmentSensitivity:
        """Compute the accessibility under other decays and cutoffs too.

        Parameters
        ----------
        demand, supply : GeoDataFrame or DataFrame
            As for `fit`.
        decays : mapping of str to Decay, or sequence of Decay
            Each takes the place of the decay, with the cutoff as it is.
        cutoffs : sequence of float
            Each takes the place of the cutoff, with the decay as it is.

        Returns
        -------
        CatchmentSensitivity
            `.table`: by place, the accessibility under each setting, its range, and the range of its rank.
            `.correlations`: of the ranks with those of the estimator's own setting.

        Raises
        ------
        OptionError
            If neither is given, or one is wrong.

        Notes
        -----
        A range over settings that someone chose, not a confidence interval.
        """
        named = dict(decays) if isinstance(decays, Mapping) else {repr(decay): decay for decay in decays}
        changes: dict[str, dict[str, Any]] = {str(name): {"decay": decay} for name, decay in named.items()}
        changes |= {f"cutoff={value:,g}": {"cutoff": value} for value in cutoffs}
        if not changes:
            raise OptionError(f"{_OWNER}.sensitivity: give decays=, cutoffs=, or both, to compare with.")
        changes = {"as set": {}} | changes
        values = {
            name: FloatingCatchment(**{**self.get_params(), **change, "tier": None})
            .fit(demand, supply)
            .result_.accessibility[""]
            for name, change in changes.items()
        }
        return CatchmentSensitivity(demand.index, values, less_is_better=self.method == "RAAM")

    @property
    def result_(self) -> CatchmentResult:
        """What `fit` found."""
        try:
            return self.__dict__["_result"]  # type: ignore[no-any-return]
        except KeyError:
            raise NotFittedError(f"{_OWNER} has not been fitted yet. Call fit(demand, supply).") from None

    @property
    def accessibility_(self) -> Any:
        """Accessibility of each place of demand, a Series by its id."""
        return self.result_.table["accessibility"]

    @property
    def load_(self) -> Any:
        """Demand over capacity of each place of supply, a Series by its id."""
        return self.result_.supply_table["load"]

    def summary(self) -> str:
        """Give the summary of the result."""
        return self.result_.summary()

    def _settings(self) -> tuple[Decay | None, float]:
        """Give the decay, and the greatest cost in reach, of options that fit together."""
        check_option(_OWNER, "method", self.method, _METHODS)
        cutoff = np.inf if self.cutoff is None else float(check_positive(_OWNER, "cutoff", self.cutoff))
        if self.method == "RAAM":
            if self.decay is not None:
                raise OptionError(f"{_OWNER}: RAAM weighs cost by tau and has no decay. Leave decay out.")
            if self.tau is None:
                raise OptionError(
                    f"{_OWNER}: RAAM needs tau, the cost that a person accepts to avoid mean congestion, for example "
                    "tau=60 for minutes."
                )
            check_positive(_OWNER, "tau", self.tau)
            check_positive(_OWNER, "tolerance", self.tolerance)
            return None, cutoff
        if self.tau is not None:
            raise OptionError(f"{_OWNER}: tau is of RAAM; {self.method} does not use it. Leave it out.")
        if self.decay is not None:
            decay = check_decay(_OWNER, self.decay)
            return decay, min(cutoff, decay.reach)
        if self.cutoff is None:
            raise OptionError(f"{_OWNER}: give a cutoff, the greatest cost of supply in reach, or a decay.")
        if self.method == "2SFCA":
            return BinaryDecay(cutoff), cutoff
        return StepDecay(tuple((share * cutoff, w) for share, w in _ZONES[self.method])), cutoff

    def _numbers(self, side: str, layer: Any, column: str, sign: Any) -> Array:
        values = column_of(f"{_OWNER}: the layer of {side}", layer, column)
        return numbers_of(f"{_OWNER}: {column!r} of {side}", values, sign)

    def _tiers(self, supply: Any) -> Array | None:
        if self.tier is None:
            return None
        tiers = column_of(f"{_OWNER}: the layer of supply", supply, self.tier)
        return labels_of(f"{_OWNER}: {self.tier!r} of supply", tiers)

    def _one(
        self, costs: Reach, decay: Decay | None, people: Array, beds: Array
    ) -> tuple[Array, Array, float | None, Array]:
        """Give accessibility, demand at supply, the gap, and which demand has supply in reach."""
        if decay is None:
            assert self.tau is not None
            travel = Reach(costs.demand, costs.supply, costs.start, costs.place, costs.value / self.tau)
            found = equilibrium(travel, people, beds * people.sum() / beds.sum(), self.tolerance)
            return found.cost, found.demand, found.gap, np.diff(costs.start) > 0
        weights = costs.weighted(_OWNER, decay)
        selection = selection_weights(weights) if self.method == "3SFCA" else None
        accessibility, demand = floating_catchment(weights, selection, people, beds)
        shared = reaching(weights, demand > 0)
        return accessibility, demand, None, shared
