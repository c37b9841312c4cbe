"""Weights of every form to ids, matrix and Graph, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from libpysal.graph import Graph

from spatialhealth.errors import DuplicateError, WeightsError
from spatialhealth.weights import as_graph, as_links, combine, standardise, to_graph

IDS = ["c", "a", "b", "lonely"]  # not in alphabetical order, on purpose
MATRIX = np.array([[0, 0.5, 0.5, 0], [0, 0, 1, 0], [0.25, 0.75, 0, 0], [0, 0, 0, 0]])


def forms():
    graph = to_graph(IDS, sp.csr_matrix(MATRIX))
    frame = pd.DataFrame(MATRIX, index=IDS, columns=IDS)
    rows, cols = np.nonzero(MATRIX)
    edges = pd.DataFrame(
        {"focal": np.take(IDS, rows), "neighbor": np.take(IDS, cols), "weight": MATRIX[rows, cols]}
    )
    alone = pd.DataFrame({"focal": ["lonely"], "neighbor": ["lonely"], "weight": [0.0]})
    edges = pd.concat([edges, alone], ignore_index=True)
    return {
        "graph": graph,
        "square": frame,
        "shuffled square": frame[["b", "lonely", "a", "c"]],
        "tuple": (IDS, MATRIX),
        "sparse tuple": (IDS, sp.coo_matrix(MATRIX)),
        "edges": edges,
        "series": edges.set_index(["focal", "neighbor"])["weight"],
    }


@pytest.mark.parametrize("form", forms())
def test_every_form_gives_the_same_links(form):
    ids, matrix = as_links(forms()[form])
    order = [list(ids).index(label) for label in IDS]
    np.testing.assert_array_equal(matrix.toarray()[np.ix_(order, order)], MATRIX)


@pytest.mark.parametrize("form", forms())
def test_every_form_becomes_a_graph(form):
    graph = as_graph(forms()[form])
    assert isinstance(graph, Graph)
    assert graph["b"].to_dict() == {"c": 0.25, "a": 0.75}
    assert graph.isolates.tolist() == ["lonely"]


def test_libpysal_weights_keep_their_order_and_values():
    W = to_graph(IDS, sp.csr_matrix(MATRIX)).to_W()
    ids, matrix = as_links(W)
    order = [list(ids).index(label) for label in IDS]
    np.testing.assert_array_equal(matrix.toarray()[np.ix_(order, order)], MATRIX)


def test_rows_keep_the_order_of_a_graph_that_is_not_sorted():
    # Graph.sparse sorts by label whatever unique_ids say; reading it would swap units without a word
    graph = Graph.from_arrays(["z", "a"], ["a", "z"], [0.2, 0.7])
    ids, matrix = as_links(graph)
    assert matrix[list(ids).index("z"), list(ids).index("a")] == 0.2


def test_edges_without_weights_count_one():
    ids, matrix = as_links(pd.DataFrame({"focal": ["x", "y"], "neighbor": ["y", "x"]}))
    assert list(ids) == ["x", "y"]
    assert matrix.toarray().tolist() == [[0, 1], [1, 0]]


def test_a_link_given_twice_is_named():
    edges = pd.DataFrame({"focal": ["x", "x"], "neighbor": ["y", "y"], "weight": [1.0, 2.0]})
    with pytest.raises(DuplicateError, match=r"\('x', 'y'\)"):
        as_links(edges)


def test_what_is_no_weights_is_refused():
    with pytest.raises(WeightsError, match="cannot be read from list"):
        as_links([[0, 1], [1, 0]])


@pytest.mark.parametrize(("how", "largest"), [("row", 1.0), ("spectral", None)])
def test_standardisation(how, largest):
    found = standardise(sp.csr_matrix(MATRIX * 3), how).toarray()
    if how == "row":
        np.testing.assert_allclose(found.sum(axis=1), [1, 1, 1, 0])
    else:
        assert np.abs(np.linalg.eigvals(found)).max() == pytest.approx(1)
        np.testing.assert_allclose(found / found[0, 1], MATRIX / MATRIX[0, 1])


def test_spectral_standardisation_of_many_units():
    n = 700
    ring = sp.csr_matrix((np.full(n, 2.5), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n))
    star = sp.csr_matrix(ring + ring.T)
    assert abs(standardise(star, "spectral") - star / 5).max() < 1e-8


def test_combine_aligns_by_label_and_mixes():
    one = (["a", "b", "c"], np.array([[0, 2, 0], [1, 0, 1], [0, 1, 0]]))
    two = (["c", "a", "b"], np.array([[0, 1, 1], [1, 0, 0], [0, 1, 0]]))
    ids, matrix = as_links(combine(one, two, share=0.25))
    assert list(ids) == ["a", "b", "c"]
    expected = 0.25 * np.array([[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]) + 0.75 * np.array(
        [[0, 0, 1], [1, 0, 0], [0.5, 0.5, 0]]
    )
    np.testing.assert_allclose(matrix.toarray(), expected)


def test_combine_restores_rows_of_units_isolated_in_one():
    one = (["a", "b"], np.array([[0, 1], [0, 0]]))
    two = (["a", "b"], np.array([[0, 1], [1, 0]]))
    assert as_links(combine(one, two))[1].toarray().tolist() == [[0, 1], [1, 0]]
    assert as_links(combine(one, two, standardise=None))[1].toarray().tolist() == [[0, 1], [0.5, 0]]
