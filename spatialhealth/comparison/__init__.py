"""Comparison: several models and several weights on the same data.

**Takes** fitted models; or estimators, weights, formulas and a table; or the parameters of a simulation.
**Gives** one table with a row a model, or a specification; posterior probabilities of models and of weights; bias and
coverage of estimators.
**Next** `spatialhealth.heterogeneity` asks of the model chosen whether groups of units respond alike.
"""

from spatialhealth.comparison.evidence import ModelProbabilities
from spatialhealth.comparison.grid import specification_grid
from spatialhealth.comparison.probabilities import model_probabilities
from spatialhealth.comparison.replications import MonteCarlo
from spatialhealth.comparison.side_by_side import compare
from spatialhealth.comparison.simulated import monte_carlo
from spatialhealth.comparison.specifications import SpecificationGrid
from spatialhealth.comparison.table import Comparison

__all__ = [
    "Comparison",
    "ModelProbabilities",
    "MonteCarlo",
    "SpecificationGrid",
    "compare",
    "model_probabilities",
    "monte_carlo",
    "specification_grid",
]
