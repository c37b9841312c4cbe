"""Comparison: several models and several weights on the same data.

**Takes** fitted models; or estimators, weights, a formula and a table.
**Gives** one table with a row a model; posterior probabilities of models and of weights.
**Next** `spatialhealth.heterogeneity` asks of the model chosen whether groups of units respond alike.
"""

from spatialhealth.comparison.evidence import ModelProbabilities
from spatialhealth.comparison.probabilities import model_probabilities
from spatialhealth.comparison.side_by_side import compare
from spatialhealth.comparison.table import Comparison

__all__ = ["Comparison", "ModelProbabilities", "compare", "model_probabilities"]
