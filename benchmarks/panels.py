"""Panels with effects of units and periods: 3,108 units by 10 years, and 100,000 by 10.

    python -m benchmarks.panels [--sizes 3108 100000] [--runs 3] [--json FILE] [--smoke]

A two-way SDM with Lee and Yu's correction and its impacts, on simulated data: 3,108 Voronoi cells that touch as the
contiguous counties of the United States do, and a queen lattice. The textbook panel has benchmarks/cigarettes.py.
"""

from __future__ import annotations

from benchmarks.harness import Bench, Case, options

COUNTIES, PERIODS = 3_108, 10
LARGE = 100_000
PEER_LIMIT = 900.0


def main():
    """Measure every size."""
    given = options(__doc__, sizes=(COUNTIES, LARGE))
    bench = Bench("Two-way panels", given)
    for n in [200] if bench.smoke else given.sizes:
        size(bench, "lattice" if n >= 20_000 else "delaunay", n, 4 if bench.smoke else PERIODS)
    bench.note(
        "spreg's panel model has effects of units only, no correction and no standard errors of effects; spatialreg "
        "has no panels."
    )
    bench.finish()


def size(bench, kind, n, periods):
    """Measure one panel."""
    data = {"kind": kind, "n": n, "periods": periods}
    bench.prepare(**data)
    cases = [
        Case(f"spatialhealth SDM two-way, T = {periods}", "fit", data | {"effects": "two-way"}),
        Case("exact maximum by scipy alone (Brent)", "exact", data, limit=PEER_LIMIT, runs=1),
    ]
    if bench.peers and n <= 5_000:
        entity = {"effects": "entity", "correction": "none"}
        cases.append(Case("spatialhealth SDM entity, no correction", "fit", data | entity))
        named = f"spreg ML_LagFE(slx_lags=1), T = {periods}"
        cases.append(Case(named, "spreg_panel", data, limit=PEER_LIMIT, runs=bench.given.peer_runs))
    ours, best, *others = bench.measure(cases)
    bench.row(ours, n, note=f"engine {ours.values.get('engine')}")
    bench.row(best, n, note="only rho, no inference")
    if others:
        same, peer = others
        bench.row(same, n)
        bench.row(peer, n, same, note="" if not peer.ok else "ratio to the same model of spatialhealth")
        if bench.done(same) and peer.ok:
            apart = abs(same.values["rho"] - peer.values["rho"])
            # its search stops near 1e-6
            bench.check("rho of the same model in spreg", apart < 1e-5, f"{apart:.1e}")
    if bench.done(ours) and best.ok:
        error = ours.values["errors"].get("rho", 0.0)
        off = abs(ours.values["rho"] - best.values["value"])
        bench.check(f"rho beside the exact maximum, n = {n:,}", off < 1e-6 + 4 * error, f"off by {off:.1e}")
    if ours.ok:
        aims(bench, n, ours)


def aims(bench, n, ours):
    """State the targets of this size."""
    measured = f"{ours.median:.2f} s, {ours.peak_mb / 1024:.2f} GB"
    if n == COUNTIES:
        bench.target("3,108 units x 10 periods, two-way: under 1 s", measured, ours.median < 1)
    if n == LARGE:
        met = ours.median <= 30 and ours.peak_mb <= 4 * 1024
        bench.target("100,000 units x 10 periods, two-way: within 30 s and 4 GB", measured, met)


if __name__ == "__main__":
    main()
