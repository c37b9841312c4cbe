"""Concentration curves, drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import spatialhealth as sh
from spatialhealth.errors import LabelError, OptionError
from tests.imbalance.cases import by_unit, panel_of
from tests.refusal import refusal


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    rank = rng.normal(size=(3, 30))
    values = panel_of(np.exp(0.5 * rank), "doctors a head")
    return sh.imbalance.concentration(values, panel_of(rank, "income"), draws=99, random_state=1)


def labels_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_first_and_last_period_with_their_indices(found):
    ax = sh.maps.concentration_curve(found)
    equality, first, last = ax.lines
    for line, period in ((first, 0), (last, 2)):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack(found.curves[period]))
    assert first.get_linestyle() != last.get_linestyle() and first.get_color() != last.get_color()
    assert equality.get_xydata().tolist() == [[0, 0], [1, 1]]
    row = found.table.iloc[2]
    assert labels_of(ax)[2] == f"2013: {row['estimate']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
    assert ax.get_ylabel() == "Cumulative share of doctors a head"
    assert ax.get_xlabel() == "Cumulative share of units, by income"


def test_one_curve_stands_in_its_band(found):
    ax = sh.maps.concentration_curve(found, periods=[2012])
    edge = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edge.min() == found.bands[1].min() and edge.max() == found.bands[1].max()
    assert labels_of(ax)[1] == "95% band"
    assert not sh.maps.concentration_curve(found).collections


def test_the_legend_stands_where_the_curve_is_not(found):
    pro_rich = sh.maps.concentration_curve(found).get_legend()
    assert pro_rich._loc == 2
    rank = np.arange(30.0)
    turned = sh.imbalance.concentration(by_unit(np.exp(-rank / 9)), by_unit(rank), draws=99, random_state=1)
    ax = sh.maps.concentration_curve(turned)
    assert ax.get_legend()._loc == 4
    assert labels_of(ax)[2].startswith("−0.")


def test_axes_of_ones_own_title_note_and_bytes(found):
    own = Figure()
    axes = own.add_subplot()
    assert sh.maps.concentration_curve(found, axes, title="Doctors", note="Made up.") is axes
    assert axes.get_title(loc="left") == "Doctors"
    ax = sh.maps.concentration_curve(found, title="A long title " * 8)
    whole = ax.figure
    box = whole.texts[0].get_window_extent(whole.canvas.get_renderer())
    assert box.x1 < whole.bbox.x1
    assert sh.maps.png(ax, 50) == sh.maps.png(
        sh.maps.concentration_curve(found, title="A long title " * 8), 50
    )


def test_simulated_data_are_called_so():
    panel = sh.datasets.load_panel().xs(2021, level="year")
    found = sh.imbalance.concentration(panel["digital"], panel["gdp"], draws=99, random_state=1)
    assert any(
        text.get_text() == "Simulated data." for text in sh.maps.concentration_curve(found).figure.texts
    )


def test_refusals(found):
    with refusal(LabelError, "imbalance.concentration"):
        sh.maps.concentration_curve(found.table)
    with refusal(OptionError, "no period 2020", "2011"):
        sh.maps.concentration_curve(found, periods=[2020])
    with refusal(OptionError, "empty"):
        sh.maps.concentration_curve(found, periods=[])
    one = sh.imbalance.concentration(by_unit([1, 2, 3]), by_unit([1, 2, 3]), draws=99, random_state=1)
    with refusal(OptionError, "one period"):
        sh.maps.concentration_curve(one, periods=[2011])
