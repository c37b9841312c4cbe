"""Poisson pseudo-maximum likelihood of flows with effects of origins and destinations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from spatialhealth._progress import track
from spatialhealth._typing import Array, FlowEffects
from spatialhealth.errors import ConvergenceError

__all__ = ["PoissonDesign", "PoissonFit", "Sides", "fit_poisson"]

_ROUNDS = 20  # of proportional fitting, to start the effects
_STEPS = 50
_TOLERANCE = 1e-11  # of the squared Newton step in units of the deviance
_SMALLEST = 2.0**-20


@dataclass(frozen=True, eq=False)
class PoissonDesign:
    """Flows and what explains them, as arrays.

    Parameters
    ----------
    y : ndarray of shape (m,)
    x : ndarray of shape (m, k)
        Columns without the constant, which a model without effects adds.
    names : tuple of k str
    origin, destination : ndarray of int, shape (m,)
        From 0, each number used.
    effects : {"both", "origin", "destination", "none"}
    """

    y: Array
    x: Array
    names: tuple[str, ...]
    origin: Array
    destination: Array
    effects: FlowEffects

    def side(self, name: str) -> Array | None:
        """Give the codes of "origin" or "destination" if that side has effects."""
        codes: Array = getattr(self, name)
        return codes if self.effects in ("both", name) else None

    @property
    def columns(self) -> Array:
        """Columns with coefficients: a constant first in a model without effects."""
        return np.column_stack([np.ones(len(self.y)), self.x]) if self.effects == "none" else self.x

    @property
    def n_parameters(self) -> int:
        """Coefficients and effects, less one where both sides' effects share their level."""
        counts = [int(c.max()) + 1 for c in map(self.side, ("origin", "destination")) if c is not None]
        return int(self.columns.shape[1]) + sum(counts) - (len(counts) == 2)

    def scaled(self) -> tuple[PoissonDesign, Array, Array]:
        """Give the design with columns of mean zero and variance one, what was taken off, and the divisors.

        A column that does not vary is not divided.
        """
        spread, center = self.x.std(axis=0), self.x.mean(axis=0)
        scale = np.where(spread > 0, spread, 1.0)
        x = (self.x - center) / scale
        return (
            PoissonDesign(self.y, x, self.names, self.origin, self.destination, self.effects),
            center,
            scale,
        )

    def sides(self, shown: str) -> Sides:
        """Give the design with the effects of one side as columns, those of the other concentrated out."""
        other = "origin" if shown == "destination" else "destination"
        return Sides(self.columns, self.side(shown), self.side(other))


@dataclass(frozen=True, eq=False)
class Sides:
    """Columns, dummies that are shown, and dummies that are concentrated out, one of each a pair.

    Parameters
    ----------
    x : ndarray of shape (m, k)
    shown, absorbed : ndarray of int, shape (m,), or None
    """

    x: Array
    shown: Array | None
    absorbed: Array | None

    @property
    def free(self) -> int:
        """Shown effects that are free: all but one where the other side takes up the level."""
        if self.shown is None:
            return 0
        return int(self.shown.max()) + (1 if self.absorbed is None else 0)

    @property
    def columns(self) -> sp.csr_matrix:
        """G: the columns and the free shown dummies, shape (m, k + free)."""
        parts = [sp.csr_matrix(self.x)]
        if self.shown is not None:
            parts.append(_dummies(self.shown)[:, : self.free])
        return sp.hstack(parts, format="csr")

    def information(self, mu: Array, columns: sp.csr_matrix) -> tuple[Array, Array]:
        """Give the information of the columns, absorbed effects concentrated out, and what they are regressed with.

        Parameters
        ----------
        mu : ndarray of shape (m,)
            Expected flows.
        columns : scipy.sparse.csr_matrix of shape (m, p)

        Returns
        -------
        ndarray of shape (p, p)
        ndarray of shape (a, p)
            Mean of each column for each absorbed effect, weighted by `mu`; no rows if none is absorbed.
        """
        weighted = sp.diags(mu) @ columns
        information = (columns.T @ weighted).toarray()
        if self.absorbed is None:
            return information, np.zeros((0, information.shape[0]))
        sums = (_dummies(self.absorbed).T @ weighted).toarray()
        totals = np.bincount(self.absorbed, mu)
        means = sums / totals[:, None]
        return information - sums.T @ means, means


def _dummies(codes: Array) -> sp.csr_matrix:
    m = len(codes)
    return sp.csr_matrix((np.ones(m), codes, np.arange(m + 1)), shape=(m, int(codes.max()) + 1))


@dataclass(frozen=True, eq=False)
class PoissonFit:
    """The maximum.

    Parameters
    ----------
    params : ndarray of shape (k,)
    origin_effects, destination_effects : ndarray or None
        Those of destinations have mean zero beside those of origins.
    mu : ndarray of shape (m,)
    steps : int
        Newton steps after the start.
    """

    params: Array
    origin_effects: Array | None
    destination_effects: Array | None
    mu: Array
    steps: int


def fit_poisson(design: PoissonDesign, start: Callable[[PoissonDesign], Array]) -> PoissonFit:
    """Estimate a gravity model.

    Newton steps on the likelihood with one side's effects concentrated out take the coefficients, and all effects, to
    the precision of the machine, which their covariance is made for.

    Parameters
    ----------
    design : PoissonDesign
    start : callable
        Gives coefficients to start from of a design whose columns have mean zero and variance one.

    Returns
    -------
    PoissonFit

    Raises
    ------
    ConvergenceError
        And what `start` raises.
    """
    scaled, center, scale = design.scaled()
    params, level, shown, mu, steps = _polish(scaled, start(scaled))
    slopes = (params[1:] if design.effects == "none" else params) / scale
    shift = float(slopes @ center)
    if design.effects == "none":
        return PoissonFit(np.concatenate([[params[0] - shift], slopes]), None, None, mu, steps)
    level = level - shift
    if design.effects == "origin":
        return PoissonFit(slopes, level, None, mu, steps)
    if design.effects == "destination":
        return PoissonFit(slopes, None, level, mu, steps)
    mean = shown.mean()
    return PoissonFit(slopes, level + mean, shown - mean, mu, steps)


def _polish(design: PoissonDesign, params: Array) -> tuple[Array, Array, Array, Array, int]:
    """Climb to the maximum from the coefficients; give also absorbed effects, shown effects and expected flows."""
    sides = design.sides("origin" if design.effects == "destination" else "destination")
    columns, y = sides.columns, design.y
    theta = np.concatenate([params, _started(sides, y, params)])
    value, level, mu = _profile(sides, columns, y, theta)
    for step in track(range(_STEPS), "Likelihood of the flows"):
        information, _ = sides.information(mu, columns)
        gradient = np.asarray(columns.T @ (y - mu)).ravel()
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        size, length = float(gradient @ move), 1.0
        if size <= _TOLERANCE**2 * max(float(y.sum()), 1.0):
            shown = np.zeros(0) if sides.shown is None else theta[len(params) :]
            if sides.shown is not None and sides.absorbed is not None:
                shown = np.append(shown, 0.0)
            return theta[: len(params)], level, shown, mu, step
        while length > _SMALLEST:
            found = _profile(sides, columns, y, theta + length * move)
            # at the maximum rounding decides which of two values is larger
            if found[0] >= value - 1e-12 * abs(value):
                break
            length /= 2
        theta, (value, level, mu) = theta + length * move, found
    raise ConvergenceError(
        "The Poisson likelihood of the flows was not maximised: an effect or a coefficient grows without bound. "
        "Look for cities with very few flows, or columns that differ for few pairs only."
    )


def _started(sides: Sides, y: Array, params: Array) -> Array:
    """Start the shown effects by proportional fitting at given coefficients."""
    if sides.shown is None:
        return np.zeros(0)
    base = sides.x @ params
    effects = np.zeros(int(sides.shown.max()) + 1)
    for _ in range(_ROUNDS):
        level = _levels(sides.absorbed, y, base + effects[sides.shown])
        rest = base if sides.absorbed is None else base + level[sides.absorbed]
        effects = _levels(sides.shown, y, rest)
    return np.asarray((effects - effects[-1])[:-1] if sides.absorbed is not None else effects)


def _levels(codes: Array | None, y: Array, eta: Array) -> Array:
    """Give the effects at which the sums of expected and observed flows agree."""
    if codes is None:
        return np.zeros(0)
    top = eta.max()
    return np.asarray(np.log(np.bincount(codes, y)) - np.log(np.bincount(codes, np.exp(eta - top))) - top)


def _profile(sides: Sides, columns: sp.csr_matrix, y: Array, theta: Array) -> tuple[float, Array, Array]:
    """Give the log-likelihood but for a constant, the absorbed effects, and the expected flows."""
    eta = np.asarray(columns @ theta).ravel()
    level = _levels(sides.absorbed, y, eta)
    if sides.absorbed is not None:
        eta = eta + level[sides.absorbed]
    with np.errstate(over="ignore"):
        mu = np.exp(eta)
        return float(y @ eta - mu.sum()), level, mu
