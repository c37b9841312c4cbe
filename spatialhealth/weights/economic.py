"""Weights by economic distance: the more alike two units are in a column, the more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_positive
from spatialhealth.errors import CoincidentPointsError, SizeError, some
from spatialhealth.weights.convert import as_links, in_order
from spatialhealth.weights.finish import labelled, symmetric
from spatialhealth.weights.metric import MOST_PAIRS
from spatialhealth.weights.tables import column_of, index_of, numbers_of

if TYPE_CHECKING:
    import pandas as pd
    from libpysal.graph import Graph

__all__ = ["economic"]

_EPSILON = float(np.finfo(float).eps)


def economic(
    frame: pd.DataFrame,
    column: str,
    cutoff: float | None = None,
    within: Any = None,
    least: float | None = None,
    standardise: Standardise | None = "row",
) -> Graph:
    """Build weights that fall with the difference in a column: ``1 / |z_i - z_j|``.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        One row a unit; the index holds the unit ids. Geometry is not read.
    column : str
        What units are compared by, such as income per head; its logarithm makes the difference a relative one.
    cutoff : float, optional
        Greatest difference of a link, in the units of the column; one equal to it is within. Without it every
        pair has a weight.
    within : Graph, W, tuple (ids, matrix), DataFrame or Series, optional
        Other weights on the same units: only their links are kept. Their values are not used.
    least : float, optional
        Difference that smaller ones count as, zero among them.
    standardise : {"row", "spectral"} or None, default "row"
        See `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the frame's rows.

    Raises
    ------
    CoincidentPointsError
        If two units that are to be linked have the same value, and there is no `least`.
    DataError, NonNumericError, MissingDataError, NonFiniteError
        If the column is absent, or holds what it must not.
    LabelError, DuplicateError
        If the index does not name each unit once.
    AlignmentError
        If `within` is of other units.
    OptionError
        If `cutoff` or `least` is not positive.
    SizeError
        If more than 100,000,000 links would have to be held; give a cutoff, or `within`.
    WeightsError
        If no two units are linked.

    Notes
    -----
    Decimals have no exact form: 8.3 - 4.3 is a little more than 4 for a computer, 5.1 - 1.1 a little less. Both count
    as 4, equal to ``cutoff=4``: a difference is within if it exceeds the cutoff by no more than rounding may do that
    the values and the cutoff went through when they were read, ``epsilon (|z_i| + |z_j| + cutoff)`` with epsilon =
    2.2e-16. Values that were computed, such as logarithms, may be rounded more than that.

    Row-standardised weights do not depend on the unit of the column. The weights should not be made from the outcome
    of the model, or from what it moves: take a column of the first year.

    Examples
    --------
    >>> import pandas as pd
    >>> cities = pd.DataFrame({"gdp_per_capita": [10.0, 20.0, 50.0]}, index=["a", "b", "c"])
    >>> economic(cities, "gdp_per_capita")["a"].to_dict()
    {'b': 0.8, 'c': 0.2}
    """
    reach = np.inf if cutoff is None else float(check_positive("economic", "cutoff", cutoff))
    if least is not None:
        check_positive("economic", "least", least)
    index = index_of("The table of economic", frame)
    ids = np.asarray(index.to_numpy())
    z = numbers_of(f"economic: {column!r}", column_of("The table of economic", frame, column), "any")
    if within is None:
        i, j = _pairs(z, reach)
    else:
        other, matrix = as_links(within)
        coo = in_order(other, matrix, ids, "the table").tocoo()
        i, j = coo.row, coo.col
    with np.errstate(over="ignore"):  # values so far apart have no weight
        apart = np.abs(z[i] - z[j])
    # half a unit in the last place for each value as it is written, for their difference, and for the cutoff
    rounding = _EPSILON * np.abs(z[i]) + _EPSILON * np.abs(z[j]) + _EPSILON * reach
    near = apart <= reach + rounding
    i, j, apart = i[near], j[near], apart[near]
    if least is not None:
        apart = np.maximum(apart, least)
    same = apart == 0
    if same.any():
        pairs = list(zip(ids[i[same]], ids[j[same]], strict=True))
        raise CoincidentPointsError(
            f"Units with the same {column!r} have no inverse difference: {some(pairs)}. "
            "Give least=, the difference that smaller ones count as."
        )
    with np.errstate(over="ignore"):  # an infinite weight is reported with its units
        weight = 1 / apart
    n = len(ids)
    links = symmetric(i, j, weight, n) if within is None else sp.csr_matrix((weight, (i, j)), shape=(n, n))
    advice = f"Give a larger cutoff, in the unit of {column!r}"
    advice += "." if within is None else ", or another within= with more links."
    return labelled(ids, links, standardise, advice)


def _pairs(z: Array, reach: float) -> tuple[Array, Array]:
    """Give every pair (i, j), once, whose values may be at most `reach` apart."""
    order = np.argsort(z, kind="stable")
    ranked = z[order]
    # a little more, for the sum rounds
    last = np.searchsorted(
        ranked, ranked + reach + 1e-12 * (np.abs(ranked) + min(reach, 1e300)), side="right"
    )
    count = last - np.arange(len(z)) - 1
    if 2 * int(count.sum()) > MOST_PAIRS:
        raise SizeError(
            f"{2 * int(count.sum()):,} pairs of units are that much alike: too many to hold. Give a smaller "
            "cutoff, or within=, the weights whose links are to be kept."
        )
    first = np.repeat(np.arange(len(z)), count)
    step = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return order[first], order[first + 1 + step]
