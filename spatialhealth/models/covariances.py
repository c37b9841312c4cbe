"""Covariances of the estimates: small frozen objects, for each of which a string is the shortcut."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, CovType
from spatialhealth._validation import check_option, check_positive
from spatialhealth.errors import OptionError
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.information import expected_information, observed_information
from spatialhealth.likelihood.sandwich import (
    Scores,
    score_variance_by_time,
    score_variance_by_unit,
    score_variance_over_space,
)
from spatialhealth.likelihood.state import State
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.weights.convert import as_links, in_order

__all__ = [
    "LIKELIHOOD",
    "WORDS",
    "Cluster",
    "Conley",
    "Covariance",
    "DriscollKraay",
    "Expected",
    "Observed",
    "OverSpace",
    "Robust",
    "as_covariance",
]


class Covariance(ABC):
    """How the covariance of the estimates is estimated.

    A covariance is given to an estimator as `cov_type`, by name or, with options, as an object.
    """

    name: ClassVar[str]
    words: ClassVar[str]

    def check(self, model: str, within: Within) -> None:  # noqa: B027 - most covariances exist for any data
        """Raise OptionError if it does not exist for these data."""

    def prepared(self, operator: SpatialOperator) -> Covariance:
        """Give itself, ready for the units of W."""
        return self

    @abstractmethod
    def of_likelihood(self, state: State) -> Array:
        """Give the covariance of (delta, rho, lambda, sigma2) at the maximum of the likelihood."""

    @abstractmethod
    def of_least_squares(self, scores: Scores, within: Within) -> Array:
        """Give the covariance of the coefficients on an orthonormal design."""


@dataclass(frozen=True)
class Observed(Covariance):
    """Minus the inverse Hessian of the log-likelihood; for least squares s2 (Z'Z)^-1."""

    name = "observed"
    words = "observed information"

    def of_likelihood(self, state: State) -> Array:
        """Give the covariance of (delta, rho, lambda, sigma2)."""
        return invert_information(observed_information(state))

    def of_least_squares(self, scores: Scores, within: Within) -> Array:
        """Give the covariance of the coefficients on an orthonormal design."""
        k = scores.linear.shape[2]
        return np.asarray(float((scores.residual**2).sum()) / (within.degrees - k) * np.eye(k))


@dataclass(frozen=True)
class Expected(Observed):
    """The inverse expected information, as R prints it; for least squares s2 (Z'Z)^-1."""

    name = "expected"
    words = "expected information"

    def of_likelihood(self, state: State) -> Array:
        """Give the covariance of (delta, rho, lambda, sigma2)."""
        return invert_information(expected_information(state))


class Sandwich(Covariance):
    """The variance of the score between two inverse informations."""

    def of_likelihood(self, state: State) -> Array:
        """Give the covariance of (delta, rho, lambda, sigma2)."""
        bread = invert_information(observed_information(state))
        return np.asarray(bread @ self.variance(Scores.of(state), state.within, 0) @ bread)

    def of_least_squares(self, scores: Scores, within: Within) -> Array:
        """Give the covariance of the coefficients on an orthonormal design."""
        return self.variance(scores, within, scores.linear.shape[2])

    @abstractmethod
    def variance(self, scores: Scores, within: Within, spent: int) -> Array:
        """Give the variance of the score; `spent` are the coefficients that its small-sample factor counts."""


@dataclass(frozen=True)
class Robust(Sandwich):
    """Sandwich for errors that are independent, but neither normal nor of one variance.

    Third and fourth moments of the errors enter unit by unit, so that the limit of Lee (2004) is contained. Fixed
    effects are allowed for by the factor nT / (nT - effects); for least squares the coefficients count too (HC1).

    Notes
    -----
    The standard errors are robust, the estimate is only where the diagonal of W (I - rho W)^-1 is unrelated to the
    variances (Lin and Lee 2010): of no importance when units have about as many neighbours. A unit's errors are
    taken to be independent over time; `Cluster` does not.

    References
    ----------
    Lee, L.-F. (2004). Asymptotic distributions of quasi-maximum likelihood estimators for spatial autoregressive
    models. Econometrica 72, 1899-1925.

    Lin, X. and Lee, L.-F. (2010). GMM estimation of spatial autoregressive models with unknown heteroskedasticity.
    Journal of Econometrics 157, 34-52.
    """

    name = "robust"
    words = "robust to heteroskedastic, non-normal errors"

    def variance(self, scores: Scores, within: Within, spent: int) -> Array:
        """Give the variance of the score."""
        factor = within.n * within.t / (within.degrees - spent)
        return factor * score_variance_by_unit(scores, together=False)


@dataclass(frozen=True)
class Cluster(Sandwich):
    """Sandwich for errors of a unit that depend on each other over time in any way.

    References
    ----------
    Arellano, M. (1987). Computing robust standard errors for within-groups estimators. Oxford Bulletin of Economics
    and Statistics 49, 431-434.
    """

    name = "cluster"
    words = "clustered by unit"

    def check(self, model: str, within: Within) -> None:
        """Raise OptionError if there is one period only."""
        if within.t < 2:
            raise OptionError(
                f"{model}: cov_type='cluster' groups the periods of each unit, and the data have one period. "
                "Use cov_type='robust'."
            )

    def variance(self, scores: Scores, within: Within, spent: int) -> Array:
        """Give the variance of the score."""
        size = within.n * within.t
        factor = within.n / (within.n - 1) * (size - 1) / (size - max(spent, 1))
        return factor * score_variance_by_unit(scores, together=True)


@dataclass(frozen=True)
class DriscollKraay(Sandwich):
    """Sandwich for errors that depend on each other over space in any way, and over time up to some lag.

    Parameters
    ----------
    lags : int, optional
        Lags of the Bartlett kernel; the whole part of 4 (T / 100)^(2/9) by default.

    References
    ----------
    Driscoll, J. C. and Kraay, A. C. (1998). Consistent covariance matrix estimation with spatially dependent panel
    data. Review of Economics and Statistics 80, 549-560.
    """

    lags: int | None = None
    name = "driscoll-kraay"
    words = "Driscoll-Kraay"

    def __post_init__(self) -> None:
        if self.lags is not None and self.lags != 0:
            check_positive("DriscollKraay", "lags", self.lags, integer=True)

    def check(self, model: str, within: Within) -> None:
        """Raise OptionError if there are too few periods."""
        lags = self._lags(within.t)
        if within.t < 3 or lags >= within.t:
            raise OptionError(
                f"{model}: Driscoll-Kraay errors average over periods; {within.t} periods with {lags} lags are too "
                "few. Use cov_type='robust' or 'cluster', or fewer lags."
            )

    def _lags(self, periods: int) -> int:
        return int(4 * (periods / 100) ** (2 / 9)) if self.lags is None else int(self.lags)

    def variance(self, scores: Scores, within: Within, spent: int) -> Array:
        """Give the variance of the score."""
        return score_variance_by_time(scores, self._lags(within.t))


class OverSpace(Sandwich):
    """Base of the sandwiches for errors that depend on each other over space, by a kernel."""

    def pairs(self) -> Any:
        """Give the weights of all pairs of the units of W, ones on the diagonal."""
        raise NotImplementedError(f"{type(self).__name__} is prepared for the units of W first.")

    def variance(self, scores: Scores, within: Within, spent: int) -> Array:
        """Give the variance of the score."""
        factor = within.n * within.t / (within.degrees - spent)
        return factor * score_variance_over_space(scores, self.pairs())

    def of_likelihood(self, state: State) -> Array:
        """Raise OptionError: the score of a likelihood is not linear in the errors."""
        raise OptionError(
            "Conley and HAC errors exist for SLX and SpatialIV only: W y and spatial errors bring squares of the "
            "errors into the score of a likelihood, which a kernel over distances does not cover. Use "
            "cov_type='robust', 'cluster' or 'driscoll-kraay'."
        )


@dataclass(frozen=True, eq=False)
class Conley(OverSpace):
    """Sandwich for errors that depend on each other within a distance; for SLX and least squares.

    Parameters
    ----------
    points : GeoDataFrame or GeoSeries
        Where the units are, indexed by unit; polygons count by their centroid.
    cutoff : float
        Distance beyond which errors are unrelated, in metres when the CRS is geographic, else in its units.
    kernel : {"triangular", "uniform"}, default "triangular"
        Weight of a pair by its distance, "triangular" as Newey and West's.

    References
    ----------
    Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of Econometrics 92, 1-45.
    """

    points: Any
    cutoff: float
    kernel: str = "triangular"
    name = "conley"
    words = "Conley, within a distance"

    def __post_init__(self) -> None:
        check_positive("Conley", "cutoff", self.cutoff)
        if self.kernel not in ("triangular", "uniform"):
            raise OptionError(f"Conley: kernel={self.kernel!r} must be 'triangular' or 'uniform'.")

    def prepared(self, operator: SpatialOperator) -> Covariance:
        """Give the covariance with the weights of all pairs of the units of W."""
        from spatialhealth.weights import kernel

        points = self.points if hasattr(self.points, "columns") else self.points.to_frame("geometry")
        graph = kernel(points, bandwidth=self.cutoff, function=self.kernel, standardise=None)  # type: ignore[arg-type]
        pairs = in_order(*as_links(graph), operator.ids, "the points of Conley")
        return _ConleyOnUnits(pairs + sp.identity(operator.n, format="csr"))


@dataclass(frozen=True, eq=False)
class _ConleyOnUnits(OverSpace):
    """Conley's covariance with the weights of all pairs of units."""

    weights: Any
    name = "conley"
    words = Conley.words

    def pairs(self) -> Any:
        """Give the weights of all pairs of units."""
        return self.weights


_BY_NAME: dict[str, type[Covariance]] = {
    kind.name: kind for kind in (Observed, Expected, Robust, Cluster, DriscollKraay)
}

LIKELIHOOD = (Observed.name, Expected.name)  # those that trust the likelihood

WORDS: dict[str, str] = {"conley": Conley.words, "hac": "spatial HAC, by a kernel"} | {
    name: kind.words for name, kind in _BY_NAME.items()
}


def as_covariance(model: str, cov_type: Any) -> Covariance:
    """Give the covariance that a name or an object stands for.

    Parameters
    ----------
    model : str
        Name of the estimator, for the message.
    cov_type : str or Covariance

    Returns
    -------
    Covariance

    Raises
    ------
    OptionError
    """
    if isinstance(cov_type, Covariance):
        return cov_type
    if cov_type == "conley":
        raise OptionError(
            f"{model}: Conley errors need to know where the units are. Give "
            "cov_type=spatialhealth.models.Conley(points, cutoff)."
        )
    check_option(model, "cov_type", cov_type, CovType)
    return _BY_NAME[cov_type]()
