"""Run inside the desktop by `make test-qgis`: qgis.bin --code desktop.py. Loads, runs a tool, shoots the screen."""

import os
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface, plugins

ROOT = Path(os.environ["SPATIALHEALTH_ROOT"])
OUT = Path(os.environ["SPATIALHEALTH_SHOTS"])
LOG = (OUT / "desktop.log").open("w")
kept = {}


def log(*words):
    LOG.write(" ".join(map(str, words)) + "\n")
    LOG.flush()


def guarded(step):
    def run():
        try:
            step()
        except Exception:
            log(traceback.format_exc())
            end()

    return run


@guarded
def load():
    import processing

    assert "spatialhealth" in plugins, sorted(plugins)
    window = iface.mainWindow()
    window.setGeometry(0, 0, 1400, 900)
    window.findChild(QDockWidget, "Browser").hide()
    cities = iface.addVectorLayer(str(ROOT / "sample_data" / "china_cities.gpkg"), "Cities", "ogr")
    panel = iface.addVectorLayer(
        f"file://{ROOT}/sample_data/hospital_panel.csv?type=csv&detectTypes=yes&geomType=none",
        "Panel (simulated)",
        "delimitedtext",
    )
    kept.update(cities=cities)
    found = processing.runAndLoadResults(
        "spatialhealth:effects_map",
        {
            "INPUT": panel, "FORMULA": "log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", "MODEL": 0,
            "UNIT": "city", "PERIOD": "year", "EFFECTS": 3, "UNITS": cities, "UNITS_ID": "city", "WEIGHTS": 0,
            "VARIABLE": "tertiary", "OUTPUT": "TEMPORARY_OUTPUT",
        },
    )  # fmt: skip
    log("results", {name: value for name, value in found.items() if name != "OUTPUT"})
    layer = QgsProject.instance().mapLayersByName("Effects by unit")[0]
    log("renderer", type(layer.renderer()).__name__, "classes", len(layer.renderer().ranges()))
    layer.setName("Emitted effects (simulated)")
    iface.setActiveLayer(layer)
    QgsProject.instance().layerTreeRoot().findLayer(cities.id()).setItemVisibilityChecked(False)
    iface.mapCanvas().setDestinationCrs(layer.crs())
    iface.mapCanvas().setExtent(layer.extent())
    iface.mapCanvas().refresh()
    iface.layerTreeView().expandAll()
    toolbox = window.findChild(QDockWidget, "ProcessingToolbox")
    toolbox.show()
    toolbox.searchBox.setText("spatial health")
    window.resizeDocks(
        [window.findChild(QDockWidget, "Layers"), toolbox], [390, 290], Qt.Orientation.Horizontal
    )
    QTimer.singleShot(1500, fit)
    QTimer.singleShot(6000, dialog)


@guarded
def fit():
    iface.mapCanvas().setExtent(iface.activeLayer().extent())
    iface.mapCanvas().refresh()


@guarded
def dialog():
    import processing

    kept["dialog"] = processing.createAlgorithmDialog(
        "spatialhealth:moran", {"INPUT": kept["cities"], "FIELD": "gdp_per_capita"}
    )
    kept["dialog"].show()
    QTimer.singleShot(1500, click)


@guarded
def click():
    kept["dialog"].runButton().click()  # in a background thread, as for a person
    QTimer.singleShot(6000, see)


@guarded
def see():
    names = [layer.name() for layer in QgsProject.instance().mapLayers().values()]
    log("layers", sorted(names))
    assert "Clusters" in names
    reports = [result.name for result in results()]
    log("results viewer", reports)
    assert reports == ["Report"]
    shoot("dialog.png")
    kept.pop("dialog").close()
    for layer in QgsProject.instance().mapLayersByName("Clusters"):
        QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(False)
        QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setExpanded(False)
    QTimer.singleShot(2500, picture)


@guarded
def picture():
    shoot("qgis.png")
    QTimer.singleShot(100, batch)


@guarded
def batch():
    """Two rows of the batch dialog, filled in as a person would."""
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
    from processing.tools import dataobjects

    tool = QgsApplication.processingRegistry().createAlgorithmById("spatialhealth:moran")
    window = BatchAlgorithmDialog(tool, iface.mainWindow())
    window.show()
    panel = window.mainWidget()
    context = dataobjects.createContext()
    fields = ("gdp_per_capita", "population")
    panel.addRow(len(fields) - panel.batchRowCount())
    for row, field in enumerate(fields):
        for name, value in (("INPUT", kept["cities"].id()), ("FIELD", field)):
            panel.wrappers[row][panel.parameter_to_column[name]].setParameterValue(value, context)
        # the report stays empty: QGIS, 3.44 included, fails to list reports of a batch
        cell = panel.tblParameters.cellWidget(row + 1, panel.parameter_to_column["OUTPUT"])
        cell.setValue(str(OUT / f"batch_{field}.gpkg"))
    kept.update(batch=window, outputs={field: str(OUT / f"batch_{field}.gpkg") for field in fields})
    window.runButton().click()  # at once in QGIS 3.22, in the background later
    wait_for_batch()


def wait_for_batch(left=60):
    written = [Path(path).exists() for path in kept["outputs"].values()]
    ready = all(written) and kept["batch"].runButton().isEnabled()
    QTimer.singleShot(500, see_batch if ready or not left else lambda: wait_for_batch(left - 1))


@guarded
def see_batch():
    for field, path in kept["outputs"].items():
        layer = QgsVectorLayer(path, field, "ogr")
        log("batch", field, layer.featureCount())
        assert layer.featureCount() == kept["cities"].featureCount()
    log("results viewer", [result.name for result in results()])
    kept.pop("batch").close()
    QTimer.singleShot(1500, end)


def results():
    from processing.core.ProcessingResults import resultsList

    return resultsList.getResults()


def shoot(name):
    QGuiApplication.primaryScreen().grabWindow(0).save(str(OUT / name))


def end():
    log("done")
    QgsProject.instance().setDirty(False)
    iface.actionExit().trigger()


QTimer.singleShot(1500, load)
