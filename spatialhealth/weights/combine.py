"""A weighted mean of two sets of weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spatialhealth._typing import Standardise
from spatialhealth._validation import check_share
from spatialhealth.errors import AlignmentError, some
from spatialhealth.weights.convert import as_links, to_graph
from spatialhealth.weights.ids import places
from spatialhealth.weights.standardise import standardise as standardised

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["combine"]


def combine(first: Any, second: Any, share: float = 0.5, standardise: Standardise | None = "row") -> Graph:
    """Mix two sets of weights: share * first + (1 - share) * second, each row-standardised before.

    Parameters
    ----------
    first, second : Graph, W, tuple (ids, matrix), DataFrame or Series
        Weights on the same units, in any order; see `spatialhealth.weights.as_links`.
    share : float, default 0.5
        Weight of the first, strictly between 0 and 1.
    standardise : {"row", "spectral"} or None, default "row"
        Of the mixture. Rows of a mixture already sum to one, but for units isolated in one of the two.

    Returns
    -------
    libpysal.graph.Graph
        In the order of the first.

    Raises
    ------
    AlignmentError
        If the two have not the same units.
    OptionError
        If the share is outside (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> ring = (["a", "b", "c"], np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]))
    >>> back = (["a", "b", "c"], np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]))
    >>> combine(ring, back, share=0.75)["a"].to_dict()
    {'b': 0.75, 'c': 0.25}
    """
    share = check_share("combine", "share", share)
    ids, one = as_links(first)
    other_ids, two = as_links(second)
    order = places(other_ids, ids)
    lacking = ids[order < 0].tolist()
    extra = sorted(other_ids[places(ids, other_ids) < 0].tolist(), key=str)
    if lacking or extra:
        raise AlignmentError(
            "The two sets of weights have not the same units: "
            + "; ".join(
                f"only in the {which}: {some(labels)}"
                for which, labels in (("first", lacking), ("second", extra))
                if labels
            )
            + ". Build both from the same layer."
        )
    mixed = share * standardised(one) + (1 - share) * standardised(two[order][:, order])
    return to_graph(ids, standardised(mixed, standardise))
