"""Marginal likelihoods: coefficients and variance integrated out in closed form, rho or lambda numerically."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, gammaln

from spatialhealth._typing import Array, CoefficientPrior, ParameterPrior
from spatialhealth.likelihood.quadrature import Mass, integrate
from spatialhealth.likelihood.transform import Jacobian

__all__ = ["Regression", "SpatialPrior", "log_marginal", "spatial_mass"]


@dataclass(frozen=True)
class SpatialPrior:
    """Prior of rho or lambda on an interval.

    Parameters
    ----------
    kind : {"uniform", "beta"}
        - "uniform": the same everywhere;
        - "beta": Beta(d, d), stretched over the interval; with d just above one it is flat but for the ends.
    shape : float
        d.
    interval : tuple of float
        Where the parameter may lie.
    """

    kind: ParameterPrior
    shape: float
    interval: tuple[float, float]

    def log_density(self, value: float) -> float:
        """Give the logarithm of the density at a point of the interval."""
        low, high = self.interval
        flat = -math.log(high - low)
        if self.kind == "uniform":
            return flat
        if not low < value < high:
            return -math.inf
        share = (value - low) / (high - low), (high - value) / (high - low)
        bend = (self.shape - 1) * (math.log(share[0]) + math.log(share[1]))
        return flat + bend - float(betaln(self.shape, self.shape))


@dataclass(frozen=True, eq=False)
class Regression:
    """The regression of y - r W y on Z - r W Z (or on Z) at any r, from one triangle.

    Parameters
    ----------
    here, lagged : ndarray of shape (m, K + 1)
        Triangular factors of [Z, y] and [W Z, W y] on a common orthonormal basis; the part of W Z is zero where the
        design is not filtered.
    constants : int
        Leading columns of Z that are not slopes.
    degrees : int
        Observations less fixed effects.
    """

    here: Array
    lagged: Array
    constants: int
    degrees: int

    @classmethod
    def of(
        cls, z: Array, y: Array, lag_z: Array | None, lag_y: Array, constants: int, degrees: int
    ) -> Regression:
        """Reduce a sample.

        Parameters
        ----------
        z : ndarray of shape (N, K)
        y : ndarray of shape (N,)
        lag_z : ndarray of shape (N, K) or None
            W Z where the errors are spatial; None where the outcome is.
        lag_y : ndarray of shape (N,)
        constants : int
        degrees : int
        """
        width = z.shape[1] + 1
        lags = lag_y[:, None] if lag_z is None else np.column_stack([lag_z, lag_y])
        triangle = _triangle(np.column_stack([z, y, lags]))
        lagged = np.zeros((len(triangle), width))
        lagged[:, width - lags.shape[1] :] = triangle[:, width:]
        return cls(triangle[:, :width], lagged, constants, degrees)

    @property
    def slopes(self) -> int:
        """Coefficients without the constants."""
        return int(self.here.shape[1]) - 1 - self.constants

    def at(self, value: float) -> tuple[float, float, float]:
        """Give residual sum of squares, that without the slopes, and ln|Z'Z| of the filtered data."""
        triangle = _triangle(self.here - value * self.lagged)
        left = float(triangle[-1, -1] ** 2)
        whole = float(np.square(triangle[self.constants :, -1]).sum())
        return left, whole, 2 * float(np.log(np.abs(np.diag(triangle)[:-1])).sum())

    def log_kernel(self, value: float, coefficients: CoefficientPrior) -> float:
        """Give the logarithm of the likelihood with coefficients and variance integrated out, |I - r W| apart.

        Parameters
        ----------
        value : float
            r.
        coefficients : {"g-prior", "diffuse"}

        Returns
        -------
        float
        """
        left, whole, log_gram = self.at(value)
        if coefficients == "diffuse":
            half = (self.degrees - self.constants - self.slopes) / 2
            return float(gammaln(half) - half * math.log(2 * math.pi * left) - log_gram / 2)
        half = (self.degrees - self.constants) / 2
        g = max(self.degrees, self.slopes**2)
        pulled = (whole + g * left) / (1 + g)
        return float(gammaln(half) - half * math.log(math.pi * pulled) - self.slopes / 2 * math.log1p(g))


def _triangle(columns: Array) -> Array:
    return np.asarray(np.linalg.qr(columns, mode="r"))


def log_marginal(regression: Regression, coefficients: CoefficientPrior) -> float:
    """Give the log marginal likelihood of a model without a spatial parameter.

    Parameters
    ----------
    regression : Regression
    coefficients : {"g-prior", "diffuse"}

    Returns
    -------
    float
    """
    return regression.log_kernel(0.0, coefficients)


def spatial_mass(
    regression: Regression, jacobian: Jacobian, prior: SpatialPrior, coefficients: CoefficientPrior
) -> Mass:
    """Give the log marginal likelihood of a model with a spatial parameter r, and the posterior of r.

    Parameters
    ----------
    regression : Regression
    jacobian : Jacobian
    prior : SpatialPrior
    coefficients : {"g-prior", "diffuse"}

    Returns
    -------
    Mass
        `log_total` is the log marginal likelihood; `mean` and `std` are those of r given the data.

    Notes
    -----
    With N observations less fixed effects, c constants, K slopes, S(r) the residual sum of squares of the filtered
    regression, T(r) that without the slopes, and J(r) the log-determinants:

    - "g-prior": p(beta | sigma2, r) = N(0, g sigma2 (Z'Z)^-1), g = max(N, K^2), constants and ln sigma2 flat:
      Gamma(a) pi^-a (1 + g)^(-K/2) integral of exp J(r) Q(r)^-a p(r) dr, with a = (N - c) / 2 and
      Q = (T + g S) / (1 + g). Z is the filtered design without the constants, and the density of a constant is that
      of its filtered column (length times a flat one), so that the answer does not depend on how it is written.
    - "diffuse": beta flat: Gamma(a) (2 pi)^-a integral of exp J(r) |Z'Z|^(-1/2) S(r)^-a p(r) dr, with
      a = (N - c - K) / 2 (LeSage 2014).

    References
    ----------
    LeSage, J. P. and Parent, O. (2007). Bayesian model averaging for spatial econometric models. Geographical
    Analysis 39, 241-267.

    LeSage, J. P. (2014). Spatial econometric panel data model specification: A Bayesian approach. Spatial Statistics
    9, 122-145.

    Fernández, C., Ley, E. and Steel, M. F. J. (2001). Benchmark priors for Bayesian model averaging. Journal of
    Econometrics 100, 381-427.
    """

    def log_density(value: float) -> float:
        likelihood = regression.log_kernel(value, coefficients) + jacobian.value(value)
        return likelihood + prior.log_density(value)

    return integrate(log_density, prior.interval)
