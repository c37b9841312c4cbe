"""Fixed effects in the likelihood of a panel with holes, or with another W every period."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.likelihood.quadratic import Quadratic
from spatialhealth.likelihood.transform import Jacobian, Within
from spatialhealth.operator.blocks import BlockOperator
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.weighted import weighted_logdet

__all__ = ["RestrictedJacobian", "StackedWithin", "commutes", "information_gap"]


@dataclass(frozen=True, eq=False)
class StackedWithin(Within):
    """The transformation of observed rows, stacked into one long cross-section (n rows, t = 1).

    Parameters
    ----------
    effects, correction, n, t, keeps_constant
        As in `Within`; n counts rows.
    unit, period : ndarray of shape (N,)
        Codes of the unit and the period of each row.
    n_labels : int
        Periods that have a label, whether or not somebody was observed.
    n_known : int
        Units that have a label.

    Notes
    -----
    P = I - D (D'D)^-1 D' takes unit dummies D out. With e = (I - rho W) y - Z delta - D mu and block-diagonal
    G = W (I - rho W)^-1, E[(W y)' P e] = sigma2 tr(P G) = sigma2 sum of (1 - 1 / T_i) G_rr over the rows r of
    units i that were observed T_i times. "lee-yu" subtracts just that from the score of rho, and counts N - n
    observations, so that the scores of rho and sigma2 have expectation zero, exactly. With the same W and everybody
    observed in every period this is Lee and Yu's (2010) likelihood. "none" is the likelihood with dummy variables.
    """

    unit: Array = field(default_factory=lambda: np.zeros(0, dtype=int))
    period: Array = field(default_factory=lambda: np.zeros(0, dtype=int))
    n_labels: int = 0
    n_known: int = 0

    @property
    def n_units(self) -> int:
        """Units that were observed."""
        return int((self.times > 0).sum())

    @property
    def n_periods(self) -> int:
        """Periods in which somebody was observed."""
        return len(np.unique(self.period))

    @cached_property
    def times(self) -> Array:
        """How often each unit was observed."""
        return np.bincount(self.unit, minlength=self.n_known)

    @property
    def is_adjusted(self) -> bool:
        """Whether the score is adjusted for unit effects."""
        return self.correction == "lee-yu" and self.has_entity

    @property
    def drops_constant(self) -> bool:
        """Never: time effects are dummy variables here."""
        return False

    @property
    def is_direct(self) -> bool:
        """Never, as well."""
        return False

    @property
    def periods(self) -> int:
        """Log-determinants of all rows in the likelihood, before `logdet` weighs them."""
        return 1

    @property
    def size(self) -> int:
        """Observations in the likelihood."""
        return self.n - (self.absorbed if self.correction == "lee-yu" else 0)

    @property
    def absorbed(self) -> int:
        """Dimension of the fixed effects."""
        return (self.n_units if self.has_entity else 0) + int(self._time_basis.shape[1])

    def apply(self, values: Array) -> Array:
        """Take the effects out of (1, N) or (1, N, k) values."""
        rows = values.reshape(self.n, -1)
        if self.has_entity:
            rows = rows - self.unit_means(rows)[self.unit]
        if self.has_time:
            rows = rows - self._time_basis @ (self._time_basis.T @ rows)
        return np.ascontiguousarray(rows).reshape(values.shape)

    def unit_means(self, rows: Array) -> Array:
        """Give the mean of every unit over its own rows (N, k), zero for one that has none."""
        sums = np.zeros((len(self.times), rows.shape[1]))
        np.add.at(sums, self.unit, rows)
        return sums / np.maximum(self.times, 1)[:, None]

    @cached_property
    def _time_basis(self) -> Array:
        """Orthonormal dummies of the periods, unit effects out, shape (N, at most T)."""
        if not self.has_time:
            return np.zeros((self.n, 0))
        dummies = (self.period[:, None] == np.unique(self.period)).astype(float)
        if self.has_entity:
            dummies = dummies - self.unit_means(dummies)[self.unit]
        left, size, _ = np.linalg.svd(dummies, full_matrices=False)
        return np.asarray(left[:, size > 1e-9 * size[0]])

    @cached_property
    def dummies(self) -> sp.csr_matrix:
        """Columns that span the effects: of the units, then of the periods; shape (N, absorbed)."""
        parts = [sp.csr_matrix((self.n, 0)), sp.csr_matrix(self._time_basis)]
        if self.has_entity:
            _, code = np.unique(self.unit, return_inverse=True)
            parts.insert(0, sp.csr_matrix((np.ones(self.n), (np.arange(self.n), code))))
        return sp.csr_matrix(sp.hstack(parts))

    def split(self, both: Array) -> tuple[Array | None, Array | None]:
        """Split the sum of the effects at every row into those of units and of periods.

        Parameters
        ----------
        both : ndarray of shape (1, N)

        Returns
        -------
        entity : ndarray of shape (n,) or None
            NaN for a unit that was never observed.
        time : ndarray of shape (T,) or None
            NaN for a period in which nobody was; beside entity effects the others have mean zero.
        """
        rows, time = both.reshape(-1, 1), None
        if self.has_time:
            seen = np.unique(self.period)
            dummies = (self.period[:, None] == seen).astype(float)
            if self.has_entity:
                dummies, rows = (part - self.unit_means(part)[self.unit] for part in (dummies, rows))
            found = np.linalg.lstsq(dummies, rows, rcond=None)[0][:, 0]
            time = np.full(self.n_labels, np.nan)
            time[seen] = found - (found.mean() if self.has_entity else 0.0)
            rows = both.reshape(-1, 1) - time[self.period][:, None]
        if not self.has_entity:
            return None, time
        return np.where(self.times > 0, self.unit_means(rows)[:, 0], np.nan), time

    def jacobian(self, operator: SpatialOperator, name: str) -> Jacobian:
        """Give the potential whose slope makes the score of `rho` or `lambda` unbiased, or ln|I - rho W|."""
        if not self.is_adjusted:
            return Jacobian(operator.logdet, self)
        if name == "lambda":
            return RestrictedJacobian(operator.logdet, self, operator)
        assert isinstance(operator, BlockOperator)
        return Jacobian(weighted_logdet(operator, 1 - 1 / self.times[self.unit]), self)


@dataclass(frozen=True)
class RestrictedJacobian(Jacobian):
    """ln|A| - ln|D'A'A D| / 2 + ln|D'D| / 2, A = I - lambda M: restricted likelihood (REML) of spatial errors.

    With the same M and everybody observed in each of T periods it is (T - 1) ln|I - lambda M| of one period.
    """

    operator: SpatialOperator

    @cached_property
    def _quadratic(self) -> Quadratic:
        assert isinstance(self.within, StackedWithin)
        dummies = self.within.dummies
        return Quadratic.of(dummies, self.operator.matrix @ dummies, self.operator.interval)

    def value(self, rho: float) -> float:
        """Give the value."""
        return self.logdet.value(rho) - self._quadratic.value(rho) + self._quadratic.value(0.0)

    def slope(self, rho: float) -> float:
        """Give the first derivative."""
        return self.logdet.slope(rho) - self._quadratic.slope(rho)

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give value, first and second derivative."""
        curvature = self.logdet.derivatives(rho)[2] - self._quadratic.curvature(rho)
        return self.value(rho), self.slope(rho), curvature


def commutes(operator: BlockOperator) -> bool:
    """Whether every period has the same units and W, so that unit means and lags can be taken in any order."""
    return len(operator.blocks) == 1


def information_gap(within: StackedWithin, operator: BlockOperator, rho: float) -> float:
    """Give the variance of the adjusted score of rho less the expectation of minus its derivative.

    Parameters
    ----------
    within : StackedWithin
    operator : BlockOperator
    rho : float

    Returns
    -------
    float
        tr(P G P G) - tr(P G G). It is zero where P and G commute: the same W and units in every period.
    """
    if commutes(operator):
        return 0.0
    n = len(within.times)
    shares = 1 / within.times[within.unit]
    own, mean = 0.0, np.zeros((n, n))
    for block in operator.linked:
        size = block.matrix.shape[0]
        inverse = np.linalg.inv(np.eye(size) - rho * block.matrix.toarray())
        spread = block.matrix @ inverse
        here = slice(block.starts[0], block.starts[0] + size)
        unit, share, copies = within.unit[here], shares[here], len(block.starts)
        own += copies * float(share @ np.einsum("ij,ji->i", spread, spread))
        mean[np.ix_(unit, unit)] += copies * share[:, None] * spread
    return float(np.einsum("ij,ji->", mean, mean)) - own
