"""A spatial Durbin model on one and on ten million units: time, peak of memory, Monte-Carlo error, growth with n.

    python -m benchmarks.million [--sizes 1e5 3e5 1e6 3e6 1e7] [--runs 1] [--json FILE] [--smoke]

Queen lattices, and eight nearest neighbours (not symmetric) at 1e6 and 1e7. Up to 3e5 the lattice's exact maximum is
found too, by scipy alone.
"""

from __future__ import annotations

import math

from benchmarks.harness import Bench, Case, options

SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
KNN_SIZES = (1_000_000, 10_000_000)
EXACT_MOST = 300_000
EXACT_LIMIT = 3600.0
LATTICE = "spatialhealth, lattice"
ALONE = LATTICE + ", logdet='lanczos'"
SMALL = (900, 1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600, 1_800, 2_000, 2_100, 2_400)
FACTOR_MOST = 100_000  # what is tried without the engine for large n


def main():
    """Measure every size and kind of W."""
    given = options(__doc__, runs=1, sizes=SIZES)
    bench = Bench("SDM on one and ten million units", given)
    stochastic = has_lanczos(bench)
    if not stochastic:
        bench.skip("sizes beyond 100,000", "this version of the package has no engine 'lanczos'")
    sizes = [2_500] if bench.smoke else given.sizes
    for kind in ("lattice", "knn"):
        for n in sizes:
            if (kind == "knn" and n not in KNN_SIZES and not bench.smoke) or (
                n > FACTOR_MOST and not stochastic
            ):
                continue
            one(bench, kind, n, "lanczos" if bench.smoke and stochastic else "auto")
            if kind == "lattice" and n < 1_000_000 and stochastic and not bench.smoke:
                one(bench, kind, n, "lanczos")  # so that growth is of one engine
    for each in derived(bench.rows):
        bench.target(**each)
    if stochastic:
        for kind in ("lattice", "knn"):
            honest(bench, kind)
    bench.note(
        "Nearest neighbours are of random points numbered district by district, as codes of real units are."
    )
    bench.finish()


def has_lanczos(bench):
    """Whether the package has its engine for large n."""
    (asked,) = bench.measure([Case("engines", "engines", runs=1)])
    return "lanczos" in asked.values.get("engines", [])


def one(bench, kind, n, engine):
    """Measure one size."""
    data = {"kind": kind, "n": n}
    bench.prepare(**data)
    what = f"spatialhealth, {kind}" + (
        ", logdet='lanczos'" if engine == "lanczos" and not bench.smoke else ""
    )
    (result,) = bench.measure([Case(what, "fit", data | {"logdet": engine}, limit=7200)])
    note = ""
    if bench.done(result):
        note = f"engine {result.values['engine']}" + stated(bench, result)
        note += f"; summary() {result.values['summary_seconds']:.1f} s more"
    bench.row(result, n, note=note)
    errors = result.values.get("errors", {})
    if result.ok and (bench.smoke or (kind == "lattice" and n <= EXACT_MOST and errors)):
        beside_exact(bench, data, result, errors)
    if result.ok and engine == "auto":
        aims(bench, kind, n, result, errors)


def stated(bench, result):
    """Give the Monte-Carlo error in words, and check that the summary states it."""
    error = result.values["errors"].get("rho")
    if not error:
        return ", exact"
    bench.check("the summary states the Monte-Carlo error", result.values["summary_says"])
    return f", Monte-Carlo error of rho {error / result.values['rho_se']:.2%} of its standard error"


def beside_exact(bench, data, result, errors):
    """Check rho against the exact maximum: to rounding, or within a few of the stated errors."""
    near, se = result.values["rho"], result.values["rho_se"]
    around = {} if bench.smoke else {"low": near - 5 * se, "high": min(near + 5 * se, 0.999)}
    truth = Case("exact maximum by scipy alone (Brent)", "exact", data | around, limit=EXACT_LIMIT, runs=1)
    (best,) = bench.measure([truth])
    bench.row(best, data["n"], note="only rho, no inference")
    if best.ok:
        off, most = abs(near - best.values["value"]), 4 * errors.get("rho", 0.0) + 1e-6
        what = f"rho, {data['kind']}, n = {data['n']:,}, beside the exact maximum"
        bench.check(
            what, off < most, f"off by {off:.1e} ({off / se:.2%} of the standard error), allowed {most:.1e}"
        )


def honest(bench, kind):
    """Compare stated Monte-Carlo errors of rho with true ones, on data small enough for both."""
    cases = []
    for n in SMALL:
        data = {"kind": kind, "n": n}
        bench.prepare(**data)
        cases.append(
            # each with random vectors of its own, lest twelve errors be one
            Case(f"{kind}, n = {n:,}, logdet='lanczos'", "fit", data | {"seed": n}, runs=1)
        )
        cases.append(Case(f"{kind}, n = {n:,}, exact maximum", "exact", data, runs=1))
    results = bench.measure(cases)
    shares = [
        abs(ours.values["rho"] - best.values["value"]) / ours.values["errors"]["rho"]
        for ours, best in zip(results[::2], results[1::2], strict=True)
        if ours.ok and best.ok
    ]
    root = math.sqrt(sum(share**2 for share in shares) / len(shares))
    said = f"root mean square {root:.2f} over {len(shares)} data sets, at most {max(shares):.1f}"
    what = f"true error of rho over the stated Monte-Carlo error, {kind}, n = {SMALL[0]:,} to {SMALL[-1]:,}"
    # one if all is well; twelve ratios leave it below 1.7 in all but one case of some hundreds
    bench.check(what, root < 1.7, said)
    bench.target(f"{what}: about one", said, root < 1.7)


def aims(bench, kind, n, result, errors):
    """State the targets of this size."""
    measured = f"{result.median:.1f} s, {result.peak_mb / 1024:.2f} GB"
    if n == 1_000_000 and kind == "lattice":
        fast = result.median <= 30 and result.peak_mb <= 3 * 1024
        bench.target("n = 1,000,000, queen: at most 30 s and 3 GB", measured, fast)
        share = errors.get("rho", 0.0) / result.values["rho_se"]
        bench.target(
            "n = 1,000,000: Monte-Carlo error of rho below 2 % of its standard error, and in the summary",
            f"{share:.2%}, {'in the summary' if result.values['summary_says'] else 'not in the summary'}",
            share < 0.02 and (result.values["summary_says"] or not errors),
        )
    if n == 10_000_000:
        bench.target(f"n = 10,000,000, {kind}: finishes", measured, True)


def derived(rows):
    """Fit the exponents of the cost in n over all lattices that were measured: as chosen, and of one engine."""
    chosen = {row["n"]: row["median_s"] for row in rows if row["what"] == LATTICE and row["median_s"]}
    alone = {row["n"]: row["median_s"] for row in rows if row["what"] == ALONE and row["median_s"]}
    of_one = alone | {n: seconds for n, seconds in chosen.items() if n >= 1_000_000}
    return exponent(chosen, "") + exponent(of_one, " (engine lanczos at every size)")


def exponent(times, which):
    """Fit one exponent; nothing where there are too few sizes."""
    if len(times) < 3:
        return []
    x, y = ([math.log(v) for v in values] for values in (times, times.values()))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    slope /= sum((a - mean_x) ** 2 for a in x)
    span = f"{min(times):,} to {max(times):,}"
    said = f"n^{slope:.2f}, n = {span} (least squares in logs)"
    return [{"target": f"time grows no faster than n^1.15{which}", "measured": said, "met": slope <= 1.15}]


if __name__ == "__main__":
    main()
