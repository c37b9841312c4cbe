"""Regimes: coefficients and effects by group, and tests of their equality."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.heterogeneity.equality import equality
from spatialhealth.heterogeneity.groups import Groups
from spatialhealth.heterogeneity.summary import RegimesSummary
from spatialhealth.impacts import impacts
from spatialhealth.impacts.effects import EFFECTS
from spatialhealth.models.base import SpatialModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ByGroup", "Regimes"]


@dataclass(frozen=True, eq=False)
class ByGroup:
    """The same estimates in every group, with their joint covariance.

    Parameters
    ----------
    names : tuple of str
    values : ndarray of shape (G, k) or (G, k, 3)
    covariance : ndarray of shape (size of values, size of values)
        In the order of ``values.ravel()``.
    """

    names: tuple[str, ...]
    values: Array
    covariance: Array

    def __post_init__(self) -> None:
        for array in (self.values, self.covariance):
            array.flags.writeable = False

    @property
    def std_errors(self) -> Array:
        """Standard errors, in the shape of `values`."""
        return np.asarray(np.sqrt(np.diag(self.covariance)).reshape(self.values.shape))

    def one(self, *place: int) -> tuple[Array, Array]:
        """Give one estimate in all groups, shape (G, 1), and its covariance, shape (G, G)."""
        places = np.arange(self.values.size).reshape(self.values.shape)
        picked = np.array([places[(group, *place)] for group in range(len(self.values))])
        return self.values.reshape(-1)[picked][:, None], self.covariance[np.ix_(picked, picked)]


@dataclass(frozen=True, eq=False)
class Regimes:
    """A model by groups of units.

    Parameters
    ----------
    groups : Groups
        Name, labels and members of the groups.
    pooled : bool
        Whether it is one model with coefficients by group.
    whole : estimator
        The model of all units, without groups.
    models : dict
        The fitted estimator of each group, by its label; the one model under ``"pooled"`` if it is one.
    coefficients : ByGroup
        Shape (G, p).
    effects : ByGroup
        Direct, indirect and total effects, shape (G, k, 3).
    chow : Statistic
        Wald test that the coefficients are equal.
    lr : Statistic
        The same by likelihood ratio; where that does not exist, its `reason` says why.
    facts : dict of str to str
        What a reader must know of the fit.
    level : float
        Confidence level of the intervals.
    """

    groups: Groups
    pooled: bool
    whole: SpatialModel
    models: dict[Any, SpatialModel]
    coefficients: ByGroup
    effects: ByGroup
    chow: Statistic
    lr: Statistic
    facts: dict[str, str]
    level: float

    @cached_property
    def coefficient_tests(self) -> dict[str, Statistic]:
        """Test that a coefficient is the same in all groups, for each."""
        return {
            name: equality(name, *self.coefficients.one(j), self._null(f"the coefficient of {name}"))
            for j, name in enumerate(self.coefficients.names)
        }

    @cached_property
    def effect_tests(self) -> dict[tuple[str, str], Statistic]:
        """Test that an effect is the same in all groups, for each (variable, effect)."""
        return {
            (name, effect): equality(
                f"{name}, {effect}", *self.effects.one(j, e), self._null(f"the {effect} effect of {name}")
            )
            for j, name in enumerate(self.effects.names)
            for e, effect in enumerate(EFFECTS)
        }

    @property
    def table(self) -> pd.DataFrame:
        """The effects side by side, one row each.

        Columns: variable, effect; the estimate and its standard error for all units together (`all units`, the model
        without groups) and for each group; with two groups their `difference`, the second less the first; `chow`,
        `df`, `p_value` of the test that the groups do not differ.
        """
        pd = pandas_for("Regimes.table", ".effects and .effect_tests")
        columns: dict[str, Any] = {
            "variable": np.repeat(self.effects.names, 3),
            "effect": np.tile(EFFECTS, len(self.effects.names)),
        }
        for title, estimate, std_error in self.sides:
            columns |= {title: estimate, f"{title} std_error": std_error}
        tests = list(self.effect_tests.values())
        return pd.DataFrame(
            columns
            | {
                "chow": [test.value for test in tests],
                "df": [test.df for test in tests],
                "p_value": [test.p_value for test in tests],
            }
        )

    @property
    def tests(self) -> pd.DataFrame:
        """All tests of equality: the whole by Wald and likelihood ratio, then each coefficient and each effect.

        Indexed by test; columns statistic, df, p_value, distribution, null, reason.
        """
        pd = pandas_for("Regimes.tests", ".chow, .lr, .coefficient_tests and .effect_tests")
        every = [self.chow, self.lr, *self.coefficient_tests.values(), *self.effect_tests.values()]
        return pd.concat([test.to_frame() for test in every])

    def to_frame(self) -> pd.DataFrame:
        """Give the effects one row a group, variable and effect.

        Returns
        -------
        DataFrame
            Columns: group, variable, effect, estimate, std_error, z, p_value, ci_low, ci_high.
        """
        pd = pandas_for("Regimes.to_frame", ".effects")
        groups, count = len(self.groups.labels), len(self.effects.names)
        labels = {
            "group": np.repeat(np.array(self.groups.labels, dtype=object), 3 * count),
            "variable": np.tile(np.repeat(self.effects.names, 3), groups),
            "effect": np.tile(EFFECTS, count * groups),
        }
        columns = inference(self.effects.values.reshape(-1), self.effects.std_errors.reshape(-1), self.level)
        return pd.DataFrame({**labels, **columns})

    def summary(self) -> RegimesSummary:
        """Give a summary that prints and shows itself in a notebook."""
        return RegimesSummary(self)

    @cached_property
    def sides(self) -> tuple[tuple[str, Array, Array], ...]:
        """Title, estimates and standard errors of what stands side by side in `table`, each of length 3 k."""
        everywhere = impacts(self.whole, level=self.level)
        sides = [("all units", everywhere.estimates, everywhere.std_errors)]
        sides += zip(self.groups.titles, self.effects.values, self.effects.std_errors, strict=True)
        if len(self.groups.labels) == 2:
            size = self.effects.values[0].size
            less = np.hstack([-np.eye(size), np.eye(size)])
            variance = np.einsum("ij,jk,ik->i", less, self.effects.covariance, less)
            sides.append(("difference", less @ self.effects.values.reshape(-1), np.sqrt(variance)))
        return tuple((title, values.reshape(-1), errors.reshape(-1)) for title, values, errors in sides)

    def _null(self, what: str) -> str:
        return f"{what} is the same in all groups of {self.groups.name}"

    def __repr__(self) -> str:
        how = "one model" if self.pooled else "one model a group"
        return f"<Regimes of {type(self.whole).__name__} ({self.groups.described()}), {how}, {self.chow}>"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
