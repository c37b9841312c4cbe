"""Coverage of gravity models and their second stage: `python -m tests.calibration_flows [--replications 500]`.

Flows between cities are simulated with a known attraction, which follows a spatial lag model; the attraction is
estimated from the flows and explained in a second stage. Intervals at 95 % should hold the truth in 95 % of the
samples: those of the deterrence, of the attraction of each city, and of the coefficients of the second stage, with
and without the errors of the first.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.attraction import GravityModel, second_stage
from tests import small

BETA, DISTANCE = 0.8, -1.0


@dataclass(frozen=True)
class Design:
    """One simulated situation: cities on a lattice, flows of some mean and dispersion."""

    rho: float
    mean: float
    dispersion: float
    side: int = 7
    sigma: float = 0.4
    cov_type: str = "robust"

    @property
    def W(self) -> np.ndarray:
        """Rook neighbours, rows that sum to one."""
        W = small.lattice(self.side, self.side)
        return W / W.sum(axis=1, keepdims=True)


def coverage(design: Design, replications: int, seed: int = 2011) -> pd.Series:
    """Shares of intervals that hold the truth, and mean errors of the second stage."""
    rng, W = np.random.default_rng(seed), design.W
    n = len(W)
    ids = np.arange(n)
    place = np.stack(np.divmod(ids, design.side), axis=1) + rng.uniform(-0.3, 0.3, size=(n, 2))
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    distance = np.hypot(*(place[i] - place[j]).T)
    cities = pd.DataFrame({"beds": rng.normal(size=n)}, index=ids)
    model = sh.SpatialLag((ids, W)) if design.rho else sh.SLX((ids, W), durbin=False)
    rows = []
    for _ in track(range(replications), "replications"):
        errors = BETA * cities["beds"].to_numpy() + design.sigma * rng.normal(size=n)
        pull = np.linalg.solve(np.eye(n) - design.rho * W, errors)
        # some cities are seen through few journeys
        eta = np.where(i % 4 == 0, 1.0, -1.5) + pull[j] + DISTANCE * np.log(distance)
        mu = design.mean * np.exp(eta) / np.exp(eta).mean()
        spread = rng.gamma(1 / design.dispersion, design.dispersion, len(mu)) if design.dispersion else 1.0
        od = pd.DataFrame(
            {"origin": i, "destination": j, "trips": rng.poisson(mu * spread), "distance": distance}
        )
        gravity = GravityModel(cov_type=design.cov_type, separated="leave out").fit(od)
        if len(gravity.attraction_) < n:
            continue
        found = second_stage(gravity, model, "attraction ~ beds", cities)
        rows.append(_row(design, gravity, found, pull - pull.mean()))
    return pd.DataFrame(rows).mean()


def _row(design: Design, gravity: GravityModel, found: object, pull: np.ndarray) -> dict[str, float]:
    scores = (gravity.attraction_["estimate"] - pull) / gravity.attraction_["std_error"]
    slope = (gravity.params_.iloc[0] - DISTANCE) / gravity.std_errors_.iloc[0]
    row = {"deterrence": abs(slope) < 1.96, "attraction": (scores.abs() < 1.96).mean()}
    truth = {"beds": BETA, "rho": design.rho}
    for what, fitted in (("", found.model), (" unweighted", found.unweighted)):
        for name in fitted.params_.index.intersection(list(truth)):
            error = fitted.params_[name] - truth[name]
            row[f"{name}{what}"] = abs(error) < 1.96 * fitted.std_errors_[name]
            row[f"bias of {name}{what}"] = error
    return row | {"sigma2": found.sigma2, "first stage": found.first_stage}


def main() -> int:
    """Print coverage for each situation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replications", type=int, default=500)
    options = parser.parse_args()
    designs = [
        Design(rho, mean, dispersion, cov_type=cov_type)
        for rho in (0.0, 0.5)
        for mean, dispersion, cov_type in ((1.0, 0.0, "poisson"), (1.0, 0.0, "robust"), (5.0, 1.0, "robust"))
    ]
    for design in designs:
        print(f"{design}\n{coverage(design, options.replications).round(3).to_string()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
