"""The cost of getting from demand to supply: measured in metres, or supplied in a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth._validation import check_number, check_positive
from spatialhealth.attraction.reach import Reach, check_size
from spatialhealth.errors import (
    AlignmentError,
    CoordinateSystemError,
    DataError,
    DuplicateError,
    LabelError,
    MissingDataError,
    OptionError,
    some,
)
from spatialhealth.weights.frames import ids_of, metric_of
from spatialhealth.weights.ids import id_array, places
from spatialhealth.weights.metric import Metric
from spatialhealth.weights.pairs import coded, first_repeated, label_pairs, named_pairs, pair_numbers
from spatialhealth.weights.tables import column_of, index_of, numbers_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cost", "GeodesicCost", "SuppliedCost", "check_cost"]


class Cost(ABC):
    """A way to find the cost between places of demand and places of supply."""

    @abstractmethod
    def reach(self, demand: Any, supply: Any, within: float = np.inf) -> Reach:
        """Give the costs of all pairs at most so far apart; the labels are those of the layers' indexes."""

    def between(self, demand: Any, supply: Any, cutoff: float | None = None) -> pd.DataFrame:
        """Give the costs as a table.

        Parameters
        ----------
        demand, supply : GeoDataFrame or DataFrame
            Layers, their indexes the ids.
        cutoff : float, optional
            Greatest cost.

        Returns
        -------
        DataFrame
            Columns demand, supply, cost; in the order of the two layers.

        Raises
        ------
        OptionError, AlignmentError, DataError, GeometryError, CoordinateSystemError, SizeError
            See the class.
        """
        import pandas as pd

        within = np.inf if cutoff is None else check_positive(type(self).__name__, "cutoff", cutoff)
        pairs = self.reach(demand, supply, within)
        return pd.DataFrame(
            {
                "demand": pairs.demand[pairs.rows],
                "supply": pairs.supply[pairs.place],
                "cost": pairs.value,
            }
        )


@dataclass(frozen=True)
class GeodesicCost(Cost):
    """Distance in metres: along geodesics of the ellipsoid for degrees, on the plane for a projection.

    Parameters
    ----------
    minimum : float, default 0
        Metres that shorter distances count as, for decays that are infinite at zero.

    Raises
    ------
    OptionError
        If `minimum` is negative.
    CoordinateSystemError, GeometryError, DuplicateError
        In use, if a layer cannot be measured, or the two have not one coordinate reference system.
    SizeError
        In use, if more than 100,000,000 pairs lie within reach.

    Notes
    -----
    Polygons stand by their centroids. Candidates come from a k-d tree of points in space, whose straight lines are
    never longer than geodesics; each is then measured (Karney's algorithm, by PROJ), a million pairs at a time and in
    one to two seconds each million.

    Examples
    --------
    >>> import geopandas as gpd
    >>> towns = gpd.GeoDataFrame(index=["a", "b"], geometry=gpd.points_from_xy([0, 1], [0, 0]), crs="EPSG:4326")
    >>> hospital = gpd.GeoDataFrame(index=["h"], geometry=gpd.points_from_xy([0], [0]), crs="EPSG:4326")
    >>> GeodesicCost(minimum=500).between(towns, hospital)["cost"].round().tolist()
    [500.0, 111319.0]
    """

    minimum: float = 0.0

    def __post_init__(self) -> None:
        if check_number("GeodesicCost", "minimum", self.minimum) < 0:
            raise OptionError(f"GeodesicCost: minimum={self.minimum!r} must be at least zero, in metres.")

    def reach(self, demand: Any, supply: Any, within: float = np.inf) -> Reach:
        """Give the distances of all pairs at most so many metres apart."""
        return self.reach_of(_together(demand, supply)[0], demand.index, supply.index, within)

    def reach_of(self, metric: Any, demand: Any, supply: Any, within: float = np.inf) -> Reach:
        """Give the distances of all pairs of points at most so many metres apart.

        Parameters
        ----------
        metric : Metric
            Of the points of demand, then those of supply.
        demand, supply : Index or ndarray
            Their labels.
        within : float, optional
            Greatest distance in metres.

        Returns
        -------
        Reach
        """
        n, m = len(demand), len(supply)
        points = metric.embedded()
        tree = None if np.isinf(within) else cKDTree(points[n:])
        if tree is None:
            counts = np.full(n, m)
        else:
            counts = tree.query_ball_point(points[:n], metric.reach(within), return_length=True)
        start = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        check_size(int(start[-1]), n, m)
        shape = Reach(demand, supply, start, np.empty(0), np.empty(0))
        parts = track(list(shape.chunks()), "Distances")
        found = [_measured(metric, points, n, part, tree, within) for part in parts]
        rows = np.concatenate([np.bincount(i, minlength=last - first) for i, _, _, first, last in found])
        return Reach(
            demand,
            supply,
            np.concatenate([[0], np.cumsum(rows, dtype=np.int64)]),
            np.concatenate([j for _, j, _, _, _ in found]),
            np.maximum(np.concatenate([cost for _, _, cost, _, _ in found]), self.minimum),
        )


def _together(demand: Any, supply: Any) -> tuple[Any, int, int]:
    """Give one metric of the points of both layers, demand first, and the number of each."""
    metrics: list[Any] = []
    for what, layer in (("demand", demand), ("supply", supply)):
        try:
            metrics.append(metric_of(layer, ids_of(layer)))
        except ValueError as error:
            error.add_note(f"in the layer of {what}")
            raise
    if demand.crs != supply.crs:
        raise CoordinateSystemError(
            f"Demand is in {demand.crs.name!r} and supply in {supply.crs.name!r}. "
            "Bring both to one coordinate system: supply.to_crs(demand.crs)."
        )
    first, second = metrics
    both = np.vstack([first.points, second.points])
    return replace(first, points=both), len(first.points), len(second.points)


def _measured(
    metric: Metric, points: Array, n: int, part: tuple[int, int], tree: Any, within: float
) -> tuple[Array, Array, Array, int, int]:
    """Give the pairs of a range of demand within reach: its positions in the range, supply, cost; and the range."""
    first, last = part
    if tree is None:
        m = len(points) - n
        i, j = np.repeat(np.arange(last - first), m), np.tile(np.arange(m), last - first)
    else:
        near = cKDTree(points[first:last]).sparse_distance_matrix(
            tree, metric.reach(within), output_type="ndarray"
        )
        order = np.lexsort((near["j"], near["i"]))
        i, j = near["i"][order], near["j"][order]
    cost = metric.measure(i + first, j + n)
    inside = cost <= within
    return i[inside].astype(np.int32), j[inside].astype(np.int32), cost[inside], first, last


@dataclass(frozen=True, eq=False, repr=False)
class SuppliedCost(Cost):
    """Costs from a table: minutes by road, fares, anything that is at least zero.

    Parameters
    ----------
    table : DataFrame or mapping of str to array
        Long, with a row for each pair; or wide, with ids of demand as its index and ids of supply as its columns.
        What a long table does not list is out of reach; a wide one must hold every unit. A mapping holds the columns
        of a long table as arrays, and needs numpy only.
    demand, supply, cost : str
        Columns of a long table.

    Raises
    ------
    DuplicateError
        If a pair, or a label of a wide table, stands twice.
    MissingDataError, NonFiniteError, DataError, NonNumericError
        If a cost is missing, infinite, negative or no number; leave out pairs that no way joins.
    AlignmentError
        In use, if the table names units that the layers do not have, or a wide one lacks some.

    Examples
    --------
    >>> import pandas as pd
    >>> minutes = pd.DataFrame({"demand": ["a", "a", "b"], "supply": ["h", "k", "k"], "cost": [5.0, 20.0, 12.0]})
    >>> demand, supply = pd.DataFrame(index=["a", "b"]), pd.DataFrame(index=["h", "k"])
    >>> SuppliedCost(minutes).between(demand, supply, cutoff=15)["cost"].tolist()
    [5.0, 12.0]
    """

    table: Any = field(repr=False)
    demand: str = "demand"
    supply: str = "supply"
    cost: str = "cost"
    _read: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        table = self.table
        if isinstance(table, Mapping):
            object.__setattr__(self, "_read", self._from_arrays())
            return
        if not (hasattr(table, "columns") and hasattr(table, "index")):
            raise LabelError(f"SuppliedCost: the table must be a DataFrame; it is {type(table).__name__}.")
        long = {self.demand, self.supply, self.cost} <= set(table.columns)
        object.__setattr__(self, "_read", self._from_long() if long else self._from_wide())

    def __repr__(self) -> str:
        demand, supply, _, _, cost, _ = self._read
        return f"SuppliedCost(<{len(cost)} pairs, {len(demand)} x {len(supply)}>)"

    def _from_long(self) -> tuple[Any, ...]:
        import pandas as pd

        columns = [self.table[name] for name in (self.demand, self.supply)]
        for name, values in zip((self.demand, self.supply), columns, strict=True):
            missing = np.flatnonzero(values.isna().to_numpy())
            if len(missing):
                raise MissingDataError(
                    f"SuppliedCost: the column {name!r} is missing in the rows {some(missing.tolist())}. "
                    "Name the unit of each, or leave the rows out."
                )
        (i, demand), (j, supply) = (pd.factorize(values) for values in columns)
        ends = self._once(id_array(demand), id_array(supply), i, j)
        pairs = pd.MultiIndex.from_arrays(columns)
        cost = numbers_of(
            f"SuppliedCost: {self.cost!r}", self.table[self.cost].set_axis(pairs), sign="not negative"
        )
        return *ends, cost, False

    def _from_arrays(self) -> tuple[Any, ...]:
        names = (self.demand, self.supply, self.cost)
        lacking = [name for name in names if name not in self.table]
        if lacking:
            raise LabelError(f"SuppliedCost: the mapping has no {some(lacking)}. Give three arrays by name.")
        i, j, cost = (self.table[name] for name in names)
        demand, supply = label_pairs("SuppliedCost", names[:2], i, j)
        numbers = pair_numbers(self.cost, cost, (demand, supply))
        if (numbers < 0).any():
            where = some(named_pairs((demand, supply), numbers < 0))
            raise DataError(f"SuppliedCost: {self.cost!r} is negative for {where}. It must be zero or more.")
        (demand, i), (supply, j) = coded(demand), coded(supply)
        return *self._once(demand, supply, i, j), numbers, False

    def _once(self, demand: Array, supply: Array, i: Array, j: Array) -> tuple[Array, Array, Array, Array]:
        """Give the ids and the positions of the pairs among them, after checking that no pair stands twice."""
        twice = first_repeated(i, j)
        if len(twice):
            named = some(named_pairs((demand[i], supply[j]), twice))
            raise DuplicateError(f"SuppliedCost: pairs stand more than once: {named}. Keep one cost each.")
        return demand, supply, i, j

    def _from_wide(self) -> tuple[Any, ...]:
        import pandas as pd

        table = self.table
        if {self.demand, self.supply, self.cost} & set(table.columns):
            for name in (self.demand, self.supply, self.cost):
                column_of("SuppliedCost: a long table", table, name)
        demand = index_of("SuppliedCost: the table", table)
        supply = index_of("SuppliedCost: the row of its columns", pd.DataFrame(index=table.columns))
        numeric = all(getattr(dtype, "kind", "O") in "iufb" for dtype in table.dtypes)
        values = table.to_numpy(dtype=float, na_value=np.nan) if numeric else table.to_numpy()
        flat = pd.Series(values.ravel(), index=pd.MultiIndex.from_product([demand, supply]))
        cost = numbers_of("SuppliedCost: the cost", flat, sign="not negative")
        i, j = np.divmod(np.arange(len(cost)), len(supply))
        return id_array(demand), id_array(supply), i, j, cost, True

    def reach(self, demand: Any, supply: Any, within: float = np.inf) -> Reach:
        """Give the costs of the table that are at most `within`."""
        ours = index_of("The layer of demand", demand), index_of("The layer of supply", supply)
        return self.reach_of(*ours, within)

    def reach_of(self, demand: Any, supply: Any, within: float = np.inf) -> Reach:
        """Give the costs at most `within` between places of these labels."""
        ours = (demand, supply)
        demand_ids, supply_ids, i, j, cost, complete = self._read
        found = []
        for what, labels_, theirs in zip(("demand", "supply"), ours, (demand_ids, supply_ids), strict=True):
            mine = id_array(labels_)
            place = places(mine, theirs)
            unknown = theirs[place < 0]
            lacking = mine[places(theirs, mine) < 0] if complete else mine[:0]
            for labels, where in ((unknown, "only in the table of costs"), (lacking, "not in it")):
                if len(labels):
                    raise AlignmentError(
                        f"SuppliedCost: units of {what} {where}: {some(labels)}. Give costs of the units of the "
                        "layer."
                    )
            found.append(place.astype(np.int32))
        near = cost <= within
        i, j, cost = found[0][i[near]], found[1][j[near]], cost[near]
        check_size(len(cost), len(ours[0]), len(ours[1]))
        order = np.lexsort((j, i))
        start = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=len(ours[0])), dtype=np.int64)])
        return Reach(demand, supply, start, j[order], cost[order])


def check_cost(owner: str, cost: Any) -> Cost:
    """Give back a cost, a measure of distances for None, or say which there are."""
    if cost is None:
        return GeodesicCost()
    if isinstance(cost, Cost):
        return cost
    raise OptionError(
        f"{owner}: cost={cost!r} is no cost. Give GeodesicCost() or SuppliedCost(table) of spatialhealth.attraction."
    )
