"""Measures over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spatialhealth.errors import DataError
from spatialhealth.maps import over_time
from tests.refusal import refusal

TABLE = pd.DataFrame(
    {
        "year": [2012, 2011, 2011, 2012],
        "measure": ["Gini", "Gini", "Theil", "Theil"],
        "estimate": [0.4, 0.3, 0.1, 0.2],
        "ci_low": [0.3, 0.2, 0.0, 0.1],
        "ci_high": [0.5, 0.4, 0.2, 0.3],
    }
)


def test_a_panel_a_measure_in_the_order_of_time():
    panels = over_time(TABLE, "year", "measure", title="Imbalance", note="Simulated data.")
    assert [axes.get_title(loc="left") for axes in panels] == ["Gini", "Theil"]
    np.testing.assert_array_equal(panels[0].lines[0].get_xydata(), [[2011, 0.3], [2012, 0.4]])
    band = panels[0].collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == 0.2 and band.max() == 0.5


def test_refusals():
    with refusal(DataError, "'day'", "lacks the columns"):
        over_time(TABLE, "day", "measure")
    with refusal(DataError, "one period"):
        over_time(TABLE[TABLE["year"] == 2011], "year", "measure")
