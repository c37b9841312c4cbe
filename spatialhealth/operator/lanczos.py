"""The log-determinant from random vectors: for more units than factors fit in memory, with its error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, check_share
from spatialhealth.errors import OptionError
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.probes import ProbeStore
from spatialhealth.operator.quadrature import Quadrature

__all__ = ["Lanczos", "LanczosLogDet"]


@dataclass(frozen=True)
class Lanczos:
    """Options of the stochastic engine, for `logdet=`; the string "lanczos" stands for the defaults.

    Parameters
    ----------
    accuracy : float, default 0.02
        Monte-Carlo error that rho, or lambda, may have, as a share of its standard error. Probes are added until that
        is so, or `most_probes` is reached.
    probes : int, default 8
        Random vectors to begin with; multiples of four.
    steps : int, default 30
        Products with W for each of them to begin with.
    most_probes : int, default 256
    random_state : int, default 0
        Seed of the random vectors.

    Raises
    ------
    OptionError
        If an option is out of range.

    Examples
    --------
    >>> Lanczos(accuracy=0.005)
    Lanczos(accuracy=0.005, probes=8, steps=30, most_probes=256, random_state=0)
    """

    accuracy: float = 0.02
    probes: int = 8
    steps: int = 30
    most_probes: int = 256
    random_state: int = 0

    def __post_init__(self) -> None:
        check_share("Lanczos", "accuracy", self.accuracy)
        for name in ("probes", "steps", "most_probes"):
            check_positive("Lanczos", name, getattr(self, name), integer=True)
        if isinstance(self.random_state, bool) or not isinstance(self.random_state, (int, np.integer)):
            raise OptionError(f"Lanczos: random_state={self.random_state!r} must be a whole number.")
        if self.random_state < 0:
            raise OptionError(f"Lanczos: random_state={self.random_state!r} must not be negative.")
        if self.probes < 4 or self.most_probes < self.probes:
            raise OptionError(
                f"Lanczos: probes={self.probes} must be at least 4, which tell the error, and most_probes="
                f"{self.most_probes} at least as many."
            )
        if self.steps < 8:
            raise OptionError(f"Lanczos: steps={self.steps} must be at least 8.")


class LanczosLogDet(LogDet):
    """L(rho) by stochastic Lanczos quadrature; Arnoldi's iteration where W is not similar to a symmetric matrix.

    One set of nodes and weights serves L, L' and L'' at every rho.

    Parameters
    ----------
    store : ProbeStore
        Where random vectors are taken from.
    traces : ndarray of shape (q + 1,)
        Exact traces of the lowest powers of W, the control variates.
    scale : float
        A bound on the eigenvalues' modulus.
    options : Lanczos

    References
    ----------
    Ubaru, S., Chen, J. and Saad, Y. (2017). Fast estimation of tr(f(A)) via stochastic Lanczos quadrature. SIAM
    Journal on Matrix Analysis and Applications 38, 1075-1099.

    Barry, R. P. and Pace, R. K. (1999). Monte Carlo estimates of the log determinant of large sparse matrices.
    Linear Algebra and its Applications 289, 41-54.
    """

    name = "lanczos"
    is_exact = False

    def __init__(self, store: ProbeStore, traces: Array, scale: float, options: Lanczos) -> None:
        self.options, self.accuracy = options, options.accuracy
        self._store: ProbeStore | None = store
        self._traces, self._scale = traces, scale
        probes = store.take(options.probes, options.steps)
        self.probes, self.steps = probes.count, probes.steps
        apart = np.ones(0 if store.known is None else 1)
        self._quadrature = Quadrature(probes, traces, apart, scale)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_store": None}  # without W: what is known stays known

    def attach(self, store: ProbeStore) -> None:
        """Give back, after a pickle, where further random vectors are taken from."""
        self._store = store

    @property
    def words(self) -> str:
        """How it was computed."""
        return f"lanczos (stochastic, {self.probes} probes of {self.steps} steps)"

    @property
    def exact_derivatives(self) -> int:
        """Derivatives of L at zero, from L itself on, that are exact."""
        return len(self._traces)

    def value(self, rho: float) -> float:
        """Give L(rho)."""
        return self._quadrature.trace(np.log(1 - rho * self._quadrature.nodes))

    def slope(self, rho: float) -> float:
        """Give L'(rho)."""
        return self._quadrature.trace(_slope(self._quadrature.nodes, rho))

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give L(rho), L'(rho) and L''(rho)."""
        second = -(_slope(self._quadrature.nodes, rho) ** 2)
        return self.value(rho), self.slope(rho), self._quadrature.trace(second)

    def slopes(self, rhos: Array) -> Array:
        """Give L' at many rhos, shape (r,)."""
        return np.array([self.slope(rho) for rho in np.asarray(rhos)])

    def power_traces(self, order: int) -> Array:
        """Give tr(W^q) for q = 0 ... order, shape (order + 1,): exactly up to the fourth, then estimates."""
        found = np.array([self._quadrature.trace(self._quadrature.nodes**q) for q in range(order + 1)])
        exact = min(order + 1, len(self._traces))
        found[:exact] = self._traces[:exact]
        return found

    def power_errors(self, order: int) -> Array:
        """Give the standard errors of `power_traces`, shape (order + 1,)."""
        found = np.zeros(order + 1)
        for q in range(len(self._traces), order + 1):
            found[q] = np.hypot(*self._quadrature.error(partial(_power, q)))
        return found

    def value_error(self, rho: float) -> float:
        """Give the standard error of L(rho)."""
        return float(np.hypot(*self._quadrature.error(lambda nodes: np.log(1 - rho * nodes))))

    def slope_error(self, rho: float) -> float:
        """Give the standard error of L'(rho)."""
        return float(np.hypot(*self._quadrature.error(lambda nodes: _slope(nodes, rho))))

    def sharper(self, rho: float, allowed: float) -> LanczosLogDet:
        """Give an engine whose slope at rho has a standard error of no more than `allowed`, if its options let it.

        Parameters
        ----------
        rho : float
        allowed : float

        Returns
        -------
        LanczosLogDet
            This one where it is good enough, or cannot be made better.
        """
        best = self
        while (better := best._better(rho, allowed)) is not None:
            best = better
        return best

    def _better(self, rho: float, allowed: float) -> LanczosLogDet | None:
        """Give an engine with more steps, or more probes, or None where neither is of use."""
        by_chance, by_cutting = self._quadrature.error(lambda nodes: _slope(nodes, rho))
        store, options = self._store, self.options
        if store is None or np.hypot(by_chance, by_cutting) <= allowed:
            return None
        if by_cutting > allowed / 2 and self.steps < store.most_steps:
            options = replace(options, steps=min(2 * self.steps, store.most_steps))
        elif by_chance > allowed / 2 and self.probes < options.most_probes:
            wanted = self.probes * min(1.2 * (by_chance / allowed) ** 2, 16.0)
            options = replace(options, probes=min(max(int(wanted), self.probes + 4), options.most_probes))
        else:
            return None
        if not store.affords(options.probes, options.steps):
            return None
        return LanczosLogDet(store, self._traces, self._scale, options)


def _power(exponent: int, nodes: Array) -> Array:
    return np.asarray(nodes**exponent)


def _slope(nodes: Array, rho: float) -> Array:
    """Give the derivative of ln(1 - rho w) in rho."""
    return np.asarray(-nodes / (1 - rho * nodes))
