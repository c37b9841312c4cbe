"""The equilibrium of the rational agent access model, with its error; numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach

__all__ = ["Equilibrium", "equilibrium"]

_STAGES = 12
_COOLING = 0.4  # temperature of a stage over that of the one before
_SMOOTH = 5e-3  # gap from which places are assigned one by one
_STEPS = 30  # Newton steps a stage at most
_PRODUCTS = 300  # of the Hessian a Newton step at most
_GRADIENT = 1e-4  # of demand, times the temperature: what a stage may leave out of place
_SWEEPS = 400
_LOOK = 5  # sweeps between two looks at the gap


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Who goes where when nobody gains by going elsewhere.

    Parameters
    ----------
    cost : ndarray of shape (n,)
        Travel and congestion of a person from each place; infinite without supply in reach.
    demand : ndarray of shape (m,)
        People at each place of supply.
    gap : float
        What people could still save by going elsewhere, as a share of the cost of all.
    """

    cost: Array
    demand: Array
    gap: float


def equilibrium(travel: Reach, population: Array, capacity: Array, tolerance: float) -> Equilibrium:
    """Find where people go so that nobody has a cheaper choice.

    Parameters
    ----------
    travel : Reach
        Cost of travel in units of congestion: c_ij / tau.
    population : ndarray of shape (n,)
    capacity : ndarray of shape (m,)
        In units of demand: rho s_j, so that congestion is load over capacity.
    tolerance : float
        `gap` at which to stop.

    Returns
    -------
    Equilibrium

    Notes
    -----
    The equilibrium minimises sum x_ij t_ij + sum L_j^2 / (2 S_j) over assignments x with loads L: a convex problem
    with one solution for L. It is found in two stages. The first minimises the dual in the congestions u, smoothed
    by the entropy of each place's choices at a temperature T,

        sum_i d_i T ln sum_j exp(-(t_ij + u_j) / T) + sum_j S_j u_j^2 / 2,

    by Newton's method with conjugate gradients, while T is lowered. The second assigns the people of one place after
    another as is best for them, the others where they are, which has a closed form, until the gap is small enough.
    """
    used = np.flatnonzero((population > 0) & (np.diff(travel.start) > 0))
    load, gap = np.zeros(len(capacity)), 0.0
    if len(used):
        pairs = travel.matrix[used]
        rows = np.repeat(np.arange(len(used)), np.diff(pairs.indptr))
        problem = _Problem(pairs, rows, population[used], capacity)
        people = problem.smoothed()
        gap = problem.gap(people)
        for sweep in range(_SWEEPS):
            if gap <= tolerance:
                break
            problem.sweep(people)
            if sweep % _LOOK == _LOOK - 1:
                gap = problem.gap(people)
        gap, load = problem.gap(people), problem.load(people)
    cost = np.full(len(population), np.inf)
    reached = np.flatnonzero(np.diff(travel.start) > 0)
    faced = travel.value + (load / capacity)[travel.place]
    if len(reached):
        cost[reached] = np.minimum.reduceat(faced, travel.start[:-1][reached])
    return Equilibrium(cost, load, gap)


@dataclass(frozen=True, eq=False)
class _Problem:
    travel: sp.csr_matrix
    rows: Array
    demand: Array
    capacity: Array

    def load(self, people: Array) -> Array:
        """Give the people at each place of supply."""
        return np.bincount(self.travel.indices, people, minlength=len(self.capacity))

    def gap(self, people: Array) -> float:
        """Give what people could save by going elsewhere, as a share of the cost of all."""
        cost = self.travel.data + (self.load(people) / self.capacity)[self.travel.indices]
        total = float(people @ cost)
        least = float(self.demand @ np.minimum.reduceat(cost, self.travel.indptr[:-1]))
        return max(total - least, 0.0) / total if total > 0 else 0.0

    def smoothed(self) -> Array:
        """Give the people of each pair by the smoothed dual, at the first temperature that is low enough."""
        u = np.zeros(len(self.capacity))
        temperature = float(self.travel.data.mean()) + self.demand.sum() / self.capacity.sum()
        for _ in range(_STAGES):
            u = self.minimised(u, temperature)
            people = self.choices(u, temperature)[0].data * self.demand[self.rows]
            if self.gap(people) <= _SMOOTH:
                break
            temperature *= _COOLING
        return np.asarray(people)

    def sweep(self, people: Array) -> None:
        """Assign the people of one place after another as is best for them, in place.

        The cost of going to j, t_ij + (L_j of the others + x_j) / S_j, is the same for all j with x_j > 0: people
        fill the cheapest places of supply up to a common level.
        """
        load, start = self.load(people), self.travel.indptr
        for place, many in enumerate(self.demand):
            pairs = slice(start[place], start[place + 1])
            supply = self.travel.indices[pairs]
            room = self.capacity[supply]
            without = load[supply] - people[pairs]
            price = self.travel.data[pairs] + without / room
            order = np.argsort(price)
            level = (many + np.cumsum((room * price)[order])) / np.cumsum(room[order])
            last = np.count_nonzero(level > price[order]) - 1
            people[pairs] = np.maximum(level[last] - price, 0.0) * room
            load[supply] = without + people[pairs]

    def choices(self, u: Array, temperature: float) -> tuple[sp.csr_matrix, float]:
        """Give the shares of the choices and the smoothed dual."""
        travel, first = self.travel, self.travel.indptr[:-1]
        cost = -(travel.data + u[travel.indices]) / temperature
        top = np.maximum.reduceat(cost, first)
        share = np.exp(cost - top[self.rows])
        total = np.add.reduceat(share, first)
        value = temperature * float(self.demand @ (top + np.log(total)))
        shares = sp.csr_matrix((share / total[self.rows], travel.indices, travel.indptr), shape=travel.shape)
        return shares, value + float(self.capacity @ (u * u)) / 2

    def minimised(self, u: Array, temperature: float) -> Array:
        """Give the minimum of the smoothed dual, from u, by Newton's method."""
        share, value = self.choices(u, temperature)
        for _ in range(_STEPS):
            load = share.T @ self.demand
            slope = self.capacity * u - load
            if np.abs(slope).sum() <= _GRADIENT * min(temperature, 1.0) * self.demand.sum():
                break
            step = self._newton(share, load, slope, temperature)
            fall, size = float(slope @ step), 1.0
            while size > 1e-6:
                trial, lower = self.choices(u + size * step, temperature)
                if lower <= value + 1e-4 * size * fall:
                    break
                size /= 2
            else:
                break
            u, share, value = u + size * step, trial, lower
        return u

    def _newton(self, share: sp.csr_matrix, load: Array, slope: Array, temperature: float) -> Array:
        def hessian(v: Array) -> Array:
            return np.asarray(
                self.capacity * v + (load * v - share.T @ (self.demand * (share @ v))) / temperature
            )

        squares = share.power(2).T @ self.demand
        return _conjugate_gradients(hessian, -slope, self.capacity + (load - squares) / temperature)


def _conjugate_gradients(matrix: Callable[[Array], Array], right: Array, diagonal: Array) -> Array:
    """Solve with a positive definite matrix, roughly: Newton's method mends the rest."""
    x, residual = np.zeros_like(right), right.copy()
    scaled = residual / diagonal
    direction, product = scaled.copy(), float(residual @ scaled)
    enough = 1e-4 * product
    for _ in range(_PRODUCTS):
        image = matrix(direction)
        length = product / float(direction @ image)
        x, residual = x + length * direction, residual - length * image
        scaled = residual / diagonal
        before, product = product, float(residual @ scaled)
        if product <= enough:
            break
        direction = scaled + product / before * direction
    return x
