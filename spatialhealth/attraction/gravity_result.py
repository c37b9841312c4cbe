"""What a fitted gravity model knows, frozen; and its summary."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import HEADINGS, html_table, inference_rows, latex_table, ruled_table, text_table
from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth._validation import check_share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CityEffects", "FlowSummary", "GravityResult"]


@dataclass(frozen=True, eq=False)
class CityEffects:
    """Effects of cities on one side of the flows, as deviations from their mean, with their joint covariance.

    Parameters
    ----------
    name : {"attraction", "push"}
    cities : ndarray of shape (n,)
    estimates : ndarray of shape (n,)
        Logarithms, with mean zero.
    covariance : ndarray of shape (n, n)
    level : float
        Their mean before it was taken off; part of the predictions.
    words : str
        How the covariance was estimated.
    """

    name: str
    cities: Array
    estimates: Array
    covariance: Array
    level: float
    words: str

    def __post_init__(self) -> None:
        for array in (self.cities, self.estimates, self.covariance):
            array.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable

    @property
    def std_errors(self) -> Array:
        """Standard errors, shape (n,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def reliability(self) -> float:
        """Share of the variance of the estimates among cities that is not the error of estimation, at least 0."""
        noise = float(np.trace(self.covariance)) / (len(self.cities) - 1)
        return max(0.0, 1 - noise / float(self.estimates.var(ddof=1)))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Give the table of effects.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        DataFrame
            Indexed by city: estimate, std_error, z, p_value, ci_low, ci_high.
        """
        pd = pandas_for("to_frame", ".estimates, .std_errors and .cities")
        columns = inference(self.estimates, self.std_errors, check_share("to_frame", "level", level))
        return pd.DataFrame(columns, index=pd.Index(self.cities, name="city"))


@dataclass(frozen=True, eq=False)
class GravityResult:
    """A fitted gravity model.

    Parameters
    ----------
    param_names : tuple of k str
    params : ndarray of shape (k,)
    covariance : ndarray of shape (k, k)
    mu, y : ndarray of shape (m,)
        Expected and observed flows, in the order of the table.
    effects : dict of str to CityEffects
        Of "origin" and "destination", where the model has them.
    loglik, deviance : float
        Poisson log-likelihood, and twice what the saturated one has more.
    steps : int
        Newton steps after the start.
    response, cov_words : str
    facts : dict of str to str
        Of the table of flows.
    """

    param_names: tuple[str, ...]
    params: Array
    covariance: Array
    mu: Array
    y: Array
    effects: dict[str, CityEffects]
    loglik: float
    deviance: float
    steps: int
    response: str
    cov_words: str
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.params, self.covariance, self.mu, self.y):
            array.flags.writeable = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # arrays come out of a pickle writeable

    @property
    def std_errors(self) -> Array:
        """Standard errors of `params`, shape (k,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @cached_property
    def pseudo_r2(self) -> float:
        """Squared correlation of observed and expected flows."""
        return float(np.corrcoef(self.y, self.mu)[0, 1] ** 2)

    @property
    def dispersion(self) -> float:
        """Pearson's chi-square for each degree of freedom: 1 where the variance is the mean."""
        spent = (
            len(self.params) + sum(len(e.cities) for e in self.effects.values()) - (len(self.effects) == 2)
        )
        return float(((self.y - self.mu) ** 2 / self.mu).sum() / (len(self.y) - spent))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Give the table of coefficients.

        Parameters
        ----------
        level : float, default 0.95
            Confidence level of the intervals.

        Returns
        -------
        DataFrame
            Indexed by parameter: estimate, std_error, z, p_value, ci_low, ci_high.
        """
        pd = pandas_for("to_frame", "params and std_errors of result_")
        columns = inference(self.params, self.std_errors, check_share("to_frame", "level", level))
        return pd.DataFrame(columns, index=pd.Index(self.param_names, name="parameter"))

    def summary(self, level: float = 0.95) -> FlowSummary:
        """Give a summary that prints."""
        sides = [f"{side}s ({len(e.cities):,})" for side, e in self.effects.items()]
        facts = self.facts | {
            "Effects": " and ".join(sides) if sides else "none",
            "Covariance": self.cov_words,
            "Poisson log-likelihood": f"{self.loglik:,.2f}",
            "Deviance": f"{self.deviance:,.2f}",
            "Dispersion": f"{self.dispersion:,.2f} (1 for Poisson flows)",
            "Pseudo R2": f"{self.pseudo_r2:.4f} (squared correlation of observed and expected flows)",
        }
        for effects in self.effects.values():
            low, high = effects.estimates.min(), effects.estimates.max()
            facts[effects.name.capitalize()] = (
                f"from {low:.2f} to {high:.2f} in logarithms, reliability {effects.reliability:.3f}; "
                f"errors: {effects.words}"
            )
        columns = inference(self.params, self.std_errors, check_share("summary", "level", level))
        note = (
            f"Intervals at {level:.0%}. Coefficients are those of the logarithm of the expected flow. The "
            "reliability is the share of the variance among cities that is not error of estimation."
        )
        return FlowSummary(f"Gravity model of {self.response}", self.param_names, columns, facts, note)


@dataclass(frozen=True, eq=False)
class FlowSummary:
    """Summary of a model of flows: text, HTML, LaTeX.

    Parameters
    ----------
    title : str
    names : tuple of str
    columns : dict of str to ndarray
        Estimates with z, p and limits.
    facts : dict of str to str
    note : str
    """

    title: str
    names: tuple[str, ...]
    columns: dict[str, Any]
    facts: dict[str, str]
    note: str

    @property
    def _rows(self) -> list[list[str]]:
        return [["", *HEADINGS], *inference_rows([[name] for name in self.names], self.columns)]

    def __str__(self) -> str:
        table, facts = ruled_table(self._rows), text_table(list(self.facts.items()), labels=2)
        return "\n".join([self.title, table[0], *facts, *table, self.note])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        # the facts have no headings
        facts = html_table([["", ""], *self.facts.items()], labels=2)
        return f"<h4>{html.escape(self.title)}</h4>{facts}<br>{html_table(self._rows)}<p>{html.escape(self.note)}</p>"

    def to_frame(self) -> pd.DataFrame:
        """Give the table of coefficients."""
        pd = pandas_for("to_frame", "print(summary)")
        return pd.DataFrame(self.columns, index=pd.Index(self.names, name="parameter"))

    def to_latex(self) -> str:
        """Give a LaTeX table for the package booktabs."""
        return latex_table(self._rows, facts=self.facts, note=self.note)
