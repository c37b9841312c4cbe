"""Make hospitals.csv: simulated hospitals of the 307 cities in the last year of the simulated panel.

Run from the root of the project::

    python sample_data/simulate_hospitals.py

Running it again gives the same file, byte for byte.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from spatialhealth.datasets import load_cities, load_panel

HERE = Path(__file__).resolve().parent
SEED = 20211
YEAR = 2021
KILOMETRES = 111.32  # of a degree of latitude
PRIMARY_ROWS = 5  # a city
BEDS = (6.9, 0.4)  # mean and standard deviation of the logarithm, tertiary
FEWEST_BEDS = 500  # of a tertiary hospital
BEDS_PER_FACILITY = 1.5  # primary care: many clinics have none
DIGITS = 5  # of a degree: about a metre


def place(
    city: pd.Series, kilometres: float, bearing: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Give a point at about this distance of the city's point, inside its polygon; nearer if it must be."""
    for attempt in range(200):
        away = kilometres * 0.9 ** (attempt // 4)
        angle = bearing + rng.normal(0.0, 0.3)
        latitude = city["latitude"] + away * np.cos(angle) / KILOMETRES
        longitude = city["longitude"] + away * np.sin(angle) / KILOMETRES / np.cos(
            np.radians(city["latitude"])
        )
        longitude, latitude = round(float(longitude), DIGITS), round(float(latitude), DIGITS)
        if shapely.contains_xy(city["geometry"], longitude, latitude):
            return longitude, latitude
    raise RuntimeError(f"no place inside {city.name}")


def hospitals(city: pd.Series, tertiary: int, primary: int, rng: np.random.Generator) -> list[tuple]:
    """Simulate the hospitals of one city: (id, city, tier, beds, facilities, longitude, latitude)."""
    radius = 2.0 + 2.0 * np.log10(city["population"] / 1e5)  # kilometres of the built-up city
    rows = []
    for number in range(1, tertiary + 1):
        point = place(city, rng.exponential(radius), rng.uniform(0, 2 * np.pi), rng)
        beds = max(FEWEST_BEDS, 10 * round(float(np.exp(rng.normal(*BEDS))) / 10))
        rows.append((f"{city.name} T{number}", city.name, "tertiary", beds, 1, *point))
    facilities = 1 + rng.multinomial(primary - PRIMARY_ROWS, rng.dirichlet(np.full(PRIMARY_ROWS, 8.0)))
    turn = rng.uniform(0, 2 * np.pi)
    for number, many in enumerate(facilities.tolist(), start=1):
        away = radius * (0.3 if number == 1 else rng.uniform(1.0, 4.0))
        point = place(city, away, turn + 2 * np.pi * number / PRIMARY_ROWS, rng)
        beds = int(rng.poisson(BEDS_PER_FACILITY * many))
        rows.append((f"{city.name} P{number}", city.name, "primary", max(beds, 1), many, *point))
    return rows


def main() -> None:
    """Write the file."""
    cities = load_cities()
    last = load_panel().xs(YEAR, level="year")
    rng = np.random.default_rng(SEED)
    rows = [
        row
        for name, city in cities.iterrows()
        for row in hospitals(city, int(last.loc[name, "tertiary"]), int(last.loc[name, "primary"]), rng)
    ]
    columns = ["hospital", "city", "tier", "beds", "facilities", "longitude", "latitude"]
    pd.DataFrame(rows, columns=columns).to_csv(HERE / "hospitals.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
