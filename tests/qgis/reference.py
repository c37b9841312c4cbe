"""The numbers that the tools of QGIS must give, from the package's tables and formulas; written as JSON.

Run by `make test-qgis` in the package's own environment: `python -m tests.qgis.reference FILE`.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np

import spatialhealth as sh

ROOT = Path(__file__).resolve().parents[2]
FORMULA = "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)"
MODELS = (
    "SpatialDurbin", "SpatialLag", "SLX", "SpatialError", "SpatialDurbinError", "SpatialCombined", "GeneralNesting",
)  # fmt: skip


def numbers():
    """Everything that is compared."""
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    W = sh.weights.contiguity(cities)
    out = {"weights": {}, "models": {}}
    for name, graph in {
        "queen": W,
        "rook": sh.weights.contiguity(cities, rook=True),
        "order 2": sh.weights.contiguity(cities, order=2),
        "knn": sh.weights.knn(cities, k=5),
        "band": sh.weights.distance_band(cities, threshold=150_000),
    }.items():
        links = graph.adjacency[graph.adjacency > 0]
        out["weights"][name] = sorted([str(a), str(b), float(w)] for (a, b), w in links.items())
    gdp = cities["gdp_per_capita"]
    test = sh.diagnostics.moran(gdp.astype(float), W, permutations=0)[0]
    out["moran"] = {"I": test.value, "z": test.estimates["z"], "p": test.p_value}
    found = sh.imbalance.lisa(
        gdp.astype(float), W, permutations=4999, random_state=1, correction="none"
    ).table
    out["lisa"] = {"local": found["local"].to_dict(), "p": found["p_value"].to_dict()}
    pair = (cities.index.to_numpy(), gdp.to_numpy(dtype=float))
    arrays = sh.imbalance.lisa(pair, W, permutations=4999, random_state=1, correction="none")
    out["lisa"]["p of arrays"] = arrays.p_value.tolist()
    out["lisa"]["cluster"] = found["cluster"].astype(str).to_dict()
    for kind in MODELS:
        model = getattr(sh, kind)(W, effects="two-way").fit_formula(FORMULA, panel)
        effects = model.impacts()
        local = effects.local("log(tertiary)")
        out["models"][kind] = {
            "loglik": model.result_.loglik,
            "rho": model.result_.rho,
            "lambda": model.result_.spatial("lambda"),
            "effects": effects.estimates.tolist(),
            "residual": model.residuals_.to_list(),
            "rows": [[city, int(year)] for city, year in model.residuals_.index],
            "received": local["received"].to_dict(),
            "emitted_std_error": local["emitted_std_error"].to_dict(),
        }
    last = panel.xs(2021, level="year").assign(log_inflow=lambda t: np.log(t["inflow"]))
    cross = sh.SpatialLag(W, cov_type="robust").fit_formula("log(inflow) ~ log(tertiary) + log(gdp)", last)
    out["cross"] = {"rho": cross.result_.rho, "effects": cross.impacts().estimates.tolist()}
    model = sh.SpatialDurbin(W, effects="two-way").fit_formula(FORMULA, panel)
    change = sh.scenario.Change("tertiary", by=1, where="Guangzhou")
    out["scenario"] = (
        sh.scenario.replay(model, change, panel, random_state=1)
        .table[["change", "own", "spilled_over"]]
        .to_dict()
    )
    high, primary = last["bed_utilisation_high"], last["bed_utilisation_primary"]
    gap = sh.imbalance.utilisation_gap(high, primary, random_state=1)
    out["gap"] = {"class": gap.units["class"].astype(str).to_dict(), "gap": gap.units["gap"].to_dict()}
    out["gap"]["mean"] = float(gap.table["estimate"].iloc[0])
    out["gini"] = float(sh.imbalance.gini(last["tertiary"].astype(float), random_state=1).estimate[0])
    by = cities["province"]
    out["theil"] = sh.imbalance.theil(last["tertiary"].astype(float), by=by, random_state=1).estimate.tolist()
    hospitals = sh.datasets.load_hospitals()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # places out of reach are counted below
        for method in ("2SFCA", "E2SFCA", "3SFCA"):
            catch = sh.attraction.FloatingCatchment(method, cutoff=50_000).fit(cities, hospitals)
            out[method] = {"access": catch.accessibility_.to_dict(), "load": catch.load_.to_dict()}
        huff = sh.attraction.HuffModel(
            cost=sh.attraction.GeodesicCost(minimum=1000), params={"beds": 1, "decay": 2}, cutoff=200_000
        ).predict(cities, hospitals)
    out["huff"] = huff.market_areas()[["supply", "share"]].dropna().to_dict()
    return out


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(numbers(), default=str))
