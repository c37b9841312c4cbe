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
from spatialhealth.attraction import GravityModel, flow_table

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


def numbers(folder):
    """Everything that is compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # places out of reach are counted
        return {"gravity": gravity(folder)}


if __name__ == "__main__":
    target = Path(sys.argv[1])
    (target / "services.json").write_text(json.dumps(numbers(target), default=str))
