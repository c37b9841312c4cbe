"""
Two roll-outs of digital diagnosis
==================================

What a fitted model expects of two scenarios; cities whose interval includes zero are pale and dotted. Simulated data.
"""

import spatialhealth as sh
from spatialhealth.scenario import DigitalRollout, Scenario, compare, replay

cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way").fit_formula(
    "log(inflow) ~ log(tertiary) * digital + log(primary) + log(gdp)", panel
)
plans = [
    Scenario("Everywhere", DigitalRollout(coverage=1.0, sensitivity=0.9, specificity=0.9)),
    Scenario("Inland only", DigitalRollout(cities.index[~cities["port_developed"]], 1.0, 0.9, 0.9)),
]
replays = [replay(model, plan, panel, random_state=1) for plan in plans]
table = compare(*replays).set_index(["scenario", "quantity"])
print(table[["estimate", "ci_low", "ci_high"]].round(4).to_string())

# %%
# The change of inflow in per cent, in one set of classes.

picture = sh.maps.scenario(cities, *replays, quantity="percent")
