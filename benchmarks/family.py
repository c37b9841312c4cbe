"""Every model of the family on one W: cross-sections, panels with fixed and random effects, dynamic panels.

    python -m benchmarks.family [--sizes 100000 1000000] [--runs 1] [--json FILE] [--smoke]

On a queen lattice with three regressors, the whole fit with the effects and their standard errors; at 1,000,000 units
the models with one spatial parameter or none. Data simulated from an SDM, panels with effects of units.
"""

from __future__ import annotations

from benchmarks.data import RHO
from benchmarks.harness import Bench, Case, options
from benchmarks.million import has_lanczos

SIZE, LARGE, PERIODS = 100_000, 1_000_000, 5
LIMIT = 1200.0
CROSS = {
    "SLX": "SLX",
    "SAR": "SpatialLag",
    "SDM": "SpatialDurbin",
    "SEM": "SpatialError",
    "SDEM": "SpatialDurbinError",
    "SAC": "SpatialCombined",
    "GNS": "GeneralNesting",
}
TWO = ("SAC", "GNS")
PANEL = {
    "SDM, two-way": ("SpatialDurbin", {"effects": "two-way"}),
    "SDEM, two-way": ("SpatialDurbinError", {"effects": "two-way"}),
    "GNS, two-way": ("GeneralNesting", {"effects": "two-way"}),
    "SDM, random effects": ("SpatialDurbin", {"effects": "random"}),
    "SDEM, random effects (KKP)": ("SpatialDurbinError", {"effects": "random", "error_components": "kkp"}),
    "SDEM, random effects (Baltagi)": (
        "SpatialDurbinError",
        {"effects": "random", "error_components": "baltagi"},
    ),
    "SDM, dynamic, entity": ("SpatialDurbin", {"effects": "entity", "dynamic": "both"}),
}


def main():
    """Measure every model."""
    given = options(__doc__, runs=1, sizes=(SIZE, LARGE))
    bench = Bench("The whole family on one W", given)
    small, large = (400, None) if bench.smoke else (SIZE, LARGE)
    if bench.smoke or small in given.sizes:
        fits = cross_sections(bench, small, list(CROSS))
        checks(bench, small, fits)
        panels(bench, small)
    if not bench.smoke and large in given.sizes:
        if has_lanczos(bench):
            cross_sections(bench, large, [name for name in CROSS if name not in TWO])
        else:
            bench.skip(f"n = {large:,}", "this version of the package has no engine 'lanczos'")
    bench.finish()


def cross_sections(bench, n, names):
    """Measure the models without effects, and give their results by name."""
    data = {"kind": "lattice", "n": n}
    bench.prepare(**data)
    cases = [Case(name, "fit", data | {"model": CROSS[name]}, limit=LIMIT) for name in names]
    results = dict(zip(names, bench.measure(cases), strict=True))
    for result in results.values():
        state(bench, result, n)
    every = all(result.ok for result in results.values())
    slowest = max((r for r in results.values() if r.ok), key=lambda r: r.median, default=None)
    if slowest is not None:
        said = f"{sum(r.ok for r in results.values())} of {len(results)}, the slowest {slowest.case.what}"
        bench.target(f"n = {n:,}: {', '.join(names)} all fit", f"{said}, {slowest.median:.1f} s", every)
    return results


def panels(bench, n):
    """Measure the models of panels."""
    periods = PERIODS
    data = {"kind": "lattice", "n": n, "periods": periods}
    bench.prepare(**data)
    cases = [
        Case(f"{name}, T = {periods}", "fit", data | {"model": model} | extra, limit=LIMIT)
        for name, (model, extra) in PANEL.items()
    ]
    results = bench.measure(cases)
    for result in results:
        state(bench, result, n)
        # all with W y and W X hold the truth, the dynamic one with tau = eta = 0
        if bench.smoke and result.ok and "SDM" in result.case.what:
            near(bench, result)
    every = sum(result.ok for result in results)
    slowest = max((r for r in results if r.ok), key=lambda r: r.median, default=None)
    if slowest is not None:
        bench.target(
            f"n = {n:,}, T = {periods}: fixed, random and dynamic models all fit",
            f"{every} of {len(results)}, the slowest {slowest.case.what}, {slowest.median:.1f} s",
            every == len(results),
        )


def state(bench, result, n):
    """Keep a row, with the engine and its error."""
    note = ""
    if result.ok:
        parts = (
            [f"engine {result.values['engine']}"]
            if any(k in result.values for k in ("rho", "lambda"))
            else []
        )
        for name, error in result.values["errors"].items():
            if f"{name}_se" in result.values:
                parts.append(
                    f"Monte-Carlo error of {name} {error / result.values[f'{name}_se']:.2%} of its SE"
                )
        note = ", ".join(parts)
    bench.row(result, n, note=note)
    if bench.smoke:
        bench.done(result)


def near(bench, result):
    """Check that the model finds the rho that the data were simulated with."""
    off = abs(result.values["rho"] - RHO) / result.values["rho_se"]
    bench.check(f"{result.case.what}: rho near the truth", off < 4, f"{off:.1f} standard errors")


def checks(bench, n, fits):
    """Check maxima against scipy alone, and likelihoods against each other."""
    if bench.smoke:
        for name, parameter in (("SAR", "rho"), ("SDM", "rho"), ("SEM", "lambda"), ("SDEM", "lambda")):
            case = Case("exact", "exact", {"kind": "lattice", "n": n, "model": CROSS[name]})
            (best,) = bench.measure([case])
            off = (
                abs(fits[name].values[parameter] - best.values["value"]) if fits[name].ok and best.ok else 1.0
            )
            bench.check(f"{name}: {parameter} beside the exact maximum", off < 1e-6, f"off by {off:.1e}")
    pairs = (
        ("SAR", "SDM"),
        ("SEM", "SDEM"),
        ("SAR", "SAC"),
        ("SEM", "SAC"),
        ("SDM", "GNS"),
        ("SDEM", "GNS"),
        ("SAC", "GNS"),
    )
    for less, more in pairs:
        if fits[less].ok and fits[more].ok:
            gain = fits[more].values["loglik"] - fits[less].values["loglik"]
            errors = bool(fits[less].values["errors"] or fits[more].values["errors"])
            bench.check(
                f"{more} fits no worse than {less}", gain > (-0.5 if errors else -1e-6), f"{gain:+.3f}"
            )


if __name__ == "__main__":
    main()
