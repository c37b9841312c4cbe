"""Make `flows.csv.gz` and `truth_flows.json`: simulated journeys between the cities of `china_cities.gpkg`.

Run from the root of the project::

    python sample_data/simulate_flows.py

Running it again gives the same files, byte for byte.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np

from spatialhealth.datasets import load_cities, load_panel
from spatialhealth.weights.frames import ids_of, metric_of

HERE = Path(__file__).resolve().parent
SEED = 2021  # the year of the panel that the flows are of; fixed before the first draw
YEAR = 2021
DISTANCE = -1.1
PULL = {"log(tertiary)": 0.6, "log(primary)": 0.0, "log(gdp)": 0.3}
PUSH = {"log(population)": 0.9}
SIGMA_PULL, SIGMA_PUSH = 0.35, 0.3  # of what pulls and pushes beside these
DISPERSION = 0.5  # variance of the mean of one pair, 1 on average
TRIPS = 40.0  # mean of all pairs


def simulate() -> tuple[list[str], np.ndarray]:
    """Give the names of the cities, and the journeys from each (rows) to each (columns)."""
    rng = np.random.default_rng(SEED)
    cities = load_cities()
    panel = load_panel().xs(YEAR, level="year").loc[cities.index]
    ids = ids_of(cities)
    i, j, distance = metric_of(cities, ids).everything()
    n = len(cities)
    metres = np.ones((n, n))
    metres[i, j] = metres[j, i] = distance
    pull = sum(b * np.log(panel[name[4:-1]].to_numpy()) for name, b in PULL.items())
    push = sum(b * np.log(panel[name[4:-1]].to_numpy()) for name, b in PUSH.items())
    pull = pull + SIGMA_PULL * rng.standard_normal(n)
    push = push + SIGMA_PUSH * rng.standard_normal(n)
    eta = push[:, None] + pull[None, :] + DISTANCE * np.log(metres)
    between = ~np.eye(n, dtype=bool)
    eta += np.log(TRIPS) - np.log(np.exp(eta[between]).mean())
    spread = rng.gamma(1 / DISPERSION, DISPERSION, size=(n, n))
    trips = rng.poisson(np.exp(eta) * spread)
    return [str(one) for one in ids], np.where(between, trips, 0)


def main() -> None:
    """Write both files."""
    names, trips = simulate()
    lines = [",".join(f'"{name}"' for name in ("", *names))]
    lines += [
        ",".join([f'"{name}"', *map(str, row)]) for name, row in zip(names, trips.tolist(), strict=True)
    ]
    text = ("\n".join(lines) + "\n").encode()
    (HERE / "flows.csv.gz").write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    truth = {
        "source": "simulated",
        "seed": SEED,
        "year": YEAR,
        "model": "gravity, negative binomial around its mean",
        "params": {"log(distance)": DISTANCE},
        "pull": {"formula": " + ".join(PULL), "params": PULL, "sigma": SIGMA_PULL},
        "push": {"formula": " + ".join(PUSH), "params": PUSH, "sigma": SIGMA_PUSH},
        "dispersion": DISPERSION,
    }
    (HERE / "truth_flows.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
