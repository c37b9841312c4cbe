"""The options that only some estimators have: which regressors to lag, weights of the errors."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from spatialhealth._typing import Correction, CovType, Effects, ErrorComponents, Missing
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth.errors import OptionError
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.covariances import Covariance
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.weights.convert import as_links, in_order

__all__ = ["CombinedDurbinModel", "CombinedModel", "DurbinModel", "ErrorModel"]


class DurbinModel(SpatialModel):
    """Base of the estimators that can lag regressors; some must, and name the one that does not."""

    _without_lags: ClassVar[str] = ""

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        durbin: Any = True,
        correction: Correction = "lee-yu",
        logdet: LogDetName = "auto",
        cov_type: CovType | Covariance = "observed",
        constant: bool = True,
        missing: Missing = "raise",
        restandardise: bool = True,
    ) -> None:
        super().__init__(weights, effects, correction, logdet, cov_type, constant, missing, restandardise)
        self.durbin = durbin

    def _durbin(self) -> Any:
        if self.durbin is False and self._without_lags:
            raise OptionError(
                f"durbin=False leaves {type(self).__name__} no W x. Use {self._without_lags}, or name regressors."
            )
        return self.durbin


class ErrorModel(SpatialModel):
    """Base of the estimators whose errors have a spatial process."""

    _has_error = True

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        correction: Correction = "lee-yu",
        logdet: LogDetName = "auto",
        cov_type: CovType | Covariance = "observed",
        constant: bool = True,
        error_components: ErrorComponents = "baltagi",
        missing: Missing = "raise",
        restandardise: bool = True,
    ) -> None:
        super().__init__(weights, effects, correction, logdet, cov_type, constant, missing, restandardise)
        self.error_components = error_components


class CombinedModel(SpatialModel):
    """Base of the estimators whose errors can have weights of their own."""

    _has_error = True

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        error_weights: Any = None,
        correction: Correction = "lee-yu",
        logdet: LogDetName = "auto",
        cov_type: CovType | Covariance = "observed",
        constant: bool = True,
        error_components: ErrorComponents = "baltagi",
        missing: Missing = "raise",
        restandardise: bool = True,
    ) -> None:
        super().__init__(weights, effects, correction, logdet, cov_type, constant, missing, restandardise)
        self.error_weights = error_weights
        self.error_components = error_components

    def _error_operator(self, operator: SpatialOperator) -> SpatialOperator:
        return _aligned(self.error_weights, operator, self.logdet)


class CombinedDurbinModel(DurbinModel):
    """Base of the estimators that can lag regressors and whose errors can have weights of their own."""

    _has_error = True

    def __init__(
        self,
        weights: Any = None,
        effects: Effects = "none",
        durbin: Any = True,
        error_weights: Any = None,
        correction: Correction = "lee-yu",
        logdet: LogDetName = "auto",
        cov_type: CovType | Covariance = "observed",
        constant: bool = True,
        error_components: ErrorComponents = "baltagi",
        missing: Missing = "raise",
        restandardise: bool = True,
    ) -> None:
        super().__init__(
            weights, effects, durbin, correction, logdet, cov_type, constant, missing, restandardise
        )
        self.error_weights = error_weights
        self.error_components = error_components

    def _error_operator(self, operator: SpatialOperator) -> SpatialOperator:
        return _aligned(self.error_weights, operator, self.logdet)


def _aligned(error_weights: Any, operator: SpatialOperator, logdet: LogDetName) -> SpatialOperator:
    """Give the W of the errors in the order of W: W itself where none is given."""
    if error_weights is None:
        return operator
    if isinstance(error_weights, SpatialOperator) and np.array_equal(error_weights.ids, operator.ids):
        return as_operator(error_weights, logdet)
    given = error_weights
    ids, matrix = (given.ids, given.matrix) if isinstance(given, SpatialOperator) else as_links(given)
    return SpatialOperator((operator.ids, in_order(ids, matrix, operator.ids, "error_weights")), logdet)
