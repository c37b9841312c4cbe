"""Pesaran's test for dependence between units, near or far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import fitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.errors import ConstantRegressorError, LabelError, OptionError, some
from spatialhealth.models.base import SpatialModel
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pesaran_cd"]


def pesaran_cd(values: pd.Series | SpatialModel) -> Statistic:
    """Test the units of a panel for correlation with each other, without weights.

    Parameters
    ----------
    values : fitted model or Series
        A model, whose residuals are tested; or a variable indexed by (unit, period).

    Returns
    -------
    Statistic
        sqrt(2 T / (n (n - 1))) times the sum over pairs of units of the correlations of their histories:
        standard normal if units are independent. `estimates` hold the mean correlation and the mean absolute
        one.

    Raises
    ------
    OptionError
        If there are fewer than three periods, or the model has time effects: its residuals sum to zero over
        units in every period, which pulls the statistic down whatever the dependence (Juodis and Reese 2022).
    ConstantRegressorError
        If a unit does not vary over time.

    References
    ----------
    Pesaran, M. H. (2004). General diagnostic tests for cross section dependence in panels. Cambridge Working
    Papers in Economics 0435; also Empirical Economics 60 (2021), 13-50.

    Juodis, A. and Reese, S. (2022). The incidental parameters problem in testing for remaining cross-section
    correlation. Journal of Business and Economic Statistics 40, 1191-1203.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_production()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SLX(W, effects="entity", durbin=False).fit_formula("log(gsp) ~ log(emp) + unemp", panel)
    >>> sh.diagnostics.pesaran_cd(model).reject(0.05)
    True
    """
    history, units = _history(values)
    t, n = history.shape
    if t < 3 or n < 2:
        raise OptionError(
            f"pesaran_cd needs at least three periods and two units to correlate; there are {t} and {n}."
        )
    apart = history - history.mean(axis=0)
    length = np.sqrt(np.sum(apart**2, axis=0))
    flat = length <= 1e-12 * np.maximum(np.sqrt(np.sum(history**2, axis=0)), 1e-300)
    if flat.any():
        raise ConstantRegressorError(
            f"{int(flat.sum())} units do not vary over time: {some(units[flat])}. Leave them out."
        )
    z = apart / length
    pairs = n * (n - 1) / 2
    total = (float(np.sum(z.sum(axis=1) ** 2)) - n) / 2
    test = Statistic.normal("Pesaran CD", np.sqrt(t / pairs) * total, "units are independent of each other")
    estimates = {"mean_correlation": total / pairs, "mean_absolute_correlation": _mean_absolute(z, pairs)}
    return replace(test, estimates=estimates)


def _history(values: Any) -> tuple[Array, Array]:
    if isinstance(values, SpatialModel):
        found = fitted("pesaran_cd", values)
        result = found.result
        if result.within.has_time:
            raise OptionError(
                f"pesaran_cd does not apply to residuals with {result.effects} effects: they sum to zero "
                "over units in every period, which pulls the statistic down whatever the dependence "
                "(Juodis and Reese 2022). Use spatialhealth.diagnostics.moran, or effects='entity'."
            )
        return result.residuals, result.units
    if not hasattr(values, "to_frame") or not hasattr(values, "index"):
        raise LabelError(
            "pesaran_cd needs a Series indexed by (unit, period) or a fitted model, not "
            f"{type(values).__name__}."
        )
    table = PanelTable.from_frames(
        values.rename("values").to_frame(), None, values.index.unique(0).to_numpy()
    )
    return table.x[..., 0], table.units


def _mean_absolute(z: Array, pairs: float, block: int = 512) -> float:
    """Give the mean absolute correlation, block by block of units."""
    n = z.shape[1]
    total = sum(float(np.abs(z[:, start : start + block].T @ z).sum()) for start in range(0, n, block))
    return float(total - n) / 2 / pairs
