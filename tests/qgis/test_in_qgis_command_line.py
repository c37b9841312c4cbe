"""qgis_process, without a screen: results as JSON, rc 1 and a sentence for what cannot be done."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "/usr/bin/qgis_process.bin"
SYSTEM = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"  # QGIS takes its Python from the first python3 on the path
pytestmark = pytest.mark.skipif(not os.path.exists(COMMAND), reason="QGIS has no command line here")


def call(*words):
    environment = {
        **os.environ,
        "QGIS_CUSTOM_CONFIG_PATH": os.environ["SPATIALHEALTH_CONFIG"],
        "QT_QPA_PLATFORM": "offscreen",
        "PATH": SYSTEM,
    }
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [COMMAND, *words], capture_output=True, text=True, env=environment, timeout=120, check=False
    )


def test_a_regression_of_a_panel(tmp_path):
    panel = (
        f"delimitedtext://file://{ROOT}/sample_data/hospital_panel.csv?type=csv&detectTypes=yes&geomType=none"
    )
    done = call(
        "run",
        "spatialhealth:regression",
        "--json",
        f"--INPUT={panel}",
        "--FORMULA=log(inflow) ~ log(tertiary) + log(primary) + log(gdp)",
        "--UNIT=city",
        "--PERIOD=year",
        "--EFFECTS=3",
        f"--UNITS={ROOT}/sample_data/china_cities.gpkg",
        "--UNITS_ID=city",
        f"--OUTPUT={tmp_path}/o.gpkg",
        f"--HTML={tmp_path}/r.html",
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    theirs = json.loads(Path(os.environ["SPATIALHEALTH_REFERENCE"]).read_text())["models"]["SpatialDurbin"]
    assert results["RHO"] == pytest.approx(theirs["rho"], abs=1e-6)
    assert (tmp_path / "o.gpkg").exists() and "Indirect" in (tmp_path / "r.html").read_text().title()


def test_what_cannot_be_done_is_said(tmp_path):
    states = ROOT / "sample_data" / "us_states.gpkg"
    done = call(
        "run", "spatialhealth:moran", f"--INPUT={states}", "--FIELD=region", f"--OUTPUT={tmp_path}/o.gpkg"
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "must hold numbers" in said and "Traceback" not in said
