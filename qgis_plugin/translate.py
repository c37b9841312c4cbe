"""What users read, in their language where there is a translation."""

from qgis.PyQt.QtCore import QCoreApplication


def tr(text):
    """Translate a text of the plug-in."""
    return QCoreApplication.translate("SpatialHealth", text)
