"""Impacts: what a change of a regressor does at home, next door, and in all.

**Takes** a fitted model, or its frozen result.
**Gives** direct, indirect and total effects with standard errors, in the short and in the long run; at values of
moderators; contrasts; effects by order, by unit, and of a change in one unit on all.
**Next** `spatialhealth.diagnostics` tests the model, `spatialhealth.maps` draws the effects by unit.
"""

from spatialhealth.impacts.bootstrap import bootstrap
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import Impacts
from spatialhealth.impacts.spread import Spread, spread

__all__ = ["Impacts", "Spread", "bootstrap", "impacts", "spread"]
