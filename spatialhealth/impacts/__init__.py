"""Impacts: what a change of a regressor does at home, next door, and in all.

**Takes** a fitted model, or its frozen result.
**Gives** direct, indirect and total effects with standard errors, in the short and in the long run; at values of
moderators; contrasts; effects by order and by unit.
**Next** `spatialhealth.diagnostics` tests the model, `spatialhealth.maps` draws the effects by unit.
"""

from spatialhealth.impacts.bootstrap import bootstrap
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import Impacts

__all__ = ["Impacts", "bootstrap", "impacts"]
