"""The ways between demand and supply within reach: sparse, by rows of demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.attraction.decay import Decay
from spatialhealth.errors import NonFiniteError, SizeError, some
from spatialhealth.weights.metric import MOST_PAIRS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CHUNK", "Reach", "check_size"]

CHUNK = 1_000_000  # pairs that are worked on at once


def check_size(pairs: int, n_demand: int, n_supply: int) -> None:
    """Raise SizeError if so many pairs would not fit in memory."""
    if pairs > MOST_PAIRS:
        raise SizeError(
            f"{pairs:,} pairs of {n_demand:,} places of demand and {n_supply:,} of supply lie within reach, and "
            f"{MOST_PAIRS:,} can be held. Give a smaller cutoff, or a decay that reaches less far."
        )


@dataclass(frozen=True, eq=False)
class Reach:
    """Costs, or weights, of the pairs within reach.

    Parameters
    ----------
    demand, supply : Index
        Labels, in the order of the layers.
    start : ndarray of shape (n + 1,)
        Where the pairs of each place of demand begin.
    place : ndarray of shape (pairs,)
        Positions of their supply, ascending within each place of demand.
    value : ndarray of shape (pairs,)
        Their cost, or weight.
    """

    demand: pd.Index
    supply: pd.Index
    start: Array
    place: Array
    value: Array

    @property
    def rows(self) -> Array:
        """Positions of the demand of each pair."""
        return np.repeat(np.arange(len(self.demand), dtype=np.int32), np.diff(self.start))

    @property
    def matrix(self) -> sp.csr_matrix:
        """The values as a sparse matrix, demand by supply; a cost of zero is an entry."""
        return sp.csr_matrix((self.value, self.place, self.start), shape=(len(self.demand), len(self.supply)))

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Give ranges of places of demand that have about `CHUNK` pairs each."""
        first, n = 0, len(self.demand)
        while first < n:
            last = int(np.searchsorted(self.start, self.start[first] + CHUNK, side="right")) - 1
            last = min(max(last, first + 1), n)
            yield first, last
            first = last

    def kept(self, keep: Array, value: Array | None = None) -> Reach:
        """Give some of the pairs, with other values if given for them."""
        before = np.concatenate([[0], np.cumsum(keep)])
        start = before[self.start].astype(self.start.dtype)
        return Reach(
            self.demand,
            self.supply,
            start,
            self.place[keep],
            (self.value if value is None else value)[keep],
        )

    def of_supply(self, chosen: Array) -> Reach:
        """Give the pairs with the supply chosen by a mask, and that supply alone."""
        position = np.cumsum(chosen) - 1
        pairs = self.kept(chosen[self.place])
        place = position[pairs.place].astype(np.int32)
        return Reach(self.demand, self.supply[chosen], pairs.start, place, pairs.value)

    def weighted(self, owner: str, decay: Decay) -> Reach:
        """Give the weights of the costs, without the pairs whose weight is zero.

        Raises
        ------
        NonFiniteError
            If a weight is infinite, as a power's at a cost of zero.
        """
        weight = np.empty(len(self.value))
        for first in range(0, len(weight), CHUNK):
            part = slice(first, first + CHUNK)
            weight[part] = decay(self.value[part])
        endless = np.flatnonzero(~np.isfinite(weight))
        if len(endless):
            raise NonFiniteError(
                f"{owner}: {decay!r} has no finite weight at the cost of {len(endless)} pairs: "
                f"{some(self.named(endless))}. Give costs above zero, GeodesicCost(minimum=...), or another decay."
            )
        positive = weight > 0
        if positive.all():
            return Reach(self.demand, self.supply, self.start, self.place, weight)
        return self.kept(positive, weight)

    def named(self, pairs: Array) -> list[tuple[object, object]]:
        """Give the labels of pairs by their positions."""
        rows = np.searchsorted(self.start, pairs, side="right") - 1
        return list(zip(self.demand[rows], self.supply[self.place[pairs]], strict=True))
