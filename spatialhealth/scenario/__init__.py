"""Scenarios: what a fitted model expects if beds are added, hospitals open or close, or diagnosis goes digital.

**Takes** a fitted model, the table it reads, and frozen descriptions of changes; loads by tier for `TriagePolicy`.
**Gives** for every city the change of the outcome with its interval, own and spilled over; loads before and after.
**Next** replays are compared in a table (`compare`) and on a map (`spatialhealth.maps.scenario`).
"""

from spatialhealth.scenario.changes import Change, DigitalRollout
from spatialhealth.scenario.hospitals import AddBeds, CloseHospital, OpenHospital, Stock
from spatialhealth.scenario.replay import Scenario, replay
from spatialhealth.scenario.result import Replay, compare
from spatialhealth.scenario.triage import TriagePolicy
from spatialhealth.scenario.triage_result import Triage

__all__ = [
    "AddBeds",
    "Change",
    "CloseHospital",
    "DigitalRollout",
    "OpenHospital",
    "Replay",
    "Scenario",
    "Stock",
    "Triage",
    "TriagePolicy",
    "compare",
    "replay",
]
