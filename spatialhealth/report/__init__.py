"""Reports: models side by side in a table for a paper; one study file in, one page with all its numbers out.

**Takes** fitted models, or a study file (TOML) that names data, weights, model, effects, alternatives and maps.
**Gives** a table as text, HTML, LaTeX, Markdown and Word; of a study `report.html`, which needs no network, its
tables as csv and LaTeX, figures, and `results.json`.
**Next** nothing: this is the end of the way. `spatialhealth.cli` starts it from the command line.
"""

from spatialhealth.report.regression import RegressionTable, table
from spatialhealth.report.run import Results
from spatialhealth.report.study import Study
from spatialhealth.report.study_data import DATASETS
from spatialhealth.report.study_file import StudyFile, read_study
from spatialhealth.report.tables import Table

__all__ = ["DATASETS", "RegressionTable", "Results", "Study", "StudyFile", "Table", "read_study", "table"]
