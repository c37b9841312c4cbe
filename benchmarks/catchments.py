"""Floating catchments of many places and 7,154 hospitals, distances included, beside PySAL's access.

    python -m benchmarks.catchments [--sizes 3108 100000] [--runs 1] [--json FILE] [--smoke]

Places and hospitals are scattered at random over the longitudes and latitudes of the United States; people and beds
are random too. With 3,108 places all pairs are in reach of an exponential decay; with more, those within 100 km.
"""

from __future__ import annotations

from benchmarks.harness import Bench, Case, options

HOSPITALS, ALL_PAIRS, NEAR, FAR = 7_154, 3_108, 100_000, 300_000


def main():
    """Measure every size."""
    given = options(__doc__, runs=1, sizes=(ALL_PAIRS, 100_000))
    bench = Bench("Floating catchments", given)
    hospitals = 150 if bench.smoke else HOSPITALS
    for n in [300] if bench.smoke else given.sizes:
        size(bench, n, hospitals)
    bench.note("n counts the places. The table of costs that access is given is not in its time.")
    bench.finish()


def size(bench, n, hospitals):
    """Measure one size."""
    base = {"n": n, "m": hospitals}
    few = n <= ALL_PAIRS
    ways = [("2SFCA, Gaussian, within 300 km", "2SFCA", FAR)]
    ways += [("2SFCA, exponential, all pairs", "2SFCA", None)] if few else [("3SFCA, 100 km", "3SFCA", NEAR)]
    ways += [("RAAM, within 300 km", "RAAM", FAR) if few else ("RAAM, 100 km", "RAAM", NEAR)]
    cases = [
        Case(what, "catchment", base | {"method": method, "cutoff": cutoff}) for what, method, cutoff in ways
    ]
    if bench.peers:
        cases.append(
            Case(
                "access: two_stage_fca, Gaussian, within 300 km",
                "catchment_access",
                base | {"cutoff": FAR},
                memory=6,
            )
        )
    results = bench.measure(cases)
    for result in results:
        note = f"{result.values['pairs']:,} pairs" if result.ok else ""
        bench.row(result, n, results[0] if result is results[-1] and bench.peers else None, note)
    for result in results[: len(ways)]:
        if not bench.done(result):
            continue
        if result.case.arguments["method"] == "RAAM":
            gap = result.values["gap"]
            bench.check("RAAM: the gap is what was asked for", gap <= 1e-4, f"{gap:.1e}")
        else:
            apart = result.values["unbalanced"]
            bench.check(
                f"{result.case.what}: people times access are the beds", apart < 1e-9, f"apart by {apart:.1e}"
            )
    if bench.peers and results[0].ok and results[-1].ok:
        ours, theirs = results[0].values["mean"], results[-1].values["mean"]
        bench.check("the same as access", abs(ours / theirs - 1) < 1e-9, f"{ours:.12g} and {theirs:.12g}")
    if not few and results[0].ok:
        bench.target(
            f"2SFCA of {n:,} places within 300 km in less than 2 GB",
            f"{results[0].peak_mb:,.0f} MB, {results[0].median:.0f} s",
            results[0].peak_mb < 2_000,
        )


if __name__ == "__main__":
    main()
