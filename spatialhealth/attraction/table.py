"""FlowTable: flows between cities that have been checked, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_finite, check_number, numeric_array
from spatialhealth.errors import (
    AlignmentError,
    CostError,
    CoverageError,
    DuplicateError,
    FlowError,
    OptionError,
    ShapeError,
    did_you_mean,
    some,
)
from spatialhealth.weights.frames import ids_of, metric_of
from spatialhealth.weights.ids import id_array, places
from spatialhealth.weights.pairs import Pairs

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["FlowTable"]


@dataclass(frozen=True, eq=False)
class FlowTable:
    """Flows between cities, one row a pair, with columns of the pair such as cost.

    Made by `flow_table`, which reads a DataFrame.

    Parameters
    ----------
    pairs : Pairs
        Cities, positions of the two ends of each pair, and flows.
    columns : dict of str to ndarray of shape (m,)
        Finite numbers of the pairs.
    names : tuple of str
        Columns of origin, destination and flow.
    left_out : int
        Rows of a city to itself that were left out.
    added : int
        Pairs that were filled in.
    source : str
        Where the flows come from, if they say so.
    """

    pairs: Pairs
    columns: dict[str, Array]
    names: tuple[str, str, str]
    left_out: int = 0
    added: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            if column.shape != self.pairs.value.shape:
                raise ShapeError(
                    f"The column {name!r} must have one number a pair; it has shape {column.shape}."
                )
            column.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable

    @property
    def cities(self) -> Array:
        """Ids of the cities, shape (n,)."""
        return self.pairs.ids

    @property
    def n_cities(self) -> int:
        """Number of cities."""
        return len(self.pairs.ids)

    @property
    def n_pairs(self) -> int:
        """Number of pairs, those with no flow included."""
        return len(self.pairs.value)

    @property
    def has_own(self) -> bool:
        """Whether flows of a city to itself are among the pairs."""
        return bool(self.pairs.own.any())

    @cached_property
    def absent(self) -> Array:
        """Pairs of two different cities that the table does not hold: positions of origin and destination, (a, 2)."""
        n = self.n_cities
        held = np.eye(n, dtype=bool)
        held[self.pairs.origin, self.pairs.destination] = True
        return np.argwhere(~held)

    @cached_property
    def one_way(self) -> Array:
        """Pairs (i, j) in the table whose way back (j, i) is not: positions among the rows."""
        n = self.n_cities
        held = np.zeros((n, n), dtype=bool)
        held[self.pairs.origin, self.pairs.destination] = True
        return np.flatnonzero(~held[self.pairs.destination, self.pairs.origin])

    def check_both_ways(self) -> FlowTable:
        """Give the table itself if every pair has its way back, else raise CoverageError."""
        if len(self.one_way):
            raise CoverageError(
                f"{len(self.one_way)} pairs stand in one direction only: {some(self.pairs.names(self.one_way))}. An "
                "absent pair is unknown, not zero. Add the ways back, or, where absence means no flow, use "
                ".complete(fill=0)."
            )
        return self

    def check_complete(self) -> FlowTable:
        """Give the table itself if it holds every pair of two different cities.

        Raises
        ------
        CoverageError
            If pairs are absent.
        """
        if len(self.absent):
            n, ids = self.n_cities, self.cities
            first = [(ids[i], ids[j]) for i, j in self.absent[:10]]
            more = f" and {len(self.absent) - 10} more" if len(self.absent) > 10 else ""
            raise CoverageError(
                f"The table lacks {len(self.absent):,} of the {n * (n - 1):,} pairs of {n} cities: "
                f"{some(first)}{more}. An absent pair is unknown, not zero. Where absence means no flow, use "
                ".complete(fill=0)."
            )
        return self

    def complete(self, fill: float = 0.0, own: bool = False) -> FlowTable:
        """Give the table with every pair of cities, absent ones filled.

        Parameters
        ----------
        fill : float, default 0.0
            Flow of the pairs that are absent: zero or more.
        own : bool, default False
            Whether each city's flow to itself is filled in too, where it is absent.

        Returns
        -------
        FlowTable
            Ordered by origin and destination. Say in your text that, and why, absent pairs were taken as `fill`.

        Raises
        ------
        OptionError
            If `fill` is no number.
        FlowError
            If it is negative.
        CoverageError
            If the table has columns of the pairs, whose values for absent pairs nobody knows: complete first, then
            add them.
        """
        if check_number("complete", "fill", fill) < 0:
            raise FlowError(
                f"complete: fill={fill!r} must be zero or more, as flows are. Use fill=0 for no flow."
            )
        n = self.n_cities
        cells = self.matrix()
        wanted = np.isfinite(cells) | ~np.eye(n, dtype=bool) | own
        added = int(wanted.sum()) - self.n_pairs
        if added and self.columns:
            raise CoverageError(
                f"The columns {some(self.columns)} have no value for the {added:,} pairs to be filled in. Use "
                "flow_table(..., costs=[]).complete(...), then .with_distance(layer) or .with_column(name, matrix)."
            )
        i, j = np.nonzero(wanted)
        columns = {name: self.matrix(name)[i, j] for name in self.columns}
        value = np.where(np.isnan(cells[i, j]), float(fill), cells[i, j])
        return replace(
            self, pairs=Pairs(self.cities.copy(), i, j, value), columns=columns, added=self.added + added
        )

    def with_distance(self, layer: gpd.GeoDataFrame, name: str = "distance") -> FlowTable:
        """Give the table with the distances between its cities, in metres.

        Parameters
        ----------
        layer : GeoDataFrame
            The cities, indexed by id: points, or polygons that stand by their centroids. Geographic coordinate
            systems are measured along geodesics, projected ones on the plane.
        name : str, default "distance"
            Name of the column.

        Returns
        -------
        FlowTable
            The distance of a city to itself is 0.

        Raises
        ------
        AlignmentError
            If the layer lacks a city of the table.
        CoordinateSystemError, GeometryError, DuplicateError, OptionError
            If the layer cannot be measured, or the name is taken.
        """
        ids = ids_of(layer)
        place = places(id_array(ids), self.cities)
        if (place < 0).any():
            raise AlignmentError(
                f"The layer lacks cities of the table: {some(self.cities[place < 0].tolist())}. Add them to the "
                "layer, or leave their flows out."
            )
        metric = metric_of(layer, ids)
        return self._with(name, metric.measure(place[self.pairs.origin], place[self.pairs.destination]))

    def with_column(self, name: str, matrix: pd.DataFrame) -> FlowTable:
        """Give the table with one more column of the pairs.

        Parameters
        ----------
        name : str
        matrix : DataFrame
            Origins as index, destinations as columns; at least the cities of the table.

        Returns
        -------
        FlowTable

        Raises
        ------
        AlignmentError, DuplicateError
            If the matrix lacks a city, or has one twice.
        OptionError
            If the name is taken, or `matrix` is no DataFrame.
        NonNumericError, NonFiniteError
            If it does not give a finite number for each pair.
        """
        if not (hasattr(matrix, "columns") and hasattr(matrix, "index")):
            raise OptionError(
                f"with_column: {name!r} must be a DataFrame, origins by destinations; it is {type(matrix).__name__}."
            )
        ends = []
        for axis, labels in (("index", matrix.index), ("columns", matrix.columns)):
            if not labels.is_unique:
                twice = some(labels[labels.duplicated()].unique())
                raise DuplicateError(
                    f"Cities stand more than once in the {axis} of {name!r}: {twice}. Keep one."
                )
            place = places(id_array(labels), self.cities)
            if (place < 0).any():
                lacking = some(self.cities[place < 0].tolist())
                raise AlignmentError(f"The {axis} of {name!r} lack cities of the table: {lacking}. Add them.")
            ends.append(place)
        rows, columns = ends[0][self.pairs.origin], ends[1][self.pairs.destination]
        return self._with(name, matrix.to_numpy()[rows, columns])

    def without_own(self) -> FlowTable:
        """Give the table without flows of a city to itself, which it counts."""
        own = self.pairs.own
        if not own.any():
            return self
        if own.all():
            raise FlowError(
                "The table holds flows of cities to themselves only. Add flows between cities, or in Python take "
                "own=True."
            )
        return replace(self.select(~own), left_out=self.left_out + int(own.sum()))

    def select(self, keep: Array) -> FlowTable:
        """Give the table with some of its pairs, or in another order.

        Parameters
        ----------
        keep : ndarray of bool, shape (m,), or of positions

        Returns
        -------
        FlowTable
            Of the same cities.
        """
        pairs = self.pairs
        kept = Pairs(self.cities.copy(), pairs.origin[keep], pairs.destination[keep], pairs.value[keep])
        return replace(self, pairs=kept, columns={name: v[keep] for name, v in self.columns.items()})

    def _with(self, name: str, values: Any) -> FlowTable:
        if name in (*self.names, *self.columns):
            raise OptionError(f"The table has a column {name!r} already. Give another name.")
        numbers = check_finite(f"The column {name!r}", numeric_array(f"The column {name!r}", values, 1))
        return replace(self, columns={**self.columns, name: np.array(numbers)})

    def column(self, name: str) -> Array:
        """Give a column of the pairs, shape (m,), or raise OptionError if there is none of this name."""
        if name not in self.columns:
            has = f"It has: {some(self.columns)}." if self.columns else "It has none; see flow_table(costs=)."
            raise OptionError(
                f"The flows have no column {name!r} of the pairs.{did_you_mean(name, self.columns)} {has} "
                "Distances are added by .with_distance(layer)."
            )
        return self.columns[name]

    def positive(self, name: str, used: Array | None = None) -> Array:
        """Give a column of costs of which the logarithm can be taken.

        Parameters
        ----------
        name : str
        used : ndarray of bool, shape (m,), optional
            The pairs that must have a positive cost; all by default.

        Returns
        -------
        ndarray of shape (m,)

        Raises
        ------
        CostError
            If a cost is zero or negative.
        OptionError
            If there is no such column.
        """
        costs = self.column(name)
        bad = (costs <= 0) & (True if used is None else used)
        if bad.any():
            raise CostError(
                f"{name!r} is zero or negative for {int(bad.sum())} pairs: {some(self.pairs.names(bad))}. Its "
                "logarithm does not exist. Give these pairs their true cost, leave them out, or use "
                "deterrence='exponential'."
            )
        return costs

    def matrix(self, name: str | None = None) -> Array:
        """Give flows, or a column, as a matrix: origins in rows, destinations in columns, NaN where a pair is absent.

        Parameters
        ----------
        name : str, optional
            A column of the pairs; the flows by default.

        Returns
        -------
        ndarray of shape (n, n)
        """
        cells = np.full((self.n_cities, self.n_cities), np.nan)
        cells[self.pairs.origin, self.pairs.destination] = (
            self.pairs.value if name is None else self.column(name)
        )
        return cells

    def to_frame(self) -> pd.DataFrame:
        """Give the flows as a long table.

        Returns
        -------
        DataFrame
            Columns of origin, destination and flow, then those of the pairs.
        """
        pd = pandas_for("to_frame", ".pairs and .columns")
        origin, destination, value = self.names
        pairs = self.pairs
        frame = pd.DataFrame(
            {
                origin: pairs.ids[pairs.origin],
                destination: pairs.ids[pairs.destination],
                value: pairs.value,
                **self.columns,
            }
        )
        frame.attrs["source"] = self.source
        return frame

    @property
    def facts(self) -> dict[str, str]:
        """What a reader must know of the table, in the order to show it."""
        pairs, n = self.pairs, self.n_cities
        own = int(pairs.own.sum())
        zeros = int((pairs.value == 0).sum())
        facts = {"Data": self.source} if self.source else {}
        facts |= {
            "Cities": f"{n:,}",
            "Pairs": f"{self.n_pairs:,} of {n * (n - 1) + own:,}, {zeros:,} without a flow",
            "Flow": f"{pairs.value.sum():,.0f} in all ({self.names[2]})",
            "Own flows (i = i)": f"{own:,} in the table" if own else f"none, {self.left_out:,} left out",
        }
        return facts | ({"Filled in": f"{self.added:,} absent pairs"} if self.added else {})

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        lines = [f"{name.ljust(width)}  {text}" for name, text in self.facts.items()]
        return "\n".join(["Flows between cities", *lines])

    def __repr__(self) -> str:
        return f"<FlowTable of {self.n_pairs:,} pairs of {self.n_cities:,} cities>"
