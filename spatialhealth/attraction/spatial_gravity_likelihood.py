"""Likelihood of flows that depend on those of neighbouring origins and destinations, by n x n matrices only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from scipy.linalg import schur, solve_triangular

from spatialhealth._typing import Array, FlowDependence
from spatialhealth.errors import ConvergenceError

__all__ = ["FREE", "FlowLikelihood", "FlowMaximum", "rhos_of", "solve_flows"]

# positions of the free parameters among (destination, origin, network)
FREE: dict[FlowDependence, tuple[int, ...]] = {
    "full": (0, 1, 2),
    "separable": (0, 1),
    "additive": (0, 1),
    "destination": (0,),
    "origin": (1,),
    "network": (2,),
    "none": (),
}
_STARTS = (-0.3, 0.0, 0.3, 0.6)
_CLIMBS = 4  # of the best starts
_STEPS = 100
_TOLERANCE = 1e-18  # of the squared Newton step, in units of the log-likelihood
_SAME = 1e-4  # maxima nearer to each other than that are one
_SMALLEST = 2.0**-30


def rhos_of(dependence: FlowDependence, free: Array) -> tuple[Array, Array]:
    """Give (destination, origin, network) and their derivatives by the free parameters.

    Parameters
    ----------
    dependence : FlowDependence
    free : ndarray of shape (p,)

    Returns
    -------
    ndarray of shape (3,)
    ndarray of shape (3, p)
    """
    rho, jacobian = np.zeros(3), np.zeros((3, len(free)))
    for place, which in enumerate(FREE[dependence]):
        rho[which], jacobian[which, place] = free[place], 1.0
    if dependence == "separable":
        rho[2] = -free[0] * free[1]
        jacobian[2] = -free[1], -free[0]
    return rho, jacobian


@dataclass(frozen=True, eq=False)
class FlowMaximum:
    """The maximum of the likelihood.

    Parameters
    ----------
    free : ndarray of shape (p,)
        Free parameters of the dependence.
    rho : ndarray of shape (3,)
        Of destinations, origins and both.
    coefficients : ndarray of shape (k,)
    sigma2, loglik : float
    covariance : ndarray of shape (k + 3, k + 3)
        Of coefficients and the three rho: inverse observed information.
    others : tuple of float
        How much lower other local maxima are, if any was found.
    steps : int
    """

    free: Array
    rho: Array
    coefficients: Array
    sigma2: float
    loglik: float
    covariance: Array
    others: tuple[float, ...]
    steps: int


@dataclass(frozen=True, eq=False)
class FlowLikelihood:
    """Y = rho_d Y W' + rho_o W Y + rho_w W Y W' + Z b + E, origins in rows, destinations in columns.

    Parameters
    ----------
    lags : ndarray of shape (n, n, 4)
        Y, Y W', W Y and W Y W'.
    design : ndarray of shape (n, n, k)
    eigenvalues : ndarray of shape (n,)
        Of W.
    dependence : FlowDependence

    Notes
    -----
    With vec(Y) by rows, the matrix of the system is I - rho_d (I ⊗ W) - rho_o (W ⊗ I) - rho_w (W ⊗ W), whose
    eigenvalues are 1 - rho_d l_j - rho_o l_i - rho_w l_i l_j for all pairs of eigenvalues of W: its
    log-determinant, and derivatives, are exact sums of n x n terms. Where it is admitted, all of these have a
    positive real part: a convex region around zero, in which the determinant is positive.
    """

    lags: Array
    design: Array
    eigenvalues: Array
    dependence: FlowDependence

    @property
    def size(self) -> int:
        """Number of flows, N."""
        return int(self.lags.shape[0] ** 2)

    @cached_property
    def _columns(self) -> tuple[Array, Array]:
        return self.design.reshape(self.size, -1), self.lags.reshape(self.size, 4)

    @cached_property
    def _products(self) -> tuple[Array, Array, Array]:
        """Z'Z, Z'[y lags] and the products of residuals of the lags on Z."""
        z, y = self._columns
        scale = np.sqrt(np.square(z).sum(axis=0))
        q, r = np.linalg.qr(z / scale)
        residual = y - q @ (q.T @ y)
        return z.T @ z, np.linalg.solve(r, q.T @ y) / scale[:, None], residual.T @ residual

    @cached_property
    def _pairs(self) -> tuple[Array, Array, Array]:
        """What each rho multiplies in an eigenvalue of the system, shape (n, n) or broadcast to it."""
        values = self.eigenvalues
        return values[None, :], values[:, None], values[:, None] * values[None, :]

    def system(self, rho: Array) -> Array:
        """Give the eigenvalues of the system, shape (n, n)."""
        return np.asarray(1 - sum(r * pair for r, pair in zip(rho, self._pairs, strict=True)))

    def admits(self, free: Array) -> bool:
        """Whether free parameters lie in the admissible region."""
        if self.dependence == "separable":
            return bool(all((1 - f * self.eigenvalues).real.min() > 0 for f in free))
        rho, _ = rhos_of(self.dependence, free)
        return bool(self.system(rho).real.min() > 0)

    def traces(self, rho: Array) -> tuple[float, Array, Array]:
        """Give the log-determinant L, -dL/drho of shape (3,), and -d2L/drho2 of shape (3, 3)."""
        inverse = 1 / self.system(rho)
        value = -float(np.log(np.abs(inverse)).sum())
        ratios = [pair * inverse for pair in self._pairs]
        first = np.array([float(ratio.real.sum()) for ratio in ratios])
        second = np.array([[float((a * b).real.sum()) for b in ratios] for a in ratios])
        return value, first, second

    def concentrated(self, free: Array) -> tuple[float, Array, Array]:
        """Give the log-likelihood at free parameters, its slope and its Hessian, all else concentrated out."""
        rho, jacobian = rhos_of(self.dependence, free)
        _, _, gram = self._products
        tau = np.concatenate([[1.0], -rho])
        logdet, first, second = self.traces(rho)
        squares, n = float(tau @ gram @ tau), self.size
        loglik = -n / 2 * (np.log(2 * np.pi * squares / n) + 1) + logdet
        pull = (gram @ tau)[1:]
        slope = n * pull / squares - first
        hessian = -n * gram[1:, 1:] / squares + 2 * n * np.outer(pull, pull) / squares**2 - second
        return loglik, jacobian.T @ slope, self._in_free(hessian, slope, jacobian)

    def _in_free(self, hessian: Array, slope: Array, jacobian: Array) -> Array:
        """Turn a Hessian in the three rho into one in the free parameters."""
        found = jacobian.T @ hessian @ jacobian
        if self.dependence == "separable":
            found = found - slope[2] * np.array([[0.0, 1.0], [1.0, 0.0]])
        return found

    def maximise(self) -> FlowMaximum:
        """Find the highest of the local maxima that are reached from the best points of a grid.

        Returns
        -------
        FlowMaximum

        Raises
        ------
        ConvergenceError
            If no climb ends inside the admissible region.
        """
        count = len(FREE[self.dependence])
        grid = [np.array(point) for point in product(_STARTS, repeat=count)]
        inside = [point for point in grid if self.admits(point)]
        inside.sort(key=lambda point: -self.concentrated(point)[0])
        found = [climbed for point in inside[:_CLIMBS] if (climbed := self._climb(point)) is not None]
        if not found:
            raise ConvergenceError(
                "The likelihood of the flows has no maximum inside the admissible region. Try "
                "dependence='separable', or other weights."
            )
        found.sort(key=lambda each: -each[0])
        loglik, free, steps = found[0]
        apart = {
            round(loglik - value, 6)
            for value, point, _ in found
            if np.abs(point - free).max(initial=0.0) > _SAME
        }
        return self._at(free, loglik, tuple(sorted(apart)), steps)

    def _climb(self, free: Array) -> tuple[float, Array, int] | None:
        """Climb by Newton's method, by the slope where the likelihood is not concave; never out of the region."""
        value, slope, hessian = self.concentrated(free)
        for step in range(_STEPS):
            if len(free) == 0:
                return value, free, step
            values, vectors = np.linalg.eigh(-hessian)
            move = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-8 * self.size))
            size, length = float(slope @ move), 1.0
            if size < _TOLERANCE * self.size:
                return (value, free, step) if values.min() > 0 else None
            while length > _SMALLEST:
                trial = free + length * move
                if self.admits(trial):
                    found = self.concentrated(trial)
                    # at the maximum rounding decides which of two values is larger
                    if found[0] >= value - 1e-13 * abs(value):
                        break
                length /= 2
            else:
                return None
            free, (value, slope, hessian) = trial, found
        return None

    def _at(self, free: Array, loglik: float, others: tuple[float, ...], steps: int) -> FlowMaximum:
        rho, jacobian = rhos_of(self.dependence, free)
        _, projected, gram = self._products
        tau = np.concatenate([[1.0], -rho])
        coefficients, sigma2 = projected @ tau, float(tau @ gram @ tau) / self.size
        covariance = self._covariance(rho, jacobian, coefficients, sigma2)
        return FlowMaximum(free, rho, coefficients, sigma2, loglik, covariance, others, steps)

    def information(self, rho: Array, jacobian: Array, coefficients: Array, sigma2: float) -> Array:
        """Give minus the Hessian of the full log-likelihood in (b, free, sigma2).

        Parameters
        ----------
        rho : ndarray of shape (3,)
        jacobian : ndarray of shape (3, p)
        coefficients : ndarray of shape (k,)
        sigma2 : float

        Returns
        -------
        ndarray of shape (k + p + 1, k + p + 1)
        """
        z, y = self._columns
        zz, _, _ = self._products
        k, p = z.shape[1], jacobian.shape[1]
        error = y @ np.concatenate([[1.0], -rho]) - z @ coefficients
        _, first, second = self.traces(rho)
        lags = y[:, 1:]
        score = lags.T @ error / sigma2 - first
        found = np.zeros((k + p + 1, k + p + 1))
        found[:k, :k] = zz / sigma2
        found[:k, k:-1] = z.T @ lags @ jacobian / sigma2
        found[k:-1, k:-1] = -self._in_free(-(lags.T @ lags) / sigma2 - second, score, jacobian)
        found[k:-1, -1] = jacobian.T @ (lags.T @ error) / sigma2**2
        found[:k, -1] = z.T @ error / sigma2**2
        found[-1, -1] = (error @ error) / sigma2**3 - self.size / (2 * sigma2**2)
        return np.asarray(np.triu(found) + np.triu(found, 1).T)

    def _covariance(self, rho: Array, jacobian: Array, coefficients: Array, sigma2: float) -> Array:
        k, p = len(coefficients), jacobian.shape[1]
        information = self.information(rho, jacobian, coefficients, sigma2)
        scale = 1 / np.sqrt(np.diag(information))
        inverse = np.linalg.inv(information * np.outer(scale, scale)) * np.outer(scale, scale)
        turn = np.zeros((k + 3, k + p))
        turn[:k, :k], turn[k:, k:] = np.eye(k), jacobian
        return np.asarray(turn @ inverse[: k + p, : k + p] @ turn.T)


def solve_flows(weights: Array, rho: Array, signal: Array) -> Array:
    """Give the Y with Y - rho_d Y W' - rho_o W Y - rho_w W Y W' = signal.

    Parameters
    ----------
    weights : ndarray of shape (n, n)
    rho : ndarray of shape (3,)
        Of destinations, origins and both.
    signal : ndarray of shape (n, n)

    Returns
    -------
    ndarray of shape (n, n)

    Notes
    -----
    In the basis of W's Schur form W = U T U*, one column after the other, from the last, is the solution of a
    triangular system: n solutions of size n, whatever W is.
    """
    triangle, basis = schur(weights, output="complex")
    n = len(weights)
    turned = basis.conj().T @ signal @ basis.conj()
    identity, found = np.eye(n), np.zeros((n, n), dtype=complex)
    for j in range(n - 1, -1, -1):
        known = found[:, j + 1 :] @ triangle[j, j + 1 :]
        right = turned[:, j] + rho[0] * known + rho[2] * (triangle @ known)
        own = triangle[j, j]
        matrix = (1 - rho[0] * own) * identity - (rho[1] + rho[2] * own) * triangle
        found[:, j] = solve_triangular(matrix, right)
    return np.asarray((basis @ found @ basis.T).real)
