"""The utilisation gap: classes and means by hand, by group and period, onset, thresholds and units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import spatialhealth as sh
from spatialhealth.errors import DataError, OptionError
from spatialhealth.imbalance.gap import CLASSES, STRUCTURAL
from tests.imbalance.cases import by_unit, panel_of
from tests.refusal import refusal

gap = sh.imbalance.utilisation_gap
FEW = {"draws": 39, "random_state": 0}


def row(found, measure, **where):
    table = found.table[found.table["measure"] == measure]
    for name, label in where.items():
        table = table[table[name] == label]
    (only,) = table.to_dict("records")
    return only


@pytest.mark.parametrize(
    ("high", "primary", "expected"),
    [
        (50, 50, "both idle"),
        (75, 60, "idle primary only"),
        (90, 60, STRUCTURAL),
        (60, 75, "idle high only"),
        (75, 75, "balanced"),
        (90, 60.001, "overburdened high only"),
        (60, 90, "idle high, overburdened primary"),
        (89.999, 90, "overburdened primary only"),
        (120, 95, "both overburdened"),
    ],
)
def test_every_pair_is_in_one_class(high, primary, expected):
    found = gap(by_unit([high, 75]), by_unit([primary, 75]), **FEW)
    assert found.units["class"].iloc[0] == expected
    assert expected in CLASSES and len(set(CLASSES)) == 9


def test_means_and_shares_by_hand():
    high, primary = by_unit([95, 95, 80, 50]), by_unit([40, 70, 70, 30])
    people = by_unit([4, 3, 2, 1])
    plain, weighted = gap(high, primary, **FEW), gap(high, primary, people, **FEW)
    assert row(plain, "gap")["estimate"] == pytest.approx((55 + 25 + 10 + 20) / 4)
    assert row(weighted, "gap")["estimate"] == pytest.approx((4 * 55 + 3 * 25 + 2 * 10 + 20) / 10)
    assert row(plain, STRUCTURAL)["estimate"] == 0.25
    assert row(weighted, STRUCTURAL)["estimate"] == pytest.approx(0.4)
    assert row(weighted, STRUCTURAL)["quantity"] == "share of people"
    ratio = gap(high, primary, people, kind="ratio", **FEW)
    tops, bases = 4 * 95 + 3 * 95 + 2 * 80 + 50, 4 * 40 + 3 * 70 + 2 * 70 + 30
    assert row(ratio, "gap")["estimate"] == pytest.approx(tops / bases)
    assert ratio.units["gap"].tolist() == pytest.approx([95 / 40, 95 / 70, 80 / 70, 50 / 30])


def test_shares_have_wilsons_interval_and_a_bootstrap_error():
    rng = np.random.default_rng(0)
    high, primary = by_unit(rng.uniform(60, 100, 80)), by_unit(rng.uniform(40, 80, 80))
    found = gap(high, primary, draws=1999, random_state=1)
    one = row(found, STRUCTURAL)
    theirs = stats.binomtest(round(80 * one["estimate"]), 80).proportion_ci(0.95, "wilson")
    assert [one["ci_low"], one["ci_high"]] == pytest.approx(list(theirs))
    assert one["std_error"] == pytest.approx(np.sqrt(one["estimate"] * (1 - one["estimate"]) / 80), rel=0.1)
    none = row(found, "both overburdened")
    assert none["estimate"] == 0 and none["ci_high"] > 0.03
    shares = found.table[found.table["measure"] != "gap"]["estimate"]
    assert shares.sum() == pytest.approx(1)


def test_thresholds_may_be_set_and_shares_are_the_same_as_per_cent():
    high, primary = by_unit([88, 70]), by_unit([55, 70])
    assert gap(high, primary, **FEW).units["class"].iloc[0] == "idle primary only"
    assert gap(high, primary, overburdened=85, **FEW).units["class"].iloc[0] == STRUCTURAL
    assert (
        gap(high, primary, overburdened=85, idle=50, **FEW).units["class"].iloc[0] == "overburdened high only"
    )
    in_shares = gap(high / 100, primary / 100, unit="share", overburdened=0.85, **FEW)
    assert in_shares.units["class"].iloc[0] == STRUCTURAL
    assert gap(high / 100, primary / 100, unit="share", **FEW).overburdened == pytest.approx(0.9)


def test_by_group_each_group_is_as_by_itself():
    rng = np.random.default_rng(4)
    high, primary = by_unit(rng.uniform(60, 100, 30)), by_unit(rng.uniform(40, 80, 30))
    province = pd.Series(np.where(np.arange(30) % 3, "P", "Q"), index=high.index, name="province")
    together = gap(high, primary, by=province, **FEW)
    for label in "PQ":
        mine = province == label
        alone = gap(high[mine], primary[mine], **FEW)
        for measure in ("gap", STRUCTURAL, "balanced"):
            one, other = row(together, measure, province=label), row(alone, measure)
            assert one["estimate"] == pytest.approx(other["estimate"])
        one, other = row(together, STRUCTURAL, province=label), row(alone, STRUCTURAL)
        assert one["ci_high"] == pytest.approx(other["ci_high"])


def test_since_when():
    high = panel_of([[95, 95, 95, 80], [80, 95, 95, 80], [95, 95, 80, 80]])
    primary = panel_of(np.full((3, 4), 50.0))
    since = gap(high, primary, **FEW).since
    assert since.index.tolist() == ["u00", "u01", "u02", "u03"]
    assert since["u00"] == 2013 and since["u01"] == 2011
    assert since.isna().tolist() == [False, False, True, True]


def test_a_change_over_time():
    rng = np.random.default_rng(0)
    base = rng.uniform(60, 80, 40)
    high = panel_of([base, base + 10])
    found = gap(high, panel_of(np.full((2, 40), 50.0)), draws=199, random_state=1).change(2011, 2012)
    assert found.table.loc[0, "estimate"] == pytest.approx(10)
    assert "Wilson" not in found.note and "same units in both periods" in found.note
    assert found.table.loc[0, "std_error"] == pytest.approx(0, abs=1e-12)


def test_a_group_that_a_resample_misses_is_said():
    high, primary = by_unit([95, 80, 70, 60]), by_unit([40, 50, 60, 70])
    lone = pd.Series(["Q", "P", "P", "P"], index=high.index, name="province")
    found = gap(high, primary, by=lone, draws=199, random_state=1)
    assert "do not define every measure" in found.summary.note
    assert row(found, "gap", province="Q")["estimate"] == 55


def test_relabelling_and_reordering():
    rng = np.random.default_rng(0)
    high, primary = by_unit(rng.uniform(60, 100, 30)), by_unit(rng.uniform(40, 80, 30))
    one, two = gap(high, primary, **FEW), gap(high.sample(frac=1, random_state=1), primary[::-1], **FEW)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.units, two.units.loc[one.units.index])


def test_on_the_simulated_panel():
    panel = sh.datasets.load_panel()
    found = gap(panel["bed_utilisation_high"], panel["bed_utilisation_primary"], **FEW)
    assert "(simulated data)" in str(found)
    assert row(found, STRUCTURAL, year=2021)["estimate"] > row(found, STRUCTURAL, year=2011)["estimate"]
    assert found.units.index.equals(panel.index)


def test_refusals():
    high, primary = by_unit([95.0, 80.0]), by_unit([40.0, 50.0])
    with refusal(DataError, "high is negative", "'u00'"):
        gap(high - 96, primary)
    with refusal(DataError, "look like shares", "unit='share'"):
        gap(high / 100, primary)
    with refusal(DataError, "look like per cent", "unit='percent'"):
        gap(high, primary, unit="share")
    with refusal(DataError, "primary is zero", "'u00'", "difference"):
        gap(high, primary - 40, kind="ratio")
    with refusal(OptionError, "overburdened=0.9 looks like a share", "overburdened=90"):
        gap(high, primary, overburdened=0.9)
    with refusal(OptionError, "idle=90 must be below overburdened=80"):
        gap(high, primary, overburdened=80, idle=90)
    for wrong in (-1, 0, 300):
        with refusal(OptionError, "no threshold", "at most 200"):
            gap(high, primary, overburdened=wrong)
    with refusal(OptionError, "idle='x'"):
        gap(high, primary, idle="x")
    with refusal(OptionError, "unit='per cent'"):
        gap(high, primary, unit="per cent")
    with refusal(OptionError, "kind='level'"):
        gap(high, primary, kind="level")
    with refusal(OptionError, "one period"):
        _ = gap(high, primary, **FEW).since
    two = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]}, index=high.index)
    with refusal(OptionError, "2 columns"):
        gap(high, primary, by=two)
    with refusal(DataError, "weights is zero or negative", "'u01'"):
        gap(high, primary, by_unit([1, 0]))


def test_the_mean_of_a_group_of_one_unit_has_no_standard_error():
    """A bootstrap of it would give zero, as if it were certain."""
    rng = np.random.default_rng(0)
    high, primary = panel_of(rng.uniform(70, 100, (2, 8))), panel_of(rng.uniform(30, 60, (2, 8)))
    by = pd.Series(
        ["a", "b", "b", "b", "b", "c", "c", "c"], index=[f"u{j:02d}" for j in range(8)], name="group"
    )
    found = gap(high, primary, by=by, **FEW)
    table = found.table[found.table["measure"] == "gap"].set_index("group")
    numbers = ["std_error", "ci_low", "ci_high"]
    assert table.loc["a", numbers].isna().all(axis=None) and not table.drop("a").isna().any(axis=None)
    first = (high - primary).xs("u00").to_numpy()
    assert table.loc["a", "estimate"].to_numpy() == pytest.approx(first)
    assert "one unit has no standard error" in str(found) and "39 resamples do not define" not in str(found)
    shares = found.table[found.table["measure"] != "gap"]
    assert not shares.isna().any(axis=None) and (shares["ci_low"] < shares["ci_high"]).all()
    step = found.change(2011, 2012).table
    lone = step[(step["group"] == "a") & (step["measure"] == "gap")].iloc[0]
    assert lone["estimate"] == pytest.approx(np.diff(first)[0]) and lone[numbers].isna().all()
