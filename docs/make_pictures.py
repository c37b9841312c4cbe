"""Make the pictures of the README and the docs from the embedded data."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

import spatialhealth as sh

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    figure = sh.maps.impacts(cities, model.impacts(), "log(tertiary)")
    figure.savefig(IMAGES / "impacts.png", dpi=110, metadata={"Software": None})
    model.fit_formula(
        "log(inflow) ~ log(tertiary) * digital + log(primary) + log(gdp) + log(tertiary):port_developed",
        panel,
    )
    figure = sh.maps.moderation(model, "log(tertiary)", "digital", at={"port_developed": 0})
    figure.savefig(IMAGES / "moderation.png", dpi=110, metadata={"Software": None})
    clusters(cities, panel)
    concentration(panel)


def clusters(cities: gpd.GeoDataFrame, panel: pd.DataFrame) -> None:
    inflow = np.log(panel["inflow"].xs(2021, level="year")).rename("log(inflow)")
    found = sh.imbalance.lisa(inflow, sh.weights.contiguity(cities), permutations=9999, random_state=1)
    sh.maps.lisa(cities, found).savefig(IMAGES / "lisa.png", dpi=110, metadata={"Software": None})


def concentration(panel: pd.DataFrame) -> None:
    per_head = (1e5 * panel["tertiary"] / panel["population"]).rename("tertiary hospitals per 100,000")
    found = sh.imbalance.concentration(per_head, panel["gdp"], weights=panel["population"], random_state=1)
    figure = sh.maps.concentration_curve(found)
    figure.savefig(IMAGES / "concentration.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
