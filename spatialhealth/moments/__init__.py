"""Instrumental variables: numbers only, two-stage least squares and the moments of spatial errors.

**Takes** an outcome, exogenous and endogenous columns and instruments, with the fixed effects taken out.
**Gives** coefficients, lambda and their covariance (classical, White, spatial HAC, clustered), tests of instruments.
**Next** `spatialhealth.models` puts names on these numbers.
"""

from spatialhealth.moments.equation import Equation
from spatialhealth.moments.identification import (
    Overidentification,
    Strength,
    overidentification,
    strength,
)
from spatialhealth.moments.scatter import Scatter
from spatialhealth.moments.spatial_errors import SpatialErrors, best_lambda, spatial_errors
from spatialhealth.moments.two_stage import TwoStage, two_stage

__all__ = [
    "Equation",
    "Overidentification",
    "Scatter",
    "SpatialErrors",
    "Strength",
    "TwoStage",
    "best_lambda",
    "overidentification",
    "spatial_errors",
    "strength",
    "two_stage",
]
