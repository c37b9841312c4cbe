"""The equilibrium of the rational agent access model, with its error; numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach

__all__ = ["Equilibrium", "equilibrium"]

_COOLING = 0.3  # temperature of a stage over that of the one before
_COOLINGS = 13  # down to 1.6e-7 of the first temperature: below 1e-7 the rounding of the dual hides its slope
_STEPS = 30  # Newton steps a stage at most
_PRODUCTS = 300  # of the Hessian a Newton step at most
_GRADIENT = 1e-3  # of demand, times the temperature: what a stage may leave out of place
_CHOSEN = 1e-3  # share from which a choice is among those that precondition
_FEW = 6  # choices of a place, on average, up to which they do
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

    by Newton's method with conjugate gradients, while T is lowered; each temperature starts where the derivative of
    the minimum by T says. Once most places choose little, the Hessian without small shares, factored, preconditions.
    Where T cannot be lowered enough for rounding (gaps below about 1e-8), the second assigns the people of one place
    after another as is best for them, the others where they are, which has a closed form.
    """
    used = np.flatnonzero((population > 0) & (np.diff(travel.start) > 0))
    load, gap = np.zeros(len(capacity)), 0.0
    if len(used):
        pairs = travel.matrix[used]
        rows = np.repeat(np.arange(len(used)), np.diff(pairs.indptr))
        problem = _Problem(pairs, rows, population[used], capacity)
        people = problem.smoothed(tolerance)
        gap = problem.gap(people)
        for sweep in track(range(_SWEEPS), "Places in turn"):
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

    def smoothed(self, tolerance: float) -> Array:
        """Give the people of each pair by the smoothed dual, at the first temperature that is low enough."""
        temperature = float(self.travel.data.mean()) + self.demand.sum() / self.capacity.sum()
        u, share = self.minimised(np.zeros(len(self.capacity)), temperature)
        for _ in track(range(_COOLINGS), "Equilibrium"):
            if self.gap(share.data * self.demand[self.rows]) <= tolerance:
                break
            u = u - temperature * (1 - _COOLING) * self._drift(u, share, temperature)
            temperature *= _COOLING
            u, share = self.minimised(u, temperature)
        return np.asarray(share.data * self.demand[self.rows])

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

    def minimised(self, u: Array, temperature: float) -> tuple[Array, sp.csr_matrix]:
        """Give the minimum of the smoothed dual, from u, by Newton's method, and the shares of the choices."""
        share, value = self.choices(u, temperature)
        for _ in range(_STEPS):
            load = share.T @ self.demand
            slope = self.capacity * u - load
            if np.abs(slope).sum() <= _GRADIENT * min(temperature, 1.0) * self.demand.sum():
                break
            step = _Hessian.of(self, share, load, temperature).solve(-slope)
            fall, size = float(slope @ step), 1.0
            while size > 1e-6:
                trial, lower = self.choices(u + size * step, temperature)
                if lower <= value + 1e-4 * size * fall:
                    break
                size /= 2
            else:
                break
            u, share, value = u + size * step, trial, lower
        return u, share

    def _drift(self, u: Array, share: sp.csr_matrix, temperature: float) -> Array:
        """Give the change of the minimum with the temperature, from which the next stage starts."""
        cost = self.travel.data + u[self.travel.indices]
        mean = np.add.reduceat(share.data * cost, share.indptr[:-1])
        moved = share.data * (cost - mean[self.rows]) / temperature**2
        load = np.bincount(share.indices, moved * self.demand[self.rows], minlength=len(u))
        return _Hessian.of(self, share, share.T @ self.demand, temperature).solve(load)


@dataclass(frozen=True, eq=False)
class _Hessian:
    """diag(S) + (diag(L) - P' D P) / T, P the shares of the choices, and what makes it easy to solve."""

    capacity: Array
    share: sp.csr_matrix
    demand: Array
    load: Array
    temperature: float
    easier: Callable[[Array], Array]

    @classmethod
    def of(cls, problem: _Problem, share: sp.csr_matrix, load: Array, temperature: float) -> _Hessian:
        """Give that of some shares, with the inverse of its diagonal, or of it without the small shares."""
        capacity, demand, rows = problem.capacity, problem.demand, problem.rows
        kept = share.data > 0.0
        if not kept.all():
            share = _some(share, rows, kept)
            rows = rows[kept]
        squares = np.bincount(share.indices, demand[rows] * share.data**2, minlength=len(capacity))
        diagonal = capacity + (load - squares) / temperature
        chosen = share.data >= _CHOSEN
        if np.count_nonzero(chosen) > _FEW * len(demand):
            return cls(capacity, share, demand, load, temperature, lambda v: v / diagonal)
        few = _some(share, rows, chosen)
        between = few.T @ sp.diags(demand / temperature) @ few
        both = sp.diags(diagonal + between.diagonal()) - between
        # positive definite and diagonally dominant: no pivots are needed
        factor = splu(both.tocsc(), "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        return cls(capacity, share, demand, load, temperature, factor.solve)

    def __call__(self, v: Array) -> Array:
        """Multiply."""
        spread = self.share.T @ (self.demand * (self.share @ v))
        return np.asarray(self.capacity * v + (self.load * v - spread) / self.temperature)

    def solve(self, right: Array) -> Array:
        """Solve."""
        return _conjugate_gradients(self, right, self.easier)


def _some(share: sp.csr_matrix, rows: Array, kept: Array) -> sp.csr_matrix:
    """Give some of the entries."""
    start = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=share.shape[0]))])
    return sp.csr_matrix((share.data[kept], share.indices[kept], start), shape=share.shape)


def _conjugate_gradients(
    matrix: Callable[[Array], Array], right: Array, easier: Callable[[Array], Array]
) -> Array:
    """Solve with a positive definite matrix, roughly: Newton's method mends the rest."""
    x, residual = np.zeros_like(right), right.copy()
    scaled = easier(residual)
    direction, product = scaled.copy(), float(residual @ scaled)
    enough = 1e-4 * product
    for _ in range(_PRODUCTS):
        image = matrix(direction)
        length = product / float(direction @ image)
        x, residual = x + length * direction, residual - length * image
        scaled = easier(residual)
        before, product = product, float(residual @ scaled)
        if product <= enough:
            break
        direction = scaled + product / before * direction
    return x
