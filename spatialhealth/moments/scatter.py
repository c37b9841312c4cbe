"""The covariance of moments: sums over the rows of instruments times errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.likelihood.sandwich import Scores
from spatialhealth.likelihood.transform import Within

__all__ = ["Scatter"]


@dataclass(frozen=True)
class Scatter:
    """How sums of instruments times errors vary.

    Parameters
    ----------
    variance : callable, optional
        Of `Scores`, the fixed effects and the coefficients spent; by default errors are alike and independent.
    """

    variance: Callable[[Scores, Within, int], Array] | None = None

    @property
    def is_classical(self) -> bool:
        """Whether errors are alike and independent."""
        return self.variance is None

    def of(self, columns: Array, errors: Array, within: Within, spent: int) -> Array:
        """Give the covariance of the sums of columns times errors.

        Parameters
        ----------
        columns : ndarray of shape (N, l)
        errors : ndarray of shape (N, m)
            One column for each equation.
        within : Within
            Fixed effects that were taken out; the rows are its periods, one after the other.
        spent : int
            Coefficients that the correction for degrees of freedom counts beside the effects.

        Returns
        -------
        ndarray of shape (m l, m l)
            Equation by equation.
        """
        if self.variance is None:
            return np.kron(errors.T @ errors, columns.T @ columns) / (within.degrees - spent)
        products = np.einsum("im,il->iml", errors, columns).reshape(within.t, within.n, -1)
        return self.variance(Scores(np.ones((within.t, within.n)), products, None), within, spent)
