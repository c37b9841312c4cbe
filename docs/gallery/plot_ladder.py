"""
Which model do the tests lead to?
=================================

The usual sequence of tests as a diagram, and the effects of the model it leads to. Simulated data.
"""

import spatialhealth as sh

cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
W = sh.weights.contiguity(cities)
formula = "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)"
steps = sh.diagnostics.ladder(formula, panel, W, effects="two-way")
picture = sh.maps.ladder(steps)

# %%
# Direct, indirect and total effects with their intervals.

effects = sh.SpatialDurbin(W, effects="two-way").fit_formula(formula, panel).impacts()
forest = sh.maps.effects(effects)

# %%
# And how they decay from neighbour to neighbour.

decay = sh.maps.by_order(effects)
