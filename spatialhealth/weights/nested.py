"""Weights inside groups: links that do not leave the province."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array, Standardise
from spatialhealth.errors import AlignmentError, LabelError, OptionError, SizeError, some
from spatialhealth.weights.convert import as_links
from spatialhealth.weights.finish import labelled
from spatialhealth.weights.metric import MOST_PAIRS
from spatialhealth.weights.tables import column_of, index_of, labels_of

if TYPE_CHECKING:
    import pandas as pd
    from libpysal.graph import Graph

__all__ = ["nested"]

_ALONE = "Every group has one unit only: give larger groups."
_CUT = "Every link is between two groups and is cut: give larger groups, or weights with more neighbours."


def nested(
    weights: Any,
    by: pd.Series[Any] | str,
    frame: pd.DataFrame | None = None,
    standardise: Standardise | None = "row",
) -> Graph:
    """Keep the links between units of one group, or link all units of each.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame or Series, or None
        Weights whose links to other groups are cut; see `spatialhealth.weights.as_links`. With None all units of a
        group are neighbours of each other, with one weight (block weights).
    by : Series or str
        Group of each unit, by unit id; or the column of `frame` that holds it.
    frame : DataFrame or GeoDataFrame, optional
        One row a unit; its index holds the unit ids.
    standardise : {"row", "spectral"} or None, default "row"
        Of the weights that are left; see `spatialhealth.weights.standardise`.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the weights, or of the groups' index. A unit with no link in its group is an isolate.

    Raises
    ------
    AlignmentError
        If weights and groups are not of the same units.
    MissingDataError
        If a unit has no group.
    OptionError
        If `by` is a name without a frame, or a Series with one.
    DataError, LabelError, DuplicateError
        If there is no such column, or an index does not name each unit once.
    WeightsError
        If no link is left.
    SizeError
        If blocks have more than 100,000,000 links.

    Notes
    -----
    With block weights the lag of a unit is the mean of the others in its group, so that fixed effects of the groups
    leave little of it.

    Examples
    --------
    >>> import pandas as pd
    >>> province = pd.Series(["north", "north", "south", "south"], index=["a", "b", "c", "d"])
    >>> nested(None, by=province)["a"].to_dict()
    {'b': 1.0}
    >>> line = pd.DataFrame({"focal": list("abbccd"), "neighbor": list("bacbdc")})
    >>> nested(line, by=province)["b"].to_dict()
    {'a': 1.0}
    """
    groups = _groups(by, frame)
    if weights is None:
        ids = np.asarray(groups.index.to_numpy())
        return labelled(ids, _blocks(_codes(groups)), standardise, _ALONE)
    ids, matrix = as_links(weights)
    place = groups.index.get_indexer(ids)
    lacking, extra = ids[place < 0], groups.index.difference(ids)
    if len(lacking) or len(extra):
        raise AlignmentError(
            "nested: weights and groups have not the same units: "
            + "; ".join(
                f"{what}: {some(labels)}"
                for what, labels in (("no group for", lacking), ("no weights for", extra))
                if len(labels)
            )
            + ". Give the group of each unit of the weights."
        )
    code = _codes(groups)[place]
    links = matrix.tocoo()
    inside = code[links.row] == code[links.col]
    kept = sp.csr_matrix((links.data[inside], (links.row[inside], links.col[inside])), shape=matrix.shape)
    return labelled(ids, kept, standardise, _CUT)


def _groups(by: Any, frame: Any) -> Any:
    """Give the group of each unit as a Series."""
    if isinstance(by, str):
        if frame is None:
            raise OptionError(f"nested: by={by!r} names a column; give frame=, the table that has it.")
        index_of("nested: the frame", frame)
        groups = column_of("nested: the frame", frame, by)
    else:
        if frame is not None:
            raise OptionError(
                "nested: by is a Series already; leave out frame=, or give the name of its column."
            )
        if not hasattr(by, "index") or getattr(by, "ndim", 1) != 1:
            raise LabelError(
                f"nested: by must be a Series by unit id, or a column of frame=; it is {type(by).__name__}."
            )
        index_of("nested: the Series of groups", by)
        groups = by
    labels_of("nested: the group", groups)
    return groups


def _codes(groups: Any) -> Array:
    return np.asarray(groups.factorize()[0])


def _blocks(code: Array) -> sp.csr_matrix:
    """Give ones between all units with one code, and zeros on the diagonal."""
    size = np.bincount(code).astype(np.int64)
    links = int((size * (size - 1)).sum())
    if links > MOST_PAIRS:
        raise SizeError(f"Blocks of these groups have {links:,} links: too many to hold. Use smaller groups.")
    member = sp.csr_matrix((np.ones(len(code)), (np.arange(len(code)), code)))
    together = (member @ member.T).tocsr()
    others = sp.csr_matrix(together - sp.diags(together.diagonal()))
    others.eliminate_zeros()
    return others
