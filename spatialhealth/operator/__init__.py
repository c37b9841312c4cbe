"""The operator: W wrapped once, with ln|I - rho W|, its derivatives and the interval of admissible rho.

**Takes** weights in any accepted form (a Graph, or ids and a sparse matrix), one for all periods or one for each.
**Gives** a `SpatialOperator`: spatial lags, solutions with I - rho W, and one function L(rho).
**Next** `spatialhealth.likelihood` needs nothing else of the weights; one operator serves every model on them.
"""

from spatialhealth.operator.base import LogDet
from spatialhealth.operator.blocks import BlockOperator
from spatialhealth.operator.eigen import EigenLogDet
from spatialhealth.operator.lanczos import Lanczos, LanczosLogDet
from spatialhealth.operator.lu import LuLogDet
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.operator.periods import PeriodWeights

__all__ = [
    "BlockOperator",
    "EigenLogDet",
    "Lanczos",
    "LanczosLogDet",
    "LogDet",
    "LuLogDet",
    "PeriodWeights",
    "SpatialOperator",
    "as_operator",
]
