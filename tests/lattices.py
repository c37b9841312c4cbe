"""Weights of a few thousand units for the engines that take no dense matrix: maps, points, flows."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree


def queen(side, isolates=0):
    """Row-standardised queen contiguity of a square lattice, with some units that have no neighbour."""
    line = sp.diags([np.ones(side - 1), np.ones(side), np.ones(side - 1)], [-1, 0, 1])
    links = sp.csr_matrix(sp.kron(line, line))
    links.setdiag(0)
    links.eliminate_zeros()
    if isolates:
        links = sp.csr_matrix(sp.block_diag([links, sp.csr_matrix((isolates, isolates))]))
    return rows_to_one(links)


def nearest(n, k=6, seed=0):
    """Row-standardised k nearest neighbours of random points: not symmetric."""
    points = np.random.default_rng(seed).uniform(size=(n, 2))
    _, found = cKDTree(points).query(points, k + 1)
    rows = np.repeat(np.arange(n), k)
    return sp.csr_matrix((np.full(n * k, 1 / k), (rows, found[:, 1:].ravel())), shape=(n, n))


def distances(n, seed=0):
    """Inverse distances of random points within a radius, as they are: symmetric, rows of any sum."""
    points = np.random.default_rng(seed).uniform(size=(n, 2)) * np.sqrt(n)
    found = cKDTree(points).sparse_distance_matrix(cKDTree(points), 2.5).tocsr()
    found.data = 1 / np.maximum(found.data, 0.2)
    found.setdiag(0)
    found.eliminate_zeros()
    return sp.csr_matrix(found)


def flows(n, k=5, seed=0):
    """Row-standardised flows between anybody: neither symmetric nor a map."""
    rng = np.random.default_rng(seed)
    rows, columns = np.repeat(np.arange(n), k), rng.integers(0, n, n * k)
    links = sp.csr_matrix((rng.gamma(1.0, size=n * k), (rows, columns)), shape=(n, n))
    links.setdiag(0)
    links.eliminate_zeros()
    return rows_to_one(links)


def rows_to_one(links):
    """Row-standardise."""
    sums = np.asarray(links.sum(axis=1)).ravel()
    return sp.csr_matrix(sp.diags(np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)) @ links)


KINDS = {
    "queen": lambda n: queen(int(np.sqrt(n))),
    "isolates": lambda n: queen(int(np.sqrt(n)) - 1, isolates=5),
    "nearest": nearest,
    "distances": distances,
    "flows": flows,
}
