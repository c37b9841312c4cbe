"""The design of a model: constant, regressors, their spatial lags; and whether the data can tell them apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import (
    AbsorbedRegressorError,
    CollinearityError,
    ConstantRegressorError,
    IdentificationError,
    OptionError,
    some,
)
from spatialhealth.likelihood.least_squares import LeastSquares, vanished
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.table import PanelTable

__all__ = ["CONSTANT", "LAG_PREFIX", "SPATIAL", "Design", "Sample"]

CONSTANT = "constant"
SPATIAL = ("rho", "lambda", "phi", "tau", "eta")
LAG_PREFIX = "W:"


@dataclass(frozen=True, eq=False)
class Design:
    """The right-hand side without W y.

    Parameters
    ----------
    z : ndarray of shape (T, n, K)
        Constant (if any), regressors, lagged regressors.
    names : tuple of K str
        `constant`, regressors, then ``W:`` + regressor.
    regressors : tuple of str
    lagged : tuple of str
        Regressors that enter with their spatial lag too.
    """

    z: Array
    names: tuple[str, ...]
    regressors: tuple[str, ...]
    lagged: tuple[str, ...]

    @classmethod
    def of(cls, table: PanelTable, operator: SpatialOperator, durbin: Any, constant: bool) -> Design:
        """Build the design.

        Parameters
        ----------
        table : PanelTable
        operator : SpatialOperator
        durbin : bool or sequence of str
            Which regressors to lag. The constant never is.
        constant : bool
            Whether to add one.
        """
        taken = [name for name in table.names if name in (CONSTANT, *SPATIAL) or name.startswith(LAG_PREFIX)]
        if taken:
            raise OptionError(
                f"The names {some(taken)} are the package's own: {CONSTANT!r} is added by the model, "
                f"{LAG_PREFIX!r} marks a spatial lag and {', '.join(SPATIAL)} are parameters. Rename these columns."
            )
        lagged = lagged_names(table.names, durbin)
        parts = [table.x]
        if constant:
            parts.insert(0, np.ones((table.n_periods, table.n_units, 1)))
        if lagged:
            which = [table.names.index(name) for name in lagged]
            parts.append(operator.lag(table.x[..., which]))
        names = ((CONSTANT,) if constant else ()) + table.names + tuple(LAG_PREFIX + name for name in lagged)
        return cls(np.concatenate(parts, axis=2), names, table.names, lagged)


@dataclass(frozen=True, eq=False)
class Sample:
    """Outcome and design with the fixed effects taken out, flattened to N = T n rows.

    Parameters
    ----------
    y : ndarray of shape (N,)
    z : ndarray of shape (N, K)
    projection : LeastSquares
        Orthogonal factors of `z`.
    """

    y: Array
    z: Array
    projection: LeastSquares

    @classmethod
    def of(cls, table: PanelTable, design: Design, within: Within, extra: int) -> Sample:
        """Take the effects out, after checking that the model is identified.

        Parameters
        ----------
        table : PanelTable
        design : Design
        within : Within
        extra : int
            Parameters besides the coefficients of the design.
        """
        _enough(within, len(design.names) + extra)
        y = within.apply(table.y)
        z = within.apply(design.z)
        _varies(table, y, design, z, within)
        flat = np.ascontiguousarray(z.reshape(-1, z.shape[2]))
        projection = LeastSquares.of(flat)
        _independent(projection, design)
        y = np.ascontiguousarray(y.reshape(-1))
        if vanished(projection.fit(y)[1], y - y.mean()):
            raise IdentificationError(
                f"The regressors explain the outcome {table.response!r} without any error. Is it among them, or "
                "made of them? Leave those out."
            )
        return cls(y, flat, projection)


def lagged_names(names: tuple[str, ...], durbin: Any) -> tuple[str, ...]:
    """Resolve the option `durbin` to names of regressors, in the order of the regressors."""
    if isinstance(durbin, (bool, np.bool_)):
        return names if durbin else ()
    if isinstance(durbin, str) or not hasattr(durbin, "__iter__"):
        raise OptionError(f"durbin={durbin!r} must be True, or a list of the names of the regressors to lag.")
    wanted = list(durbin)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise OptionError(
            f"durbin names {some(unknown)}, but the regressors are {some(names)}. Name some of these."
        )
    if not wanted:
        raise OptionError("durbin is empty. Name the regressors to lag, or use a model without W x.")
    return tuple(name for name in names if name in wanted)


def _enough(within: Within, parameters: int) -> None:
    if (within.has_entity or within.effects == "random") and within.n_periods < 2:
        raise IdentificationError(
            f"effects={within.effects!r} need at least two periods; the data have {within.n_periods}. "
            "Use effects='none' for a cross-section."
        )
    if within.has_time and within.n_units < 2:
        raise IdentificationError(
            f"effects={within.effects!r} need at least two units; the data have {within.n_units}. Use effects='none'."
        )
    if within.degrees <= parameters:
        raise IdentificationError(
            f"{within.n_units} units in {within.n_periods} periods, less {within.absorbed} fixed effects, leave "
            f"{within.degrees} observations for {parameters} parameters. Use fewer regressors or W terms."
        )


def _varies(table: PanelTable, y: Array, design: Design, z: Array, within: Within) -> None:
    """Outcome and regressors must vary, and go on varying once the effects are out."""
    if vanished(table.y - table.y.mean(), table.y) or vanished(y, table.y):
        left = "does not vary" if not within.absorbed else f"is wiped out by {within.effects} effects"
        raise ConstantRegressorError(f"The outcome {table.response!r} {left}: there is nothing to explain.")
    base = table.x
    flat = [
        name
        for j, name in enumerate(design.regressors)
        if vanished(base[..., j] - base[..., j].mean(), base[..., j])
    ]
    if flat and (within.absorbed or CONSTANT in design.names):
        raise ConstantRegressorError(
            f"Regressors {some(flat)} do not vary; leave them out. The model has a constant or effects of its own."
        )
    gone = [name for j, name in enumerate(design.names) if vanished(z[..., j], design.z[..., j])]
    if gone and within.absorbed:
        unlagged = [name for name in gone if not name.startswith(LAG_PREFIX)] or gone
        cause = {
            "entity": "do not vary over time",
            "time": "are the same for all units",
            "two-way": "are sums of a part that is constant over time and one common to all units",
        }[within.effects]
        raise AbsorbedRegressorError(
            f"Nothing is left of {some(unlagged)} once {within.effects} effects are out: they {cause}. "
            f"{_kept(unlagged, design.regressors)}"
        )


def _kept(gone: list[str], regressors: tuple[str, ...]) -> str:
    """Say how a product is kept without its main effect, or that there might be one."""
    products = [name for name in regressors if set(name.split(":")[1:] + name.split(":")[:1]) & set(gone)]
    products = [name for name in products if name not in gone]
    if not products:
        return "Leave them out, or interact them with something that varies."
    terms = [re.sub(r"\[[^\[\]]*\]$", "", part) for part in products[0].split(":")]
    lone = [re.sub(r"\[[^\[\]]*\]$", "", name) for name in gone]
    written = " + ".join([*(term for term in terms if term not in lone), ":".join(terms)])
    return (
        f"Their interactions, such as {products[0]!r}, can stay: leave out the main effect alone, in a formula with "
        f"':' in place of '*': '{written}'."
    )


def _independent(projection: LeastSquares, design: Design) -> None:
    """No column may be a combination of the others."""
    dependent = projection.dependent()
    if not dependent:
        return
    names = design.names
    _common(design, [names[j] for j, _ in dependent])
    parts = [
        f"{names[j]!r} is a combination of {some(names[i] for i in others)}"
        if others
        else f"{names[j]!r} is zero"
        for j, others in dependent
    ]
    lags = any(names[j].startswith(LAG_PREFIX) for j, _ in dependent)
    hint = (
        "A spatial lag repeats its own regressor when every unit neighbours every other, or when the regressor "
        "is smooth in space: use sparser weights, or name in durbin only the regressors to lag."
        if lags
        else "Leave out one of them."
    )
    raise CollinearityError("Collinear regressors: " + "; ".join(parts) + ". " + hint)


def _common(design: Design, dependent: list[str]) -> None:
    """Raise for regressors that their spatial lag repeats, such as dummies of periods."""
    place = {name: j for j, name in enumerate(design.names)}
    same = [
        name
        for name in design.lagged
        if {name, LAG_PREFIX + name} & set(dependent)
        and vanished(
            design.z[..., place[LAG_PREFIX + name]] - design.z[..., place[name]], design.z[..., place[name]]
        )
    ]
    if not same:
        return
    others = [name for name in design.lagged if name not in same]
    lag = f"durbin={others!r}" if others else "a model without W x"
    raise CollinearityError(
        f"W x is x itself for {some(same)}: the same for all units of a period, as dummies of periods are, while the "
        f"rows of W sum to one. Leave out the spatial lag, not the regressor, with {lag}."
    )
