"""The spatial filter of the errors, I - lambda M, on the columns of a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["ErrorFilter", "Products"]


@dataclass(frozen=True, eq=False)
class Products:
    """Products of the filtered columns, G = F(lambda)'F(lambda), and their derivatives in lambda.

    Parameters
    ----------
    value, first, second : ndarray of shape (c, c)
    """

    value: Array
    first: Array
    second: Array


class ErrorFilter:
    """The columns of a sample under the filter (I - lambda M), with the effects taken out after it.

    Parameters
    ----------
    columns : ndarray of shape (N, c)
        Outcome, W y (if the model has it) and design, effects out.
    within : Within
    operator : SpatialOperator or None
        M, the W of the errors; None for a model without.

    Notes
    -----
    Entity effects commute with M. Time effects become xi_t (I - lambda M) 1 under the filter: where all rows of M
    have the same sum, that is a constant still, and demeaning takes them out; elsewhere each period is projected off
    a = (I - lambda M) 1, which changes with lambda.
    """

    def __init__(self, columns: Array, within: Within, operator: SpatialOperator | None) -> None:
        self._plain, self._within, self._operator = columns, within, operator
        self._projects = operator is not None and within.has_time and not operator.has_equal_rows
        if operator is None:
            return
        shape = (within.t, within.n, columns.shape[1])
        lagged = operator.lag(columns.reshape(shape))
        if within.has_time and not self._projects:
            lagged = lagged - lagged.mean(axis=1, keepdims=True)
        self._lagged = lagged.reshape(columns.shape)
        cross = columns.T @ self._lagged
        self._powers = (columns.T @ columns, -cross - cross.T, self._lagged.T @ self._lagged)
        if self._projects:
            plain, sums = columns.reshape(shape), operator.row_sums
            # a'F_t = lambda q1_t + lambda^2 q2_t, each of shape (T, c)
            q1 = -np.einsum("n,tnc->tc", sums, plain) - lagged.sum(axis=1)
            q2 = np.einsum("n,tnc->tc", sums, lagged)
            self._lost = (q1.T @ q1, q1.T @ q2 + q2.T @ q1, q2.T @ q2)

    def products(self, lam: float) -> Products:
        """Give the products of the filtered columns and their derivatives.

        Parameters
        ----------
        lam : float

        Returns
        -------
        Products
        """
        if self._operator is None:
            nothing = np.zeros((self._plain.shape[1],) * 2)
            return Products(self._plain.T @ self._plain, nothing, nothing)
        p0, p1, p2 = self._powers
        value, first, second = p0 + lam * p1 + lam**2 * p2, p1 + 2 * lam * p2, 2 * p2
        if self._projects:
            lost = self._projected(lam)
            return Products(value - lost[0], first - lost[1], second - lost[2])
        return Products(value, first, second)

    def columns(self, lam: float) -> Array:
        """Give the filtered columns themselves, effects out, shape (N, c)."""
        if self._operator is None:
            return self._plain
        filtered = self._plain - lam * self._lagged
        if not self._projects:
            return filtered
        shape = (self._within.t, self._within.n, -1)
        return self._off_constant(filtered.reshape(shape), lam).reshape(filtered.shape)

    def take_out(self, values: Array, lam: float) -> Array:
        """Take the effects out of values on the side of the innovations, shape (T, n)."""
        if not self._projects:
            return self._within.apply(values)
        if self._within.has_entity:
            values = values - values.mean(axis=0, keepdims=True)
        return self._off_constant(values[..., None], lam)[..., 0]

    def time_weights(self, lam: float) -> Array:
        """Give the weights, summing to one, with which units tell the effect of their period, shape (n,)."""
        if self._operator is None:
            return np.full(self._within.n, 1 / self._within.n)
        constant = 1 - lam * self._operator.row_sums
        return np.asarray(constant - lam * (self._operator.matrix.T @ constant)) / float(constant @ constant)

    def _off_constant(self, values: Array, lam: float) -> Array:
        assert self._operator is not None
        constant = 1 - lam * self._operator.row_sums
        part = np.einsum("n,tnc->tc", constant, values) / float(constant @ constant)
        return np.asarray(values - constant[None, :, None] * part[:, None])

    def _projected(self, lam: float) -> tuple[Array, Array, Array]:
        """Give what the projection off a takes from the products, and its derivatives."""
        assert self._operator is not None
        n11, n12, n22 = self._lost
        top = lam**2 * n11 + lam**3 * n12 + lam**4 * n22
        top1 = 2 * lam * n11 + 3 * lam**2 * n12 + 4 * lam**3 * n22
        top2 = 2 * n11 + 6 * lam * n12 + 12 * lam**2 * n22
        sums = self._operator.row_sums
        s1, s2 = sums.sum(), sums @ sums
        low, low1, low2 = len(sums) - 2 * lam * s1 + lam**2 * s2, 2 * (lam * s2 - s1), 2 * s2
        value = top / low
        first = top1 / low - top * low1 / low**2
        second = top2 / low - (2 * top1 * low1 + top * low2) / low**2 + 2 * top * low1**2 / low**3
        return value, first, second
