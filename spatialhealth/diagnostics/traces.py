"""Traces of W and of its projection off the constant, which the moments of quadratic forms are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["Traces", "symmetric_lag"]


@dataclass(frozen=True)
class Traces:
    """Traces of J W J for one period, J = I, or I - 11'/n where time effects are out.

    Parameters
    ----------
    n : int
        Dimension: units, less one where the constant is out.
    single : float
        tr(J W).
    square : float
        tr(J W J W).
    gram : float
        tr(J W J W').
    """

    n: int
    single: float
    square: float
    gram: float

    @classmethod
    def of(cls, operator: SpatialOperator, without_constant: bool) -> Traces:
        """Compute them from the sparse W.

        Parameters
        ----------
        operator : SpatialOperator
        without_constant : bool
            Whether the constant direction over units is projected away.
        """
        W, n = operator.matrix, operator.n
        single = float(W.diagonal().sum())
        square = float(W.multiply(W.T).sum())
        gram = float(W.multiply(W).sum())
        if not without_constant:
            return cls(n, single, square, gram)
        rows: Array = operator.row_sums
        columns = np.asarray(W.sum(axis=0)).ravel()
        total = float(rows.sum())
        return cls(
            n=n - 1,
            single=single - total / n,
            square=square - 2 * float(columns @ rows) / n + (total / n) ** 2,
            gram=gram - float(rows @ rows + columns @ columns) / n + (total / n) ** 2,
        )

    @property
    def spread(self) -> float:
        """tr(A A) + tr(A A') of A = J W J less its mean: the variance of e'We / sigma2 once sigma2 is estimated."""
        return self.square + self.gram - 2 * self.single**2 / self.n


def symmetric_lag(operator: SpatialOperator, values: Array) -> Array:
    """Give (W + W') x / 2 for every period of (T, n, k) values."""
    back = np.stack([operator.matrix.T @ period for period in values])
    return np.asarray((operator.lag(values) + back) / 2)
