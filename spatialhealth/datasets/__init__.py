"""Data to learn from and to test with: embedded, remote, or simulated with known parameters.

**Takes** nothing (`load_*`, `fetch_us_counties`), or the size and the true parameters of a panel (`simulate`).
**Gives** GeoDataFrames indexed by unit and DataFrames indexed by (unit, period), with the same unit ids in both.
**Next** the GeoDataFrame goes to `spatialhealth.weights`, the DataFrame to an estimator's `fit_formula`.
"""

from __future__ import annotations

from spatialhealth.datasets.embedded import (
    load_cigarettes,
    load_cities,
    load_flows,
    load_hospitals,
    load_panel,
    load_production,
    load_states,
    load_truth,
)
from spatialhealth.datasets.fetch import USCounties, fetch_us_counties
from spatialhealth.datasets.simulate import Simulation, simulate

__all__ = [
    "Simulation",
    "USCounties",
    "fetch_us_counties",
    "load_cigarettes",
    "load_cities",
    "load_flows",
    "load_hospitals",
    "load_panel",
    "load_production",
    "load_states",
    "load_truth",
    "simulate",
]
