"""The steps of floating catchments by PySAL access, in chunks of the pairs within reach; numbers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import MissingLibraryError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["floating_catchment", "selection_weights"]


def selection_weights(weights: Reach) -> Array:
    """Give the share of each pair in the weights of its place of demand (Wan, Zou and Sternberg 2012)."""
    rows = weights.rows
    total = np.bincount(rows, weights.value, minlength=len(weights.demand))
    return np.asarray(weights.value / total[rows])


def floating_catchment(
    weights: Reach, selection: Array | None, population: Array, capacity: Array
) -> tuple[Array, Array]:
    """Give the accessibility of each place of demand and the demand that falls on each place of supply.

    Parameters
    ----------
    weights : Reach
        f(c_ij) > 0 of the pairs in reach.
    selection : ndarray of shape (pairs,), optional
        G_ij of three stages; 1 without it.
    population : ndarray of shape (n,)
    capacity : ndarray of shape (m,)

    Returns
    -------
    accessibility : ndarray of shape (n,)
    demand : ndarray of shape (m,)

    Notes
    -----
    Pairs that are labelled by arrays are summed by numpy, without pandas. All others:

    Both sums are those of `access.fca.weighted_catchment`, which takes the product of the columns W3 and G as the
    weight of a pair. Sums over the demand of a place of supply add up over chunks; a place of demand lies in one
    chunk.
    """
    if isinstance(weights.demand, np.ndarray):
        return _by_numpy(weights, selection, population, capacity)
    catchment = _weighted_catchment()
    demand = np.zeros(len(weights.supply))
    for table in _tables(weights, selection):
        demand += _summed(catchment, population, table, "origin", "dest", len(demand))
    ratio = np.divide(capacity, demand, out=np.zeros_like(demand), where=demand > 0)
    accessibility = np.zeros(len(weights.demand))
    for table in _tables(weights, selection):
        accessibility += _summed(catchment, ratio, table, "dest", "origin", len(accessibility))
    return accessibility, demand


def _summed(catchment: Any, values: Array, table: pd.DataFrame, source: str, dest: str, size: int) -> Array:
    """Give sums of weighted values by `dest`, zero where there is none."""
    import pandas as pd

    series = catchment(
        pd.DataFrame({"value": values}),
        table,
        cost_source=source,
        cost_dest=dest,
        loc_index=True,
        loc_value="value",
        weight_fn=float,  # only asked whether there is one: the weights are in the table
        three_stage_weight=True,
    )
    total = np.zeros(size)
    total[series.index.to_numpy()] = series.to_numpy()
    return total


def _tables(weights: Reach, selection: Array | None) -> Any:
    """Give the pairs as tables for `weighted_catchment`, with positions as labels."""
    import pandas as pd

    for first, last in weights.chunks():
        part = slice(int(weights.start[first]), int(weights.start[last]))
        if part.stop > part.start:
            count = np.diff(weights.start[first : last + 1])
            yield pd.DataFrame(
                {
                    "origin": np.repeat(np.arange(first, last, dtype=np.int32), count),
                    "dest": weights.place[part],
                    "W3": weights.value[part],
                    "G": 1.0 if selection is None else selection[part],
                }
            )


def _by_numpy(
    weights: Reach, selection: Array | None, population: Array, capacity: Array
) -> tuple[Array, Array]:
    """Give the same sums of arrays, where there is no pandas, as inside QGIS."""
    rows, share = weights.rows, weights.value if selection is None else weights.value * selection
    demand = np.bincount(weights.place, share * population[rows], minlength=len(weights.supply))
    ratio = np.divide(capacity, demand, out=np.zeros_like(demand), where=demand > 0)
    return np.bincount(rows, share * ratio[weights.place], minlength=len(weights.demand)), demand


def _weighted_catchment() -> Any:
    try:
        from access.fca import weighted_catchment
    except ModuleNotFoundError:
        raise MissingLibraryError(
            "Floating catchments need PySAL's access, which is not installed here: pip install "
            '"spatialhealth[access]".'
        ) from None
    return weighted_catchment
