"""Spatial weights: links between features as lines, and as files."""

import numpy as np
from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsWkbTypes,
)

from .tool import Tool
from .translate import tr
from .units import complete_rows, ids_of
from .weights_form import add_weights, build_weights, isolates_of
from .work import ANY, EVERY, source_parameter


class WeightsTool(Tool):
    """Builds spatial weights."""

    NAME, TITLE, GROUP = "weights", "Spatial weights", "Weights and clusters"
    SUMMARY = "Which features are neighbours: contiguity, nearest neighbours, distance, as lines and files"
    HELP = (
        "<p>Finds which features are neighbours, and with what weight.</p>"
        "<p><b>Contiguity</b> needs polygons whose borders meet in the same vertices. <b>Distances</b> are between "
        "centroids, in metres, along geodesics if coordinates are degrees.</p>"
        "<p>The links come as lines between centroids (focal, neighbor, weight), as a CSV table and as a GAL file. "
        "Features without neighbours are named in the log.</p>"
    )
    TAGS = ("weights", "neighbours", "contiguity", "queen", "rook", "knn", "distance", "gal", "spatial lag")

    def initAlgorithm(self, config=None):
        """Say what goes in and comes out."""
        self.add(source_parameter("INPUT", tr("Layer"), [ANY]))
        self.add(QgsProcessingParameterField("UNIT", tr("Field of ids"), None, "INPUT", optional=True))
        add_weights(self)
        self.add(QgsProcessingParameterFeatureSink("OUTPUT", tr("Links"), optional=True))
        csv = QgsProcessingParameterFileDestination(
            "CSV", tr("Table of links"), tr("CSV files (*.csv)"), optional=True, createByDefault=False
        )
        gal = QgsProcessingParameterFileDestination(
            "GAL", tr("GAL file"), tr("GAL files (*.gal)"), optional=True, createByDefault=False
        )
        self.add(csv)
        self.add(gal)
        for name, text in (
            ("N", tr("Units")),
            ("LINKS_COUNT", tr("Links")),
            ("ISOLATES", tr("Units without neighbours")),
            ("MEAN_NEIGHBOURS", tr("Mean number of neighbours")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, text))
        self.addOutput(QgsProcessingOutputString("ISOLATE_IDS", tr("Which have none")))

    def compute(self, work):
        """Build, and write what was asked for."""
        from spatialhealth.qgis.links import write_csv, write_gal
        from spatialhealth.weights.ids import check_once, id_array

        unit = work.text("UNIT")
        work.stage(0, 30, tr("Reading the layer"))
        layer = work.read("INPUT", [unit] if unit else [])
        used = layer.kept(complete_rows(work, layer, []))
        ids = id_array(ids_of(used, unit))
        check_once(ids)
        work.stage(30, 60, tr("Finding neighbours"))
        _, matrix = build_weights(work, used, ids)
        alone = isolates_of(ids, matrix)
        results = {
            "N": len(ids),
            "LINKS_COUNT": int(matrix.nnz),
            "ISOLATES": len(alone),
            "ISOLATE_IDS": ", ".join(map(str, alone.tolist())),
            "MEAN_NEIGHBOURS": matrix.nnz / len(ids),
        }
        work.stage(60, 100, tr("Writing"))
        for name, write in (("CSV", write_csv), ("GAL", write_gal)):
            path = work.file(name)
            if path:
                write(path, ids, matrix)
                results[name] = path
        if work.wants("OUTPUT"):
            results["OUTPUT"] = self._lines(work, used, ids, matrix)
        return results

    def _lines(self, work, layer, ids, matrix):
        """Write a line for each link."""
        from spatialhealth.qgis.values import attribute, qgis_field

        fields = QgsFields()
        for field in (
            qgis_field("focal", ids),
            qgis_field("neighbor", ids),
            qgis_field("weight", np.zeros(1)),
        ):
            fields.append(QgsField(field))
        source = work.source("INPUT")
        sink, dest = work.sink("OUTPUT", fields, QgsWkbTypes.Type.LineString, source.sourceCrs())
        ends = [QgsPointXY(x, y) for x, y in layer.points.tolist()]
        names = [attribute(each) for each in ids.tolist()]
        rows = np.repeat(np.arange(len(ids)), np.diff(matrix.indptr)).tolist()
        links = zip(rows, matrix.indices.tolist(), matrix.data.tolist(), strict=True)
        for done, (row, column, weight) in enumerate(links):
            if done % EVERY == 0:
                work.report(done / matrix.nnz)
            feature = QgsFeature(fields)
            feature.setGeometry(QgsGeometry.fromPolylineXY([ends[row], ends[column]]))
            feature.setAttributes([names[row], names[column], weight])
            work.put(sink, feature)
        return dest
