"""The four questions of a study of hospitals: attraction, imbalance, heterogeneity, digital empowerment.

**Takes** the main model of a study, its data, and what the table [hospital] asks.
**Gives** for each question its numbers, and whether the data answer it.
**Next** the tables, sentences and figures of the report.
"""

from spatialhealth.report.hospital.compute import hospital_of
from spatialhealth.report.hospital.result import Hospital

__all__ = ["Hospital", "hospital_of"]
