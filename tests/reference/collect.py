"""Make `cross_section.json` and `panels.json` from the collection of reference cases.

Usage: python collect.py FOLDER_OF_CASES
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEEP = (
    "coef",
    "rho",
    "lambda",
    "local_optima",
    "sigma2",
    "loglik",
    "param_names",
    "se_expected",
    "se_observed",
    "se_ols_n_minus_k",
    "vcov_expected",
    "vcov_observed",
    "impacts",
)
SETS = ("queen", "knn4", "invdist", "invdist_maxeig", "island")
CROSS = (
    *("OLS", "SLX", "SLX_partial", "SAR", "SDM", "SDM_partial", "SEM", "SDEM", "SDEM_partial", "SAC"),
    *("GNS", "GNS_partial"),
)


def brute_force(case: Path) -> dict:
    found = json.loads(case.read_text())["sources"]["brute_force"]
    return {key: found[key] for key in KEEP if key in found}


def main(folder: str) -> None:
    cases = Path(folder)
    cross = {
        f"{name}__{model}": brute_force(cases / f"columbus_{name}__{model}.json")
        for name in SETS
        for model in CROSS
        if (cases / f"columbus_{name}__{model}.json").exists()
    }
    panels = {
        path.stem: brute_force(path)
        for path in sorted(cases.glob("*.json"))
        if path.stem.startswith(("fe__", "pool__"))
        and not path.stem.endswith(("time__noLY", "twoways__noLY"))
    }
    for name, content in (("cross_section", cross), ("panels", panels)):
        (HERE / f"{name}.json").write_text(json.dumps(content, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
