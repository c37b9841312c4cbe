"""Places, hospitals and costs that several tests share, and sums by loops to check against."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["catchment_by_hand", "random_case", "shares_by_hand"]


def random_case(seed=0, n=40, m=9):
    """Places, hospitals and a wide table of costs, far from zero."""
    rng = np.random.default_rng(seed)
    places = pd.DataFrame({"population": rng.integers(50, 900, n)}, index=[f"place {i}" for i in range(n)])
    hospitals = pd.DataFrame(
        {
            "beds": rng.integers(20, 400, m),
            "staff": rng.integers(20, 400, m),
            "tier": ["tertiary" if j % 3 == 0 else "primary" for j in range(m)],
        },
        index=[f"hospital {j}" for j in range(m)],
    )
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    costs = 1 + np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2))
    return places, hospitals, pd.DataFrame(costs, index=places.index, columns=hospitals.index)


def catchment_by_hand(costs, people, beds, weight, cutoff=np.inf, three=False):
    """Accessibility by loops over places and hospitals."""
    n, m = costs.shape
    f = [[float(weight(costs[i, j])) if costs[i, j] <= cutoff else 0.0 for j in range(m)] for i in range(n)]
    if three:
        f = [[f[i][j] * f[i][j] / sum(f[i]) if sum(f[i]) else 0.0 for j in range(m)] for i in range(n)]
    demand = [sum(people[i] * f[i][j] for i in range(n)) for j in range(m)]
    ratio = [beds[j] / demand[j] if demand[j] else 0.0 for j in range(m)]
    return np.array([sum(f[i][j] * ratio[j] for j in range(m)) for i in range(n)]), np.array(demand)


def shares_by_hand(costs, sizes, exponents, decay):
    """Huff's shares, dense."""
    attraction = np.prod(np.asarray(sizes, float) ** np.asarray(exponents), axis=1) * decay(costs)
    return attraction / attraction.sum(axis=1, keepdims=True)
