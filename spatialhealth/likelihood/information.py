"""Observed and expected information of (delta, rho, lambda, sigma2), in closed form."""

from __future__ import annotations

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth.likelihood.covariance import from_upper
from spatialhealth.likelihood.state import State
from spatialhealth.operator.operator import check_inverse, columns_of_identity

__all__ = ["expected_information", "observed_information"]

_BLOCK = 512


def observed_information(state: State) -> Array:
    """Give minus the Hessian of the log-likelihood: delta, rho, lambda, sigma2.

    Parameters
    ----------
    state : State

    Returns
    -------
    ndarray of shape (p, p)

    Notes
    -----
    With the residuals e = F c, F the filtered columns and c = (1, -rho, -delta), the sum of squares c'F'Fc is
    quadratic in c and has the derivatives of F'F in lambda.
    """
    s2, k = state.sigma2, state.k
    columns, products, left, e = state.columns, state.products, state.left, state.residual
    by_residual = columns.T @ e
    # of the columns whose coefficients are parameters: the design, then the lag
    order = [*range(len(left) - k, len(left)), *([1] if state.rho is not None else [])]
    p = len(order) + (state.lam is not None) + 1
    information = np.zeros((p, p))
    m = len(order)
    information[:m, :m] = products.value[np.ix_(order, order)] / s2
    information[:m, -1] = by_residual[order] / s2**2
    information[-1, -1] = -state.within.size / (2 * s2**2) + float(e @ e) / s2**3
    if state.rho is not None:
        information[k, k] -= state.derivatives("rho")[2]
    if state.lam is not None:
        slope = products.first @ left
        information[:m, m] = -slope[order] / s2
        information[m, m] = float(left @ products.second @ left) / (2 * s2) - state.derivatives("lambda")[2]
        information[m, -1] = -float(left @ slope) / (2 * s2**2)
    return from_upper(information)


def expected_information(state: State) -> Array:
    """Give the expectation of minus the Hessian: delta, rho, lambda, sigma2.

    Parameters
    ----------
    state : State

    Returns
    -------
    ndarray of shape (p, p)

    Notes
    -----
    With B the matrix of each spatial parameter's quadratic form (see `State.spread`), two of them share
    tr(B C) + tr(B'C); a lag adds the product of its signal. Where the constant direction over units is transformed
    away, so are its parts of the traces.

    References
    ----------
    Anselin, L. (1988). Spatial Econometrics: Methods and Models. Kluwer, section 6.2.
    """
    s2, k, names = state.sigma2, state.k, state.spatial
    p = k + len(names) + 1
    design = state.columns[:, len(state.left) - k :]
    information = np.zeros((p, p))
    information[:k, :k] = state.products.value[-k:, -k:] / s2 if k else 0.0
    information[-1, -1] = state.within.size / (2 * s2**2)
    for place, name in enumerate(names, start=k):
        _, slope, curvature = state.derivatives(name)
        # -curvature is the trace of B B over all periods
        information[place, place] = -curvature + state.within.periods * _gram_trace(state, name)
        information[place, -1] = -slope / s2
        if name == "rho":
            information[:k, place] = design.T @ state.signal / s2
            information[place, place] += float(state.signal @ state.signal) / s2
    if len(names) == 2:
        information[k, k + 1] = state.within.periods * _cross_trace(state)
    return from_upper(information)


def _gram_trace(state: State, name: str) -> float:
    """Give tr(B'B) for one period, without the constant direction if it is transformed away."""
    operator, at = (state.lag, state.rho) if name == "rho" else (state.error, state.lam)
    if name == "rho" and state.lam is not None:
        trace = _traces(state, ("rho", "rho"), False)
    else:
        assert operator is not None
        assert at is not None
        trace = operator.gram_trace(at)
    return trace - _constant(state, name, name)


def _cross_trace(state: State) -> float:
    """Give tr(B C) + tr(B'C) of rho and lambda for one period."""
    both = _traces(state, ("rho", "lambda"), True) + _traces(state, ("rho", "lambda"), False)
    if state.within.drops_constant:
        assert state.rho is not None
        assert state.lam is not None
        both -= 1 / ((1 - state.rho) * (1 - state.lam))
    return both - _constant(state, "rho", "lambda")


def _constant(state: State, one: str, other: str) -> float:
    """Give the part of tr(B'C) in the constant direction, if that is transformed away."""
    if not state.within.drops_constant:
        return 0.0
    ones = np.ones(state.within.n)
    sums = [state.spread(name, ones, transpose=True) for name in (one, other)]
    return float(sums[0] @ sums[1]) / state.within.n


def _traces(state: State, names: tuple[str, str], transposed: bool) -> float:
    """Give tr(B'C), or tr(B C), by solving for every unit in blocks."""
    n = state.within.n
    check_inverse(n)
    total = 0.0
    for start in track(range(0, n, _BLOCK), "expected information"):
        unit = columns_of_identity(n, start)
        one = state.spread(names[0], unit, transpose=transposed)
        total += float(np.einsum("ij,ij->", one, state.spread(names[1], unit)))
    return total
