"""LISA clusters: beside esda and brute force, ties, isolates, corrections, seeds, labels."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from esda.moran import Moran_Local
from scipy import stats

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    ApproximationWarning,
    ConstantRegressorError,
    IsolateWarning,
    LabelError,
    MissingDataError,
    OptionError,
    SizeError,
)
from spatialhealth.imbalance.lisa import _adjusted, _is_within
from tests import small
from tests.refusal import refusal

lisa = sh.imbalance.lisa
SIDE = 8
IDS = [f"u{j:02d}" for j in range(SIDE * SIDE)]
W = (IDS, small.lattice(SIDE, SIDE))


def patch(seed=0):
    """High values in one corner, low ones in the opposite one, noise between, and one low value among the high."""
    values = np.random.default_rng(seed).normal(size=(SIDE, SIDE))
    values[:3, :3] += 6
    values[-3:, -3:] -= 6
    values[1, 1] = -3
    return pd.Series(values.ravel(), index=IDS, name="beds")


def test_clusters_are_where_they_were_put():
    found = lisa(patch(), W, permutations=4999, random_state=1, correction="none").cluster
    assert found["u00"] == found["u02"] == "high-high"
    assert found["u63"] == found["u54"] == "low-low"
    assert found["u09"] == "low-high"
    assert found["u28"] == "not significant"
    corrected = lisa(patch(), W, permutations=4999, random_state=1).cluster
    assert corrected["u54"] == "low-low" and corrected["u09"] == "low-high"
    assert (corrected.isin(["not significant"]) | (corrected == found)).all()


def test_statistics_as_esda_and_by_the_formula():
    y = patch()
    found = lisa(y, W, permutations=99, random_state=1, correction="none").table
    z = y.to_numpy() - y.mean()
    lagged = W[1] @ z
    np.testing.assert_allclose(found["local"], (len(z) - 1) * z * lagged / (z @ z))
    np.testing.assert_allclose(found["lag"], W[1] @ y)
    theirs = Moran_Local(y.to_numpy(), sh.weights.as_graph(W), transformation="O", permutations=0)
    np.testing.assert_allclose(found["local"], theirs.Is)
    quadrant = np.array(["", "high-high", "low-high", "low-low", "high-low"])[theirs.q.astype(int)]
    assert (found["cluster"].isin(["not significant"]) | (found["cluster"] == quadrant)).all()


def test_p_values_as_brute_force_draws_them():
    y = patch().to_numpy()
    found = lisa(pd.Series(y, index=IDS), W, permutations=9999, random_state=1, correction="none").p_value
    rng = np.random.default_rng(0)
    z = y - y.mean()
    for unit in (0, 9, 28, 40):
        others = np.delete(z, unit)
        weights = W[1][unit][W[1][unit] > 0]
        chosen = np.argsort(rng.random((20000, len(others))), axis=1)[:, : len(weights)]
        drawn = z[unit] * others[chosen] @ weights
        observed = z[unit] * (W[1][unit] @ z)
        tail = min((drawn >= observed).mean(), (drawn <= observed).mean())
        assert found[unit] == pytest.approx(min(2 * tail, 1), abs=0.03)


def test_under_no_pattern_a_twentieth_is_called_a_cluster_and_few_after_correction():
    rng = np.random.default_rng(3)
    rates, families = [], 0
    for _ in range(30):
        y = pd.Series(rng.normal(size=len(IDS)), index=IDS)
        found = lisa(y, W, permutations=999, random_state=rng, correction="none")
        rates.append(1 - found.counts["not significant"] / len(IDS))
        families += bool((_adjusted(found.p_value, "bonferroni") <= 0.25).any())
    # 1,920 tests at 0.05 each: the standard deviation of the share is 0.005, and a little more as they overlap
    assert 0.03 < np.mean(rates) < 0.07
    assert families <= 15


def test_ties_count_in_both_tails():
    """A value of which nearly all others are copies is no cluster; esda's p value says it is."""
    y = pd.Series(0.0, index=IDS)
    y.iloc[:2] = 1.0
    y.iloc[40:44] = 1.0
    found = lisa(y, W, permutations=999, random_state=1, correction="none")
    lonely = found.table.loc["u20"]
    assert lonely["value"] == 0 and lonely["p_value"] == 1
    assert lonely["cluster"] == "not significant"


def test_isolates_are_in_no_cluster_and_not_counted():
    matrix = np.zeros((len(IDS) + 1, len(IDS) + 1))
    matrix[:-1, :-1] = W[1]
    y = pd.concat([patch(), pd.Series([9.0], index=["alone"])])
    with pytest.warns(IsolateWarning, match="1 units have no neighbour .*'alone'"):
        found = lisa(
            y, ([*IDS, "alone"], matrix), permutations=999, random_state=1, correction="bonferroni", level=0.2
        )
    row = found.table.loc["alone"]
    assert row["cluster"] == "no neighbours" and np.isnan(row["p_value"]) and np.isnan(row["p_adjusted"])
    known = found.p_value[:-1]
    np.testing.assert_allclose(found.p_adjusted[:-1], np.minimum(len(IDS) * known, 1))
    assert found.counts["no neighbours"] == 1


def test_corrections_as_scipys_and_by_hand():
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5, 0.002])
    known = ~np.isnan(p)
    np.testing.assert_allclose(_adjusted(p, "fdr")[known], stats.false_discovery_control(p[known]))
    np.testing.assert_allclose(_adjusted(p, "bonferroni")[known], [0.05, 0.2, 0.15, 1, 0.01])
    np.testing.assert_array_equal(_adjusted(p, "none"), p)
    assert np.isnan(_adjusted(p, "fdr")[1])


def test_a_seed_gives_the_same_and_leaves_numpys_generator_alone():
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    filters = list(warnings.filters)
    one = lisa(patch(), W, random_state=1, correction="none")
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002
    assert warnings.filters == filters
    two = lisa(patch(), W, random_state=1, correction="none")
    np.testing.assert_array_equal(one.p_value, two.p_value)
    assert not np.array_equal(one.p_value, lisa(patch(), W, random_state=2, correction="none").p_value)


def test_rows_in_any_order_and_a_panel_by_period():
    y = patch()
    one = lisa(y, W, random_state=1, correction="none").table
    two = lisa(y.sample(frac=1, random_state=2), W, random_state=1, correction="none").table
    pd.testing.assert_frame_equal(one, two.loc[one.index])
    panel = pd.concat({2011: y, 2012: patch(1)}, names=["year", "city"]).swaplevel()
    found = lisa(panel, W, random_state=1, correction="none")
    assert found.table.index.equals(panel.index)
    later = found.at(2012)
    assert later.index.tolist() == IDS and len(later.table) == len(IDS)
    np.testing.assert_allclose(later.local, lisa(patch(1), W, random_state=4, correction="none").local)
    assert len(found.overall) == 3 and len(later.overall) == 1
    assert later.overall[0].value == pytest.approx(sh.diagnostics.moran(patch(1), W, random_state=1)[0].value)


def test_moran_stands_beside_it():
    found = lisa(patch(), W, random_state=1, correction="none")
    expected = sh.diagnostics.moran(patch(), W, random_state=1)[0]
    assert found.overall[0].value == pytest.approx(expected.value)
    assert f"Moran's I = {expected.value:.4f}" in str(found)
    assert found.local.sum() / (len(IDS) - 1) == pytest.approx(expected.value)


def test_scale_and_shift_do_not_matter():
    one = lisa(patch(), W, random_state=1, correction="none")
    two = lisa(patch() * 1000 - 7, W, random_state=1, correction="none")
    np.testing.assert_allclose(one.local, two.local)
    np.testing.assert_array_equal(one.place, two.place)


def test_too_few_permutations_are_said():
    y = patch()
    y.iloc[9] = 6
    with pytest.warns(ApproximationWarning, match=r"permutations can give.*Give permutations=2560 to see"):
        lisa(y, W, permutations=99, random_state=1)
    with refusal(OptionError, "Bonferroni's correction of 64 units", "permutations=2560"):
        lisa(y, W, correction="bonferroni")


def test_refusals(monkeypatch):
    y = patch()
    with refusal(LabelError, "lisa needs a Series"):
        lisa(y.to_numpy(), W)
    with refusal(ConstantRegressorError, "does not vary"):
        lisa(y * 0, W)
    with refusal(OptionError, "correction='holm'"):
        lisa(y, W, correction="holm")
    with refusal(OptionError, "level=5"):
        lisa(y, W, level=5)
    with refusal(OptionError, "permutations=0"):
        lisa(y, W, permutations=0)
    with refusal(AlignmentError, "'u00'"):
        lisa(y.drop("u00"), W)
    with refusal(MissingDataError, "'u00'"):
        lisa(y.where(y.index != "u00"), W)
    with refusal(SizeError, "at least four"):
        lisa(pd.Series([1.0, 2.0, 3.0], index=list("abc")), (list("abc"), np.ones((3, 3)) - np.eye(3)))
    with refusal(OptionError, "no clusters of 2020", "one period"):
        lisa(y, W, random_state=1, correction="none").at(2020)
    monkeypatch.setattr(sys.modules["spatialhealth.imbalance.lisa"], "_MOST_CELLS", 1000)
    with refusal(SizeError, "do not fit into memory", "permutations=15"):
        lisa(y, W)


def test_a_p_value_at_the_level_is_significant_whatever_the_rounding():
    adjusted = _adjusted(np.full(6, 0.05), "fdr")
    assert (adjusted > 0.05).all()  # 0.05 * 6 / 6 for a computer
    assert _is_within(adjusted, 0.05).all() and not _is_within(np.array([0.0501, np.nan]), 0.05).any()


def test_where_every_arrangement_gives_one_index():
    """All are neighbours of all: Moran's I is -1 / (n - 1) and says nothing."""
    ids = IDS[:12]
    y = patch().iloc[:12]
    found = lisa(y, (ids, (np.ones((12, 12)) - np.eye(12)) / 11), random_state=1, correction="none")
    assert found.overall[0].value == pytest.approx(-1 / 11) and found.overall[0].p_value == 1
    assert (found.p_value == 1).all() and found.counts["not significant"] == 12
