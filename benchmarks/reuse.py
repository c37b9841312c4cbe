"""What sharing saves: `compare` of six W by four models, beside the 24 models each with fresh weights.

    python -m benchmarks.reuse [--sizes 10000] [--runs 3] [--json FILE] [--smoke]

Both fit by formula from one table and make the effects with their standard errors. Data simulated.
"""

from __future__ import annotations

from benchmarks.harness import Bench, Case, options

KINDS = ("lattice", "rook", "delaunay", "knn4", "knn", "flows")
MODELS = ("SpatialLag", "SpatialDurbin", "SpatialError", "SpatialDurbinError")


def main():
    """Measure both ways."""
    given = options(__doc__, sizes=(10_000,))
    bench = Bench("Sharing W among models", given)
    for n in [400] if bench.smoke else given.sizes:
        for kind in KINDS:
            bench.prepare(kind, n)
        size(bench, n)
    bench.note(
        "lattice and rook: a lattice; delaunay: Voronoi cells; knn4, knn: 4 and 8 nearest; flows: with hubs."
    )
    bench.finish()


def size(bench, n):
    """Measure one size."""
    both = {"n": n, "kinds": KINDS, "models": MODELS}
    together, apart = bench.measure(
        [
            Case("compare of 6 W x 4 models", "comparison", both | {"shared": True}, limit=3600),
            Case(
                "24 models, each on fresh weights", "comparison", both | {"shared": False}, limit=3600, runs=1
            ),
        ]
    )
    bench.row(together, n)
    bench.row(apart, n, together)
    if bench.done(together) and bench.done(apart):
        one, other = together.values["loglik"], apart.values["loglik"]
        worst = max(abs(one[label] - value) for label, value in other.items())
        bench.check(
            "the same 24 likelihoods", set(one) == set(other) and worst < 1e-6, f"apart by {worst:.1e}"
        )
        bench.target(
            f"compare shares W: faster than 24 fits on fresh weights, n = {n:,}",
            f"{apart.median / together.median:.2f} times",
            apart.median > together.median,
        )


if __name__ == "__main__":
    main()
