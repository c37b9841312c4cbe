"""The textbook panel (46 states, 30 years): a two-way SDM with simulated impacts beside spreg's lag model.

Also what `import spatialhealth` costs beside `import scipy.sparse`. All figures of one run, on one machine, in turn.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np


def ours(X, y, W):
    """Two-way SDM, Lee-Yu, with 1,000 draws of the impacts, from labelled data and a graph."""
    import spatialhealth as sh

    model = sh.SpatialDurbin(weights=W, effects="two-way").fit(X, y)
    effects = model.impacts(method="simulate", draws=1000, random_state=0)
    return model.rho_, effects.table


def theirs(y, x, w):
    """One-way (entity) SDM of spreg: it has no two-way effects in this release and no inference on impacts."""
    from spreg import ML_LagFE

    # it prints its class name on every fit
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ML_LagFE(y, x, w, slx_lags=1).rho


def measure(function, *arguments, runs):
    """Wall times in milliseconds; the first call is not counted."""
    function(*arguments)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function(*arguments)
        times.append(1000 * (time.perf_counter() - start))
    return times


def import_time(module, runs):
    """Milliseconds of a fresh interpreter that imports a module, less one that imports nothing."""
    command = "import time; t = time.perf_counter(); {}; print(1000 * (time.perf_counter() - t))"
    times = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", command.format(f"import {module}")],
            capture_output=True,
            text=True,
            check=True,
        )
        times.append(float(done.stdout))
    return times


def show(label, times):
    """Print a line and give the median."""
    print(f"{label:<62} {statistics.median(times):9.2f} ms   ({min(times):.2f} to {max(times):.2f})")
    return statistics.median(times)


def main():
    """Print every figure of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs

    import libpysal
    import pandas as pd
    import scipy
    import spreg

    import spatialhealth as sh

    data = sh.datasets.load_cigarettes()
    states = sh.datasets.load_states()
    W = sh.weights.contiguity(states.loc[data.index.unique("state")])
    y = np.log(data["sales"])
    X = pd.DataFrame({"logp": np.log(data["price"] / data["cpi"]), "logy": np.log(data["ndi"] / data["cpi"])})

    w = W.to_W()
    w.transform = "r"
    stacked = pd.concat([y, X], axis=1).unstack("state").stack("state", future_stack=True)
    stacked = stacked.reindex(pd.MultiIndex.from_product([stacked.index.unique("year"), w.id_order]))
    y_spreg, x_spreg = stacked[["sales"]].to_numpy(), stacked[["logp", "logy"]].to_numpy()

    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, "
        f"libpysal {libpysal.__version__}, spreg {spreg.__version__}, {platform.machine()}; median of {runs} runs"
    )
    entity = sh.SpatialDurbin(W, effects="entity", correction="none").fit(X, y).rho_
    peer = theirs(y_spreg, x_spreg, w)
    print(
        f"same model in both (entity effects, no correction): rho {entity:.6f} and {float(np.squeeze(peer)):.6f}"
    )
    one = show("spatialhealth: SDM two-way lee-yu, impacts of 1,000 draws", measure(ours, X, y, W, runs=runs))
    two = show(
        "spreg: ML_LagFE(slx_lags=1), entity effects, no inference on impacts",
        measure(theirs, y_spreg, x_spreg, w, runs=runs),
    )
    print(f"{'ratio spreg / spatialhealth':<62} {two / one:9.2f}")
    a = show("import spatialhealth", import_time("spatialhealth", runs))
    b = show("import scipy.sparse", import_time("scipy.sparse", runs))
    print(f"{'ratio spatialhealth / scipy.sparse':<62} {a / b:9.2f}")


if __name__ == "__main__":
    main()
