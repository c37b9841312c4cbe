"""Forests of effects, and how they fade by order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import spatialhealth as sh
from spatialhealth.errors import DataError, LabelError, OptionError
from tests.refusal import refusal


@pytest.fixture(scope="module")
def found():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    return model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel).impacts()


def rows_of(ax):
    """Low, estimate and high of each mark, from top to bottom."""
    rules = ("#8a8a8a", "#dddddd")  # zero, and what parts regressors
    points = [line for line in ax.lines if len(line.get_xdata()) == 1]
    spans = [
        line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2 and line.get_color() not in rules
    ]
    marks = [line.get_xdata()[0] for line in points]
    heights = [line.get_ydata()[0] for line in points]
    order = np.argsort(heights)
    return np.array([[*spans[j], marks[j]] for j in order])


def test_marks_and_intervals_are_the_effects(found):
    (ax,) = sh.maps.effects(found)
    rows = rows_of(
        type("", (), {"lines": [line for line in ax.lines if not len(set(line.get_ydata())) > 1 or True]})()
    )
    expected = found.table[["ci_low", "ci_high", "estimate"]].to_numpy()
    np.testing.assert_allclose(rows, expected)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["log(tertiary)", "log(primary)"]
    assert ax.get_xlabel() == "Estimate and 95% interval"
    assert {to_hex(line.get_color()) for line in ax.lines[1:]} >= {"#0072b2", "#d55e00", "#000000"}
    texts = [text.get_text() for text in ax.figure.texts]
    assert texts == ["Effects on log(inflow)", "Simulated data."]


def test_a_table_of_several_models():
    table = pd.DataFrame(
        {
            "variable": ["beds", "beds", "rent"],
            "model": ["main", "other", "main"],
            "estimate": [1.0, 2.0, 300.0],
            "ci_low": [0.5, 1.0, 200.0],
            "ci_high": [1.5, 3.0, 400.0],
        }
    )
    panels = sh.maps.effects(table, "model", ["other", "main"], 0.9)
    assert len(panels) == 2  # rent is a hundred times larger
    assert panels[1].get_xlabel() == "Estimate and 90% interval"
    assert [text.get_text() for text in panels[0].get_legend().get_texts()] == ["other", "main"]
    assert len(sh.maps.effects(table, "model", variables=["beds"])) == 1
    with refusal(DataError, "'model'"):
        sh.maps.effects(table.drop(columns="model"), "model")
    with refusal(DataError, "no row"):
        sh.maps.effects(table.iloc[:0], "model")
    with refusal(OptionError, "'bed'", "Did you mean 'beds'?"):
        sh.maps.effects(table, "model", variables=["bed"])
    with refusal(OptionError, "series", "'nobody'"):
        sh.maps.effects(table, "model", ["nobody"])


def test_the_same_bytes(found):
    assert sh.maps.png(sh.maps.effects(found), 50) == sh.maps.png(sh.maps.effects(found), 50)


def test_orders_are_those_of_the_table(found):
    panels = sh.maps.by_order(found, 3, variables=["log(primary)"])
    table = found.by_order(3).query("variable == 'log(primary)'")
    (ax,) = panels
    for effect in ("direct", "indirect", "total"):
        (line,) = [line for line in ax.lines if line.get_label() == effect]
        rows = table[table["effect"] == effect]
        np.testing.assert_allclose(line.get_ydata(), rows["estimate"])
        np.testing.assert_array_equal(np.rint(line.get_xdata()), range(4))
        spans = [c for c in ax.collections if np.allclose(c.get_segments()[0][0][0], line.get_xdata()[0])]
        np.testing.assert_allclose(
            [segment[:, 1] for segment in spans[0].get_segments()], rows[["ci_low", "ci_high"]]
        )
    share = table.query("effect == 'total'")["cumulative"].iloc[-1] / found.estimates[1, 2]
    assert any(f"{share:.1%} of the total" in text.get_text() for text in ax.texts)
    with refusal(LabelError, "impacts() gives"):
        sh.maps.by_order(found.table)
    with refusal(OptionError, "'primary'", "Did you mean"):
        sh.maps.by_order(found, variables=["primary"])
    with refusal(OptionError, "empty"):
        sh.maps.by_order(found, variables=[])
    with refusal(OptionError, "k=0"):
        sh.maps.by_order(found, 0)


def test_no_two_of_many_series_look_alike():
    names = [f"model {j}" for j in range(30)]
    table = pd.DataFrame({"variable": "beds", "model": names, "estimate": 1.0, "ci_low": 0.5, "ci_high": 1.5})
    (ax,) = sh.maps.effects(table, "model")
    handles = ax.get_legend().legend_handles
    looks = {(to_hex(h.get_color()), h.get_marker(), to_hex(h.get_markerfacecolor())) for h in handles}
    assert len(looks) == len(handles) == 30
