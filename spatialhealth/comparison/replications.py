"""MonteCarlo: estimates from simulated panels beside the truth, with Monte-Carlo standard errors."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import html_table, number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MonteCarlo", "Replications"]

_HEADINGS = ("Truth", "Bias", "(MC error)", "RMSE", "(MC error)", "Mean SE / SD", "Coverage", "(MC error)")


@dataclass(frozen=True, eq=False)
class Replications:
    """Estimates of one model from r simulated panels.

    Parameters
    ----------
    model : str
    names : tuple of p str
        Parameters, then ``direct: x1`` and so on.
    truth : ndarray of shape (p,)
    estimates, std_errors : ndarray of shape (r, p)
    failed : int
        Panels to which it could not be fitted, which are not among the r.
    """

    model: str
    names: tuple[str, ...]
    truth: Array
    estimates: Array
    std_errors: Array
    failed: int

    def columns(self, level: float) -> dict[str, Array]:
        """Give the columns of `MonteCarlo.table` from `truth` on, each of shape (p,)."""
        count = len(self.estimates)
        error = self.estimates - self.truth
        spread = self.estimates.std(axis=0, ddof=1)
        squares = np.square(error)
        rmse = np.sqrt(squares.mean(axis=0))
        limits = inference(self.estimates, self.std_errors, level)
        # no standard error, no interval: comparisons with NaN are false, so that it covers nothing
        covered = ((limits["ci_low"] <= self.truth) & (self.truth <= limits["ci_high"])).mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            rmse_error = squares.std(axis=0, ddof=1) / np.sqrt(count) / (2 * rmse)
        return {
            "truth": self.truth,
            "mean": self.estimates.mean(axis=0),
            "bias": error.mean(axis=0),
            "bias_se": spread / np.sqrt(count),
            "rmse": rmse,
            "rmse_se": rmse_error,
            "std_deviation": spread,
            "std_deviation_se": spread / np.sqrt(2 * (count - 1)),
            "mean_std_error": self.std_errors.mean(axis=0),
            "coverage": covered,
            "coverage_se": np.sqrt(covered * (1 - covered) / count),
        }


@dataclass(frozen=True, eq=False)
class MonteCarlo:
    """What estimators make of simulated panels.

    Parameters
    ----------
    blocks : tuple of Replications
        One a model.
    truth : dict
        As of `spatialhealth.datasets.Simulation`.
    replications : int
    level : float
        Confidence level of the intervals.
    """

    blocks: tuple[Replications, ...]
    truth: dict[str, Any]
    replications: int
    level: float

    @property
    def table(self) -> pd.DataFrame:
        """One row a model and quantity.

        Columns: model, quantity (a parameter, or ``direct: x1``), truth, mean, bias, rmse, std_deviation (of the
        estimates), mean_std_error (what the models say of it), coverage (share of intervals that hold the truth; an
        estimate without a standard error holds nothing); bias_se, rmse_se, std_deviation_se and coverage_se, the
        Monte-Carlo standard errors of these; replications, failed.
        """
        pd = pandas_for("MonteCarlo.table", ".blocks")
        frames = [
            pd.DataFrame({"model": block.model, "quantity": block.names, **block.columns(self.level)}).assign(
                replications=len(block.estimates), failed=block.failed
            )
            for block in self.blocks
        ]
        return pd.concat(frames, ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def _cells(self) -> list[list[str]]:
        rows = [["Model", "", *_HEADINGS]]
        for block in self.blocks:
            columns = block.columns(self.level)
            with np.errstate(divide="ignore", invalid="ignore"):
                columns["calibration"] = columns["mean_std_error"] / columns["std_deviation"]
            shown = ("truth", "bias", "bias_se", "rmse", "rmse_se", "calibration", "coverage", "coverage_se")
            for j, name in enumerate(block.names):
                figures = (number(float(columns[column][j])) for column in shown)
                rows.append([block.model if j == 0 else "", name, *figures])
        return rows

    @property
    def _title(self) -> str:
        design = ", ".join(f"{name} {self.truth[name]}" for name in ("model", "effects", "errors"))
        return f"{self.replications:,} simulated panels: {design}"

    @property
    def _notes(self) -> list[str]:
        notes = [
            f"{block.model}: FAILED on {block.failed:,} panels, which are left out."
            for block in self.blocks
            if block.failed
        ]
        return [*notes, f"Coverage of intervals at {self.level:.0%}. All data are simulated."]

    def __str__(self) -> str:
        return "\n".join([self._title, *ruled_table(self._cells(), labels=2), *self._notes])

    def __repr__(self) -> str:
        names = ", ".join(block.model for block in self.blocks)
        return f"<MonteCarlo of {len(self.blocks)} models, {self.replications:,} replications: {names}>"

    def _repr_html_(self) -> str:
        notes = html.escape(" ".join(self._notes))
        return f"<h4>{html.escape(self._title)}</h4>{html_table(self._cells(), labels=2)}<p>{notes}</p>"
