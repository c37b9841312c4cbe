"""How the weight of a hospital falls with the cost of getting there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, numeric_array
from spatialhealth.errors import NonFiniteError, OptionError

__all__ = [
    "BinaryDecay",
    "Decay",
    "ExponentialDecay",
    "GaussianDecay",
    "PowerDecay",
    "StepDecay",
    "TableDecay",
    "check_decay",
]


class Decay(ABC):
    """A weight f(c) >= 0 that does not grow with the cost c.

    A decay is called with an array of costs of any shape, and gives the weights in the same shape. Costs are in
    metres for `GeodesicCost`, else in the units of the table supplied.
    """

    @property
    @abstractmethod
    def reach(self) -> float:
        """The cost beyond which the weight is zero; infinite if there is none."""

    @abstractmethod
    def _weights(self, cost: Array) -> Array:
        """Give the weights of costs that are known to be at least zero."""

    def __call__(self, cost: Any) -> Array:
        """Give the weights of costs.

        Parameters
        ----------
        cost : array-like of any shape
            At least zero; infinity is allowed.

        Returns
        -------
        ndarray of the same shape

        Raises
        ------
        NonFiniteError
            If a cost is negative or NaN.
        NonNumericError
            If the costs are no numbers.
        """
        array = cost if isinstance(cost, np.ma.MaskedArray) else np.asarray(cost)
        array = numeric_array(f"{type(self).__name__}: cost", array, array.ndim)
        wrong = np.argwhere(~(array >= 0))
        if len(wrong):
            raise NonFiniteError(
                f"{type(self).__name__}: {len(wrong)} costs are negative or NaN, the first at position "
                f"{tuple(int(place) for place in wrong[0])}. Costs must be at least zero."
            )
        return np.asarray(self._weights(array))


@dataclass(frozen=True)
class PowerDecay(Decay):
    """f(c) = c ** -exponent, infinite at a cost of zero.

    Parameters
    ----------
    exponent : float
        Positive.

    Examples
    --------
    >>> PowerDecay(2)([1.0, 2.0, 4.0]).tolist()
    [1.0, 0.25, 0.0625]
    """

    exponent: float

    def __post_init__(self) -> None:
        check_positive("PowerDecay", "exponent", self.exponent)

    @property
    def reach(self) -> float:
        """Infinite."""
        return np.inf

    def _weights(self, cost: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(cost ** -float(self.exponent))


@dataclass(frozen=True)
class ExponentialDecay(Decay):
    """f(c) = exp(-c / scale).

    Parameters
    ----------
    scale : float
        Cost over which the weight falls to 0.37, positive.

    Examples
    --------
    >>> ExponentialDecay(50_000)([0, 50_000]).round(4).tolist()
    [1.0, 0.3679]
    """

    scale: float

    def __post_init__(self) -> None:
        check_positive("ExponentialDecay", "scale", self.scale)

    @property
    def reach(self) -> float:
        """Infinite."""
        return np.inf

    def _weights(self, cost: Array) -> Array:
        return np.asarray(np.exp(-cost / self.scale))


@dataclass(frozen=True)
class GaussianDecay(Decay):
    """f(c) = exp(-c**2 / (2 bandwidth**2)), zero beyond a cutoff if there is one.

    Parameters
    ----------
    bandwidth : float
        Positive; the weight there is 0.61.
    cutoff : float, optional
        Greatest cost with a weight.

    Examples
    --------
    >>> GaussianDecay(20_000, cutoff=60_000)([0, 20_000, 60_001]).round(4).tolist()
    [1.0, 0.6065, 0.0]
    """

    bandwidth: float
    cutoff: float | None = None

    def __post_init__(self) -> None:
        check_positive("GaussianDecay", "bandwidth", self.bandwidth)
        if self.cutoff is not None:
            check_positive("GaussianDecay", "cutoff", self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return np.inf if self.cutoff is None else float(self.cutoff)

    def _weights(self, cost: Array) -> Array:
        return np.where(cost <= self.reach, np.exp(-((cost / self.bandwidth) ** 2) / 2), 0.0)


@dataclass(frozen=True)
class BinaryDecay(Decay):
    """f(c) = 1 up to a cutoff, and 0 beyond.

    Parameters
    ----------
    cutoff : float
        Positive; the cutoff itself has the weight one.

    Examples
    --------
    >>> BinaryDecay(30)([0, 30, 31]).tolist()
    [1.0, 1.0, 0.0]
    """

    cutoff: float

    def __post_init__(self) -> None:
        check_positive("BinaryDecay", "cutoff", self.cutoff)

    @property
    def reach(self) -> float:
        """The cutoff."""
        return float(self.cutoff)

    def _weights(self, cost: Array) -> Array:
        return np.where(cost <= self.cutoff, 1.0, 0.0)


@dataclass(frozen=True)
class StepDecay(Decay):
    """A weight for each zone of cost, zero beyond the last.

    Parameters
    ----------
    steps : tuple of (limit, weight)
        Limits rise, weights do not. A cost has the weight of the first limit that it does not exceed.

    Notes
    -----
    Luo and Qi (2009) weigh three zones of ten minutes by 1, 0.68 and 0.22.

    References
    ----------
    Luo, W. and Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
    accessibility to primary care physicians. Health & Place 15, 1100-1107.

    Examples
    --------
    >>> StepDecay(((10, 1.0), (20, 0.68), (30, 0.22)))([0, 10, 10.5, 30, 31]).tolist()
    [1.0, 1.0, 0.68, 0.22, 0.0]
    """

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", _points("StepDecay", "steps", self.steps, least=1))
        if self.steps[0][0] <= 0:
            raise OptionError(
                f"StepDecay: the first limit, {self.steps[0][0]:g}, must be positive. Give (limit, weight) of "
                "each zone."
            )

    @property
    def reach(self) -> float:
        """The limit of the last zone that has a weight."""
        return max(limit for limit, weight in self.steps if weight > 0)

    def _weights(self, cost: Array) -> Array:
        limits, weights = np.array(self.steps).T
        return np.append(weights, 0.0)[np.searchsorted(limits, cost, side="left")]


@dataclass(frozen=True)
class TableDecay(Decay):
    """Straight lines between weights at given costs, zero beyond the last.

    Parameters
    ----------
    points : tuple of (cost, weight)
        At least two; costs rise, weights do not. Below the first cost the weight is the first.

    Examples
    --------
    >>> TableDecay(((0, 1.0), (20, 0.5), (40, 0.0)))([0, 10, 20, 30, 50]).tolist()
    [1.0, 0.75, 0.5, 0.25, 0.0]
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _points("TableDecay", "points", self.points, least=2))

    @property
    def reach(self) -> float:
        """The first cost from which all weights are zero, or the last cost."""
        last = max(place for place, (_, weight) in enumerate(self.points) if weight > 0)
        return self.points[min(last + 1, len(self.points) - 1)][0]

    def _weights(self, cost: Array) -> Array:
        costs, weights = np.array(self.points).T
        return np.asarray(np.interp(cost, costs, weights, right=0.0))


def _points(owner: str, name: str, given: Iterable[Any], least: int) -> tuple[tuple[float, float], ...]:
    """Give (cost, weight) as floats, after checking that costs rise and weights do not."""
    what = f"{owner}: {name}"
    pairs = numeric_array(what, tuple(given) if isinstance(given, Iterable) else given, 2)
    if pairs.shape[1] != 2 or len(pairs) < least:
        raise OptionError(
            f"{what} must hold at least {least} pairs (cost, weight); it has the shape {pairs.shape}. "
            "Give for example ((10_000, 1.0), (20_000, 0.68))."
        )
    if not np.isfinite(pairs).all() or (pairs < 0).any():
        raise OptionError(
            f"{what}={given!r} holds a negative, NaN or infinite number. Give numbers from zero."
        )
    costs, weights = pairs.T
    if (np.diff(costs) <= 0).any():
        raise OptionError(f"{what}: the costs {costs.tolist()} must rise. Sort the pairs, one for each cost.")
    if (np.diff(weights) > 0).any() or weights[0] <= 0:
        raise OptionError(
            f"{what}: the weights {weights.tolist()} must start above zero and not rise with the cost."
        )
    return tuple((float(cost), float(weight)) for cost, weight in pairs)


def check_decay(owner: str, decay: Any) -> Decay:
    """Give back a decay, or say which there are.

    Parameters
    ----------
    owner : str
        Who asks.
    decay : Decay

    Returns
    -------
    Decay

    Raises
    ------
    OptionError
        If it is none.
    """
    if isinstance(decay, Decay):
        return decay
    raise OptionError(
        f"{owner}: decay={decay!r} is no decay. Give one of spatialhealth.attraction: PowerDecay(2), "
        "ExponentialDecay(scale), GaussianDecay(bandwidth, cutoff), StepDecay(((limit, weight), ...)), "
        "BinaryDecay(cutoff), TableDecay(((cost, weight), ...))."
    )
