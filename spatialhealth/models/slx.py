"""SLX: spatially lagged regressors, no lag of the outcome."""

from __future__ import annotations

from spatialhealth._typing import Array
from spatialhealth.models.covariances import Covariance
from spatialhealth.models.design import Sample
from spatialhealth.models.estimate import least_squares
from spatialhealth.models.options import DurbinModel
from spatialhealth.models.result import Estimate
from spatialhealth.models.system import System

__all__ = ["SLX"]


class SLX(DurbinModel):
    """Spatial lag of X: y = X beta + W X theta + effects + e, by least squares.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator
        Spatial weights; see `spatialhealth.weights.as_links`. Or one a period: a list in the order of the sorted
        periods, or a mapping of period to weights.
    effects : {"none", "entity", "time", "two-way", "random"}, default "none"
        Fixed effects, or "random" effects of the units; see docs/random_effects.md.
    durbin : bool or list of str, default True
        Which regressors enter with their spatial lag too; False gives ordinary least squares.
    correction : {"lee-yu", "none"}, default "lee-yu"
        How fixed effects count in `sigma2_` and `loglik_`; coefficients and their standard errors do not
        depend on it.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Taken for compatibility: the model has no log-determinant.
    cov_type : {"observed", "expected", "robust", "cluster", "driscoll-kraay"} or Covariance, default "observed"
        "observed" and "expected" are the same here: s2 (Z'Z)^-1 with the unbiased s2. "robust" is HC1, "cluster" is
        by unit; see `spatialhealth.models.covariances`, which also has `Conley`.
    constant : bool, default True
        Whether to add a constant when `effects` is "none" or "random".
    missing : {"raise", "unbalanced"}, default "raise"
        - "raise": an absent row, or NaN, is an error;
        - "unbalanced": rows that are absent, or lack anything, are left out; every period has the weights among the
          units observed in it.
    restandardise : bool, default True
        Whether the links that are left to a unit of such a period sum to one again, where those of W do.

    See Also
    --------
    SpatialDurbin : with a lag of the outcome too.

    Notes
    -----
    The direct effect of a regressor is beta, the indirect one theta times the mean row sum of W: spillovers
    are local, they reach the neighbours and stop there.

    References
    ----------
    Halleck Vega, S. and Elhorst, J. P. (2015). The SLX model. Journal of Regional Science 55, 339-363.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SLX(weights=W, effects="two-way").fit_formula("log(sales) ~ log(price / cpi)", panel)
    >>> model.params_.round(4).to_dict()
    {'log(price / cpi)': -1.0592, 'W:log(price / cpi)': -0.3312}
    """

    _has_lag = False

    def _estimate(
        self, sample: Sample, lag: Array | None, system: System, covariance: Covariance
    ) -> Estimate:
        return least_squares(sample, system.within, covariance)
