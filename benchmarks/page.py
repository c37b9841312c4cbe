"""Write docs/benchmarks.md from stored results; nothing stands on it that was not measured."""

from __future__ import annotations

import ast

from benchmarks.harness import ROOT

__all__ = ["page"]

HEAD = """# Benchmarks

What the package claims about speed and memory, measured, with other packages beside it. Every figure comes from a
script in `benchmarks/`, every ratio from one run of one script. All data but those of the textbook panel are
simulated.

This page is written by `make bench` from `benchmarks/results/`; change the scripts, not the page.
"""

HOW = """## How it is measured

- Each run of a case is a fresh process. Times are wall seconds of the whole fit with the effects and their standard
  errors, W given as a sparse matrix (libpysal's `W` for spreg, a `listw` for spatialreg); reading data and importing
  packages are not in them. The median of the runs is shown, with the least and the greatest.
- Peaks are the resident memory of the whole process as the kernel reports it, data and interpreter included.
- A ratio says how many times as long a row took as the row of `spatialhealth` that it is compared with.
- Cases that are compared take turns. What did not finish in the time allowed, or ran out of memory, is said to.
- An exact maximum is found again by scipy alone: Brent's method on the concentrated likelihood, with the
  log-determinant from a sparse factorisation at every step, or from eigenvalues where W is dense. No code of the
  package is in it.

## To measure it again

```
make bench                                                  # everything; hours with the peers
.venv/bin/python -m benchmarks.run --only lattice,panels    # some scripts; the rest of this page stays
.venv/bin/python -m benchmarks.run --page                   # write the page from what is stored
make bench-smoke                                            # small sizes: correctness only, no times
```

spatialreg takes part where R has it (Debian: `apt install r-cran-spatialreg`); numba and sksparse-minimal where they
are installed in `.venv`.
"""


def page(results):
    """Give the text of the page.

    Parameters
    ----------
    results : dict of str to dict
        Of each script, by its name.

    Returns
    -------
    str
    """
    parts = [HEAD, claims(results), machines(results)]
    parts += [section(name, result) for name, result in results.items()]
    return "\n".join(part for part in [*parts, HOW] if part)


def claims(results):
    """Give the table of targets."""
    rows = [
        f"| {cell(each['target'])} | {cell(each['measured'])} | {'yes' if each['met'] else '**no**'} | "
        f"[{name}.py](../benchmarks/{name}.py) |"
        for name, result in results.items()
        for each in result.get("targets", ())
    ]
    if not rows:
        return "## Claims\n\nNothing has been measured yet.\n"
    return "\n".join(
        ["## Claims", "", "| target | measured | met | script |", "|---|---|---|---|", *rows, ""]
    )


def machines(results):
    """Give machine and versions: once if they are the same everywhere, else script by script."""
    groups: dict[str, list[str]] = {}
    for name, result in results.items():
        found = result.get("machine", {}) | result.get("versions", {})
        said = ", ".join(
            f"{key} {value}" if key != "cores" else f"{value} cores" for key, value in found.items()
        )
        if "R" not in found and found:
            said += "; R with spatialreg was not installed"
        if said:
            groups.setdefault(said, []).append(name)
    lines = ["## Machine and versions", ""]
    for said, names in groups.items():
        lines.append(said if len(groups) == 1 else f"- {', '.join(names)}: {said}")
    return "\n".join([*lines, ""]) if groups else ""


def section(name, result):
    """Give the part of one script."""
    lines = [f"## {result['title']}", "", f"{lead(name)} Script: [{name}.py](../benchmarks/{name}.py)"]
    lines[-1] += f", measured {result['date']}." if "date" in result else "."
    lines += [
        "",
        "| what | n | median s | least to most s | peak MB | ratio | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    lines += [row(each) for each in result["rows"]]
    lines += ["", *(f"- {text}" for text in result.get("notes", ()))]
    return "\n".join(lines).rstrip() + "\n"


def lead(name):
    """Give the first paragraph of the script."""
    source = ROOT / "benchmarks" / f"{name}.py"
    said = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) if source.exists() else None
    return (said or "").split("\n\n")[0].replace("\n", " ")


def row(each):
    """Give a line of a table."""
    note = cell(each.get("note") or "")
    if each.get("median_s") is None:
        return f"| {cell(each['what'])} | {each['n']:,} | - | - | - | - | {note} |"
    peak = f"{each['peak_mb']:,.0f}" if each.get("peak_mb") else ""
    ratio = f"{each['ratio']:.2f}" if each.get("ratio") else ""
    span = f"{number(each['min_s'])} to {number(each['max_s'])}" if each.get("min_s") else ""
    parts = [cell(each["what"]), f"{each['n']:,}", number(each["median_s"]), span, peak, ratio, note]
    return f"| {' | '.join(parts)} |"


def number(seconds):
    """Write seconds with three significant figures."""
    return f"{seconds:.3g}" if seconds < 100 else f"{seconds:,.0f}"


def cell(text):
    """Keep text inside its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
