"""Monte-Carlo check of robust and clustered intervals: `python -m tests.calibration_robust [--replications 1000]`.

Errors are skewed, with a standard deviation that grows with the first regressor; in the last situation they depend on
each other within a unit over time too. Every replication fits one spatial Durbin model with each covariance and asks
whether each 95 % interval holds the truth.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.datasets.lattice import lattice
from tests import brute
from tests.monte_carlo import Z95, arguments

RHO, BETA, THETA = 0.4, (1.0, -0.5), (0.4, 0.2)


@dataclass(frozen=True)
class Situation:
    """Size of the panel, its effects, and how the errors are."""

    n_units: int = 900
    n_periods: int = 1
    effects: str = "none"
    growth: float = 0.5  # of the log standard deviation with x1
    memory: float = 0.0  # of a unit's errors, from period to period
    covariances: tuple[str, ...] = ("observed", "robust")


SITUATIONS = (
    Situation(2500, growth=0.35),
    Situation(),
    Situation(144, 8, "entity"),
    Situation(144, 8, "two-way"),
    Situation(144, 8, "entity", memory=0.7, covariances=("observed", "robust", "cluster")),
)


def errors(situation, x, rng):
    """Centred chi-squared errors with three degrees of freedom, scaled by the regressor, shape (T, n)."""
    raw = (rng.chisquare(3, size=x.shape) - 3) / np.sqrt(6)
    for t in range(1, len(raw)):
        raw[t] = situation.memory * raw[t - 1] + np.sqrt(1 - situation.memory**2) * raw[t]
    return raw * np.exp(situation.growth * x - situation.growth**2)


def coverage(situation: Situation, replications: int, seed: int = 1980) -> pd.DataFrame:
    """Share of the intervals that hold the truth, by quantity and covariance."""
    rng = np.random.default_rng(seed)
    W = lattice(situation.n_units)
    operator = sh.SpatialOperator((np.arange(situation.n_units), W))
    truth = np.array(
        [*BETA, *THETA, RHO, *brute.mean_effects(operator.matrix.toarray(), RHO, BETA[0], THETA[0])]
    )
    shape = (situation.n_periods, situation.n_units)
    persistent = rng.normal(size=(shape[1], 2))
    inside: dict[str, list[np.ndarray]] = {name: [] for name in situation.covariances}
    for _ in track(range(replications), "replications"):
        X = np.sqrt(0.5) * persistent + np.sqrt(0.5) * rng.normal(size=(*shape, 2))
        mean = X @ BETA + operator.lag(X) @ np.array(THETA) + 1.0
        Y = operator.solve(RHO, (mean + errors(situation, X[..., 0], rng)).T).T
        for cov_type, into in inside.items():
            model = sh.SpatialDurbin(operator, effects=situation.effects, cov_type=cov_type).fit_arrays(Y, X)
            keep = [j for j, name in enumerate(model.result_.param_names) if name != "constant"]
            effects = model.impacts()
            found = np.array([*model.result_.params[keep], *effects.estimates[0]])
            spread = np.array([*model.result_.std_errors[keep], *effects.std_errors[0]])
            into.append(np.abs(found - truth) < Z95 * spread)
    names = ["x1", "x2", "W:x1", "W:x2", "rho", "direct x1", "indirect x1", "total x1"]
    return pd.DataFrame({name: np.mean(rows, axis=0) for name, rows in inside.items()}, index=names)


def main() -> int:
    """Print a table for each situation."""
    options = arguments(__doc__, replications=1000, seed=1980)
    for situation in SITUATIONS:
        table = coverage(situation, options.replications, options.seed)
        print(f"\n{situation}\n{options.replications} replications\n{table.round(3).to_string()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
