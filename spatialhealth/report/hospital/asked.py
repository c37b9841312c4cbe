"""The columns that the questions name, looked for before anything is computed."""

from __future__ import annotations

from spatialhealth.errors import did_you_mean
from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import StudyFile

__all__ = ["check_columns"]

_OF_TABLE = (
    ("moderator", "column"),
    ("imbalance", "high"),
    ("imbalance", "primary"),
    ("imbalance", "resource"),
    ("imbalance", "people"),
    ("imbalance", "income"),
)
_OF_EITHER = (("subset", "flag"), ("imbalance", "groups"))


def check_columns(study: StudyFile, data: StudyData) -> None:
    """Raise unless table and layer have the columns that [hospital] names.

    Parameters
    ----------
    study : StudyFile
    data : StudyData

    Raises
    ------
    StudyError
        The message names the key and the line.
    """
    table = list(data.table.columns)
    either = [*table, *data.layer.columns.drop(data.layer.geometry.name)]
    asked = study.part("hospital")
    for pairs, where, columns in ((_OF_TABLE, "table", table), (_OF_EITHER, "table or layer", either)):
        for part, key in pairs:
            name = asked.get(part, {}).get(key)
            if name is not None and name not in columns:
                raise study.wrong(
                    f"hospital.{part}.{key}",
                    f"no column {name!r} in {where}.{did_you_mean(name, columns)} "
                    f"There are: {', '.join(map(str, columns))}.",
                )
