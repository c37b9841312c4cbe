"""
Does digital diagnosis weaken the pull of tertiary hospitals?
=============================================================

A product in the formula, and the effect over the values of the moderator, with its band. Simulated data.
"""

import spatialhealth as sh

cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way").fit_formula(
    "log(inflow) ~ log(tertiary) * digital + log(primary) + log(gdp)", panel
)
picture = sh.maps.moderation(model, "log(tertiary)", "digital")
