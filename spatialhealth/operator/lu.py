"""The log-determinant by sparse factorisation: exact at every size that the factor fits in memory."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.circle import cosine_coefficients
from spatialhealth.operator.factor import STEP, factorise, log_abs_det, log_abs_det_slope
from spatialhealth.operator.interpolate import interpolate
from spatialhealth.operator.spectrum import Spectrum

__all__ = ["LuLogDet"]

_POINTS = 16  # on the circle for Taylor coefficients; the error falls as (radius / distance) ** points


class LuLogDet(LogDet):
    """L(rho) from the pivots of sparse LU factors.

    The first derivative comes from one complex factorisation (complex step), the second from the values of
    L on a circle around rho: L is analytic up to the nearest reciprocal eigenvalue, so that the trapezoidal
    rule of Cauchy's formula converges geometrically (Lyness and Moler 1967). Both are exact to rounding.

    Parameters
    ----------
    spectrum : Spectrum
        W (or a symmetric matrix similar to it) and its admissible interval.

    References
    ----------
    Lyness, J. N. and Moler, C. B. (1967). Numerical differentiation of analytic functions. SIAM Journal on
    Numerical Analysis 4, 202-210.
    """

    name = "lu"

    def __init__(self, spectrum: Spectrum) -> None:
        self._spectrum = spectrum
        self._values: dict[float, float] = {}
        self._slopes: dict[float, float] = {}
        self._curvatures: dict[float, float] = {}

    def value(self, rho: float) -> float:
        """Give L(rho)."""
        rho = float(rho)
        if rho not in self._values:
            self._values[rho] = self._value(rho)
        return self._values[rho]

    def _slope(self, rho: float) -> float:
        try:
            return log_abs_det_slope(self._factor(complex(rho, STEP)))
        except RuntimeError:  # as in _value: L falls without bound towards either end
            return -np.inf if rho > 0 else np.inf

    def _value(self, rho: float) -> float:
        try:
            return log_abs_det(self._factor(rho))
        except RuntimeError:  # SuperLU met a pivot of zero: rho is an end of the interval to within rounding
            return -np.inf

    def slope(self, rho: float) -> float:
        """Give L'(rho)."""
        rho = float(rho)
        if rho not in self._slopes:
            self._slopes[rho] = self._slope(rho)
        return self._slopes[rho]

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give L(rho), L'(rho) and L''(rho)."""
        rho = float(rho)
        if rho not in self._curvatures:
            self._curvatures[rho] = 2 * float(self._taylor(rho, 2)[2])
        return self.value(rho), self.slope(rho), self._curvatures[rho]

    def slopes(self, rhos: Array) -> Array:
        """Give L' at many rhos, shape (r,), by interpolation over their range."""
        found = interpolate(
            lambda rho: np.array([self.slope(rho)]), np.asarray(rhos, float), self._spectrum.interval
        )
        return np.asarray(found[:, 0])

    def power_traces(self, order: int) -> Array:
        """Give tr(W^q) for q = 0 ... order, shape (order + 1,)."""
        # a wide circle keeps rounding, which grows as share ** -order, down; its points keep aliasing down
        share = float(np.clip(10 ** (-4 / order), 0.3, 0.95))
        points = 2 * ((order + int(np.ceil(-28 / np.log(share)))) // 2 + 1)
        coefficients = self._taylor(0.0, order, points=points, share=share)
        traces = -np.arange(order + 1) * coefficients
        traces[0] = self._spectrum.n
        traces[1:2] = 0.0  # no unit is its own neighbour
        return np.asarray(traces)

    def _taylor(self, rho: float, order: int, points: int = _POINTS, share: float = 1 / 6) -> Array:
        """Give the Taylor coefficients of L at rho, shape (order + 1,)."""
        radius = share * self._spectrum.distance_to_singularity(rho)
        for _ in range(8):
            angle, values = self._on_circle(rho, radius, points)
            fine = cosine_coefficients(angle, values, order) / radius ** np.arange(order + 1)
            half = cosine_coefficients(angle[::2], values[::2], order) / radius ** np.arange(order + 1)
            # the error of the coarse rule is the square root of that of the fine one
            if np.abs(fine - half).max() <= 1e-4 * np.abs(fine[1:]).max(initial=1e-300) or order > 2:
                break
            radius /= 2
        return np.asarray(fine)

    def _on_circle(self, rho: float, radius: float, points: int) -> tuple[Array, Array]:
        """Give angles and the real part of L on the upper half of a circle around rho."""
        angle = np.pi * np.arange(points // 2 + 1) / (points // 2)
        z = rho + radius * np.exp(1j * angle)
        values = [log_abs_det(self._factor(point)) for point in track(z, "log-determinant")]
        return angle, np.array(values)

    def _factor(self, z: complex) -> sp.linalg.SuperLU:
        return factorise(self._spectrum.similar, z, self._spectrum.is_stable_without_pivoting(z))
