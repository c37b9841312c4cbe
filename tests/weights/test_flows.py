"""Weights from flows: whose they are, what is no link, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.weights import as_links, flows
from tests.refusal import refusal


@pytest.fixture
def od():
    rows = [("a", "b", 5), ("b", "a", 30), ("c", "a", 10), ("a", "a", 900), ("b", "c", 0)]
    return pd.DataFrame(rows, columns=["origin", "destination", "trips"])


def dense(graph):
    ids, matrix = as_links(graph)
    return pd.DataFrame(matrix.toarray(), index=ids, columns=ids)


def test_a_row_holds_where_visitors_come_from(od):
    W = dense(flows(od, standardise=None))
    assert W.loc["a"].to_dict() == {"a": 0, "b": 30, "c": 10}  # a's 900 to itself are no link
    assert W.loc["b"].to_dict() == {"a": 5, "b": 0, "c": 0}
    assert W.loc["c"].to_dict() == {"a": 0, "b": 0, "c": 0}  # the flow from b is zero


def test_the_other_direction_is_the_transpose(od):
    np.testing.assert_array_equal(
        dense(flows(od, standardise=None)).T, dense(flows(od, direction="to", standardise=None))
    )


@pytest.mark.parametrize("direction", ["from", "to"])
def test_symmetric_adds_both_directions_up(od, direction):
    W = dense(flows(od, direction=direction, symmetric=True, standardise=None)).to_numpy()
    np.testing.assert_array_equal(W, [[0, 35, 10], [35, 0, 0], [10, 0, 0]])


def test_rows_sum_to_one_but_for_isolates(od):
    graph = flows(od)
    assert graph.isolates.to_list() == ["c"]
    assert dense(graph).sum(axis=1).to_dict() == {"a": 1, "b": 1, "c": 0}
    assert graph["a"].to_dict() == {"b": 0.75, "c": 0.25}


def test_ids_give_the_order_and_cities_without_flows(od):
    graph = flows(od, ids=["c", "d", "b", "a"])
    assert graph.unique_ids.to_list() == ["c", "d", "b", "a"]
    assert set(graph.isolates) == {"c", "d"}
    frame = pd.DataFrame(index=["c", "d", "b", "a"])
    assert dense(flows(od, ids=frame)).equals(dense(graph))


def test_numbers_as_ids_and_names_of_columns():
    od = pd.DataFrame({"from": [11, 2], "to": [2, 11], "people": [1.5, 2.5]})
    graph = flows(od, origin="from", destination="to", value="people", standardise=None)
    assert graph.unique_ids.to_list() == [2, 11]
    assert graph[2].to_dict() == {11: 1.5}


def test_categories_and_strings_are_the_same_ids(od):
    kinds = od.astype({"origin": "category", "destination": "string"})
    assert dense(flows(kinds)).equals(dense(flows(od)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 7))
def test_neither_order_of_rows_nor_names_matter(seed, n):
    rng = np.random.default_rng(seed)
    i, j = np.nonzero(rng.random((n, n)) < 0.7)
    names = np.array([f"u{k}" for k in range(n)])
    other = np.array([f"v{k}" for k in rng.permutation(n)])
    od = pd.DataFrame({"origin": names[i], "destination": names[j], "trips": rng.integers(0, 9, len(i))})
    if od.loc[i != j, "trips"].sum() == 0:
        return
    W = dense(flows(od, ids=names))
    mixed = od.sample(frac=1, random_state=int(seed % 1000))
    assert dense(flows(mixed, ids=names)).equals(W)
    renamed = od.replace(dict(zip(names, other, strict=True)))
    np.testing.assert_array_equal(dense(flows(renamed, ids=other)), W)


def test_estimators_take_them():
    od = sh.datasets.load_flows()
    W = sh.weights.flows(od, ids=sh.datasets.load_cities())
    panel = sh.datasets.load_panel()
    model = sh.SLX(W, effects="two-way").fit_formula("log(inflow) ~ log(tertiary)", panel)
    assert np.isfinite(model.params_).all()


REFUSED = {
    "negative": (lambda od: od.assign(trips=[5, -30, 10, 9, 0]), errors.FlowError, ["negative", "('b', 'a')"]),
    "missing": (lambda od: od.assign(trips=[5, np.nan, 1, 9, 0]), errors.MissingDataError, ["('b'", "written 0"]),
    "infinite": (lambda od: od.assign(trips=[5, np.inf, 1, 9, 0]), errors.NonFiniteError, ["('b', 'a')"]),
    "text": (lambda od: od.assign(trips=list("abcde")), errors.NonNumericError, ["to_numeric"]),
    "twice": (lambda od: pd.concat([od, od[:1]]), errors.DuplicateError, ["('a', 'b')", "Add them up"]),
    "unnamed": (lambda od: od.assign(origin=["a", None, "c", "a", "b"]), errors.MissingDataError, ["'origin'"]),
    "no rows": (lambda od: od[:0], errors.FlowError, ["no rows"]),
    "no column": (lambda od: od.rename(columns={"trips": "trip"}), errors.OptionError, ["Did you mean 'trip'?"]),
    "all zero": (lambda od: od.assign(trips=0), errors.FlowError, ["positive"]),
    "no table": (lambda od: od.to_numpy(), errors.LabelError, ["DataFrame"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(od, case):
    change, kind, parts = REFUSED[case]
    with refusal(kind, *parts):
        flows(change(od))


def test_a_square_matrix_of_flows():
    matrix = pd.DataFrame([[0, 5.0, 2], [30, 0, 1], [4, 0, 7]], index=list("abc"), columns=list("abc"))
    with refusal(errors.OptionError, "square matrix", "'a', 'b', 'c'", "matrix.T") as caught:
        flows(matrix, value="people")
    advice = re.search(r"long with (matrix\..*\)); if", str(caught.value)).group(1)
    long = eval(advice, {"matrix": matrix})
    assert long.columns.tolist() == ["origin", "destination", "people"]
    for row in long.itertuples():
        assert row.people == matrix.loc[row.origin, row.destination]
    assert len(long) == 9
    table = sh.attraction.flow_table(long, value="people", own=True)
    np.testing.assert_array_equal(table.matrix(), matrix)
    with refusal(errors.OptionError, "square matrix"):
        sh.attraction.flow_table(matrix)


def test_unknown_ids_and_options(od):
    with refusal(errors.AlignmentError, "'c'", "not among the units"):
        flows(od, ids=["a", "b"])
    with refusal(errors.DuplicateError, "'a'"):
        flows(od, ids=["a", "a", "b", "c"])
    with refusal(errors.ShapeError, "empty"):
        flows(od, ids=[])
    with refusal(errors.LabelError, "frame indexed"):
        flows(od, ids="abc")
    with refusal(errors.OptionError, "direction='in'"):
        flows(od, direction="in")
    with refusal(errors.OptionError, "standardise='rows'"):
        flows(od, standardise="rows")
    with refusal(errors.OptionError, "different columns"):
        flows(od, destination="origin")
