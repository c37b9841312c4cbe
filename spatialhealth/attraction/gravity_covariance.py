"""Covariances of the coefficients and effects of a gravity model: Poisson, robust, clustered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.attraction.gravity_fit import Sides

__all__ = ["Clusters", "covariance", "leverage", "nested", "positive"]

_ROWS = 8_192  # at a time


@dataclass(frozen=True, eq=False)
class Clusters:
    """A partition of the pairs, whose scores are added up before they are squared.

    Parameters
    ----------
    codes : ndarray of int, shape (m,)
        Cluster of each pair, from 0.
    sign : {1, -1}
        How it enters a two-way covariance: with a minus where what two partitions share is taken off.
    """

    codes: Array
    sign: int = 1

    @property
    def count(self) -> int:
        """Number of clusters."""
        return int(self.codes.max()) + 1


def nested(codes: Array, clusters: Array) -> bool:
    """Whether all pairs of a city lie in one cluster, so that clusters say nothing of its effect.

    The first-order condition of the effect makes the score of the cluster zero, whatever the errors are.

    Parameters
    ----------
    codes, clusters : ndarray of int, shape (m,)
    """
    joined = codes * (int(clusters.max()) + 1) + clusters
    return len(np.unique(joined)) == len(np.unique(codes))


def leverage(sides: Sides, mu: Array) -> Array:
    """Give how much of each flow's own residual the fit takes up: the diagonal of the weighted projection.

    Parameters
    ----------
    sides : Sides
        With either side shown: the projection is the same.
    mu : ndarray of shape (m,)

    Returns
    -------
    ndarray of shape (m,)
        Between 0 and 1; their sum is the number of parameters.
    """
    columns = sides.columns
    information, means = sides.information(mu, columns)
    inverse = np.linalg.inv(information)
    found = np.empty(len(mu))
    for start in range(0, len(mu), _ROWS):
        rows = slice(start, start + _ROWS)
        part = columns[rows]
        turned = part @ inverse
        found[rows] = np.asarray(part.multiply(turned).sum(axis=1)).ravel()
        if sides.absorbed is not None:
            codes = sides.absorbed[rows]
            found[rows] -= 2 * np.einsum("ij,ij->i", turned, means[codes])
    if sides.absorbed is not None:
        own = ((means @ inverse) * means).sum(axis=1) + 1 / np.bincount(sides.absorbed, mu)
        found += own[sides.absorbed]
    return np.asarray(mu * found)


def covariance(sides: Sides, mu: Array, residual: Array, clusters: tuple[Clusters, ...]) -> Array:
    """Give the covariance of coefficients and shown effects.

    Parameters
    ----------
    sides : Sides
    mu, residual : ndarray of shape (m,)
        Expected flows; and observed less expected ones, each divided by one less its leverage.
    clusters : tuple of Clusters
        Partitions whose meats are added with their signs. None: the inverse Poisson information.

    Returns
    -------
    ndarray of shape (k + s, k + s)
        Shown effects as deviations from their mean.
    """
    columns = sides.columns
    information, means = sides.information(mu, columns)
    inverse = np.linalg.inv(information)
    found = inverse
    if clusters:
        parts = [each.sign * _meat(sides, columns, means, residual, each.codes) for each in clusters]
        found = inverse @ np.sum(parts, axis=0) @ inverse
    if sides.shown is not None:
        k, n, free = sides.x.shape[1], int(sides.shown.max()) + 1, sides.free
        full = np.zeros((k + n, k + free))
        full[:k, :k] = np.eye(k)
        full[k:, k:] = np.eye(n, free) - 1 / n
        found = full @ found @ full.T
    return np.asarray((found + found.T) / 2)


def _meat(sides: Sides, columns: sp.csr_matrix, means: Array, residual: Array, codes: Array) -> Array:
    """Give the sum over clusters of the squared score of the columns, absorbed effects concentrated out.

    The score of pair p is r_p (g_p - h_a), h_a the weighted mean of its absorbed effect a: summed over clusters,
    S = C'RG - C'RA H, of which the two sparse parts are squared by themselves.
    """
    m = len(residual)
    summing = sp.csr_matrix((residual, (codes, np.arange(m))), shape=(int(codes.max()) + 1, m))
    own = summing @ columns
    if sides.absorbed is None:
        return np.asarray((own.T @ own).toarray())
    absorbing = sp.csr_matrix(
        (np.ones(m), sides.absorbed, np.arange(m + 1)), shape=(m, int(sides.absorbed.max()) + 1)
    )
    other = summing @ absorbing
    cross = np.asarray((own.T @ other).toarray()) @ means
    return np.asarray(
        (own.T @ own).toarray() - cross - cross.T + means.T @ ((other.T @ other).toarray() @ means)
    )


def positive(matrix: Array) -> Array:
    """Give the nearest covariance: a two-way one may have negative eigenvalues, which are set to zero."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    if values[0] >= 0:
        return matrix
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)
