"""Small simulated tables of flows, and brute force for what is computed of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["dummies", "newton", "sandwich", "small_flows"]


def small_flows(n=12, seed=0, mean=20.0, own=False):
    """A complete table of Poisson flows between n cities on the plane, some of them zero."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 100, size=(n, 2))
    push, pull = rng.normal(size=n), rng.normal(size=n)
    i, j = np.nonzero(np.ones((n, n), dtype=bool) if own else ~np.eye(n, dtype=bool))
    distance = np.where(i == j, 1.0, np.hypot(*(place[i] - place[j]).T))
    border = (distance < 30).astype(float)
    eta = push[i] + pull[j] - 0.8 * np.log(distance) + 0.3 * border
    mu = mean * np.exp(eta) / np.exp(eta).mean()
    trips = rng.poisson(mu * rng.gamma(2.0, 0.5, size=len(mu)))
    names = np.array([f"c{k:02d}" for k in range(n)])
    return pd.DataFrame(
        {"origin": names[i], "destination": names[j], "trips": trips, "distance": distance, "border": border}
    )


def dummies(od, x, effects="both"):
    """Dense design: columns, all origin dummies, destination dummies; one of the latter dropped beside the former."""
    origin = pd.get_dummies(od["origin"]).to_numpy(dtype=float)
    destination = pd.get_dummies(od["destination"]).to_numpy(dtype=float)
    parts = {
        "both": [x, origin, destination[:, 1:]],
        "origin": [x, origin],
        "destination": [x, destination],
        "none": [np.ones((len(od), 1)), x],
    }
    return np.column_stack(parts[effects])


def newton(z, y):
    """Maximise the Poisson likelihood of a dense design; give coefficients and means."""
    beta = np.linalg.lstsq(z, np.log(y + 0.5), rcond=None)[0]
    for _ in range(100):
        mu = np.exp(z @ beta)
        step = np.linalg.solve(z.T @ (mu[:, None] * z), z.T @ (y - mu))
        beta = beta + step
        if np.abs(step).max() < 1e-13:
            break
    return beta, np.exp(z @ beta)


def sandwich(z, y, mu, clusters):
    """Dense sandwich of residuals over one less their leverage; without clusters the inverse information."""
    bread = np.linalg.inv(z.T @ (mu[:, None] * z))
    if not clusters:
        return bread
    hat = mu * np.einsum("ij,jk,ik->i", z, bread, z)
    scores = pd.DataFrame(z * ((y - mu) / (1 - hat))[:, None])
    meat = sum(
        sign * _outer(scores.groupby(np.asarray(labels)).sum().to_numpy()) for labels, sign in clusters
    )
    return bread @ meat @ bread


def _outer(sums):
    return sums.T @ sums
