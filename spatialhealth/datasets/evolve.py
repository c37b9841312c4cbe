"""A panel whose outcome depends on the outcome of the period before."""

from __future__ import annotations

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_number
from spatialhealth.errors import OptionError
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.transition import largest_root

__all__ = ["BURN_IN", "check_dynamics", "evolve"]

BURN_IN = (
    200  # periods thrown away, after which nothing is left of the start unless the root is within 5 % of one
)


def check_dynamics(tau: object, eta: object, has_rho: bool) -> tuple[float, float] | None:
    """Give tau and eta, None if neither is given; refuse them where there is no rho.

    Parameters
    ----------
    tau, eta : float or None
    has_rho : bool
        Whether the model has W y.

    Returns
    -------
    tuple of float, or None

    Raises
    ------
    OptionError
    """
    if tau is None and eta is None:
        return None
    if not has_rho:
        raise OptionError(
            "simulate: tau and eta belong to models with W y: 'SAR', 'SDM', 'SAC', 'GNS'. Choose one of these, or "
            "leave tau and eta out."
        )
    first, second = (0.0 if value is None else value for value in (tau, eta))
    return check_number("simulate", "tau", first), check_number("simulate", "eta", second)


def evolve(operator: SpatialOperator, rho: float, tau: float, eta: float, right: Array) -> Array:
    """Give y_t = (I - rho W)^-1 (tau y_{t-1} + eta W y_{t-1} + r_t), from zero.

    Parameters
    ----------
    operator : SpatialOperator
    rho, tau, eta : float
    right : ndarray of shape (T, n)
        r: everything else on the right-hand side.

    Returns
    -------
    ndarray of shape (T, n)

    Raises
    ------
    OptionError
        If the process is not stable.
    """
    root = largest_root(operator, rho, tau, eta)
    if root >= 1:
        raise OptionError(
            f"simulate: with rho={rho:g}, tau={tau:g} and eta={eta:g} the process is not stable: the spectral radius "
            f"of (I - rho W)^-1 (tau I + eta W) is {root:.4f}. Bring them nearer to zero."
        )
    y = np.empty_like(right)
    before = np.zeros(operator.n)
    for period, given in enumerate(right):
        before = operator.solve(rho, given + tau * before + eta * operator.lag(before))
        y[period] = before
    return y
