"""The likelihood: numbers only, the one copy of every formula that the estimators share.

**Takes** periods-major arrays, the operator's L(rho), and the fixed effects to take out.
**Gives** the profile of rho and its maximum, the information matrices, and Lee and Yu's corrections.
**Next** `spatialhealth.models` puts names on these numbers.
"""

from spatialhealth.likelihood.bias import direct_correction
from spatialhealth.likelihood.information import LagMoments, expected_information, observed_information
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.profile import LagProfile, Optimum
from spatialhealth.likelihood.transform import Jacobian, Within

__all__ = [
    "Jacobian",
    "LagMoments",
    "LagProfile",
    "LeastSquares",
    "Optimum",
    "Within",
    "direct_correction",
    "expected_information",
    "observed_information",
]
