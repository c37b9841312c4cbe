"""Size and power of the spatial Chow test: `python -m tests.calibration_regimes [--replications 1000]`.

Panels of a Durbin model with effects of units are simulated on a lattice whose halves are two groups. Without a
difference between them each test should reject in 5 % of the samples; with one, in more.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from tests import small

TESTS = ("Wald", "LR", "direct", "indirect", "total")
RHO, BETA, THETA = 0.4, 1.0, 0.5


@dataclass(frozen=True)
class Design:
    """One simulated situation: two halves of a lattice, theta greater by `more` in the second."""

    pooled: bool
    side: int = 8
    periods: int = 5
    more: float = 0.0
    louder: float = 1.0  # standard deviation of the errors in the second half, 1 in the first
    cov_type: str = "observed"

    @property
    def second(self):
        """1 in the second half, else 0."""
        return (np.arange(self.side**2) % self.side >= self.side // 2).astype(int)

    @property
    def matrix(self):
        """Rook neighbours; of one's own group only, if the models are separate."""
        W = small.lattice(self.side, self.side)
        if not self.pooled:
            W = np.where(self.second[:, None] == self.second, W, 0.0)
        return W / W.sum(axis=1, keepdims=True)


def p_values(design: Design, replications: int, seed: int = 2011) -> pd.DataFrame:
    """P values of the tests of equality, one row a sample."""
    rng, W, second = np.random.default_rng(seed), design.matrix, design.second
    n = len(W)
    operator, inverse = sh.SpatialOperator((np.arange(n), W)), np.linalg.inv(np.eye(n) - RHO * W)
    model = sh.SpatialDurbin(operator, effects="entity", cov_type=design.cov_type)
    sd, found = 1 + (design.louder - 1) * second, []
    for _ in track(range(replications), "replications"):
        x = rng.normal(size=(design.periods, n))
        signal = BETA * x + (x * (THETA + design.more * second)) @ W.T
        errors = sd * rng.normal(size=(design.periods, n))
        y = (signal + rng.normal(size=n) + errors) @ inverse.T
        regimes = sh.regimes(model.fit_arrays(y, x[..., None]), by=second, pooled=design.pooled)
        effects = [test.p_value for test in regimes.effect_tests.values()]
        found.append([regimes.chow.p_value, regimes.lr.p_value, *effects])
    return pd.DataFrame(found, columns=list(TESTS))


def main() -> int:
    """Print how often each test rejects at 5 %, for each situation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replications", type=int, default=1000)
    options = parser.parse_args()
    designs = [
        Design(pooled, side, periods, more)
        for pooled in (False, True)
        for side, periods, more in ((8, 5, 0.0), (12, 10, 0.0), (8, 5, 0.6))
    ]
    designs += [
        Design(pooled=True, periods=10, louder=3.0, cov_type=cov_type) for cov_type in ("observed", "robust")
    ]
    designs.append(Design(pooled=False, periods=10, louder=3.0))
    for design in designs:
        table = p_values(design, options.replications)
        share = (table < 0.05).mean().where(table.notna().all())
        print(f"{design}\n{share.round(3).to_frame().T.to_string(index=False)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
