"""Weights cut along the borders of groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.errors import WeightsError
from spatialhealth.heterogeneity.groups import Groups
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.panel.table import PanelTable
from spatialhealth.weights.standardise import standardise

__all__ = ["Cut", "cut", "part_of"]


@dataclass(frozen=True, eq=False)
class Cut:
    """Weights without the links across groups.

    Parameters
    ----------
    operator : SpatialOperator
        All units, with the links within groups only.
    links : int
        Links there were.
    across : int
        Those across groups.
    stranded : ndarray
        Units that had neighbours and have none left.
    restandardised : bool
        Whether rows were scaled to sum to one again.
    """

    operator: SpatialOperator
    links: int
    across: int
    stranded: Array
    restandardised: bool

    def block(self, members: Array, logdet: Any) -> SpatialOperator:
        """Give the weights of the units at some places."""
        return SpatialOperator(
            (self.operator.ids[members], self.operator.matrix[members][:, members]), logdet
        )


def cut(operator: SpatialOperator, groups: Groups, restandardise: bool, logdet: Any) -> Cut:
    """Take the links across groups out of weights.

    Parameters
    ----------
    operator : SpatialOperator
    groups : Groups
    restandardise : bool
        Whether rows that summed to one shall do so again.
    logdet : str
        Engine of the log-determinant.

    Returns
    -------
    Cut

    Raises
    ------
    WeightsError
        If a group has no link of its own.
    """
    links = operator.matrix.tocoo()
    kept = groups.codes[links.row] == groups.codes[links.col]
    inside = sp.csr_matrix((links.data[kept], (links.row[kept], links.col[kept])), shape=links.shape)
    linked = set(groups.codes[links.row[kept]].tolist())
    alone = [title for code, title in enumerate(groups.titles) if code not in linked]
    if alone:
        raise WeightsError(
            f"regimes: no unit of {', '.join(alone)} has a neighbour in its own group, so that there are no weights "
            "to fit it with. Use pooled=True, which keeps the links across groups, or larger groups."
        )
    again = restandardise and operator.is_row_standardised
    had, has = np.diff(operator.matrix.indptr) > 0, np.diff(inside.indptr) > 0
    return Cut(
        SpatialOperator((operator.ids, standardise(inside, "row" if again else None)), logdet),
        links=int(links.nnz),
        across=int((~kept).sum()),
        stranded=operator.ids[had & ~has],
        restandardised=again,
    )


def part_of(table: PanelTable, members: Array) -> PanelTable:
    """Give the rows of some units, in the order of W and of the table they came from.

    Parameters
    ----------
    table : PanelTable
    members : ndarray of int
        Places of the units, ascending.

    Returns
    -------
    PanelTable
    """
    index = cell = None
    if table.index is not None and table.cell is not None:
        rows = np.flatnonzero(np.isin(table.cell % table.n_units, members))
        unit, period = table.cell[rows] % table.n_units, table.cell[rows] // table.n_units
        index, cell = table.index[rows], period * len(members) + np.searchsorted(members, unit)
    return replace(
        table,
        y=table.y[:, members],
        x=table.x[:, members],
        units=table.units[members],
        index=index,
        cell=cell,
    )
