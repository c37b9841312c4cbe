"""SpatialDurbinError (SDEM): spatial lags of the regressors, spatial dependence of the errors."""

from __future__ import annotations

from spatialhealth.models.options import CombinedDurbinModel

__all__ = ["SpatialDurbinError"]


class SpatialDurbinError(CombinedDurbinModel):
    """Spatial Durbin error model (SDEM): y = X beta + W X theta + effects + u, u = lambda M u + e.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator
        Spatial weights; see `spatialhealth.weights.as_links`. Or one a period: a list in the order of the sorted
        periods, or a mapping of period to weights.
    effects : {"none", "entity", "time", "two-way", "random"}, default "none"
        Fixed effects, or "random" effects of the units; see docs/random_effects.md.
    durbin : True or list of str, default True
        Which regressors enter with their spatial lag too: all, or those named. The constant is never lagged.
    error_weights : as `weights`, optional
        M, the weights of the errors, for the same units in any order; `weights` by default.
    correction : {"lee-yu", "none"}, default "lee-yu"
        - "lee-yu": fixed effects are transformed away (Lee and Yu 2010), so that neither spatial parameters nor
          sigma2 are biased by them;
        - "none": the plain within estimator (Elhorst 2003).
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Engine of the log-determinants; see `spatialhealth.SpatialOperator`.
    cov_type : {"observed", "expected", "robust", "cluster", "driscoll-kraay"} or Covariance, default "observed"
        - "observed": minus the inverse Hessian of the log-likelihood;
        - "expected": the inverse expected information, as R prints it;
        - "robust": sandwich for errors that are neither normal nor of one variance (`spatialhealth.models.Robust`);
        - "cluster": the same, with errors of a unit that depend on each other over time
          (`spatialhealth.models.Cluster`);
        - "driscoll-kraay": errors that depend on each other over space in any way
          (`spatialhealth.models.DriscollKraay`).
    constant : bool, default True
        Whether to add a constant when `effects` is "none" or "random".
    error_components : {"baltagi", "kkp"}, default "baltagi"
        With random effects mu only:

        - "baltagi": u_t = mu + (I - lambda M)^-1 e_t, the effects stay where they are;
        - "kkp": u_t = (I - lambda M)^-1 (mu + e_t), they spread over space as the errors do.
    missing : {"raise", "unbalanced"}, default "raise"
        - "raise": an absent row, or NaN, is an error;
        - "unbalanced": rows that are absent, or lack anything, are left out; every period has the weights among the
          units observed in it.
    restandardise : bool, default True
        Whether the links that are left to a unit of such a period sum to one again, where those of W do.

    See Also
    --------
    SpatialError : without spatial lags of the regressors.
    SpatialDurbin : a lag of the outcome in place of that of the errors.

    Notes
    -----
    Spillovers are local: the direct effect is beta, the indirect one theta times the mean row sum of W.

    References
    ----------
    LeSage, J. P. (2014). What regional scientists need to know about spatial econometrics. Review of Regional
    Studies 44, 13-32.

    Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154, 165-185.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SpatialDurbinError(weights=W, effects="two-way")
    >>> model = model.fit_formula("log(sales) ~ log(price / cpi) + log(ndi / cpi)", panel)
    >>> round(model.lambda_, 4)
    0.2697
    """

    _has_lag = False
    _without_lags = "SpatialError"
