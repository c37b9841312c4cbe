"""A small simulated panel on a lattice: the data of the tests that need some, whatever they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp


def lattice(rows, columns):
    """Row-standardised rook neighbours of a lattice, dense."""
    place = np.array([(i, j) for i in range(rows) for j in range(columns)])
    touching = (np.abs(place[:, None] - place[None]).sum(-1) == 1).astype(float)
    return touching / touching.sum(axis=1, keepdims=True)


def ids(n):
    """Unit labels u00, u01, ..."""
    return [f"u{i:02d}" for i in range(n)]


def arrays(W, periods, seed=0, rho=0.4):
    """Outcome (T, n) and two regressors (T, n, 2) of a Durbin model with effects of both kinds."""
    rng = np.random.default_rng(seed)
    n = len(W)
    X = np.stack([rng.normal(size=(periods, n)), np.exp(rng.normal(size=(periods, n)))], axis=-1)
    signal = X @ [1.0, -0.5] + np.einsum("ij,tjk->tik", W, X) @ [0.3, 0.2]
    signal += rng.normal(size=n) + rng.normal(size=(periods, 1)) + 0.7 * rng.normal(size=(periods, n))
    return np.linalg.solve(np.eye(n) - rho * W, signal.T).T, X


def table(Y, X, units=None, start=2000):
    """Long table indexed (unit, year) with the columns x, z and y."""
    periods, n = Y.shape
    index = pd.MultiIndex.from_product(
        [units or ids(n), range(start, start + periods)], names=["unit", "year"]
    )
    columns = {"x": X[..., 0], "z": X[..., 1], "y": Y}
    return pd.DataFrame({name: values.T.ravel() for name, values in columns.items()}, index=index)


def panel(rows=3, columns=4, periods=6, seed=0):
    """Weights (ids, sparse) and long table."""
    W = lattice(rows, columns)
    return (ids(len(W)), sp.csr_matrix(W)), table(*arrays(W, periods, seed))
