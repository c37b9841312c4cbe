"""The map of a change in one city, and its sums ring by ring."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError
from tests.maps.squares import by_gid, legend_of
from tests.refusal import refusal


@pytest.fixture(scope="module")
def found():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    W = sh.weights.contiguity(cities)
    model = sh.SpatialDurbin(weights=W, effects="two-way")
    return cities, model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)


def test_the_map_and_the_bars(found):
    cities, model = found
    panels = sh.maps.spillover(
        model, cities, "Wuhan", variable="log(tertiary)", rings=2, scheme=[0.001, 0.01]
    )
    spread = sh.impacts.spread(model, "Wuhan", "log(tertiary)", rings=2)
    bars = [bar.get_width() for bar in panels[1].patches]
    np.testing.assert_allclose(bars, spread.rings["effect"])
    others = spread.cities["effect"].drop("Wuhan")
    rows = legend_of(panels[0])[1]
    assert f"({int((others > 0.01).sum())})" in rows[0] and rows[3].startswith("Wuhan: 0.5")
    assert [one.get_gid() for one in panels[0].collections if str(one.get_gid()).startswith("ring")] == [
        "ring 1",
        "ring 2",
    ]
    assert [text.get_text() for text in panels[0].texts] == ["Wuhan"]
    uncertain = (others * 0 + 1)[(spread.cities["ci_low"] <= 0).reindex(others.index)].size
    assert len(by_gid(panels[0], "uncertain").get_paths()) == uncertain
    turned = sh.maps.spillover(
        model, cities.iloc[::-1], "Wuhan", variable="log(tertiary)", rings=2, scheme=[0.001, 0.01]
    )
    np.testing.assert_allclose(
        by_gid(turned[0], "units").get_facecolor()[::-1], by_gid(panels[0], "units").get_facecolor()
    )
    assert sh.maps.png(panels, 40) == sh.maps.png(
        sh.maps.spillover(model, cities, "Wuhan", variable="log(tertiary)", rings=2, scheme=[0.001, 0.01]), 40
    )


def test_refusals(found):
    cities, model = found
    with refusal(AlignmentError, "no geometry: 'Anshan'"):
        sh.maps.spillover(model, cities.drop("Anshan"), "Wuhan", variable="log(tertiary)")
    with refusal(AlignmentError, "'Wuhn'"):
        sh.maps.spillover(model, cities, "Wuhn", variable="log(tertiary)")


def test_decades_are_powers_of_ten():
    classes = sh.maps.classify([2e-7, 3e-4, 0.02, 0.5], "decades", 4)
    np.testing.assert_allclose(classes.limits, [2e-7, 1e-3, 1e-2, 1e-1, 0.5])
    assert classes.labels == ("2e−07 to 0.001", "0.001 to 0.01", "0.01 to 0.1", "0.1 to 0.5")
    below = sh.maps.classify([-2e-7, -3e-4, -0.02, -0.5], "decades", 4)
    np.testing.assert_allclose(below.limits, -classes.limits[::-1])
    both = sh.maps.classify(pd.Series([-0.5, -0.02, 0.3, 0.004]), "decades", 4)
    assert 0.0 in both.limits and both.striped[0] and not both.striped[-1]
