"""What a sparse factor costs beside what is foretold: the cost model by which logdet="auto" chooses its engine.

    python -m benchmarks.factors [--runs 3] [--json FILE] [--smoke]

Maps, near neighbours in two and in three dimensions, and links that go anywhere.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree

from benchmarks import data
from benchmarks.harness import Bench, options

RHO = 0.5
SMOKE = 2_000


def main():
    """Measure one factorisation of each network, and foretell it."""
    from spatialhealth.operator.cost import factor_seconds
    from spatialhealth.operator.factor import factorise, log_abs_det

    bench = Bench("Sparse factors beside their foretold cost", options(__doc__, runs=3, sizes=()))
    shares = []
    for what, matrix in networks(bench.smoke):
        n, seconds = matrix.shape[0], []
        for _ in range(1 if bench.smoke else bench.given.runs):
            start = time.perf_counter()
            log_abs_det(factorise(matrix, RHO, True))
            seconds.append(time.perf_counter() - start)
        foretold, median = factor_seconds(matrix), statistics.median(seconds)
        shares.append(foretold / median)
        print(f"  {what}: {median:.3f} s, foretold {foretold:.3f} s", flush=True)
        bench.add(what, n, seconds, note=f"foretold {foretold:.2g} s")
    bench.check("factors were made of every network", len(shares) > 0)
    if not bench.smoke:
        said = f"{min(shares):.2f} to {max(shares):.2f} of the measured time"
        bench.target(
            "the cost of a factor is foretold to a factor of six",
            said,
            1 / 6 < min(shares) <= max(shares) < 6,
        )
    bench.finish()


def networks(smoke):
    """Give names and row-standardised weights."""
    sizes = (SMOKE,) if smoke else (30_000, 100_000, 300_000)
    for n in sizes:
        yield f"queen lattice, {n:,} units", data.lattice(n)
    for n in sizes[:2]:
        yield f"eight nearest of {n:,} points on a plane", nearest(n, 2)
    for n in (SMOKE,) if smoke else (10_000, 30_000):
        yield f"eight nearest of {n:,} points in space", nearest(n, 3)
    for n in (SMOKE,) if smoke else (3_000, 6_000):
        yield f"three links a unit, to anywhere among {n:,}", anywhere(n)


def nearest(n, dimensions, k=8):
    """Give the k nearest neighbours of random points, in the order of space as codes of real units are."""
    points = np.random.default_rng(0).uniform(size=(n, dimensions))
    points = points[np.lexsort(np.floor(20 * points).T)]
    _, found = cKDTree(points).query(points, k + 1)
    return sp.csr_matrix(
        (np.full(n * k, 1 / k), (np.repeat(np.arange(n), k), found[:, 1:].ravel())), shape=(n, n)
    )


def anywhere(n, k=3):
    """Give links to random units."""
    to = np.random.default_rng(0).integers(0, n, n * k)
    links = sp.csr_matrix((np.ones(n * k), (np.repeat(np.arange(n), k), to)), shape=(n, n))
    links.setdiag(0)
    links.eliminate_zeros()
    sums = np.asarray(links.sum(axis=1)).ravel()
    return sp.csr_matrix(sp.diags(1 / np.maximum(sums, 1)) @ links)


if __name__ == "__main__":
    main()
