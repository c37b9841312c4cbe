"""Concentration: a published table, the convenient regression, the jackknife, bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

import spatialhealth as sh
from spatialhealth.errors import DataError, LabelError, OptionError
from tests.imbalance.cases import by_unit, panel_of, positive
from tests.refusal import refusal

concentration = sh.imbalance.concentration
FEW = {"draws": 39, "random_state": 0}


def index(h, rank, w=None, **options):
    weights = None if w is None else by_unit(w)
    return float(concentration(by_unit(h), by_unit(rank), weights, **{**FEW, **options}).index.estimate[0])


def brute(h, rank, w):
    """Twice the covariance with the share of people below and half of those at the rank, over the mean."""
    h, rank, w = (np.asarray(x, float) for x in (h, rank, w))
    w = w / w.sum()
    R = np.array([w[rank < r].sum() + w[rank == r].sum() / 2 for r in rank])
    return float(2 * np.sum(w * (h - w @ h) * (R - w @ R)) / (w @ h))


def test_births_attended_by_wealth_as_published():
    """Sample data of the R package healthequal (WHO Health Inequality Data Repository), by wealth quintile.

    Its reference page of `rci` prints the table (births attended by skilled personnel, in percent, and the people)
    and the index 0.0469506: https://whoequity.github.io/healthequal/reference/rci.html, version 1.0.1.
    """
    attended = [75.60530, 91.01997, 96.03959, 97.04223, 99.22405]
    people = [2072.436, 2112.204, 1983.059, 2052.124, 1884.510]
    assert index(attended, range(5), people) == pytest.approx(0.0469506, abs=5e-8)


def test_three_groups_by_hand():
    """People 1, 2, 1 hold 4, 2, 0 each: the poorest quarter has half, the next half the rest."""
    # the curve passes (1/4, 1/2) and (3/4, 1): the area under it is 1/16 + 3/8 + 1/4 = 11/16
    assert index([4.0, 2.0, 0.0], range(3), [1.0, 2.0, 1.0]) == pytest.approx(-0.375, abs=1e-15)


@given(positive, st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_as_brute_force_with_ties_and_weights(h, seed):
    rng = np.random.default_rng(seed)
    rank, w = rng.integers(0, 4, len(h)), rng.uniform(0.1, 5, len(h))
    assert index(h, rank, w) == pytest.approx(brute(h, rank, w), abs=1e-12)


def test_the_slope_of_the_convenient_regression():
    rng = np.random.default_rng(3)
    h, rank = rng.gamma(2.0, size=50), rng.normal(size=50)
    R = (rankdata(rank) - 0.5) / 50
    slope = np.polyfit(R, 2 * R.var() * h / h.mean(), 1)[0]
    assert index(h, rank) == pytest.approx(slope, abs=1e-13)


def test_one_less_twice_the_area_under_the_curve():
    rng = np.random.default_rng(3)
    found = concentration(by_unit(rng.gamma(2.0, size=30)), by_unit(rng.normal(size=30)), **FEW)
    curve = found.curve
    height = (curve["value_share"] + curve["value_share"].shift()) / 2
    area = (height * curve["population_share"].diff()).sum()
    assert found.index.estimate[0] == pytest.approx(1 - 2 * area, abs=1e-13)
    assert curve.iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]


def test_ranked_by_itself_it_is_the_gini():
    y = np.random.default_rng(1).gamma(2.0, size=25)
    w = np.random.default_rng(2).uniform(1, 9, 25)
    assert index(y, y, w) == pytest.approx(
        float(sh.imbalance.gini(by_unit(y), by_unit(w), **FEW).estimate[0])
    )


@given(positive)
@settings(max_examples=30, deadline=None)
def test_ranks_turned_round_turn_the_sign(h):
    rank = np.arange(len(h)) // 2
    assert index(h, -rank) == pytest.approx(-index(h, rank), abs=1e-12)
    assert index(h * 7, np.exp(rank)) == pytest.approx(index(h, rank), abs=1e-10)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_formula_error_is_near_those_of_jackknife_and_bootstrap(ties, weighted):
    rng = np.random.default_rng(8)
    n = 300
    h = rng.gamma(2.0, size=n)
    rank = h + rng.normal(size=n)
    rank = np.round(rank) if ties else rank
    w = rng.uniform(1, 3, n) if weighted else np.ones(n)
    found = concentration(by_unit(h), by_unit(rank), by_unit(w), draws=999, random_state=1)
    without = np.array([brute(np.delete(h, j), np.delete(rank, j), np.delete(w, j)) for j in range(n)])
    jackknife = np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2))
    assert found.formula_errors[0] == pytest.approx(jackknife, rel=0.02)
    assert found.index.std_error[0] == pytest.approx(jackknife, rel=0.1)


def test_the_formula_error_without_weights_is_that_of_the_paper():
    rng = np.random.default_rng(4)
    h, n = rng.gamma(2.0, size=40), 40
    found = concentration(by_unit(h), by_unit(np.arange(n)), **FEW)
    C, mean = found.index.estimate[0], h.mean()
    q = np.concatenate([[0], np.cumsum(h)]) / (mean * n)
    a = h / mean * (2 * (np.arange(n) + 0.5) / n - 1 - C) + 2 - q[:-1] - q[1:]
    assert found.formula_errors[0] == pytest.approx(np.sqrt((np.mean(a**2) - (1 + C) ** 2) / n), abs=1e-13)


def test_bounded_kinds_by_hand_and_mirrored():
    h, rank = np.array([0.0, 0.0, 1.0, 1.0]), np.arange(4)
    # 2 cov(h, R) = 0.25, and the mean is 0.5
    assert index(h, rank) == pytest.approx(0.5)
    assert index(h, rank, kind="erreygers", bounds=(0, 1)) == pytest.approx(1.0)
    assert index(h, rank, kind="wagstaff", bounds=(0, 1)) == pytest.approx(1.0)
    share = np.random.default_rng(0).uniform(20, 90, 30)
    order = np.random.default_rng(1).normal(size=30)
    for kind in ("erreygers", "wagstaff"):
        used = index(share, order, kind=kind, bounds=(0, 100))
        idle = index(100 - share, order, kind=kind, bounds=(0, 100))
        assert used == pytest.approx(-idle, abs=1e-12)
        assert index(share / 100, order, kind=kind, bounds=(0, 1)) == pytest.approx(used, abs=1e-12)
    for kind in ("erreygers", "wagstaff"):
        bounds = {"kind": kind, "bounds": (0, 100)}
        moved = index(share - 50, order, kind=kind, bounds=(-50, 50))
        assert moved == pytest.approx(index(share, order, **bounds), abs=1e-12)
    plain = index(share, order)
    assert index(share, order, kind="erreygers", bounds=(0, 100)) == pytest.approx(
        4 * share.mean() / 100 * plain
    )
    assert index(share, order, kind="wagstaff", bounds=(0, 100)) == pytest.approx(
        plain / (1 - share.mean() / 100)
    )


def test_tables_by_period_with_bands_around_the_curve():
    rng = np.random.default_rng(0)
    h, r = panel_of(rng.gamma(9.0, size=(2, 40))), panel_of(rng.normal(size=(2, 40)), "gdp")
    found = concentration(h, r, draws=199, random_state=1)
    assert found.table.columns.tolist() == [
        *("year", "estimate", "std_error", "ci_low", "ci_high", "formula_std_error")
    ]
    for (_, band), (_, curve) in zip(found.band.groupby("year"), found.curve.groupby("year"), strict=True):
        at = np.interp(band["population_share"], curve["population_share"], curve["value_share"])
        assert (band["ci_low"] <= at + 1e-12).all() and (at <= band["ci_high"] + 1e-12).all()
        assert (band["ci_high"] - band["ci_low"]).iloc[50] > 0.01
    assert found.change(2011, 2012).estimate[0] == pytest.approx(np.diff(found.index.estimate)[0])


def test_refusals():
    h, r = by_unit([1.0, 2.0, 3.0]), by_unit([3.0, 2.0, 1.0])
    with refusal(DataError, "negative", "'u00'", "erreygers"):
        concentration(h - 2, r)
    with refusal(DataError, "zero"):
        concentration(h * 0, r)
    with refusal(OptionError, "bounds=(0, 100)"):
        concentration(h, r, kind="erreygers")
    with refusal(OptionError, "must rise"):
        concentration(h, r, kind="wagstaff", bounds=(1, 0))
    with refusal(OptionError, "no bounds"):
        concentration(h, r, bounds=(0, 1))
    with refusal(DataError, "outside the bounds 0 and 2", "'u02'"):
        concentration(h, r, kind="erreygers", bounds=(0, 2))
    with refusal(DataError, "at one bound"):
        concentration(h * 0 + 1, r, kind="wagstaff", bounds=(0, 1))
    with refusal(OptionError, "kind='gini'"):
        concentration(h, r, kind="gini")
    with refusal(LabelError, "rank_by must be a Series"):
        concentration(h, pd.DataFrame({"x": r}))
