"""The design of a gravity model: what deters, pushes and pulls, as columns of the pairs of cities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from spatialhealth._typing import Array, Deterrence
from spatialhealth._validation import check_option
from spatialhealth.attraction.table import FlowTable
from spatialhealth.errors import (
    AlignmentError,
    FlowError,
    IdentificationError,
    MissingDataError,
    NonFiniteError,
    OptionError,
    SeparationError,
    some,
)
from spatialhealth.panel.formula import FormulaDesign, design_from_formula

__all__ = ["CONSTANT", "CityTerms", "PairColumns", "check_separation", "pair_columns", "without_empty"]

CONSTANT = "constant"
_OUTCOME = "_"


@dataclass(frozen=True, eq=False)
class PairColumns:
    """What a gravity model reads of the pairs.

    Parameters
    ----------
    deterrence : {"power", "exponential"} or tuple of str
    cost : str
    regressors : tuple of str
        Further columns of the pairs, as they are.
    """

    deterrence: Deterrence | tuple[str, ...]
    cost: str
    regressors: tuple[str, ...]

    @property
    def needed(self) -> list[str]:
        """Columns of the table of flows that must be there."""
        costs = [self.cost] if isinstance(self.deterrence, str) else list(self.deterrence)
        return list(dict.fromkeys([*costs, *self.regressors]))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        if self.deterrence == "power":
            return (f"log({self.cost})", *self.regressors)
        costs = (self.cost,) if isinstance(self.deterrence, str) else self.deterrence
        return (*costs, *self.regressors)

    def of(self, table: FlowTable, used: Array | None = None) -> Array:
        """Give the columns, shape (m, k); of pairs that are not `used`, the cost may be anything."""
        if self.deterrence == "power":
            cost = table.positive(self.cost, used)
            first = [np.log(cost if used is None else np.where(used, cost, 1.0))]
        else:
            costs = (self.cost,) if isinstance(self.deterrence, str) else self.deterrence
            first = [table.column(name) for name in costs]
        return np.column_stack([*first, *(table.column(name) for name in self.regressors)])


def pair_columns(owner: str, deterrence: Any, cost: str, regressors: Any) -> PairColumns:
    """Read the options that name columns of the pairs.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    deterrence : {"power", "exponential"} or list of str
    cost : str
    regressors : str, list of str or None

    Returns
    -------
    PairColumns

    Raises
    ------
    OptionError
        If the deterrence is neither a function nor a list of columns, or a name stands twice.
    """
    listed = _names(owner, "regressors", regressors)
    if isinstance(deterrence, str):
        kind: Any = check_option(owner, "deterrence", deterrence, Deterrence)
    else:
        kind = _names(owner, "deterrence", deterrence)
        if not kind:
            raise OptionError(
                f"{owner}: deterrence={deterrence!r} names nothing. Use 'power', 'exponential', or columns of the "
                "pairs."
            )
    columns = PairColumns(kind, cost, listed)
    twice = sorted({name for name in columns.names if columns.names.count(name) > 1})
    if twice:
        raise OptionError(f"{owner}: the columns {some(twice)} are named twice. Name each once.")
    return columns


def _names(owner: str, option: str, value: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = () if value is None else (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise OptionError(f"{owner}: {option}={value!r} must be names of columns.")
    return names


@dataclass(frozen=True, eq=False)
class CityTerms:
    """Variables of cities that push at the origin or pull at the destination, by a formula.

    Parameters
    ----------
    side : {"origin", "destination"}
    design : FormulaDesign
        With the recipe for other tables.
    """

    side: str
    design: FormulaDesign

    @classmethod
    def read(cls, owner: str, side: str, terms: str, cities: Any) -> CityTerms:
        """Evaluate the right-hand side of a formula on a table of cities."""
        if not hasattr(cities, "columns"):
            raise OptionError(
                f"{owner}: the terms {terms!r} need a table of cities: fit(od, cities), a DataFrame indexed by city."
            )
        flat = cities.drop(columns=cities.geometry.name) if hasattr(cities, "geometry") else cities
        return cls(side, design_from_formula(f"{_OUTCOME} ~ {terms}", flat.assign(**{_OUTCOME: 0.0})))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients: those of the formula after ``origin:`` or ``destination:``."""
        return tuple(f"{self.side}:{name}" for name in self.design.x.columns)

    def of(self, ids: Array, cities: Any = None) -> Array:
        """Give the variables of cities in the order of `ids`, shape (n, k), of the fit's table or another one."""
        x = self.design.x if cities is None else self.design.regressors_of(cities)
        lacking = [one for one in ids.tolist() if one not in x.index]
        if lacking:
            raise AlignmentError(
                f"The table of cities lacks {some(lacking)}, which have flows. Add them, or leave their flows out."
            )
        if not x.index.is_unique:
            raise OptionError(
                f"Cities stand more than once in the table: {some(x.index[x.index.duplicated()].unique())}. Take one "
                "row a city: of a panel, one year with .xs(year, level='year')."
            )
        values: Array = x.loc[list(ids)].to_numpy(dtype=float)
        for kind, bad, what in (
            (MissingDataError, np.isnan(values), "missing"),
            (NonFiniteError, np.isinf(values), "infinite"),
        ):
            if bad.any():
                j = int(np.flatnonzero(bad.any(axis=0))[0])
                raise kind(
                    f"{x.columns[j]!r} is {what} for {some(ids[bad[:, j]].tolist())}. Mend the table, or leave out "
                    "these cities and their flows."
                )
        return values


def without_empty(
    table: FlowTable, origins: bool, destinations: bool
) -> tuple[FlowTable, dict[str, list[Any]]]:
    """Leave out pairs of origins that send nothing and of destinations that receive nothing.

    Parameters
    ----------
    table : FlowTable
    origins, destinations : bool
        Which sides have an effect of their own.

    Returns
    -------
    FlowTable
    dict of str to list
        Cities left out as "origin" and as "destination".
    """
    pairs, n = table.pairs, table.n_cities
    empty: dict[str, list[Any]] = {}
    keep = np.ones(table.n_pairs, dtype=bool)
    for side, asked in (("origin", origins), ("destination", destinations)):
        ends = getattr(pairs, side)
        present = np.bincount(ends, minlength=n) > 0
        none = present & (np.bincount(ends, pairs.value, minlength=n) == 0) & asked
        empty[side] = pairs.ids[none].tolist()
        keep &= ~none[ends]
    return (table if keep.all() else table.select(keep)), empty


def check_separation(table: FlowTable, origins: bool, destinations: bool) -> None:
    """Raise unless every effect of a city has one finite estimate.

    With both kinds of effects this is exact: draw an edge from each origin to each destination of its pairs, and one
    back where the flow is positive. Effects exist, and are comparable, if from every node every other can be reached.

    Raises
    ------
    FlowError
        If there are no flows at all.
    SeparationError
        If a city sends or receives nothing, or zeros separate groups of cities.
    IdentificationError
        If pairs do not connect all cities.
    """
    if not table.pairs.value.any():
        raise FlowError(
            "None of the flows is positive, so there is nothing to explain. Check the column of flows."
        )
    _, empty = without_empty(table, origins, destinations)
    said = [
        f"{verb} nothing: {some(cities)}"
        for verb, cities in (("send", empty["origin"]), ("receive", empty["destination"]))
        if cities
    ]
    if said:
        raise SeparationError(
            f"Cities {'; '.join(said)}. Their effect would be minus infinity. Leave out these cities, or have "
            "their pairs left out and named in the summary (separated='leave out')."
        )
    if not (origins and destinations):
        return
    pairs, n = table.pairs, table.n_cities
    there, back = pairs.origin, pairs.destination + n
    positive = pairs.value > 0
    edges = (np.concatenate([there, back[positive]]), np.concatenate([back, there[positive]]))
    graph = sp.coo_matrix((np.ones(len(edges[0])), edges), shape=(2 * n, 2 * n)).tocsr()
    apart = "The pairs fall into groups without a pair between them, so that their effects cannot be compared"
    _refuse_parts(table, graph, "weak", IdentificationError, apart)
    unbounded = (
        "Zero flows separate groups of cities, so that the difference of their effects has no finite estimate"
    )
    _refuse_parts(table, graph, "strong", SeparationError, unbounded)


def _refuse_parts(
    table: FlowTable, graph: sp.csr_matrix, connection: str, kind: Callable[[str], Exception], what: str
) -> None:
    used = np.unique(np.concatenate([table.pairs.origin, table.pairs.destination + table.n_cities]))
    _, label = connected_components(graph[used][:, used], directed=True, connection=connection)
    sizes = np.bincount(label)
    if len(sizes) > 1:
        apart = used[label != sizes.argmax()] % table.n_cities
        cities = table.cities[np.unique(apart)].tolist()
        raise kind(
            f"{what}. Apart from the largest group are {some(cities)}. Leave out these cities, or add the pairs that "
            "connect them."
        )
