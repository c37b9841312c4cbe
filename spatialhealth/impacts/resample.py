"""Outcomes made anew from a fitted model and residuals of random sign."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_option
from spatialhealth.errors import OptionError
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.result import FitResult
from spatialhealth.panel.stack import Stack, StackedTable

__all__ = ["Together", "check_resampling", "identity_of", "resampled"]

Together = Literal["cell", "unit", "period"]


def identity_of(model: SpatialModel) -> Any:
    """Give what a sample is made from and how it is fitted, whatever else the model remembers."""
    options = {name: value for name, value in model.get_params().items() if "weights" not in name}
    result, table = model.result_, model._table
    made = (result.params, result.systematic, result.residuals, result.param_names)
    return type(model), options, result.operator, result.error_operator, table.y, table.x, made


def check_resampling(owner: str, model: Any, together: str) -> None:
    """Raise if samples cannot be made of a model.

    Parameters
    ----------
    owner : str
        What asks, for the message.
    model : fitted estimator
    together : {"cell", "unit", "period"}

    Raises
    ------
    NotFittedError
    OptionError
        If samples would not be like the data, or too few signs would be drawn.
    """
    check_option(owner, "together", together, Together)
    if not isinstance(model, SpatialModel):
        raise OptionError(
            f"{owner}: model is a {type(model).__name__}. Give a fitted estimator of this package: each sample is "
            "fitted as it was."
        )
    result = model.result_
    lacks = _lacks(result)
    if lacks:
        raise OptionError(f"{owner}: {lacks} Use impacts(), with method='delta' or 'simulate'.")
    groups = {"cell": result.y.size, "unit": result.n_entities, "period": result.n_periods}[together]
    if groups < 5:
        raise OptionError(
            f"{owner}: together={together!r} leaves {groups} signs to draw, which is too few for a distribution. "
            "Let smaller groups change sign together."
        )


def _lacks(result: FitResult) -> str:
    """Say why samples of a model would not be like its data; empty if they would."""
    if result.before is not None:
        return (
            "samples of a dynamic model would have to be made period after period, each from the sample before, "
            "which is not done here."
        )
    if result.effects == "random":
        return (
            "samples would hold random effects fixed at their predictions, and leave out the variance that these "
            "bring to the estimates."
        )
    if result.imputed is not None:
        return "samples would have outcomes where the data have none, and know more than the data."
    return ""


def resampled(model: SpatialModel, rng: np.random.Generator, together: str) -> Array:
    """Make an outcome from a fitted model and residuals of random sign.

    Parameters
    ----------
    model : fitted estimator
    rng : numpy.random.Generator
    together : {"cell", "unit", "period"}
        Which residuals change sign together.

    Returns
    -------
    ndarray of shape (T, n)
        For `refit`.
    """
    result, table = model.result_, model._table
    rows = table.rows if isinstance(table, StackedTable) else None
    t, n = result.y.shape
    lost = np.sqrt(t * n / result.within.degrees)
    errors = lost * result.residuals * _signs(result, rng, together, rows)
    lam, rho = result.spatial("lambda"), result.rho
    if lam is not None and result.error_operator is not None:
        errors = result.error_operator.solve(lam, errors.T).T
    structural = result.systematic + errors
    return structural if rho is None else np.ascontiguousarray(result.operator.solve(rho, structural.T).T)


def _signs(result: FitResult, rng: np.random.Generator, together: str, rows: Stack | None) -> Array:
    """Draw signs for residuals (T, n)."""
    if rows is not None and together != "cell":
        group = rows.unit if together == "unit" else rows.period
        return np.asarray(rng.choice([-1.0, 1.0], size=group.max() + 1)[group][None])
    t, n = result.y.shape
    return rng.choice([-1.0, 1.0], size={"cell": (t, n), "unit": (1, n), "period": (t, 1)}[together])
