"""Traces of functions of W from random vectors, with exact traces of its low powers as control variates."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.operator.probes import Probes

__all__ = ["Quadrature"]

_RIDGE = 1e-13  # share of the largest singular value below which a power tells nothing of its own


class Quadrature:
    """Estimates of tr f(W) for every f at once, with their standard errors.

    Parameters
    ----------
    probes : Probes
    traces : ndarray of shape (q + 1,)
        tr(W^0) ... tr(W^q), exactly.
    apart : ndarray of shape (m,)
        Eigenvalues that are known, and not in the probes; they are in the traces.
    scale : float
        A bound on the eigenvalues' modulus, for numbers of moderate size.

    Notes
    -----
    Each probe estimates tr f(W) by z'f(W)z. Let p be the polynomial of degree q that is nearest to f in the
    measure of the quadrature. Then tr p(W) is known, and only f - p is left to chance:

        tr f(W) = tr p(W) + mean of z'(f - p)(W)z.

    As p is linear in f, this is one quadrature with adjusted weights, exact for polynomials up to degree q. The
    variance of z'R z, R = (f - p)(W), is 2 tr R^2 less its diagonal's part; what the last steps of the iteration
    changed is added.
    """

    def __init__(self, probes: Probes, traces: Array, apart: Array, scale: float) -> None:
        self.count = probes.count
        self._powers, self._apart = np.arange(len(traces)), apart
        self._known = (traces - (apart[:, None] ** self._powers).sum(axis=0)) / scale**self._powers
        self._scale = scale
        self._whole = probes.nodes, probes.weights
        self._shorter = probes.shorter_nodes, probes.shorter_weights
        self.nodes, self.weights = self._adjusted(*self._whole)

    def trace(self, values: Array) -> float:
        """Give tr f(W) from the values of f at `nodes`."""
        return float((self.weights @ values).real)

    def error(self, function: Callable[[Array], Array]) -> tuple[float, float]:
        """Give the two parts of the standard error of tr f(W).

        Parameters
        ----------
        function : callable
            f, of an array of nodes.

        Returns
        -------
        by_chance : float
            Of so many random vectors.
        by_cutting : float
            What the last steps of the iteration changed.
        """
        short_nodes, short_weights = self._short
        fewer = float((short_weights @ function(short_nodes)).real)
        cut = abs(self.trace(function(self.nodes)) - fewer)
        return self._spread(function) / float(np.sqrt(self.count)), cut

    def _spread(self, function: Callable[[Array], Array]) -> float:
        """Give the standard deviation of z'R z over the probes, R = (f - p)(W).

        It is at most the root of 2 tr R^2 where W is symmetric, which the quadrature knows better than so few probes
        tell by their spread. The larger of the two stands, for a few units with most of the weight, or a W far from
        symmetric, hide from either.
        """
        nodes, weights = self._whole
        values = function(nodes)
        left = values - self._basis(nodes) @ self._nearest(values)
        bound = float(np.sqrt(2 * max(float((weights * left**2).sum().real) / self.count, 0.0)))
        if self.count < 2:
            return bound
        return max(bound, float(self.by_probe(function).std(ddof=1)))

    def by_probe(self, function: Callable[[Array], Array]) -> Array:
        """Give what chance leaves of z'f(W)z in every probe, shape (p,): the part that no known trace tells.

        Parameters
        ----------
        function : callable
            f, of an array of nodes.
        """
        nodes, weights = self._whole
        values = function(nodes)
        whole = (weights * values).sum(axis=1).real
        return np.asarray(whole - self._moments(nodes, weights) @ self._nearest(values))

    @cached_property
    def _short(self) -> tuple[Array, Array]:
        """Nodes and weights from fewer steps."""
        return self._adjusted(*self._shorter)

    def _adjusted(self, nodes: Array, weights: Array) -> tuple[Array, Array]:
        """Give nodes and weights, those of all probes together, that are exact for the known traces."""
        missed = self._moments(nodes, weights).mean(axis=0) - self._known
        onto_real, onto_imaginary = self._projection(nodes, weights)
        adjusted = weights.reshape(-1) / self.count - missed @ onto_real
        if onto_imaginary is not None:
            adjusted = adjusted + 1j * (missed @ onto_imaginary)
        return np.append(nodes, self._apart), np.append(adjusted, np.ones(len(self._apart)))

    def _moments(self, nodes: Array, weights: Array) -> Array:
        """Give z'W^q z for every probe, shape (p, q + 1)."""
        return np.asarray((weights[..., None] * self._basis(nodes)).sum(axis=1).real)

    def _basis(self, nodes: Array) -> Array:
        return np.asarray((nodes / self._scale)[..., None] ** self._powers)

    def _nearest(self, values: Array) -> Array:
        """Give the coefficients of the polynomial nearest to a function of the nodes, shape (q + 1,)."""
        onto_real, onto_imaginary = self._onto
        found = onto_real @ values.reshape(-1).real
        if onto_imaginary is not None:
            found = found + onto_imaginary @ values.reshape(-1).imag
        return np.asarray(found)

    @cached_property
    def _onto(self) -> tuple[Array, Array | None]:
        return self._projection(*self._whole)

    def _projection(self, nodes: Array, weights: Array) -> tuple[Array, Array | None]:
        """Give what makes real coefficients of the real and the imaginary parts of a function's values."""
        root = np.sqrt(np.abs(weights)).reshape(-1)
        basis = self._basis(nodes).reshape(-1, len(self._powers)) * root[:, None]
        if not np.iscomplexobj(basis):
            return np.linalg.pinv(basis, rcond=_RIDGE) * root, None
        stacked = np.linalg.pinv(np.vstack([basis.real, basis.imag]), rcond=_RIDGE)
        m = len(root)
        return stacked[:, :m] * root, stacked[:, m:] * root
