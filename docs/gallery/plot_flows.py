"""
Links and flows
===============

Who is whose neighbour, and where people travel: the two hundred largest flows. The flows are simulated.
"""

import spatialhealth as sh

cities = sh.datasets.load_cities()
picture = sh.maps.connectivity(cities, sh.weights.contiguity(cities), scale_bar=True)

# %%
# The widths go with the number of journeys; the legend says how many pairs are drawn, and their share of all.

flows = sh.maps.flows(cities, sh.datasets.load_flows(), top=200, label="Journeys in 2021")
