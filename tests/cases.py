"""Weights, data and reference figures that several test files use."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import spatialhealth as sh

# all that estimate by likelihood
ESTIMATORS = [
    sh.SLX,
    sh.SpatialLag,
    sh.SpatialDurbin,
    sh.SpatialError,
    sh.SpatialDurbinError,
    sh.SpatialCombined,
    sh.GeneralNesting,
]
REFERENCE = Path(__file__).parent / "reference"
COLUMBUS_WEIGHTS = ("queen", "knn4", "invdist", "invdist_maxeig", "island")
PANELS = {
    "cigar": ("log(sales) ~ log(price / cpi) + log(ndi / cpi)", ("logp", "logy")),
    "produc": ("log(gsp) ~ log(pcap) + log(pc) + log(emp) + unemp", ("lpcap", "lpc", "lemp", "unemp")),
}


@cache
def figures(name):
    """Reference figures of `cross_section` or `panels`."""
    return json.loads((REFERENCE / f"{name}.json").read_text())


@cache
def columbus():
    """The Columbus data, indexed by unit."""
    return pd.read_csv(REFERENCE / "columbus.csv").set_index("id")


@cache
def columbus_weights(name):
    """Ids and dense W of one set of weights on Columbus."""
    frame = pd.read_csv(REFERENCE / f"W_{name}.csv", index_col=0)
    return frame.index.to_numpy(), frame.to_numpy()


@cache
def panel(name):
    """A textbook panel and row-standardised queen weights of its states."""
    data = {"cigar": sh.datasets.load_cigarettes, "produc": sh.datasets.load_production}[name]()
    states = sh.datasets.load_states()
    return data, sh.weights.contiguity(states.loc[data.index.unique("state")])


@cache
def panel_arrays(name):
    """Outcome (T, n), regressors (T, n, k) and dense W of a textbook panel, with its formula's variables."""
    data, W = panel(name)
    ids, matrix = sh.weights.as_links(W)
    if name == "cigar":
        columns = [np.log(data.sales), np.log(data.price / data.cpi), np.log(data.ndi / data.cpi)]
    else:
        columns = [np.log(data.gsp), *(np.log(data[v]) for v in ("pcap", "pc", "emp")), data.unemp]
    wide = np.stack([c.unstack("year").loc[ids].to_numpy().T for c in columns], axis=-1)
    return wide[..., 0], wide[..., 1:], ids, matrix.toarray()
