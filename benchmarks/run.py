"""Run the benchmarks, keep their results in benchmarks/results/, and write docs/benchmarks.md from what is kept.

python -m benchmarks.run                                all, with the peers that are installed
python -m benchmarks.run --only lattice,panels          these; what was measured before stays
python -m benchmarks.run --only million --sizes 1e6     one size; the other rows stay
python -m benchmarks.run --smoke                        small sizes, correctness only, nothing is kept
python -m benchmarks.run --page                         only write the page again
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness import ROOT, machine, r_versions, versions
from benchmarks.page import page

SCRIPTS = (
    "cigarettes",
    "lattice",
    "million",
    "panels",
    "weights_kinds",
    "family",
    "bandwidth",
    "factors",
    "reuse",
    "builders",
    "catchments",
)
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"


def main():
    """Do what the options say; other options go to the scripts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NAMES", help="scripts, separated by commas")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--page", action="store_true")
    given, further = parser.parse_known_args()
    names = given.only.split(",") if given.only else list(SCRIPTS)
    names = [name for name in names if (ROOT / "benchmarks" / f"{name}.py").exists()]
    unknown = set(given.only.split(",") if given.only else ()) - set(names)
    if unknown:
        parser.error(f"no script of the name {', '.join(sorted(unknown))}; there are {', '.join(SCRIPTS)}")
    if given.smoke:
        sys.exit(smoke(names, further))
    failed = [] if given.page else [name for name in names if not measure(name, further)]
    PAGE.write_text(page(stored()), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    sys.exit(1 if failed else 0)


def command(name, *further):
    """Give the command of a script."""
    return [sys.executable, "-m", f"benchmarks.{name}", *further]


def smoke(names, further):
    """Run all on small sizes, two at a time, and count what holds."""
    if not r_versions():
        print("R with spatialreg is not installed: its part is left out")

    def one(name):
        done = subprocess.run(
            command(name, "--smoke", *further),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return name, done.returncode, done.stdout

    passed = failed = 0
    with ThreadPoolExecutor(2) as pool:
        for name, code, output in pool.map(one, names):
            print(f"\n{output.rstrip()}", flush=True)
            counts = re.findall(r"^(\d+) passed, (\d+) failed$", output, flags=re.M)
            good, bad = map(int, counts[-1]) if counts else (int(code == 0), int(code != 0))
            if code and not bad:
                print(f"{name} ended with exit code {code}")
                bad = 1
            passed, failed = passed + good, failed + bad
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


def measure(name, further):
    """Run a script in full and keep its results; say whether it ended well."""
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / "results.json"
        code = subprocess.run(
            command(name, "--json", str(fresh), *further),
            cwd=ROOT,
        ).returncode
        if fresh.exists():
            kept = RESULTS / f"{name}.json"
            kept.parent.mkdir(exist_ok=True)
            about = {"date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions()}
            new = about | json.loads(fresh.read_text(encoding="utf-8"))
            old = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None
            kept.write_text(
                json.dumps(merged(name, old, new), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
    return code == 0


def merged(name, old, new):
    """Put rows and targets of a partial run in place of the same ones of before; a whole run replaces all."""
    if old is None or not new.get("partial"):
        return new
    if any(old.get(key) != new[key] for key in ("machine", "versions")):
        print(f"{name}: what was kept is of another machine or other versions, and is left out")
        return new
    rows = {(row["what"], row["n"]): row for row in old["rows"] + new["rows"]}
    targets = {each["target"]: each for each in old["targets"] + new["targets"]}
    derived = getattr(importlib.import_module(f"benchmarks.{name}"), "derived", lambda rows: [])
    targets |= {each["target"]: each for each in derived(list(rows.values()))}
    kept = {"rows": sorted(rows.values(), key=lambda row: row["n"]), "targets": list(targets.values())}
    both = [text for text in old["notes"] if text not in new["notes"]] + new["notes"]
    return new | kept | {"notes": both}


def stored():
    """Read every result that is kept, in the order of the scripts."""
    found = {}
    for name in SCRIPTS:
        kept = RESULTS / f"{name}.json"
        if kept.exists():
            found[name] = json.loads(kept.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    main()
