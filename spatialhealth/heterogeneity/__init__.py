"""Heterogeneity: whether groups of units respond alike.

**Takes** an estimator, or a fitted model, and the group of each unit.
**Gives** coefficients and effects by group side by side, and tests of their equality.
**Next** `spatialhealth.maps` and `spatialhealth.report` show them.
"""

from spatialhealth.heterogeneity.fit import regimes
from spatialhealth.heterogeneity.result import Regimes

__all__ = ["Regimes", "regimes"]
