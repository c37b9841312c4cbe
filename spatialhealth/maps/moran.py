"""Moran scatter plots: each unit against the mean of its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import p_value, true_minus
from spatialhealth._typing import Array
from spatialhealth.diagnostics.moran import moran
from spatialhealth.errors import LabelError, OptionError
from spatialhealth.maps.sheet import Sheet, finished, plain
from spatialhealth.maps.style import BORDER, FOCUS, INK, MUTED, source_of
from spatialhealth.models.base import SpatialModel
from spatialhealth.operator.operator import as_operator
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["moran_scatter"]

_SIDE = 3.8  # inches
_CORNERS = (
    ("high-high", 0.99, 0.99, "right", "top"),
    ("low-high", 0.01, 0.99, "left", "top"),
    ("low-low", 0.01, 0.01, "left", "bottom"),
    ("high-low", 0.99, 0.01, "right", "bottom"),
)


def moran_scatter(
    values: Any,
    weights: Any = None,
    *,
    permutations: int = 999,
    random_state: Any = 0,
    title: str | None = None,
    label: str | None = None,
    note: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the spatial lag of a variable, or of the residuals of a model, against itself.

    Parameters
    ----------
    values : Series or fitted model
        Indexed by unit, or by (unit, period), when each period's own mean is taken out; or a model, whose residuals
        are drawn.
    weights : Graph, W, tuple (ids, matrix), DataFrame, Series or SpatialOperator, optional
        Needed for a variable, taken as they are; a model brings its own.
    permutations, random_state
        Of the test of a variable; see `spatialhealth.diagnostics.moran`.
    title : str, optional
        By default Moran's I and its p value.
    label : str, optional
        What the values are; by default the name of the series, or "Residual of" the outcome.
    note : str, optional
        Source, under the plot; by default what the data say.
    ax : matplotlib Axes, optional
        Where to draw; those of a new figure by default.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    OptionError
        If weights are missing beside a variable or given beside a model, or the model has a spatial error.
    LabelError, DataError, ConstantRegressorError, SizeError
        As `spatialhealth.diagnostics.moran` does.

    Notes
    -----
    Values are deviations z in standard deviations. The line has the slope z'Wz / z'z, which is Moran's I when the
    weights sum to the number of units. The p value is that of `spatialhealth.diagnostics.moran`: of residuals, it
    allows for what the model has estimated.

    References
    ----------
    Anselin, L. (1996). The Moran scatterplot as an ESDA tool to assess local instability in spatial association. In
    Spatial Analytical Perspectives on GIS, Taylor and Francis, 111-125.

    Examples
    --------
    >>> import numpy as np
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> inflow = np.log(panel["inflow"].xs(2021, level="year"))
    >>> ax = sh.maps.moran_scatter(inflow, sh.weights.contiguity(cities))
    >>> print(ax.get_xlabel())
    inflow, standard deviations
    n = 307 units
    """
    if isinstance(values, SpatialModel) and weights is not None:
        raise OptionError("maps.moran_scatter: a model brings its own weights. Leave weights out.")
    test = moran(values, weights, permutations=permutations, random_state=random_state)[0]
    z, operator, name, source = _deviations(values, weights)
    lag = operator.lag(z)
    spread = float(np.sqrt(np.mean(z**2)))
    x, y = (z / spread).ravel(), (lag / spread).ravel()
    slope = float(x @ y / (x @ x))
    said = true_minus(f"Moran's I = {test.value:.3f}, p {_p(test.p_value)}")
    below = source_of(note, source)
    (ax,) = Sheet(_SIDE, _SIDE, left=0.75, right=0.2, head=0.05, below=0.5).panels(
        "moran_scatter", ax, title if title is not None else said, below
    )
    ax.axhline(0.0, color=BORDER, linewidth=0.7, linestyle=(0, (4, 3)))
    ax.axvline(0.0, color=BORDER, linewidth=0.7, linestyle=(0, (4, 3)))
    faint = float(np.clip(40 / np.sqrt(len(x)), 0.15, 0.8))
    ax.scatter(x, y, s=12, color="#0072B2", alpha=faint, linewidths=0)
    ends = np.array([x.min(), x.max()])
    ax.plot(ends, slope * ends, color=FOCUS, linewidth=1.6)
    for corner, left, up, ha, va in _CORNERS:
        ax.text(left, up, corner, transform=ax.transAxes, ha=ha, va=va, fontsize=7.5, color=MUTED)
    label = label if label is not None else name
    rows = f"n = {z.shape[1]:,} units" + (f" in {len(z):,} periods" if len(z) > 1 else "")
    ax.set_xlabel(f"{label}, standard deviations\n{rows}", fontsize=9, color=INK)
    ax.set_ylabel("Its spatial lag", fontsize=9, color=INK)
    plain(ax)
    return finished(ax)  # type: ignore[no-any-return]


def _p(value: float) -> str:
    said = p_value(value)
    return f"< {said[1:]}" if said.startswith("<") else f"= {said}"


def _deviations(values: Any, weights: Any) -> tuple[Array, Any, str, str]:
    """Give deviations (T, n), the operator, what they are, and the source."""
    if isinstance(values, SpatialModel):
        result = values.result_
        e = np.atleast_2d(np.asarray(result.residuals))
        if e.shape[1] != result.operator.n:
            raise LabelError(
                "maps.moran_scatter: the residuals of a panel with holes stand in rows of their own. Draw one "
                "period: moran_scatter(model.residuals_.xs(period, level=1), W)."
            )
        return e, result.operator, f"Residual of {result.response}", result.source
    operator = as_operator(weights)
    name = str(values.name) if values.name is not None else "values"
    table = PanelTable.from_frames(values.rename(name).to_frame(), None, operator.ids)
    z = table.x[..., 0] - table.x[..., 0].mean(axis=1, keepdims=True)
    return z, operator, name, table.source
