"""Tests inside QGIS run by `make test-qgis`; where there is no QGIS, as in `make test`, they are left out."""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# PyQGIS belongs to the system's Python; another one finds it when told where
if os.environ.get("SPATIALHEALTH_PYQGIS"):
    sys.path += os.environ["SPATIALHEALTH_PYQGIS"].split(os.pathsep)

HAS_QGIS = find_spec("qgis") is not None
if not HAS_QGIS:
    collect_ignore_glob = ["test_in_qgis_*.py"]

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "sample_data"


@pytest.fixture(scope="session")
def qgis():
    """An application of QGIS without windows, with Processing."""
    from qgis.core import QgsApplication, QgsProject

    sys.path.append("/usr/share/qgis/python/plugins")
    app = QgsApplication([], False)
    app.initQgis()
    from processing.core.Processing import Processing

    Processing.initialize()
    yield app
    QgsProject.instance().clear()
    gc.collect()
    app.exitQgis()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """End without the interpreter's own end, at which objects of QGIS that pytest holds outlive their application."""
    if "qgis._core" in sys.modules and hasattr(config, "_ended_with"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(config._ended_with))


def pytest_sessionfinish(session, exitstatus):
    """Keep the status of the tests."""
    session.config._ended_with = exitstatus


@pytest.fixture(scope="session")
def tools(qgis):
    """The plug-in from the zip that is shipped, loaded."""
    import spatialhealth

    folder = os.environ["SPATIALHEALTH_PLUGIN"]
    assert spatialhealth.__file__.startswith(folder), spatialhealth.__file__
    plugin = spatialhealth.classFactory(None)
    plugin.initProcessing()
    yield plugin.provider
    plugin.unload()


@pytest.fixture(scope="session")
def reference():
    """What the Python package gives in an environment with pandas, geopandas, libpysal and esda."""
    return json.loads(Path(os.environ["SPATIALHEALTH_REFERENCE"]).read_text())
