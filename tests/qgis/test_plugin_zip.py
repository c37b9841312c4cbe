"""The zip of the plug-in: the same each time, without faults; and each fault is found."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("qgis_plugin_builder", ROOT / "tools" / "qgis_plugin.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built(builder, tmp_path_factory):
    return builder.build(tmp_path_factory.mktemp("dist"))


def test_it_is_without_faults_and_imports_with_numpy_and_scipy_only(builder, built, tmp_path):
    assert builder.faults(built) == []
    assert "modules import with numpy and scipy only" in builder.imports(built)
    assert builder.build(tmp_path).read_bytes() == built.read_bytes()
    assert built.stat().st_size < 2**20


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("spatialhealth/bad.py", "import pickle\n", "imports pickle"),
        ("spatialhealth/bad.py", "from subprocess import run\n", "imports subprocess"),
        ("spatialhealth/bad.py", "eval('1')\n", "calls eval"),
        ("spatialhealth/bad.py", "import os\nos.system('ls')\n", "calls os.system"),
        ("spatialhealth/bad.py", "run('ls', shell=True)\n", "asks for a shell"),
        ("spatialhealth/lib.so", "", "must not be in the zip"),
        ("spatialhealth/run.sh", "", "must not be in the zip"),
        ("spatialhealth/__pycache__/a.py", "", "must not be in the zip"),
        ("other/a.py", "", "one top folder"),
    ],
)
def test_a_fault_is_found(builder, built, tmp_path, name, text, words):
    spoilt = tmp_path / "spoilt.zip"
    spoilt.write_bytes(built.read_bytes())
    with zipfile.ZipFile(spoilt, "a") as out:
        out.writestr(name, text)
    assert any(words in fault for fault in builder.faults(spoilt))


@pytest.mark.parametrize("key", ["about=", "tracker=", "hasProcessingProvider=", "version="])
def test_metadata_that_lack_something(builder, built, tmp_path, key):
    spoilt = tmp_path / "spoilt.zip"
    with zipfile.ZipFile(built) as inside, zipfile.ZipFile(spoilt, "w") as out:
        for name in inside.namelist():
            text = inside.read(name).decode()
            if name.endswith("metadata.txt"):
                text = "\n".join(line for line in text.splitlines() if not line.startswith(key))
            out.writestr(name, text)
    assert builder.faults(spoilt)
