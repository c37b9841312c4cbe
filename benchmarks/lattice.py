"""A spatial Durbin model on a queen lattice, three regressors, maximum likelihood, beside spreg and spatialreg.

    python -m benchmarks.lattice [--sizes 10000 100000] [--runs 3] [--json FILE] [--smoke]

Timed: the whole fit and the impacts with standard errors (spreg has none), W given. The maximum itself is found
once more by scipy alone (`exact` in benchmarks/cases.py).
"""

from __future__ import annotations

from benchmarks.harness import Bench, Case, options, r_versions
from benchmarks.peers import PEER_LIMIT, spatialreg, spreg

SPREG_MOST = 20_000  # its factorisations leave no symmetric mode: 72 s and 5 GB at 10,000


def main():
    """Measure every size."""
    given = options(__doc__, sizes=(10_000, 100_000))
    bench = Bench("SDM on a queen lattice", given)
    for n in [900] if bench.smoke else given.sizes:
        size(bench, n)
    bench.note("spreg stops at the fit and simple multipliers: it has no standard errors of the effects.")
    bench.note(
        "spatialreg: lagsarlm(Durbin=TRUE, method='Matrix'), trW(type='MC'), impacts(R=1000); its own search for "
        "rho stops near 1e-8."
    )
    bench.note("The exact maximum: Brent's method on the likelihood, ln|I - rho W| from scipy's splu.")
    bench.finish()


def size(bench, n):
    """Measure one size, everybody in turns."""
    data = {"kind": "lattice", "n": n}
    bench.prepare(**data)
    ours = Case("spatialhealth", "fit", data)
    factors = Case("spatialhealth, logdet='lu'", "fit", data | {"logdet": "lu"})
    truth = Case("exact maximum by scipy alone (Brent)", "exact", data, limit=PEER_LIMIT, runs=1)
    cases = [ours, factors, truth]
    if bench.peers:
        cases += spreg(n, bench.given.peer_runs) if n <= SPREG_MOST else []
        cases += spatialreg("lattice", n, "Matrix", bench.given.peer_runs)
        if not r_versions():
            bench.skip("spatialreg", "R with spatialreg is not installed (Debian: r-cran-spatialreg)")
    automatic, lu, best, *peers = bench.measure(cases)
    # the engine that is exact is the one beside peers that are
    mine = lu if automatic.values.get("errors") or not automatic.ok else automatic
    for result in (automatic, lu):
        bench.row(result, n, note=f"engine {result.values.get('engine')}" if result.ok else "")
        bench.done(result)
    for result in peers:
        bench.row(result, n, mine)
    bench.row(best, n, note="only rho, no inference")
    if mine.ok and best.ok:
        compare(bench, n, automatic, mine, best, peers)


def compare(bench, n, automatic, mine, best, peers):
    """Check rho, and set times side by side."""
    truth = best.values["value"]
    off = abs(mine.values["rho"] - truth)
    bench.check(f"rho of the exact engine, n = {n:,}", off < 1e-6, f"{off:.1e} from the exact maximum")
    error = automatic.values.get("errors", {}).get("rho")
    if error:
        off_auto = abs(automatic.values["rho"] - truth)
        bench.check(
            "rho within its stated error", off_auto < 4 * error, f"{off_auto:.1e}, stated {error:.1e}"
        )
    for peer in peers:
        if peer.ok:
            apart = abs(peer.values["rho"] - truth)
            bench.check(
                f"rho of {peer.case.what}, n = {n:,}", apart < 2e-6, f"{apart:.1e} from the exact maximum"
            )
        if peer.ok and "spatialreg" in peer.case.what:
            se = abs(peer.values["total_se"] / mine.values["total_se"] - 1)
            bench.check("standard error of the total effect", se < 0.15, f"{se:.1%} from 1,000 draws")
            if n == 100_000:
                times = peer.median / mine.median
                bench.target(
                    "n = 100,000: at least 20 times faster than spatialreg, rho equal to the exact maximum to 1e-6",
                    f"{times:.1f} times ({mine.median:.2f} s and {peer.median:.1f} s), rho off by {off:.1e}",
                    times >= 20 and off < 1e-6,
                )
    if n == 10_000:
        for peer in peers:
            if "spreg" in peer.case.what:
                said = f"{peer.median:.1f} s, {peer.peak_mb:,.0f} MB" if peer.ok else peer.failure
                bench.target(
                    "n = 10,000: faster and smaller than spreg's LU",
                    f"{mine.median:.2f} s, {mine.peak_mb:,.0f} MB; spreg {said}",
                    not peer.ok or (peer.median > mine.median and peer.peak_mb > mine.peak_mb),
                )


if __name__ == "__main__":
    main()
