"""Statistic and its table: p values, words, what does not apply."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

import spatialhealth as sh
from spatialhealth.diagnostics import Statistic, StatisticTable
from spatialhealth.errors import OptionError


def test_p_values():
    assert Statistic.chi_square("t", 5.2, 3, "n").p_value == pytest.approx(stats.chi2.sf(5.2, 3), rel=1e-12)
    assert Statistic.f("t", 2.5, (3, 40), "n").p_value == pytest.approx(stats.f.sf(2.5, 3, 40), rel=1e-12)
    assert Statistic.normal("t", -1.3, "n").p_value == pytest.approx(2 * stats.norm.sf(1.3), rel=1e-12)
    one = Statistic.normal("t", -1.3, "n", one_sided=True)
    assert one.p_value == pytest.approx(stats.norm.sf(-1.3), rel=1e-12)
    assert one.p_value < 1  # splm gives such statistics 2 P(Z > z), which is above one here


def test_it_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Statistic.chi_square("t", 1.0, 1, "n").value = 2.0


def test_words():
    test = Statistic.chi_square("LM lag", 12.5, 1, "no spatial lag")
    assert str(test) == repr(test) == "LM lag = 12.5000, chi-square(1), p < 0.001. Null: no spatial lag."
    assert str(Statistic.f("F", 2.5, (3, 40), "n")).startswith("F = 2.5000, F(3, 40), p = 0.0")
    assert "<p>LM lag = 12.5000, chi-square(1), p &lt; 0.001" in test._repr_html_()


def test_decisions():
    test = Statistic.chi_square("t", 5.2, 1, "n")
    assert test.reject() and not test.reject(0.01)
    with pytest.raises(OptionError, match="reject: level=5 must lie strictly between 0 and 1"):
        test.reject(5)


def test_what_does_not_apply_says_why_and_decides_nothing():
    test = Statistic.not_applicable("t", "n", "There is one period.")
    assert not test.applies and np.isnan(test.value)
    assert str(test) == "t does not apply: There is one period."
    with pytest.raises(OptionError, match="t decides nothing: There is one period"):
        test.reject()


def test_a_value_without_p_value_is_shown():
    test = Statistic("Hausman", -2.2, float("nan"), "n", "none", reason="The form is indefinite.")
    assert str(test) == "Hausman = -2.2000, no p value. Null: n. The form is indefinite."


@pytest.fixture
def table():
    tests = (
        Statistic.chi_square("LM lag", 12.5, 1, "no lag"),
        Statistic.f("F", 2.5, (3, 40), "no effects"),
        Statistic.not_applicable("LM WX", "no lags of x", "There are none & never were."),
    )
    return StatisticTable("Tests of y", tests, "Pooled.")


def test_table(table):
    assert len(table) == 3 and table.names == ["LM lag", "F", "LM WX"]
    assert table["F"] is table[1] is list(table)[1]
    frame = table.to_frame()
    assert list(frame.columns) == ["statistic", "df", "p_value", "distribution", "null", "reason"]
    assert frame.loc["F", "df"] == (3, 40) and frame.loc["LM lag", "p_value"] == table[0].p_value
    assert table.table.equals(frame)


def test_table_in_words(table):
    text = str(table)
    assert text.splitlines()[0] == "Tests of y" and text.splitlines()[-1] == "Pooled."
    assert "chi-square(1)" in text and "There are none & never were." in text
    assert "There are none &amp; never were." in table._repr_html_()
    latex = table.to_latex()
    assert latex.count(r"\\") == 4 and r"none \& never" in latex and r"\textless{}0.001" in latex


def test_an_unknown_test_is_named_with_its_neighbours(table):
    with pytest.raises(
        OptionError, match=r"no test 'LM lags'.*Did you mean 'LM lag'\? It has: LM lag, F, LM WX"
    ):
        table["LM lags"]


def test_public_names():
    assert len(set(sh.diagnostics.__all__)) == len(sh.diagnostics.__all__)
    assert all(getattr(sh.diagnostics, name).__doc__ for name in sh.diagnostics.__all__)
