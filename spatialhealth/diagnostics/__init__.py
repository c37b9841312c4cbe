"""Diagnostics: tests that lead to a model and tests of the chosen one, each with its null hypothesis in words.

**Takes** a fitted model, or formula, data, weights and effects.
**Gives** a `Statistic` (value, degrees of freedom, p value, null) or a table of them; `ladder` gives the
usual sequence.
**Next** `spatialhealth.comparison` sets models side by side, `spatialhealth.maps` shows where effects are felt.
"""

from spatialhealth.diagnostics.bsk import bsk
from spatialhealth.diagnostics.collinearity import Collinearity, collinearity
from spatialhealth.diagnostics.dependence import pesaran_cd
from spatialhealth.diagnostics.hausman import hausman
from spatialhealth.diagnostics.ladder import ladder
from spatialhealth.diagnostics.ladder_result import Ladder, Rung
from spatialhealth.diagnostics.lm import lm
from spatialhealth.diagnostics.lr import lr
from spatialhealth.diagnostics.moran import moran
from spatialhealth.diagnostics.redundant import redundant_effects
from spatialhealth.diagnostics.residuals import heteroskedasticity, normality
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.wald import wald

__all__ = [
    "Collinearity",
    "Ladder",
    "Rung",
    "Statistic",
    "StatisticTable",
    "bsk",
    "collinearity",
    "hausman",
    "heteroskedasticity",
    "ladder",
    "lm",
    "lr",
    "moran",
    "normality",
    "pesaran_cd",
    "redundant_effects",
    "wald",
]
