"""SpatialLag (SAR): a spatial lag of the outcome."""

from __future__ import annotations

from typing import Any

from spatialhealth._typing import Correction, CovType, Dynamic, Effects, LogDet, Missing
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.covariances import Covariance

__all__ = ["SpatialLag"]


class SpatialLag(SpatialModel):
    """Spatial lag model (SAR): y = rho W y + X beta + effects + e, by maximum likelihood.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator
        Spatial weights; see `spatialhealth.weights.as_links`. Or one a period: a list in the order of the sorted
        periods, or a mapping of period to weights.
    effects : {"none", "entity", "time", "two-way", "random"}, default "none"
        Fixed effects, or "random" effects of the units; see docs/random_effects.md.
    correction : {"lee-yu", "none"}, default "lee-yu"
        - "lee-yu": fixed effects are transformed away (Lee and Yu 2010), so that neither rho nor sigma2 is
          biased by them;
        - "none": the plain within estimator (Elhorst 2003).
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Engine of ln|I - rho W|; see `spatialhealth.SpatialOperator`.
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
    dynamic : {None, "time", "space-time", "both"}, default None
        - "time": y of the period before is a regressor, with the coefficient `tau`;
        - "space-time": W y of the period before, with the coefficient `eta`;
        - "both": both.

        The first period is lost. With effects of units, correction="lee-yu" takes out the bias of order 1/T
        (Yu, de Jong and Lee 2008; Lee and Yu 2010).
    missing : {"raise", "unbalanced", "likelihood"}, default "raise"
        - "raise": an absent row, or NaN, is an error;
        - "unbalanced": rows that are absent, or lack anything, are left out; every period has the weights among the
          units observed in it;
        - "likelihood": NaN in the outcome is integrated out of the likelihood; regressors must be known.
    restandardise : bool, default True
        Whether the links that are left to a unit of such a period sum to one again, where those of W do.

    See Also
    --------
    SpatialDurbin : with spatial lags of the regressors too.

    Notes
    -----
    W y is demeaned after the lag is taken: demean(W y), never W demean(y).

    References
    ----------
    Ord, K. (1975). Estimation methods for models of spatial interaction. Journal of the American Statistical
    Association 70, 120-126.

    Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154, 165-185.

    Elhorst, J. P. (2003). Specification and estimation of spatial panel data models. International Regional
    Science Review 26, 244-268.

    Yu, J., de Jong, R. and Lee, L.-F. (2008). Quasi-maximum likelihood estimators for spatial dynamic panel data with
    fixed effects when both n and T are large. Journal of Econometrics 146, 118-134.

    Lee, L.-F. and Yu, J. (2010). A spatial dynamic panel data model with both time and individual fixed effects.
    Econometric Theory 26, 564-597.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_production()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SpatialLag(weights=W, effects="entity", correction="none")
    >>> model = model.fit_formula("log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp", panel)
    >>> round(model.rho_, 6)
    0.274689
    """

    _has_lag = True

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        correction: Correction = "lee-yu",
        logdet: LogDet = "auto",
        cov_type: CovType | Covariance = "observed",
        constant: bool = True,
        dynamic: Dynamic | None = None,
        missing: Missing = "raise",
        restandardise: bool = True,
    ) -> None:
        super().__init__(weights, effects, correction, logdet, cov_type, constant, missing, restandardise)
        self.dynamic = dynamic
