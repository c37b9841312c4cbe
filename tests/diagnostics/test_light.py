"""The diagnostics run where there is no pandas."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_numbers_need_no_pandas():
    code = (
        "import sys, numpy as np, spatialhealth as sh\n"
        "W = np.eye(12, k=1) + np.eye(12, k=-1)\n"
        "rng = np.random.default_rng(0)\n"
        "Y, X = rng.normal(size=(6, 12)), rng.normal(size=(6, 12, 1))\n"
        "model = sh.SLX((list(range(12)), W), effects='entity').fit_arrays(Y, X)\n"
        "D = sh.diagnostics\n"
        "for test in (D.lm, D.moran, D.pesaran_cd, D.heteroskedasticity, D.normality, D.collinearity):\n"
        "    str(test(model))\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))\n"
    )
    root = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [
        name for name in ("pandas", "esda", "libpysal", "geopandas", "spreg") if repr(name) in done.stdout
    ]
