"""Flows of people, aligned by label with the pairs in reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import AlignmentError, DataError, DuplicateError, LabelError, MissingDataError, some
from spatialhealth.weights.tables import column_of, numbers_of

__all__ = ["flow_counts"]

_OWNER = "HuffModel"


def flow_counts(pairs: Reach, demand: Any, flows: Any, origin: str, destination: str, value: str) -> Array:
    """Give the people of each pair, zero for those that the flows do not list.

    Parameters
    ----------
    pairs : Reach
    demand : Index
        All places of demand, those without supply in reach too.
    flows : DataFrame or Series
    origin, destination, value : str
        Columns of a table.

    Returns
    -------
    ndarray of shape (pairs,)

    Raises
    ------
    LabelError, MissingDataError, DuplicateError, NonNumericError, NonFiniteError, DataError
        If the flows are no such table, or some are missing, negative, infinite, or stand twice.
    AlignmentError
        If they name places or supply that the layers do not have.
    """
    people, index = _series(flows, origin, destination, value)
    counts = numbers_of(f"{_OWNER}: the flow", people, sign="not negative")
    for what, found, known in (
        ("places of demand", index.get_level_values(0), demand),
        ("supply", index.get_level_values(1), pairs.supply),
    ):
        unknown = found[~found.isin(known)].unique()
        if len(unknown):
            raise AlignmentError(
                f"{_OWNER}: flows name {what} that the layer does not have: {some(unknown)}. Add them to it, "
                "or leave their flows out."
            )
    row = pairs.demand.get_indexer(index.get_level_values(0))
    place = pairs.supply.get_indexer(index.get_level_values(1))
    key = row.astype(np.int64) * len(pairs.supply) + place
    known_keys = pairs.rows.astype(np.int64) * len(pairs.supply) + pairs.place
    position = np.minimum(np.searchsorted(known_keys, key), len(known_keys) - 1)
    out = (row < 0) | (known_keys[position] != key)
    lost = out & (counts > 0)
    if lost.any():
        raise DataError(
            f"{_OWNER}: {int(lost.sum())} flows go to supply out of reach: {some(index[lost])}. Give a "
            "larger cutoff, costs for these pairs, or leave the flows out."
        )
    found = np.zeros(len(known_keys))
    found[position[~out]] = counts[~out]
    return found


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
