"""Make `diagnostics.json` from the collection of reference cases.

Usage: python collect_diagnostics.py FOLDER_OF_CASES

Figures are those of brute force (closed forms written out with dense matrices); what R prints is kept beside them
where the two differ, or where R alone has the test.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
SETS = ("queen", "knn4", "invdist", "invdist_maxeig", "island")
FIGURES = ("statistic", "df", "I", "expectation", "variance", "p_value_one_sided")


def kept(tests: dict) -> dict:
    """The figures of each test, without notes and versions."""
    return {
        name: {key: found[key] for key in FIGURES if key in found}
        for name, found in tests.items()
        if "statistic" in found and not name.startswith(("geary", "Hausman", "sphtest"))
    }


def case(path: Path) -> dict:
    sources = json.loads(path.read_text())["sources"]
    ours = kept(sources["brute_force"]["tests"])
    alone = {name: found for name, found in kept(sources["R"]["tests"]).items() if name not in ours}
    differ = {
        name: sources["R"]["tests"][name]["statistic"]
        for name, found in ours.items()
        if abs(sources["R"]["tests"].get(name, found)["statistic"] / found["statistic"] - 1) > 1e-4
    }
    hausman = {
        name: {key: found["alternative_full_information"][key] for key in ("statistic", "positive_definite")}
        for name, found in sources["brute_force"]["tests"].items()
        if name.startswith("sphtest")
    }
    return {"brute_force": ours, "R_alone": alone, "R_differs": differ} | (
        {"hausman": hausman} if hausman else {}
    )


def main(folder: str) -> None:
    cases = Path(folder)
    content = {f"columbus_{name}": case(cases / f"columbus_{name}__TESTS.json") for name in SETS}
    content |= {name: case(cases / f"paneltests__{name}.json") for name in ("cigar", "produc")}
    splm = json.loads((cases / "check__splm_bsktest.json").read_text())
    content["splm_one_sided"] = {name: splm[name] for name in ("LM1", "LM2")}
    (HERE / "diagnostics.json").write_text(json.dumps(content, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
