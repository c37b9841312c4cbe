"""The log-determinant by few sparse factorisations: exact values near the point, the shape from random vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.factor import factorise, log_abs_det
from spatialhealth.operator.grid import OddsGrid
from spatialhealth.operator.lanczos import LanczosLogDet
from spatialhealth.operator.lu import LuLogDet
from spatialhealth.operator.spectrum import Spectrum
from spatialhealth.operator.threads import in_threads

__all__ = ["GuidedLogDet"]

_STEP = 0.05  # between exact values, in the log-odds of the place in the interval
_LEVELS = (1, 2, 3)  # exact values on either side of a point
_CHEAP = 20_000  # units up to which the highest level costs next to nothing
_SETTLED = (
    3e-6  # change of rho by a level up to which the next one, of a tenth of it at most, is not asked for
)


@dataclass(frozen=True, eq=False)
class _Cell:
    """What is to be added to the guide between two neighbouring exact values.

    Parameters
    ----------
    centre, width : float
        Of the cell, in rho.
    coefficients : ndarray of shape (m,)
        Of the polynomial in (rho - centre) / width that, times rho ** power, is the difference.
    power : int
        Derivatives of L at zero that the guide has exactly.
    """

    centre: float
    width: float
    coefficients: Array
    power: int

    def derivatives(self, rho: float) -> Array:
        """Give the difference and its first two derivatives, shape (3,)."""
        at, k = (rho - self.centre) / self.width, self.power
        p = np.polynomial.Polynomial(self.coefficients)
        value, first, second = p(at), p.deriv(1)(at) / self.width, p.deriv(2)(at) / self.width**2
        return np.array(
            [
                rho**k * value,
                k * rho ** (k - 1) * value + rho**k * first,
                k * (k - 1) * rho ** (k - 2) * value + 2 * k * rho ** (k - 1) * first + rho**k * second,
            ]
        )


class GuidedLogDet(LuLogDet):
    """L(rho) from the pivots of sparse factors at a few fixed points, for many units.

    A stochastic engine, the guide, has the shape of L with a small and smooth error. It is put right by the
    exact values at two, four or six points around rho, more of them while they change the root of a score by
    more than 1e-6. The points belong to a fixed grid, so that what is found does not depend on what was asked
    before.

    Parameters
    ----------
    spectrum : Spectrum
    guide : LanczosLogDet
    """

    def __init__(self, spectrum: Spectrum, guide: LanczosLogDet) -> None:
        super().__init__(spectrum)
        self._guide, self._grid = guide, OddsGrid(spectrum.interval, _STEP)
        self._exact: dict[int, float] = {}
        self._cells: dict[int, _Cell] = {}

    @property
    def guide(self) -> LogDet:
        """The engine with the shape of this one, which takes no factors."""
        return self._guide

    def value(self, rho: float) -> float:
        """Give L(rho): by a factorisation of its own, unless there are exact values around it."""
        return self.derivatives(rho)[0] if self._grid.cell(rho) in self._cells else super().value(rho)

    def slope(self, rho: float) -> float:
        """Give L'(rho)."""
        return self.derivatives(rho)[1]

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give L(rho), L'(rho) and L''(rho)."""
        value, first, second = np.array(self._guide.derivatives(rho)) + self._cell(rho).derivatives(rho)
        return float(value), float(first), float(second)

    def slopes(self, rhos: Array) -> Array:
        """Give L' at many rhos, shape (r,)."""
        return np.array([self.slope(float(rho)) for rho in np.asarray(rhos)])

    def _cell(self, rho: float) -> _Cell:
        number = self._grid.cell(rho)
        if number not in self._cells:
            self._cells[number] = self._made(number)
        return self._cells[number]

    def _made(self, number: int) -> _Cell:
        """Give a cell with as many exact values around it as it takes."""
        low, high = self._grid.points(np.array([number, number + 1]))
        within = (low, (low + high) / 2, high)
        bend = abs(self._guide.derivatives(within[1])[2])
        before = np.zeros(len(within))
        for level in _LEVELS:
            cell = self._fitted(np.arange(number - level + 1, number + level + 1), low, high)
            now = np.array([cell.derivatives(at)[1] for at in within])
            if self._spectrum.n > _CHEAP and np.abs(now - before).max() <= _SETTLED * bend:
                break
            before = now
        return cell

    def _fitted(self, numbers: Array, low: float, high: float) -> _Cell:
        """Give the cell between two points from the exact values at some."""
        points, power = self._grid.points(numbers), self._guide.exact_derivatives
        new = [int(number) for number in numbers if int(number) not in self._exact]
        values = in_threads(self._factorised, self._grid.points(np.array(new)).tolist(), "log-determinant")
        self._exact |= dict(zip(new, values, strict=True))
        missed = [
            self._exact[int(number)] - self._guide.value(at)
            for number, at in zip(numbers, points, strict=True)
        ]
        centre, width = (low + high) / 2, high - low
        basis = np.vander((points - centre) / width, increasing=True)
        return _Cell(centre, width, np.linalg.solve(basis, np.array(missed) / points**power), power)

    def _factorised(self, rho: float) -> float:
        stable = self._spectrum.is_stable_without_pivoting(rho)
        return log_abs_det(factorise(self._spectrum.similar, rho, stable))
