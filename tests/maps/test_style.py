"""What every picture keeps to: Axes back, the same bytes, nothing global, room for what is written."""

from __future__ import annotations

import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import spatialhealth as sh
from spatialhealth.errors import OptionError
from spatialhealth.maps.sheet import Sheet, finished
from spatialhealth.maps.style import figure_of
from tests.maps.squares import squares
from tests.refusal import refusal


def test_axes_arrays_and_figures_are_written_alike(tmp_path):
    ax = sh.maps.choropleth(squares(), "size")
    for drawn in (ax, np.array([ax], dtype=object), [ax], ax.figure):
        assert figure_of(drawn) is ax.figure
        assert sh.maps.png(drawn, 40) == sh.maps.png(ax, 40)
    assert sh.maps.save(ax, tmp_path / "a.png", 40).read_bytes() == sh.maps.png(ax, 40)
    for wrong in ("a picture", [], None):
        with refusal(OptionError, "made of Axes"):
            sh.maps.png(wrong)


def test_nothing_global_is_touched():
    before = dict(matplotlib.rcParams)
    sh.maps.compare(squares(), {"a": "size", "b": "size"})
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_a_sheet_holds_all_that_is_written():
    frame = squares()
    values = pd.Series([1e9 + j * 1.5 for j in range(6)], index=frame.index, name="v" * 60)
    ax = sh.maps.choropleth(frame, values, title="A long title " * 12, note="A long note " * 30)
    whole, renderer = ax.figure.bbox, ax.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.figure.texts]
    boxes.append(ax.get_legend().get_window_extent(renderer))
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= whole.x1 and box.y1 <= whole.y1
    assert not boxes[0].overlaps(ax.get_window_extent(renderer))
    assert not boxes[1].overlaps(boxes[2])


def test_the_last_row_of_a_sheet_is_as_full_as_can_be():
    assert [Sheet(1, 1, count, 3).columns for count in (1, 2, 3, 4, 5, 6, 7)] == [1, 2, 3, 2, 3, 3, 3]


def test_axes_of_ones_own_are_counted_and_not_resized():
    own = Figure(figsize=(3, 3))
    axes = own.subplots(1, 2)
    drawn = sh.maps.compare(squares(), {"a": "size", "b": "size"}, ax=axes)
    assert list(drawn) == list(axes)
    assert own.get_size_inches().tolist() == [3, 3]
    with refusal(OptionError, "maps.compare", "2 panels", "a sequence of 2 Axes"):
        sh.maps.compare(squares(), {"a": "size", "b": "size"}, ax=axes[0])
    with refusal(OptionError, "maps.choropleth", "one Axes"):
        sh.maps.choropleth(squares(), "size", ax=axes)


@pytest.mark.parametrize("count", [1, 5])
def test_panels_stand_in_rows(count):
    panels = Sheet(1, 1, count, 3).axes("Title", None)
    tops = [panel.get_position().y1 for panel in finished(panels)]
    assert tops == sorted(tops, reverse=True) and len(set(np.round(tops, 6))) == -(-count // 3)


def test_a_part_of_a_figure_is_written_whole():
    own = Figure(figsize=(2, 2))
    part = own.subfigures(1, 2)[0]
    ax = sh.maps.choropleth(squares(), "size", ax=part.add_subplot())
    assert figure_of(ax) is own and sh.maps.png(ax, 40)[1:4] == b"PNG"
