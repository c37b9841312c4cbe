"""Runs: many tasks on one core, on all cores, or on a cluster, kept as they finish.

**Takes** a function and the arguments of each task; inputs that tasks share, such as data and weights.
**Gives** one outcome a task, in the order of the tasks, whoever computed it and whenever.
**Next** `spatialhealth.impacts` (bootstrap), `spatialhealth.comparison` (grids, Monte Carlo) and
`spatialhealth.report` (robustness of a study) run what they repeat through here.
"""

from spatialhealth.runs.digest import digest
from spatialhealth.runs.hearing import Said
from spatialhealth.runs.run import Outcome, Task, run
from spatialhealth.runs.shared import Shared

__all__ = ["Outcome", "Said", "Shared", "Task", "digest", "run"]
