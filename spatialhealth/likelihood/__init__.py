"""The likelihood: numbers only, the one copy of every formula that the estimators share.

**Takes** periods-major arrays, the operator's L(rho), and the fixed effects to take out.
**Gives** the profile of rho and lambda and its maximum, the information matrices, the variance of the score, and the
corrections for fixed effects; the same with random effects, for stacked rows and with outcomes that are missing;
marginal likelihoods.
**Next** `spatialhealth.models` puts names on these numbers.
"""

from spatialhealth.likelihood.bias import direct_correction
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.information import expected_information, observed_information
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.maximum import Optimum, Span, highest, highest_of_two
from spatialhealth.likelihood.missing import MissingProfile, MissingWithin
from spatialhealth.likelihood.profile import ErrorProfile, LagProfile
from spatialhealth.likelihood.stacked import StackedWithin, information_gap
from spatialhealth.likelihood.state import State
from spatialhealth.likelihood.transform import Jacobian, Within

__all__ = [
    "ErrorFilter",
    "ErrorProfile",
    "Jacobian",
    "LagProfile",
    "LeastSquares",
    "MissingProfile",
    "MissingWithin",
    "Optimum",
    "Span",
    "StackedWithin",
    "State",
    "Within",
    "direct_correction",
    "expected_information",
    "highest",
    "highest_of_two",
    "information_gap",
    "observed_information",
]
