"""The numbers need numpy and scipy only: shown in an environment that has nothing else."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import scipy

import spatialhealth

ROOT = Path(spatialhealth.__file__).resolve().parents[1]
HEAVY = (
    "pandas", "geopandas", "libpysal", "matplotlib", "shapely", "pyproj", "formulaic", "sklearn", "jinja2", "pooch",
    "spreg", "access",
)  # fmt: skip


def unit_square(column, row, order="<"):
    """Well-known binary of a square of side one, written by hand."""
    corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
    head = struct.pack(order + "BIII", 1 if order == "<" else 0, 3, 1, len(corners))
    return head + b"".join(struct.pack(order + "dd", *corner) for corner in corners)


def core_numbers():
    """Everything the core computes, as plain numbers. Runs here and in the bare environment."""
    from spatialhealth import SLX, SpatialDurbin, SpatialLag
    from spatialhealth.weights import band_links, contiguity_links, knn_links, standardise

    squares = [unit_square(c, r, "<" if c % 2 else ">") for r in range(3) for c in range(4)]
    queen, rook = contiguity_links(squares), contiguity_links(squares, rook=True)
    ids = [f"u{i}" for i in range(12)]
    rng = np.random.default_rng(7)
    Y, X = rng.normal(size=(5, 12)), rng.normal(size=(5, 12, 2))
    numbers = {"queen": queen.toarray().tolist(), "rook": int(rook.sum())}
    for geographic in (False, True):
        numbers[f"knn {geographic}"] = knn_links(X[0], 3, geographic).indices.tolist()
        numbers[f"band {geographic}"] = band_links(
            X[0], 1e5 if geographic else 1.0, geographic
        ).indices.tolist()
    for estimator in (SLX, SpatialLag, SpatialDurbin):
        for logdet in ("eigen", "lu"):
            for effects in ("none", "two-way"):
                model = estimator((ids, standardise(queen)), effects=effects, logdet=logdet)
                result = model.fit_arrays(Y, X, names=["beds", "doctors"]).result_
                delta = model.impacts()
                drawn = model.impacts(method="simulate", draws=50, random_state=3)
                numbers[f"{estimator.__name__} {logdet} {effects}"] = [
                    *result.params.tolist(), *result.std_errors.tolist(), result.loglik, result.aic,
                    *result.predicted.ravel().tolist(),
                    *delta.estimates.ravel().tolist(), *delta.std_errors.ravel().tolist(),
                    *drawn.std_errors.ravel().tolist(),
                ]  # fmt: skip
    numbers["summary"] = str(SpatialLag((ids, standardise(queen))).fit_arrays(Y, X).summary())
    return numbers


def run(python, code, **environment):
    """Standard output of a fresh interpreter that finds this package."""
    keep = {
        name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
    }
    done = subprocess.run(
        [str(python), "-W", "error", "-c", code],
        env={**keep, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory):
    """An interpreter with numpy and scipy and no other package."""
    home = tmp_path_factory.mktemp("bare") / "env"
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(home)
    windows = os.name == "nt"
    python = home / ("Scripts/python.exe" if windows else "bin/python")
    packages = run(python, "import sysconfig; print(sysconfig.get_path('purelib'))", PYTHONPATH="").strip()
    for module in (np, scipy):
        source = Path(module.__file__).parent
        for part in (source, source.with_name(source.name + ".libs")):
            if part.exists():
                target = Path(packages) / part.name
                shutil.copytree(part, target) if windows else target.symlink_to(
                    part, target_is_directory=True
                )
    return python


def test_the_bare_environment_is_bare(bare_python):
    names = (*HEAVY, "numpy", "scipy", "pip")
    code = f"from importlib.util import find_spec; print([name for name in {names!r} if find_spec(name)])"
    assert run(bare_python, code).strip() == "['numpy', 'scipy']"


def test_the_core_gives_the_same_numbers_in_it(bare_python):
    here = Path(__file__)
    code = (
        "import importlib.util, json, sys, types\n"
        "sys.modules['pytest'] = types.SimpleNamespace(fixture=lambda **_: lambda f: f)\n"
        f"spec = importlib.util.spec_from_file_location('light', {str(here)!r})\n"
        "light = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(light)\n"
        "print(json.dumps(light.core_numbers()))\n"
    )
    there, ours = json.loads(run(bare_python, code)), core_numbers()
    assert there.keys() == ours.keys() and len(ours) == 19
    assert there["queen"] == ours["queen"] and there["rook"] == ours["rook"] == 34
    assert there["summary"] == ours["summary"]
    for name in ours.keys() - {"queen", "rook", "summary"}:
        assert np.isfinite(ours[name]).all()
        np.testing.assert_allclose(there[name], ours[name], rtol=1e-10, atol=1e-12, err_msg=name)


def test_links_of_a_lattice_of_squares():
    links = np.array(core_numbers()["queen"])
    place = np.array([(r, c) for r in range(3) for c in range(4)])
    expected = np.abs(place[:, None] - place[None]).max(-1) == 1
    np.testing.assert_array_equal(links, expected)


def test_labelled_views_say_what_is_missing(bare_python):
    code = (
        "import numpy as np, spatialhealth as sh\n"
        "W = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]])\n"
        "rng = np.random.default_rng(0)\n"
        "model = sh.SLX((list('abc'), W)).fit_arrays(rng.normal(size=(6, 3)), rng.normal(size=(6, 3, 1)))\n"
        "asked = (lambda: model.params_, lambda: model.residuals_, lambda: model.impacts().table,\n"
        "         lambda: model.impacts().contrast('x1'), lambda: model.impacts().local('x1'))\n"
        "for ask in asked:\n"
        "    try:\n        ask()\n"
        "    except sh.errors.MissingLibraryError as error:\n        print(error)\n"
        "print(model.summary(), model.impacts())\n"
    )
    said = run(bare_python, code)
    assert said.count("needs pandas, which is not installed here") == 5
    assert "use result_.params and result_.param_names" in said
    assert "Effects on y" in said and "SLX model of y" in said


LOADED = "import sys; print(sorted({name.split('.')[0] for name in sys.modules}))"


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); import spatialhealth\n"
        f"print(sorted(set(sys.modules) - before))\n{LOADED}"
    )
    new, loaded = run(sys.executable, code).splitlines()
    assert "'spatialhealth'" in new
    assert not [name for name in (*HEAVY, "scipy") if repr(name) in loaded]
    assert "scipy" not in new


def test_fitting_arrays_loads_nothing_heavy_either():
    code = (
        "import numpy as np, spatialhealth as sh\n"
        "W = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]])\n"
        "rng = np.random.default_rng(0)\n"
        "model = sh.SpatialDurbin((list('abc'), W), effects='entity')\n"
        "model.fit_arrays(rng.normal(size=(6, 3)), rng.normal(size=(6, 3, 1))).impacts(method='simulate', draws=20)\n"
        "str(model.summary())\n"
    )
    loaded = run(sys.executable, code + LOADED)
    assert "'scipy'" in loaded and "'spatialhealth'" in loaded
    assert not [name for name in HEAVY if repr(name) in loaded]
