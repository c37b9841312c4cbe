"""Heteroskedasticity and normality of residuals, with the moments that fixed effects leave them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted, fitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.errors import OptionError
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import CONSTANT

__all__ = ["heteroskedasticity", "normality"]

_EQUAL = "the errors have one variance"
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class _Centring:
    """The projection off effects, Q = Q_T x Q_n, element by element.

    Parameters
    ----------
    within : Within
    """

    within: Within

    def _sides(self) -> list[tuple[int, bool]]:
        return [(self.within.t, self.within.has_entity), (self.within.n, self.within.has_time)]

    @property
    def own(self) -> float:
        """Diagonal element of Q."""
        return float(np.prod([1 - 1 / size if out else 1.0 for size, out in self._sides()]))

    def sum_of_powers(self, power: int) -> float:
        """Sum of the elements of Q, each to a power."""
        return float(
            np.prod(
                [
                    size * (1 - 1 / size) ** power + size * (size - 1) * (-1 / size) ** power
                    if out
                    else float(size)
                    for size, out in self._sides()
                ]
            )
        )

    def square(self, values: Array) -> Array:
        """Multiply (T, n, k) values by Q with its elements squared."""
        for axis, (size, out) in enumerate(self._sides()):
            if out:
                own, other = (1 - 1 / size) ** 2, 1 / size**2
                values = (own - other) * values + other * values.sum(axis=axis, keepdims=True)
        return values


def heteroskedasticity(model: SpatialModel) -> StatisticTable:
    """Test whether the variance of the errors varies with the regressors.

    Parameters
    ----------
    model : fitted model
        Of any kind; its innovations are tested against its own regressors and lagged regressors.

    Returns
    -------
    StatisticTable
        - "Breusch-Pagan": for normal errors;
        - "Koenker": the same for errors of any kurtosis, the one to read;
        - "White": Koenker's form with squares and products of the regressors too.

    Raises
    ------
    OptionError
        If what is given is no fitted model.

    Notes
    -----
    Residuals with fixed effects are correlated (with two periods those of a unit are equal but for their
    sign, and their squares say everything twice). The covariance of the squares is therefore taken from the
    projection Q off the effects: 2 s^4 Q*Q + k4 (Q*Q)^2, element by element, with k4 the fourth cumulant;
    without effects these are the usual tests.

    References
    ----------
    Breusch, T. S. and Pagan, A. R. (1979). A simple test for heteroscedasticity and random coefficient
    variation. Econometrica 47, 1287-1294.

    Koenker, R. (1981). A note on studentizing a test for heteroscedasticity. Journal of Econometrics 17,
    107-112.

    White, H. (1980). A heteroskedasticity-consistent covariance matrix estimator and a direct test for
    heteroskedasticity. Econometrica 48, 817-838.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_production()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SpatialLag(W, effects="entity").fit_formula("log(gsp) ~ log(emp) + unemp", panel)
    >>> sh.diagnostics.heteroskedasticity(model).names
    ['Breusch-Pagan', 'Koenker', 'White']
    """
    found = fitted("heteroskedasticity", model, random=False)
    columns = [name != CONSTANT for name in found.columns]
    z = found.z[..., columns]
    tests = (
        _breusch_pagan(found, z, "Breusch-Pagan", normal=True),
        _breusch_pagan(found, z, "Koenker", normal=False),
        _breusch_pagan(found, _with_products(z), "White", normal=False),
    )
    return StatisticTable(f"Heteroskedasticity of {found.result.model}, {found.outcome}", tests)


def _breusch_pagan(model: Fitted, z: Array, name: str, normal: bool) -> Statistic:
    """Give the test of squared residuals on z; a constant stands beside z."""
    null = f"{_EQUAL}, unrelated to the regressors" + (
        ", their squares and products" if name == "White" else ""
    )
    z = _independent(z)
    if z.shape[2] >= z.shape[0] * z.shape[1] - 1:
        return Statistic.not_applicable(
            name, null, f"{z.shape[2]} columns are too many for {z.shape[0] * z.shape[1]} observations."
        )
    e, centring = model.result.residuals, _Centring(model.within)
    s2 = float(np.sum(e**2)) / model.within.degrees
    fourth = (float(np.sum(e**4)) - 3 * s2**2 * centring.own**2 * e.size) / centring.sum_of_powers(4)
    score = np.einsum("tik,ti->k", z, e**2)
    once = centring.square(z)
    spread = 2 * s2**2 * np.einsum("tik,til->kl", z, once)
    if not normal:
        spread = spread + fourth * np.einsum("tik,til->kl", once, once)
    value = float(score @ np.linalg.solve(spread, score))
    return Statistic.chi_square(name, value, len(score), null)


def _independent(z: Array) -> Array:
    """Centre and scale columns, and leave out those that combine others."""
    flat = z.reshape(-1, z.shape[2])
    flat = flat - flat.mean(axis=0)
    length = np.linalg.norm(flat, axis=0)
    flat = flat[:, length > _TOLERANCE * np.maximum(np.linalg.norm(z.reshape(flat.shape), axis=0), 1e-300)]
    factors = LeastSquares.of(flat)
    gone = [j for j, _ in factors.dependent(_TOLERANCE)]
    kept = LeastSquares.of(np.delete(flat, gone, axis=1)).q  # orthonormal: the test is the same
    return np.asarray(kept.reshape(*z.shape[:2], -1))


def _with_products(z: Array) -> Array:
    """Add squares and products of centred, scaled columns, which span the same as those of the columns."""
    centred = z - z.mean(axis=(0, 1))
    centred = centred / np.maximum(np.sqrt(np.mean(centred**2, axis=(0, 1))), 1e-300)
    first, second = np.triu_indices(z.shape[2])
    return np.concatenate([centred, centred[..., first] * centred[..., second]], axis=2)


def normality(model: SpatialModel) -> Statistic:
    """Test whether the errors are normal, by their third and fourth moments (Jarque and Bera).

    Parameters
    ----------
    model : fitted model

    Returns
    -------
    Statistic
        Chi-square with two degrees of freedom; `estimates` hold skewness and kurtosis of the errors (of
        those before the fixed effects were taken out, which bring residuals nearer to the normal).

    Raises
    ------
    OptionError
        If the effects leave nothing to tell skewness from (two periods with entity effects).

    Notes
    -----
    With residuals Q u, the sum of third powers has the variance 6 s^6 times the sum of the cubes of the
    elements of Q, and the sum of fourth powers less its expectation 24 s^8 times that of their fourth
    powers. Without effects this is the usual statistic n (skewness^2 / 6 + (kurtosis - 3)^2 / 24).

    References
    ----------
    Jarque, C. M. and Bera, A. K. (1987). A test for normality of observations and regression residuals.
    International Statistical Review 55, 163-172.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_production()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SpatialLag(W, effects="entity").fit_formula("log(gsp) ~ log(emp) + unemp", panel)
    >>> sh.diagnostics.normality(model).df
    2
    """
    found = fitted("normality", model, random=False)
    e, centring = found.result.residuals, _Centring(found.within)
    cubes, fourths = centring.sum_of_powers(3), centring.sum_of_powers(4)
    if cubes < _TOLERANCE * e.size:
        raise OptionError(
            f"normality: with {found.within.t} periods and {found.within.n} units, {found.within.effects} "
            "effects make residuals symmetric whatever the errors, so that nothing tells their skewness."
        )
    s2 = float(np.sum(e**2)) / found.within.degrees
    third = float(np.sum(e**3))
    fourth = float(np.sum(e**4)) - 3 * s2**2 * centring.own**2 * e.size
    value = third**2 / (6 * s2**3 * cubes) + fourth**2 / (24 * s2**4 * fourths)
    test = Statistic.chi_square("Jarque-Bera", value, 2, "the errors are normal")
    estimates = {"skewness": third / cubes / s2**1.5, "kurtosis": 3 + fourth / fourths / s2**2}
    return replace(test, estimates=estimates)
