"""The log-determinant with a weight for every row: what its slope is when some rows count less than one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.polynomial import legendre

from spatialhealth._typing import Array
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.blocks import Block, BlockLogDet, BlockOperator
from spatialhealth.operator.differentiate import derivative
from spatialhealth.operator.eigen import EigenLogDet
from spatialhealth.operator.factor import STEP, factorise_system, log_abs_det_slope

__all__ = ["WeightedLogDet", "weighted_logdet"]

_EIGEN = 1_000  # eigenvectors of a block beyond cost more than some two hundred factorisations
_NODES, _WEIGHTS = legendre.leggauss(10)
_PANEL = 2.0  # length of the stretches that are integrated at once, in units of the log-odds of the interval


class WeightedLogDet(LogDet):
    """J(rho) = sum over rows r of c_r [ln(I - rho W)]_rr, by sparse factors.

    Parameters
    ----------
    block : Block
        W and its admissible interval.
    weights : ndarray of shape (m,)
        c.

    Notes
    -----
    J'(rho) = -sum c_r G_rr, G = W (I - rho W)^-1, is the derivative of ln|I - rho (I + e C) W| / rho in e at zero:
    one complex factorisation whose step is lost to rounding, whatever the number of rows. J comes from J' by Gauss
    and Legendre's rule on the log-odds of the interval, in which J' has no poles; J'' by central differences of order
    eight.
    """

    name = "lu"

    def __init__(self, block: Block, weights: Array) -> None:
        self._spectrum = block.spectrum
        self._matrix = block.spectrum.similar
        self._rows = weights
        self._scaled = sp.csr_matrix(sp.diags(weights) @ self._matrix)
        self._slopes: dict[float, float] = {0.0: 0.0}  # no unit is its own neighbour
        self._values: dict[float, float] = {0.0: 0.0}

    def slope(self, rho: float) -> float:
        """Give J'(rho)."""
        rho = float(rho)
        if rho not in self._slopes:
            self._slopes[rho] = self._slope(rho)
        return self._slopes[rho]

    def _slope(self, rho: float) -> float:
        turned = rho * (self._matrix + complex(0, STEP) * self._scaled)
        system = sp.csc_matrix(sp.identity(self._matrix.shape[0], format="csc", dtype=complex) - turned)
        try:
            factor = factorise_system(system, self._spectrum.is_stable_without_pivoting(rho))
            return log_abs_det_slope(factor) / rho
        except RuntimeError:  # a pivot of zero: rho is an end of the interval to within rounding
            return -np.inf if rho > 0 else np.inf

    def value(self, rho: float) -> float:
        """Give J(rho), from the nearest point at which it is known."""
        rho = float(rho)
        if rho not in self._values:
            low, high = self._spectrum.interval
            known = np.array(list(self._values))
            start = float(known[np.argmin(np.abs(self._odds(known) - self._odds(rho)))])
            ends = np.linspace(self._odds(start), self._odds(rho), 1 + self._panels(start, rho))
            total = self._values[start]
            for left, right in pairwise(ends):
                u = (left + right) / 2 + (right - left) / 2 * _NODES
                ratio = -low / high * np.exp(u)
                at = (low + high * ratio) / (1 + ratio)
                speed = (high - at) * (at - low) / (high - low)
                slopes = np.array([self.slope(point) for point in at])
                total += float((right - left) / 2 * (_WEIGHTS @ (slopes * speed)))
            self._values[rho] = total
        return self._values[rho]

    def _odds(self, rho: Array | float) -> Array:
        """Give the log-odds of the place in the interval, zero at rho zero."""
        low, high = self._spectrum.interval
        return np.asarray(np.log((np.asarray(rho) - low) / (high - np.asarray(rho))) - np.log(-low / high))

    def _panels(self, start: float, end: float) -> int:
        return max(1, int(np.ceil(abs(float(self._odds(end) - self._odds(start))) / _PANEL)))

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give J(rho), J'(rho) and J''(rho)."""
        low, high = self._spectrum.interval
        return self.value(rho), self.slope(rho), derivative(self.slope, rho, min(rho - low, high - rho))

    def slopes(self, rhos: Array) -> Array:
        """Give J' at many rhos, shape (r,)."""
        return np.array([self.slope(rho) for rho in np.asarray(rhos)])

    def power_traces(self, order: int) -> Array:
        """Give sum c_r [W^q]_rr for q = 0 ... order, shape (order + 1,)."""
        power, found = sp.identity(self._matrix.shape[0], format="csr"), []
        for _ in range(order + 1):
            found.append(float(self._rows @ power.diagonal()))
            power = power @ self._matrix
        return np.array(found)


def weighted_logdet(operator: BlockOperator, weights: Array) -> LogDet:
    """Give J(rho) = sum over rows r of c_r [ln(I - rho W)]_rr.

    Parameters
    ----------
    operator : BlockOperator
    weights : ndarray of shape (N,)
        c, the same in every copy of a block.

    Returns
    -------
    LogDet
    """
    parts: list[tuple[LogDet, int]] = []
    for block in operator.linked:
        size = block.matrix.shape[0]
        here = weights[block.starts[0] : block.starts[0] + size]
        if block.spectrum.is_symmetrisable and size <= _EIGEN:
            # a diagonal similarity leaves the diagonals of all powers alone
            eigenvalues, vectors = np.linalg.eigh(block.spectrum.similar.toarray())
            part: LogDet = EigenLogDet(eigenvalues, here @ vectors**2)
        else:
            part = WeightedLogDet(block, here)
        parts.append((part, len(block.starts)))
    return BlockLogDet(parts, float(weights.sum()))
