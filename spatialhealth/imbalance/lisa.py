"""Local indicators of spatial association: where high values lie among high ones, low among low, or not so."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spatialhealth._format import p_value, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_option, check_positive, check_share, random_generator
from spatialhealth.diagnostics.moran import moran, table_of
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.errors import (
    ApproximationWarning,
    ConstantRegressorError,
    IsolateWarning,
    LabelError,
    OptionError,
    SizeError,
    did_you_mean,
    some,
)
from spatialhealth.imbalance.local_moran import local_moran, two_sided
from spatialhealth.operator.operator import as_operator
from spatialhealth.panel.table import PanelTable
from spatialhealth.weights.convert import to_graph

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CLUSTERS", "Clusters", "LisaCorrection", "lisa"]

LisaCorrection = Literal["fdr", "bonferroni", "none"]

CLUSTERS = ("high-high", "low-low", "high-low", "low-high", "not significant", "no neighbours")
_NOT, _ALONE = 4, 5
_OF_QUADRANT = np.array([-1, 0, 3, 1, 2])  # esda counts HH 1, LH 2, LL 3, HL 4
_MOST_CELLS = 250_000_000  # of simulated statistics: two gigabytes
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Clusters:
    """LISA clusters.

    Parameters
    ----------
    index : pandas Index, or ndarray of the units of W
        Rows of the units (and periods), as they came in.
    value, lag, local : ndarray of shape (rows,)
        The variable, its spatial lag, and the local Moran statistic.
    p_value, p_adjusted : ndarray of shape (rows,)
        Two-sided pseudo p values, and corrected for their number; NaN for units without neighbours.
    place : ndarray of int of shape (rows,)
        Cluster of each row, a place in `CLUSTERS`.
    overall : StatisticTable
        Moran's I of all units.
    level : float
        Significance level.
    correction : str
    permutations : int
    name : str
    source : str, default ""
    """

    index: pd.Index
    value: Array
    lag: Array
    local: Array
    p_value: Array
    p_adjusted: Array
    place: Array
    overall: StatisticTable
    level: float
    correction: str
    permutations: int
    name: str
    source: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Give one row a unit (and period): value, lag, local, p_value, p_adjusted, cluster."""
        pd = pandas_for("A table of clusters", ".local, .p_value, .place")
        columns = {name: getattr(self, name) for name in ("value", "lag", "local", "p_value", "p_adjusted")}
        cluster = pd.Categorical.from_codes(self.place, CLUSTERS)
        frame = pd.DataFrame({**columns, "cluster": cluster}, index=self.index)
        frame.attrs["source"] = self.source
        return frame

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    @property
    def cluster(self) -> pd.Series:
        """The cluster of each unit (and period)."""
        return self.to_frame()["cluster"]

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows in each cluster."""
        found = np.bincount(self.place, minlength=len(CLUSTERS))
        return dict(zip(CLUSTERS, found.tolist(), strict=True))

    def at(self, period: Any) -> Clusters:
        """Give the clusters of one period.

        Parameters
        ----------
        period : label

        Returns
        -------
        Clusters
            Indexed by unit.

        Raises
        ------
        OptionError
            If there is no such period.
        """
        known = self.index.unique(1) if getattr(self.index, "nlevels", 1) == 2 else []
        if period not in known:
            raise OptionError(
                f"There are no clusters of {period!r}.{did_you_mean(period, known)} "
                + (f"There are {some(known, 40)}." if len(known) else "The data are of one period.")
            )
        mine = np.asarray(self.index.get_level_values(1) == period)
        rows = {
            name: getattr(self, name)[mine]
            for name in ("value", "lag", "local", "p_value", "p_adjusted", "place")
        }
        tests = self.overall.statistics
        # the first is of all periods together
        own = tests if len(tests) == 1 else (tests[1 + sorted(known).index(period)],)
        overall = replace(self.overall, statistics=own)
        return replace(self, index=self.index[mine].droplevel(1), overall=overall, **rows)

    def __str__(self) -> str:
        rows = [["Cluster", "n"], *([name, f"{count:,}"] for name, count in self.counts.items())]
        first = self.overall.statistics[0]
        simulated = " (simulated data)" if self.source.lower() == "simulated" else ""
        return "\n".join(
            [
                f"LISA clusters of {self.name}{simulated}",
                *ruled_table(rows),
                f"{first.name} = {first.value:.4f}, p = {p_value(first.p_value)}.",
                f"{self.permutations:,} permutations, two-sided, level {self.level:g}, "
                f"correction: {self.correction}.",
            ]
        )

    __repr__ = __str__


def lisa(
    series: pd.Series | tuple[Any, Any],
    weights: Any,
    *,
    permutations: int = 999,
    random_state: Any = None,
    level: float = 0.05,
    correction: LisaCorrection = "fdr",
) -> Clusters:
    """Find clusters and outliers of a variable in space by local Moran statistics.

    Parameters
    ----------
    series : Series or tuple (ids, values)
        Indexed by unit, or by (unit, period), in any order: clusters by period. A tuple of arrays needs neither
        pandas nor esda: the statistics are the same, the permutations are drawn by numpy.
    weights : Graph, W, tuple (ids, matrix), DataFrame or Series
        Of the same units, taken as they are.
    permutations : int, default 999
        Random draws of the neighbours' values, with each unit's own value held. More than 999 take longer and give
        finer p values: the least that there can be is 2 / (permutations + 1).
    random_state : int or numpy.random.Generator, optional
        Seed of the permutations; esda's numbers for it are others where numba is installed.
    level : float, default 0.05
        Significance level.
    correction : {"fdr", "bonferroni", "none"}
        For the number of units, by period:

        - "fdr": Benjamini and Hochberg's, so that in the mean a share `level` of the clusters found is by chance;
        - "bonferroni": the chance of a single false cluster is at most `level`;
        - "none": each unit by itself; about a share `level` of all units is then a cluster by chance.

    Returns
    -------
    Clusters
        `table` (by unit), `counts`, `overall` (Moran's I), `at(period)`. Drawn by `spatialhealth.maps.lisa`.

    Raises
    ------
    ConstantRegressorError
        If the variable does not vary in some period.
    OptionError
        If an option is out of range, or so few permutations can never be significant with Bonferroni's correction.
    SizeError
        If there are fewer than four units, or the permutations do not fit into memory.
    LabelError, AlignmentError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, WeightsError
        If values and weights do not fit each other, or are no numbers.

    Warns
    -----
    IsolateWarning
        If units have no neighbour. They are of no cluster, and are not counted in the correction.
    ApproximationWarning
        If more permutations might find clusters: units have the least p value that there can be, and the correction
        asks for a smaller one.

    Notes
    -----
    I_i = z_i sum_j w_ij z_j (n - 1) / sum z^2, from esda's Moran_Local. p values are two-sided: twice the smaller
    tail, in which ties with the observed value count. esda's own `p_sim` is one tail, chosen by the data, and so half
    of it; and in the lower tail it leaves ties out, which matters for counts and shares with few different values.

    Correction "fdr" takes k of n units for clusters where k of them have p of at most `level` k / n. The least p
    value, 2 / (permutations + 1), must be below that: 9,999 permutations are right for some hundreds of units.

    References
    ----------
    Anselin, L. (1995). Local indicators of spatial association - LISA. Geographical Analysis 27, 93-115.

    Caldas de Castro, M. and Singer, B. H. (2006). Controlling the false discovery rate: a new application to account
    for multiple and dependent tests in local statistics of spatial association. Geographical Analysis 38, 180-208.

    Examples
    --------
    >>> import numpy as np
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> W = sh.weights.contiguity(cities)
    >>> inflow = np.log(panel["inflow"].xs(2021, level="year"))
    >>> found = sh.imbalance.lisa(inflow, W, permutations=9999, random_state=1)
    >>> found.counts["high-high"] > 0
    True
    """
    check_option("lisa", "correction", correction, LisaCorrection)
    level = check_share("lisa", "level", level)
    permutations = int(check_positive("lisa", "permutations", permutations, integer=True))
    is_pair = isinstance(series, tuple)
    is_series = (
        getattr(series, "ndim", None) == 1 and hasattr(series, "index") and hasattr(series, "to_frame")
    )
    if not is_pair and not is_series:
        raise LabelError(
            f"lisa needs a Series indexed by unit, or by (unit, period); it was given {type(series).__name__}."
        )
    operator = as_operator(weights)
    table = table_of("lisa", series, operator.ids)
    values = table.x[..., 0]
    alone = np.diff(operator.matrix.indptr) == 0
    _check(values, table, permutations, level, correction, int((~alone).sum()))
    rng = random_generator("lisa", random_state)
    overall = moran(series, operator, permutations=permutations, random_state=rng)
    if is_pair:
        found = [local_moran(row, operator.matrix, permutations, rng) for row in values]
    else:
        graph = to_graph(operator.ids, operator.matrix)
        found = [_local(row, graph, permutations, rng) for row in values]
    local, p, quadrant = (np.stack(part) for part in zip(*found, strict=True))
    p[:, alone] = np.nan
    adjusted = np.stack([_adjusted(row, correction) for row in p])
    _say_if_coarse(p, adjusted, permutations, level)
    place = np.where(_is_within(adjusted, level), _OF_QUADRANT[quadrant], _NOT)
    place[:, alone] = _ALONE
    if alone.any():
        warnings.warn(
            f"{int(alone.sum())} units have no neighbour and are in no cluster: {some(operator.ids[alone])}.",
            IsolateWarning,
            stacklevel=2,
        )
    arrays = (values, operator.lag(values), local, p, adjusted, place)
    rows = [np.ascontiguousarray(array).reshape(-1) for array in arrays]
    rows = rows if table.cell is None else [row[table.cell] for row in rows]
    return Clusters(
        operator.ids if is_pair else series.index,  # type: ignore[union-attr]
        *(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]),
        overall,
        level,
        correction,
        permutations,
        table.names[0],
        table.source,
    )


def _check(
    values: Array, table: PanelTable, permutations: int, level: float, correction: str, tests: int
) -> None:
    n = values.shape[1]
    flat = np.ptp(values, axis=1) <= 1e-12 * np.abs(values).max(axis=1)
    if flat.any():
        where = "" if table.n_periods == 1 else f" in {some(table.periods[flat])}"
        raise ConstantRegressorError(
            f"{table.names[0]!r} does not vary{where}: there are no clusters to find."
        )
    if n < 4:
        raise SizeError(f"lisa needs at least four units; there are {n}.")
    if n * permutations > _MOST_CELLS:
        raise SizeError(
            f"{permutations:,} permutations of {n:,} units do not fit into memory. Give permutations="
            f"{_MOST_CELLS // n} at most."
        )
    if correction == "bonferroni" and 2 / (permutations + 1) * tests > level:
        raise OptionError(
            f"lisa: with {permutations:,} permutations no p value is below {2 / (permutations + 1):.2g}, and "
            f"Bonferroni's correction of {tests:,} units asks for {level / tests:.2g}. Give permutations="
            f"{int(np.ceil(2 * tests / level))}, or correction='fdr'."
        )


def _local(row: Array, graph: Any, permutations: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Give local statistics, two-sided p values and quadrants of one cross-section."""
    from esda.moran import Moran_Local

    seed = int(rng.integers(2**31 - 1))
    # without numba, esda seeds numpy's global generator
    state = np.random.get_state()  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            # of esda, about the p values that are not used here
            warnings.simplefilter("ignore")
            made = Moran_Local(row, graph, transformation="O", permutations=permutations, seed=seed)
    finally:
        np.random.set_state(state)  # noqa: NPY002
    slack = _ROUNDING * max(float(np.abs(made.Is).max()), 1e-300)
    above = (made.sim >= made.Is - slack).sum(axis=0)
    below = (made.sim <= made.Is + slack).sum(axis=0)
    return made.Is, two_sided(above, below, permutations), made.q.astype(int)


def _is_within(p: Any, level: float) -> Any:
    """Tell which p values are at most a level, whatever the rounding of products such as 0.05 6 / 6; no NaN is."""
    return p <= level * (1 + _ROUNDING)


def _say_if_coarse(p: Array, adjusted: Array, permutations: int, level: float) -> None:
    """Warn if units are at the least p value and yet not significant."""
    least = 2 / (permutations + 1)
    stuck = _is_within(p, least) & ~_is_within(adjusted, level) & _is_within(p, level)
    if stuck.any():
        most = int(stuck.sum(axis=1).max())
        tests = int((~np.isnan(p[0])).sum())
        warnings.warn(
            f"lisa: {most} units have the least p value that {permutations:,} permutations can give, {least:.2g}, "
            f"and the correction asks for a smaller one. Give permutations={int(np.ceil(2 * tests / level))} to see.",
            ApproximationWarning,
            stacklevel=3,
        )


def _adjusted(p: Array, correction: str) -> Array:
    """Correct p values for their number; NaN stays."""
    adjusted = p.copy()
    known = np.flatnonzero(~np.isnan(p))
    if correction == "bonferroni":
        adjusted[known] = np.minimum(p[known] * len(known), 1.0)
    elif correction == "fdr":
        order = known[np.argsort(p[known], kind="stable")]
        steps = p[order] * len(order) / np.arange(1, len(order) + 1)
        adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted
