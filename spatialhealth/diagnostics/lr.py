"""Likelihood ratio tests between nested models."""

from __future__ import annotations

from scipy.special import chdtrc

from spatialhealth.diagnostics.fitted import fitted
from spatialhealth.diagnostics.nesting import nesting
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.errors import ConvergenceError
from spatialhealth.models.base import SpatialModel

__all__ = ["lr"]

_ROUNDING = 1e-6


def lr(restricted: SpatialModel, full: SpatialModel) -> Statistic:
    """Test a model against a larger one that contains it, by their likelihoods.

    Parameters
    ----------
    restricted, full : fitted models
        On the same data, with the same weights, effects and correction. `restricted` must follow from `full` by
        leaving parameters out; a SpatialError follows from a SpatialDurbin by the common factor theta = -rho
        beta.

    Returns
    -------
    Statistic
        2 (ln L full - ln L restricted), chi-square with as many degrees of freedom as restrictions. Where
        one of them is a variance of zero (phi of random effects), half of that distribution has one degree
        less.

    Raises
    ------
    OptionError
        If the models are not nested, or their data or likelihoods are not the same.
    ConvergenceError
        If the larger model has the smaller likelihood, so that one of the two maxima is not the highest.

    Notes
    -----
    The test trusts the likelihood: normal errors of equal variance. With `cov_type="robust"` use
    `spatialhealth.diagnostics.wald`, which takes that covariance.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press, section 6.1.

    Self, S. G. and Liang, K.-Y. (1987). Asymptotic properties of maximum likelihood estimators and likelihood
    ratio tests under nonstandard conditions. Journal of the American Statistical Association 82, 605-610.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> formula = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
    >>> lag = sh.SpatialLag(W, effects="two-way").fit_formula(formula, panel)
    >>> durbin = sh.SpatialDurbin(W, effects="two-way").fit_formula(formula, panel)
    >>> sh.diagnostics.lr(lag, durbin).df
    2
    """
    small, large = (fitted("lr", model, anything=True) for model in (restricted, full))
    found = nesting(small, large)
    value = 2 * (large.result.loglik - small.result.loglik)
    if value < -_ROUNDING * max(1.0, abs(large.result.loglik)):
        raise ConvergenceError(
            f"{large.result.model} contains {small.result.model} and has the smaller log-likelihood, "
            f"{large.result.loglik:,.4f} against {small.result.loglik:,.4f}: one of the maxima is not the "
            "highest. Look at the summaries for rival maxima."
        )
    value = max(value, 0.0)
    name = f"LR {small.result.model} in {large.result.model}"
    if not found.on_the_edge:
        return Statistic.chi_square(name, value, found.df, found.null)
    p = (_tail(found.df - 1, value) + _tail(found.df, value)) / 2
    law = f"mixture of chi-square({found.df - 1}) and chi-square({found.df})"
    return Statistic(name, value, p, found.null, law)


def _tail(df: int, value: float) -> float:
    """Give the chance of more than `value`; without degrees of freedom all of it lies at zero."""
    return float(chdtrc(df, value)) if df else float(value <= 0)
