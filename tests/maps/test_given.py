"""What plots are given: results of the wrong kind, texts that look like formulas, coordinates of another system."""

from __future__ import annotations

import pandas as pd
import pytest
from shapely import Polygon

import spatialhealth as sh
from spatialhealth.errors import CoordinateSystemError, FlowError, LabelError, OptionError
from tests.maps.squares import legend_of, squares
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("draw", "maker"),
    [
        (lambda: sh.maps.by_order(3, 2), "impacts() gives"),
        (lambda: sh.maps.ladder(3), "diagnostics.ladder gives"),
        (lambda: sh.maps.concentration_curve(3), "imbalance.concentration gives"),
        (lambda: sh.maps.scenario(squares(), 3), "scenario.replay gives"),
        (lambda: sh.maps.impacts(squares(), 3, "x"), "impacts() gives"),
        (lambda: sh.maps.moderation(3, "x", "z"), "fit gives"),
        (lambda: sh.maps.over_time(3, "year", "measure"), "a DataFrame"),
        (lambda: sh.maps.specification_curve(3, 3), "specification_grid gives"),
    ],
)
def test_results_of_another_kind_are_refused(draw, maker):
    with refusal(LabelError, maker, "it is int"):
        draw()


def test_a_dollar_is_a_dollar():
    frame = squares().assign(cost=range(len(squares())))
    ax = sh.maps.choropleth(frame, "cost", title="From $5 to $10", note="$$", names=True)
    assert sh.maps.png(ax)[:4] == b"\x89PNG"
    assert not any(text.get_parse_math() for text in ax.figure.texts + ax.texts)


def test_flows_of_units_without_a_place_are_not_counted_as_drawn():
    frame = squares()
    frame.loc["a", "geometry"] = Polygon()
    rows = [("a", "b", 10.0), ("b", "c", 5.0), ("c", "d", 1.0)]
    od = pd.DataFrame(rows, columns=["origin", "destination", "trips"])
    ax = sh.maps.flows(frame, od)
    title, _ = legend_of(ax)
    assert "2 of 3" in title.replace("\n", " ")
    with pytest.raises(FlowError):
        sh.maps.flows(frame, od.iloc[:1])


def test_metres_are_no_degrees():
    frame = squares().set_crs("EPSG:4326", allow_override=True)
    frame["geometry"] = frame.geometry.scale(1e5, 1e5, origin=(0, 0))
    with refusal(CoordinateSystemError, "degrees", "set_crs"):
        sh.maps.choropleth(frame.assign(v=range(len(frame))), "v")


def test_pictures_are_saved_as_what_their_name_says(tmp_path):
    ax = sh.maps.choropleth(squares().assign(v=range(len(squares()))), "v")
    with refusal(OptionError, "'map.pdf'", "savefig"):
        sh.maps.save(ax, tmp_path / "map.pdf")
    assert not list(tmp_path.iterdir())


def test_one_value_of_a_moderator_is_a_point():
    panel = sh.datasets.load_panel()
    model = sh.SLX(sh.weights.contiguity(sh.datasets.load_cities()), effects="two-way")
    model.fit_formula("log(inflow) ~ log(tertiary) * digital", panel)
    for axes in sh.maps.moderation(model, "log(tertiary)", "digital", values=[0.5]):
        assert len(axes.containers) == 1
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0.5"]
