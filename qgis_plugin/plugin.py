"""What QGIS loads: it adds the provider of tools, and takes it away again."""

from qgis.core import QgsApplication

from .provider import SpatialHealthProvider


class SpatialHealthPlugin:
    """The plug-in; qgis_process calls `initProcessing` alone, the desktop `initGui`."""

    def __init__(self, iface):
        self.iface = iface
        self.provider = None

    def initProcessing(self):
        """Add the tools."""
        self.provider = SpatialHealthProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self):
        """Add the tools, and nothing to menus."""
        self.initProcessing()

    def unload(self):
        """Take the tools away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
