"""How nearly the regressors and their spatial lags repeat each other."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._format import html_table, number, text_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted, fitted
from spatialhealth.likelihood.least_squares import LeastSquares
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.design import CONSTANT, LAG_PREFIX

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Collinearity", "collinearity"]

# from which on collinearity is called moderate, and strong
_CONDITION = (10.0, 30.0)
_VIF = (5.0, 10.0)


@dataclass(frozen=True, eq=False)
class Collinearity:
    """Condition number and variance inflation of a design, once the effects are out.

    Parameters
    ----------
    names : tuple of str
        Columns of [X, W X], without the constant.
    vif : ndarray
        Variance inflation factor of each: 1 / (1 - R squared on the others).
    with_lag : ndarray
        Correlation of each regressor with its own spatial lag; NaN where it has none.
    condition_number : float
        Of the columns (the constant among them) scaled to equal length.
    """

    names: tuple[str, ...]
    vif: Array
    with_lag: Array
    condition_number: float

    @property
    def words(self) -> str:
        """The finding in a sentence or two."""
        worst = int(np.argmax(self.vif))
        largest = float(self.vif[worst])
        high = [name for name, value in zip(self.names, self.vif, strict=True) if value > _VIF[1]]
        text = (
            f"Collinearity is {_degree(self.condition_number, largest)}: condition number "
            f"{number(self.condition_number)} (strong above {_CONDITION[1]:.0f}), largest variance inflation factor "
            f"{number(largest)} (strong above {_VIF[1]:.0f}), of {self.names[worst]}, whose standard error is "
            f"{np.sqrt(largest):.1f} times what it would be without the other columns."
        )
        if any(name.startswith(LAG_PREFIX) for name in high):
            text += " Such lags say little apart from their regressors: read total effects, or lag fewer."
        return text

    def to_frame(self) -> pd.DataFrame:
        """Give one row a column: vif, correlation_with_lag."""
        pd = pandas_for("Collinearity.to_frame", ".names, .vif and .condition_number")
        columns = {"vif": self.vif, "correlation_with_lag": self.with_lag}
        return pd.DataFrame(columns, index=pd.Index(self.names, name="column"))

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    def _rows(self) -> list[list[str]]:
        rows = zip(self.names, self.vif, self.with_lag, strict=True)
        return [["Column", "VIF", "r with its lag"], *([name, number(v), number(r)] for name, v, r in rows)]

    def __str__(self) -> str:
        return "\n".join([*text_table(self._rows()), self.words])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{html_table(self._rows())}<p>{html.escape(self.words)}</p>"


def _degree(condition: float, vif: float) -> str:
    """Call collinearity by the worse of its two measures."""
    steps = [int(np.searchsorted(_CONDITION, condition)), int(np.searchsorted(_VIF, vif))]
    return ("weak", "moderate", "strong")[max(steps)]


def collinearity(model: SpatialModel) -> Collinearity:
    """Report how nearly the columns of [X, W X] repeat each other.

    Parameters
    ----------
    model : fitted model
        Its regressors and lagged regressors, with its effects out, are looked at.

    Returns
    -------
    Collinearity
        `.table`, `.condition_number`, `.words`.

    Raises
    ------
    OptionError
        If what is given is no fitted model.

    References
    ----------
    Belsley, D. A., Kuh, E. and Welsch, R. E. (1980). Regression Diagnostics. Wiley, chapter 3.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SLX(W, effects="two-way").fit_formula("log(sales) ~ log(price / cpi) + log(ndi / cpi)", panel)
    >>> sh.diagnostics.collinearity(model).vif.round(2).tolist()
    [1.07, 1.72, 1.16, 1.82]
    """
    found = fitted("collinearity", model)
    columns = [j for j, name in enumerate(found.columns) if name != CONSTANT]
    names = tuple(found.columns[j] for j in columns)
    z = found.apply(found.z).reshape(-1, found.z.shape[2])
    scaled = z / np.linalg.norm(z, axis=0)
    z = z[:, columns]
    centred = z - z.mean(axis=0) if found.has_constant else z
    factors = LeastSquares.of(centred)
    vif = np.diag(factors.gram_inverse) * factors.norms**2
    return Collinearity(names, vif, _with_lag(found, names), float(np.linalg.cond(scaled)))


def _with_lag(model: Fitted, names: tuple[str, ...]) -> Array:
    """Give the correlation of each regressor with its spatial lag, effects out; NaN for the lags themselves."""
    x = model.apply(model.table.x)
    lags = model.apply(model.operator.lag(model.table.x))
    correlations = [np.corrcoef(x[..., j].ravel(), lags[..., j].ravel())[0, 1] for j in range(x.shape[2])]
    known = dict(zip(model.table.names, correlations, strict=True))
    return np.array([known.get(name, np.nan) for name in names])
