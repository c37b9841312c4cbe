"""Make `random_effects.json` from the collection of reference cases.

Usage: python collect_random.py FOLDER_OF_CASES
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
BRUTE = (
    "coef",
    "rho",
    "lambda",
    "phi",
    "sigma2",
    "loglik",
    "param_names",
    "vcov_expected",
    "vcov_observed",
    "se_beta_conditional",
    "impacts",
)
SPLM = ("coef", "rho", "lambda", "phi", "sigma2", "loglik", "se", "se_rho", "se_lambda", "se_phi")


def case(path: Path) -> dict:
    sources = json.loads(path.read_text())["sources"]
    kept = (("brute_force", BRUTE), ("R_splm", SPLM))
    return {name: {key: sources[name][key] for key in keys if key in sources[name]} for name, keys in kept}


def main(folder: str) -> None:
    content = {path.stem: case(path) for path in sorted(Path(folder).glob("re__*.json"))}
    (HERE / "random_effects.json").write_text(json.dumps(content, indent=0) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
