"""One run of a tool: its parameters read, its progress told, its layers written."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSource,
    QgsProviderRegistry,
    QgsWkbTypes,
)

from .translate import tr

EVERY = 500  # features between two reports
POLYGONS = QgsProcessing.SourceType.TypeVectorPolygon
ANY = QgsProcessing.SourceType.TypeVectorAnyGeometry
TABLE = QgsProcessing.SourceType.TypeVector


class Cancelled(Exception):
    """The user pressed Cancel."""


class Styler(QgsProcessingLayerPostProcessorInterface):
    """Colours a layer once it is loaded, in the main thread."""

    kept: ClassVar[
        list
    ] = []  # QGIS holds no reference of its own, and a styler that is collected styles nothing

    def __init__(self, column, colours=None):
        super().__init__()
        self.column, self.colours = column, colours
        del self.kept[:-20]
        self.kept.append(self)

    def postProcessLayer(self, layer, context, feedback):
        """Colour the layer."""
        from spatialhealth.qgis.styles import style_layer

        style_layer(layer, self.column, self.colours)


class Unchecked:
    """A source that gives every feature, whatever its geometry.

    The check of QGIS itself throws through Python's iterator, which does not survive that.
    """

    def __init__(self, source):
        self.source = source

    def __getattr__(self, name):
        return getattr(self.source, name)

    def getFeatures(self, request):
        """Give the features."""
        return self.source.getFeatures(
            request, QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        )


class Work:
    """Parameters, progress and outputs of one run."""

    def __init__(self, tool, parameters, context, feedback):
        self.tool, self.parameters, self.context, self.feedback = tool, parameters, context, feedback
        self.low, self.high = 0.0, 100.0

    def stage(self, low, high, text=""):
        """Say which part of the way begins."""
        self.low, self.high = low, high
        if text:
            self.feedback.pushInfo(text)
        self.report(0.0)

    def report(self, share):
        """Say how far this part has come; end the work if the user has cancelled."""
        if self.feedback.isCanceled():
            raise Cancelled
        self.feedback.setProgress(self.low + (self.high - self.low) * share)

    def say(self, text):
        """Write a line into the log."""
        self.feedback.pushInfo(text)

    def warn(self, text):
        """Write a warning into the log."""
        self.feedback.pushWarning(text)

    def given(self, name):
        """Tell whether a parameter was given."""
        return self.parameters.get(name) not in (None, "", [])

    def text(self, name):
        """Give text."""
        return self.tool.parameterAsString(self.parameters, name, self.context).strip()

    def whole(self, name):
        """Give a whole number."""
        return self.tool.parameterAsInt(self.parameters, name, self.context)

    def number(self, name):
        """Give a number, or None if it was left out."""
        if not self.given(name) and self.tool.parameterDefinition(name).defaultValue() is None:
            return None
        return self.tool.parameterAsDouble(self.parameters, name, self.context)

    def truth(self, name):
        """Give a truth value."""
        return self.tool.parameterAsBool(self.parameters, name, self.context)

    def choice(self, name, options):
        """Give one of the options by the place that was chosen."""
        return options[self.tool.parameterAsEnum(self.parameters, name, self.context)]

    def fields(self, name):
        """Give names of fields."""
        # QGIS 3.22 has the one, QGIS 4 the other
        read = getattr(self.tool, "parameterAsStrings", None) or self.tool.parameterAsFields
        return [field for field in read(self.parameters, name, self.context) if field]

    def file(self, name):
        """Give the path of an output file, or nothing."""
        return self.tool.parameterAsFileOutput(self.parameters, name, self.context)

    def source(self, name):
        """Give a source of features."""
        source = self.tool.parameterAsSource(self.parameters, name, self.context)
        if source is None:
            raise QgsProcessingException(self.tool.invalidSourceError(self.parameters, name))
        return source

    def layer(self, name):
        """Give the layer behind a source, or None if there is none."""
        value = self.parameters.get(name)
        if isinstance(value, QgsProcessingFeatureSourceDefinition):
            value = value.source
        return self.tool.parameterAsVectorLayer({**self.parameters, name: value}, name, self.context)

    def beyond(self, name, fields):
        """Say why no file holds just the features of a source with these fields, or nothing if one does."""
        layer = self.layer(name)
        if layer is None or layer.providerType() not in ("ogr", "delimitedtext"):
            return "a layer in memory, of a database or of a query"
        if self.source(name).featureCount() != layer.featureCount():
            return "a selection"
        if layer.isModified():
            return "edits that are not saved"
        if not {field.name() for field in layer.dataProvider().fields()} >= set(fields):
            return "joined or computed fields"
        subset = " ".join(layer.subsetString().split())
        if (subset and layer.providerType() == "delimitedtext") or subset.upper().startswith("SELECT "):
            return f"the filter {subset}"
        return "one kind of geometry" if "|geometrytype=" in layer.source().lower() else ""

    def read(self, name, fields, geometry=True):
        """Read a source into arrays."""
        from spatialhealth.qgis import layer_arrays

        source = Unchecked(self.source(name))
        layer = layer_arrays(source, fields, geometry=geometry, report=self.report)
        return self._without_invalid(layer, source) if geometry else layer

    def _without_invalid(self, layer, source):
        """Treat invalid geometries as Processing is set: refuse, leave out, or take them as they are."""
        check, checks = self.context.invalidGeometryCheck(), QgsFeatureRequest.InvalidGeometryCheck
        if check == checks.GeometryNoCheck:
            return layer
        request = QgsFeatureRequest().setNoAttributes()
        invalid = [
            feature.id()
            for feature in source.getFeatures(request)
            if feature.hasGeometry() and not feature.geometry().isGeosValid()
        ]
        if invalid and check == checks.GeometryAbortOnInvalid:
            raise QgsProcessingException(
                tr("{} features of {} have an invalid geometry, such as the one with id {}. Mend them by 'Fix "
                   "geometries', or have Processing ignore them.").format(
                    len(invalid), source.sourceName(), invalid[0]
                )
            )  # fmt: skip
        wkb = [
            None if lost else each
            for each, lost in zip(layer.wkb, np.isin(layer.fids, invalid).tolist(), strict=True)
        ]
        return replace(layer, wkb=wkb)

    def write(self, output, name, columns, geometries=None, crs=None, kept=None):
        """Write the features of a source with further columns, and give the layer and what the columns are called.

        `columns` hold one value a feature of the source, NaN or None for NULL; `geometries`, well-known binary, take
        the place of those of the source; `kept` tells which features are written, all by default.
        """
        from spatialhealth.qgis.values import attribute, qgis_field

        source = Unchecked(self.source(name))
        fields, taken = source.fields(), {field.name().lower() for field in source.fields()}
        called = {}
        for column, values in columns.items():
            free = column
            while free.lower() in taken:
                free += "_"
            taken.add(free.lower())
            called[column] = free
            fields.append(qgis_field(free, values))
        kind = source.wkbType() if geometries is None else QgsWkbTypes.Type.MultiPolygon
        where = source.sourceCrs() if crs is None else crs
        sink, dest = self.sink(output, fields, kind, where)
        values = [column.tolist() for column in columns.values()]
        total = max(source.featureCount(), 1)
        for row, feature in enumerate(source.getFeatures(QgsFeatureRequest())):
            if row % EVERY == 0:
                self.report(row / total)
            if kept is not None and not kept[row]:
                continue
            out = QgsFeature(fields)
            out.setGeometry(feature.geometry() if geometries is None else shape(geometries[row]))
            out.setAttributes(feature.attributes() + [attribute(column[row]) for column in values])
            self.put(sink, out)
        return dest, called

    def wants(self, output):
        """Tell whether an output that may be skipped is wanted."""
        definition = self.tool.parameterDefinition(output)
        optional = bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)
        return not optional or self.parameters.get(output) not in (None, "")

    def sink(self, output, fields, kind, crs):
        """Open an output, unless it is the file of an input or of another output, which would be lost."""
        path = self._path(output)
        for definition in self.tool.parameterDefinitions() if path else ():
            other = definition.name()
            if definition.type() == "source" and self.given(other):
                self._refuse_same(path, self._file_of(other), definition)
            elif definition.type() == "sink" and other != output:
                self._refuse_same(path, self._path(other), definition)
        sink, dest = self.tool.parameterAsSink(self.parameters, output, self.context, fields, kind, crs)
        if sink is None:
            raise QgsProcessingException(self.tool.invalidSinkError(self.parameters, output))
        return sink, dest

    def _file_of(self, name):
        layer = self.layer(name)
        if layer is None:
            return ""
        return QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path", "")

    def _path(self, output):
        """Give the file that an output was asked to be, if it is one."""
        asked = self.parameters.get(output)
        text = asked.sink.staticValue() if hasattr(asked, "sink") else asked
        return text if isinstance(text, str) and Path(text).suffix else ""

    def _refuse_same(self, path, other, definition):
        if other and Path(other).resolve() == Path(path).resolve():
            raise QgsProcessingException(
                tr("{} is the file of '{}' too, which would be lost. Choose another file.").format(
                    path, definition.description()
                )
            )

    def put(self, sink, feature):
        """Write one feature."""
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise QgsProcessingException(
                tr(
                    "A feature could not be written: is the disk full, the file in use, or a field 'fid' not unique?"
                )
            )

    def style(self, dest, column, colours=None):
        """Colour an output by a column when it is loaded."""
        if self.context.willLoadLayerOnCompletion(dest):
            details = self.context.layerToLoadOnCompletionDetails(dest)
            details.setPostProcessor(Styler(column, colours))

    def html(self, output, page):
        """Write a report, and give its path."""
        path = self.file(output)
        if not path:
            return {}
        Path(path).write_text(page, encoding="utf-8")
        return {output: str(Path(path).resolve())}


def shape(binary):
    """Give the geometry of well-known binary, as a multiple one."""
    from qgis.core import QgsGeometry

    geometry = QgsGeometry()
    if binary is not None:
        geometry.fromWkb(binary)
        geometry.convertToMultiType()
    return geometry


def source_parameter(name, text, kinds, optional=False):
    """Make a parameter for a layer."""
    return QgsProcessingParameterFeatureSource(name, text, kinds, optional=optional)
