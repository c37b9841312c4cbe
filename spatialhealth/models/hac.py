"""Covariances of instrumental variables: classical, and HAC by a kernel of distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth.errors import WeightsError
from spatialhealth.models.covariances import Covariance, Observed, OverSpace
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.weights.convert import as_links, as_matrix, in_order

__all__ = ["Classical", "SpatialHAC"]


@dataclass(frozen=True)
class Classical(Observed):
    """Errors alike and independent, e'e over N less coefficients and fixed effects."""

    name = "classical"
    words = "classical, N - K"


@dataclass(frozen=True, eq=False)
class SpatialHAC(OverSpace):
    """Sandwich for errors that are correlated over space in an unknown way; for SpatialIV and SLX.

    Parameters
    ----------
    kernel : Graph, W, tuple (ids, matrix), DataFrame or Series
        K(d_ij / bandwidth) between units: symmetric, from 0 to 1, not standardised. A unit's own weight is one,
        whether it is given or not. Errors of one period are taken for correlated where the kernel is not zero,
        errors of different periods for independent.

    See Also
    --------
    Conley : the same from points and a distance.

    Notes
    -----
    The bandwidth is the choice that matters: it must reach as far as errors are correlated, and hold few of the
    units. A kernel that is cut off (the uniform one, a Gaussian with a cut-off) may give a covariance that is none,
    with negative variances; this is refused.

    References
    ----------
    Kelejian, H. H. and Prucha, I. R. (2007). HAC estimation in a spatial framework. Journal of Econometrics 140,
    131-154.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> kernel = sh.weights.kernel(cities, bandwidth=300_000, function="triangular", standardise=None)
    >>> sh.SpatialIV(cov_type=sh.SpatialHAC(kernel))
    SpatialIV(cov_type=SpatialHAC(<Graph>))
    """

    kernel: Any
    name = "hac"
    words = "spatial HAC, by a kernel"

    def __repr__(self) -> str:
        return f"SpatialHAC(<{type(self.kernel).__name__}>)"

    def prepared(self, operator: SpatialOperator) -> Covariance:
        """Give the covariance with its kernel in the order of W, ones on the diagonal."""
        ids, links = as_links(_without_own(self.kernel))
        if links.data.max() > 1 + 1e-9 or abs(links - links.T).max() > 1e-9:
            raise WeightsError(
                "The HAC kernel must be symmetric, with weights from 0 to 1, the weight of a unit with itself. Rows "
                "that are standardised are not: spatialhealth.weights.kernel(layer, bandwidth=..., standardise=None)."
            )
        links = in_order(ids, links, operator.ids, "the HAC kernel")
        return SpatialHAC(links + sp.identity(operator.n, format="csr"))

    def pairs(self) -> Any:
        """Give the kernel, in the order of W."""
        return self.kernel


def _without_own(kernel: Any) -> Any:
    """Take the units' own weights off the diagonal, where libpysal's kernels have them."""
    if hasattr(kernel, "unique_ids") and hasattr(kernel, "adjacency"):
        ids, matrix = kernel.unique_ids, as_matrix(kernel.sparse)
    elif hasattr(kernel, "id_order") and hasattr(kernel, "sparse"):
        ids, matrix = kernel.id_order, as_matrix(kernel.sparse)
    elif isinstance(kernel, tuple) and len(kernel) == 2:
        ids, matrix = kernel[0], as_matrix(kernel[1])
    else:
        return kernel
    own = matrix.diagonal()
    if not (np.allclose(own, 1) or not own.any()):
        raise WeightsError(
            "The diagonal of the HAC kernel must be one (or empty): a unit is at distance zero from itself."
        )
    without = sp.csr_matrix(matrix - sp.diags(own))
    without.eliminate_zeros()
    return ids, without
