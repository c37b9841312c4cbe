"""Spatial weights and spatial Durbin models of how hospitals attract people, and of how that spills over.

Data flow one way: datasets, panel, weights, operator, models, impacts, diagnostics, comparison, heterogeneity,
mediation, attraction, imbalance, scenario, maps, report. Each folder's own page opens with what it takes, what it
gives and where to go next.

Importing this package costs numpy and nothing else: every name is looked up when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_MODULES = (
    "datasets",
    "panel",
    "weights",
    "operator",
    "models",
    "impacts",
    "diagnostics",
    "comparison",
    "heterogeneity",
    "mediation",
    "attraction",
    "imbalance",
    "scenario",
    "maps",
    "report",
    "qgis",
    "errors",
)
_NAMES = {
    "Lanczos": "spatialhealth.operator",
    "SpatialOperator": "spatialhealth.operator",
    "SLX": "spatialhealth.models",
    "SpatialLag": "spatialhealth.models",
    "SpatialDurbin": "spatialhealth.models",
    "SpatialError": "spatialhealth.models",
    "SpatialDurbinError": "spatialhealth.models",
    "SpatialCombined": "spatialhealth.models",
    "GeneralNesting": "spatialhealth.models",
    "SpatialIV": "spatialhealth.models",
    "SpatialHAC": "spatialhealth.models",
    "compare": "spatialhealth.comparison",
    "model_probabilities": "spatialhealth.comparison",
    "monte_carlo": "spatialhealth.comparison",
    "specification_grid": "spatialhealth.comparison",
    "regimes": "spatialhealth.heterogeneity",
    "Study": "spatialhealth.report",
}

if TYPE_CHECKING:
    from spatialhealth import (
        attraction,
        comparison,
        datasets,
        diagnostics,
        errors,
        heterogeneity,
        imbalance,
        impacts,
        maps,
        mediation,
        models,
        operator,
        panel,
        report,
        scenario,
        weights,
    )
    from spatialhealth.comparison import compare, model_probabilities, monte_carlo, specification_grid
    from spatialhealth.heterogeneity import regimes
    from spatialhealth.models import (
        SLX,
        GeneralNesting,
        SpatialCombined,
        SpatialDurbin,
        SpatialDurbinError,
        SpatialError,
        SpatialHAC,
        SpatialIV,
        SpatialLag,
    )
    from spatialhealth.operator import Lanczos, SpatialOperator
    from spatialhealth.report import Study

__all__ = [
    "SLX",
    "GeneralNesting",
    "Lanczos",
    "SpatialCombined",
    "SpatialDurbin",
    "SpatialDurbinError",
    "SpatialError",
    "SpatialHAC",
    "SpatialIV",
    "SpatialLag",
    "SpatialOperator",
    "Study",
    "attraction",
    "compare",
    "comparison",
    "datasets",
    "diagnostics",
    "errors",
    "heterogeneity",
    "imbalance",
    "impacts",
    "maps",
    "mediation",
    "model_probabilities",
    "models",
    "monte_carlo",
    "operator",
    "panel",
    "qgis",
    "regimes",
    "report",
    "scenario",
    "specification_grid",
    "weights",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"spatialhealth.{name}")
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'spatialhealth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
