"""Which model and which W are found: `python -m tests.calibration_models [--replications 100]`.

Panels of 40 units on a ring are simulated from SAR, SDM, SEM and SDEM with the W of the next unit on either side.
`model_probabilities` chooses among the four models with that W, and with the W of the next four.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth._progress import track

MODELS = ("SAR", "SDM", "SEM", "SDEM")
UNITS = 40


def ring(reach: int) -> tuple[np.ndarray, sp.csr_matrix]:
    """Row-standardised W of the `reach` next units on either side."""
    W = sum(np.roll(np.eye(UNITS), step, axis=1) for step in range(-reach, reach + 1) if step)
    return np.arange(UNITS), sp.csr_matrix(W / W.sum(axis=1, keepdims=True))


def replicate(periods: int, replications: int) -> pd.DataFrame:
    """Share of panels in which each model, and the true W, is the most probable; a row a true model."""
    candidates = {"true": sh.SpatialOperator(ring(1)), "other": sh.SpatialOperator(ring(4))}
    rows = {}
    for model in MODELS:
        options = {"theta": (-0.5, 0.8)} if model in ("SDM", "SDEM") else {}
        options |= {"lambda_": 0.6} if model in ("SEM", "SDEM") else {}
        shares = dict.fromkeys((*MODELS, "true W"), 0.0)
        for seed in track(range(replications), model):
            data = sh.datasets.simulate(
                n_periods=periods, beta=(1.0, -0.5), weights=ring(1), model=model, effects="none",
                random_state=seed, **options,
            ).data  # fmt: skip
            best = sh.model_probabilities("y ~ x1 + x2", data, candidates).best
            shares[best.model] += 1 / replications
            shares["true W"] += (best.weights == "true") / replications
        rows[model] = shares
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=100)
    arguments = parser.parse_args()
    for periods in (6, 15):
        print(f"{periods} periods\n{replicate(periods, arguments.replications).round(2)}\n")
