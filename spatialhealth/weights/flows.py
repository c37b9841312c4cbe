"""Weights from flows: a city counts for another as much as people move between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import scipy.sparse as sp

from spatialhealth._typing import FlowDirection, Standardise
from spatialhealth._validation import check_option
from spatialhealth.errors import FlowError
from spatialhealth.weights.finish import labelled
from spatialhealth.weights.pairs import read_pairs

if TYPE_CHECKING:
    import pandas as pd
    from libpysal.graph import Graph

__all__ = ["flows"]


def flows(
    od: pd.DataFrame,
    origin: str = "origin",
    destination: str = "destination",
    value: str = "trips",
    direction: FlowDirection = "from",
    standardise: Standardise | None = "row",
    symmetric: bool = False,
    ids: Any = None,
) -> Graph:
    """Build weights from the flows between units.

    Parameters
    ----------
    od : DataFrame
        One row a pair of origin and destination; any columns beside the three named below are left alone.
    origin, destination, value : str
        Columns of `od`: where a flow starts, where it ends, and how large it is.
    direction : {"from", "to"}, default "from"
        Which flows make the row of a unit:

        - "from": W[i, j] is the flow from j to i. The neighbours of i are the units its visitors come from, and W x
          is the mean of x among the origins of its visitors;
        - "to": W[i, j] is the flow from i to j. The neighbours of i are the units its own people go to.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.
    symmetric : bool, default False
        Whether W[i, j] is the sum of both flows between i and j, whatever the direction: a symmetric matrix before it
        is standardised by row.
    ids : frame or sequence, optional
        The units, in the order they shall have: a frame indexed by them, or their ids. One without any flow is
        an isolate. By default the units of the table, sorted.

    Returns
    -------
    libpysal.graph.Graph
        A pair that is absent, or whose flow is zero, is no link. Flows of a unit to itself are left out, for no
        unit is its own neighbour.

    Raises
    ------
    AlignmentError, DuplicateError, FlowError, MissingDataError, NonFiniteError, NonNumericError
        If an end is not among `ids`, a pair stands twice, or a flow is negative, missing, infinite or no number; if
        no flow between two units is positive.
    LabelError, OptionError
        If `od` is no table or lacks a column, or an option is none.

    Notes
    -----
    Weights of flows are made by what they are meant to explain wherever the outcome is itself a mobility: choose
    flows of another time or kind then, or the estimates of rho are biased (Kelejian and Piras 2014).

    References
    ----------
    Kelejian, H. H. and Piras, G. (2014). Estimation of spatial models with endogenous weighting matrices, and an
    application to a demand model for cigarettes. Regional Science and Urban Economics 46, 140-149.

    Examples
    --------
    >>> import pandas as pd
    >>> od = pd.DataFrame({"origin": ["a", "b", "c"], "destination": ["b", "a", "a"], "trips": [5, 30, 10]})
    >>> flows(od)["a"].to_dict()  # three of four visitors of a come from b
    {'b': 0.75, 'c': 0.25}
    >>> flows(od).isolates.to_list(), flows(od, direction="to").isolates.to_list()  # nobody goes to c
    (['c'], [])
    """
    check_option("flows", "direction", direction, FlowDirection)
    pairs = read_pairs(od, origin, destination, value, ids)
    links = (pairs.value > 0) & ~pairs.own
    if not links.any():
        raise FlowError(
            f"No flow between two different units is positive in {value!r}, so there is no link. Check the column."
        )
    n = len(pairs.ids)
    towards = (pairs.value[links], (pairs.origin[links], pairs.destination[links]))
    matrix = sp.coo_matrix(towards, shape=(n, n)).tocsr()
    if symmetric:
        matrix = (matrix + matrix.T).tocsr()
    elif direction == "from":
        matrix = matrix.T.tocsr()
    return labelled(pairs.ids.copy(), matrix, standardise)
