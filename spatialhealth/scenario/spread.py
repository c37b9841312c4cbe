"""How a change of the regressors travels through W, for one set of parameters and for many draws of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError
from spatialhealth.operator.diagonal import diagonals
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["Basis", "Coefficients", "basis"]

_FEWEST, _MOST = 6, 96  # Chebyshev points
_ACCURACY = 1e-9  # relative, half-way between the points
_NO_POLES = (-np.inf, np.inf)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Parameters as a change needs them, one row a draw.

    Parameters
    ----------
    beta, theta : ndarray of shape (r, k)
        Coefficients of the regressors and of their lags.
    rho : ndarray of shape (r,)
    """

    beta: Array
    theta: Array
    rho: Array


@dataclass(frozen=True, eq=False)
class Basis:
    """A change spread over the units at a few values of rho, between which every draw is interpolated.

    Parameters
    ----------
    nodes : ndarray of shape (m,)
        Values of rho.
    total, own : ndarray of shape (m, 2, k, n)
        What a coefficient of one, of a regressor (0) or of its lag (1), makes of the change: in all, and of the
        unit's own change.
    error : float
        Largest difference from an exact solution half-way between nodes, relative to the largest value.
    poles : tuple of float
        Values of rho at which the change is infinite; what is interpolated is the change times its distance from
        them.
    """

    nodes: Array
    total: Array
    own: Array
    error: float
    poles: tuple[float, float] = _NO_POLES

    def weights(self, coefficients: Coefficients) -> Array:
        """Give the weight of each vector of the basis for each draw, shape (r, m * 2 * k)."""
        at = _interpolation(self.nodes, coefficients.rho, self.poles)
        pair = np.stack([coefficients.beta, coefficients.theta], axis=1)
        return np.asarray(np.einsum("rm,rpk->rmpk", at, pair).reshape(len(at), -1))


def basis(
    operator: SpatialOperator, change: Array, coefficients: Coefficients, random_state: int = 0
) -> Basis:
    """Spread a change over the units for all values of rho among the coefficients.

    Parameters
    ----------
    operator : SpatialOperator
    change : ndarray of shape (n, k)
        Change of each regressor at each unit.
    coefficients : Coefficients
    random_state : int, default 0
        Of the diagonals beyond 20,000 units, which are then approximations.

    Returns
    -------
    Basis

    Raises
    ------
    ConvergenceError
        If rho is so near the end of its interval that no few values of it will do.

    Notes
    -----
    The change of the outcome is (I - rho W)^-1 (dX beta + W dX theta); each of its columns is a smooth function of
    rho, so that polynomials through Chebyshev points give every draw to nine digits without solving for it. Near
    the ends of the interval of rho, where it grows without bound, polynomials do not follow it. It is then multiplied
    with its distance from both ends first, which takes these poles out.
    """
    low, high = float(coefficients.rho.min()), float(coefficients.rho.max())
    if low == high:
        return Basis(np.array([low]), *_exact(operator, change, [low], random_state), 0.0)
    poles, m = _NO_POLES, _FEWEST
    while True:
        nodes = _chebyshev(low, high, m)
        total, own = _exact(operator, change, nodes, random_state)
        error = _error(operator, change, nodes, total, poles)
        if error < _ACCURACY:
            return Basis(nodes, total, own, error, poles)
        m *= 2
        if m > _MOST:
            if poles != _NO_POLES:
                raise ConvergenceError(
                    f"Draws of rho from {low:.4f} to {high:.4f} reach so near the end of its interval that a change "
                    f"cannot be followed through all of them (error {error:.1e}). The estimate is near a unit root: "
                    "use weights or regressors that leave less to rho."
                )
            poles, m = operator.interval, _FEWEST


def _exact(
    operator: SpatialOperator, change: Array, nodes: Array | list[float], random_state: int
) -> tuple[Array, Array]:
    n, k = change.shape
    total, own = np.empty((len(nodes), 2, k, n)), np.empty((len(nodes), 2, k, n))
    lagged = operator.lag(change.T)  # rows are vectors over units
    for j, rho in enumerate(nodes):
        if rho == 0:
            total[j] = change.T, lagged
            own[j] = change.T, operator.matrix.diagonal() * change.T
            continue
        total[j, 0] = operator.solve(rho, change).T
        total[j, 1] = operator.lag(total[j, 0])
        diagonal = diagonals(operator, rho, random_state).value
        own[j] = diagonal[:, 0] * change.T, diagonal[:, 1] * change.T
    return total, own


def _error(
    operator: SpatialOperator, change: Array, nodes: Array, total: Array, poles: tuple[float, float]
) -> float:
    """Compare with a solution half-way between the first two nodes, where polynomials are worst."""
    between = float(nodes[:2].mean())
    exact = operator.solve(between, change).T
    found = np.tensordot(_interpolation(nodes, np.array([between]), poles)[0], total[:, 0], 1)
    return float(np.abs(found - exact).max() / max(float(np.abs(exact).max()), np.finfo(float).tiny))


def _interpolation(nodes: Array, at: Array, poles: tuple[float, float]) -> Array:
    """Give the weights of the nodes, shape (r, m), for a function that is infinite at the poles."""
    from_nodes, from_at = (np.prod([1 - rho / pole for pole in poles], axis=0) for rho in (nodes, at))
    return np.asarray(_lagrange(nodes, at) * from_nodes / from_at[:, None])


def _chebyshev(low: float, high: float, m: int) -> Array:
    points = np.cos(np.pi * (2 * np.arange(m) + 1) / (2 * m))
    return np.asarray((low + high) / 2 + (high - low) / 2 * points)


def _lagrange(nodes: Array, at: Array) -> Array:
    """Give the values of Lagrange's polynomials, shape (r, m), by the barycentric formula."""
    if len(nodes) == 1:
        return np.ones((len(at), 1))
    m = len(nodes)
    weight = (-1.0) ** np.arange(m) * np.sin(np.pi * (2 * np.arange(m) + 1) / (2 * m))
    gap = at[:, None] - nodes
    hit = gap == 0
    share = weight / np.where(hit, 1.0, gap)
    share = np.where(hit.any(axis=1, keepdims=True), hit.astype(float), share)
    return np.asarray(share / share.sum(axis=1, keepdims=True))
