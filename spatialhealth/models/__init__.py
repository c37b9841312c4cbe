"""The estimators: one constructor, `fit`, and a frozen result with names on the numbers.

**Takes** weights, a labelled table (or arrays in the order of W), and the options of the constructor.
**Gives** the estimator itself, with `params_`, `cov_`, `summary()` and a frozen `result_`.
**Next** `impacts()` turns the result into direct, indirect and total effects.
"""

from spatialhealth.models.combined import SpatialCombined
from spatialhealth.models.covariances import Cluster, Conley, DriscollKraay, Robust
from spatialhealth.models.durbin import SpatialDurbin
from spatialhealth.models.durbin_error import SpatialDurbinError
from spatialhealth.models.error import SpatialError
from spatialhealth.models.hac import SpatialHAC
from spatialhealth.models.iv import SpatialIV
from spatialhealth.models.lag import SpatialLag
from spatialhealth.models.nesting import GeneralNesting
from spatialhealth.models.result import FitResult
from spatialhealth.models.slx import SLX
from spatialhealth.models.summary import Summary

__all__ = [
    "SLX",
    "Cluster",
    "Conley",
    "DriscollKraay",
    "FitResult",
    "GeneralNesting",
    "Robust",
    "SpatialCombined",
    "SpatialDurbin",
    "SpatialDurbinError",
    "SpatialError",
    "SpatialHAC",
    "SpatialIV",
    "SpatialLag",
    "Summary",
]
