"""The Lagrange multiplier tests for one spatial parameter beside another that is fitted."""

from __future__ import annotations

import numpy as np

from spatialhealth.diagnostics.fitted import Fitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.errors import OptionError, SizeError
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.information import expected_information
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.state import State
from spatialhealth.operator.operator import INVERSE_LIMIT

__all__ = ["lm_conditional"]

_TESTED = {
    "lambda": ("LM error given lag", "no spatial error (lambda = 0) beside the spatial lag"),
    "rho": ("LM lag given error", "no spatial lag (rho = 0) beside the spatial error"),
}


def lm_conditional(model: Fitted) -> StatisticTable:
    """Test a model with a spatial lag for a spatial error, or one with a spatial error for a lag.

    Parameters
    ----------
    model : Fitted
        With `rho` or `lambda`, not both.

    Returns
    -------
    StatisticTable

    Raises
    ------
    OptionError
        If the model has both already, or is the bias-corrected direct estimator, no maximum of a likelihood.
    SizeError
        If there are more than 20,000 units, whose inverse the information needs.

    Notes
    -----
    The statistic is the squared score of the parameter that is left out, at the maximum without it, times its
    entry of the inverse expected information of all parameters.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer, section 6.3.4.

    Debarsy, N. and Ertur, C. (2010). Testing for spatial autocorrelation in a fixed effects panel data model.
    Regional Science and Urban Economics 40, 453-470.
    """
    if len(model.spatial) != 1:
        raise OptionError(
            f"{model.result.model} has a spatial lag and a spatial error already; none is left to test."
        )
    if model.within.is_direct:
        raise OptionError(
            "The LM tests beside a fitted spatial parameter need a maximum of the likelihood; the bias-corrected "
            "direct estimator is none. Use weights whose rows all sum to one, or effects='entity'."
        )
    if model.operator.n > INVERSE_LIMIT:
        raise SizeError(
            f"The LM tests beside a fitted spatial parameter need an inverse of {model.operator.n:,} units. Fit the "
            "model with both parameters, and compare the two with spatialhealth.diagnostics.lr."
        )
    tested = "lambda" if model.spatial == ("rho",) else "rho"
    state = _state(model)
    place = state.k + (1 if tested == "lambda" else 0)
    variance = invert_information(expected_information(state))[place, place]
    name, null = _TESTED[tested]
    test = Statistic.chi_square(name, _score(state, tested) ** 2 * float(variance), 1, null)
    return StatisticTable(f"Lagrange multiplier test of {model.result.model}, {model.outcome}", (test,))


def _state(model: Fitted) -> State:
    """Give the likelihood with both parameters at the maximum that has one of them at zero."""
    result, within, operator = model.result, model.within, model.operator
    error = result.error_operator or operator
    columns = np.column_stack([model.left(result.y), model.left(operator.lag(result.y)), model.projection.q])
    filtered = ErrorFilter(columns, within, error)
    rho, lam = result.spatial("rho") or 0.0, result.spatial("lambda") or 0.0
    at = filtered.columns(lam)
    delta, residual = LeastSquares.of(at[:, 2:]).fit(at[:, 0] - rho * at[:, 1])
    left = np.concatenate([[1.0, -rho], -delta])
    sigma2 = float(residual @ residual) / within.size
    return State(filtered, left, rho, lam, sigma2, within, operator, error)


def _score(state: State, name: str) -> float:
    """Give the slope of the log-likelihood in one of the spatial parameters."""
    if name == "rho":
        pull = float(state.columns[:, 1] @ state.residual)
    else:
        pull = -float(state.left @ state.products.first @ state.left) / 2
    return pull / state.sigma2 + state.derivatives(name)[1]
