"""A fitted model in words and figures: text, HTML, LaTeX. It formats, and computes nothing of its own."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from spatialhealth._stats import inference
from spatialhealth._validation import check_share
from spatialhealth.errors import some
from spatialhealth.models.result import FitResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Summary"]

_HEADINGS = ("Estimate", "Std. error", "z", "p", "CI low", "CI high")
_TITLES = {
    "SLX": "SLX model",
    "SpatialLag": "Spatial lag model (SAR)",
    "SpatialDurbin": "Spatial Durbin model (SDM)",
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
        import pandas as pd

        return pd.DataFrame(self._columns, index=pd.Index(self._result.param_names, name="parameter"))

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
        if result.has_lag:
            low, high = operator.interval
            facts["Log-determinant"] = f"{operator.logdet_method} (exact), rho in ({low:.3f}, {high:.3f})"
        covariance = f"{result.cov_type} information" if result.has_lag else "least squares"
        return facts | {
            "Covariance": covariance,
            "Log-likelihood": f"{result.loglik:,.4f}",
            "AIC": f"{result.aic:,.3f}",
            "BIC": f"{result.bic:,.3f}",
            "sigma2": f"{result.sigma2:.6g}",
            "Pseudo R2": f"{result.pseudo_r2:.4f} (squared correlation of outcome and reduced form"
            + (", effects out)" if result.effects != "none" else ")"),
        }

    def _correction(self) -> str:
        if self._result.within.is_direct:
            return "direct estimator with Lee-Yu bias correction"
        return {"lee-yu": "Lee-Yu transformation", "none": "no correction"}[self._result.correction]

    def _rows(self) -> list[tuple[str, ...]]:
        columns = self._columns
        return [
            (
                name,
                _number(columns["estimate"][j]),
                _number(columns["std_error"][j]),
                f"{columns['z'][j]:.2f}",
                _p_value(columns["p_value"][j]),
                _number(columns["ci_low"][j]),
                _number(columns["ci_high"][j]),
            )
            for j, name in enumerate(self._result.param_names)
        ]

    @property
    def note(self) -> str:
        """What the coefficients are not."""
        level = f"Intervals at {self._level:.0%}."
        if not self._result.has_lag:
            return f"{level} See impacts() for direct, indirect and total effects."
        return f"{level} Coefficients of a model with W y are not effects: see impacts()."

    def __str__(self) -> str:
        rows = [("", *_HEADINGS), *self._rows()]
        widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
        lines = [
            row[0].ljust(widths[0])
            + "  "
            + "  ".join(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))
            for row in rows
        ]
        rule = "-" * len(lines[0])
        wide = max(len(label) for label in self.facts)
        facts = [f"{label.ljust(wide)}  {value}" for label, value in self.facts.items()]
        return "\n".join([self.title, rule, *facts, rule, lines[0], rule, *lines[1:], rule, self.note])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        cell = html.escape
        facts = "".join(
            f"<tr><th style='text-align:left'>{cell(label)}</th><td style='text-align:left'>{cell(value)}</td></tr>"
            for label, value in self.facts.items()
        )
        head = "".join(f"<th>{cell(heading)}</th>" for heading in ("", *_HEADINGS))
        body = "".join(
            "<tr><th style='text-align:left'>"
            + cell(row[0])
            + "</th>"
            + "".join(f"<td style='text-align:right'>{cell(value)}</td>" for value in row[1:])
            + "</tr>"
            for row in self._rows()
        )
        return (
            f"<h4>{cell(self.title)}</h4><table>{facts}</table>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{cell(self.note)}</p>"
        )

    def to_latex(self) -> str:
        """Give a LaTeX table (packages booktabs and, for the Greek, nothing else).

        Returns
        -------
        str
        """
        body = [" & ".join([_tex(row[0]), *map(_tex_number, row[1:])]) + r" \\" for row in self._rows()]
        heads = ["", *_HEADINGS]
        facts = [
            rf"{_tex(label)} & \multicolumn{{6}}{{l}}{{{_tex(value)}}} \\"
            for label, value in self.facts.items()
        ]
        return "\n".join(
            [
                r"\begin{tabular}{lrrrrrr}",
                r"\toprule",
                " & ".join(heads) + r" \\",
                r"\midrule",
                *body,
                r"\midrule",
                *facts,
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )


def _number(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.3e}"


def _p_value(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _tex_number(text: str) -> str:
    return text.replace("-", "$-$").replace("<", "$<$")


def _tex(text: str) -> str:
    for plain, escaped in (
        ("\\", r"\textbackslash "),
        ("&", r"\&"),
        ("%", r"\%"),
        ("_", r"\_"),
        ("#", r"\#"),
        ("$", r"\$"),
        ("{", r"\{"),
        ("}", r"\}"),
        ("^", r"\^{}"),
        ("~", r"\textasciitilde "),
    ):
        text = text.replace(plain, escaped)
    return text
