"""A spatial Durbin model on weights that are dense, or not symmetric.

    python -m benchmarks.weights_kinds [--sizes 5000 100000 1000000] [--runs 3] [--json FILE] [--smoke]

5,000 units that are all neighbours (inverse distance without a cut-off), exactly; eight nearest neighbours, and
flows, of 100,000 units, exactly, and of 1,000,000 with a stated error. Flows and data are simulated.
"""

from __future__ import annotations

from benchmarks.harness import Bench, Case, options, r_versions
from benchmarks.million import has_lanczos
from benchmarks.peers import spatialreg

DENSE, EXACT, LARGE = 5_000, 100_000, 1_000_000
PEER_LIMIT = 120.0
EXACT_LIMIT = 900.0  # seconds for anything that factorises W without symmetry
KINDS = {"knn": "eight nearest neighbours", "flows": "flows"}


def main():
    """Measure every kind of W."""
    given = options(__doc__, sizes=(DENSE, EXACT, LARGE))
    bench = Bench("Dense and non-symmetric weights", given)
    stochastic = has_lanczos(bench)
    dense, middle, large = (400, 1_000, 1_000) if bench.smoke else (DENSE, EXACT, LARGE)
    sizes = {dense, middle, large} if bench.smoke else set(given.sizes)
    if dense in sizes:
        exactly(bench, "dense", dense, "auto", "eigen")
    for kind in KINDS:
        if middle in sizes:
            exactly(bench, kind, middle, "lu", "LU")
    for kind in KINDS:
        if large in sizes and not stochastic:
            bench.skip(f"{kind}, n = {large:,}", "this version of the package has no engine 'lanczos'")
        elif large in sizes:
            approximately(bench, kind, large)
    bench.note(
        "Flows lead to eight of the nearest units and to one of 50 centres, which fill sparse factors up; what does "
        "not finish is reported, not left out."
    )
    bench.finish()


def exactly(bench, kind, n, engine, method):
    """Measure an exact fit beside the maximum found by scipy, and spatialreg."""
    data = {"kind": kind, "n": n}
    bench.prepare(**data)
    named = KINDS.get(kind, "inverse distance, no cut-off")
    cases = [
        Case(f"spatialhealth, {named}", "fit", data | {"logdet": engine}, limit=EXACT_LIMIT),
        Case(f"exact maximum by scipy alone, {named}", "exact", data, limit=EXACT_LIMIT, runs=1),
    ]
    if bench.peers and r_versions() and not bench.smoke:
        cases += spatialreg(kind, n, method, bench.given.peer_runs, limit=PEER_LIMIT)
    elif bench.peers and not bench.smoke:
        bench.skip("spatialreg", "R with spatialreg is not installed (Debian: r-cran-spatialreg)")
    ours, best, *peers = bench.measure(cases)
    bench.row(ours, n, note=f"engine {ours.values['engine']}" if ours.ok else "")
    bench.row(best, n, note="only rho, no inference")
    for peer in peers:
        bench.row(peer, n, ours, note=named)
    off = None
    if bench.smoke or ours.ok:
        bench.done(ours)
    if ours.ok and best.ok:
        off = abs(ours.values["rho"] - best.values["value"])
        bench.check(f"rho beside the exact maximum, {named}, n = {n:,}", off < 1e-6, f"off by {off:.1e}")
        for peer in peers:
            if peer.ok:
                apart = abs(peer.values["rho"] - best.values["value"])
                bench.check(f"rho of {peer.case.what}, {named}", apart < 2e-6, f"{apart:.1e}")
    said = "maximum not found by scipy in the time allowed" if off is None else f"rho off by {off:.1e}"
    bench.target(
        f"{named}, n = {n:,}: exact (rho to 1e-6)",
        f"{ours.median:.1f} s, {ours.peak_mb:,.0f} MB, {said}" if ours.ok else ours.failure,
        ours.ok and off is not None and off < 1e-6,
    )


def approximately(bench, kind, n):
    """Measure a fit by the engine for large n, beside the exact one where n is small."""
    data = {"kind": kind, "n": n}
    bench.prepare(**data)
    named = KINDS[kind]
    engine = "lanczos" if bench.smoke else "auto"
    cases = [Case(f"spatialhealth, {named}", "fit", data | {"logdet": engine}, limit=3600)]
    if bench.smoke:
        cases.append(Case("spatialhealth, logdet='lu'", "fit", data | {"logdet": "lu"}))
    ours, *exact = bench.measure(cases)
    if not bench.done(ours):
        bench.row(ours, n)
        bench.target(f"{named}, n = {n:,}: finishes, its error stated", ours.failure, False)
        return
    error = ours.values["errors"].get("rho")
    share = "none stated" if error is None else f"{error / ours.values['rho_se']:.2%} of its standard error"
    bench.row(ours, n, note=f"engine {ours.values['engine']}, Monte-Carlo error of rho: {share}")
    bench.target(
        f"{named}, n = {n:,}: finishes, its error stated",
        f"{ours.median:.1f} s, {ours.peak_mb / 1024:.2f} GB, Monte-Carlo error of rho {share}",
        error is not None and ours.values["summary_says"],
    )
    for one in exact:
        off = abs(ours.values["rho"] - one.values["rho"])
        most = 4 * (error or 0.0) + 1e-6
        bench.check(
            f"rho within its stated error, {named}", off < most, f"off by {off:.1e}, allowed {most:.1e}"
        )


if __name__ == "__main__":
    main()
