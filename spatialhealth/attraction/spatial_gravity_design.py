"""The design of a spatial gravity model: a complete square of flows, and columns of the same shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Intraregional
from spatialhealth.attraction.gravity_design import CONSTANT, CityTerms, PairColumns
from spatialhealth.attraction.table import FlowTable
from spatialhealth.errors import (
    AlignmentError,
    CollinearityError,
    ConstantRegressorError,
    CoverageError,
    NonFiniteError,
    some,
)
from spatialhealth.panel.formula import design_from_formula
from spatialhealth.weights.ids import places

__all__ = ["OWN", "FlowDesign", "outcome_of", "square"]

OWN = "own"
_DEPENDENT = 1e-10


def square(table: FlowTable, ids: Array) -> FlowTable:
    """Give the flows in the order of the weights, origin by origin, after checking that every pair is there.

    Parameters
    ----------
    table : FlowTable
    ids : ndarray of shape (n,)
        Units of W.

    Returns
    -------
    FlowTable
        With n * n pairs.

    Raises
    ------
    AlignmentError
        If table and weights have not the same cities.
    CoverageError
        If pairs are absent, those of a city to itself included.
    """
    only = [table.cities[places(ids, table.cities) < 0], ids[places(table.cities, ids) < 0]]
    if len(only[0]) or len(only[1]):
        said = "; ".join(
            f"only in the {where}: {some(cities.tolist())}"
            for where, cities in zip(("flows", "weights"), only, strict=True)
            if len(cities)
        )
        raise AlignmentError(
            f"Flows and weights have not the same cities, {said}. Give flow_table the cities of the layer that "
            "the weights are made of (cities=layer), and complete it."
        )
    table.check_complete()
    own = table.cities[~np.isin(np.arange(table.n_cities), table.pairs.origin[table.pairs.own])]
    if len(own):
        raise CoverageError(
            f"The flow of a city to itself is absent for {some(own.tolist())}: the square of flows needs its "
            "diagonal. Give it (own=True), or take it as zero with .complete(fill=0, own=True)."
        )
    place = places(ids, table.cities)
    order = np.lexsort((place[table.pairs.destination], place[table.pairs.origin]))
    return table.select(order)


def outcome_of(table: FlowTable, formula: str) -> tuple[str, Array]:
    """Give the outcome by a formula of the columns of the table, such as ``log(1 + trips)``.

    Parameters
    ----------
    table : FlowTable
    formula : str

    Returns
    -------
    str
    ndarray of shape (m,)

    Raises
    ------
    FormulaError, NonFiniteError, ConstantRegressorError
        If it cannot be read, is not finite, or does not vary.
    """
    pandas_for("SpatialGravity", "FlowLikelihood")
    design = design_from_formula(f"{formula} ~ _", table.to_frame().assign(_=0.0))
    values = design.y.to_numpy(dtype=float)
    bad = ~np.isfinite(values)
    if bad.any():
        raise NonFiniteError(
            f"{formula!r} is not finite for {int(bad.sum())} pairs: {some(table.pairs.names(bad))}. Zero flows "
            "have no logarithm: use log(1 + flow), or GravityModel, for which zeros are data."
        )
    if np.ptp(values) == 0:
        raise ConstantRegressorError(
            f"The outcome {formula!r} is the same for all pairs. Check the column of flows."
        )
    return formula, values


@dataclass(frozen=True, eq=False)
class FlowDesign:
    """Columns of the square, and what they mean.

    Parameters
    ----------
    z : ndarray of shape (n, n, k)
    names : tuple of k str
    """

    z: Array
    names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        table: FlowTable,
        ids: Array,
        columns: PairColumns,
        terms: tuple[CityTerms, ...],
        intra: Intraregional,
        cities: Any = None,
    ) -> FlowDesign:
        """Build the design of a square table.

        Parameters
        ----------
        table : FlowTable
            As of `square`.
        ids : ndarray of shape (n,)
            Units of W.
        columns : PairColumns
        terms : tuple of CityTerms
        intra : {"constant", "regressors", "none"}
        cities : DataFrame, optional
            Variables of the cities, if others than those of the fit.

        Returns
        -------
        FlowDesign
        """
        n = len(ids)
        between = ~np.eye(n, dtype=bool)
        used = between if intra != "none" else np.ones((n, n), dtype=bool)
        parts, names = [np.ones((n, n))], [CONSTANT]
        if intra != "none":
            parts.append((~between).astype(float))
            names.append(OWN)
        own: dict[str, Array] = {}
        for term in terms:
            values = term.of(ids, cities)
            for name, full, column in zip(term.names, term.design.x.columns, values.T, strict=True):
                spread = column[:, None] if term.side == "origin" else column[None, :]
                held = between if intra == "regressors" else np.ones((n, n), dtype=bool)
                parts.append(spread * held)
                names.append(name)
                own[f"{OWN}:{full}"] = np.diag(column)
        if intra == "regressors":
            parts += own.values()
            names += own
        pair = columns.of(table, used.ravel()).reshape(n, n, -1)
        parts += [np.where(used, pair[..., k], 0.0) for k in range(pair.shape[2])]
        return cls(np.stack(parts, axis=2), (*names, *columns.names))

    def checked(self) -> FlowDesign:
        """Give itself if no column is a combination of the others.

        Raises
        ------
        ConstantRegressorError, CollinearityError
        """
        flat = self.z.reshape(-1, len(self.names))
        still = [
            name for name, c in zip(self.names, flat.T, strict=True) if name != CONSTANT and np.ptp(c) == 0
        ]
        if still:
            raise ConstantRegressorError(f"{some(still)} do not vary between pairs. Leave them out.")
        size = np.sqrt(np.square(flat).sum(axis=0))
        rest = np.abs(np.diag(np.linalg.qr(flat / size, mode="r")))
        bad = [name for name, left in zip(self.names, rest, strict=True) if left < _DEPENDENT]
        if bad:
            raise CollinearityError(
                f"{some(bad)} are combinations of the columns before them ({some(self.names, 20)}). Leave them out."
            )
        return self
