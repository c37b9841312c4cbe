"""What every tool does: says what it is, reports, can be stopped, and turns errors into sentences."""

import sys
import warnings
from importlib.util import find_spec

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingParameterDefinition

from .hints import hint
from .translate import tr
from .work import Cancelled, Work

PYTHON = (3, 11)


def is_ours(error):
    """Tell whether an error is one that the package raises on purpose, with a message for users."""
    return type(error).__module__ == "spatialhealth.errors"


def lacking():
    """Say in one sentence what this QGIS lacks, or nothing."""
    if sys.version_info < PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        return tr(
            "Spatial Health needs Python 3.11 or newer, and this QGIS has {}: install a newer QGIS."
        ).format(found)
    absent = [name for name in ("numpy", "scipy") if find_spec(name) is None]
    if absent:
        return tr(
            "Spatial Health needs {}, which this QGIS does not have: on Debian and Ubuntu type "
            "'sudo apt install python3-numpy python3-scipy'; in the OSGeo4W shell of Windows, and in a terminal "
            "with the python3 of QGIS on macOS, 'python3 -m pip install \"numpy<2\" scipy'."
        ).format(", ".join(absent))
    return ""


class Tool(QgsProcessingAlgorithm):
    """Base of the tools; each says what it is in these attributes, and does it in `compute`."""

    NAME = TITLE = GROUP = SUMMARY = HELP = ""
    TAGS = ()

    def createInstance(self):
        """Give another one, as QGIS asks for each run."""
        return type(self)()

    def name(self):
        """Give the id, which scripts and models use."""
        return self.NAME

    def displayName(self):
        """Give the name in the toolbox."""
        return tr(self.TITLE)

    def group(self):
        """Give the heading in the toolbox."""
        return tr(self.GROUP)

    def groupId(self):
        """Give the id of the heading."""
        return self.GROUP.lower().replace(" ", "_")

    def tags(self):
        """Give words to search by."""
        return list(self.TAGS)

    def shortDescription(self):
        """Give one line."""
        return tr(self.SUMMARY)

    def shortHelpString(self):
        """Give the help beside the dialog."""
        return tr(self.HELP)

    def canExecute(self):
        """Say in the dialog what is lacking."""
        said = lacking()
        return not said, said

    def add(self, parameter, advanced=False):
        """Add a parameter, with its hint."""
        if advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        parameter.setHelp(tr(hint(self.NAME, parameter.name())))
        self.addParameter(parameter)

    def processAlgorithm(self, parameters, context, feedback):
        """Run the tool."""
        said = lacking()  # qgis_process does not ask canExecute
        if said:
            raise QgsProcessingException(said)
        from spatialhealth._progress import reporting
        from spatialhealth.errors import SpatialHealthWarning

        work = Work(self, parameters, context, feedback)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                with reporting(work.report):
                    results = self.compute(work)
            except Cancelled:
                return {}
            except MemoryError:
                raise QgsProcessingException(
                    tr("There is not enough memory for this many features or links.")
                ) from None
            except OSError as error:
                raise QgsProcessingException(
                    tr("A file cannot be read or written: {}: {}.").format(error.filename, error.strerror)
                ) from None
            except (ValueError, ImportError) as error:
                if not is_ours(error):
                    raise
                raise QgsProcessingException(_sentence(error)) from None
        ours = [str(each.message) for each in caught if issubclass(each.category, SpatialHealthWarning)]
        for said in dict.fromkeys(ours):  # the models of a report's tests say the same of the same data
            feedback.pushWarning(said)
        return results

    def compute(self, work):
        """Do the work, and give the results by name of output."""
        raise NotImplementedError


def _sentence(error):
    """Give the message of an error, with its notes."""
    return " ".join([str(error), *(f"({note})" for note in getattr(error, "__notes__", ()))])
