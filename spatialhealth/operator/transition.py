"""How far a dynamic model carries: the spectral radius of A = (I - rho W)^-1 (tau I + eta W)."""

from __future__ import annotations

import numpy as np
import scipy.sparse.linalg as spla

from spatialhealth._typing import Array
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["largest_root", "root_bound"]

_ALL = 2_000  # up to which the eigenvalues of a W that is not symmetrisable are computed


def largest_root(operator: SpatialOperator, rho: float, tau: float, eta: float) -> float:
    """Give the spectral radius of A, the factor by which the slowest pattern fades from period to period.

    Parameters
    ----------
    operator : SpatialOperator
    rho, tau, eta : float
        Coefficients of W y, of y a period before, and of W y a period before; rho inside the admissible interval.

    Returns
    -------
    float

    Notes
    -----
    To every eigenvalue w of W belongs the eigenvalue (tau + eta w) / (1 - rho w) of A, a Moebius map. Over the
    real line it is monotone between poles, so that for a real spectrum the two ends of the range decide. For a W
    with a complex spectrum and more than 2,000 units a disc stands for the spectrum, and only if the bound so
    found reaches one is the root itself iterated.

    Examples
    --------
    >>> import numpy as np
    >>> W = SpatialOperator((["a", "b"], np.array([[0.0, 1.0], [1.0, 0.0]])))
    >>> round(largest_root(W, rho=0.5, tau=0.3, eta=0.1), 6)  # (0.3 + 0.1) / (1 - 0.5)
    0.8
    """
    bound = float(root_bound(operator, np.array(rho), np.array(tau), np.array(eta)))
    if bound < 1 or _knows_spectrum(operator):
        return bound
    try:
        return min(bound, _iterated(operator, rho, tau, eta))
    except spla.ArpackError:
        return bound


def root_bound(operator: SpatialOperator, rho: Array, tau: Array, eta: Array) -> Array:
    """Give the spectral radius of A for many parameters; an upper bound where the spectrum is not known.

    Parameters
    ----------
    operator : SpatialOperator
    rho, tau, eta : ndarray of the same shape

    Returns
    -------
    ndarray of the same shape
    """
    w = _decisive(operator)
    ratio = (tau[..., None] + eta[..., None] * w) / (1 - rho[..., None] * w)
    return np.asarray(np.abs(ratio).max(axis=-1))


def _knows_spectrum(operator: SpatialOperator) -> bool:
    return operator.n <= _ALL or (operator.spectrum.is_symmetrisable and operator.spectrum.knows_ends)


def _decisive(operator: SpatialOperator) -> Array:
    """Give the eigenvalues of W among which the largest root is found, or the ends of a disc around them."""
    if operator.spectrum.is_symmetrisable:
        low, high = operator.interval
        return np.array([1 / low, 1 / high])
    if operator.n <= _ALL:
        return operator.spectrum.eigenvalues
    # the map takes the disc to a disc, centred on the real line: the ends of its diameter are the farthest
    return np.array([-1.0, 1.0]) * operator.spectrum.radius


def _iterated(operator: SpatialOperator, rho: float, tau: float, eta: float) -> float:
    """Give the largest modulus of an eigenvalue of A by Arnoldi's iteration."""

    def step(values: Array) -> Array:
        values = values.ravel()
        return operator.solve(rho, tau * values + eta * (operator.matrix @ values))

    n = operator.n
    transition = spla.LinearOperator((n, n), matvec=step, dtype=float)
    start = np.random.default_rng(0).uniform(0.5, 1.5, n)
    found = spla.eigs(transition, k=1, which="LM", v0=start, tol=1e-8, return_eigenvectors=False)
    return float(np.abs(found[0]))
