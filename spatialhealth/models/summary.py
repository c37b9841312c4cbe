"""A fitted model in words and figures: text, HTML, LaTeX. It formats, and computes nothing of its own."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._format import HEADINGS, html_table, inference_rows, latex_table, ruled_table, text_table
from spatialhealth._stats import inference
from spatialhealth._validation import check_share
from spatialhealth.errors import some
from spatialhealth.models.covariances import LIKELIHOOD, WORDS
from spatialhealth.models.result import FitResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Summary"]

_TITLES = {
    "SLX": "SLX model",
    "SpatialLag": "Spatial lag model (SAR)",
    "SpatialDurbin": "Spatial Durbin model (SDM)",
    "SpatialError": "Spatial error model (SEM)",
    "SpatialDurbinError": "Spatial Durbin error model (SDEM)",
    "SpatialCombined": "Spatial lag and error model (SAC)",
    "GeneralNesting": "General nesting spatial model (GNS)",
}


class Summary:
    """Summary of a fitted model.

    Parameters
    ----------
    result : FitResult
    level : float, default 0.95
        Confidence level of the intervals.
    """

    def __init__(self, result: FitResult, level: float = 0.95) -> None:
        self._result = result
        self._level = check_share("summary", "level", level)
        self._columns = inference(result.params, result.std_errors, self._level)

    def to_frame(self) -> pd.DataFrame:
        """Give the table of coefficients.

        Returns
        -------
        DataFrame
            Indexed by parameter: estimate, std_error, z, p_value, ci_low, ci_high.
        """
        return self._result.to_frame(self._level)

    @property
    def title(self) -> str:
        """Name of the model and of its outcome."""
        return f"{_TITLES.get(self._result.model, self._result.model)} of {self._result.response}"

    @property
    def facts(self) -> dict[str, str]:
        """What a reader must know beside the coefficients, in the order to show it."""
        result, operator, within = self._result, self._result.operator, self._result.within
        isolates = f"{len(operator.isolates)}" + (
            f" ({some(operator.isolates, limit=5)})" if len(operator.isolates) else ""
        )
        standard = "row-standardised" if operator.is_row_standardised else "not row-standardised"
        facts = {"Data": result.source} if result.source else {}
        facts |= {
            "Units (n)": f"{result.n_entities:,}",
            "Periods (T)": f"{result.n_periods:,}",
            "Effects": result.effects
            if result.effects == "none"
            else f"{result.effects}, {self._correction()}",
            "Likelihood of": f"{within.size:,} observations",
            "Weights": f"{operator.matrix.nnz:,} links, {standard}",
            "Isolates": isolates,
        }
        if result.error_operator is not None and result.error_operator is not operator:
            facts["Weights of errors"] = f"{result.error_operator.matrix.nnz:,} links"
        facts |= self._logdets()
        return facts | {
            "Covariance": self._covariance(),
            "Log-likelihood": self._log_likelihood(),
            "AIC": f"{result.aic:,.3f}",
            "BIC": f"{result.bic:,.3f}",
            "sigma2": f"{result.sigma2:.6g}",
            **result.facts,
            "Pseudo R2": f"{result.pseudo_r2:.4f} (squared correlation of outcome and reduced form"
            + {"none": ")", "random": ", predicted effects in)"}.get(result.effects, ", effects out)"),
        }

    def _logdets(self) -> dict[str, str]:
        """Say how the log-determinants are computed, and between which bounds."""
        result, parts = self._result, []
        for name, operator in (("rho", result.operator), ("lambda", result.error_operator)):
            if result.spatial(name) is not None and operator is not None:
                low, high = operator.interval
                parts.append((operator.logdet.words, f"{name} in ({low:.3f}, {high:.3f})"))
        methods = " and ".join(dict.fromkeys(method for method, _ in parts))
        facts = {"Log-determinant": f"{methods}, " + ", ".join(b for _, b in parts)} if parts else {}
        chance = [
            f"{name} {each.std_error:.2g} ({each.share:.2%} of its standard error)"
            for name, each in result.approximations.items()
        ]
        return facts | (
            {"Monte-Carlo error": ", ".join(chance) + ", in the standard errors"} if chance else {}
        )

    def _log_likelihood(self) -> str:
        """Give the log-likelihood, with its Monte-Carlo error if there is any."""
        error = float(np.linalg.norm([each.loglik for each in self._result.approximations.values()]))
        return f"{self._result.loglik:,.4f}" + (f" (Monte-Carlo error {error:.2g})" if error else "")

    def _covariance(self) -> str:
        by_least_squares = not self._result.spatial_names and self._result.effects != "random"
        if by_least_squares and self._result.cov_type in LIKELIHOOD:
            return "least squares"
        adjusted = (
            self._result.within.is_adjusted and self._result.has_lag and self._result.cov_type == "observed"
        )
        return WORDS[self._result.cov_type] + (
            ", with the variance of the adjusted score" if adjusted else ""
        )

    def _correction(self) -> str:
        if self._result.effects == "random":
            return "by maximum likelihood, in the errors"
        if self._result.within.corrects_lags:
            return self._correction_of_lags()
        if self._result.within.is_direct:
            return "direct estimator with Lee-Yu bias correction"
        if self._result.within.is_adjusted:
            return "Lee-Yu, by an adjusted score"
        return {"lee-yu": "Lee-Yu transformation", "none": "no correction"}[self._result.correction]

    def _correction_of_lags(self) -> str:
        within = self._result.within
        start = "Lee-Yu transformation over units, then " if within.drops_constant else ""
        order = "1/T and 1/n" if within.is_direct else "1/T"
        return f"{start}Yu-de Jong-Lee bias correction of order {order}"

    def _rows(self) -> list[list[str]]:
        labels = [[name] for name in self._result.param_names]
        return [["", *HEADINGS], *inference_rows(labels, self._columns)]

    @property
    def note(self) -> str:
        """What the coefficients are not."""
        level = f"Intervals at {self._level:.0%}."
        if not self._result.has_lag:
            return f"{level} See impacts() for direct, indirect and total effects."
        return f"{level} Coefficients of a model with W y are not effects: see impacts()."

    def __str__(self) -> str:
        table, facts = ruled_table(self._rows()), text_table(list(self.facts.items()), labels=2)
        return "\n".join([self.title, table[0], *facts, *table, self.note])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        # the facts have no headings
        facts = html_table([["", ""], *self.facts.items()], labels=2)
        table = html_table(self._rows())
        return f"<h4>{html.escape(self.title)}</h4>{facts}<br>{table}<p>{html.escape(self.note)}</p>"

    def to_latex(self) -> str:
        """Give a LaTeX table for the package booktabs.

        Returns
        -------
        str
        """
        return latex_table(self._rows(), facts=self.facts)
