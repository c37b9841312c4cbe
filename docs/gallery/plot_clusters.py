"""
Clusters of population density
==============================

Local Moran's I with permutations, corrected for the number of tests.
"""

import numpy as np

import spatialhealth as sh

cities = sh.datasets.load_cities()
density = np.log(cities["population"] / cities.to_crs("ESRI:102025").area * 1e6).rename("log density")
found = sh.imbalance.lisa(density, sh.weights.contiguity(cities), permutations=9999, random_state=1)
print({name: count for name, count in found.counts.items() if count})

# %%
# High beside high, low beside low, and those that differ from their neighbours.

picture = sh.maps.lisa(cities, found)
