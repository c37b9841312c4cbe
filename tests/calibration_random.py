"""Monte-Carlo check of random effects: `python -m tests.calibration_random [--replications 500]`.

Panels from known parameters, 100 units of a lattice in 6 periods. In the last situation the errors of a unit depend
on each other over time beyond its random effect, and grow with a regressor, which only clustered errors allow for.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.datasets.lattice import lattice
from spatialhealth.errors import BoundaryWarning
from tests.monte_carlo import Z95, arguments

SIDE_UNITS, PERIODS, BETA, CONSTANT = 100, 6, (1.0, -0.5), 1.0


@dataclass(frozen=True)
class Situation:
    """The model, its spatial parameters, the ratio phi, and how the errors are."""

    kind: type
    rho: float = 0.0
    lam: float = 0.0
    phi: float = 1.0
    form: str | None = None
    growth: float = 0.0  # of the log standard deviation with x1
    memory: float = 0.0  # of a unit's errors, from period to period
    covariances: tuple[str, ...] = ("observed",)


SITUATIONS = (
    Situation(sh.SpatialLag, rho=0.5),
    Situation(sh.SpatialLag, rho=0.5, phi=0.05),
    Situation(sh.SpatialError, lam=0.5, form="baltagi"),
    Situation(sh.SpatialError, lam=0.5, form="kkp"),
    Situation(sh.SpatialCombined, rho=0.4, lam=0.4, form="baltagi"),
    Situation(sh.SpatialLag, rho=0.5, growth=0.3, memory=0.6, covariances=("observed", "cluster")),
)


def draw(situation, operator, between, rng):
    """Regressors (T, n, 2) and outcome (T, n)."""
    shape = (PERIODS, SIDE_UNITS)
    X = np.sqrt(0.5) * between + np.sqrt(0.5) * rng.normal(size=(*shape, 2))
    errors = rng.normal(size=shape)
    for t in range(1, PERIODS):
        errors[t] = situation.memory * errors[t - 1] + np.sqrt(1 - situation.memory**2) * errors[t]
    errors *= np.exp(situation.growth * X[..., 0] - situation.growth**2)
    effects = np.sqrt(situation.phi) * rng.normal(size=SIDE_UNITS)
    if situation.form == "baltagi":
        errors = effects + operator.solve(situation.lam, errors.T).T
    else:
        errors = operator.solve(situation.lam, (effects + errors).T).T
    return X, operator.solve(situation.rho, (CONSTANT + X @ BETA + errors).T).T


def study(situation: Situation, replications: int, seed: int) -> pd.DataFrame:
    """Bias, its Monte-Carlo error, and the share of the intervals that hold the truth."""
    rng = np.random.default_rng(seed)
    operator = sh.SpatialOperator((np.arange(SIDE_UNITS), lattice(SIDE_UNITS)))
    between = rng.normal(size=(SIDE_UNITS, 2))
    truth = {
        "constant": CONSTANT,
        "x1": BETA[0],
        "x2": BETA[1],
        "rho": situation.rho,
        "lambda": situation.lam,
    }
    truth["phi"] = situation.phi
    options = {} if situation.form is None else {"error_components": situation.form}
    found: dict[str, list[np.ndarray]] = {name: [] for name in situation.covariances}
    bounds = 0
    for _ in track(range(replications), "replications"):
        X, Y = draw(situation, operator, between, rng)
        for cov_type, into in found.items():
            model = situation.kind(operator, effects="random", cov_type=cov_type, **options)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", BoundaryWarning)
                result = model.fit_arrays(Y, X).result_
            into.append(np.stack([result.params, result.std_errors]))
            bounds += result.params[-1] == 0
    at = np.array([truth[name] for name in result.param_names])
    estimates = np.array(found[situation.covariances[0]])[:, 0]
    table = {
        "bias": estimates.mean(axis=0) - at,
        "(error)": estimates.std(axis=0) / np.sqrt(replications),
    }
    for name, rows in found.items():
        values = np.array(rows)
        inside = np.abs(values[:, 0] - at) < Z95 * values[:, 1]
        # at phi = 0 no standard error of phi exists, and so no interval
        table[f"coverage, {name}"] = np.nanmean(np.where(np.isnan(values[:, 1]), np.nan, inside), axis=0)
    frame = pd.DataFrame(table, index=list(result.param_names))
    frame.attrs["bounds"] = bounds
    return frame


def main() -> int:
    """Print a table for each situation."""
    options = arguments(__doc__, replications=500, seed=2003)
    for situation in SITUATIONS:
        table = study(situation, options.replications, options.seed)
        print(f"\n{situation}\n{options.replications} replications, {table.attrs['bounds']} fits at phi = 0")
        print(table.round(4).to_string(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
