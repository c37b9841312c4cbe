"""
How one city's change travels
=============================

What some ten per cent more tertiary hospitals in Wuhan send to its neighbours, to theirs, and so on. Simulated data.
"""

import spatialhealth as sh

cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way").fit_formula(
    "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel
)
picture = sh.maps.spillover(model, cities, "Wuhan", variable="log(tertiary)", change=0.1)
