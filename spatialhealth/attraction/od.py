"""Long tables of origins and destinations, read from a DataFrame or from arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth.attraction.table import FlowTable
from spatialhealth.errors import FlowError, OptionError, did_you_mean
from spatialhealth.weights.pairs import join_pairs, label_pairs, numbers_of, pair_numbers, read_pairs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["flow_arrays", "flow_table"]


def flow_table(
    frame: pd.DataFrame | FlowTable,
    origin: str = "origin",
    destination: str = "destination",
    value: str = "trips",
    costs: Any = None,
    cities: Any = None,
    own: bool = False,
) -> FlowTable:
    """Read and check a long table of flows.

    Parameters
    ----------
    frame : DataFrame or FlowTable
        One row a pair of origin and destination. A FlowTable is taken as it is, but for `own`.
    origin, destination, value : str
        Its columns: where a flow starts, where it ends, and how large it is (zero or more).
    costs : list of str, optional
        Columns of the pairs to take along: distance, time, whether the two share a border. By default all others that
        hold numbers.
    cities : frame or sequence, optional
        The cities there are, in the order results shall have: a frame or layer indexed by them, or their ids. By
        default those of the table, sorted.
    own : bool, default False
        Whether flows of a city to itself are kept. They are of another kind than journeys, and no distance explains
        them; those left out are counted in the summary.

    Returns
    -------
    FlowTable
        Rows in the order of the frame. What is absent stays absent: see `FlowTable.complete`.

    Raises
    ------
    AlignmentError, DuplicateError, FlowError, MissingDataError, NonFiniteError, NonNumericError
        If a city is unknown, a pair stands twice, a flow is negative, or a flow or cost is missing, infinite or no
        number.
    LabelError, OptionError
        If `frame` is no table or lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> od = pd.DataFrame({"origin": ["a", "b", "a"], "destination": ["b", "a", "a"], "trips": [5, 30, 900]})
    >>> print(flow_table(od))
    Flows between cities
    Cities             2
    Pairs              2 of 2, 0 without a flow
    Flow               35 in all (trips)
    Own flows (i = i)  none, 1 left out
    """
    if isinstance(frame, FlowTable):
        return frame if own else frame.without_own()
    pairs = read_pairs(frame, origin, destination, value, cities)
    ends = (origin, destination, value)
    if costs is None:
        costs = [c for c in frame.columns if c not in ends and frame[c].dtype.kind in "fiub"]
    costs = [costs] if isinstance(costs, str) else list(costs)
    for name in costs:
        if list(frame.columns).count(name) != 1:
            raise OptionError(
                f"flow_table: the table has no single column {name!r} (costs=).{did_you_mean(name, frame.columns)}"
                " Name columns that stand once."
            )
    table = FlowTable(pairs, {}, ends, source=str(frame.attrs.get("source", "")))
    kept = np.ones(len(pairs.value), dtype=bool) if own else ~pairs.own
    table = table if own else table.without_own()
    labels = table.pairs.names(np.arange(table.n_pairs))
    return replace(table, columns={str(name): numbers_of(frame[kept], name, labels) for name in costs})


def flow_arrays(
    origin: Any,
    destination: Any,
    flows: Any,
    columns: Mapping[str, Any],
    names: tuple[str, str, str] = ("origin", "destination", "trips"),
    own: bool = False,
) -> FlowTable:
    """Give the checked table of flows that are arrays; needs numpy only.

    Parameters
    ----------
    origin, destination : sequence of length m
        Cities of each pair.
    flows : array-like of shape (m,)
        Zero or more.
    columns : mapping of str to array-like of shape (m,)
        What is known of the pairs: distance, time, whether the two share a border.
    names : tuple of str
        What origin, destination and flow are called, for messages.
    own : bool, default False
        Whether flows of a city to itself are kept.

    Returns
    -------
    FlowTable

    Raises
    ------
    DuplicateError, FlowError, MissingDataError, NonFiniteError, NonNumericError, ShapeError
        See `flow_table`.
    """
    ends = label_pairs("flow_arrays", names[:2], origin, destination)
    if not len(ends[0]):
        raise FlowError("There are no flows. Read them again, or widen the selection.")
    read = {str(name): pair_numbers(str(name), values, ends) for name, values in columns.items()}
    joined = join_pairs(ends[0], ends[1], pair_numbers(names[2], flows, ends), names[2])
    table = FlowTable(joined, read, names)
    return table if own else table.without_own()
