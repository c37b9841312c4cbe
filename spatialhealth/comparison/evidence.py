"""ModelProbabilities: posterior probabilities of models and weights, and the figures behind them."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from spatialhealth._format import html_table, latex_table, number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Evidence", "ModelProbabilities"]

_HEADINGS = ("Weights", "Model", "Log marginal", "Probability", "Parameter", "Mean", "SD")


@dataclass(frozen=True)
class Evidence:
    """What the data say about one model with one W.

    Parameters
    ----------
    weights : str
        Label of W; empty for a model that has none.
    model : str
    log_marginal : float
    coefficients : int
        Constant, regressors and their lags.
    parameter : str
        "rho", "lambda" or, in a model without either, empty.
    mean, std : float
        Of the posterior of that parameter; NaN without one.
    """

    weights: str
    model: str
    log_marginal: float
    coefficients: int
    parameter: str = ""
    mean: float = float("nan")
    std: float = float("nan")


@dataclass(frozen=True)
class ModelProbabilities:
    """Posterior probabilities, every model with every W taken for equally probable beforehand.

    Parameters
    ----------
    rows : tuple of Evidence
    response : str
        Name of the outcome.
    facts : tuple of (str, str)
        Effects, priors and sizes.
    """

    rows: tuple[Evidence, ...]
    response: str
    facts: tuple[tuple[str, str], ...]

    @property
    def log_marginals(self) -> Array:
        """Logarithms of the marginal likelihoods, shape (m,)."""
        return np.array([row.log_marginal for row in self.rows])

    @property
    def probabilities(self) -> Array:
        """Posterior probabilities, shape (m,); they sum to one."""
        return np.asarray(softmax(self.log_marginals))

    @property
    def table(self) -> pd.DataFrame:
        """One row a model and W.

        Columns: weights, model, log_marginal, probability, coefficients, parameter, mean, std. `mean` and `std` are
        those of the posterior of rho or lambda.
        """
        pd = pandas_for("ModelProbabilities.table", ".rows, .probabilities, or print(probabilities)")
        frame = pd.DataFrame([vars(row) for row in self.rows])
        frame.insert(3, "probability", self.probabilities)
        return frame

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    @property
    def by_model(self) -> dict[str, float]:
        """Probability of each model, summed over the weights."""
        return self._summed("model")

    @property
    def by_weights(self) -> dict[str, float]:
        """Probability of each W, summed over the models that have one."""
        return {label: share for label, share in self._summed("weights").items() if label}

    def _summed(self, kind: str) -> dict[str, float]:
        shares: dict[str, float] = {}
        for row, share in zip(self.rows, self.probabilities, strict=True):
            label = getattr(row, kind)
            shares[label] = shares.get(label, 0.0) + float(share)
        return shares

    @property
    def best(self) -> Evidence:
        """The most probable row."""
        return self.rows[int(np.argmax(self.log_marginals))]

    def _cells(self) -> list[list[str]]:
        rows = [
            [
                row.weights,
                row.model,
                f"{row.log_marginal:,.3f}",
                f"{share:.4f}",
                row.parameter,
                number(row.mean),
                number(row.std),
            ]
            for row, share in zip(self.rows, self.probabilities, strict=True)
        ]
        return [list(_HEADINGS), *rows]

    @property
    def _notes(self) -> list[str]:
        def said(shares: dict[str, float]) -> str:
            return ", ".join(f"{label} {share:.4f}" for label, share in shares.items())

        notes = [f"{name}: {value}" for name, value in self.facts]
        sums = [f"By model: {said(self.by_model)}"]
        if len(self.by_weights) > 1:
            sums.append(f"By weights: {said(self.by_weights)}")
        return [*sums, *notes]

    @property
    def _title(self) -> str:
        return f"Posterior model probabilities for {self.response}"

    def __str__(self) -> str:
        return "\n".join([self._title, *ruled_table(self._cells(), labels=2), *self._notes])

    def __repr__(self) -> str:
        best: Any = self.best
        return (
            f"<ModelProbabilities of {len(self.rows)} models, highest: {best.model} {best.weights}".rstrip()
            + ">"
        )

    def _repr_html_(self) -> str:
        notes = "<br>".join(html.escape(note) for note in self._notes)
        return f"<h4>{html.escape(self._title)}</h4>{html_table(self._cells(), labels=2)}<p>{notes}</p>"

    def to_latex(self) -> str:
        """Give a LaTeX table for the package booktabs.

        Returns
        -------
        str
        """
        return latex_table(self._cells(), labels=2, note=". ".join(self._notes) + ".")
