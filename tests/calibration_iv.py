"""Monte-Carlo check of SpatialIV: `python -m tests.calibration_iv [--replications 1000]`.

y = 0.4 W y + x - 0.7 b + effects + e, where b is correlated with e and has an instrument q. The table says by how
much each estimator misses the truth, and how often its 95 % intervals hold it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from tests import small
from tests.monte_carlo import Z95, arguments

TRUTH = {"x": 1.0, "b": -0.7, "rho": 0.4}


@dataclass(frozen=True)
class Situation:
    """One simulated situation on a lattice of side^2 units."""

    name: str
    side: int = 12
    periods: int = 1
    lam: float = 0.0  # e = lam W e + v
    serial: float = 0.0  # of x, q and v over time
    unlike: bool = False  # variances of v that depend on x


def draw(situation: Situation, W, rng):
    """Outcome (T, n) and columns x, b, q (T, n, 3)."""
    T, n = situation.periods, len(W)

    def series():
        values = rng.normal(size=(T, n))
        for t in range(1, T):
            values[t] = situation.serial * values[t - 1] + np.sqrt(1 - situation.serial**2) * values[t]
        return values

    smooth = np.linalg.inv(np.eye(n) - 0.6 * W).T  # regressors are alike nearby, as errors are
    x, q, shock, noise = series() @ smooth, series() @ smooth, series(), series()
    v = 0.8 * shock + 0.6 * noise
    if situation.unlike:
        v = v * np.exp(0.5 * x)
    b = 0.8 * q + 0.4 * x + shock + 0.5 * rng.normal(size=(T, n))
    e = np.linalg.solve(np.eye(n) - situation.lam * W, v.T).T
    both = rng.normal(size=n) + rng.normal(size=(T, 1)) if T > 1 else 0.0
    signal = x + both - 0.7 * (b + both) + e + both
    y = np.linalg.solve(np.eye(n) - 0.4 * W, signal.T).T
    return y, np.stack([x + both, b + both, q], axis=-1)


def replicate(
    situation: Situation, models: dict[str, dict[str, Any]], replications: int, seed: int
) -> pd.DataFrame:
    """Bias, standard deviation, mean standard error and coverage of each parameter and model."""
    rng, W = np.random.default_rng(seed), small.lattice(situation.side, situation.side)
    operator = sh.SpatialOperator((np.arange(len(W)), W))
    place = np.stack(np.unravel_index(np.arange(len(W)), (situation.side,) * 2), axis=1)
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    hac = sh.SpatialHAC((operator.ids, np.clip(1 - distance / 3.5, 0, None)))
    found: dict[str, list[Any]] = {name: [] for name in models}
    for _ in track(range(replications), "replications"):
        Y, X = draw(situation, W, rng)
        for name, options in models.items():
            options = {"effects": "two-way" if situation.periods > 1 else "none", **options}
            if options.get("cov_type") == "hac":
                options["cov_type"] = hac
            if options.pop("likelihood", False):
                model = sh.SpatialLag(operator, **options).fit_arrays(Y, X[..., :2], names=["x", "b"])
            else:
                model = sh.SpatialIV(operator, endogenous=["b"], instruments=["q"], **options)
                model = model.fit_arrays(Y, X, names=["x", "b", "q"])
            both = pd.DataFrame({"estimate": model.params_, "error": model.std_errors_})
            found[name].append(both.drop("constant", errors="ignore"))
    rows = []
    for name, fits in found.items():
        for parameter in fits[0].index:
            truth = TRUTH.get(parameter, situation.lam)
            estimate, error = np.array([fit.loc[parameter] for fit in fits]).T
            rows.append(
                {
                    "model": name,
                    "parameter": parameter,
                    "bias": estimate.mean() - truth,
                    "bias_error": estimate.std() / np.sqrt(replications),
                    "std_deviation": estimate.std(),
                    "mean_std_error": error.mean(),
                    "coverage": np.mean(np.abs(estimate - truth) < Z95 * error),
                }
            )
    return pd.DataFrame(rows).set_index(["model", "parameter"])


STUDIES: list[tuple[Situation, dict[str, dict[str, Any]]]] = [
    (
        Situation("an endogenous regressor, two-way effects", periods=5),
        {"likelihood": {"likelihood": True}, "instruments": {}},
    ),
    (
        Situation("variances that depend on x", unlike=True, side=16),
        {"classical": {}, "robust": {"cov_type": "robust"}},
    ),
    (
        Situation("errors alike over time, two-way effects", periods=8, serial=0.8),
        {"classical": {}, "cluster": {"cov_type": "cluster"}},
    ),
    (
        Situation("spatial errors, cross-section", lam=0.6, side=20),
        {
            "classical": {},
            "hac": {"cov_type": "hac"},
            "gmm": {"spatial_errors": "gmm"},
            "gmm robust": {"spatial_errors": "gmm", "cov_type": "robust"},
        },
    ),
    (
        Situation("spatial errors, two-way effects, three periods", lam=0.5, periods=3),
        {"gmm": {"spatial_errors": "gmm"}, "gmm robust": {"spatial_errors": "gmm", "cov_type": "robust"}},
    ),
]


def main() -> int:
    """Print a table for each situation."""
    options = arguments(__doc__, replications=1000, seed=2011)
    for situation, models in STUDIES:
        table = replicate(situation, models, options.replications, options.seed)
        print(f"\n{situation}\n{options.replications} replications\n{table.round(4).to_string()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
