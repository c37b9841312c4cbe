"""From the maximum of a gravity model to its result: covariances of coefficients and of both kinds of effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from spatialhealth._typing import Array, FlowCovariance, FlowEffects
from spatialhealth.attraction.gravity_covariance import Clusters, covariance, leverage, nested, positive
from spatialhealth.attraction.gravity_design import CONSTANT
from spatialhealth.attraction.gravity_fit import PoissonDesign, PoissonFit
from spatialhealth.attraction.gravity_result import CityEffects, GravityResult
from spatialhealth.attraction.table import FlowTable
from spatialhealth.errors import IdentificationError, some

__all__ = ["Inference", "poisson_design"]

_NAMES = {"origin": "push", "destination": "attraction"}
_EXACT = 1e-8
_ROBUST = "robust, flows independent"
_WORDS = {
    "poisson": "Poisson information",
    "robust": _ROBUST,
    "origin": "clustered by origin",
    "destination": "clustered by destination",
    "two-way": "clustered by origin and by destination",
    "pair": "clustered by pair of cities",
}


def poisson_design(table: FlowTable, x: Array, names: tuple[str, ...], effects: FlowEffects) -> PoissonDesign:
    """Give flows and columns as arrays, cities numbered on each side.

    Parameters
    ----------
    table : FlowTable
    x : ndarray of shape (m, k)
    names : tuple of k str
    effects : {"both", "origin", "destination", "none"}

    Returns
    -------
    PoissonDesign

    Raises
    ------
    IdentificationError
        If there are no more pairs than parameters.
    """
    pairs = table.pairs
    origin, destination = (
        np.unique(ends, return_inverse=True)[1] for ends in (pairs.origin, pairs.destination)
    )
    design = PoissonDesign(pairs.value, x, names, origin, destination, effects)
    if len(design.y) <= design.n_parameters:
        raise IdentificationError(
            f"{len(design.y)} pairs cannot tell {design.n_parameters} parameters. Add pairs, or use fewer effects."
        )
    return design


@dataclass(frozen=True, eq=False)
class Inference:
    """How the covariance is estimated.

    Parameters
    ----------
    kind : str
        "poisson", "robust", or what flows are clustered by.
    clusters : tuple of Clusters
        None for "poisson".
    """

    kind: str
    clusters: tuple[Clusters, ...]

    @classmethod
    def of(cls, cov_type: FlowCovariance, cluster: str, table: FlowTable, design: PoissonDesign) -> Inference:
        """Read the options."""
        kind = cluster if cov_type == "cluster" else cov_type
        everyone, pairs = np.arange(len(design.y)), table.pairs
        low, high = np.minimum(pairs.origin, pairs.destination), np.maximum(pairs.origin, pairs.destination)
        undirected = np.unique(low * table.n_cities + high, return_inverse=True)[1]
        ways = {
            "poisson": (),
            "robust": (Clusters(everyone),),
            "origin": (Clusters(design.origin),),
            "destination": (Clusters(design.destination),),
            "two-way": (Clusters(design.origin), Clusters(design.destination), Clusters(everyone, -1)),
            "pair": (Clusters(undirected),),
        }
        return cls(kind, ways[kind])

    def telling(self, side: str, design: PoissonDesign) -> Inference:
        """Give itself, or without clusters that hold all flows of a city: for the effects of that side."""
        codes = getattr(design, side)
        if not any(nested(codes, each.codes) for each in self.clusters):
            return self
        other = "origin" if side == "destination" else "destination"
        if self.kind == "two-way":
            return Inference(other, (Clusters(getattr(design, other)),))
        return Inference("robust", (Clusters(np.arange(len(codes))),))

    def result(
        self, table: FlowTable, design: PoissonDesign, fitted: PoissonFit, facts: dict[str, str]
    ) -> GravityResult:
        """Give the result.

        Parameters
        ----------
        table : FlowTable
        design : PoissonDesign
        fitted : PoissonFit
        facts : dict of str to str
            For the summary.

        Returns
        -------
        GravityResult

        Raises
        ------
        IdentificationError
            If a flow is fitted exactly, so that its residual says nothing of its error.
        """
        k, y, mu = len(fitted.params), design.y, fitted.mu
        names = ((CONSTANT,) if design.effects == "none" else ()) + design.names
        # units of the columns, however far apart, shall not tell in the inverse
        design, center, scale = design.scaled()
        residual = y - mu if self.kind == "poisson" else _spread(table, design, mu)
        effects = {}
        for side, values in (("origin", fitted.origin_effects), ("destination", fitted.destination_effects)):
            if values is None:
                continue
            inference = self.telling(side, design)
            ids = table.cities[np.unique(getattr(table.pairs, side))]
            found = covariance(design.sides(side), mu, residual, inference.clusters)[k:, k:]
            effects[side] = CityEffects(
                _NAMES[side], ids, values - values.mean(), found, float(values.mean()), _WORDS[inference.kind]
            )
        # coefficients have the same covariance whichever side is eliminated
        own = covariance(design.sides("destination"), mu, residual, self.clusters)[:k, :k]
        turn = np.eye(k)
        turn[-len(scale) :, -len(scale) :] = np.diag(1 / scale)
        turn[: k - len(scale), k - len(scale) :] = -center / scale
        own = turn @ (positive(own) if self.kind == "two-way" else own) @ turn.T
        deviance = 2 * float((xlogy(y, y) - xlogy(y, mu) - y + mu).sum())
        loglik = float((xlogy(y, mu) - mu - gammaln(y + 1)).sum())
        return GravityResult(
            names, fitted.params, own, mu, y.copy(), effects, loglik, deviance, fitted.steps, table.names[2],
            _WORDS[self.kind], facts,
        )  # fmt: skip


def _spread(table: FlowTable, design: PoissonDesign, mu: Array) -> Array:
    """Give residuals as large as those of flows that the fit has not seen."""
    left = 1 - leverage(design.sides("destination"), mu)
    exact = left < _EXACT
    if exact.any():
        raise IdentificationError(
            f"The flows of {some(table.pairs.names(exact))} are fitted exactly, by effects of cities that have "
            "no other pair, or hardly any other flow: their residuals say nothing of their error. Leave these "
            "cities out, or take Poisson's variance (cov_type='poisson')."
        )
    return np.asarray((design.y - mu) / left)
