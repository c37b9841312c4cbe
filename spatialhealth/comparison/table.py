"""Comparison: fitted models side by side, ranked only where their likelihoods can be."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import softmax

from spatialhealth._format import html_table, latex_table, number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_option
from spatialhealth.comparison.alike import differences
from spatialhealth.errors import ComparabilityError, some
from spatialhealth.impacts.effects import EFFECTS, Impacts
from spatialhealth.models.design import SPATIAL
from spatialhealth.models.estimate import RIVAL
from spatialhealth.models.result import FitResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Comparison"]

Criterion = Literal["aic", "bic"]
_COUNTS = ("n", "T", "observations", "in_likelihood", "parameters")
_HEADINGS = {
    "estimator": "Estimator",
    "weights": "Weights",
    "effects": "Effects",
    "correction": "Correction",
    "cov_type": "Covariance",
    "n": "Units (n)",
    "T": "Periods (T)",
    "observations": "Observations",
    "in_likelihood": "In the likelihood",
    "parameters": "Parameters",
    "loglik": "Log-likelihood",
    "aic": "AIC",
    "bic": "BIC",
    "delta_aic": "Delta AIC",
    "akaike_weight": "Akaike weight",
}


@dataclass(frozen=True)
class Column:
    """One model of a comparison.

    Parameters
    ----------
    label : str
    weights : str
        Label of its W.
    impacts : Impacts
        Its effects, and through them its result.
    """

    label: str
    weights: str
    impacts: Impacts

    @property
    def result(self) -> FitResult:
        """The fitted model."""
        return self.impacts.result


@dataclass(frozen=True)
class Comparison:
    """Fitted models side by side.

    Parameters
    ----------
    columns : tuple of Column

    Notes
    -----
    AIC, BIC and Akaike weights are given for the largest set of models whose likelihoods are of the same data (the
    first such set among equals) and left blank for the others; `reasons` says why, `rank` refuses.
    """

    columns: tuple[Column, ...]

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Models whose likelihood cannot be compared with those of the others, and why."""
        why = differences([column.result for column in self.columns])
        return {column.label: text for column, text in zip(self.columns, why, strict=True) if text}

    @property
    def table(self) -> pd.DataFrame:
        """One row a model, indexed by its label.

        Columns: estimator, weights, effects, correction, cov_type, n, T, observations (outcomes observed),
        in_likelihood (what the transformation of the effects leaves of them), parameters, loglik, aic, bic,
        delta_aic, akaike_weight; estimate and standard error of rho, lambda and, where a model has it, phi
        (``rho``, ``rho_se``); direct, indirect and total effect of each regressor
        (``direct: x``, ``direct_se: x``).
        """
        pd = pandas_for("Comparison.table", ".columns, or print(comparison)")
        labels = pd.Index([column.label for column in self.columns], name="model")
        return pd.DataFrame(self._values, index=labels)

    @property
    def effects(self) -> pd.DataFrame:
        """The effects of all models, one a row: model, then the columns of `Impacts.table`."""
        pd = pandas_for("Comparison.effects", ".columns")
        frames = [column.impacts.table.assign(model=column.label) for column in self.columns]
        frame = pd.concat(frames, ignore_index=True)
        return frame[["model", *(name for name in frame.columns if name != "model")]]

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def rank(self, by: Criterion = "aic") -> tuple[str, ...]:
        """Give the labels of the models, the best first.

        Parameters
        ----------
        by : {"aic", "bic"}, default "aic"

        Returns
        -------
        tuple of str

        Raises
        ------
        ComparabilityError
            If a likelihood is of another outcome, sample or transformation, so that there is no order.
        """
        check_option("rank", "by", by, Criterion)
        if self.reasons:
            listed = "; ".join(f"{label!r}: {why}" for label, why in self.reasons.items())
            raise ComparabilityError(
                f"The likelihoods of these models cannot be ranked. {listed}. Leave these out, or fit all models to "
                "the same rows with the same effects and correction (correction='none' keeps all observations)."
            )
        order = np.argsort(self._values[by], kind="stable")
        return tuple(self.columns[place].label for place in order)

    @cached_property
    def _values(self) -> dict[str, Any]:
        """The columns of `table`."""
        results = [column.result for column in self.columns]
        alike = np.array([column.label not in self.reasons for column in self.columns])
        aic = np.where(alike, [result.aic for result in results], np.nan)
        delta, weight = aic.copy(), aic.copy()
        if alike.any():
            delta -= aic[alike].min()
            weight[alike] = softmax(-delta[alike] / 2)
        values: dict[str, Any] = {
            "estimator": [result.model for result in results],
            "weights": [column.weights for column in self.columns],
            "effects": [result.effects for result in results],
            "correction": [_correction(result) for result in results],
            "cov_type": [result.cov_type for result in results],
            "n": [result.n_entities for result in results],
            "T": [result.n_periods for result in results],
            "observations": [result.n_observations for result in results],
            "in_likelihood": [result.within.size for result in results],
            "parameters": [result.n_parameters for result in results],
            "loglik": np.array([result.loglik for result in results]),
            "aic": aic,
            "bic": np.where(alike, [result.bic for result in results], np.nan),
            "delta_aic": delta,
            "akaike_weight": weight,
        }
        return values | self._spatial() | self._effects()

    def _spatial(self) -> dict[str, Array]:
        """Estimates and standard errors of the spatial parameters."""
        values = {}
        for name in self._parameters:
            places = [column.result.position.get(name) for column in self.columns]
            pairs = [(column.result, place) for column, place in zip(self.columns, places, strict=True)]
            values[name] = np.array([np.nan if p is None else r.params[p] for r, p in pairs])
            values[f"{name}_se"] = np.array([np.nan if p is None else r.std_errors[p] for r, p in pairs])
        return values

    def _effects(self) -> dict[str, Array]:
        """Effects and standard errors of every regressor of any model."""
        values = {}
        for variable in self._variables:
            for j, effect in enumerate(EFFECTS):
                found = [_effect(column.impacts, variable, j) for column in self.columns]
                values[f"{effect}: {variable}"], values[f"{effect}_se: {variable}"] = np.array(found).T
        return values

    @property
    def _parameters(self) -> list[str]:
        """Give rho and lambda, and what else is beside the coefficients of some model."""
        others = [name for name in SPATIAL if any(name in column.result.position for column in self.columns)]
        return list(dict.fromkeys(["rho", "lambda", *others]))

    @property
    def _variables(self) -> list[str]:
        return list(dict.fromkeys(name for column in self.columns for name in column.impacts.variables))

    def _cells(self) -> list[list[str]]:
        """Give the table on its side, a column a model, standard errors in brackets."""
        values = self._values
        rows = [["", *(column.label for column in self.columns)]]
        for name, heading in _HEADINGS.items():
            rows.append([heading, *(_written(name, value) for value in values[name])])
        pairs = [(name, name, f"{name}_se") for name in self._parameters]
        pairs += [
            (f"{variable}, {effect}", f"{effect}: {variable}", f"{effect}_se: {variable}")
            for variable in self._variables
            for effect in EFFECTS
        ]
        for heading, estimate, error in pairs:
            cells = [_with_error(*pair) for pair in zip(values[estimate], values[error], strict=True)]
            if any(cells):
                rows.append([heading, *cells])
        return rows

    @property
    def _notes(self) -> list[str]:
        notes = ["Standard errors in brackets."]
        if self.reasons:
            listed = "; ".join(f"{label}: {why}" for label, why in self.reasons.items())
            notes.append(
                f"AIC, BIC and Akaike weights are blank where likelihoods cannot be compared. {listed}."
            )
        dynamic = [column.label for column in self.columns if column.result.within.is_dynamic]
        if dynamic:
            notes.append(
                f"Effects of {some(dynamic)} are those in the short run; `.effects` has the long run too."
            )
        for column in self.columns:
            if RIVAL in column.result.facts:
                notes.append(f"{column.label} has a rival maximum at {column.result.facts[RIVAL]}.")
        return notes

    @property
    def _title(self) -> str:
        outcomes = dict.fromkeys(column.result.response for column in self.columns)
        return f"Models of {' and '.join(outcomes)}"

    def __str__(self) -> str:
        return "\n".join([self._title, *ruled_table(self._cells()), *self._notes])

    def __repr__(self) -> str:
        return f"<Comparison of {len(self.columns)} models: {', '.join(column.label for column in self.columns)}>"

    def _repr_html_(self) -> str:
        notes = html.escape(" ".join(self._notes))
        return f"<h4>{html.escape(self._title)}</h4>{html_table(self._cells())}<p>{notes}</p>"

    def to_latex(self) -> str:
        """Give a LaTeX table for the package booktabs, a column a model.

        Returns
        -------
        str
        """
        return latex_table(self._cells(), note=" ".join(self._notes))


def _correction(result: FitResult) -> str:
    if not (result.within.has_entity or result.within.has_time):
        return ""
    return "direct" if result.within.is_direct else result.correction


def _effect(impacts: Impacts, variable: str, effect: int) -> tuple[float, float]:
    if variable not in impacts.variables:
        return np.nan, np.nan
    place = impacts.variables.index(variable)
    return float(impacts.estimates[place, effect]), float(impacts.std_errors[place, effect])


def _written(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name in _COUNTS:
        return f"{value:,}"
    if value != value:
        return ""
    return f"{value:,.3f}"


def _with_error(estimate: float, error: float) -> str:
    return "" if estimate != estimate else f"{number(estimate)} ({number(error)})"
