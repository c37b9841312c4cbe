"""What chance in a stochastic log-determinant does to the estimates, and engines that are sharp enough."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import ApproximationWarning
from spatialhealth.operator.operator import SpatialOperator

__all__ = [
    "Approximation",
    "Asked",
    "approximations",
    "covariance_of",
    "sharpened",
    "shifts",
    "warn_of_chance",
]


@dataclass(frozen=True, eq=False)
class Asked:
    """A log-determinant, and where in the parameters it was asked.

    Parameters
    ----------
    operator : SpatialOperator
    at : float
        rho, or lambda.
    place : int
        Of that parameter.
    times : int
        Log-determinants in the likelihood.
    """

    operator: SpatialOperator
    at: float
    place: int
    times: int

    @property
    def slope_error(self) -> float:
        """Standard error of the score, from the log-determinants."""
        return self.times * self.operator.logdet.slope_error(self.at)


@dataclass(frozen=True, eq=False)
class Approximation:
    """The Monte-Carlo error of a spatial parameter, and what comes with it.

    Parameters
    ----------
    std_error : float
        Monte-Carlo standard error of rho, or lambda; of a model with both, the errors of both log-determinants, which
        come from the same random vectors, are added up.
    share : float
        The same as a share of the parameter's standard error.
    loglik : float
        Monte-Carlo standard error of the log-likelihood.
    slope : float
        Monte-Carlo standard error of L', one log-determinant's derivative.
    shift : ndarray of shape (p,)
        What all parameters move by when L' is off by `slope`.
    """

    std_error: float
    share: float
    loglik: float
    slope: float
    shift: Array


def shifts(asked: dict[str, Asked], columns: dict[str, Array]) -> dict[str, Array]:
    """Give what parameters move by with one standard error of each stochastic log-determinant's slope.

    Parameters
    ----------
    asked : dict of str to Asked
    columns : dict of str to ndarray of shape (p,)
        What all parameters move by when the score of `rho`, or `lambda`, moves by one: columns of the inverse of the
        observed information.

    Returns
    -------
    dict of str to ndarray of shape (p,)
        Empty where all engines are exact.
    """
    return {
        name: columns[name] * each.slope_error
        for name, each in asked.items()
        if not each.operator.logdet.is_exact
    }


def sharpened(
    asked: dict[str, Asked], moved: dict[str, Array], covariance: Array
) -> dict[str, SpatialOperator]:
    """Give operators whose engines are as sharp as their options ask for.

    Parameters
    ----------
    asked : dict of str to Asked
    moved : dict of str to ndarray of shape (p,)
        See `shifts`.
    covariance : ndarray of shape (p, p)
        Of the estimates.

    Returns
    -------
    dict of str to SpatialOperator
        Those that were asked, where they are good enough; one that serves two parameters stays one.
    """
    best: dict[int, SpatialOperator] = {}
    for name, each in asked.items():
        operator = best.get(id(each.operator), each.operator)
        if name in moved:
            share = max(
                abs(moved[name][other.place]) / np.sqrt(covariance[other.place, other.place])
                for other in asked.values()
            )
            accuracy = operator.logdet.accuracy / len(moved)
            allowed = each.slope_error / each.times * accuracy / max(float(share), 1e-300)
            operator = operator.sharper(each.at, allowed)
        best[id(each.operator)] = operator
    return {name: best[id(each.operator)] for name, each in asked.items()}


def covariance_of(moved: dict[str, Array]) -> Array | float:
    """Give what chance adds to the covariance of the estimates; of two errors that may be one, twice their squares.

    Parameters
    ----------
    moved : dict of str to ndarray of shape (p,)
        See `shifts`.
    """
    return len(moved) * sum(np.outer(shift, shift) for shift in moved.values())


def approximations(
    asked: dict[str, Asked], moved: dict[str, Array], covariance: Array
) -> dict[str, Approximation]:
    """Give the Monte-Carlo errors of the estimates.

    Parameters
    ----------
    asked : dict of str to Asked
    moved : dict of str to ndarray of shape (p,)
        See `shifts`.
    covariance : ndarray of shape (p, p)
        Of the estimates, these errors in it.

    Returns
    -------
    dict of str to Approximation
    """
    found = {}
    for name, shift in moved.items():
        each = asked[name]
        own = float(sum(abs(other[each.place]) for other in moved.values()))
        found[name] = Approximation(
            std_error=own,
            share=own / float(np.sqrt(covariance[each.place, each.place])),
            loglik=each.times * each.operator.logdet.value_error(each.at),
            slope=each.slope_error / each.times,
            shift=shift,
        )
    return found


def warn_of_chance(
    found: dict[str, Approximation], operators: dict[str, SpatialOperator], stacklevel: int
) -> None:
    """Warn where the Monte-Carlo error of a parameter is larger than it was asked to be.

    Parameters
    ----------
    found : dict of str to Approximation
    operators : dict of str to SpatialOperator
        Of the same parameters.
    stacklevel : int
        As in `warnings.warn`.
    """
    for name, each in found.items():
        if name not in operators or operators[name].logdet.is_exact:
            continue  # phi, and lambda as far as random effects make it: their engine has no accuracy to set
        wanted = operators[name].logdet.accuracy
        if each.share > 1.05 * wanted:
            warnings.warn(
                f"The Monte-Carlo error of {name} is {each.std_error:.2g}, {each.share:.1%} of its standard error, "
                f"not the {wanted:.1%} asked for: random vectors tell little of it here, as they do near the "
                "ends of its interval. It is counted in the standard errors. Give logdet=Lanczos(most_probes=...) "
                "for more of them, or logdet='lu' for exact factors.",
                ApproximationWarning,
                stacklevel=stacklevel,
            )
