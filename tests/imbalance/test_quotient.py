"""Location quotients and agglomeration degrees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import DataError, OptionError
from tests.imbalance.cases import by_unit, panel_of
from tests.refusal import refusal

quotient, agglomeration = sh.imbalance.location_quotient, sh.imbalance.agglomeration
FEW = {"draws": 39, "random_state": 0}


def test_by_hand_and_of_shares():
    beds, people = by_unit([30, 10, 0]), by_unit([100, 50, 50])
    found = quotient(beds, people, **FEW)
    assert found.estimate == pytest.approx([1.5, 1.0, 0.0])
    shares = quotient(beds / 40, people / 200, given="shares", **FEW)
    assert shares.estimate == pytest.approx(found.estimate)
    assert np.average(found.estimate, weights=people) == pytest.approx(1)


def test_the_ratio_of_the_degrees_is_the_quotient():
    rng = np.random.default_rng(0)
    beds, people, land = panel_of(rng.gamma(2.0, size=(2, 9))), panel_of(rng.gamma(9.0, size=(2, 9))), None
    land = by_unit(rng.gamma(4.0, size=9))
    table = agglomeration(beds, people, land, **FEW).table
    wide = table.pivot(index=["city", "year"], columns="measure", values="estimate")
    np.testing.assert_allclose(wide["HRAD"] / wide["PAD"], wide["HRAD/PAD"])
    lq = quotient(beds, people, **FEW).table.set_index(["city", "year"])["estimate"]
    np.testing.assert_allclose(wide["HRAD/PAD"], lq.loc[wide.index])
    year = beds.xs(2012, level=1)
    expected = (year / year.sum()) / (land / land.sum())
    np.testing.assert_allclose(wide["HRAD"].xs(2012, level=1), expected.loc[wide.xs(2012, level=1).index])


def test_rows_stand_as_they_came():
    beds, people = by_unit([30, 10, 5]).iloc[[2, 0, 1]], by_unit([100, 50, 50])
    found = quotient(beds, people, **FEW)
    assert found.labels["unit"] == ("u02", "u00", "u01")
    assert found.estimate == pytest.approx([5 / 45 / 0.25, 30 / 45 / 0.5, 10 / 45 / 0.25])


def test_the_error_is_that_of_the_ratio_of_totals():
    rng = np.random.default_rng(2)
    beds, people = by_unit(rng.gamma(3.0, size=200)), by_unit(rng.gamma(3.0, size=200))
    found = quotient(beds, people, draws=1999, random_state=3)
    ratio = people.sum() / beds.sum()
    residual = people - ratio * beds
    linearised = np.sqrt((residual**2).sum()) / beds.sum() / ratio
    np.testing.assert_allclose(found.std_error / found.estimate, linearised, rtol=0.07)
    assert ((found.ci_low < found.estimate) & (found.estimate < found.ci_high)).all()


def test_units_of_measurement_do_not_matter():
    rng = np.random.default_rng(1)
    beds, people, land = (by_unit(rng.gamma(2.0, size=9)) for _ in range(3))
    one, two = (
        agglomeration(beds, people, land, **FEW),
        agglomeration(beds * 7, people * 1e4, land / 247, **FEW),
    )
    np.testing.assert_allclose(one.ci_high, two.ci_high)
    assert one.estimate == pytest.approx(two.estimate)


def test_refusals():
    beds, people = by_unit([30, 10, 5]), by_unit([100, 50, 50])
    with refusal(DataError, "resource is negative", "'u02'"):
        quotient(beds - 6, people)
    with refusal(DataError, "zero"):
        quotient(beds * 0, people)
    with refusal(DataError, "base is zero or negative", "'u00'"):
        quotient(beds, people - 100)
    with refusal(DataError, "shares of resource sum to 0.9", "not to one"):
        quotient(beds / 50, people / 200, given="shares")
    with refusal(DataError, "2012", "shares of base"):
        quotient(panel_of([[0.5, 0.5]] * 2), panel_of([[0.5, 0.5], [0.5, 0.6]]), given="shares")
    with refusal(OptionError, "given='percent'"):
        quotient(beds, people, given="percent")
    with refusal(DataError, "area is zero or negative"):
        agglomeration(beds, people, people * 0)
    with refusal(OptionError, "not kept unit by unit"):
        quotient(panel_of([[1, 2], [3, 4]]), panel_of([[1, 2], [3, 4]]), **FEW).change(2011, 2012)
    assert isinstance(quotient(beds, people, **FEW).table, pd.DataFrame)


def test_limits_are_positive_and_turn_over_with_the_quotient():
    """Of very different units, limits that are not those of a logarithm are far below zero."""
    rng = np.random.default_rng(4)
    beds, people = by_unit(rng.gamma(0.3, size=5)), by_unit(rng.gamma(0.3, size=5))
    one, two = (quotient(*pair, draws=199, random_state=1) for pair in ((beds, people), (people, beds)))
    assert (one.ci_low > 0).all() and (two.ci_low > 0).all()
    np.testing.assert_allclose(one.ci_low * two.ci_high, 1)
    np.testing.assert_allclose(one.ci_high * two.ci_low, 1)
    assert (one.ci_low < one.estimate).all() and (one.estimate < one.ci_high).all()
