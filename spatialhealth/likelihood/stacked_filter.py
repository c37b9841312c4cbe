"""The spatial filter of the errors where it does not commute with the fixed effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.likelihood.filter import ErrorFilter, Products
from spatialhealth.likelihood.quadratic import Quadratic
from spatialhealth.likelihood.stacked import StackedWithin
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["StackedFilter", "filter_of"]


def filter_of(columns: Array, within: Within, operator: SpatialOperator | None) -> ErrorFilter:
    """Give the filter of a sample: of stacked rows, or of a panel without holes and with one W."""
    if isinstance(within, StackedWithin) and operator is not None and within.effects != "none":
        return StackedFilter(columns, within, operator)
    return ErrorFilter(columns, within, operator)


@dataclass(frozen=True, eq=False)
class _Projected:
    """What is left of the filtered columns, and how the coefficients of the dummies change with lambda."""

    columns: Array
    own: Array
    coefficients: Array


class StackedFilter(ErrorFilter):
    """The columns of stacked rows under A = I - lambda M, with the filtered dummies A D projected out of them.

    Parameters
    ----------
    columns : ndarray of shape (N, c)
    within : StackedWithin
    operator : SpatialOperator
        M, block-diagonal.

    Notes
    -----
    With m = (D'A'A D)^-1 D'A'A C and U = C - D m, the columns C become F = A U. F'A D = 0 gives the derivatives of
    F'F: the first is -(M U)'F - F'(M U), the second follows from m' = (D'A'A D)^-1 (-(M D)'F - D'A'M U).
    """

    def __init__(self, columns: Array, within: StackedWithin, operator: SpatialOperator) -> None:
        self._plain, self._within, self._operator = columns, within, operator
        self._dummies = within.dummies
        self._lagged_dummies = sp.csr_matrix(operator.matrix @ self._dummies)
        self._quadratic = Quadratic.of(self._dummies, self._lagged_dummies, operator.interval)
        self._cache: tuple[float, _Projected] | None = None

    def _project(self, values: Array, lam: float) -> _Projected:
        """Take the filtered dummies out of the filtered values (N, c)."""
        assert self._operator is not None
        filtered = values - lam * (self._operator.matrix @ values)
        found = self._coefficients(filtered, lam)
        own = values - self._dummies @ found
        return _Projected(filtered - self._on_dummies(found, lam), own, found)

    def _coefficients(self, filtered: Array, lam: float) -> Array:
        """Give (D'A'A D)^-1 D'A' x."""
        products = self._dummies.T @ filtered - lam * (self._lagged_dummies.T @ filtered)
        return self._quadratic.solve(lam, products)

    def _on_dummies(self, coefficients: Array, lam: float) -> Array:
        """Give A D m."""
        return np.asarray(self._dummies @ coefficients - lam * (self._lagged_dummies @ coefficients))

    def _projected_columns(self, lam: float) -> _Projected:
        if self._cache is None or self._cache[0] != lam:
            self._cache = (lam, self._project(self._plain, lam))
        return self._cache[1]

    def products(self, lam: float) -> Products:
        """Give the products of the filtered columns and their derivatives."""
        assert self._operator is not None
        parts = self._projected_columns(lam)
        left = parts.columns
        lagged = self._operator.matrix @ parts.own
        cross = lagged.T @ left
        at_dummies = -(self._lagged_dummies.T @ left) - (
            self._dummies.T @ lagged - lam * (self._lagged_dummies.T @ lagged)
        )
        change = self._quadratic.solve(lam, at_dummies)
        turned = -lagged - self._on_dummies(change, lam)
        half = (self._lagged_dummies @ change).T @ left - lagged.T @ turned
        return Products(left.T @ left, -cross - cross.T, half + half.T)

    def columns(self, lam: float) -> Array:
        """Give the filtered columns themselves, effects out, shape (N, c)."""
        return self._projected_columns(lam).columns

    def take_out(self, values: Array, lam: float) -> Array:
        """Take the effects out of values on the side of the innovations, shape (1, N)."""
        rows = values.reshape(-1, 1)
        return (rows - self._on_dummies(self._coefficients(rows, lam), lam)).reshape(values.shape)

    def effects(self, values: Array, lam: float) -> Array:
        """Give D m of values (1, N): their fixed effects, by generalised least squares."""
        found = self._project(values.reshape(-1, 1), lam).coefficients
        return np.asarray(self._dummies @ found).reshape(values.shape)
