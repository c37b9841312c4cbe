"""Small multiples with one scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, LabelError, OptionError
from tests.maps.squares import by_gid, legend_of, squares
from tests.refusal import refusal


def test_one_scale_and_one_legend_for_all():
    frame = squares()
    later = pd.Series([5.0, 4.0, 3.0, 2.0, 1.0, 10.0], index=frame.index)
    panels = sh.maps.compare(frame, {"before": "size", "after": later[::-1]}, scheme=[3], label="Beds")
    assert [ax.get_title(loc="left") for ax in panels] == ["before", "after"]
    assert panels[0].get_legend() is None
    title, rows = legend_of(panels[1])
    assert title == "Beds\nn = 6 units on each of 2 maps" and rows == ["3 to 10  (5)", "0 to 3  (7)"]
    before, after = (by_gid(ax, "units").get_facecolor() for ax in panels)
    np.testing.assert_array_equal(before[0], after[4])  # 0 and 1 are in one class
    np.testing.assert_array_equal(before[5], after[5])
    assert not np.array_equal(before[0], before[5])


def test_empty_units_are_counted_on_each_map():
    frame = squares()
    frame.loc["a", "geometry"] = None
    panels = sh.maps.compare(frame, {"one": "size", "two": "size"}, k=1)
    assert legend_of(panels[1])[1] == ["0 to 5  (10)", "no geometry  (2)"]


def test_refusals():
    frame = squares()
    with refusal(LabelError, "dict"):
        sh.maps.compare(frame, ["size"])
    with refusal(OptionError, "empty"):
        sh.maps.compare(frame, {})
    with refusal(OptionError, "across=0"):
        sh.maps.compare(frame, {"a": "size"}, across=0)
    with refusal(AlignmentError, "'f'"):
        sh.maps.compare(frame, {"a": frame["size"].drop("f")})
