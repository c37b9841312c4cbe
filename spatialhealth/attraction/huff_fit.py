"""The likelihood of Huff's choice shares and its maximum; numbers only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import (
    CollinearityError,
    ConstantRegressorError,
    ConvergenceError,
    NonFiniteError,
    some,
)

__all__ = ["Choices", "Likelihood", "check_above_zero", "cost_term", "maximise"]

_STEPS = 100
_FLAT = (
    1e-10  # least eigenvalue of the scaled information over the greatest, below which nothing is told apart
)
_CLOSE = 1e-10  # of the log-likelihood: gain of the step that is the last


def cost_term(kind: str, cost: Array) -> Array:
    """Give what the parameter of decay multiplies: -ln c, -c, or -c**2 / 2."""
    if kind == "power":
        return -np.log(cost)
    return -cost if kind == "exponential" else -np.square(cost) / 2


class Part(NamedTuple):
    """Some places of demand: their range, their pairs, where each one's begin, and the regressors of the pairs."""

    pairs: slice
    start: Array
    row: Array
    x: Array
    offset: Array | float


@dataclass(frozen=True, eq=False)
class Choices:
    """What each place of demand chooses from.

    Parameters
    ----------
    pairs : Reach
        Costs; every place of demand has a pair.
    sizes : ndarray of shape (m, k)
        Logarithms of the attributes of supply.
    kind : {"power", "exponential", "gaussian"} or None
        Decay whose parameter is one of those estimated; None if the decay is given.
    offset : ndarray of shape (pairs,), optional
        Logarithm of a given decay.
    scale : ndarray, optional
        What the regressors are divided by.
    """

    pairs: Reach
    sizes: Array
    kind: str | None
    offset: Array | None = None
    scale: Array | None = None

    @property
    def width(self) -> int:
        """Number of parameters."""
        return int(self.sizes.shape[1]) + (self.kind is not None)

    def parts(self) -> Iterator[Part]:
        """Give the pairs with their regressors, a chunk of demand at a time."""
        for first, last in self.pairs.chunks():
            low, high = int(self.pairs.start[first]), int(self.pairs.start[last])
            part = slice(low, high)
            columns = [self.sizes[self.pairs.place[part]]]
            if self.kind is not None:
                columns.append(cost_term(self.kind, self.pairs.value[part])[:, None])
            x = np.hstack(columns)
            counts = np.diff(self.pairs.start[first : last + 1])
            row = np.repeat(np.arange(last - first), counts)
            x = x if self.scale is None else x / self.scale
            yield Part(
                part,
                self.pairs.start[first:last] - low,
                row,
                x,
                0.0 if self.offset is None else self.offset[part],
            )

    def shares(self, params: Array) -> Array:
        """Give the share of each pair in its place of demand."""
        found = np.empty(len(self.pairs.value))
        for part in self.parts():
            found[part.pairs] = np.exp(_log_shares(part, params))
        return found

    def spread(self) -> Array:
        """Give the standard deviation of each regressor within places of demand, or 1 for one that does not vary."""
        spread, n = np.zeros(self.width), 0
        for part in self.parts():
            counts = np.diff(np.append(part.start, len(part.x)))[:, None]
            deviation = part.x - (np.add.reduceat(part.x, part.start, axis=0) / counts)[part.row]
            spread += np.square(deviation).sum(axis=0)
            n += len(part.x)
        scale = np.sqrt(spread / n)
        return np.where(scale > 0, scale, 1.0)


def _log_shares(part: Part, params: Array) -> Array:
    value = part.x @ params + part.offset
    value -= np.maximum.reduceat(value, part.start)[part.row]
    return np.asarray(value - np.log(np.add.reduceat(np.exp(value), part.start))[part.row])


class Likelihood(NamedTuple):
    """The log-likelihood, its gradient by place of demand (n, k), and minus its Hessian."""

    value: float
    scores: Array
    information: Array


def _likelihood(choices: Choices, counts: Array, params: Array) -> Likelihood:
    value, scores, width = 0.0, [], choices.width
    information = np.zeros((width, width))
    for part in choices.parts():
        log_share, count = _log_shares(part, params), counts[part.pairs]
        share = np.exp(log_share)
        mean = np.add.reduceat(share[:, None] * part.x, part.start, axis=0)
        deviation = part.x - mean[part.row]
        total = np.add.reduceat(count, part.start)
        value += float(count @ log_share)
        scores.append(np.add.reduceat(count[:, None] * deviation, part.start, axis=0))
        information += deviation.T @ (deviation * (share * total[part.row])[:, None])
    return Likelihood(value, np.concatenate(scores), information)


def maximise(choices: Choices, counts: Array, names: tuple[str, ...]) -> tuple[Array, Likelihood, float]:
    """Maximise the likelihood of counts by Newton's method.

    Parameters
    ----------
    choices : Choices
        Of the places that people come from.
    counts : ndarray of shape (pairs,)
        People of each pair.
    names : tuple of str
        Of the parameters.

    Returns
    -------
    params : ndarray of shape (k,)
    likelihood : Likelihood
        There.
    null : float
        Log-likelihood with all parameters zero.

    Raises
    ------
    ConstantRegressorError, CollinearityError
        If no likelihood can tell the parameters apart.
    ConvergenceError
        If the likelihood has no maximum.

    Notes
    -----
    sum_ij n_ij ln p_ij is concave in the parameters, so that any maximum is the only one. Regressors are scaled
    first: neither the steps nor the tests depend on the units of sizes and costs.
    """
    scale = choices.spread()
    scaled = replace(choices, scale=scale)
    params = np.zeros(choices.width)
    now = _likelihood(scaled, counts, params)
    null = now.value
    _identified(now.information, names)
    for _ in track(range(_STEPS), "Likelihood of the choices"):
        slope = now.scores.sum(axis=0)
        _has_a_maximum(now.information, counts.sum())
        step = np.linalg.solve(now.information, slope)
        gain = float(slope @ step)
        if gain <= _CLOSE * abs(now.value):  # the last step: what it leaves is far below rounding
            params = params + step
            return params / scale, _unscaled(_likelihood(scaled, counts, params), scale), null
        size = 1.0
        while size > 1e-8:
            trial = _likelihood(scaled, counts, params + size * step)
            if trial.value >= now.value + 1e-4 * size * gain:
                break
            size /= 2
        params, now = params + size * step, trial
    raise ConvergenceError(_NO_MAXIMUM)


_NO_MAXIMUM = (
    "HuffModel: the likelihood rises for ever, for all flows go to the supply that one order of size and cost puts "
    "first, such as the nearest. Give coarser places, or fewer attributes of size."
)


def _unscaled(found: Likelihood, scale: Array) -> Likelihood:
    return Likelihood(found.value, found.scores * scale, found.information * np.outer(scale, scale))


def _identified(information: Array, names: tuple[str, ...]) -> None:
    """Raise unless the regressors vary among the choices, and not together."""
    spread = np.diag(information)
    still = [
        name for name, value in zip(names, spread, strict=True) if not value > 1e-20 * max(spread.max(), 1)
    ]
    if still:
        raise ConstantRegressorError(
            f"HuffModel: {', '.join(map(repr, still))} does not differ among the choices of any place with "
            "flows, so that nothing can be told of it. Leave it out, or add supply that differs."
        )
    correlation = information / np.sqrt(np.outer(spread, spread))
    values, vectors = np.linalg.eigh(correlation)
    if values[0] <= _FLAT * values[-1]:
        together = [name for name, part in zip(names, vectors[:, 0], strict=True) if abs(part) > 1e-4]
        raise CollinearityError(
            f"HuffModel: {', '.join(map(repr, together))} go together in all choices, so that their "
            "parameters cannot be told apart. Leave one out."
        )


def _has_a_maximum(information: Array, people: float) -> None:
    """Raise if shares have become zeros and ones: parameters are on their way to infinity."""
    if np.linalg.eigvalsh(information)[0] <= 1e-9 * people:
        raise ConvergenceError(_NO_MAXIMUM)


def check_above_zero(owner: str, costs: Reach) -> None:
    """Raise if a power of some cost is infinite."""
    with np.errstate(divide="ignore"):
        endless = np.flatnonzero(~np.isfinite(cost_term("power", costs.value)))
    if len(endless):
        raise NonFiniteError(
            f"{owner}: a power of a cost of zero is infinite, for {len(endless)} pairs: "
            f"{some(costs.named(endless))}. Give costs above zero, GeodesicCost(minimum=...), or another decay."
        )
