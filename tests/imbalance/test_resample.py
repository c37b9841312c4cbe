"""The bootstrap of units: beside scipy's BCa, and its edges."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from spatialhealth.imbalance import resample as module
from spatialhealth.imbalance import theil
from spatialhealth.imbalance.resample import Resampled, resample, wilson
from spatialhealth.imbalance.shares import share_limits, share_statistic


def mean_of(y):
    return lambda counts: (counts @ y / counts.sum(axis=1))[:, None]


def variance_of(y):
    return lambda counts: (counts @ y**2 / counts.sum(1) - (counts @ y / counts.sum(1)) ** 2)[:, None]


def test_limits_as_scipy_computes_them_from_the_same_draws():
    y = np.random.default_rng(1).gamma(1.5, size=120)
    drawn = resample("f", variance_of(y), 120, 4999, 7)
    assert drawn.method == "BCa"

    def variance(x, axis=-1):
        return np.var(x, axis=axis)

    named = inspect.signature(stats.bootstrap).parameters
    seed = {"rng" if "rng" in named else "random_state": np.random.default_rng(3)}  # since scipy 1.15
    theirs = stats.bootstrap((y,), variance, n_resamples=9999, method="BCa", **seed)
    low, high = drawn.interval(0.95)
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert low[0] == pytest.approx(theirs.confidence_interval.low, abs=0.04 * width)
    assert high[0] == pytest.approx(theirs.confidence_interval.high, abs=0.06 * width)
    assert drawn.std_error[0] == pytest.approx(theirs.standard_error, rel=0.05)


def test_few_units_have_bootstrap_t_as_a_plain_loop_gives_it():
    y = np.random.default_rng(1).gamma(1.5, size=12)
    drawn = resample("f", variance_of(y), 12, 299, 7)
    assert drawn.method == "bootstrap-t"

    def jackknife(x):
        without = np.array([np.var(np.delete(x, j)) for j in range(12)])
        return np.sqrt(11 / 12 * np.sum((without - without.mean()) ** 2))

    samples = [np.repeat(y, times.astype(int)) for times in drawn.times]
    t = [(np.var(x) - np.var(y)) / jackknife(x) for x in samples]
    expected = np.var(y) - jackknife(y) * np.quantile(t, [0.975, 0.025])
    assert np.array(drawn.interval(0.95)).ravel() == pytest.approx(expected)


def test_too_many_statistics_are_left_to_bca(monkeypatch):
    y = np.random.default_rng(1).gamma(1.5, size=12)
    monkeypatch.setattr(module, "_MOST_KEPT", 10)
    assert resample("f", variance_of(y), 12, 299, 7).method == "BCa"


def test_the_standard_error_of_a_mean():
    y = np.random.default_rng(0).normal(size=200)
    drawn = resample("f", mean_of(y), 200, 4000, 1)
    assert drawn.std_error[0] == pytest.approx(y.std() / np.sqrt(200), rel=0.05)
    assert drawn.estimate[0] == pytest.approx(y.mean())


def test_leaving_groups_out_gives_nearly_the_lean_of_leaving_units_out(monkeypatch):
    y = np.random.default_rng(0).exponential(size=600)
    alone = resample("f", mean_of(y), 600, 999, 1)
    monkeypatch.setattr(module, "_GROUPS", 200)
    grouped = resample("f", mean_of(y), 600, 999, 1)
    assert len(grouped.left_out) == 200 and len(alone.left_out) == 600
    np.testing.assert_array_equal(alone.draws, grouped.draws)
    np.testing.assert_allclose(alone.interval(0.95), grouped.interval(0.95), rtol=0.01)


def test_chunks_do_not_change_a_thing(monkeypatch):
    y = np.random.default_rng(0).normal(size=50)
    whole = resample("f", mean_of(y), 50, 199, 5)
    monkeypatch.setattr(module, "_CELLS", 1)
    pieces = resample("f", mean_of(y), 50, 199, 5)
    np.testing.assert_allclose(whole.draws, pieces.draws, atol=1e-14)
    np.testing.assert_allclose(whole.left_out, pieces.left_out, atol=1e-14)


def test_draws_on_one_side_of_the_estimate_have_basic_limits():
    draws = np.linspace(2.0, 3.0, 1001)[:, None]
    drawn = Resampled(np.array([1.5]), draws, np.linspace(1.4, 1.6, 50)[:, None])
    assert drawn.method == "basic bootstrap"
    # 3 less the outer quantiles of the draws, and not both the least of them
    assert np.array(drawn.interval(0.9)).ravel() == pytest.approx([3 - 2.95, 3 - 2.05])
    # a gap, say, may be negative where no draw is
    assert np.array(Resampled(np.array([1.2]), draws, drawn.left_out).interval(0.9)).ravel() == pytest.approx(
        [2.4 - 2.95, 2.4 - 2.05]
    )


def test_what_lies_between_many_small_groups_is_not_overstated():
    # thirty groups of ten units that do not differ: all that lies between them is chance
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(30), 10)
    values = pd.Series(rng.lognormal(0, 0.6, 300), index=np.arange(300))
    found = theil(values, by=pd.Series(groups, index=values.index), draws=499, random_state=1)
    between, within, share = (found.table.iloc[j] for j in (1, 2, 4))
    assert between["estimate"] > 0.01
    assert between["ci_low"] == 0.0 and between["ci_high"] < between["estimate"] * 1.05
    # of a lognormal variable Theil's T is half the variance of the logarithm, 0.18
    assert within["ci_low"] < 0.18 < within["ci_high"]
    assert share["ci_high"] == 1.0


def test_a_statistic_that_never_varies_has_no_width():
    drawn = resample("f", lambda counts: np.ones((len(counts), 1)), 10, 99, 0)
    assert drawn.interval(0.95) == (1.0, 1.0) and drawn.std_error[0] == 0


def test_undefined_draws_are_counted_and_left_out():
    drawn = Resampled(np.array([0.5]), np.array([[np.nan], [0.4], [0.6], [0.5]]), np.array([[0.5], [0.4]]))
    assert drawn.undefined == 1
    assert drawn.std_error[0] == pytest.approx(0.1)
    assert np.isfinite(drawn.interval(0.9)).all()


def test_wilson_by_its_textbook_numbers():
    # 0 and 10 of 10: 3.841 / 13.841 is the bound
    low, high = wilson(np.array([0.0, 1.0]), np.array([10.0, 10.0]), 0.95)
    assert low[0] == 0 and high[1] == 1
    assert high[0] == pytest.approx(3.8415 / 13.8415, abs=1e-4) == 1 - low[1]
    theirs = stats.binomtest(7, 20).proportion_ci(0.9, "wilson")
    assert np.array(wilson(np.array([0.35]), np.array([20.0]), 0.9)).ravel() == pytest.approx(list(theirs))


def test_shares_by_group_and_their_effective_numbers():
    classes, groups = np.array([[0, 1, 1, 2, 2, 2]]), np.array([0, 0, 0, 1, 1, 1])
    weights = np.array([[1.0, 1, 2, 1, 1, 1]])
    found = share_statistic(classes, 3, groups, weights)(np.ones((1, 6)))[0]
    assert found == pytest.approx([0.25, 0.75, 0, 0, 0, 1])
    low, high = share_limits(classes, 3, groups, np.ones((1, 6)), 0.95)
    theirs = stats.binomtest(1, 3).proportion_ci(0.95, "wilson")
    assert [low[0], high[0]] == pytest.approx(list(theirs))
    assert high[2] == pytest.approx(3.8415 / 6.8415, abs=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_share_of_all_has_wilsons_width_whatever_the_rounding(weighted):
    """Parts such as 1/6 do not sum to one: that is no variance."""
    rng = np.random.default_rng(0)
    z2 = stats.norm.ppf(0.975) ** 2
    for n in range(1, 60):
        weights = rng.gamma(1.0, size=(1, n)) if weighted else np.ones((1, n))
        kish = weights.sum() ** 2 / (weights**2).sum()
        low, high = share_limits(np.zeros((1, n), int), 2, np.zeros(n, int), weights, 0.95)
        assert low == pytest.approx([kish / (kish + z2), 0])
        assert high == pytest.approx([1, z2 / (kish + z2)])


def test_a_class_of_one_light_unit_is_no_more_certain_than_an_empty_one():
    weights = np.array([[1e-6, 1, 1, 1, 1, 1]])
    one = share_limits(np.array([[1, 0, 0, 0, 0, 0]]), 2, np.zeros(6, int), weights, 0.95)
    none = share_limits(np.zeros((1, 6), int), 2, np.zeros(6, int), weights, 0.95)
    np.testing.assert_allclose(one, none, atol=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_limits_of_weighted_shares_hold_the_truth(share):
    rng = np.random.default_rng(1)
    held, draws, n = 0, 600, 30
    for _ in range(draws):
        weights, inside = rng.lognormal(size=(1, n)), (rng.random((1, n)) < share).astype(int)
        low, high = share_limits(inside, 2, np.zeros(n, int), weights, 0.95)
        held += low[1] <= share <= high[1]
    assert held / draws > 0.93
