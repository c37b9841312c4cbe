"""The provider: the list of tools, under one heading of the toolbox."""

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .accessibility import AccessibilityTool
from .attraction import AttractionTool
from .effects_map import EffectsMapTool
from .gravity import GravityTool
from .imbalance import ImbalanceTool
from .moran import MoranTool
from .regression import RegressionTool
from .scenario import ScenarioTool
from .weights_tool import WeightsTool

TOOLS = (
    WeightsTool,
    MoranTool,
    RegressionTool,
    EffectsMapTool,
    ScenarioTool,
    ImbalanceTool,
    AccessibilityTool,
    AttractionTool,
    GravityTool,
)


class SpatialHealthProvider(QgsProcessingProvider):
    """All tools of the plug-in."""

    def id(self):
        """Give the first part of the tools' ids."""
        return "spatialhealth"

    def name(self):
        """Give the heading."""
        return "Spatial Health"

    def longName(self):
        """Give the heading."""
        return self.name()

    def icon(self):
        """Give the icon of the plug-in."""
        return QIcon(str(Path(__file__).with_name("icon.svg")))

    def supportsNonFileBasedOutput(self):
        """Tell that layers in memory can be written."""
        return True

    def loadAlgorithms(self):
        """Add one of each tool."""
        for tool in TOOLS:
            self.addAlgorithm(tool())
