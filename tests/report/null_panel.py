"""The simulated panel with every effect set to zero: what no study should find anything in."""

from __future__ import annotations

import numpy as np

import spatialhealth as sh

RHO = 0.35


def null_panel(seed, cities=None, years=None):
    """Cities, and their panel with outcome and utilisations that depend on nothing but city, year and chance."""
    layer, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    if cities is not None:
        layer = layer[layer["province"].isin(cities)]
        panel = panel[panel.index.get_level_values(0).isin(layer.index)]
    if years is not None:
        panel = panel[panel.index.get_level_values(1).isin(years)]
    panel = panel.copy()
    units, periods = panel.index.unique(0), panel.index.unique(1)
    layer = layer.loc[units]
    rng = np.random.default_rng(seed)
    W = sh.weights.as_links(sh.weights.contiguity(layer))[1].toarray()
    n, t = len(units), len(periods)
    right = 8 + 0.5 * rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=t) + 0.12 * rng.normal(size=(n, t))
    panel["inflow"] = np.exp(np.linalg.solve(np.eye(n) - RHO * W, right)).ravel()
    for name, level in (("bed_utilisation_high", 88.0), ("bed_utilisation_primary", 58.0)):
        noise = 4 * rng.normal(size=(n, 1)) + rng.normal(size=t) + 1.5 * rng.normal(size=(n, t))
        panel[name] = (level + noise).ravel()
    return layer, panel
