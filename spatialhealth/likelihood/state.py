"""The likelihood at one point of the parameters: what information, scores and corrections read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.filter import ErrorFilter, Products
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["State"]


@dataclass(frozen=True, eq=False)
class State:
    """Parameters (delta, rho, lambda, sigma2), and the sample under the filter there.

    The design may be turned: with Z = Q R, y = Q g + v0 and W y = Q h + v1, the same model has the columns v0, v1 and
    Q and the coefficients R delta - g + rho h, in which the information does not suffer from large means.

    Parameters
    ----------
    filtered : ErrorFilter
        Of the columns: outcome; lag if the model has W y; design.
    left : ndarray of shape (c,)
        1, -rho (if any), -delta: the residuals are the filtered columns times these.
    rho, lam : float or None
        None where the model has no such parameter.
    sigma2 : float
    within : Within
    lag, error : SpatialOperator or None
        W and M, the weights of the lag and of the errors.
    """

    filtered: ErrorFilter
    left: Array
    rho: float | None
    lam: float | None
    sigma2: float
    within: Within
    lag: SpatialOperator | None
    error: SpatialOperator | None

    @property
    def k(self) -> int:
        """Columns of the design."""
        return len(self.left) - 1 - (self.rho is not None)

    @property
    def spatial(self) -> tuple[str, ...]:
        """Names of the spatial parameters."""
        return ("rho",) * (self.rho is not None) + ("lambda",) * (self.lam is not None)

    @cached_property
    def columns(self) -> Array:
        """The filtered columns, shape (N, c)."""
        return self.filtered.columns(self.lam or 0.0)

    @cached_property
    def products(self) -> Products:
        """Products of the filtered columns."""
        return self.filtered.products(self.lam or 0.0)

    @cached_property
    def residual(self) -> Array:
        """e, shape (N,)."""
        return np.asarray(self.columns @ self.left)

    def derivatives(self, name: str) -> tuple[float, float, float]:
        """Give the log-determinant of `rho` or `lambda` over the sample, and its derivatives."""
        operator, at = (self.lag, self.rho) if name == "rho" else (self.error, self.lam)
        assert operator is not None
        assert at is not None
        return self.within.jacobian(operator, name).derivatives(at)

    def spread(self, name: str, values: Array, transpose: bool = False) -> Array:
        """Give B x, the matrix of the parameter's quadratic form times columns of values.

        Parameters
        ----------
        name : {"rho", "lambda"}
            - "rho": B = (I - lambda M) W (I - rho W)^-1 (I - lambda M)^-1;
            - "lambda": B = M (I - lambda M)^-1.
        values : ndarray of shape (n,) or (n, m)
        transpose : bool, default False
            Whether to give B' x.

        Returns
        -------
        ndarray of the same shape
        """
        if name == "lambda":
            return self._one(self.error, self.lam, values, transpose)
        if self.error is None or self.lam is None:
            return self._one(self.lag, self.rho, values, transpose)
        matrix = self.error.matrix.T if transpose else self.error.matrix
        if transpose:
            inner = self._one(self.lag, self.rho, values - self.lam * (matrix @ values), True)
            return self.error.solve(self.lam, inner, transpose=True)
        outer = self._one(self.lag, self.rho, self.error.solve(self.lam, values), False)
        return np.asarray(outer - self.lam * (matrix @ outer))

    def through(self, name: str) -> Array:
        """Give B e over the periods, effects out, shape (N,)."""
        periods = self.residual.reshape(self.within.t, self.within.n)
        spread = self.spread(name, periods.T).T
        return self.filtered.take_out(np.ascontiguousarray(spread), self.lam or 0.0).reshape(-1)

    @cached_property
    def signal(self) -> Array:
        """The filtered lag without what the errors put into it, shape (N,)."""
        return np.asarray(self.columns[:, 1] - self.through("rho"))

    @staticmethod
    def _one(operator: SpatialOperator | None, at: float | None, values: Array, transpose: bool) -> Array:
        assert operator is not None
        assert at is not None
        if transpose:
            return operator.solve(at, operator.matrix.T @ values, transpose=True)
        return np.asarray(operator.matrix @ operator.solve(at, values))
