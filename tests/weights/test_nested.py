"""Weights inside groups: by hand, both ways to say the groups, what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.weights import as_links, nested
from tests.refusal import refusal


@pytest.fixture(scope="module")
def cities():
    return sh.datasets.load_cities()


@pytest.fixture(scope="module")
def queen(cities):
    return sh.weights.contiguity(cities)


def dense(graph):
    return as_links(graph)[1].toarray()


def same_group(cities):
    province = cities["province"].to_numpy()
    return province[:, None] == province[None]


@pytest.mark.parametrize("how", ["row", None])
def test_links_to_other_provinces_are_cut(cities, queen, how):
    found = nested(queen, by="province", frame=cities.iloc[::-1], standardise=how)
    expected = dense(queen) * same_group(cities)
    if how == "row":
        sums = expected.sum(axis=1, keepdims=True)
        expected = np.divide(expected, sums, out=np.zeros_like(expected), where=sums > 0)
    np.testing.assert_allclose(dense(found), expected, rtol=1e-14)
    assert list(found.unique_ids) == list(cities.index)
    alone = cities["province"].map(cities["province"].value_counts()) == 1
    assert set(cities.index[alone]) <= set(found.isolates)


def test_a_series_and_a_column_say_the_same(cities, queen):
    one = nested(queen, by="province", frame=cities)
    two = nested(queen, by=cities["province"].sample(frac=1, random_state=1))
    np.testing.assert_array_equal(dense(one), dense(two))


def test_blocks(cities):
    found = nested(None, by=cities["province"], standardise=None)
    expected = same_group(cities) & ~np.eye(len(cities), dtype=bool)
    np.testing.assert_array_equal(dense(found), expected)
    rows = dense(nested(None, by="province", frame=cities)).sum(axis=1)
    assert set(np.round(rows, 12)) == {0.0, 1.0}  # a city alone in its province has no neighbour


def test_categories_are_groups_too(cities, queen):
    one = nested(queen, by=cities["province"].astype("category"))
    np.testing.assert_array_equal(dense(one), dense(nested(queen, by=cities["province"])))


def test_what_it_refuses(cities, queen, monkeypatch):
    province = cities["province"]
    with refusal(errors.OptionError, "give frame="):
        nested(queen, by="province")
    with refusal(errors.OptionError, "leave out frame="):
        nested(queen, by=province, frame=cities)
    with refusal(errors.DataError, "no column 'provinces'", "Did you mean 'province'?"):
        nested(queen, by="provinces", frame=cities)
    with refusal(errors.LabelError, "ndarray"):
        nested(queen, by=province.to_numpy())
    with refusal(errors.MissingDataError, "the group is missing for 'Ankang'"):
        nested(queen, by=province.where(province.index != "Ankang"))
    with refusal(errors.AlignmentError, "no group for: 'Ankang'"):
        nested(queen, by=province.drop("Ankang"))
    with refusal(errors.AlignmentError, "no weights for: 'Atlantis'"):
        nested(queen, by=pd.concat([province, pd.Series({"Atlantis": "Sea"})]))
    with refusal(errors.DuplicateError, "'Ankang'"):
        nested(queen, by=pd.concat([province, province[["Ankang"]]]))
    with refusal(errors.WeightsError, "has a neighbour", "between two groups", "larger groups"):
        nested(queen, by=pd.Series(range(len(cities)), index=cities.index))
    with refusal(errors.WeightsError, "has a neighbour", "one unit only") as caught:
        nested(None, by=pd.Series(range(len(cities)), index=cities.index))
    assert "metres" not in str(caught.value)
    with refusal(errors.OptionError, "standardise="):
        nested(queen, by=province, standardise="rows")
    import importlib

    monkeypatch.setattr(importlib.import_module("spatialhealth.weights.nested"), "MOST_PAIRS", 100)
    with refusal(errors.SizeError, "too many to hold"):
        nested(None, by=province)
