"""What the tests need of a fitted model: design, residuals, effects and weights, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array, Correction, Effects
from spatialhealth.errors import OptionError
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import CONSTANT, Design
from spatialhealth.models.dynamic import with_lags
from spatialhealth.models.result import FitResult
from spatialhealth.models.slx import SLX
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fitted", "baseline", "check_model", "fitted"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model with its design built again.

    Parameters
    ----------
    model : SpatialModel
    result : FitResult
    table : PanelTable
    z : ndarray of shape (T, n, K)
        Constant, regressors, lagged regressors, and of a dynamic model y and W y of the period before, as they are.
    projection : LeastSquares
        Orthogonal factors of the design with the effects taken out.
    """

    model: SpatialModel
    result: FitResult
    table: PanelTable
    z: Array
    projection: LeastSquares

    @property
    def within(self) -> Within:
        """The effects and their cost."""
        return self.result.within

    @property
    def operator(self) -> SpatialOperator:
        """The W of the model."""
        return self.result.operator

    @property
    def has_constant(self) -> bool:
        """Whether the model has a constant of its own."""
        return CONSTANT in self.result.param_names

    @property
    def spatial(self) -> tuple[str, ...]:
        """Spatial parameters of the model."""
        return tuple(name for name in ("rho", "lambda") if name in self.result.param_names)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `z`."""
        return self.result.param_names[: self.z.shape[2]]

    def apply(self, values: Array) -> Array:
        """Take the effects out of (T, n) or (T, n, k) values."""
        return self.within.apply(values)

    def left(self, values: Array) -> Array:
        """Give what the effects and the design leave of (T, n) values, shape (N,)."""
        flat = self.apply(values).reshape(-1)
        return np.asarray(flat - self.projection.q @ (self.projection.q.T @ flat))


def check_model(owner: str, model: Any) -> SpatialModel:
    """Give back a fitted model, or say what was given instead."""
    if not isinstance(model, SpatialModel):
        raise OptionError(
            f"{owner} needs a fitted model of spatialhealth; it was given {type(model).__name__}. "
            "Fit one first, for example sh.SLX(weights=W, durbin=False).fit_formula(formula, data)."
        )
    _ = model.result_  # raises if it is not fitted
    return model


def fitted(owner: str, model: Any, *, random: bool = True) -> Fitted:
    """Build the design of a fitted model again.

    Parameters
    ----------
    owner : str
        Who asks, for the message of an error.
    model : SpatialModel
    random : bool, default True
        Whether a model with random effects will do.

    Returns
    -------
    Fitted
    """
    model = check_model(owner, model)
    result, table = model.result_, model._table
    if result.effects == "random" and not random:
        raise OptionError(
            f"{owner} does not apply to residuals of a model with random effects, which are less the predicted "
            "effects and follow no law of their own. Use effects='entity', or spatialhealth.diagnostics.bsk for "
            "spatial errors beside random effects."
        )
    design = Design.of(table, result.operator, list(result.lagged) or False, CONSTANT in result.param_names)
    if result.before is not None:
        design = with_lags(design, table, result.before, result.operator, result.within.lags)
    flat = np.ascontiguousarray(result.within.apply(design.z).reshape(-1, design.z.shape[2]))
    return Fitted(model, result, table, design.z, LeastSquares.of(flat))


def baseline(
    owner: str,
    formula: str,
    data: pd.DataFrame | None,
    weights: Any,
    effects: Effects = "none",
    durbin: Any = False,
    correction: Correction = "lee-yu",
) -> SLX:
    """Fit the model without spatial parameters that a test starts from."""
    if data is None or weights is None:
        raise OptionError(
            f"{owner} needs formula, data and weights, or a fitted model alone; "
            f"{'data' if data is None else 'weights'} is missing."
        )
    return SLX(weights, effects=effects, durbin=durbin, correction=correction).fit_formula(formula, data)
