"""Make the pictures of the README and the docs from the embedded data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

import spatialhealth as sh

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    save(sh.maps.impacts(cities, model.impacts(), "log(tertiary)"), "impacts")
    spread = sh.maps.spillover(model, cities, "Wuhan", variable="log(tertiary)", change=0.1, scale_bar=True)
    save(spread, "spillover")
    model.fit_formula(
        "log(inflow) ~ log(tertiary) * digital + log(primary) + log(gdp) + log(tertiary):port_developed",
        panel,
    )
    save(sh.maps.moderation(model, "log(tertiary)", "digital", at={"port_developed": 0}), "moderation")
    clusters(cities, panel)
    concentration(panel)
    places(cities, panel)


def save(drawn: Any, name: str) -> None:
    sh.maps.save(drawn, IMAGES / f"{name}.png", 110)


def clusters(cities: gpd.GeoDataFrame, panel: pd.DataFrame) -> None:
    inflow = np.log(panel["inflow"].xs(2021, level="year")).rename("log(inflow)")
    W = sh.weights.contiguity(cities)
    save(sh.maps.lisa(cities, sh.imbalance.lisa(inflow, W, permutations=9999, random_state=1)), "lisa")
    formula = "log(inflow) ~ log(tertiary) + log(primary)"
    save(sh.maps.ladder(sh.diagnostics.ladder(formula, panel, W, effects="two-way")), "ladder")


def concentration(panel: pd.DataFrame) -> None:
    per_head = (1e5 * panel["tertiary"] / panel["population"]).rename("tertiary hospitals per 100,000")
    found = sh.imbalance.concentration(per_head, panel["gdp"], weights=panel["population"], random_state=1)
    save(sh.maps.concentration_curve(found), "concentration")


def places(cities: gpd.GeoDataFrame, panel: pd.DataFrame) -> None:
    years = {str(year): panel["digital"].xs(year, level="year") for year in (2011, 2014, 2017, 2021)}
    save(sh.maps.compare(cities, years, label="Reach of digital diagnosis, share", scale_bar=True), "compare")
    od = sh.datasets.load_flows()
    save(sh.maps.flows(cities, od, top=150, label="Journeys in 2021", names=True, scale_bar=True), "flows")
    hospitals = sh.datasets.load_hospitals()
    first = hospitals[hospitals["tier"] == "tertiary"].groupby("city").head(1)
    large = first[first["city"].map(cities["population"]) > 3_500_000]
    cost = sh.attraction.GeodesicCost(minimum=1_000)
    huff = sh.attraction.HuffModel(cost=cost, cutoff=3_500_000, params={"beds": 0.9, "decay": 1.7})
    save(sh.maps.catchment(cities, huff.predict(cities, large), large, names="city"), "catchment")


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    main()
