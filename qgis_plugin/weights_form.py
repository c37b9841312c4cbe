"""The part of a dialog that asks for spatial weights, and the weights that it asks for."""

import numpy as np
from qgis.core import (
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
)

from .translate import tr
from .units import warn_of_mercator

KINDS = ("queen", "rook", "knn", "band", "file")
STANDARDS = ("row", "spectral", None)


def add_weights(tool):
    """Add the parameters."""
    integer, double = QgsProcessingParameterNumber.Type.Integer, QgsProcessingParameterNumber.Type.Double
    options = [
        tr("Queen contiguity (a common vertex)"),
        tr("Rook contiguity (a common edge)"),
        tr("Nearest neighbours (8, or as many as Advanced says)"),
        tr("Distance band (100 km, or what Advanced says)"),
        tr("File of links, CSV or GAL (under Advanced)"),
    ]
    tool.add(QgsProcessingParameterEnum("WEIGHTS", tr("Spatial weights"), options=options, defaultValue=0))
    for number in (
        QgsProcessingParameterNumber("ORDER", tr("Weights: order of contiguity"), integer, 1, False, 1, 50),
        QgsProcessingParameterNumber("K", tr("Weights: number of nearest neighbours"), integer, 8, False, 1),
        QgsProcessingParameterNumber(
            "DISTANCE", tr("Weights: greatest distance (metres)"), double, 100_000, False, 0
        ),
    ):
        tool.add(number, advanced=True)
    file = QgsProcessingParameterFile("LINKS", tr("Weights: file of links"), extension="", optional=True)
    tool.add(file, advanced=True)
    names = [tr("Rows sum to one"), tr("Spectral radius of one"), tr("As they are")]
    tool.add(
        QgsProcessingParameterEnum(
            "STANDARDISE", tr("Weights: standardisation"), options=names, defaultValue=0
        ),
        advanced=True,
    )


def build_weights(work, layer, ids):
    """Give (ids, matrix) of the features of a layer, each a unit."""
    from spatialhealth.weights import band_links, contiguity_links, knn_links, standardise

    kind = work.choice("WEIGHTS", KINDS)
    if kind in ("knn", "band"):
        warn_of_mercator(work, layer)
    if kind in ("queen", "rook"):
        links = contiguity_links(layer.polygons(), kind == "rook", work.whole("ORDER"))
    elif kind == "knn":
        links = knn_links(layer.places(), work.whole("K"), layer.geographic)
    elif kind == "band":
        links = band_links(layer.places(), work.number("DISTANCE"), layer.geographic)
    else:
        links = _from_file(work, ids)
    matrix = standardise(links, work.choice("STANDARDISE", STANDARDS))
    report_isolates(work, ids, matrix)
    return ids, matrix


def _from_file(work, ids):
    from spatialhealth.errors import OptionError
    from spatialhealth.qgis.links import read_links

    path = work.tool.parameterAsFile(work.parameters, "LINKS", work.context)
    if not path:
        raise OptionError("Give the file of links, or choose other spatial weights.")
    return read_links(path, ids)


def isolates_of(ids, matrix):
    """Give the units without neighbours."""
    return ids[np.diff(matrix.indptr) == 0]


def report_isolates(work, ids, matrix):
    """Say how many links there are, and who has none."""
    from spatialhealth.errors import some

    alone = isolates_of(ids, matrix)
    work.say(tr("{} units, {} links").format(f"{len(ids):,}", f"{matrix.nnz:,}"))
    if len(alone):
        work.warn(
            tr("{} units have no neighbour: {}. If they should have some, borders may not meet exactly: see the "
               "tool 'Snap geometries to layer'.").format(len(alone), some(alone.tolist()))
        )  # fmt: skip


def words_of_weights(work, layer_name="layer"):
    """Give the Python that builds the same weights."""
    kind = work.choice("WEIGHTS", KINDS)
    standard = work.choice("STANDARDISE", STANDARDS)
    tail = "" if standard == "row" else f", standardise={standard!r}"
    if kind in ("queen", "rook"):
        order = work.whole("ORDER")
        parts = (f", order={order}" if order > 1 else "") + (", rook=True" if kind == "rook" else "")
        return f"W = sh.weights.contiguity({layer_name}{parts}{tail})"
    if kind == "knn":
        return f"W = sh.weights.knn({layer_name}, k={work.whole('K')}{tail})"
    if kind == "band":
        return f"W = sh.weights.distance_band({layer_name}, threshold={work.number('DISTANCE')!r}{tail})"
    path = work.tool.parameterAsFile(work.parameters, "LINKS", work.context)
    return (
        "from spatialhealth.qgis.links import read_links\n"
        f"ids = {layer_name}.index.to_numpy()\n"
        f"W = (ids, sh.weights.standardise(read_links({path!r}, ids), {standard!r}))"
    )
