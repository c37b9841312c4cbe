"""Run inside the desktop by `make test-qgis`: qgis.bin --code desktop.py. Loads, runs a tool, shoots the screen."""

import os
import traceback
from pathlib import Path

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QTimer
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
    layer.setName("Emitted effects of tertiary hospitals (simulated)")
    iface.setActiveLayer(layer)
    QgsProject.instance().layerTreeRoot().findLayer(cities.id()).setItemVisibilityChecked(False)
    iface.mapCanvas().setDestinationCrs(layer.crs())
    iface.mapCanvas().setExtent(layer.extent())
    iface.mapCanvas().refresh()
    iface.layerTreeView().expandAll()
    toolbox = iface.mainWindow().findChild(QDockWidget, "ProcessingToolbox")
    if toolbox is not None:
        toolbox.show()
        toolbox.searchBox.setText("spatial health") if hasattr(toolbox, "searchBox") else None
    QTimer.singleShot(4000, dialog)


@guarded
def dialog():
    import processing

    kept["dialog"] = processing.createAlgorithmDialog(
        "spatialhealth:moran", {"INPUT": kept["cities"], "FIELD": "gdp_per_capita"}
    )
    kept["dialog"].resize(700, 480)
    kept["dialog"].move(330, 380)
    kept["dialog"].show()
    QTimer.singleShot(2500, shoot)


@guarded
def shoot():
    QGuiApplication.primaryScreen().grabWindow(0).save(str(OUT / "qgis.png"))
    kept["dialog"].runButton().click()  # in a background thread, as for a person
    QTimer.singleShot(6000, see)


@guarded
def see():
    names = [layer.name() for layer in QgsProject.instance().mapLayers().values()]
    log("layers", sorted(names))
    assert "Clusters" in names
    QGuiApplication.primaryScreen().grabWindow(0).save(str(OUT / "after.png"))
    kept.pop("dialog").close()
    end()


def end():
    log("done")
    QgsProject.instance().setDirty(False)
    iface.actionExit().trigger()


QTimer.singleShot(1500, load)
