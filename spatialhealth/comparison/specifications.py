"""SpecificationGrid: one effect in many specifications, those that failed among them."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import html_table, number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth.errors import OptionError, did_you_mean, some
from spatialhealth.impacts.effects import EFFECTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Figures", "Specification", "SpecificationGrid"]


@dataclass(frozen=True, eq=False)
class Figures:
    """What is kept of a fitted specification.

    Parameters
    ----------
    variables : tuple of k str
    estimates, std_errors : ndarray of shape (k, 3)
        Direct, indirect and total effect of each; in the short run for a dynamic model.
    spatial : dict of str to tuple of float
        Estimate and standard error of rho and lambda, where the model has them.
    loglik, aic : float
    n, periods, observations : int
    isolates : int
        Units without a neighbour in its W.
    likelihood : str
        The same for specifications whose likelihoods are of the same data.
    """

    variables: tuple[str, ...]
    estimates: Array
    std_errors: Array
    spatial: dict[str, tuple[float, float]]
    loglik: float
    aic: float
    n: int
    periods: int
    observations: int
    isolates: int
    likelihood: str


@dataclass(frozen=True, eq=False)
class Specification:
    """One combination of weights, model, subset and formula.

    Parameters
    ----------
    weights, model, subset, formula : str
        Labels.
    figures : Figures or None
        None if it failed.
    warnings : tuple of str
    error, message : str
        Class and text of the error, if it failed.
    """

    weights: str
    model: str
    subset: str
    formula: str
    figures: Figures | None
    warnings: tuple[str, ...] = ()
    error: str = ""
    message: str = ""

    @property
    def label(self) -> str:
        """All four labels."""
        return f"{self.model}, {self.weights}, {self.subset}, {self.formula}"


@dataclass(frozen=True, eq=False)
class SpecificationGrid:
    """The effects of one regressor in many specifications.

    Parameters
    ----------
    specifications : tuple of Specification
    variable : str
    level : float
        Confidence level of the intervals.
    restandardised : bool
        Whether rows of W that summed to one do so again in subsets.
    cut : tuple of str
        Subsets that lack units, in which W is that among the units left.
    """

    specifications: tuple[Specification, ...]
    variable: str
    level: float = 0.95
    restandardised: bool = True
    cut: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a specification, failed ones included.

        Columns: weights, model, subset, formula, variable; direct, direct_se, direct_low, direct_high, and the same
        of indirect and total; rho, rho_se, lambda, lambda_se; loglik, aic; likelihood (a number that specifications
        share whose loglik and aic are of the same data: compare no others); n, T, observations, isolates; warnings
        (how many); error and message, empty unless it failed.
        """
        pd = pandas_for("SpecificationGrid.table", ".specifications")
        index = pd.RangeIndex(1, len(self.specifications) + 1, name="specification")
        return pd.DataFrame([self._row(each) for each in self.specifications], index=index)

    @property
    def failures(self) -> pd.DataFrame:
        """The rows of `table` that failed."""
        table = self.table
        columns = ["weights", "model", "subset", "formula", "error", "message"]
        return table.loc[table["error"] != "", columns]

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def of(self, variable: str) -> SpecificationGrid:
        """Give the same grid for another regressor.

        Parameters
        ----------
        variable : str

        Returns
        -------
        SpecificationGrid

        Raises
        ------
        OptionError
            If no specification that was fitted has it.
        """
        if variable not in self.variables:
            raise OptionError(
                f"No specification that was fitted has the regressor {variable!r}."
                f"{did_you_mean(variable, self.variables)} There are: {', '.join(self.variables)}."
            )
        return replace(self, variable=variable)

    @property
    def variables(self) -> tuple[str, ...]:
        """Regressors of any specification."""
        fitted = [each.figures for each in self.specifications if each.figures is not None]
        return tuple(dict.fromkeys(name for figures in fitted for name in figures.variables))

    @cached_property
    def _samples(self) -> dict[str, int]:
        """Numbers of the data that likelihoods are of."""
        marks = [each.figures.likelihood for each in self.specifications if each.figures is not None]
        return {mark: place for place, mark in enumerate(dict.fromkeys(filter(None, marks)), 1)}

    def _effects(self, figures: Figures | None) -> dict[str, float]:
        nothing = np.full(3, np.nan)
        estimate, std_error = nothing, nothing
        if figures is not None and self.variable in figures.variables:
            place = figures.variables.index(self.variable)
            estimate, std_error = figures.estimates[place], figures.std_errors[place]
        known = inference(estimate, std_error, self.level)
        names = {"": "estimate", "_se": "std_error", "_low": "ci_low", "_high": "ci_high"}
        return {
            f"{effect}{ending}": float(known[column][j])
            for j, effect in enumerate(EFFECTS)
            for ending, column in names.items()
        }

    def _row(self, each: Specification) -> dict[str, Any]:
        figures = each.figures
        row: dict[str, Any] = {
            name: getattr(each, name) for name in ("weights", "model", "subset", "formula")
        } | {"variable": self.variable}
        row |= self._effects(figures)
        for name in ("rho", "lambda"):
            pair = (np.nan, np.nan) if figures is None else figures.spatial.get(name, (np.nan, np.nan))
            row[name], row[f"{name}_se"] = pair
        row["loglik"] = np.nan if figures is None else figures.loglik
        row["aic"] = np.nan if figures is None else figures.aic
        row["likelihood"] = None if figures is None else self._samples.get(figures.likelihood)
        for name, field in (
            ("n", "n"),
            ("T", "periods"),
            ("observations", "observations"),
            ("isolates", "isolates"),
        ):
            row[name] = None if figures is None else getattr(figures, field)
        return row | {"warnings": len(each.warnings), "error": each.error, "message": each.message}

    def _cells(self) -> list[list[str]]:
        """Write how each effect spreads over the specifications that have it."""
        rows = [["Effect", "Lowest", "Median", "Highest", "Above zero", "Interval above", "Interval below"]]
        found = [self._effects(each.figures) for each in self.specifications]
        for effect in EFFECTS:
            value, low, high = (
                np.array([row[f"{effect}{ending}"] for row in found]) for ending in ("", "_low", "_high")
            )
            known = np.isfinite(value)
            if not known.any():
                rows.append([effect, *[""] * 6])
                continue
            spread = [number(float(np.quantile(value[known], share))) for share in (0, 0.5, 1)]
            counts = [int((side[known] > 0).sum()) for side in (value, low)] + [int((high[known] < 0).sum())]
            rows.append([effect, *spread, *(f"{count} of {known.sum()}" for count in counts)])
        return rows

    @property
    def _title(self) -> str:
        return f"Effects of {self.variable} in {len(self.specifications):,} specifications"

    @property
    def _notes(self) -> list[str]:
        failed = [each for each in self.specifications if each.figures is None]
        notes = []
        if failed:
            notes.append(
                f"FAILED: {len(failed)} of {len(self.specifications)}, which are not in the counts above."
            )
            causes: dict[str, list[str]] = {}
            for each in failed:
                causes.setdefault(f"{each.error}: {each.message}", []).append(each.label)
            notes += [f"  {cause} In {some(labels, limit=3)}." for cause, labels in causes.items()]
        without = [
            each.label
            for each in self.specifications
            if each.figures is not None and self.variable not in each.figures.variables
        ]
        if without:
            notes.append(f"{len(without)} have no {self.variable}: {some(without, limit=3)}.")
        if self.cut:
            rows = (
                "rows that summed to one do so again"
                if self.restandardised
                else "the links left keep their weights"
            )
            notes.append(f"In the subsets {some(self.cut)}, W is that among the units left; {rows}.")
        if len(self._samples) > 1:
            notes.append(
                f"Likelihoods are of {len(self._samples)} sets of data (column likelihood of .table): compare loglik "
                "and aic within one."
            )
        return [*notes, f"Intervals at {self.level:.0%}. Rows are not independent: shares are no p values."]

    def __str__(self) -> str:
        return "\n".join([self._title, *ruled_table(self._cells()), *self._notes])

    def __repr__(self) -> str:
        failed = sum(each.figures is None for each in self.specifications)
        return f"<SpecificationGrid of {self.variable}: {len(self.specifications)} specifications, {failed} failed>"

    def _repr_html_(self) -> str:
        notes = "<br>".join(html.escape(note) for note in self._notes)
        return f"<h4>{html.escape(self._title)}</h4>{html_table(self._cells())}<p>{notes}</p>"
