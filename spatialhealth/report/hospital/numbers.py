"""The four questions as plain numbers for the file of results."""

from __future__ import annotations

from typing import Any

from spatialhealth.report.hospital.result import Hospital
from spatialhealth.report.hospital.tables import as_grouped, shown_measures
from spatialhealth.report.terms import named_table

__all__ = ["hospital_numbers"]


def hospital_numbers(found: Hospital) -> dict[str, Any]:
    """Give every number of the four questions.

    Parameters
    ----------
    found : Hospital

    Returns
    -------
    dict
    """
    numbers: dict[str, Any] = {
        "answers": found.to_frame().to_dict("records"),
        "limits": list(found.limits),
        "attraction": {
            "at": found.attraction.at,
            "effects": named_table(found.attraction.effects).to_dict("records"),
            "contrast": found.attraction.contrast.to_dict("records"),
        },
    }
    if found.imbalance is not None:
        imbalance = found.imbalance
        numbers["imbalance"] = {
            "units": imbalance.units,
            "measures": shown_measures(imbalance).to_dict("records"),
            "clusters": imbalance.clusters.counts,
            "gap_effects": named_table(imbalance.fit.effects).to_dict("records"),
            "mediation": imbalance.mediation.table.to_dict("records"),
            "mediation_at": imbalance.mediation.at,
        }
    if found.subset is not None:
        grouped = as_grouped(found.subset)
        numbers["subset"] = {
            "titles": list(grouped.titles),
            "formula": found.subset.formula,
            "centred": found.subset.centred,
            "effects": found.subset.regimes.to_frame().to_dict("records"),
            "tests": found.subset.regimes.tests.reset_index().to_dict("records"),
        }
    if found.empowerment is not None:
        both = (found.empowerment.attraction, found.empowerment.gap)
        replays = (*found.empowerment.replays, *found.empowerment.gap_replays)
        triage = found.empowerment.triage
        numbers["empowerment"] = {
            "moderator": found.empowerment.moderator,
            "effects": [row for each in both if each is not None for row in each.table.to_dict("records")],
            "scenarios": [
                {"name": each.name, "outcome": each.response, "totals": each.totals.to_dict("records")}
                for each in replays
            ],
            "triage": None
            if triage is None
            else {
                "totals": triage.totals.to_dict("records"),
                "imbalance": triage.imbalance.to_dict("records"),
            },
        }
    return numbers
