"""
Links and flows
===============

Who is whose neighbour, and where people travel: the largest flows. They are simulated.
"""

import spatialhealth as sh

cities = sh.datasets.load_cities()
picture = sh.maps.connectivity(cities, sh.weights.contiguity(cities), scale_bar=True)

# %%
# The widths go with the number of journeys. The legend says how many pairs are drawn (of equal ones in the last place
# all or none), and their share of all journeys.

flows = sh.maps.flows(cities, sh.datasets.load_flows(), top=200, label="Journeys in 2021")
