"""Maps of scenarios: shared classes, uncertain cities hatched."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError
from spatialhealth.maps.style import png
from tests.refusal import refusal


@pytest.fixture(scope="module")
def found():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)
    plans = [sh.scenario.Change(name, times=1.1) for name in ("tertiary", "primary")]
    return cities, [sh.scenario.replay(model, plan, panel, random_state=1) for plan in plans]


def test_one_legend_counts_all_maps(found):
    cities, replays = found
    panels = sh.maps.scenario(cities, *replays, quantity="percent")
    assert len(panels) == 2
    legend = panels[-1].get_legend()
    counts = [
        int(text.get_text().rsplit("(")[-1].rstrip(")").replace(",", "")) for text in legend.get_texts()
    ]
    assert sum(counts[:-1]) == 2 * len(cities)
    uncertain = sum(
        int(((each.table["percent_low"] <= 0) & (each.table["percent_high"] >= 0)).sum()) for each in replays
    )
    assert uncertain > 0
    assert legend.get_texts()[-1].get_text() == f"interval includes zero  ({uncertain})"
    assert legend.get_title().get_text() == "Change of inflow, %\nn = 307 units on each of 2 maps"
    said = [text.get_text() for text in panels[0].figure.texts]
    assert "Simulated data." in " ".join(said)
    assert "tertiary x 1.1" in panels[0].get_title(loc="left")


def test_the_same_bytes_twice(found):
    cities, replays = found
    assert png(sh.maps.scenario(cities, replays[0])) == png(sh.maps.scenario(cities, replays[0]))


def test_order_of_the_layer_does_not_matter(found):
    cities, replays = found
    one = sh.maps.scenario(cities, replays[0])[0].collections[0].get_facecolors()
    other = sh.maps.scenario(cities.iloc[::-1], replays[0])[0].collections[0].get_facecolors()
    np.testing.assert_allclose(one, other[::-1])


def test_refusals(found):
    cities, replays = found
    with refusal(OptionError, "no replay"):
        sh.maps.scenario(cities)
    with refusal(OptionError, "'percnt'", "Did you mean 'percent'?", "There are"):
        sh.maps.scenario(cities, replays[0], quantity="percnt")
    with refusal(OptionError, "no dynamics"):
        sh.maps.scenario(cities, replays[0], horizon="long-run")
