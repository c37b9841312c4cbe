"""Panels with holes for the tests, and their likelihoods by explicit dense matrices."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

from tests import small


def seen(periods, n, share=0.3, seed=3):
    """Which cells are observed, (T, n); every unit at least twice."""
    rng = np.random.default_rng(seed)
    known = rng.random((periods, n)) > share
    for i in np.flatnonzero(known.sum(axis=0) < 2):
        known[:2, i] = True
    return known


def sub(W, known, restandardise=True):
    """The weights among the units of one period."""
    inside = W[np.ix_(known, known)]
    sums = inside.sum(axis=1, keepdims=True)
    return inside / np.where(sums > 0, sums, 1.0) if restandardise else inside


def stacked_weights(W, known, restandardise=True):
    """Block-diagonal weights over the observed rows; W is one matrix, or one a period."""
    matrices = W if isinstance(W, list) else [W] * len(known)
    return block_diag(*(sub(M, k, restandardise) for M, k in zip(matrices, known, strict=True)))


def with_holes(W, periods=6, rho=0.4, theta=(0.3, 0.2), share=0.3, seed=0, by_period=False):
    """Y (T, n) and X (T, n, 2) of units that enter and leave: NaN where a unit is not there."""
    rng = np.random.default_rng(seed)
    matrices = W if by_period else [W] * periods
    n = len(matrices[0])
    known = seen(periods, n, share, seed + 1)
    X = rng.normal(size=(periods, n, 2))
    mu, Y = rng.normal(size=n), np.full((periods, n), np.nan)
    for t in range(periods):
        here, M = known[t], sub(matrices[t], known[t])
        x = X[t, here]
        signal = x @ [1.0, -0.5] + M @ x @ theta + mu[here] + 0.7 * rng.normal(size=here.sum())
        Y[t, here] = np.linalg.solve(np.eye(len(M)) - rho * M, signal)
    X[~known] = np.nan
    return Y, X, known


def rows(Y, X, W, known, lagged=True, constant=False, restandardise=True):
    """Outcome, design and weights of the observed rows, and the dummies of their units."""
    M = stacked_weights(W, known, restandardise)
    y, x = Y[known], X[known]
    parts = [x, M @ x] if lagged else [x]
    if constant:
        parts.insert(0, np.ones((len(y), 1)))
    unit = np.nonzero(known)[1]
    D = (unit[:, None] == np.unique(unit)).astype(float)
    return y, np.column_stack(parts), M, D


def logdet(M, rho):
    return np.linalg.slogdet(np.eye(len(M)) - rho * M)[1]


def out(D, values):
    """Take the columns of D out by least squares."""
    return values - D @ np.linalg.lstsq(D, values, rcond=None)[0]


def lattices(rows, columns, periods, seed=0):
    """Another row-standardised W every period: links of a lattice, some cut."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(periods):
        links = (small.lattice(rows, columns) > 0).astype(float)
        cut = np.triu(rng.random(links.shape) < 0.3, 1)
        links[cut | cut.T] = 0.0
        found.append(links / np.maximum(links.sum(axis=1, keepdims=True), 1))
    return found
