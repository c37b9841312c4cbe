"""The textbook panel (46 states, 30 years): a two-way SDM with its impacts beside spreg's lag model.

    python -m benchmarks.cigarettes [--runs 15] [--json FILE] [--smoke]

Also what `import spatialhealth` costs beside `import scipy.sparse`. All figures of one run, in one process, in turn,
from labelled tables; the first call of each is not counted.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np

from benchmarks.harness import Bench, options

UNITS = 46


def ours(X, y, W, **impacts):
    """Two-way SDM, Lee-Yu, with its impacts, from labelled data and a graph."""
    import spatialhealth as sh

    model = sh.SpatialDurbin(weights=W, effects="two-way").fit(X, y)
    return model.rho_, model.impacts(**impacts).table


def simulated(X, y, W):
    """Do the same with 1,000 draws of the impacts."""
    return ours(X, y, W, method="simulate", draws=1000, random_state=0)


def theirs(y, x, w):
    """One-way (entity) SDM of spreg: it has no two-way effects in this release and no inference on impacts."""
    from spreg import ML_LagFE

    # it prints its class name on every fit
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ML_LagFE(y, x, w, slx_lags=1).rho


def measure(function, *arguments, runs):
    """Wall times in seconds; the first call is not counted."""
    function(*arguments)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return times


def import_time(module, runs):
    """Seconds of a fresh interpreter to import a module."""
    command = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    times = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", command.format(module)], capture_output=True, text=True, check=True
        )
        times.append(float(done.stdout))
    return times


def tables():
    """Give X, y and W of ours, and y, x and w of spreg."""
    import pandas as pd

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
    return (X, y, W), (stacked[["sales"]].to_numpy(), stacked[["logp", "logy"]].to_numpy(), w)


def main():
    """Measure every figure in one run."""
    given = options(__doc__, runs=15)
    bench = Bench("The textbook panel, 46 states by 30 years", given)
    import spatialhealth as sh

    (X, y, W), others = tables()
    entity = sh.SpatialDurbin(W, effects="entity", correction="none").fit(X, y).rho_
    apart = abs(entity - float(np.squeeze(theirs(*others))))
    # spreg's search stops near 1e-6
    bench.check(
        "rho of the same model in spreg (entity effects, no correction)", apart < 1e-5, f"{apart:.1e}"
    )
    bench.check("rho of the two-way model is the known one", abs(ours(X, y, W)[0] - 0.2711783) < 5e-8)

    delta = measure(ours, X, y, W, runs=given.runs)
    bench.add("spatialhealth: SDM two-way Lee-Yu, impacts by the delta method", UNITS, delta)
    draws = measure(simulated, X, y, W, runs=given.runs)
    bench.add("spatialhealth: the same, impacts of 1,000 draws", UNITS, draws)
    peer = measure(theirs, *others, runs=given.runs)
    ratio = statistics.median(peer) / statistics.median(delta)
    bench.add("spreg: ML_LagFE(slx_lags=1), no inference on impacts", UNITS, peer, ratio=ratio)
    own, scipy = (import_time(module, given.runs) for module in ("spatialhealth", "scipy.sparse"))
    bench.add("import spatialhealth", UNITS, own)
    ratio = statistics.median(scipy) / statistics.median(own)
    bench.add("import scipy.sparse", UNITS, scipy, ratio=ratio)
    slower = max(statistics.median(delta), statistics.median(draws))
    bench.target(
        "the textbook panel with impacts: under 40 ms",
        ", ".join(
            f"{1000 * statistics.median(times):.1f} ms ({way})"
            for way, times in (("delta method", delta), ("1,000 draws", draws))
        ),
        slower < 0.04,
    )
    bench.target(
        "import spatialhealth costs less than import scipy.sparse", f"{1 / ratio:.2f} of it", ratio > 1
    )
    bench.finish()


if __name__ == "__main__":
    main()
