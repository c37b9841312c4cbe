"""The equilibrium of the rational agent access model, with its error; numbers only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach

__all__ = ["Equilibrium", "equilibrium"]

_STAGES = 40
_COOLING = 0.4  # temperature of a stage over that of the one before
_STEPS = 60  # Newton steps a stage at most
_PRODUCTS = 300  # of the Hessian a Newton step at most
_GRADIENT = 1e-9  # of demand


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
    with one solution for L. Its dual in the congestions u is smoothed by the entropy of each place's choices at a
    temperature,

        sum_i d_i T ln sum_j exp(-(t_ij + u_j) / T) + sum_j S_j u_j^2 / 2,

    minimised by Newton's method with conjugate gradients, and cooled until the gap, which is known at every
    temperature, is small enough.
    """
    used = np.flatnonzero((population > 0) & (np.diff(travel.start) > 0))
    matrix = travel.matrix
    pairs = matrix[used]
    demand, rows = population[used], np.repeat(np.arange(len(used)), np.diff(pairs.indptr))
    u = np.zeros(len(capacity))
    problem = _Problem(pairs, rows, demand, capacity)
    temperature = float(np.average(pairs.data)) + demand.sum() / capacity.sum() if len(used) else 1.0
    best = _state(problem, u, temperature)
    for _ in range(_STAGES):
        u = problem.minimised(u, temperature)
        best = _state(problem, u, temperature)
        if best[1] <= tolerance:
            break
        temperature *= _COOLING
    load, gap = best
    congestion = load / capacity
    cost = np.full(matrix.shape[0], np.inf)
    reached = np.flatnonzero(np.diff(travel.start) > 0)
    cost[reached] = np.minimum.reduceat(travel.value + congestion[travel.place], travel.start[:-1][reached])
    return Equilibrium(cost, load, gap)


def _state(problem: _Problem, u: Array, temperature: float) -> tuple[Array, float]:
    """Give the loads of the choices at u, and their gap at the congestion that they make."""
    if not len(problem.demand):
        return np.zeros(len(u)), 0.0
    share = problem.choices(u, temperature)[0]
    people = share.data * problem.demand[problem.rows]
    load = np.bincount(share.indices, people, minlength=len(u))
    cost = problem.travel.data + (load / problem.capacity)[share.indices]
    least = np.minimum.reduceat(cost, share.indptr[:-1])
    total = float(people @ cost)
    return load, (total - float(problem.demand @ least)) / total if total > 0 else 0.0


@dataclass(frozen=True, eq=False)
class _Problem:
    travel: sp.csr_matrix
    rows: Array
    demand: Array
    capacity: Array

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
            if np.abs(slope).sum() <= _GRADIENT * self.demand.sum():
                break
            step = self._newton(share, load, slope, temperature)
            fall, size = float(slope @ step), 1.0
            while size > 1e-10:
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
    enough = 1e-6 * product
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
