"""Gini and Theil: by hand, by brute force, beside PySAL's, and what no measure of inequality may break."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inequality.gini import Gini
from inequality.theil import Theil, TheilD

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, DataError, MissingDataError, OptionError
from tests.imbalance.cases import by_unit, panel_of, positive
from tests.refusal import refusal

gini, theil = sh.imbalance.gini, sh.imbalance.theil
FEW = {"draws": 39, "random_state": 0}


def value(values, measure=gini, **options):
    return float(measure(by_unit(values), **{**FEW, **options}).estimate[0])


def brute_gini(y, w):
    y, w = np.asarray(y, float), np.asarray(w, float)
    mean = w @ y / w.sum()
    return float(w @ np.abs(y[:, None] - y[None]) @ w / (2 * w.sum() ** 2 * mean))


def brute_theil(y, w, kind):
    y, w = np.asarray(y, float), np.asarray(w, float)
    f, r = w / w.sum(), y / (w @ y / w.sum())
    return float(np.sum(f * r * np.log(r)) if kind == "T" else -np.sum(f * np.log(r)))


def brute_parts(y, w, groups, kind):
    """Between and within by their definitions, each computed by itself."""
    y, w, groups = np.asarray(y, float), np.asarray(w, float), np.asarray(groups)
    names = np.unique(groups)
    people = np.array([w[groups == g].sum() for g in names])
    held = np.array([(w * y)[groups == g].sum() for g in names])
    between = brute_theil(held / people, people, kind)
    share = held / held.sum() if kind == "T" else people / people.sum()
    within = sum(
        s * brute_theil(y[groups == g], w[groups == g], kind) for s, g in zip(share, names, strict=True)
    )
    return between, within


def test_gini_by_hand():
    assert value([1, 2, 3, 4]) == 0.25
    assert value([5, 5, 5]) == pytest.approx(0, abs=1e-15)
    assert value([0, 0, 0, 1]) == pytest.approx(0.75)


def test_theil_by_hand():
    # of 1 and 3: shares 1/4 and 3/4 of the whole, each of half of the people
    assert value([1, 3], theil) == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert value([1, 3], theil, kind="L") == pytest.approx(-0.5 * np.log(0.5) - 0.5 * np.log(1.5))
    assert value([0, 0, 0, 1], theil) == pytest.approx(np.log(4))


@given(positive, st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_with_weights_as_brute_force(y, seed):
    w = np.random.default_rng(seed).uniform(0.1, 5, len(y))
    weights = by_unit(w)
    assert value(y, weights=weights) == pytest.approx(brute_gini(y, w), abs=1e-12)
    for kind in "TL":
        assert value(y, theil, weights=weights, kind=kind) == pytest.approx(
            brute_theil(y, w, kind), abs=1e-12
        )


def test_without_weights_as_pysal():
    table = sh.datasets.load_production().xs(1986, level="year")
    states = sh.datasets.load_states().loc[table.index, "region"]
    y = table["gsp"].astype(float)
    assert gini(y, **FEW).estimate[0] == pytest.approx(Gini(y.to_numpy()).g, abs=1e-13)
    parts = theil(y, by=states, **FEW).estimate
    theirs = TheilD(y.to_numpy(), states.to_numpy())
    assert parts[0] == pytest.approx(float(Theil(y.to_numpy()).T), abs=1e-13)
    assert parts[1:3] == pytest.approx([*theirs.bg, *theirs.wg], abs=1e-13)


@given(positive, st.integers(0, 99), st.sampled_from("TL"))
@settings(max_examples=40, deadline=None)
def test_parts_are_what_they_are_called_and_add_up(y, seed, kind):
    rng = np.random.default_rng(seed)
    w, groups = rng.uniform(0.1, 5, len(y)), rng.permutation(np.arange(len(y)) % 2)
    if np.ptp(y) < 1e-6 * y.max():
        return
    found = theil(by_unit(y), by_unit(w), by=by_unit(groups, "half").astype(int), kind=kind, **FEW)
    total, between, within = found.estimate[:3]
    assert [between, within] == pytest.approx(brute_parts(y, w, groups, kind), abs=1e-12)
    assert between + within == pytest.approx(total, abs=1e-14)
    assert found.estimate[3:].sum() == pytest.approx(1, abs=1e-9)


def test_nested_groups_add_up_and_each_step_is_between_groups_within_groups():
    rng = np.random.default_rng(5)
    y, w = rng.gamma(2.0, size=24), rng.uniform(1, 9, 24)
    province, tier = np.arange(24) % 3, np.arange(24) // 3 % 2
    by = pd.DataFrame({"province": province, "tier": tier}, index=by_unit(y).index)
    for kind in "TL":
        found = theil(by_unit(y), by_unit(w), by=by, kind=kind, **FEW)
        assert found.labels["component"][:4] == (
            "total",
            "between province",
            "between tier within province",
            "within tier",
        )
        coarse, fine = brute_parts(y, w, province, kind), brute_parts(y, w, 2 * province + tier, kind)
        expected = [coarse[0], fine[0] - coarse[0], fine[1]]
        assert found.estimate[1:4] == pytest.approx(expected, abs=1e-12)
        assert found.estimate[1:4].sum() == pytest.approx(found.estimate[0], abs=1e-14)


@given(positive, st.floats(0.01, 1000), st.sampled_from([("gini", None), ("theil", "T"), ("theil", "L")]))
@settings(max_examples=60, deadline=None)
def test_scale_replication_order_and_labels_do_not_matter(y, factor, which):
    measure = gini if which[0] == "gini" else theil
    options = {} if which[1] is None else {"kind": which[1]}
    first = value(y, measure, **options)
    assert value(y * factor, measure, **options) == pytest.approx(first, abs=1e-10)
    assert value(np.tile(y, 3), measure, **options) == pytest.approx(first, abs=1e-10)
    turned = by_unit(y)[::-1]
    assert float(measure(turned, **FEW, **options).estimate[0]) == pytest.approx(first, abs=1e-12)
    renamed = by_unit(y).rename(lambda label: label[::-1])
    assert float(measure(renamed, **FEW, **options).estimate[0]) == pytest.approx(first, abs=1e-10)


@given(positive, st.floats(0.05, 0.95), st.sampled_from([("gini", None), ("theil", "T"), ("theil", "L")]))
@settings(max_examples=60, deadline=None)
def test_a_transfer_from_rich_to_poor_lowers_inequality(y, part, which):
    measure = gini if which[0] == "gini" else theil
    options = {} if which[1] is None else {"kind": which[1]}
    poor, rich = int(np.argmin(y)), int(np.argmax(y))
    if y[rich] - y[poor] < 1e-3:
        return
    given_away = part * (y[rich] - y[poor]) / 2
    after = y.copy()
    after[poor] += given_away
    after[rich] -= given_away
    assert value(after, measure, **options) < value(y, measure, **options)


def test_a_panel_is_its_periods_and_their_change():
    rng = np.random.default_rng(2)
    values = rng.gamma(2.0, size=(3, 20))
    found = gini(panel_of(values), **FEW)
    assert found.table["year"].tolist() == [2011, 2012, 2013]
    assert found.estimate == pytest.approx([brute_gini(row, np.ones(20)) for row in values])
    change = found.change(2011, 2013)
    assert change.estimate[0] == pytest.approx(found.estimate[2] - found.estimate[0])
    # units that keep their values keep their inequality in every resample
    same = gini(panel_of(np.tile(values[0], (2, 1))), **FEW).change(2011, 2012)
    assert same.std_error[0] == same.ci_low[0] == same.ci_high[0] == 0


def test_periods_may_be_dates():
    values = panel_of([[1.0, 2.0, 3.0], [1.0, 2.0, 9.0]])
    values.index = values.index.set_levels(pd.to_datetime(["2011-01-01", "2012-01-01"]), level=1)
    found = gini(values, **FEW)
    assert found.table["year"].tolist() == [pd.Timestamp("2011-01-01"), pd.Timestamp("2012-01-01")]
    assert found.change(pd.Timestamp("2011-01-01"), pd.Timestamp("2012-01-01")).estimate[0] > 0


def test_order_of_rows_does_not_move_the_bootstrap():
    y = by_unit(np.random.default_rng(0).gamma(2.0, size=30))
    one, two = gini(y, **FEW), gini(y.sample(frac=1, random_state=3), **FEW)
    np.testing.assert_array_equal(one.resampled.draws, two.resampled.draws)


def test_simulated_data_are_called_so():
    panel = sh.datasets.load_panel()
    assert "(simulated data)" in str(gini(panel["gdp"], **FEW))
    assert gini(panel["gdp"], **FEW).table.attrs["source"] == "simulated"


def test_refusals():
    y = by_unit([1.0, 2.0, 3.0, 4.0])
    two = pd.Series(["a", "a", "b", "b"], index=y.index, name="province")
    with refusal(DataError, "negative", "'u01'"):
        gini(by_unit([1, -2, 3]))
    with refusal(DataError, "every value", "zero"):
        gini(by_unit([0, 0, 0]))
    with refusal(DataError, "2012", "zero"):
        gini(panel_of([[1, 2, 3], [0, 0, 0]]))
    with refusal(DataError, "zero or negative", "'u00'"):
        gini(y, by_unit([0, 1, 1, 1]))
    with refusal(DataError, "logarithm", "kind='T'", "'u00'"):
        theil(by_unit([0, 1, 2]), kind="L")
    with refusal(OptionError, "kind='G'"):
        theil(y, kind="G")
    with refusal(DataError, "one group", "'a'"):
        theil(y, by=two.replace("b", "a"))
    with refusal(DataError, "by itself", "coarser"):
        theil(y, by=pd.Series(list("abcd"), index=y.index, name="city"))
    with refusal(DataError, "equal", "decompose"):
        theil(by_unit([2, 2, 2, 2]), by=two)
    with refusal(MissingDataError, "group 'province' is missing", "'u02'"):
        theil(y, by=two.where(two.index != "u02"))
    with refusal(AlignmentError, "not in by", "'u03'"):
        theil(y, by=two.drop("u03"))
    with refusal(OptionError, "draws=39"):
        gini(y, draws=10)
    with refusal(OptionError, "no period 2020", "2011"):
        gini(panel_of([[1, 2, 3], [1, 2, 4]]), **FEW).change(2020, 2011)
    with refusal(OptionError, "one period"):
        gini(y, **FEW).change(1, 2)


@pytest.mark.parametrize("seed", range(6))
def test_limits_are_where_the_measures_can_be(seed):
    """Of a few very different units, those of the bootstrap are not by themselves."""
    values = by_unit(10.0 ** np.random.default_rng(seed).uniform(-4, 4, size=8))
    groups = by_unit([0, 0, 0, 0, 1, 1, 1, 1]).rename("group")
    few = gini(values, draws=59, random_state=seed)
    assert few.ci_low[0] >= 0 and few.ci_high[0] <= 1
    parts = theil(values, by=groups, draws=59, random_state=seed).table
    assert (parts["ci_low"] >= 0).all()
    assert (parts.loc[parts["quantity"] == "share", "ci_high"] <= 1).all()
