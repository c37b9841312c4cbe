"""How often the four questions find something where there is nothing: `python -m tests.calibration_hospital`.

Panels of 307 cities in 11 years are simulated in which inflow and use of beds depend on city, year, neighbours'
inflow and chance only. Each interval at 95 % should then lie wholly on the side that is asked about in 2.5 % of the
samples, and leave zero out in 5 %.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

import pandas as pd

import spatialhealth as sh
from spatialhealth._progress import track
from spatialhealth.report.fitting import Fit
from spatialhealth.report.hospital import hospital_of
from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import study_of
from tests.report.null_panel import null_panel

STUDY = {
    "title": "Nothing",
    "data": {"dataset": "hospital_panel"},
    "weights": {"kind": "contiguity"},
    "model": {
        "estimator": "SpatialDurbin",
        "formula": "log(inflow) ~ log(tertiary) + log(primary) + log(gdp) + digital + log(tertiary):digital",
        "effects": "two-way",
    },
    "hospital": {
        "high": "log(tertiary)",
        "primary": "log(primary)",
        "subset": {"flag": "port_developed", "name": "port-developed provinces"},
        "moderator": {"column": "digital", "at": [0.0, 1.0]},
        "imbalance": {
            "high": "bed_utilisation_high",
            "primary": "bed_utilisation_primary",
            "formula": "gap ~ log(inflow) + digital + log(inflow):digital + log(tertiary)",
            "samples": 199,
        },
    },
}


def shares(replications: int, seed: int = 2011) -> pd.DataFrame:
    """Give, for each answer, how often it holds and how often its interval leaves zero out."""
    study = study_of(STUDY)
    found = defaultdict(list)
    for j in track(range(replications), "replications"):
        layer, panel = null_panel(seed + j)
        model = sh.SpatialDurbin(weights=sh.weights.contiguity(layer), effects="two-way")
        model = model.fit_formula(STUDY["model"]["formula"], panel)
        data = StudyData("null", layer, panel, simulated=True)
        main = Fit("Main model", "", data, model, model.impacts(), ())
        for each in hospital_of(study, main, lambda text: None).answers:
            if each.finding != "gap":  # which is not zero
                found[each.what].append((each.holds, not each.ci_low <= 0 <= each.ci_high))
    return pd.DataFrame(
        {
            what: {
                "holds": sum(a for a, _ in rows) / len(rows),
                "zero outside": sum(b for _, b in rows) / len(rows),
            }
            for what, rows in found.items()
        }
    ).T


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=1000)
    asked = parser.parse_args(argv)
    print(shares(asked.replications).round(3).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
