"""Flows of people, aligned by label with the pairs in reach."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import AlignmentError, DataError, DuplicateError, LabelError, MissingDataError, some
from spatialhealth.weights.ids import id_array, places
from spatialhealth.weights.pairs import coded, first_repeated, label_pairs, named_pairs, pair_numbers
from spatialhealth.weights.tables import column_of, numbers_of

__all__ = ["Flows", "flow_counts", "read_flow_arrays", "read_flows"]

_OWNER = "HuffModel"


class Flows(NamedTuple):
    """People of each pair, by the labels of its ends."""

    place: Array
    supply: Array
    people: Array

    def named(self, which: Array) -> list[tuple[Any, Any]]:
        """Give the labels of some pairs, by their positions or a mask."""
        return named_pairs((self.place, self.supply), which)


def flow_counts(pairs: Reach, demand: Any, flows: Flows) -> Array:
    """Give the people of each pair, zero for those that the flows do not list.

    Parameters
    ----------
    pairs : Reach
    demand : Index or ndarray
        All places of demand, those without supply in reach too.
    flows : Flows

    Returns
    -------
    ndarray of shape (pairs,)

    Raises
    ------
    AlignmentError
        If flows name places or supply that the layers do not have.
    DataError
        If some go to supply out of reach.
    """
    inside, supply = id_array(pairs.demand), id_array(pairs.supply)
    for what, found, known in (
        ("places of demand", flows.place, id_array(demand)),
        ("supply", flows.supply, supply),
    ):
        unknown = list(dict.fromkeys(found[places(known, found) < 0].tolist()))
        if unknown:
            raise AlignmentError(
                f"{_OWNER}: flows name {what} that the layer does not have: {some(unknown)}. Add them to it, "
                "or leave their flows out."
            )
    row, place = places(inside, flows.place), places(supply, flows.supply)
    key = row.astype(np.int64) * len(supply) + place
    known_keys = pairs.rows.astype(np.int64) * len(supply) + pairs.place
    position = np.minimum(np.searchsorted(known_keys, key), len(known_keys) - 1)
    out = (row < 0) | (known_keys[position] != key)
    lost = out & (flows.people > 0)
    if lost.any():
        raise DataError(
            f"{_OWNER}: {int(lost.sum())} flows go to supply out of reach: {some(flows.named(lost))}. Give a "
            "larger cutoff, costs for these pairs, or leave the flows out."
        )
    counts = np.zeros(len(known_keys))
    counts[position[~out]] = flows.people[~out]
    return counts


def read_flow_arrays(place: Any, supply: Any, people: Any) -> Flows:
    """Read flows from three arrays.

    Raises
    ------
    MissingDataError, DuplicateError, NonNumericError, NonFiniteError, ShapeError, DataError
        If some are missing, negative, infinite, or stand twice.
    """
    ends = label_pairs(_OWNER, ("place", "hospital"), place, supply)
    flows = Flows(*ends, pair_numbers("people", people, ends))
    negative = flows.people < 0
    if negative.any():
        raise DataError(f"{_OWNER}: the flow is negative for {some(flows.named(negative))}. Count people.")
    twice = first_repeated(*(coded(end)[1] for end in ends))
    if len(twice):
        raise DuplicateError(
            f"{_OWNER}: pairs stand more than once in the flows: {some(flows.named(twice))}. Add them up."
        )
    return flows


def read_flows(flows: Any, origin: str, destination: str, value: str) -> Flows:
    """Read flows from a table or a Series.

    Parameters
    ----------
    flows : DataFrame or Series
    origin, destination, value : str
        Columns of a table.

    Raises
    ------
    LabelError, MissingDataError, DuplicateError, NonNumericError, NonFiniteError, DataError
        If they are no such table, or some are missing, negative, infinite, or stand twice.
    """
    people, index = _series(flows, origin, destination, value)
    counts = numbers_of(f"{_OWNER}: the flow", people, sign="not negative")
    place, supply = (id_array(index.get_level_values(level)) for level in (0, 1))
    return Flows(place, supply, counts)


def _series(flows: Any, origin: str, destination: str, value: str) -> tuple[Any, Any]:
    """Give the flows as a Series by (place, supply), and its index."""
    import pandas as pd

    if hasattr(flows, "columns"):
        names = (origin, destination, value)
        places, supply, people = (column_of(f"{_OWNER}: the table of flows", flows, name) for name in names)
        flows = people.set_axis(pd.MultiIndex.from_arrays([places, supply]))
    if getattr(getattr(flows, "index", None), "nlevels", 1) != 2:
        raise LabelError(
            f"{_OWNER}: flows must be a table with the columns {origin!r}, {destination!r} and {value!r}, or "
            f"a Series indexed by (place, hospital); they are {type(flows).__name__}."
        )
    index = flows.index
    missing = np.zeros(len(index), dtype=bool)
    for level in (0, 1):
        missing |= np.asarray(index.get_level_values(level).isna())
    if missing.any():
        raise MissingDataError(
            f"{_OWNER}: flows miss a label in the rows {some(np.flatnonzero(missing).tolist())}. Name both ends "
            "of each."
        )
    if not index.is_unique:
        raise DuplicateError(
            f"{_OWNER}: pairs stand more than once in the flows: {some(index[index.duplicated()].unique())}. Add "
            "them up."
        )
    return flows, index
