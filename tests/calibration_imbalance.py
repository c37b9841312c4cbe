"""Monte-Carlo check of the bootstrap intervals: `python -m tests.calibration_imbalance [--replications 500]`.

Units are drawn from populations whose measures are known in closed form. The table says by how much the mean
estimate misses them, how near the mean standard error is to the standard deviation, and how often 95 % intervals hold
the truth: those that are given, and plain percentiles of the same draws beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.stats import norm

import spatialhealth as sh
from spatialhealth._progress import track
from tests.monte_carlo import arguments

SIGMA, LEAN = 0.7, 0.5  # of the logarithm of values; correlation of it with the rank
GROUPS, APART = 10, 0.4  # standard deviation of the logarithms of the groups' means
DRAWS = 499
WIDE = np.array([3e5, 1e5])  # standard deviations of places, metres
PULL = np.array([0.2, -0.1])  # by how many of them the second period leans


@dataclass(frozen=True)
class Study:
    """A measure: from a sample to (estimate, error, low, high, draws), and its true value."""

    name: str
    measure: Callable[[int, np.random.Generator], tuple[float, float, float, float, np.ndarray]]
    truth: float


def labelled(values, name="x"):
    return pd.Series(values, index=[f"{j:05d}" for j in range(len(values))], name=name)


def row(found, j=0):
    return (
        float(found.estimate[j]),
        float(found.std_error[j]),
        float(found.ci_low[j]),
        float(found.ci_high[j]),
        found.resampled.draws[:, j],
    )


def lognormal(n, rng):
    """Values, and a rank that goes with them."""
    one, two = rng.normal(size=(2, n))
    return labelled(np.exp(SIGMA * (LEAN * two + np.sqrt(1 - LEAN**2) * one))), labelled(two, "rank")


def gini(n, rng):
    return row(sh.imbalance.gini(lognormal(n, rng)[0], draws=DRAWS, random_state=rng))


def gini_of_people(n, rng):
    """Unlike weights, which do not go with the values."""
    weights = labelled(rng.lognormal(0, 1.0, n))
    return row(sh.imbalance.gini(lognormal(n, rng)[0], weights, draws=DRAWS, random_state=rng))


def theil(kind):
    def measure(n, rng):
        return row(sh.imbalance.theil(lognormal(n, rng)[0], kind=kind, draws=DRAWS, random_state=rng))

    return measure


EFFECTS = APART * norm.ppf((np.arange(GROUPS) + 0.5) / GROUPS)
BETWEEN = float(np.mean(np.exp(EFFECTS)))
BETWEEN = float(np.mean(np.exp(EFFECTS) / BETWEEN * (EFFECTS - np.log(BETWEEN))))


def between(n, rng):
    """Ten groups of the same expected size, whose effects do not change."""
    return row(_decomposed(n, rng, 1), 1)


def between_small(n, rng):
    """Three times as many groups, a third as large: three that are alike beside each other."""
    return row(_decomposed(n, rng, 3), 1)


def within_small(n, rng):
    """What is within these."""
    return row(_decomposed(n, rng, 3), 2)


def _decomposed(n, rng, parts):
    group = rng.integers(GROUPS * parts, size=n)
    values = lognormal(n, rng)[0] * np.exp(EFFECTS[group % GROUPS])
    return sh.imbalance.theil(values, by=labelled(group, "group"), draws=DRAWS, random_state=rng)


def concentration(n, rng):
    return row(sh.imbalance.concentration(*lognormal(n, rng), draws=DRAWS, random_state=rng).index)


def by_formula(n, rng):
    """The standard error of Kakwani et al., with normal limits."""
    found = sh.imbalance.concentration(*lognormal(n, rng), draws=39, random_state=rng)
    estimate, error = float(found.index.estimate[0]), float(found.formula_errors[0])
    return estimate, error, estimate - 1.96 * error, estimate + 1.96 * error, np.array([np.nan])


def classes(share, spread=0.0):
    """The share of the structurally imbalanced, of units or of people, who are no more in them than elsewhere."""

    def measure(n, rng):
        high = labelled(np.where(rng.random(n) < share, 95.0, 80.0))
        people = labelled(rng.lognormal(0, spread, n)) if spread else None
        primary = labelled(np.full(n, 50.0))
        found = sh.imbalance.utilisation_gap(high, primary, weights=people, draws=DRAWS, random_state=rng)
        return row(found.summary, 3)

    return measure


def quotient(n, rng):
    """One unit's quotient of its own counts: 1 over the ratio of expected totals."""
    people = labelled(rng.lognormal(0, 1.0, n))
    beds = people * rng.lognormal(-0.125, 0.5, n)
    found = sh.imbalance.location_quotient(beds, people, draws=DRAWS, random_state=rng)
    own = float(beds.iloc[0] / people.iloc[0])
    return (
        *(float(one[0] / own) for one in (found.estimate, found.std_error, found.ci_low, found.ci_high)),
        np.array([np.nan]),
    )


def places(n, rng):
    place = rng.normal(size=(n, 2)) * WIDE
    layer = gpd.GeoDataFrame(
        geometry=gpd.points_from_xy(*place.T, crs="EPSG:32650"), index=labelled(place[:, 0]).index
    )
    weights = np.stack([rng.gamma(4.0, size=n), rng.gamma(4.0, size=n) * np.exp(place / WIDE @ PULL)])
    index = pd.MultiIndex.from_product([layer.index, [0, 1]], names=["unit", "year"])
    return sh.imbalance.centre_of_gravity(
        layer, pd.Series(weights.T.ravel(), index=index, name="x"), draws=DRAWS, random_state=rng
    )


def moved(n, rng):
    return row(places(n, rng).measures, 3)


def axis(n, rng):
    return row(places(n, rng).measures, 0)


STUDIES = [
    Study("Gini", gini, 2 * norm.cdf(SIGMA / np.sqrt(2)) - 1),
    Study("Gini, weighted", gini_of_people, 2 * norm.cdf(SIGMA / np.sqrt(2)) - 1),
    Study("Theil T", theil("T"), SIGMA**2 / 2),
    Study("Theil L", theil("L"), SIGMA**2 / 2),
    Study("Theil T between 10 groups", between, BETWEEN),
    Study("Theil T between 30 groups", between_small, BETWEEN),
    Study("Theil T within 30 groups", within_small, SIGMA**2 / 2),
    Study("concentration", concentration, 2 * norm.cdf(LEAN * SIGMA / np.sqrt(2)) - 1),
    Study("concentration, by formula", by_formula, 2 * norm.cdf(LEAN * SIGMA / np.sqrt(2)) - 1),
    Study("share of 0.02", classes(0.02), 0.02),
    Study("share of 0.3", classes(0.3), 0.3),
    Study("share of 0.1, weighted", classes(0.1, 1.0), 0.1),
    Study("share of 0.3, weighted", classes(0.3, 1.0), 0.3),
    Study("location quotient", quotient, 1.0),
    Study("distance moved", moved, float(np.hypot(*(PULL * WIDE)))),
    Study("major axis", axis, float(WIDE[0])),
]


def replicate(study: Study, n: int, replications: int, seed: int = 1) -> dict[str, float]:
    """Bias, spread, and coverage of one measure from samples of n units."""
    rng = np.random.default_rng(seed)
    tail = (0.025, 0.975)
    found = []
    for _ in track(range(replications), study.name):
        estimate, error, low, high, draws = study.measure(n, rng)
        percentile = np.nanquantile(draws, tail) if np.isfinite(draws).any() else (np.nan, np.nan)
        found.append((estimate, error, low, high, *percentile))
    estimate, error, low, high, first, last = np.array(found).T
    t = study.truth
    return {
        "truth": t,
        "bias": estimate.mean() - t,
        "std_deviation": estimate.std(),
        "mean_std_error": error.mean(),
        "coverage": np.mean((low <= t) & (t <= high)),
        "percentile": np.mean((first <= t) & (t <= last)) if np.isfinite(first).any() else np.nan,
    }


def main() -> int:
    """Print the tables."""
    asked = arguments(__doc__, 500, 1)
    for n in (31, 100, 307):
        rows = {study.name: replicate(study, n, asked.replications, asked.seed) for study in STUDIES}
        print(f"\n{n} units, {asked.replications} replications, {DRAWS} draws")
        print(pd.DataFrame(rows).T.round(4).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
