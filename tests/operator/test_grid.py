"""The fixed grid over the admissible interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialhealth.operator.grid import OddsGrid


@given(st.floats(-5, -0.1), st.floats(0.1, 5), st.floats(0.001, 0.999), st.sampled_from([0.05, 0.1, 0.7]))
def test_every_point_of_the_interval_lies_in_its_cell(low, high, share, step):
    grid = OddsGrid((low, high), step)
    at = low + share * (high - low)
    left, right = grid.points(np.array([grid.cell(at), grid.cell(at) + 1]))
    width = high - low
    assert low < left <= at + 1e-9 * width
    assert at - 1e-9 * width <= right < high


def test_zero_lies_between_two_points():
    grid = OddsGrid((-1.9, 1.0), 0.05)
    left, right = grid.points(np.array([grid.cell(0.0), grid.cell(0.0) + 1]))
    assert left < 0 < right
    assert left == pytest.approx(-right, rel=0.05)
