"""Reports: one study file in, one page with its tables, figures and numbers out.

**Takes** a study file (TOML) that names data, weights, model, effects, alternatives and maps.
**Gives** `report.html` that needs no network, tables as csv and LaTeX, figures, and `results.json`.
**Next** nothing: this is the end of the way. `spatialhealth.cli` starts it from the command line.
"""

from spatialhealth.report.run import Results
from spatialhealth.report.study import run_study
from spatialhealth.report.study_data import DATASETS
from spatialhealth.report.study_file import StudyFile, read_study
from spatialhealth.report.tables import Table, regression_table

__all__ = ["DATASETS", "Results", "StudyFile", "Table", "read_study", "regression_table", "run_study"]
