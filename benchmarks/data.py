"""Simulated data of any size for the benchmarks: weights as sparse matrices, and spatial Durbin outcomes.

Everything is drawn with a fixed seed and kept as plain binary files under build/, which Python and R read alike.
Outcomes come from the series y = r + rho W r + rho^2 W^2 r + ..., summed until nothing changes: no factorisation.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp

__all__ = ["BETA", "RHO", "THETA", "Data", "folder", "load", "make", "weights"]

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "build" / "benchmarks"
RHO = 0.6
BETA = np.array([1.0, -0.5, 0.25])
THETA = np.array([0.5, 0.25, 0.0])
_CHUNK = 1_000_000  # rows of a lattice made at once


class Data:
    """What one case reads: W, and Y and X in the order of W.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    y : ndarray of shape (n,) or (T, n)
    x : ndarray of shape (n, 3) or (T, n, 3)
    """

    def __init__(self, matrix, y, x):
        self.matrix, self.y, self.x = matrix, y, x
        self.n = matrix.shape[0]

    @property
    def weights(self):
        """W as the package takes it: ids and a sparse matrix."""
        return np.arange(self.n), self.matrix


def sides(n):
    """Give the rows and columns of the most nearly square lattice of exactly n cells."""
    rows = next(r for r in range(int(np.sqrt(n)), 0, -1) if n % r == 0)
    return rows, n // rows


def lattice(n, rook=False):
    """Row-standardised contiguity of the cells of a lattice, queen by default."""
    rows, columns = sides(n)
    steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a or b) and not (rook and a and b)]
    down, right = np.array(steps, dtype=np.int32).T
    counts, indices, weights = [], [], []
    for start in range(0, n, _CHUNK):
        cell = np.arange(start, min(start + _CHUNK, n), dtype=np.int32)
        row, column = np.divmod(cell, np.int32(columns))
        there = (row[:, None] + down >= 0) & (row[:, None] + down < rows)
        there &= (column[:, None] + right >= 0) & (column[:, None] + right < columns)
        count = there.sum(axis=1)
        counts.append(count)
        indices.append((cell[:, None] + down * np.int32(columns) + right)[there])
        weights.append(np.repeat(1 / count, count))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int32)
    return sp.csr_matrix((np.concatenate(weights), np.concatenate(indices), indptr), shape=(n, n))


def points(n, seed=1):
    """Random points of the unit square in the order of a grid of cells, as codes of districts order real units."""
    at = np.random.default_rng(seed).random((n, 2))
    cells = max(1, int(np.sqrt(n / 64)))
    row, column = (at * cells).astype(int).T
    column = np.where(row % 2, cells - 1 - column, column)
    return at[np.argsort(row * cells + column, kind="stable")]


def nearest(at, k):
    """Give the k nearest neighbours of every point, shape (n, k)."""
    from scipy.spatial import cKDTree

    found = cKDTree(at).query(at, k + 1, workers=-1)[1].astype(np.int32)
    own = found == np.arange(len(at), dtype=np.int32)[:, None]
    own[~own.any(axis=1), -1] = True  # of points in one place another may stand first
    return found[~own].reshape(len(at), k)


def knn(n, k=8):
    """Row-standardised weights of the k nearest neighbours: not symmetric, nor similar to a symmetric matrix."""
    indices = np.sort(nearest(points(n), k), axis=1)
    indptr = np.arange(n + 1, dtype=np.int32) * np.int32(k)
    return sp.csr_matrix((np.full(n * k, 1 / k), indices.ravel(), indptr), shape=(n, n))


def flows(n, k=8):
    """Row-standardised simulated flows: to k of the 16 nearest units, of lognormal size, and to one of 50 centres."""
    rng = np.random.default_rng(2)
    near = nearest(points(n), min(16, n - 1))
    chosen = np.take_along_axis(near, np.argsort(rng.random(near.shape), axis=1)[:, :k], axis=1)
    centre = rng.choice(n, min(50, n), replace=False)[rng.integers(0, min(50, n), n)]
    target = np.column_stack([chosen, centre]).ravel()
    origin = np.repeat(np.arange(n), k + 1)
    volume = rng.lognormal(0, 1, len(target))
    inside = target != origin
    matrix = sp.csr_matrix((volume[inside], (origin[inside], target[inside])), shape=(n, n))
    matrix.sum_duplicates()
    return standardised(matrix)


def delaunay(n):
    """Contiguity of the Voronoi cells of random points, as counties touch: symmetric links, rows standardised."""
    from scipy.spatial import Delaunay

    corners = Delaunay(points(n)).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    links = sp.csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    links = links + links.T
    links.data[:] = 1.0
    return standardised(links)


def inverse_distance(n):
    """Row-standardised inverse distances without a cut-off: every unit is a neighbour of every other."""
    from scipy.spatial.distance import cdist

    at = points(n)
    distance = cdist(at, at)
    np.fill_diagonal(distance, np.inf)
    return standardised(sp.csr_matrix(1 / distance))


def standardised(links):
    """Divide every row by its sum."""
    matrix = sp.csr_matrix(links)
    matrix.data /= np.repeat(np.asarray(matrix.sum(axis=1)).ravel(), np.diff(matrix.indptr))
    matrix.sort_indices()
    return matrix


KINDS = {
    "lattice": lattice,
    "rook": lambda n: lattice(n, rook=True),
    "knn": knn,
    "knn4": lambda n: knn(n, 4),
    "flows": flows,
    "delaunay": delaunay,
    "dense": inverse_distance,
}


def weights(kind, n):
    """Build the weights of a kind for n units."""
    return KINDS[kind](n)


def durbin(matrix, periods=0, seed=3):
    """Simulate y = rho W y + X beta + W X theta + effects + e; panels have effects of units."""
    rng = np.random.default_rng(seed)
    n, shape = matrix.shape[0], (max(periods, 1), matrix.shape[0])
    entity = rng.standard_normal(n) if periods else 0.0
    y, x = np.empty(shape), np.empty((*shape, 3))
    for t in range(shape[0]):
        x[t] = rng.standard_normal((n, 3))
        source = x[t] @ BETA + matrix @ (x[t] @ THETA) + rng.standard_normal(n) + 1.0 + entity
        y[t] = multiplied(matrix, source)
    return (y, x) if periods else (y[0], x[0])


def multiplied(matrix, source, rho=RHO):
    """Give (I - rho W)^-1 of a vector by the series, to rounding."""
    total, term = source.copy(), source
    while np.abs(term).max() > 1e-13:
        term = rho * (matrix @ term)
        total += term
    return total


def folder(kind, n, periods=0):
    """Give where the data of a kind and size are kept."""
    return STORE / f"{kind}-{n}-{periods}"


def make(kind, n, periods=0):
    """Simulate the data of a kind and size unless they are there, and give their folder."""
    target = folder(kind, n, periods)
    if (target / "y.f8").exists():
        return target
    STORE.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=STORE))
    matrix = weights(kind, n)
    y, x = durbin(matrix, periods)
    matrix.indptr.astype("<i4").tofile(fresh / "indptr.i4")
    matrix.indices.astype("<i4").tofile(fresh / "indices.i4")
    matrix.data.astype("<f8").tofile(fresh / "weights.f8")
    x.astype("<f8").tofile(fresh / "x.f8")
    y.astype("<f8").tofile(fresh / "y.f8")
    try:
        fresh.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(fresh)
    return target


def load(kind, n, periods=0):
    """Read the data of a kind and size, which `make` has put there."""
    place = folder(kind, n, periods)
    parts = [
        np.fromfile(place / name, dtype)
        for name, dtype in (("weights.f8", "<f8"), ("indices.i4", "<i4"), ("indptr.i4", "<i4"))
    ]
    matrix = sp.csr_matrix((parts[0], parts[1], parts[2]), shape=(n, n))
    y, x = np.fromfile(place / "y.f8", "<f8"), np.fromfile(place / "x.f8", "<f8")
    if periods:
        return Data(matrix, y.reshape(periods, n), x.reshape(periods, n, 3))
    return Data(matrix, y, x.reshape(n, 3))
