"""The options that say how weights and data are read, and what they make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._typing import Correction, Dynamic, Effects, ErrorComponents, Missing
from spatialhealth._validation import check_option
from spatialhealth.errors import OptionError
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.operator.periods import PeriodWeights, varies_by_period
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    from spatialhealth.models.base import SpatialModel

__all__ = ["read_weights", "table_for"]


def read_weights(model: SpatialModel) -> SpatialOperator | PeriodWeights:
    """Check the options, and give one W, or the weights of every period where these may differ.

    Parameters
    ----------
    model : SpatialModel

    Returns
    -------
    SpatialOperator or PeriodWeights

    Raises
    ------
    OptionError, WeightsError, AlignmentError
    """
    name = type(model).__name__
    if model.weights is None:
        raise OptionError(f"{name} needs weights. Build them with spatialhealth.weights.")
    check_option(name, "effects", model.effects, Effects)
    check_option(name, "correction", model.correction, Correction)
    check_option(name, "error_components", model.error_components, ErrorComponents)
    check_option(name, "dynamic", model.dynamic, Dynamic, none=True)
    check_option(name, "missing", model.missing, Missing)
    for option in ("constant", "restandardise"):
        value = getattr(model, option)
        if not isinstance(value, (bool, np.bool_)):
            raise OptionError(f"{name}: {option}={value!r} must be True or False.")
    varies = varies_by_period(model.weights)
    if model.missing == "likelihood" and varies:
        raise OptionError(
            f"{name}: missing='likelihood' needs one W for all periods. With weights by period use "
            "missing='unbalanced'."
        )
    if model.missing == "unbalanced" or varies:
        return PeriodWeights.of(model.weights, bool(model.restandardise), model.logdet)
    return as_operator(model.weights, model.logdet)


def table_for(operator: SpatialOperator | PeriodWeights) -> type[PanelTable]:
    """Give the kind of table that goes with weights."""
    return StackedTable if isinstance(operator, PeriodWeights) else PanelTable
