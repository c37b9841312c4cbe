"""Solutions with I - rho W by products with W only, several right-hand sides at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError

__all__ = ["conjugate_gradients", "stabilised_gradients"]

_TOLERANCE = 1e-13  # of the residual's length, as a share of the right-hand side's
_ENOUGH = 1e-9  # the same, where rounding lets it fall no further
_ROUNDS = 20_000
_WAIT = 50  # rounds without progress after which rounding is all that is left

Product = Callable[[Array], Array]


def conjugate_gradients(product: Product, right: Array) -> Array:
    """Solve M x = b, M symmetric and positive definite.

    Parameters
    ----------
    product : callable
        From x of shape (n, m) to M x.
    right : ndarray of shape (n, m)

    Returns
    -------
    ndarray of shape (n, m)

    Raises
    ------
    ConvergenceError
        If the residual does not fall to a billionth of the right-hand side.

    References
    ----------
    Hestenes, M. R. and Stiefel, E. (1952). Methods of conjugate gradients for solving linear systems. Journal of
    Research of the National Bureau of Standards 49, 409-436.
    """
    x, residual = np.zeros_like(right), right.copy()
    direction = residual.copy()
    squares = _dot(residual, residual)
    watch = _Watch(np.sqrt(squares))
    for _ in track(range(_ROUNDS), "solving"):
        if watch.is_done(np.sqrt(squares)):
            return x
        image = product(direction)
        step = _ratio(squares, _dot(direction, image))
        x += step * direction
        image *= step
        residual -= image
        before, squares = squares, _dot(residual, residual)
        direction *= _ratio(squares, before)
        direction += residual
    raise watch.error()


def stabilised_gradients(product: Product, right: Array) -> Array:
    """Solve M x = b for any M, by stabilised bi-conjugate gradients.

    Parameters
    ----------
    product : callable
        From x of shape (n, m) to M x.
    right : ndarray of shape (n, m)

    Returns
    -------
    ndarray of shape (n, m)

    Raises
    ------
    ConvergenceError
        If the residual does not fall to a billionth of the right-hand side.

    References
    ----------
    van der Vorst, H. A. (1992). Bi-CGSTAB: a fast and smoothly converging variant of Bi-CG for the solution of
    nonsymmetric linear systems. SIAM Journal on Scientific and Statistical Computing 13, 631-644.
    """
    x, residual = np.zeros_like(right), right.copy()
    shadow = residual.copy()
    direction = residual.copy()
    angle = _dot(shadow, residual)
    watch = _Watch(np.sqrt(angle))
    for _ in track(range(_ROUNDS), "solving"):
        if watch.is_done(np.sqrt(_dot(residual, residual))):
            return x
        image = product(direction)
        step = _ratio(angle, _dot(shadow, image))
        half = residual - step * image
        turned = product(half)
        smooth = _ratio(_dot(turned, half), _dot(turned, turned))
        x += step * direction + smooth * half
        residual = half - smooth * turned
        before, angle = angle, _dot(shadow, residual)
        direction = residual + _ratio(angle, before) * _ratio(step, smooth) * (direction - smooth * image)
    raise watch.error()


class _Watch:
    """When to stop: the residuals are small, or small enough and rounding keeps them from falling."""

    def __init__(self, start: Array) -> None:
        self._start, self._best = np.maximum(start, 1e-300), np.inf
        self._mark, self._since = np.inf, 0

    def is_done(self, length: Array) -> bool:
        """Whether residuals of this length are as good as they get."""
        share = float((length / self._start).max(initial=0.0))
        self._best, self._since = min(self._best, share), self._since + 1
        if share < 0.5 * self._mark:
            self._mark, self._since = share, 0
        return share <= _TOLERANCE or (share <= _ENOUGH and self._since > _WAIT)

    def error(self) -> ConvergenceError:
        """Say what was left."""
        return ConvergenceError(
            f"Solving with I - rho W did not converge: a share of {self._best:.1e} of the right-hand side is left "
            f"after {_ROUNDS:,} rounds. rho is too near an end of the admissible interval."
        )


def _dot(one: Array, other: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->j", one, other))


def _ratio(one: Array, other: Array) -> Array:
    """Give the ratio, zero where nothing is left to divide by."""
    return np.divide(one, other, out=np.zeros_like(one), where=np.abs(other) > 1e-290)
