"""What every builder does last: check the links it found, standardise them, label them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import scipy.sparse as sp

from spatialhealth._typing import Array, Standardise
from spatialhealth._validation import check_option
from spatialhealth.weights.convert import FARTHER, check_values, to_graph
from spatialhealth.weights.standardise import standardise_in_place

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["labelled", "symmetric"]


def labelled(ids: Array, links: sp.csr_matrix, how: Standardise | None, advice: str = FARTHER) -> Graph:
    """Make a graph of links that are the builder's own, so that nothing is copied.

    Parameters
    ----------
    ids : ndarray of shape (n,)
    links : scipy.sparse.csr_matrix of shape (n, n)
        Overwritten.
    how : {"row", "spectral"} or None
        See `spatialhealth.weights.standardise`.
    advice : str
        What to do where there is no link at all.

    Returns
    -------
    libpysal.graph.Graph
    """
    check_option("standardise", "standardise", how, Standardise, none=True)
    return to_graph(ids, standardise_in_place(check_values(ids, links, advice), how), copy=False)


def symmetric(i: Array, j: Array, weight: Array, n: int) -> sp.csr_matrix:
    """Give a matrix with each weight at (i, j) and at (j, i), from pairs that stand once."""
    one_way = sp.coo_matrix((weight, (i, j)), shape=(n, n)).tocsr()
    return sp.csr_matrix(one_way + one_way.T)
