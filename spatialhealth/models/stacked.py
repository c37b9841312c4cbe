"""Panels with holes, or with another W every period: one long cross-section with block-diagonal weights."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import (
    GapsWarning,
    IsolateWarning,
    OptionError,
    SizeError,
    SpatialHealthWarning,
    some,
)
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.information import observed_information
from spatialhealth.likelihood.stacked import StackedWithin, commutes, information_gap
from spatialhealth.likelihood.stacked_filter import StackedFilter
from spatialhealth.likelihood.state import State
from spatialhealth.models.covariances import Covariance, Observed
from spatialhealth.models.system import System
from spatialhealth.operator.blocks import BlockOperator
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.periods import PeriodWeights
from spatialhealth.panel.stack import Stack, StackedTable

if TYPE_CHECKING:
    from spatialhealth.models.base import SpatialModel

__all__ = ["AdjustedObserved", "StackedSystem", "stacked_system"]

_LIMIT = 5_000


@dataclass(frozen=True, eq=False)
class StackedSystem(System):
    """The weights and effects of stacked rows.

    Parameters
    ----------
    rows : Stack
    weights : PeriodWeights
    mixes_levels : bool
        Whether W y or W x holds levels of units, whose effects are in the model.
    """

    rows: Stack
    weights: PeriodWeights
    mixes_levels: bool

    def effects_of(self, raw: Array, lam: float) -> tuple[Array | None, Array | None, Array]:
        """Give the effects of units and of periods, and their sum at every row."""
        assert isinstance(self.within, StackedWithin)
        if self.within.effects == "none":
            return None, None, np.zeros_like(raw)
        if self.error is None:
            both = raw - self.within.apply(raw)
        else:
            nothing = np.empty((self.within.n, 0))
            both = StackedFilter(nothing, self.within, self.error).effects(raw, lam)
        return (*self.within.split(both), both)

    def prepared(self, model: str, covariance: Covariance) -> Covariance:
        """Give the covariance for stacked rows, or say that it does not exist."""
        adjusted = self.within.is_adjusted and (self.lag is not None or self.error is not None)
        allowed = ["observed", *([] if adjusted else ["expected"]), "robust"]
        if covariance.name not in allowed:
            why = (
                "the expectation of the adjusted score's derivative has no closed form here"
                if covariance.name == "expected"
                else "its sums over units or periods need a panel without holes and with one W"
            )
            raise OptionError(
                f"{model}: cov_type={covariance.name!r} does not exist where the panel has holes or W changes over "
                f"time ({why}). Use one of {', '.join(map(repr, allowed))}."
            )
        if covariance.name != "observed" or not adjusted:
            return covariance
        self._check_size(model)
        return AdjustedObserved()

    def _check_size(self, model: str) -> None:
        """Raise if the variance of the adjusted score would not fit in memory."""
        assert isinstance(self.operator, BlockOperator)
        if self.lag is None or self.within.n_units <= _LIMIT or commutes(self.operator):
            return
        raise SizeError(
            f"{model}: the variance of the adjusted score takes dense matrices of all {self.within.n_units:,} units. "
            "Use correction='none', or cov_type='robust'."
        )

    def warn(self, stacklevel: int) -> None:
        """Tell the reader what must be known before the numbers."""
        for text, kind in self._told():
            warnings.warn(text, kind, stacklevel=stacklevel)

    def _told(self) -> list[tuple[str, type[SpatialHealthWarning]]]:
        assert isinstance(self.within, StackedWithin)
        told: list[tuple[str, type[SpatialHealthWarning]]] = []
        isolates, always = self.operator.isolates, _always_isolated(self.weights, self.rows)
        if len(isolates):
            told.append(
                (
                    f"{len(isolates):,} of {self.operator.n:,} observations have no neighbour observed in the same "
                    f"period ({_by_period(self.operator, self.rows)}), {always:,} of them because W gives their "
                    f"unit none: {some(isolates)}. Their spatial lags are zero.",
                    IsolateWarning,
                )
            )
        once = np.flatnonzero(self.within.times == 1)
        if self.within.has_entity and len(once):
            told.append(
                (
                    f"{len(once)} units were observed once: {some(self.rows.units[once])}. With entity effects they "
                    "tell nothing of the coefficients themselves; they count as neighbours.",
                    SpatialHealthWarning,
                )
            )
        gaps = self._gaps
        if self.mixes_levels and len(gaps):
            told.append(
                (
                    f"Absent between periods in which they were observed: {len(gaps):,} of "
                    f"{len(self.rows.units):,} units ({some(self.rows.units[gaps], limit=5)}). "
                    "missing='unbalanced' takes them for units that did not exist then, so that W y and W x of their "
                    "neighbours jump to the level of whoever is left. If they existed and only their rows were lost, "
                    "spillovers come out wrong, and significant: use missing='likelihood' where the outcome alone "
                    "was lost, else centre all variables by unit.",
                    GapsWarning,
                )
            )
        return told

    @property
    def _gaps(self) -> Array:
        """Give the places of the units that are somebody's neighbours, and absent between periods of their own."""
        known = np.any([operator.matrix.getnnz(axis=0) > 0 for operator in self.weights.operators], axis=0)
        gaps = self.rows.interrupted
        return np.asarray(gaps[known[gaps]])

    @property
    def facts(self) -> dict[str, str]:
        """What the summary says of the rows."""
        rows, seen = self.rows, int((self.rows.times > 0).sum())
        whole = len(rows.units) * len(rows.periods)
        facts = {}
        if not rows.is_complete:
            facts["Observed"] = f"{rows.size:,} of {whole:,} cells ({1 - rows.size / whole:.1%} missing)"
        if rows.holes:
            facts["Left out"] = "; ".join(
                f"{count:,} {_cells(count)} where {why}" for why, count in rows.holes.items()
            )
        if seen < len(rows.units):
            never = rows.units[rows.times == 0]
            facts["Never observed"] = f"{len(never)} units ({some(never, limit=5)})"
        once = int((rows.times == 1).sum())
        if once and self.within.has_entity:
            facts["Observed once"] = f"{once} units, which tell nothing of the coefficients"
        if self.weights.varies:
            facts["W by period"] = f"{len(set(self.weights.numbers(rows.periods)))} graphs"
        if not rows.is_complete:
            how = (
                "remaining links sum to one again"
                if self.weights.restandardises
                else "remaining links as they are"
            )
            facts["Absent rows"] = (
                "taken for units that did not exist in that period; if they did, see missing='likelihood', or centre "
                "by unit"
            )
            facts["W of a period"] = f"among the units observed in it, {how}"
            made = len(self.operator.isolates) - _always_isolated(self.weights, rows)
            facts["Isolates by holes"] = f"{made:,}" + (
                f" ({_by_period(self.operator, rows)})" if made else ""
            )
        return facts


@dataclass(frozen=True)
class AdjustedObserved(Observed):
    """Inverse Hessian of the adjusted likelihood, with the variance of its score in between.

    Where units are observed in different periods, or W changes, the adjusted score of rho is unbiased but no longer
    the derivative of a likelihood: under normal errors its variance is not minus the expectation of its derivative.
    """

    def of_likelihood(self, state: State) -> Array:
        """Give the covariance of (delta, rho, sigma2)."""
        bread = invert_information(observed_information(state))
        if state.rho is None:
            return bread
        assert isinstance(state.within, StackedWithin)
        assert isinstance(state.lag, BlockOperator)
        gap = information_gap(state.within, state.lag, state.rho)
        return np.asarray(bread + gap * np.outer(bread[:, state.k], bread[:, state.k]))


def stacked_system(
    model: SpatialModel, table: StackedTable, weights: PeriodWeights, own_error: bool
) -> StackedSystem:
    """Give the weights and effects of stacked rows.

    Parameters
    ----------
    model : SpatialModel
        The estimator.
    table : StackedTable
    weights : PeriodWeights
    own_error : bool
        Whether the errors have weights of their own.

    Returns
    -------
    StackedSystem

    Raises
    ------
    OptionError
        If the model, or its correction, does not exist for such data.
    """
    name, effects, correction = type(model).__name__, model.effects, model.correction
    has_lag, has_error = model._has_lag, model._has_error
    rows = table.rows
    holes = "the panel has holes or W changes over time"
    if effects == "random":
        raise OptionError(
            f"{name}: effects='random' do not exist where {holes}. Use effects='entity', or make the panel whole "
            "with spatialhealth.panel.balance."
        )
    if effects in ("time", "two-way") and correction == "lee-yu" and (has_lag or has_error):
        raise OptionError(
            f"{name}: effects={effects!r} with correction='lee-yu' do not exist where {holes}. Lee and Yu's "
            "transformation takes the same constant out of every period, which needs the same units and one W in all "
            "of them. Use effects='entity', or correction='none' (dummy variables)."
        )
    if effects == "entity" and correction == "lee-yu" and has_lag and has_error:
        raise OptionError(
            f"{name}: effects='entity' with correction='lee-yu' do not exist where {holes}: what dummy variables "
            "add to the score of rho then depends on lambda too. Use correction='none', or a model with lag "
            "or errors only."
        )
    if own_error:
        raise OptionError(
            f"{name}: error_weights do not exist where {holes}. Leave them out: the errors then have the same W."
        )
    operator = weights.over(rows.unit, rows.period, rows.periods)
    within = StackedWithin(
        effects=effects,
        correction=correction,
        n=rows.size,
        t=1,
        keeps_constant=False,
        unit=rows.unit,
        period=rows.period,
        n_labels=len(rows.periods),
        n_known=len(rows.units),
    )
    lag, error = operator if has_lag else None, operator if has_error else None
    durbin = model._durbin()
    lags = has_lag or (bool(durbin) if isinstance(durbin, (bool, np.bool_)) else np.size(durbin) > 0)
    mixes = lags and within.has_entity and table.has_levels
    return StackedSystem(operator, lag, error, within, rows, weights, mixes)


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def _always_isolated(weights: PeriodWeights, rows: Stack) -> int:
    """Count the rows whose unit has no neighbour even where everybody is observed."""
    numbers = np.array(weights.numbers(rows.periods))[rows.period]
    alone = np.array([np.diff(operator.matrix.indptr) == 0 for operator in weights.operators])
    return int(alone[numbers, rows.unit].sum())


def _by_period(operator: SpatialOperator, rows: Stack) -> str:
    """Write how many isolates every period has."""
    alone = np.diff(operator.matrix.indptr) == 0
    counts = np.bincount(rows.period[alone], minlength=len(rows.periods))
    said = [f"{rows.periods[t]}: {counts[t]}" for t in np.flatnonzero(counts)]
    return ", ".join(said[:10]) + (" ..." if len(said) > 10 else "")
