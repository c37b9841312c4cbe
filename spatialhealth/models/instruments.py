"""Which columns are exogenous, endogenous and instruments, and the equation they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import helmert

from spatialhealth._typing import Array, Effects
from spatialhealth.errors import IdentificationError, OptionError, some
from spatialhealth.likelihood.least_squares import vanished
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.design import LAG_PREFIX, Design, Sample, lagged_names
from spatialhealth.moments import Equation
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.formula import design_from_formula
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Roles", "Stack", "instrument_columns", "names_of"]


def names_of(option: str, value: Any, known: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Give an option that names columns as a tuple of names, after checking it.

    Parameters
    ----------
    option : str
        Name of the option, for the message.
    value : list of str or None
    known : tuple of str, optional
        The names there are.

    Returns
    -------
    tuple of str
    """
    if value is None:
        return ()
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise OptionError(f"SpatialIV: {option}={value!r} must be a list of names, such as [{value!r}].")
    names = tuple(map(str, value))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OptionError(f"SpatialIV: {option} names {some(twice)} more than once. Name each once.")
    unknown = [name for name in names if known is not None and name not in known]
    if unknown:
        raise OptionError(
            f"SpatialIV: {option} names {some(unknown)}, but the columns are {some(known or ())}. Name some of these."
        )
    return names


def instrument_columns(
    formula: str, terms: tuple[str, ...], design: pd.DataFrame, data: pd.DataFrame
) -> pd.DataFrame:
    """Give the columns of the terms that are instruments, beside a formula.

    Parameters
    ----------
    formula : str
        Of the model; its outcome is taken.
    terms : tuple of str
        Terms as in a formula: ``"log(distance)"``, ``"C(region)"``.
    design : DataFrame
        Regressors of the model, none of which may be among the instruments.
    data : DataFrame

    Returns
    -------
    DataFrame of shape (N, q)
    """
    outcome = formula.split("~")[0]
    columns = design_from_formula(f"{outcome}~ {' + '.join(terms)}", data).x
    both = [str(name) for name in columns.columns if name in design.columns]
    if both:
        raise OptionError(
            f"SpatialIV: {some(both)} are regressors of {formula!r} and instruments. A regressor that is exogenous "
            "is its own instrument already; one that is not cannot be an instrument."
        )
    return columns


@dataclass(frozen=True, eq=False)
class Stack:
    """How (T, n, k) values become the rows of an equation.

    Parameters
    ----------
    rows : callable
        From (T, n, k) to (N, k), effects taken out, or rotated away.
    dummies : ndarray of shape (N, d)
        For the effects that stay in as columns.
    within : Within
        Fixed effects of the rows: those rotated away are none of theirs.
    """

    rows: Callable[[Array], Array]
    dummies: Array
    within: Within

    @classmethod
    def demeaned(cls, within: Within) -> Stack:
        """Take the means out."""

        def rows(values: Array) -> Array:
            return _rows(within.apply(values))

        return cls(rows, np.empty((within.n * within.t, 0)), within)

    @classmethod
    def rotated(cls, within: Within) -> Stack:
        """Rotate entity effects away, which leaves errors uncorrelated and W as it is; dummies for periods.

        Errors less their means are correlated, which the moments of lambda would take for something else; and W does
        not take a mean over units to a mean.
        """
        turn = helmert(within.t) if within.has_entity else np.eye(within.t)

        def rows(values: Array) -> Array:
            return _rows(np.tensordot(turn, values, axes=(1, 0)))

        blocks = len(turn)
        count = blocks if within.has_time else 0
        dummies = np.repeat(np.eye(blocks)[:, :count], within.n, axis=0)
        effects: Effects = "time" if within.has_time else "none"
        return cls(rows, dummies, replace(within, effects=effects, t=blocks))


@dataclass(frozen=True, eq=False)
class Roles:
    """What each column is for.

    Parameters
    ----------
    design : Design
        The right-hand side without W y and without the instruments.
    endogenous : tuple of str
        Columns of the design that are endogenous, their spatial lags included.
    instruments : dict of str to ndarray of shape (T, n)
        Candidates beyond the exogenous columns: those named, and spatial lags.
    """

    design: Design
    endogenous: tuple[str, ...]
    instruments: dict[str, Array]

    @classmethod
    def of(
        cls,
        table: PanelTable,
        operator: SpatialOperator,
        within: Within,
        durbin: Any,
        constant: bool,
        endogenous: tuple[str, ...],
        own: tuple[str, ...],
        w_lags: int,
        lag_own: bool,
    ) -> Roles:
        """Sort the columns of a table, after checking that none repeats or is wiped out by the effects.

        Parameters
        ----------
        table : PanelTable
            Regressors and the instruments named.
        operator : SpatialOperator
        within : Within
        durbin : bool or sequence of str
        constant : bool
        endogenous, own : tuple of str
            Endogenous regressors, and instruments of their own.
        w_lags : int
            Spatial lags of the exogenous regressors among the instruments.
        lag_own : bool
            Whether the instruments named are lagged too.
        """
        regressors = tuple(name for name in table.names if name not in own)
        lagged = lagged_names(regressors, durbin)
        whole = Design.of(table, operator, list(lagged) or False, constant)
        Sample.of(table, whole, within, extra=2)
        column = {name: whole.z[..., place] for place, name in enumerate(whole.names)}
        kept = [place for place, name in enumerate(whole.names) if name not in own]
        names = tuple(whole.names[place] for place in kept)
        instruments = {name: column[name] for name in own}
        for name in (*regressors, *(own if lag_own else ())):
            if name not in endogenous:
                instruments |= _lags(name, column[name], name in lagged, w_lags, operator)
        both = (*endogenous, *(LAG_PREFIX + name for name in endogenous if name in lagged))
        return cls(Design(whole.z[..., kept], names, regressors, lagged), both, instruments)

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Columns of the design that are their own instruments."""
        return tuple(name for name in self.design.names if name not in self.endogenous)

    def equation(self, outcome: Array, lag: Array, stack: Stack) -> tuple[Equation, tuple[str, ...]]:
        """Give the equation and the names of the instruments in it.

        Parameters
        ----------
        outcome, lag : ndarray of shape (T, n)
            y and W y.
        stack : Stack

        Returns
        -------
        Equation
            Endogenous columns: W y, then `endogenous`.
        tuple of str

        Raises
        ------
        IdentificationError
            If there are too few instruments.
        """
        place = {name: j for j, name in enumerate(self.design.names)}
        exogenous = self.design.z[..., [place[name] for name in self.exogenous]]
        endogenous = [lag, *(self.design.z[..., place[name]] for name in self.endogenous)]
        names, columns = self._left(stack)
        if len(names) >= len(endogenous):
            equation = Equation.of(
                stack.rows(outcome[..., None])[:, 0],
                np.concatenate([stack.rows(exogenous), stack.dummies], axis=1),
                stack.rows(np.stack(endogenous, axis=-1)),
                np.column_stack(columns),
            )
            names = tuple(name for j, name in enumerate(names) if j not in equation.left_out)
            if len(names) >= len(endogenous):
                return equation, names
        raise IdentificationError(
            f"{len(endogenous)} endogenous columns (W y{''.join(', ' + name for name in self.endogenous)}) need as "
            f"many instruments beyond the exogenous columns; there are {len(names)}: {some(names)}. Name more "
            "instruments, raise w_lags, or lag fewer regressors."
        )

    def order(self, dummies: int) -> list[int]:
        """Give where each column of the design, and W y last, stands in an equation with dummies."""
        names = [*self.exogenous, *[""] * dummies, None, *self.endogenous]
        return [names.index(name) for name in (*self.design.names, None)]

    def _left(self, stack: Stack) -> tuple[tuple[str, ...], list[Array]]:
        """Give the candidates of which the effects leave something, effects taken out."""
        found = {}
        for name, values in self.instruments.items():
            column = stack.rows(values[..., None])[:, 0]
            if not vanished(column, values):
                found[name] = column
        return tuple(found), list(found.values())


def _lags(
    name: str, values: Array, in_model: bool, count: int, operator: SpatialOperator
) -> dict[str, Array]:
    """Give `count` spatial lags of a column, beyond the first if that is in the model."""
    lags = {}
    for order in range(1, count + 1 + in_model):
        values = operator.lag(values)
        if order > in_model:
            lags[f"W{order if order > 1 else ''}:{name}"] = values
    return lags


def _rows(values: Array) -> Array:
    """Put (T, n, k) values into rows, also where there are no columns."""
    periods, units, columns = values.shape
    return np.ascontiguousarray(values.reshape(periods * units, columns))
