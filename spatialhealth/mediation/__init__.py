"""Mediation: how much of what a cause does to an outcome goes through something in between, over space.

**Takes** two fitted models: of the mediator, and of the outcome with the mediator among its regressors.
**Gives** the indirect path, direct, spilled over and in all, with bootstrap intervals; what does not pass through it.
**Next** the paths stand in the report of a study.
"""

from spatialhealth.mediation.mediate import mediate
from spatialhealth.mediation.result import Mediation

__all__ = ["Mediation", "mediate"]
