"""Dynamic models: the outcome of the period before on the right-hand side, and whether the process is stable."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from spatialhealth._typing import Array, Dynamic
from spatialhealth.errors import (
    IdentificationError,
    MissingDataError,
    OptionError,
    StabilityError,
    StabilityWarning,
    some,
)
from spatialhealth.likelihood.lagged import UNSTABLE_ADVICE, lag_coefficients
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.design import Design
from spatialhealth.models.result import Estimate
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.transition import largest_root
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable

__all__ = ["after_first", "check_dynamic", "check_refit", "lag_columns", "stability", "with_lags"]

_IN_WORDS = {"tau": "y(t-1)", "eta": "W y(t-1)"}
_TRANSITION = "(I - rho W)^-1 (tau I + eta W)"
_EVEN = 1e-9  # share of the first step by which the others may differ


def check_dynamic(model: str, effects: str, table: PanelTable) -> None:
    """Raise OptionError where a dynamic model does not exist."""
    if effects == "random":
        raise OptionError(
            f"{model}: dynamic models have no random effects here: the first outcome would be correlated with them, "
            "which needs a model of the first outcome. Use effects='entity' or 'two-way'."
        )
    if isinstance(table, StackedTable) or np.isnan(table.y).any():
        raise OptionError(
            f"{model}: a dynamic model needs every unit's outcome in every period, and one W for all of them. "
            "Complete the panel with spatialhealth.panel.balance, give one W, or use dynamic=None."
        )


def check_refit(model: str, dynamic: Dynamic | None) -> None:
    """Raise OptionError for a model whose outcome is among its regressors."""
    if dynamic is not None:
        raise OptionError(
            f"{model}.refit: with dynamic={dynamic!r} another outcome changes the regressors too. "
            "Fit a new model to it."
        )


def after_first(table: PanelTable) -> tuple[PanelTable, Array]:
    """Split off the first period, which a dynamic model is conditional on.

    Parameters
    ----------
    table : PanelTable

    Returns
    -------
    table : PanelTable
        The periods after the first.
    before : ndarray of shape (n,)
        Outcome of the first.

    Raises
    ------
    IdentificationError
        If there are fewer than three periods.
    MissingDataError
        If numbered periods do not follow each other at one distance.
    """
    if table.n_periods < 3:
        raise IdentificationError(
            f"A dynamic model takes y from the period before, which uses up the first; the data have "
            f"{table.n_periods} periods. Give at least three, or use dynamic=None."
        )
    periods = np.asarray(table.periods)
    if periods.dtype.kind in "iuf":
        steps = np.diff(periods.astype(float))
        odd = np.flatnonzero(np.abs(steps - steps[0]) > _EVEN * abs(steps[0]))
        if len(odd) or steps[0] <= 0:
            gaps = [(periods[place], periods[place + 1]) for place in (odd if len(odd) else [0])]
            raise MissingDataError(
                f"A dynamic model needs periods in order and at one distance; from {periods[0]} to {periods[1]} it "
                f"is {steps[0]:g}, and it differs between {some(gaps)}. Complete the periods, or keep a run "
                "without gaps."
            )
    rest = replace(table, y=table.y[1:], x=table.x[1:], periods=table.periods[1:])
    if table.index is not None and table.cell is not None:
        kept = table.cell >= table.n_units
        rest = replace(rest, index=table.index[kept], cell=table.cell[kept] - table.n_units)
    return rest, table.y[0]


def with_lags(
    design: Design, table: PanelTable, before: Array, operator: SpatialOperator, lags: tuple[str, ...]
) -> Design:
    """Add y, or W y, or both, of the period before as the last columns of a design."""
    columns = lag_columns(np.concatenate([before[None], table.y[:-1]]), operator, lags)
    return replace(design, z=np.concatenate([design.z, columns], axis=2), names=design.names + lags)


def lag_columns(past: Array, operator: SpatialOperator, lags: tuple[str, ...]) -> Array:
    """Give the columns of `tau` and `eta` for an outcome of the period before, shape (T, n, number of lags)."""
    return np.stack([past if name == "tau" else operator.lag(past) for name in lags], axis=-1)


def stability(estimate: Estimate, operator: SpatialOperator, within: Within, first: object) -> dict[str, str]:
    """Say whether the process is stable at the estimate; warn if it is not, or raise if a correction led there.

    Parameters
    ----------
    estimate : Estimate
        With the coefficients of `within.lags` the last of delta.
    operator : SpatialOperator
    within : Within
    first : object
        Label of the period that the model is conditional on.

    Returns
    -------
    dict of str to str
        Lines for the summary.

    Raises
    ------
    StabilityError
        If the corrected estimate is not stable: the correction is derived for stable processes only.
    """
    root = largest_root(operator, estimate.spatial["rho"], *lag_coefficients(within.lags, estimate.delta))
    if root >= 1 and within.corrects_lags:
        raise StabilityError(
            f"The bias correction leads out of what it is valid for: at the corrected estimate the spectral radius "
            f"of {_TRANSITION} is {root:.4f}, and must be below 1. {UNSTABLE_ADVICE}"
        )
    if root >= 1:
        warnings.warn(
            f"The estimate is not stable: the spectral radius of {_TRANSITION} is {root:.4f}. Shocks do not fade, "
            "there are no long-run effects, and the usual standard errors are not known to hold.",
            StabilityWarning,
            stacklevel=4,
        )
    words = " and ".join(_IN_WORDS[name] for name in within.lags)
    verdict = "below 1: stable" if root < 1 else "not below 1: NOT stable"
    return {
        "Dynamic": f"{words}, given the outcome of {some([first])}",
        "Spectral radius": f"{root:.4f} of {_TRANSITION}, {verdict}",
    }
