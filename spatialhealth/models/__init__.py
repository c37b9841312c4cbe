"""The estimators: one constructor, `fit`, and a frozen result with names on the numbers.

**Takes** weights, a labelled table (or arrays in the order of W), and the options of the constructor.
**Gives** the estimator itself, with `params_`, `cov_`, `summary()` and a frozen `result_`.
**Next** `impacts()` turns the result into direct, indirect and total effects.
"""

from spatialhealth.models.durbin import SpatialDurbin
from spatialhealth.models.lag import SpatialLag
from spatialhealth.models.result import FitResult
from spatialhealth.models.slx import SLX
from spatialhealth.models.summary import Summary

__all__ = ["SLX", "FitResult", "SpatialDurbin", "SpatialLag", "Summary"]
