"""What the tests need of a fitted model: design, residuals, effects and weights, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spatialhealth._typing import Array, Correction, Effects
from spatialhealth.errors import OptionError
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import CONSTANT, Design
from spatialhealth.models.result import FitResult
from spatialhealth.models.slx import SLX
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fitted", "baseline", "check_model", "check_regressors", "fitted", "outcome_of", "refitted"]

Estimator = TypeVar("Estimator", bound=SpatialModel)

_RANDOM = (
    "does not apply to residuals of a model with random effects, which are less the predicted effects and "
    "follow no law of their own. Use effects='entity', or spatialhealth.diagnostics.bsk for spatial errors "
    "beside random effects."
)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model with its design built again, when that is asked for.

    Parameters
    ----------
    model : SpatialModel
    result : FitResult
    table : PanelTable
    """

    model: SpatialModel
    result: FitResult
    table: PanelTable

    @cached_property
    def z(self) -> Array:
        """Constant, regressors, lagged regressors, as they are, shape (T, n, K)."""
        lagged = list(self.result.lagged) or False
        return Design.of(self.table, self.operator, lagged, self.has_constant).z

    @cached_property
    def projection(self) -> LeastSquares:
        """Orthogonal factors of the design with the effects taken out."""
        return LeastSquares.of(np.ascontiguousarray(self.apply(self.z).reshape(-1, self.z.shape[2])))

    @property
    def within(self) -> Within:
        """The effects and their cost."""
        return self.result.within

    @property
    def operator(self) -> SpatialOperator:
        """The W of the model."""
        return self.result.operator

    @property
    def outcome(self) -> str:
        """Name of the outcome, and where the data come from, if they say so."""
        return outcome_of(self.result)

    @property
    def has_constant(self) -> bool:
        """Whether the model has a constant of its own."""
        return CONSTANT in self.result.param_names

    @property
    def spatial(self) -> tuple[str, ...]:
        """Spatial parameters of the model."""
        return self.result.spatial_names

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


def outcome_of(result: FitResult) -> str:
    """Give the name of the outcome, and where the data come from, if they say so."""
    return f"{result.response} ({result.source})" if result.source else result.response


def check_model(owner: str, model: Any) -> SpatialModel:
    """Give back a fitted model, or say what was given instead."""
    if not isinstance(model, SpatialModel):
        raise OptionError(
            f"{owner} needs a fitted model of spatialhealth; it was given {type(model).__name__}. "
            "Fit one first, for example sh.SLX(weights=W, durbin=False).fit_formula(formula, data)."
        )
    _ = model.result_  # raises if it is not fitted
    return model


def fitted(owner: str, model: Any, *, random: bool = True, anything: bool = False) -> Fitted:
    """Take a fitted model, or say why a test does not apply to it.

    Parameters
    ----------
    owner : str
        Who asks, for the message of an error.
    model : SpatialModel
    random : bool, default True
        Whether a model with random effects will do.
    anything : bool, default False
        Whether dynamic models and those of data with holes will do.

    Returns
    -------
    Fitted

    Raises
    ------
    OptionError
        If the test does not apply to the model.
    """
    model = check_model(owner, model)
    result, table = model.result_, model._table
    if result.effects == "random" and not random:
        raise OptionError(f"{owner} {_RANDOM}")
    problem = "" if anything else _special(result, table)
    if problem:
        raise OptionError(f"{owner} {problem}")
    return Fitted(model, result, table)


def _special(result: FitResult, table: PanelTable) -> str:
    """Say what keeps the usual moments of residuals from holding; empty if nothing does."""
    if isinstance(table, StackedTable):
        return (
            "needs a panel without holes and with one W. Make it whole with spatialhealth.panel.balance, "
            "or use spatialhealth.diagnostics.wald, which takes any fitted model."
        )
    if not result.has_likelihood:
        return (
            "does not apply to estimates by instruments. Their own tests are in instrument_tests_, and "
            "spatialhealth.diagnostics.wald takes any fitted model."
        )
    if result.within.is_dynamic:
        return (
            "does not apply to dynamic models, whose residuals are correlated with the outcomes of later "
            "periods. Use spatialhealth.diagnostics.wald, or the model with dynamic=None."
        )
    if result.imputed is not None:
        return (
            "needs outcomes that were all observed; some of this model's stand at their prediction. Use "
            "spatialhealth.diagnostics.wald, or data without them."
        )
    return ""


def check_regressors(one: Fitted, other: Fitted) -> None:
    """Raise OptionError if a regressor of two models of the same units and periods is not the same in both."""
    places = [model.result.regressors.index for model in (one, other)]
    for name in (name for name in one.result.regressors if name in other.result.regressors):
        first, second = (model.table.x[..., at(name)] for model, at in zip((one, other), places, strict=True))
        if not np.array_equal(first, second):
            raise OptionError(
                f"{name!r} has other values in the one model than in the other. Fit both to one table."
            )


def refitted(model: Fitted, kind: type[Estimator], **options: Any) -> Estimator:
    """Fit another estimator, or other options, to the data and the weights of a model."""
    # fixed effects take the constant out, whether the formula had one or not
    constant = model.has_constant or model.within.effects != "none"
    return kind(weights=model.operator, **options)._fit(model.table, model.operator, constant, None)


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
    if effects == "random":
        raise OptionError(f"{owner} {_RANDOM}")
    return SLX(weights, effects=effects, durbin=durbin, correction=correction).fit_formula(formula, data)
