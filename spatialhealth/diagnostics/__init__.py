"""Diagnostics: tests, each with its null hypothesis in words.

**Takes** figures of a fitted model.
**Gives** statistics with their value, degrees of freedom and p value.
**Next** `spatialhealth.report` puts them in tables.
"""

from spatialhealth.diagnostics.statistic import Statistic

__all__ = ["Statistic"]
