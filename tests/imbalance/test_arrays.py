"""Tuples (ids, values) in place of Series: the same numbers, in any order, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from esda.moran import Moran

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    DataError,
    DuplicateError,
    LabelError,
    MissingDataError,
    NonFiniteError,
    ShapeError,
    SizeError,
)
from spatialhealth.imbalance.local_moran import local_moran
from tests import small

SIDE = 7
IDS = [f"u{j:02d}" for j in range(SIDE * SIDE)]
W = (IDS, small.lattice(SIDE, SIDE))
RNG = np.random.default_rng(4)
ORDER = RNG.permutation(len(IDS))
HIGH, PRIMARY, PEOPLE = RNG.uniform(70, 110, 49), RNG.uniform(30, 95, 49), RNG.uniform(1, 9, 49)
GROUP = np.array(["north", "mid", "south"], dtype=object)[RNG.integers(0, 3, 49)]


def series(values):
    return pd.Series(values, index=IDS)


def shuffled(values):
    """The same as a tuple in another order."""
    return [IDS[place] for place in ORDER], np.asarray(values)[ORDER]


@pytest.mark.parametrize("weighted", [False, True])
def test_inequality_is_that_of_series(weighted):
    people = (series(PEOPLE), shuffled(PEOPLE)) if weighted else (None, None)
    for kind in ("T", "L"):
        by = series(GROUP).rename("group")
        theirs = sh.imbalance.theil(series(PRIMARY), people[0], by, kind=kind, draws=99, random_state=1)
        mine = sh.imbalance.theil(
            shuffled(PRIMARY), people[1], shuffled(GROUP), kind=kind, draws=99, random_state=1
        )
        assert mine.labels == theirs.labels
        for column in ("estimate", "std_error", "ci_low", "ci_high"):
            np.testing.assert_allclose(getattr(mine, column), getattr(theirs, column), rtol=1e-10)
    theirs = sh.imbalance.gini(series(HIGH), people[0], draws=99, random_state=1)
    mine = sh.imbalance.gini(shuffled(HIGH), people[1], draws=99, random_state=1)
    np.testing.assert_allclose(
        [mine.estimate, mine.std_error], [theirs.estimate, theirs.std_error], rtol=1e-10
    )


def test_the_gap_is_that_of_series_in_the_order_of_the_tuple():
    theirs = sh.imbalance.utilisation_gap(series(HIGH), series(PRIMARY), draws=99, random_state=1)
    mine = sh.imbalance.utilisation_gap(shuffled(HIGH), (IDS, PRIMARY), draws=99, random_state=1)
    np.testing.assert_array_equal(mine.gap, theirs.gap[ORDER])
    np.testing.assert_array_equal(mine.place, theirs.place[ORDER])
    np.testing.assert_allclose(mine.summary.estimate, theirs.summary.estimate)
    np.testing.assert_allclose(mine.summary.ci_high, theirs.summary.ci_high)


def test_moran_of_a_tuple_and_beside_esda():
    for permutations in (0, 99):
        theirs = sh.diagnostics.moran(series(HIGH), W, permutations=permutations, random_state=2)[0]
        mine = sh.diagnostics.moran(shuffled(HIGH), W, permutations=permutations, random_state=2)[0]
        assert (mine.value, mine.p_value, mine.estimates) == (theirs.value, theirs.p_value, theirs.estimates)
    peer = Moran(HIGH, sh.weights.as_graph(W), transformation="O", permutations=0)
    test = sh.diagnostics.moran((IDS, HIGH), W, permutations=0)[0]
    assert test.value == pytest.approx(peer.I, rel=1e-12)
    assert test.estimates["expected"] == pytest.approx(peer.EI, rel=1e-12)
    assert test.estimates["variance"] == pytest.approx(peer.VI_rand, rel=1e-9)
    assert test.p_value == pytest.approx(peer.p_rand, rel=1e-8)


def test_clusters_of_a_tuple_beside_esda():
    values = HIGH.copy()
    values[:3] += 60
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sh.imbalance.lisa(series(values), W, permutations=4999, random_state=1, correction="none")
        mine = sh.imbalance.lisa(shuffled(values), W, permutations=4999, random_state=1, correction="none")
    np.testing.assert_allclose(mine.local, theirs.local, rtol=1e-10)
    np.testing.assert_array_equal(mine.lag, theirs.lag)
    # two draws of 4,999: the standard deviation of a difference is 0.02 at p = 1/2
    assert np.abs(mine.p_value - theirs.p_value).max() < 0.08
    sure = np.abs(theirs.p_value - 0.05) > 0.03
    np.testing.assert_array_equal(mine.place[sure], theirs.place[sure])
    assert mine.to_frame().index.tolist() == IDS and sum(mine.counts.values()) == 49


def test_local_p_values_as_brute_force_draws_them():
    values, matrix = HIGH - HIGH.mean(), sh.weights.convert.as_links(W)[1]
    local, p, quadrant = local_moran(HIGH, matrix, 9999, np.random.default_rng(1))
    rng = np.random.default_rng(0)
    for unit in (0, 24, 40):
        others = np.delete(values, unit)
        weights = matrix[[unit]].data
        chosen = np.argsort(rng.random((20_000, len(others))), axis=1)[:, : len(weights)]
        drawn = values[unit] * others[chosen] @ weights * (len(values) - 1) / (values @ values)
        tail = min((drawn >= local[unit]).mean(), (drawn <= local[unit]).mean())
        assert p[unit] == pytest.approx(min(2 * tail, 1), abs=0.03)
    lag = matrix @ values
    assert (quadrant == np.where(values > 0, np.where(lag > 0, 1, 4), np.where(lag > 0, 2, 3))).all()


@pytest.mark.parametrize(
    "pair, error, words",
    [
        ((IDS[:5], HIGH[:4]), ShapeError, "5 ids and 4 values"),
        ((["a", "a", "b"], [1.0, 2, 3]), DuplicateError, "'a'"),
        ((IDS, np.where(HIGH > 80, np.nan, HIGH)), MissingDataError, "missing"),
        ((IDS, np.where(HIGH > 80, np.inf, HIGH)), NonFiniteError, "infinite"),
        ((["a"], [1.0]), SizeError, "at least 2 units"),
        ((IDS,), LabelError, r"tuple \(ids, values\)"),
    ],
)
def test_refusals_of_a_tuple(pair, error, words):
    with pytest.raises(error, match=words):
        sh.imbalance.gini(pair)


def test_refusals_of_several():
    with pytest.raises(LabelError, match="throughout, or Series"):
        sh.imbalance.utilisation_gap((IDS, HIGH), series(PRIMARY))
    with pytest.raises(AlignmentError, match="'u48'"):
        sh.imbalance.utilisation_gap((IDS, HIGH), (IDS[:-1], PRIMARY[:-1]))
    with pytest.raises(DataError, match="one group"):
        sh.imbalance.theil((IDS, HIGH), by=(IDS, ["all"] * 49))
    with pytest.raises(MissingDataError, match="group is missing"):
        sh.imbalance.theil((IDS, HIGH), by=(IDS, [None, *GROUP[1:]]))
    with pytest.raises(AlignmentError, match="are among the values only"):
        sh.diagnostics.moran((["x", *IDS[1:]], HIGH), W)
