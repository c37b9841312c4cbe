"""
Links and flows
===============

Who is whose neighbour, and where people travel: the two hundred largest of 93,942 flows. The flows are simulated.
"""

import spatialhealth as sh

cities = sh.datasets.load_cities()
picture = sh.maps.connectivity(cities, sh.weights.contiguity(cities), scale_bar=True)

# %%
# The widths go with the number of journeys.

flows = sh.maps.flows(cities, sh.datasets.load_flows(), top=200)
