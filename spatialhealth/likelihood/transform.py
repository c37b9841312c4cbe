"""Fixed effects in the likelihood: how many observations and log-determinants are left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

from spatialhealth._typing import Array, Correction, Dynamic, Effects
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.within import demean

__all__ = ["LAGS", "Jacobian", "Within"]

Self = TypeVar("Self", bound="Jacobian")

LAGS: dict[Dynamic | None, tuple[str, ...]] = {
    None: (),
    "time": ("tau",),
    "space-time": ("eta",),
    "both": ("tau", "eta"),
}


@dataclass(frozen=True)
class Within:
    """The transformation that takes fixed effects out, and what it costs.

    Parameters
    ----------
    effects : {"none", "entity", "time", "two-way", "random"}
        With "random", as with "none", nothing is taken out.
    correction : {"lee-yu", "none"}
        - "lee-yu": entity effects leave T - 1 orthonormal periods, time effects n - 1 orthonormal units
          (Lee and Yu 2010);
        - "none": the demeaned data are taken for nT observations (Elhorst 2003).
    n : int
        Units.
    t : int
        Periods.
    keeps_constant : bool
        Whether every W of the likelihood leaves a constant as it is. Only then can time effects be
        taken out by a transformation; otherwise the direct estimator is corrected for its bias.
    lags : tuple of str, default ()
        `tau` and `eta`, in a dynamic model: the last coefficients of the design belong to y, and W y, of the period
        before. No transformation over time is of use then; the bias left by the units' effects is corrected.

    Notes
    -----
    The orthonormal (Helmert) matrices are never built: demeaned data give the same quadratic forms, and
    ln|F'(I - rho W)F| = ln|I - rho W| - ln(1 - rho) when W leaves a constant as it is.

    References
    ----------
    Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154, 165-185.

    Elhorst, J. P. (2003). Specification and estimation of spatial panel data models. International Regional
    Science Review 26, 244-268.
    """

    effects: Effects
    correction: Correction
    n: int
    t: int
    keeps_constant: bool
    lags: tuple[str, ...] = ()

    @property
    def n_units(self) -> int:
        """Units."""
        return self.n

    @property
    def n_periods(self) -> int:
        """Periods."""
        return self.t

    @property
    def has_entity(self) -> bool:
        """Whether units have effects."""
        return self.effects in ("entity", "two-way")

    @property
    def has_time(self) -> bool:
        """Whether periods have effects."""
        return self.effects in ("time", "two-way")

    @property
    def drops_constant(self) -> bool:
        """Whether the constant direction over units is transformed away, with its eigenvalue of one."""
        return self.correction == "lee-yu" and self.has_time and self.keeps_constant

    @property
    def is_direct(self) -> bool:
        """Whether the direct estimator with a bias correction stands in for the transformation."""
        return self.correction == "lee-yu" and self.has_time and not self.keeps_constant

    @property
    def is_dynamic(self) -> bool:
        """Whether the outcome of the period before is in the model."""
        return bool(self.lags)

    @property
    def corrects_lags(self) -> bool:
        """Whether the bias that the units' effects leave in a dynamic model is corrected."""
        return self.correction == "lee-yu" and self.has_entity and self.is_dynamic

    @property
    def is_adjusted(self) -> bool:
        """Whether the score is adjusted for fixed effects that no transformation takes out."""
        return False

    @property
    def periods(self) -> int:
        """Log-determinants in the likelihood."""
        return (
            self.t - 1 if self.correction == "lee-yu" and self.has_entity and not self.is_dynamic else self.t
        )

    @property
    def size(self) -> int:
        """Observations in the likelihood."""
        return (self.n - 1 if self.drops_constant else self.n) * self.periods

    @property
    def absorbed(self) -> int:
        """Dimension of the fixed effects."""
        entity, time = self.n if self.has_entity else 0, self.t if self.has_time else 0
        return entity + time - (1 if entity and time else 0)

    @property
    def degrees(self) -> int:
        """Observations less fixed effects."""
        return self.n * self.t - self.absorbed

    def effects_of(self, values: Array, weights: Array) -> tuple[Array | None, Array | None]:
        """Give the effects of units (n,) and periods (T,) in (T, n) values.

        Parameters
        ----------
        values : ndarray of shape (T, n)
        weights : ndarray of shape (n,)
            With which units tell the effect of their period; they sum to one.
        """
        entity = values.mean(axis=0) if self.has_entity else None
        left = values if entity is None else values - entity
        return entity, left @ weights if self.has_time else None

    def apply(self, values: Array) -> Array:
        """Take the effects out of (T, n) or (T, n, k) values."""
        return demean(values, self.effects)

    def jacobian(self, operator: SpatialOperator, name: str) -> Jacobian:
        """Give the log-determinant of the sample in `rho`, or in `lambda`."""
        return Jacobian(operator.logdet, self)


@dataclass(frozen=True)
class Jacobian:
    """The log-determinant of the whole (transformed) sample and its derivatives."""

    logdet: LogDet
    within: Within

    @property
    def guide(self: Self) -> Self:
        """The same of an engine that costs less, to search a region with."""
        guide = self.logdet.guide
        return self if guide is self.logdet else replace(self, logdet=guide)

    def value(self, rho: float) -> float:
        """Give the sum of the log-determinants."""
        lost = math.log1p(-rho) if self.within.drops_constant else 0.0
        return self.within.periods * (self.logdet.value(rho) - lost)

    def slope(self, rho: float) -> float:
        """Give the first derivative."""
        gained = 1 / (1 - rho) if self.within.drops_constant else 0.0
        return self.within.periods * (self.logdet.slope(rho) + gained)

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give value, first and second derivative."""
        value, first, second = self.logdet.derivatives(rho)
        if self.within.drops_constant:
            value, first, second = (
                value - math.log1p(-rho),
                first + 1 / (1 - rho),
                second + 1 / (1 - rho) ** 2,
            )
        m = self.within.periods
        return m * value, m * first, m * second
