"""What the tools of health services must give, and the simulated tables of flows and ways that they take.

Run by `make test-qgis` in the package's own environment: `python -m tests.qgis.reference_services FOLDER`.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np

import spatialhealth as sh
from spatialhealth.attraction import (
    FloatingCatchment,
    GeodesicCost,
    GravityModel,
    HuffModel,
    SuppliedCost,
    flow_table,
)

PROVINCES = ("Hunan", "Hubei", "Jiangxi", "Guangdong", "Guangxi", "Henan")
ERRORS = ("robust", "origin", "destination", "two-way", "pair", "poisson")


def covariance(kind):
    """Give the options of the standard errors."""
    return {"cov_type": kind} if kind in ("robust", "poisson") else {"cov_type": "cluster", "cluster": kind}


def of_gravity(model):
    """Give what is compared of a gravity model."""
    sides = {"attraction": model.attraction_, "push": model.push_}
    return {
        "params": model.params_.tolist(),
        "std_errors": model.std_errors_.tolist(),
        "pairs": len(model.fitted_values_),
        **{name: side["estimate"].to_dict() for name, side in sides.items()},
        **{f"{name}_se": side["std_error"].to_dict() for name, side in sides.items()},
    }


def gravity(folder):
    """Write flows between cities of some provinces; give the models of them."""
    cities = sh.datasets.load_cities()
    some = cities.index[cities["province"].isin(PROVINCES)]
    od = sh.datasets.load_flows()  # simulated
    od = od[od["origin"].isin(some) & od["destination"].isin(some)].drop(columns="distance")
    province = cities["province"]
    od["same"] = (od["origin"].map(province).to_numpy() == od["destination"].map(province).to_numpy()).astype(
        int
    )
    od["hours"] = 1 + np.arange(len(od)) % 7 + np.random.default_rng(1).random(len(od)).round(6)
    od["minutes"] = 60 * od["hours"]
    silent = od.assign(trips=od["trips"].where(od["destination"] != some[3], 0))
    od.to_csv(folder / "flows.csv", index=False)
    silent.to_csv(folder / "silent.csv", index=False)
    table = flow_table(od, costs=["same", "hours"]).with_distance(cities)
    found = {kind: of_gravity(GravityModel(**covariance(kind)).fit(table)) for kind in ERRORS}
    found["hours"] = of_gravity(
        GravityModel(deterrence="exponential", cost="hours", regressors=["same"]).fit(table)
    )
    quiet = flow_table(silent, costs=[]).with_distance(cities)
    found["silent"] = of_gravity(GravityModel(separated="leave out").fit(quiet))
    found["silent city"] = some[3]
    return found


def of_huff(model, cities):
    """Give what is compared of Huff's model."""
    result, shares = model.result_, model.predict()
    areas, patients = shares.market_areas(), shares.patients(cities["population"])
    return {
        "params": result.params.tolist(),
        "std_errors": result.std_errors.tolist(),
        "mcfadden": result.mcfadden,
        "overlap": result.overlap,
        "summary": model.summary(),
        **{name: areas[name].to_dict() for name in ("supply", "share", "rivals")},
        "patients": patients["patients"].to_dict(),
        "patients_se": patients["std_error"].to_dict(),
    }


def choices(folder):
    """Write the hours from cities to hospitals of some provinces and patients who go there; give what they tell."""
    cities, hospitals = sh.datasets.load_cities(), sh.datasets.load_hospitals()
    cities = cities[cities["province"].isin(PROVINCES[:3])]
    hospitals = hospitals[hospitals["city"].isin(cities.index[4:])]
    rng = np.random.default_rng(7)
    way = GeodesicCost(minimum=1_000).between(cities, hospitals, cutoff=400_000)
    way["hours"] = (way["cost"] / 80_000 * rng.uniform(0.9, 1.6, len(way))).round(4)
    weight = hospitals["beds"].loc[way["supply"]].to_numpy() ** 0.8 * way["hours"].to_numpy() ** -1.4
    share = weight / np.bincount(way["demand"].factorize()[0], weight)[way["demand"].factorize()[0]]
    way["patients"] = rng.poisson(share * 3_000)  # simulated
    way = way.sample(frac=1, random_state=1)
    costs = way[["demand", "supply", "hours"]].rename(columns={"demand": "from", "supply": "to"})
    flows = way.loc[way["patients"] > 0, ["demand", "supply", "patients"]]
    flows.columns = ["place", "clinic", "patients"]
    costs.to_csv(folder / "hours.csv", index=False)
    flows.to_csv(folder / "patients.csv", index=False)
    ends, hours = ("place", "clinic", "patients"), SuppliedCost(costs, "from", "to", "hours")
    found = {"places": cities.index.tolist(), "hospitals": hospitals.index.tolist()}
    metres = HuffModel(cost=GeodesicCost(minimum=1_000), cutoff=450_000).fit(flows, cities, hospitals, *ends)
    found["metres"] = of_huff(metres, cities)
    for decay in ("power", "exponential", "gaussian"):
        model = HuffModel(["beds", "facilities"], hours, decay, cov_type="observed")
        found[decay] = of_huff(model.fit(flows, cities, hospitals, *ends), cities)
    for method, options in (("E2SFCA", {"cutoff": 3}), ("3SFCA", {"cutoff": 2}), ("RAAM", {"tau": 2})):
        catch = FloatingCatchment(method, cost=hours, **options).fit(cities, hospitals)
        found[method] = {"access": catch.accessibility_.to_dict(), "load": catch.load_.to_dict()}
    raam = FloatingCatchment("RAAM", cutoff=60_000, tau=50_000).fit(cities, hospitals)
    found["RAAM in metres"] = {"access": raam.accessibility_.to_dict(), "load": raam.load_.to_dict()}
    return found


def numbers(folder):
    """Everything that is compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # places out of reach are counted
        return {"gravity": gravity(folder), "choices": choices(folder)}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    (target / "services.json").write_text(json.dumps(numbers(target), default=str))
