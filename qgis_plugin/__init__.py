"""The plug-in of QGIS: tools of Processing that call the package beside it."""


def classFactory(iface):
    """Give the plug-in to QGIS."""
    from .plugin import SpatialHealthPlugin

    return SpatialHealthPlugin(iface)
