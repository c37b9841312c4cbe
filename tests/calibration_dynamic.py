"""Monte-Carlo check of dynamic models: `python -m tests.calibration_dynamic [--replications 1000]`.

Dynamic spatial Durbin panels are simulated from known parameters, 200 periods before the first that is kept. Every
replication fits the model with and without the bias correction and asks, for the parameters and for the short-run and
long-run effects of the first regressor, how far the estimate is off and whether its 95 % interval holds the truth.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.errors import SpatialHealthWarning, StabilityError
from tests import brute
from tests.monte_carlo import Z95, arguments, with_isolates


@dataclass(frozen=True)
class Design:
    """One simulated situation; `periods` are those of the likelihood, one less than are simulated."""

    periods: int
    effects: str = "two-way"
    n_units: int = 64
    rho: float = 0.3
    tau: float = 0.5
    eta: float = -0.1
    beta: tuple[float, ...] = (1.0, -0.5)
    theta: tuple[float, ...] = (0.4, 0.2)
    errors: str = "normal"
    isolates: int = 0

    def weights(self):
        """Ids and weights: a lattice, and as many units without neighbours as asked for."""
        return with_isolates(self.n_units, self.isolates)

    def truth(self, W):
        """Parameters in the order of the result, then short-run and long-run effects of the first regressor."""
        now = brute.mean_effects(W, self.rho, self.beta[0], self.theta[0])
        lasting = brute.mean_effects(
            W,
            (self.rho + self.eta) / (1 - self.tau),
            self.beta[0] / (1 - self.tau),
            self.theta[0] / (1 - self.tau),
        )
        return np.array([*self.beta, *self.theta, self.tau, self.eta, self.rho, *now, *lasting])


NAMES = ["x1", "x2", "W:x1", "W:x2", "tau", "eta", "rho"] + [
    f"{horizon} {effect}"
    for horizon in ("short-run", "long-run")
    for effect in ("direct", "indirect", "total")
]


def replicate(
    design: Design, replications: int, correction: str, cov_type: str = "observed", seed: int = 2008
) -> pd.DataFrame:
    """Bias, root mean squared error and coverage, with Monte-Carlo errors, by quantity; `attrs` counts refusals."""
    rng = np.random.default_rng(seed)
    operator = sh.SpatialOperator(design.weights())
    estimates, errors, refused = [], [], 0
    for _ in track(range(replications), "replications"):
        simulated = sh.datasets.simulate(
            n_periods=design.periods + 1,
            weights=(operator.ids, operator.matrix),
            rho=design.rho,
            tau=design.tau,
            eta=design.eta,
            beta=design.beta,
            theta=design.theta,
            effects=design.effects,
            errors=design.errors,
            random_state=rng,
        )
        Y, X, _, _ = simulated.arrays()
        model = sh.SpatialDurbin(
            operator, effects=design.effects, correction=correction, cov_type=cov_type, dynamic="both"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpatialHealthWarning)  # of isolates, known here
            try:
                model.fit_arrays(Y, X)
                effects = model.impacts()
                both = (effects.short_run, effects.long_run)
            except StabilityError:
                refused += 1
                continue
        estimates.append([*model.result_.params, *(v for each in both for v in each.estimates[0])])
        errors.append([*model.result_.std_errors, *(v for each in both for v in each.std_errors[0])])
    found, spread = np.array(estimates), np.array(errors)
    truth = design.truth(operator.matrix.toarray())
    inside = np.abs(found - truth) < Z95 * spread
    table = pd.DataFrame(
        {
            "truth": truth,
            "bias": found.mean(0) - truth,
            "bias_error": found.std(0) / np.sqrt(len(found)),
            "rmse": np.sqrt(((found - truth) ** 2).mean(0)),
            "std_deviation": found.std(0),
            "mean_std_error": spread.mean(0),
            "coverage": inside.mean(0),
            "coverage_error": np.sqrt(inside.mean(0) * (1 - inside.mean(0)) / len(found)),
        },
        index=NAMES,
    )
    table.attrs["refused"] = refused
    return table


def main() -> int:
    """Print a table for each situation."""
    options = arguments(__doc__, replications=1000, seed=2008)
    situations = [Design(periods, effects) for effects in ("two-way", "entity") for periods in (10, 30)]
    situations.append(Design(10, isolates=3))
    for design in situations:
        for correction in ("lee-yu", "none"):
            table = replicate(design, options.replications, correction, seed=options.seed)
            print(
                f"\n{design}, correction={correction!r}\n{options.replications} replications, "
                f"{table.attrs['refused']} refused as not stable\n{table.round(4).to_string()}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
