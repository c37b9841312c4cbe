"""Monte-Carlo check of bias and coverage: `python -m tests.calibration [--replications 1000]`.

Panels are simulated from known parameters; every replication fits the spatial Durbin model and asks whether each
95 % interval holds the truth, for the parameters and for the effects of the first regressor. Coverage within
Monte-Carlo error of 95 % is what is wanted. Maximum likelihood has a bias of order 1/N of its own, from the
coefficients estimated along: a fifth of a standard deviation for rho here, more in smaller panels.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.errors import SpatialHealthWarning
from tests import brute
from tests.monte_carlo import Z95, arguments, with_isolates


@dataclass(frozen=True)
class Design:
    """One simulated situation."""

    n_units: int = 144
    n_periods: int = 8
    rho: float = 0.5
    beta: tuple[float, ...] = (1.0, -0.5)
    theta: tuple[float, ...] = (0.4, 0.2)
    effects: str = "two-way"
    correction: str = "lee-yu"
    cov_type: str = "observed"
    isolates: int = 0

    def weights(self):
        """Ids and weights: a lattice, and as many units without neighbours as asked for."""
        return with_isolates(self.n_units, self.isolates)


@lru_cache(maxsize=2)
def panels(design: Design, replications: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Outcomes and regressors of one situation; the same for every correction and covariance."""
    rng, weights = np.random.default_rng(seed), design.weights()
    return [
        sh.datasets.simulate(
            n_periods=design.n_periods,
            weights=weights,
            model="SDM",
            rho=design.rho,
            beta=design.beta,
            theta=design.theta,
            effects=design.effects,
            random_state=rng,
        ).arrays()[:2]
        for _ in track(range(replications), "panels")
    ]


def replicate(design: Design, replications: int, seed: int = 2011) -> pd.DataFrame:
    """Bias, standard deviation, mean standard error and coverage, with Monte-Carlo errors, by quantity."""
    names, truth, estimates, errors = [], None, [], []
    operator = sh.SpatialOperator(design.weights())
    plain = replace(design, correction="lee-yu", cov_type="observed")
    for Y, X in track(panels(plain, replications, seed), "replications"):
        model = sh.SpatialDurbin(
            operator, effects=design.effects, correction=design.correction, cov_type=design.cov_type
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpatialHealthWarning)  # of the isolates, known here
            model.fit_arrays(Y, X)
        effects = model.impacts()
        keep = [j for j, name in enumerate(model.result_.param_names) if name != "constant"]
        estimates.append([*model.result_.params[keep], *effects.estimates[0]])
        errors.append([*model.result_.std_errors[keep], *effects.std_errors[0]])
        if truth is None:
            names = [model.result_.param_names[j] for j in keep] + ["direct x1", "indirect x1", "total x1"]
            exact = brute.mean_effects(operator.matrix.toarray(), design.rho, design.beta[0], design.theta[0])
            truth = np.array([*design.beta, *design.theta, design.rho, *exact])
    found, spread = np.array(estimates), np.array(errors)
    inside = np.abs(found - truth) < Z95 * spread
    return pd.DataFrame(
        {
            "truth": truth,
            "bias": found.mean(0) - truth,
            "bias_error": found.std(0) / np.sqrt(replications),
            "std_deviation": found.std(0),
            "mean_std_error": spread.mean(0),
            "coverage": inside.mean(0),
            "coverage_error": np.sqrt(inside.mean(0) * (1 - inside.mean(0)) / replications),
        },
        index=names,
    )


def main() -> int:
    """Print a table for each situation."""
    options = arguments(__doc__, replications=1000, seed=2011)
    situations = [
        Design(effects=effects, correction=correction, cov_type=cov_type)
        for effects in ("two-way", "entity", "time", "none")
        for correction in (("lee-yu", "none") if effects != "none" else ("lee-yu",))
        for cov_type in (("observed", "expected") if effects == "two-way" else ("observed",))
    ]
    situations += [
        Design(n_units=40, n_periods=6, isolates=3, correction=correction)
        for correction in ("lee-yu", "none")
    ]
    for design in situations:
        table = replicate(design, options.replications, options.seed)
        print(f"\n{design}\n{options.replications} replications\n{table.round(4).to_string()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
