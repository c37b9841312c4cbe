"""Make `dynamic.json` from the collection of reference cases.

Usage: python collect_dynamic.py FOLDER_OF_CASES
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEEP = (
    "coef",
    "rho",
    "sigma2",
    "loglik",
    "se_expected",
    "se_observed",
    "spectral_radius_A",
    "phi",
    "effects_at",
    "effects",
)
CORRECTED = ("estimates", "se_expected_at_corrected")


def figures(path: Path) -> dict:
    found = json.loads(path.read_text())["sources"]["brute_force"]
    kept = {key: found[key] for key in KEEP if key in found}
    if "bias_corrected" in found:
        kept["bias_corrected"] = {key: found["bias_corrected"][key] for key in CORRECTED}
    return kept


def main(folder: str) -> None:
    cases = {
        path.stem: figures(path)
        for path in sorted(Path(folder).glob("sdpd__*__dynamic__*.json"))
        # these lag the demeaned outcome, W demean(y), where the model needs demean(W y)
        if not any(part in path.stem for part in ("__time__", "twoways__noLY", "twoways__DIR"))
    }
    (HERE / "dynamic.json").write_text(json.dumps(cases, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
