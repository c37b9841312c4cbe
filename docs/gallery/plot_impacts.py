"""
Where the effect of a tertiary hospital is felt
===============================================

A spatial Durbin model of a simulated panel of Chinese cities, and its effects city by city.
"""

import spatialhealth as sh

cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()  # the panel is simulated
model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way").fit_formula(
    "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel
)
effects = model.impacts()
print(effects)

# %%
# Own: what a city feels of its own hospitals. Received and emitted: what comes from, and goes to, the others.

picture = sh.maps.impacts(cities, effects, "log(tertiary)")
