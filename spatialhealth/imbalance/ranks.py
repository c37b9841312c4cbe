"""Fractional ranks, ties in the middle, and what is concentrated along them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array

__all__ = ["Ranks"]


@dataclass(frozen=True, eq=False)
class Ranks:
    """Units in the order of a variable; those that tie stand together.

    Parameters
    ----------
    order : ndarray of shape (n,)
        Places of the units, lowest first.
    starts : ndarray of shape (g,)
        Where in `order` each of g different values begins.
    """

    order: Array
    starts: Array

    @classmethod
    def of(cls, variable: Array) -> Ranks:
        """Rank units by a variable."""
        order = np.argsort(variable, kind="stable")
        starts = np.flatnonzero(np.concatenate([[True], np.diff(variable[order]) != 0]))
        return cls(order, starts)

    def grouped(self, values: Array) -> Array:
        """Sum (m, n) values of units within ties: (m, g)."""
        ordered = values[:, self.order]
        if len(self.starts) == len(self.order):
            return ordered
        return np.asarray(np.add.reduceat(ordered, self.starts, axis=1))

    def concentration(self, weights: Array, values: Array) -> tuple[Array, Array]:
        """Give concentration indices and means of a variable.

        Parameters
        ----------
        weights : ndarray of shape (m, n)
            One row a sample.
        values : ndarray of shape (n,)

        Returns
        -------
        index, mean : ndarray of shape (m,)
            2 cov(h, R) / mean, with R the fractional rank; NaN where the mean is zero.
        """
        people, held = self.grouped(weights), self.grouped(weights * values)
        total, sum_held = people.sum(axis=1), held.sum(axis=1)
        rank = np.cumsum(people, axis=1) - people / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            index = 2 * np.einsum("mg,mg->m", held, rank) / (sum_held * total) - 1
            return index, sum_held / total

    def curve(self, weights: Array, values: Array) -> tuple[Array, Array]:
        """Give cumulative shares of weights and of a variable, from zero to one, each of shape (m, g + 1)."""
        shares = []
        for part in (self.grouped(weights), self.grouped(weights * values)):
            running = np.cumsum(part, axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                share = running / running[:, -1:]
            shares.append(np.concatenate([np.zeros((len(part), 1)), share], axis=1))
        return shares[0], shares[1]

    def back(self, grouped: Array) -> Array:
        """Give each unit the value of its ties: (g,) to (n,)."""
        sizes = np.diff(np.append(self.starts, len(self.order)))
        values = np.empty(len(self.order))
        values[self.order] = np.repeat(grouped, sizes)
        return values
